//! The smallest value of each type.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{MAX_SIZE, Unproven};
use crate::schema::{LogicalType, Node, Schema, Type, TypeId};
use crate::value::{MAX_DEPTH, Value};

/// How small the values of each type of a schema can be, by Knuth's generalisation of Dijkstra's algorithm to grammars (1977): the types are
/// settled in the order of their sizes. O((types + fields) log types).
pub(super) struct Smallest<'s> {
    schema: &'s Schema,
    /// None for types that have no values.
    sizes: Vec<Option<Size>>,
}

/// How small the smallest value is.
#[derive(Clone, Copy)]
struct Size {
    /// Values and bytes together: a value that has no bytes has a size, too.
    size: u64,
    /// How many records, arrays and maps are inside of each other.
    depth: u32,
    /// Of a union, the branch.
    branch: u32,
}

impl<'s> Smallest<'s> {
    pub(super) fn of(schema: &'s Schema) -> Self {
        let count = schema.len();
        // Who has a type for a part, and as which one.
        let mut users: Vec<Vec<(TypeId, u32)>> = vec![Vec::new(); count];
        let mut missing = vec![0; count];
        let mut open = BinaryHeap::new();
        for id in schema.ids() {
            match schema[id].ty() {
                Type::Record(it) if !it.fields().is_empty() => {
                    missing[id.index()] = it.fields().len();
                    it.fields().iter().for_each(|it| users[it.ty().index()].push((id, 0)));
                }
                Type::Union(it) => {
                    for (at, branch) in it.branches().iter().enumerate() {
                        users[branch.index()].push((id, at as u32));
                    }
                }
                _ => {
                    open.extend(own_size(&schema[id]).map(|size| Reverse((size, id, 0))));
                }
            }
        }
        let mut smallest = Self { schema, sizes: vec![None; count] };
        while let Some(Reverse((size, id, branch))) = open.pop() {
            if smallest.sizes[id.index()].is_some() {
                continue;
            }
            let depth = smallest.depth_of(id, branch);
            smallest.sizes[id.index()] = Some(Size { size, depth, branch });
            for (user, at) in std::mem::take(&mut users[id.index()]) {
                if let Type::Union(_) = schema[user].ty() {
                    open.push(Reverse((size.saturating_add(branch_size(at)), user, at)));
                    continue;
                }
                missing[user.index()] -= 1;
                if missing[user.index()] == 0 {
                    open.push(Reverse((smallest.record(user), user, 0)));
                }
            }
        }
        smallest
    }

    /// The size of a record all of whose fields are known.
    fn record(&self, id: TypeId) -> u64 {
        let Type::Record(record) = self.schema[id].ty() else { return 1 };
        record.fields().iter().map(|it| self.size(it.ty())).fold(1, u64::saturating_add)
    }

    fn depth_of(&self, id: TypeId, branch: u32) -> u32 {
        let depth = |it: TypeId| self.sizes[it.index()].map_or(0, |it| it.depth);
        match self.schema[id].ty() {
            Type::Array(_) | Type::Map(_) => 1,
            Type::Record(it) => {
                it.fields().iter().map(|it| depth(it.ty())).max().unwrap_or(0).saturating_add(1)
            }
            Type::Union(it) => it.branches().get(branch as usize).map_or(0, |it| depth(*it)),
            _ => 0,
        }
    }

    /// The size of the smallest value; the largest number if there is none.
    pub(super) fn size(&self, id: TypeId) -> u64 {
        self.sizes[id.index()].map_or(u64::MAX, |it| it.size)
    }

    /// How deep the smallest value nests.
    pub(super) fn depth(&self, id: TypeId) -> u32 {
        self.sizes[id.index()].map_or(0, |it| it.depth)
    }

    /// The smallest value, if it is small.
    pub(super) fn value(&self, id: TypeId) -> Result<Value, Unproven> {
        if self.size(id) > MAX_SIZE {
            return Err(Unproven::TooLarge { limit: MAX_SIZE });
        }
        if self.depth(id) > MAX_DEPTH {
            return Err(Unproven::TooDeep { limit: MAX_DEPTH });
        }
        Ok(self.make(id))
    }

    /// Recurses as deep as the value nests.
    fn make(&self, id: TypeId) -> Value {
        let node = &self.schema[id];
        match node.ty() {
            Type::Record(it) => {
                Value::Record(it.fields().iter().map(|it| self.make(it.ty())).collect())
            }
            Type::Union(it) => {
                let branch = self.sizes[id.index()].map_or(0, |it| it.branch);
                let inside = it.branches().get(branch as usize).map(|it| self.make(*it));
                Value::Union(branch, Box::new(inside.unwrap_or_default()))
            }
            _ => own_value(node),
        }
    }
}

/// What the number of a branch takes.
pub(super) fn branch_size(at: u32) -> u64 {
    let bits = 64 - (u64::from(at) << 1).leading_zeros();
    1 + u64::from(bits.max(1).div_ceil(7))
}

/// The least values of types without parts, or whose parts need not be there. They are valid for their logical types, too.
fn own_value(node: &Node) -> Value {
    match (node.ty(), node.logical_type()) {
        (Type::Null | Type::Record(_) | Type::Union(_), _) => Value::Null,
        (Type::Boolean, _) => Value::Boolean(false),
        (Type::Int, _) => Value::Int(0),
        (Type::Long, _) => Value::Long(0),
        (Type::Float, _) => Value::Float(0.0),
        (Type::Double, _) => Value::Double(0.0),
        (Type::Bytes, Some(LogicalType::Decimal { .. })) => Value::Bytes(vec![0]),
        (Type::Bytes, Some(LogicalType::BigDecimal)) => Value::Bytes(vec![2, 0, 0]),
        (Type::Bytes, _) => Value::Bytes(Vec::new()),
        (Type::String, Some(LogicalType::Uuid)) => {
            Value::String(crate::value::format_uuid([0; 16]))
        }
        (Type::String, _) => Value::String(String::new()),
        (Type::Fixed(it), _) => Value::Fixed(vec![0; it.size() as usize]),
        (Type::Enum(_), _) => Value::Enum(0),
        (Type::Array(_), _) => Value::Array(Vec::new()),
        (Type::Map(_), _) => Value::Map(Vec::new()),
    }
}

/// The size of that; none for an enum without symbols.
fn own_size(node: &Node) -> Option<u64> {
    let bytes = match node.ty() {
        Type::Null | Type::Record(_) | Type::Union(_) => 0,
        Type::Float => 4,
        Type::Double => 8,
        Type::Fixed(it) => u64::from(it.size()),
        Type::Enum(it) if it.symbols().is_empty() => return None,
        Type::Bytes | Type::String => match own_value(node) {
            Value::Bytes(it) => 1 + it.len() as u64,
            Value::String(it) => 1 + it.len() as u64,
            _ => 1,
        },
        _ => 1,
    };
    Some(1 + bytes)
}
