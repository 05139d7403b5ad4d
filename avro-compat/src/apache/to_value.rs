//! Values to `apache_avro`.

use apache_avro::types::Value as Theirs;
use apache_avro::{Days, Decimal, Duration, Millis, Months, Uuid};

use super::LEVELS;
use crate::binary::Input;
use crate::encode::unfit;
use crate::error::{ApacheError, ApacheProblem};
use crate::{LogicalType, Result, Schema, Type, TypeId, Value, format_uuid, parse_uuid};

impl Value {
    /// A value of a schema as an `apache_avro` one, with logical types.
    ///
    /// A map's entries lose their order. A `uuid` string that is not written as RFC 4122 writes it stays a string.
    ///
    /// # Errors
    ///
    /// If it is no value of the schema; if a map has a key twice, a `decimal` has no bytes, or a `big-decimal`'s bytes are not the ones it would
    /// be written with; if it is nested more than 400 deep.
    pub fn to_apache(&self, schema: &Schema) -> Result<apache_avro::types::Value> {
        Ok(convert(schema, schema.root(), self, LEVELS)?)
    }
}

type Converted<T> = std::result::Result<T, ApacheError>;

fn convert(schema: &Schema, ty: TypeId, value: &Value, depth: u32) -> Converted<Theirs> {
    let too_deep = || ApacheError::new(ApacheProblem::TooDeep { limit: LEVELS });
    let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
    let node = &schema[ty];
    let logical = node.logical_type();
    Ok(match (node.ty(), value) {
        (Type::Null, Value::Null) => Theirs::Null,
        (Type::Boolean, Value::Boolean(it)) => Theirs::Boolean(*it),
        (Type::Int, Value::Int(it)) => match logical {
            Some(LogicalType::Date) => Theirs::Date(*it),
            Some(LogicalType::TimeMillis) => Theirs::TimeMillis(*it),
            _ => Theirs::Int(*it),
        },
        (Type::Long, Value::Long(it)) => match logical {
            Some(LogicalType::TimeMicros) => Theirs::TimeMicros(*it),
            Some(LogicalType::TimestampMillis) => Theirs::TimestampMillis(*it),
            Some(LogicalType::TimestampMicros) => Theirs::TimestampMicros(*it),
            Some(LogicalType::TimestampNanos) => Theirs::TimestampNanos(*it),
            Some(LogicalType::LocalTimestampMillis) => Theirs::LocalTimestampMillis(*it),
            Some(LogicalType::LocalTimestampMicros) => Theirs::LocalTimestampMicros(*it),
            Some(LogicalType::LocalTimestampNanos) => Theirs::LocalTimestampNanos(*it),
            _ => Theirs::Long(*it),
        },
        (Type::Float, Value::Float(it)) => Theirs::Float(*it),
        (Type::Double, Value::Double(it)) => Theirs::Double(*it),
        (Type::Bytes, Value::Bytes(it)) => match logical {
            Some(LogicalType::Decimal { .. }) if it.is_empty() => {
                return Err(ApacheError::no_room("a decimal of no bytes"));
            }
            Some(LogicalType::Decimal { .. }) => Theirs::Decimal(Decimal::from(&it[..])),
            Some(LogicalType::BigDecimal) => big_decimal(it)?,
            _ => Theirs::Bytes(it.clone()),
        },
        (Type::String, Value::String(it)) => match logical {
            Some(LogicalType::Uuid) => match parse_uuid(it) {
                Some(bytes) if format_uuid(bytes) == *it => Theirs::Uuid(Uuid::from_bytes(bytes)),
                _ => Theirs::String(it.clone()),
            },
            _ => Theirs::String(it.clone()),
        },
        (Type::Fixed(fixed), Value::Fixed(it)) if it.len() == fixed.size() as usize => {
            match (logical, value.to_uuid(), value.to_duration()) {
                (Some(LogicalType::Uuid), Some(bytes), _) => Theirs::Uuid(Uuid::from_bytes(bytes)),
                (Some(LogicalType::Duration), _, Some(it)) => Theirs::Duration(Duration::new(
                    Months::new(it.months),
                    Days::new(it.days),
                    Millis::new(it.millis),
                )),
                (Some(LogicalType::Decimal { .. }), ..) => Theirs::Decimal(Decimal::from(&it[..])),
                _ => Theirs::Fixed(it.len(), it.clone()),
            }
        }
        (Type::Enum(symbols), Value::Enum(at)) if (*at as usize) < symbols.symbols().len() => {
            Theirs::Enum(*at, symbols.symbols()[*at as usize].to_string())
        }
        (Type::Record(record), Value::Record(fields)) if record.fields().len() == fields.len() => {
            let fields = record.fields().iter().zip(fields).map(|(field, value)| {
                let name = field.name();
                let value =
                    convert(schema, field.ty(), value, depth).map_err(|it| it.inside(name))?;
                Ok((name.to_owned(), value))
            });
            Theirs::Record(fields.collect::<Converted<_>>()?)
        }
        (Type::Array(items), Value::Array(values)) => {
            let values = values.iter().enumerate().map(|(at, it)| {
                convert(schema, *items, it, depth).map_err(|error| error.inside(at))
            });
            Theirs::Array(values.collect::<Converted<_>>()?)
        }
        (Type::Map(values), Value::Map(entries)) => {
            let mut map = std::collections::HashMap::with_capacity(entries.len());
            for (key, value) in entries {
                let value =
                    convert(schema, *values, value, depth).map_err(|error| error.inside(key))?;
                if map.insert(key.clone(), value).is_some() {
                    let what = format!("the key {key:?} a second time");
                    return Err(ApacheError::no_room(what));
                }
            }
            Theirs::Map(map)
        }
        (Type::Union(union), Value::Union(at, inside))
            if (*at as usize) < union.branches().len() =>
        {
            let branch = union.branches()[*at as usize];
            let inside = convert(schema, branch, inside, depth)
                .map_err(|it| it.inside(schema[branch].branch_name()))?;
            Theirs::Union(*at, Box::new(inside))
        }
        _ => {
            let reason = unfit(node, value).reason().to_owned();
            let wanted = node.branch_name().to_owned();
            let found = format!("{} ({reason})", value.described());
            return Err(ApacheError::new(ApacheProblem::Unfit { wanted, found }));
        }
    })
}

/// An integer as Avro bytes, and its scale as an Avro int or long.
fn big_decimal(bytes: &[u8]) -> Converted<Theirs> {
    let mut input = Input::new(bytes);
    let parts = (input.bytes().ok(), input.long().ok(), input.left());
    let (Some(unscaled), Some(scale), 0) = parts else {
        return Err(ApacheError::no_room("bytes of a big-decimal that are none"));
    };
    let value = Theirs::BigDecimal((Decimal::from(unscaled), scale).into());
    if super::from_value::big_decimal(&value).as_deref() != Some(bytes) {
        return Err(ApacheError::no_room("bytes of a big-decimal that are not the fewest"));
    }
    Ok(value)
}
