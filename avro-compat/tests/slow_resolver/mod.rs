//! Resolution by the letter: a value that was written, as the reader sees it. Slow, recursive and short.

#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use avro_compat::json::{self, Json};
use avro_compat::{Kind, Node, Schema, Type, TypeId, Value};

type Side<'a> = (&'a Schema, TypeId);

/// The reader's value of a writer's, or why there is none.
pub fn resolve(reader: Side<'_>, writer: Side<'_>, value: &Value) -> Result<Value, String> {
    let ((read, to), (written, from)) = (reader, writer);
    // The writer's union: what counts is the branch.
    if let (Type::Union(union), Value::Union(at, inside)) = (written[from].ty(), value) {
        return resolve(reader, (written, union.branches()[*at as usize]), inside);
    }
    if let Type::Union(union) = read[to].ty() {
        let at = choose(read, union.branches(), &written[from]).ok_or("no branch")?;
        let inside = resolve((read, union.branches()[at]), writer, value)?;
        return Ok(Value::Union(at as u32, Box::new(inside)));
    }
    let (reader_node, writer_node) = (&read[to], &written[from]);
    if rank(reader_node, writer_node).is_none() {
        return Err(format!("{} is not {}", writer_node.branch_name(), reader_node.branch_name()));
    }
    Ok(match (reader_node.ty(), writer_node.ty(), value) {
        (Type::Long, _, Value::Int(it)) => Value::Long(i64::from(*it)),
        (Type::Float, _, Value::Int(it)) => Value::Float(*it as f32),
        (Type::Float, _, Value::Long(it)) => Value::Float(*it as f32),
        (Type::Double, _, Value::Int(it)) => Value::Double(f64::from(*it)),
        (Type::Double, _, Value::Long(it)) => Value::Double(*it as f64),
        (Type::Double, _, Value::Float(it)) => Value::Double(f64::from(*it)),
        (Type::Bytes, _, Value::String(it)) => Value::Bytes(it.clone().into_bytes()),
        (Type::String, _, Value::Bytes(it)) => {
            Value::String(String::from_utf8(it.clone()).map_err(|it| it.to_string())?)
        }
        (Type::Enum(reader), Type::Enum(writer), Value::Enum(at)) => {
            let symbol = &writer.symbols()[*at as usize];
            let found = reader.symbols().iter().position(|it| it == symbol);
            let default =
                || reader.symbols().iter().position(|it| Some(&**it) == reader.default_symbol());
            Value::Enum(found.or_else(default).ok_or("unknown symbol")? as u32)
        }
        (Type::Array(reader), Type::Array(writer), Value::Array(items)) => {
            let items = items.iter().map(|it| resolve((read, *reader), (written, *writer), it));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        (Type::Map(reader), Type::Map(writer), Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, it)| {
                Ok((key.clone(), resolve((read, *reader), (written, *writer), it)?))
            });
            Value::Map(entries.collect::<Result<_, String>>()?)
        }
        (Type::Record(reader), Type::Record(writer), Value::Record(values)) => {
            // The writer's names as the reader's aliases would have them.
            let mut names: Vec<String> =
                writer.fields().iter().map(|it| it.name().to_owned()).collect();
            for field in reader.fields() {
                if names.iter().any(|it| it == field.name()) {
                    continue;
                }
                let free = |name: &str| reader.fields().iter().all(|it| it.name() != name);
                for alias in field.aliases() {
                    if let Some(at) = names.iter().position(|it| **it == **alias && free(it)) {
                        names[at] = field.name().to_owned();
                        break;
                    }
                }
            }
            let mut fields = Vec::new();
            for field in reader.fields() {
                let to = (read, field.ty());
                fields.push(match names.iter().position(|it| it == field.name()) {
                    Some(at) => resolve(to, (written, writer.fields()[at].ty()), &values[at])?,
                    None => {
                        let default =
                            field.default().ok_or(format!("no default of {}", field.name()))?;
                        self::default(read, field.ty(), default)
                    }
                });
            }
            Value::Record(fields)
        }
        (_, _, same) => same.clone(),
    })
}

fn choose(read: &Schema, branches: &[TypeId], writer: &Node) -> Option<usize> {
    (0..4)
        .find_map(|wanted| branches.iter().position(|it| rank(&read[*it], writer) == Some(wanted)))
}

/// How well two types that are no unions fit: 0 best.
fn rank(reader: &Node, writer: &Node) -> Option<u8> {
    use Kind::{Bytes, Double, Fixed, Float, Int, Long, String};
    match (writer.kind(), reader.kind()) {
        (Int, Long | Float | Double)
        | (Long, Float | Double)
        | (Float, Double)
        | (Bytes, String)
        | (String, Bytes) => return Some(3),
        (from, to) if from != to => return None,
        (Fixed, _) => {
            let size = |it: &Node| match it.ty() {
                Type::Fixed(it) => it.size(),
                _ => 0,
            };
            if size(reader) != size(writer) {
                return None;
            }
        }
        _ => {}
    }
    let (Some(to), Some(from)) = (reader.name(), writer.name()) else { return Some(0) };
    match () {
        () if to.full() == from.full() => Some(0),
        () if reader.aliases().iter().any(|it| it.full() == from.full()) => Some(1),
        () if to.simple() == from.simple() => Some(2),
        () => None,
    }
}

/// The value of a default that fits.
pub fn default(schema: &Schema, ty: TypeId, json: Json<'_>) -> Value {
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
