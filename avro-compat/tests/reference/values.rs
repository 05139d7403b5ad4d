//! Values of a schema by example.

use std::collections::{HashMap, VecDeque};

use avro_compat::{Schema, Type, TypeId, Value};

/// A value that promotion is hard on.
fn extreme(ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Int => Value::Int(i32::MAX - 1),
        Type::Long => Value::Long(i64::MAX - 1),
        Type::Float => Value::Float(f32::MAX),
        Type::Bytes => Value::Bytes(vec![0xFF]),
        Type::String => Value::String("\u{e9}".to_owned()),
        _ => return None,
    })
}

/// The smallest value of each type of a schema that has one.
pub fn smallest(schema: &Schema) -> HashMap<TypeId, Value> {
    let mut known: HashMap<TypeId, Value> = HashMap::new();
    loop {
        let before = known.len();
        for id in schema.ids() {
            if known.contains_key(&id) {
                continue;
            }
            let value = match schema[id].ty() {
                Type::Null => Some(Value::Null),
                Type::Boolean => Some(Value::Boolean(false)),
                Type::Int => Some(Value::Int(0)),
                Type::Long => Some(Value::Long(0)),
                Type::Float => Some(Value::Float(0.0)),
                Type::Double => Some(Value::Double(0.0)),
                Type::Bytes => Some(Value::Bytes(Vec::new())),
                Type::String => Some(Value::String(String::new())),
                Type::Fixed(it) => Some(Value::Fixed(vec![0; it.size() as usize])),
                Type::Enum(it) => (!it.symbols().is_empty()).then_some(Value::Enum(0)),
                Type::Array(_) => Some(Value::Array(Vec::new())),
                Type::Map(_) => Some(Value::Map(Vec::new())),
                Type::Record(it) => {
                    let fields: Option<Vec<_>> =
                        it.fields().iter().map(|it| known.get(&it.ty()).cloned()).collect();
                    fields.map(Value::Record)
                }
                Type::Union(it) => it.branches().iter().enumerate().find_map(|(at, it)| {
                    Some(Value::Union(at as u32, Box::new(known.get(it)?.clone())))
                }),
            };
            value.and_then(|it| known.insert(id, it));
        }
        if known.len() == before {
            return known;
        }
    }
}

/// Ways are no longer.
const DEEPEST: usize = 40;

/// A way into a value.
#[derive(Clone, Copy, Debug)]
enum Into {
    Field(usize),
    Branch(usize),
    Part,
}

/// Values of a schema: for every way into it, shortest first, those that differ at its end, and are as small as can be elsewhere. All of them, if
/// there are at most `limit` ways, none too long; whether that is so stands beside them.
pub fn values(schema: &Schema, limit: usize) -> (Vec<Value>, bool) {
    let smallest = smallest(schema);
    let mut values = Vec::new();
    let Some(root) = smallest.get(&schema.root()) else { return (values, true) };
    values.push(root.clone());
    let mut open = VecDeque::from([(Vec::new(), schema.root())]);
    let mut ways = 0;
    while let Some((way, id)) = open.pop_front() {
        ways += 1;
        if ways > limit || way.len() > DEEPEST {
            return (values, false);
        }
        let mut further = |into: Into, part: TypeId| {
            if smallest.contains_key(&part) {
                open.push_back((way.iter().copied().chain([into]).collect::<Vec<_>>(), part));
            }
        };
        let here = |value: Value| along(schema, &smallest, schema.root(), &way, value);
        match schema[id].ty() {
            Type::Record(it) => {
                it.fields()
                    .iter()
                    .enumerate()
                    .for_each(|(at, it)| further(Into::Field(at), it.ty()));
            }
            Type::Union(it) => {
                it.branches()
                    .iter()
                    .enumerate()
                    .for_each(|(at, it)| further(Into::Branch(at), *it));
            }
            Type::Array(it) | Type::Map(it) => further(Into::Part, *it),
            Type::Enum(it) => {
                values.extend((0..it.symbols().len() as u32).map(|it| here(Value::Enum(it))))
            }
            ty => values.extend(extreme(ty).map(here)),
        }
        // That a branch or a part is there at all is a value, too.
        values.push(here(smallest[&id].clone()));
    }
    (values, true)
}

/// The smallest value that has a value at the end of a way.
fn along(
    schema: &Schema,
    smallest: &HashMap<TypeId, Value>,
    id: TypeId,
    way: &[Into],
    end: Value,
) -> Value {
    let Some((first, rest)) = way.split_first() else { return end };
    match (schema[id].ty(), first) {
        (Type::Record(it), Into::Field(at)) => {
            let mut fields: Vec<_> =
                it.fields().iter().map(|it| smallest[&it.ty()].clone()).collect();
            fields[*at] = along(schema, smallest, it.fields()[*at].ty(), rest, end);
            Value::Record(fields)
        }
        (Type::Union(it), Into::Branch(at)) => Value::Union(
            *at as u32,
            Box::new(along(schema, smallest, it.branches()[*at], rest, end)),
        ),
        (Type::Array(it), Into::Part) => {
            Value::Array(vec![along(schema, smallest, *it, rest, end)])
        }
        (Type::Map(it), Into::Part) => {
            Value::Map(vec![("k".to_owned(), along(schema, smallest, *it, rest, end))])
        }
        _ => unreachable!("the way is one of the schema"),
    }
}
