//! What can be read, by example: values of a writer's schema, and a naive decoder that resolves them against a reader's schema by the letter of the
//! specification. It shares nothing with the checker but the schemas' types.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::{HashMap, VecDeque};

use avro_compat::{Kind, Node, Schema, Type, TypeId};

/// A value, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Bytes(Vec<u8>),
    String(String),
    Fixed(Vec<u8>),
    Enum(usize),
    Record(Vec<Datum>),
    Array(Vec<Datum>),
    Map(Vec<(String, Datum)>),
    Union(usize, Box<Datum>),
    /// A field that the reader filled in.
    Default,
    /// What does not mean what was written.
    Lossy(Box<Datum>),
}

impl Datum {
    /// Whether some part does not mean what was written.
    pub fn is_lossy(&self) -> bool {
        match self {
            Self::Lossy(_) => true,
            Self::Record(all) | Self::Array(all) => all.iter().any(Self::is_lossy),
            Self::Map(all) => all.iter().any(|it| it.1.is_lossy()),
            Self::Union(_, it) => it.is_lossy(),
            _ => false,
        }
    }

    fn lossy(self, lossy: bool) -> Self {
        if lossy { Self::Lossy(Box::new(self)) } else { self }
    }
}

/// A value that promotion is hard on.
fn extreme(ty: &Type) -> Option<Datum> {
    Some(match ty {
        Type::Int => Datum::Int(i32::MAX - 1),
        Type::Long => Datum::Long(i64::MAX - 1),
        Type::Float => Datum::Float(f32::MAX),
        Type::Bytes => Datum::Bytes(vec![0xFF]),
        Type::String => Datum::String("\u{e9}".to_owned()),
        _ => return None,
    })
}

/// The smallest value of each type of a schema that has one.
pub fn smallest(schema: &Schema) -> HashMap<TypeId, Datum> {
    let mut known: HashMap<TypeId, Datum> = HashMap::new();
    loop {
        let before = known.len();
        for id in schema.ids() {
            if known.contains_key(&id) {
                continue;
            }
            let datum =
                match schema[id].ty() {
                    Type::Null => Some(Datum::Null),
                    Type::Boolean => Some(Datum::Boolean(false)),
                    Type::Int => Some(Datum::Int(0)),
                    Type::Long => Some(Datum::Long(0)),
                    Type::Float => Some(Datum::Float(0.0)),
                    Type::Double => Some(Datum::Double(0.0)),
                    Type::Bytes => Some(Datum::Bytes(Vec::new())),
                    Type::String => Some(Datum::String(String::new())),
                    Type::Fixed(it) => Some(Datum::Fixed(vec![0; it.size() as usize])),
                    Type::Enum(it) => (!it.symbols().is_empty()).then_some(Datum::Enum(0)),
                    Type::Array(_) => Some(Datum::Array(Vec::new())),
                    Type::Map(_) => Some(Datum::Map(Vec::new())),
                    Type::Record(it) => {
                        let fields: Option<Vec<_>> =
                            it.fields().iter().map(|it| known.get(&it.ty()).cloned()).collect();
                        fields.map(Datum::Record)
                    }
                    Type::Union(it) => it.branches().iter().enumerate().find_map(|(at, it)| {
                        Some(Datum::Union(at, Box::new(known.get(it)?.clone())))
                    }),
                };
            datum.and_then(|it| known.insert(id, it));
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
pub fn values(schema: &Schema, limit: usize) -> (Vec<Datum>, bool) {
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
        let here = |datum: Datum| along(schema, &smallest, schema.root(), &way, datum);
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
                values.extend((0..it.symbols().len()).map(|it| here(Datum::Enum(it))))
            }
            ty => values.extend(extreme(ty).map(here)),
        }
        // That a branch or a part is there at all is a value, too.
        values.push(here(smallest[&id].clone()));
    }
    (values, true)
}

/// The smallest value that has a datum at the end of a way.
fn along(
    schema: &Schema,
    smallest: &HashMap<TypeId, Datum>,
    id: TypeId,
    way: &[Into],
    end: Datum,
) -> Datum {
    let Some((first, rest)) = way.split_first() else { return end };
    match (schema[id].ty(), first) {
        (Type::Record(it), Into::Field(at)) => {
            let mut fields: Vec<_> =
                it.fields().iter().map(|it| smallest[&it.ty()].clone()).collect();
            fields[*at] = along(schema, smallest, it.fields()[*at].ty(), rest, end);
            Datum::Record(fields)
        }
        (Type::Union(it), Into::Branch(at)) => {
            Datum::Union(*at, Box::new(along(schema, smallest, it.branches()[*at], rest, end)))
        }
        (Type::Array(it), Into::Part) => {
            Datum::Array(vec![along(schema, smallest, *it, rest, end)])
        }
        (Type::Map(it), Into::Part) => {
            Datum::Map(vec![("k".to_owned(), along(schema, smallest, *it, rest, end))])
        }
        _ => unreachable!("the way is one of the schema"),
    }
}

/// A value of the writer's type as one of the reader's.
pub fn resolve(
    reader: (&Schema, TypeId),
    writer: (&Schema, TypeId),
    datum: &Datum,
) -> Result<Datum, String> {
    let (rs, ws) = (reader.0, writer.0);
    let (r, w) = (&rs[reader.1], &ws[writer.1]);
    if let (Type::Union(branches), Datum::Union(at, inner)) = (w.ty(), datum) {
        return resolve(reader, (ws, branches.branches()[*at]), inner);
    }
    if let Type::Union(union) = r.ty() {
        let branches: Vec<_> = union.branches().to_vec();
        let at = pick(rs, &branches, w).ok_or("no branch")?;
        let inner = resolve((rs, branches[at]), writer, datum)?;
        return Ok(Datum::Union(at, Box::new(inner)));
    }
    Ok(match (r.ty(), w.ty(), datum) {
        (Type::Null, Type::Null, _)
        | (Type::Boolean, Type::Boolean, _)
        | (Type::Int, Type::Int, _)
        | (Type::Long, Type::Long, _)
        | (Type::Float, Type::Float, _)
        | (Type::Double, Type::Double, _)
        | (Type::Bytes, Type::Bytes, _)
        | (Type::String, Type::String, _) => datum.clone(),
        (Type::Long, Type::Int, Datum::Int(it)) => Datum::Long((*it).into()),
        (Type::Float, Type::Int, Datum::Int(it)) => {
            Datum::Float(*it as f32).lossy(f64::from(*it as f32) != f64::from(*it))
        }
        (Type::Double, Type::Int, Datum::Int(it)) => Datum::Double((*it).into()),
        (Type::Float, Type::Long, Datum::Long(it)) => {
            Datum::Float(*it as f32).lossy(*it as f32 as i128 != i128::from(*it))
        }
        (Type::Double, Type::Long, Datum::Long(it)) => {
            Datum::Double(*it as f64).lossy(*it as f64 as i128 != i128::from(*it))
        }
        (Type::Double, Type::Float, Datum::Float(it)) => Datum::Double((*it).into()),
        (Type::Bytes, Type::String, Datum::String(it)) => Datum::Bytes(it.clone().into_bytes()),
        (Type::String, Type::Bytes, Datum::Bytes(it)) => {
            Datum::String(String::from_utf8_lossy(it).into_owned())
                .lossy(std::str::from_utf8(it).is_err())
        }
        (Type::Fixed(a), Type::Fixed(b), _) => {
            same_name(r, w)?;
            if a.size() != b.size() {
                return Err("size".to_owned());
            }
            datum.clone()
        }
        (Type::Enum(a), Type::Enum(b), Datum::Enum(it)) => {
            same_name(r, w)?;
            let symbol = &b.symbols()[*it];
            match a.symbols().iter().position(|it| it == symbol) {
                Some(found) => Datum::Enum(found),
                None => Datum::Enum(a.default_index().ok_or("symbol")?).lossy(true),
            }
        }
        (Type::Array(a), Type::Array(b), Datum::Array(items)) => {
            let items: Result<_, _> =
                items.iter().map(|it| resolve((rs, *a), (ws, *b), it)).collect();
            Datum::Array(items?)
        }
        (Type::Map(a), Type::Map(b), Datum::Map(items)) => {
            let items: Result<_, String> = items
                .iter()
                .map(|(key, it)| Ok((key.clone(), resolve((rs, *a), (ws, *b), it)?)))
                .collect();
            Datum::Map(items?)
        }
        (Type::Record(a), Type::Record(b), Datum::Record(data)) => {
            same_name(r, w)?;
            // The writer's fields under the names that the reader has for them: aliases rename those that have no name of the reader's.
            let own = |name: &str| a.fields().iter().any(|it| it.name() == name);
            let mut names: Vec<String> = b.fields().iter().map(|it| it.name().to_owned()).collect();
            for field in a.fields() {
                if names.iter().any(|it| it == field.name()) {
                    continue;
                }
                let renamed = field.aliases().iter().find_map(|alias| {
                    let original = |it: &usize| b.fields()[*it].name() == &**alias;
                    let at = (0..names.len()).find(original)?;
                    (names[at] == **alias && !own(alias)).then_some(at)
                });
                if let Some(at) = renamed {
                    names[at] = field.name().to_owned();
                }
            }
            let mut fields = Vec::new();
            for field in a.fields() {
                fields.push(match names.iter().position(|it| it == field.name()) {
                    Some(at) => resolve((rs, field.ty()), (ws, b.fields()[at].ty()), &data[at])?,
                    None => {
                        field.default().ok_or_else(|| format!("field {}", field.name()))?;
                        Datum::Default
                    }
                });
            }
            Datum::Record(fields)
        }
        _ => return Err(format!("{} as {}", w.kind(), r.kind())),
    })
}

/// The branch of the reader's union: of the same type, by full name, by alias, by name; else by promotion.
fn pick(schema: &Schema, branches: &[TypeId], w: &Node) -> Option<usize> {
    let first = |test: &dyn Fn(&Node) -> bool| branches.iter().position(|it| test(&schema[*it]));
    let kind = |it: &Node| it.kind() == w.kind();
    let full = |it: &Node| it.name().map(|it| it.full()) == w.name().map(|it| it.full());
    let alias = |it: &Node| it.aliases().iter().any(|it| Some(it) == w.name());
    let simple = |it: &Node| it.name().map(|it| it.simple()) == w.name().map(|it| it.simple());
    let size = |it: &Node| match (it.ty(), w.ty()) {
        (Type::Fixed(a), Type::Fixed(b)) => a.size() == b.size(),
        _ => true,
    };
    first(&|it| kind(it) && full(it))
        .or_else(|| first(&|it| kind(it) && alias(it)))
        .or_else(|| first(&|it| kind(it) && simple(it) && size(it)))
        .or_else(|| first(&|it| promotable(w.kind(), it.kind())))
}

fn promotable(from: Kind, to: Kind) -> bool {
    let to_all: &[Kind] = match from {
        Kind::Int => &[Kind::Long, Kind::Float, Kind::Double],
        Kind::Long => &[Kind::Float, Kind::Double],
        Kind::Float => &[Kind::Double],
        Kind::String => &[Kind::Bytes],
        Kind::Bytes => &[Kind::String],
        _ => &[],
    };
    to_all.contains(&to)
}

fn same_name(r: &Node, w: &Node) -> Result<(), String> {
    let (Some(a), Some(b)) = (r.name(), w.name()) else { return Ok(()) };
    let same = a.simple() == b.simple() || r.aliases().contains(b);
    if same { Ok(()) } else { Err(format!("{b} as {a}")) }
}
