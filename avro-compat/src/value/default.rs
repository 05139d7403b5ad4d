//! Values of defaults.

use super::read_json::{Result, scalar, too_deep, unfit};
use super::{LEVELS, Value};
use crate::error::EncodeError;
use crate::json::{self, Json};
use crate::schema::{Schema, Type, TypeId};

/// How many values a default may consist of: as many as the parser allows.
const MAX_VALUES: u64 = 100_000;

/// The value that a default stands for, by the rules of [`Schema::check_default`].
pub(crate) fn default_value(schema: &Schema, ty: TypeId, json: Json<'_>) -> Result<Value> {
    let mut left = MAX_VALUES;
    // What is filled in nests the deeper for it.
    value(schema, ty, json, LEVELS, &mut left)
}

fn value(schema: &Schema, ty: TypeId, json: Json<'_>, depth: u32, left: &mut u64) -> Result<Value> {
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    *left =
        left.checked_sub(1).ok_or_else(|| EncodeError::new("it consists of too many values"))?;
    let node = &schema[ty];
    match (node.ty(), json.kind()) {
        (Type::Array(items), json::Kind::Array) => {
            let items = json.elements().map(|it| value(schema, *items, it, depth, left));
            Ok(Value::Array(items.collect::<Result<_>>()?))
        }
        (Type::Map(values), json::Kind::Object) => {
            let entries = json.members().map(|(key, it)| {
                let key = key.as_str().unwrap_or_default().into_owned();
                Ok((key, value(schema, *values, it, depth, left)?))
            });
            Ok(Value::Map(entries.collect::<Result<_>>()?))
        }
        (Type::Record(record), json::Kind::Object) => {
            let mut members = vec![None; record.fields().len()];
            for (name, member) in json.members() {
                if let Some(at) = name.as_str().and_then(|it| record.position(&it)) {
                    members[at] = Some(member);
                }
            }
            let fields = record.fields().iter().zip(members).map(|(field, member)| {
                let member = member.or(field.default()).ok_or_else(|| {
                    EncodeError::new(format!("field {:?} is missing", field.name()))
                })?;
                value(schema, field.ty(), member, depth, left)
            });
            Ok(Value::Record(fields.collect::<Result<_>>()?))
        }
        (Type::Union(union), _) => {
            let at = schema.default_branch(ty, json).ok_or_else(|| unfit(node, json))?;
            let inside = value(schema, union.branches()[at], json, depth, left)?;
            Ok(Value::Union(at as u32, Box::new(inside)))
        }
        _ => scalar(node, json),
    }
}
