//! Logical types: valid, or with the reason why not.

use super::Builder;
use super::members::{Definition, Member};
use crate::json::{Json, Number};
use crate::schema::node::Logical;
use crate::schema::{IgnoredLogicalType as Ignored, Kind, LogicalType, Type, TypeId};

impl<'d> Builder<'d> {
    /// Takes the `logicalType` of a type, if it has one.
    pub(super) fn logical_type(&mut self, id: TypeId, definition: &Definition<'d>) {
        let Some(value) = definition.get(Member::LogicalType) else { return };
        let node = &mut self.nodes[id.index()];
        let size = match &node.ty {
            Type::Fixed(it) => it.size,
            _ => 0,
        };
        node.logical = match logical_type(value, definition.object, node.kind(), size) {
            Ok(it) => Logical::Valid(it),
            Err(it) => Logical::Ignored(Box::new(it)),
        };
    }
}

fn logical_type(
    value: Json<'_>,
    object: Json<'_>,
    kind: Kind,
    size: u32,
) -> Result<LogicalType, Ignored> {
    let Some(name) = value.as_str() else {
        return Err(Ignored::NotAString { found: value.kind().described() });
    };
    let (logical, on, kinds): (_, _, &[Kind]) = match &*name {
        "decimal" => {
            wanted(kind, "decimal", "bytes and fixed", &[Kind::Bytes, Kind::Fixed])?;
            return decimal(object, (kind == Kind::Fixed).then_some(size));
        }
        "big-decimal" => (LogicalType::BigDecimal, "bytes", &[Kind::Bytes]),
        "uuid" => (LogicalType::Uuid, "string and fixed", &[Kind::String, Kind::Fixed]),
        "date" => (LogicalType::Date, "int", &[Kind::Int]),
        "time-millis" => (LogicalType::TimeMillis, "int", &[Kind::Int]),
        "time-micros" => (LogicalType::TimeMicros, "long", &[Kind::Long]),
        "timestamp-millis" => (LogicalType::TimestampMillis, "long", &[Kind::Long]),
        "timestamp-micros" => (LogicalType::TimestampMicros, "long", &[Kind::Long]),
        "timestamp-nanos" => (LogicalType::TimestampNanos, "long", &[Kind::Long]),
        "local-timestamp-millis" => (LogicalType::LocalTimestampMillis, "long", &[Kind::Long]),
        "local-timestamp-micros" => (LogicalType::LocalTimestampMicros, "long", &[Kind::Long]),
        "local-timestamp-nanos" => (LogicalType::LocalTimestampNanos, "long", &[Kind::Long]),
        "duration" => (LogicalType::Duration, "fixed", &[Kind::Fixed]),
        _ => return Err(Ignored::Unknown { name: name.into_owned() }),
    };
    wanted(kind, logical.as_str(), on, kinds)?;
    let needed = match logical {
        LogicalType::Uuid => 16,
        LogicalType::Duration => 12,
        _ => size,
    };
    if kind == Kind::Fixed && size != needed {
        return Err(Ignored::WrongSize { name: logical.as_str(), wanted: needed, found: size });
    }
    Ok(logical)
}

fn wanted(kind: Kind, name: &'static str, on: &'static str, kinds: &[Kind]) -> Result<(), Ignored> {
    if kinds.contains(&kind) { Ok(()) } else { Err(Ignored::WrongType { name, on, kind }) }
}

fn decimal(object: Json<'_>, size: Option<u32>) -> Result<LogicalType, Ignored> {
    let number = |value: Json<'_>, attribute, least| {
        let number = value.as_number().and_then(Number::as_i64);
        match number.and_then(|it| u32::try_from(i32::try_from(it).ok()?).ok()) {
            Some(number) if number >= least => Ok(number),
            _ => {
                let found = value.text().chars().take(40).collect();
                Err(Ignored::NotANumber { attribute, found, least })
            }
        }
    };
    let precision = object.get("precision").ok_or(Ignored::NoPrecision)?;
    let precision = number(precision, "precision", 1)?;
    if let Some(size) = size {
        let max = max_precision(size);
        if u64::from(precision) > max {
            return Err(Ignored::Precision { precision, size, max });
        }
    }
    let scale = object.get("scale").map_or(Ok(0), |it| number(it, "scale", 0))?;
    if scale > precision {
        return Err(Ignored::Scale { precision, scale });
    }
    Ok(LogicalType::Decimal { precision, scale })
}

/// The most decimal digits that always fit into so many bytes: floor(log10(2^(8 n - 1) - 1)).
fn max_precision(size: u32) -> u64 {
    // No power of two but 1 is one of ten, so that the 1 that is subtracted makes no difference; log10(2) in units of 2^-64.
    const LOG10_OF_2: u128 = 5_553_023_288_523_357_132;
    let bits = (u64::from(size) * 8).saturating_sub(1);
    ((u128::from(bits) * LOG10_OF_2) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::max_precision;

    #[test]
    fn precisions_of_the_specification() {
        let found = [0, 1, 2, 4, 8, 12, 16, 32].map(max_precision);
        assert_eq!(found, [0, 2, 4, 9, 18, 28, 38, 76]);
    }
}
