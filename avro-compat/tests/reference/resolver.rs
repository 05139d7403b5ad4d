//! A resolver by the letter of the specification: slow, recursive and short.

use avro_compat::json::{self, Json};
use avro_compat::{Kind, Node, Schema, Type, TypeId, Value};

type Side<'a> = (&'a Schema, TypeId);

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    pub value: Value,
    /// Whether some part does not mean what was written.
    pub lossy: bool,
}

/// A value of the writer's type as one of the reader's, or why there is none.
pub fn resolve(reader: Side<'_>, writer: Side<'_>, value: &Value) -> Result<Read, String> {
    let mut lossy = false;
    let value = convert(reader, writer, value, &mut lossy)?;
    Ok(Read { value, lossy })
}

fn convert(
    reader: Side<'_>,
    writer: Side<'_>,
    value: &Value,
    lossy: &mut bool,
) -> Result<Value, String> {
    let (rs, ws) = (reader.0, writer.0);
    let (r, w) = (&rs[reader.1], &ws[writer.1]);
    if let (Type::Union(branches), Value::Union(at, inner)) = (w.ty(), value) {
        return convert(reader, (ws, branches.branches()[*at as usize]), inner, lossy);
    }
    if let Type::Union(union) = r.ty() {
        let branches: Vec<_> = union.branches().to_vec();
        let at = pick(rs, &branches, w).ok_or("no branch")?;
        let inner = convert((rs, branches[at]), writer, value, lossy)?;
        return Ok(Value::Union(at as u32, Box::new(inner)));
    }
    same_name(r, w)?;
    let mut rounded = |it: bool| *lossy |= it;
    Ok(match (r.ty(), w.ty(), value) {
        (Type::Long, Type::Int, Value::Int(it)) => Value::Long((*it).into()),
        (Type::Float, Type::Int, Value::Int(it)) => {
            rounded(f64::from(*it as f32) != f64::from(*it));
            Value::Float(*it as f32)
        }
        (Type::Double, Type::Int, Value::Int(it)) => Value::Double((*it).into()),
        (Type::Float, Type::Long, Value::Long(it)) => {
            rounded(*it as f32 as i128 != i128::from(*it));
            Value::Float(*it as f32)
        }
        (Type::Double, Type::Long, Value::Long(it)) => {
            rounded(*it as f64 as i128 != i128::from(*it));
            Value::Double(*it as f64)
        }
        (Type::Double, Type::Float, Value::Float(it)) => Value::Double((*it).into()),
        (Type::Bytes, Type::String, Value::String(it)) => Value::Bytes(it.clone().into_bytes()),
        (Type::String, Type::Bytes, Value::Bytes(it)) => {
            rounded(std::str::from_utf8(it).is_err());
            Value::String(String::from_utf8_lossy(it).into_owned())
        }
        (Type::Fixed(a), Type::Fixed(b), _) => {
            if a.size() != b.size() {
                return Err("size".to_owned());
            }
            value.clone()
        }
        (Type::Enum(a), Type::Enum(b), Value::Enum(it)) => {
            let symbol = &b.symbols()[*it as usize];
            let found = a.symbols().iter().position(|it| it == symbol);
            rounded(found.is_none());
            Value::Enum(found.or(a.default_index()).ok_or("symbol")? as u32)
        }
        (Type::Array(a), Type::Array(b), Value::Array(items)) => {
            let items = items.iter().map(|it| convert((rs, *a), (ws, *b), it, lossy));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        (Type::Map(a), Type::Map(b), Value::Map(items)) => {
            let items = items
                .iter()
                .map(|(key, it)| Ok((key.clone(), convert((rs, *a), (ws, *b), it, lossy)?)));
            Value::Map(items.collect::<Result<_, String>>()?)
        }
        (Type::Record(a), Type::Record(b), Value::Record(data)) => {
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
                let to = (rs, field.ty());
                fields.push(match names.iter().position(|it| it == field.name()) {
                    Some(at) => convert(to, (ws, b.fields()[at].ty()), &data[at], lossy)?,
                    None => {
                        let missing = || format!("field {}", field.name());
                        default(rs, field.ty(), field.default().ok_or_else(missing)?)
                    }
                });
            }
            Value::Record(fields)
        }
        _ if r.kind() == w.kind() => value.clone(),
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

/// The value of a default that fits.
fn default(schema: &Schema, ty: TypeId, json: Json<'_>) -> Value {
    let number = || json.as_number().unwrap();
    let text = || json.as_str().unwrap();
    let not_number = || match &*text() {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => f64::NEG_INFINITY,
    };
    let is_number = json.kind() == json::Kind::Number;
    let bytes = || text().chars().map(|it| u32::from(it) as u8).collect();
    match schema[ty].ty() {
        Type::Null => Value::Null,
        Type::Boolean => Value::Boolean(json.as_bool().unwrap()),
        Type::Int => Value::Int(number().as_i64().unwrap() as i32),
        Type::Long => Value::Long(number().as_i64().unwrap()),
        Type::Float if is_number => Value::Float(number().as_f32()),
        Type::Float => Value::Float(not_number() as f32),
        Type::Double if is_number => Value::Double(number().as_f64()),
        Type::Double => Value::Double(not_number()),
        Type::Bytes => Value::Bytes(bytes()),
        Type::Fixed(_) => Value::Fixed(bytes()),
        Type::String => Value::String(text().into_owned()),
        Type::Enum(it) => Value::Enum(it.position(&text()).unwrap() as u32),
        Type::Array(items) => {
            Value::Array(json.elements().map(|it| default(schema, *items, it)).collect())
        }
        Type::Map(values) => Value::Map(
            json.members()
                .map(|(key, it)| (key.as_str().unwrap().into_owned(), default(schema, *values, it)))
                .collect(),
        ),
        Type::Record(record) => {
            let fields = record.fields().iter();
            Value::Record(
                fields
                    .map(|it| {
                        default(schema, it.ty(), json.get(it.name()).or(it.default()).unwrap())
                    })
                    .collect(),
            )
        }
        Type::Union(union) => {
            let at = schema.default_branch(ty, json).unwrap();
            Value::Union(at as u32, Box::new(default(schema, union.branches()[at], json)))
        }
    }
}
