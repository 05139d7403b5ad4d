//! Values from JSON (specification, "JSON Encoding").

use super::{LEVELS, MAX_DEPTH, Value};
use crate::error::EncodeError;
use crate::json::{self, Document, Json, Reading};
use crate::schema::{Kind, Node, Schema, Type, TypeId};

pub(super) type Result<T> = std::result::Result<T, EncodeError>;

impl Value {
    /// The value of a schema that a text in the JSON encoding stands for, as [`to_json`](Self::to_json) writes it.
    ///
    /// Members of a record may be in any order; all must be there, and no others. A branch of a union may be named by its full name or, if
    /// no other branch has that, by its name without namespace.
    ///
    /// # Errors
    ///
    /// If the text is no JSON, or does not stand for a value of the schema.
    pub fn from_json(schema: &Schema, text: &str) -> crate::Result<Self> {
        let reading = Reading { repeated_members: true, ..Reading::default() };
        let document = Document::read(text, &reading)?;
        Ok(read(schema, schema.root(), document.root(), LEVELS)?)
    }
}

pub(super) fn too_deep() -> EncodeError {
    EncodeError::new(format!("nested more than {MAX_DEPTH} deep"))
}

pub(super) fn unfit(node: &Node, json: Json<'_>) -> EncodeError {
    EncodeError::new(format!("{} is no {}", json.kind().described(), node.branch_name()))
}

fn read(schema: &Schema, ty: TypeId, json: Json<'_>, depth: u32) -> Result<Value> {
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    let node = &schema[ty];
    match (node.ty(), json.kind()) {
        (Type::Array(items), json::Kind::Array) => {
            let items = json
                .elements()
                .enumerate()
                .map(|(at, it)| read(schema, *items, it, depth).map_err(|error| error.inside(at)));
            Ok(Value::Array(items.collect::<Result<_>>()?))
        }
        (Type::Map(values), json::Kind::Object) => {
            let entries = json.members().map(|(key, it)| {
                let key = key.as_str().unwrap_or_default().into_owned();
                let value = read(schema, *values, it, depth).map_err(|error| error.inside(&key))?;
                Ok((key, value))
            });
            Ok(Value::Map(entries.collect::<Result<_>>()?))
        }
        (Type::Record(record), json::Kind::Object) => {
            let mut members = vec![None; record.fields().len()];
            for (name, member) in json.members() {
                let name = name.as_str().unwrap_or_default();
                let at = record.position(&name).ok_or_else(|| {
                    EncodeError::new(format!(
                        "record {:?} has no field {name:?}",
                        record.name().full()
                    ))
                })?;
                members[at] = Some(member);
            }
            let fields = record.fields().iter().zip(members).map(|(field, member)| {
                let member = member.ok_or_else(|| {
                    EncodeError::new(format!("field {:?} is missing", field.name()))
                })?;
                read(schema, field.ty(), member, depth).map_err(|error| error.inside(field.name()))
            });
            Ok(Value::Record(fields.collect::<Result<_>>()?))
        }
        (Type::Union(union), kind) => {
            let mut member = json.members();
            let (name, inside) = match (kind, member.next(), member.next()) {
                (json::Kind::Null, ..) => (None, json),
                (json::Kind::Object, Some((name, inside)), None) => (name.as_str(), inside),
                _ => {
                    return Err(EncodeError::new(
                        "a value of a union is null, or an object with one member that is named as the branch",
                    ));
                }
            };
            let name = name.as_deref().unwrap_or("null");
            let branches = union.branches();
            let full = branches.iter().position(|it| schema[*it].branch_name() == name);
            let simple = || {
                let named = |it: &TypeId| schema[*it].name().is_some_and(|it| it.simple() == name);
                let mut found = (0..branches.len()).filter(|it| named(&branches[*it]));
                found.next().filter(|_| found.next().is_none())
            };
            let at = full
                .or_else(simple)
                .ok_or_else(|| EncodeError::new(format!("the union has no branch {name:?}")))?;
            let value = read(schema, branches[at], inside, depth).map_err(|it| it.inside(name))?;
            Ok(Value::Union(at as u32, Box::new(value)))
        }
        _ => scalar(node, json),
    }
}

/// Types without parts.
pub(super) fn scalar(node: &Node, json: Json<'_>) -> Result<Value> {
    let no = || unfit(node, json);
    let text = || json.as_str().ok_or_else(no);
    let number = || json.as_number().ok_or_else(no);
    Ok(match node.ty() {
        Type::Null if json.is_null() => Value::Null,
        Type::Boolean => Value::Boolean(json.as_bool().ok_or_else(no)?),
        Type::Int => {
            let number = number()?.as_i64().and_then(|it| i32::try_from(it).ok());
            Value::Int(number.ok_or_else(|| EncodeError::new("the number is no int"))?)
        }
        Type::Long => {
            let number = number()?.as_i64();
            Value::Long(number.ok_or_else(|| EncodeError::new("the number is no long"))?)
        }
        Type::Float => Value::Float(match json.as_number() {
            Some(number) => number.as_f32(),
            None => not_number(&text()?).ok_or_else(no)? as f32,
        }),
        Type::Double => Value::Double(match json.as_number() {
            Some(number) => number.as_f64(),
            None => not_number(&text()?).ok_or_else(no)?,
        }),
        Type::String => Value::String(text()?.into_owned()),
        Type::Bytes => Value::Bytes(bytes(&text()?)?),
        Type::Fixed(fixed) => {
            let bytes = bytes(&text()?)?;
            if bytes.len() != fixed.size() as usize {
                let (size, found) = (fixed.size(), bytes.len());
                return Err(EncodeError::new(format!("expected {size} bytes, found {found}")));
            }
            Value::Fixed(bytes)
        }
        Type::Enum(symbols) => {
            let symbol = text()?;
            let at = symbols.position(&symbol).ok_or_else(|| {
                let name = symbols.name().full();
                EncodeError::new(format!("{symbol:?} is no symbol of enum {name:?}"))
            })?;
            Value::Enum(at as u32)
        }
        _ => return Err(no()),
    })
}

fn not_number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn bytes(text: &str) -> Result<Vec<u8>> {
    let byte = |it: char| {
        u8::try_from(u32::from(it))
            .map_err(|_| EncodeError::new(format!("{it:?} is no byte of {}", Kind::Bytes)))
    };
    text.chars().map(byte).collect()
}
