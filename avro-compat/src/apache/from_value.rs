//! Values from `apache_avro`.

use apache_avro::Decimal;
use apache_avro::types::{Value as Theirs, ValueKind};

use super::LEVELS;
use crate::binary::output;
use crate::error::{ApacheError, ApacheProblem};
use crate::{Node, Record, Result, Schema, Type, TypeId, Value};

impl Value {
    /// An `apache_avro` value as one of a schema. Values of logical types may also be those of the types beneath; a record's fields may be in
    /// any order, and all must be there. The entries of a map are put in the order of their keys.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema, and where; if it is nested more than 400 deep.
    pub fn from_apache(schema: &Schema, value: &apache_avro::types::Value) -> Result<Self> {
        Ok(convert(schema, schema.root(), value, LEVELS)?)
    }
}

type Converted<T> = std::result::Result<T, ApacheError>;

fn convert(schema: &Schema, ty: TypeId, value: &Theirs, depth: u32) -> Converted<Value> {
    let too_deep = || ApacheError::new(ApacheProblem::TooDeep { limit: LEVELS });
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    let node = &schema[ty];
    let no = || unfit(node, value);
    Ok(match (node.ty(), value) {
        (Type::Null, Theirs::Null) => Value::Null,
        (Type::Boolean, Theirs::Boolean(it)) => Value::Boolean(*it),
        (Type::Int, Theirs::Int(it) | Theirs::Date(it) | Theirs::TimeMillis(it)) => Value::Int(*it),
        (
            Type::Long,
            Theirs::Long(it)
            | Theirs::TimeMicros(it)
            | Theirs::TimestampMillis(it)
            | Theirs::TimestampMicros(it)
            | Theirs::TimestampNanos(it)
            | Theirs::LocalTimestampMillis(it)
            | Theirs::LocalTimestampMicros(it)
            | Theirs::LocalTimestampNanos(it),
        ) => Value::Long(*it),
        (Type::Float, Theirs::Float(it)) => Value::Float(*it),
        (Type::Double, Theirs::Double(it)) => Value::Double(*it),
        (Type::Bytes, Theirs::Bytes(it)) => Value::Bytes(it.clone()),
        (Type::Bytes, Theirs::Decimal(it)) => Value::Bytes(decimal(it).ok_or_else(no)?),
        (Type::Bytes, Theirs::BigDecimal(_)) => Value::Bytes(big_decimal(value).ok_or_else(no)?),
        (Type::Bytes, Theirs::Uuid(it)) => Value::Bytes(it.as_bytes().to_vec()),
        (Type::String, Theirs::String(it)) => Value::String(it.clone()),
        (Type::String, Theirs::Uuid(it)) => Value::String(it.to_string()),
        (Type::Fixed(fixed), _) => {
            let size = fixed.size() as usize;
            let bytes = match value {
                Theirs::Fixed(_, it) => it.clone(),
                Theirs::Uuid(it) => it.as_bytes().to_vec(),
                Theirs::Duration(it) => <[u8; 12]>::from(*it).to_vec(),
                Theirs::Decimal(it) => sized(decimal(it).ok_or_else(no)?, size).ok_or_else(no)?,
                _ => return Err(no()),
            };
            if bytes.len() != size {
                return Err(no());
            }
            Value::Fixed(bytes)
        }
        (Type::Enum(symbols), Theirs::Enum(at, symbol)) => {
            if symbols.symbols().get(*at as usize).is_none_or(|it| **it != **symbol) {
                return Err(no());
            }
            Value::Enum(*at)
        }
        (Type::Record(record), Theirs::Record(fields)) => {
            record_of(schema, record, fields, depth).map_err(|it| it.unwrap_or_else(no))?
        }
        (Type::Array(items), Theirs::Array(values)) => {
            let values = values.iter().enumerate().map(|(at, it)| {
                convert(schema, *items, it, depth).map_err(|error| error.inside(at))
            });
            Value::Array(values.collect::<Converted<_>>()?)
        }
        (Type::Map(values), Theirs::Map(entries)) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|it| it.0);
            let entries = sorted.into_iter().map(|(key, it)| {
                let value = convert(schema, *values, it, depth);
                Ok((key.clone(), value.map_err(|error| error.inside(key))?))
            });
            Value::Map(entries.collect::<Converted<_>>()?)
        }
        (Type::Union(union), Theirs::Union(at, inside)) => {
            let branch = *union.branches().get(*at as usize).ok_or_else(no)?;
            let inside = convert(schema, branch, inside, depth)
                .map_err(|it| it.inside(schema[branch].branch_name()))?;
            Value::Union(*at, Box::new(inside))
        }
        _ => return Err(no()),
    })
}

/// The value of a record; without an error, it has not the record's fields.
fn record_of(
    schema: &Schema,
    record: &Record,
    fields: &[(String, Theirs)],
    depth: u32,
) -> std::result::Result<Value, Option<ApacheError>> {
    let mut values = vec![None; record.fields().len()];
    for (name, value) in fields {
        let at = record.position(name).filter(|it| values[*it].is_none()).ok_or(None)?;
        let ty = record.fields()[at].ty();
        let value = convert(schema, ty, value, depth).map_err(|it| Some(it.inside(name)))?;
        values[at] = Some(value);
    }
    values.into_iter().collect::<Option<_>>().map(Value::Record).ok_or(None)
}

#[cold]
fn unfit(node: &Node, value: &Theirs) -> ApacheError {
    let wanted = match node.ty() {
        Type::Fixed(it) => format!("fixed {:?} of {} bytes", it.name().full(), it.size()),
        Type::Record(it) => {
            let names: Vec<_> = it.fields().iter().map(|it| it.name()).collect();
            format!("record {:?} with the fields {}", it.name().full(), names.join(", "))
        }
        _ => node.branch_name().to_owned(),
    };
    let found = match value {
        Theirs::Enum(at, symbol) => format!("symbol {at}, {symbol:?}"),
        Theirs::Fixed(_, bytes) => format!("a fixed of {} bytes", bytes.len()),
        Theirs::Union(at, _) => format!("a value of branch {at}"),
        Theirs::Record(fields) => {
            let names: Vec<_> = fields.iter().map(|it| &*it.0).collect();
            format!("a record with the fields {}", names.join(", "))
        }
        other => format!("{:?}", ValueKind::from(other)),
    };
    ApacheError::new(ApacheProblem::Unfit { wanted, found })
}

fn decimal(value: &Decimal) -> Option<Vec<u8>> {
    Vec::try_from(value).ok()
}

/// A number in two's complement, big-endian, in so many bytes.
fn sized(mut bytes: Vec<u8>, size: usize) -> Option<Vec<u8>> {
    let fill = if bytes.first().is_some_and(|it| it & 0x80 != 0) { 0xFF } else { 0 };
    while bytes.len() > size {
        let spare = bytes[0] == fill && bytes.get(1).is_some_and(|it| (it ^ fill) & 0x80 == 0);
        if !spare {
            return None;
        }
        bytes.remove(0);
    }
    let mut full = vec![fill; size - bytes.len()];
    full.extend(bytes);
    Some(full)
}

/// The bytes of a `big-decimal`.
pub(super) fn big_decimal(value: &Theirs) -> Option<Vec<u8>> {
    let Theirs::BigDecimal(number) = value else { return None };
    let (unscaled, scale) = number.as_bigint_and_exponent();
    let mut out = Vec::new();
    output::prefixed(&mut out, &unscaled.to_signed_bytes_be());
    output::long(&mut out, scale);
    Some(out)
}
