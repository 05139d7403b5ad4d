//! Values that are no longer the same when they have been read.

use crate::check::FindingKind;
use crate::schema::{Kind, LogicalType, Node, Schema, Type};
use crate::value::{Decimal, Duration, Value, format_uuid};

/// More digits than this are not tried to exceed: a schema may allow two billion.
const MOST_DIGITS: u32 = 10_000;

/// A value of a writer's type that shows what a finding means; none if any does, the smallest for instance.
pub(super) fn telling(
    kind: FindingKind,
    reader: &Node,
    writer: &Node,
    missing: Option<u32>,
) -> Option<Value> {
    match kind {
        FindingKind::Symbols | FindingKind::SymbolsDefaulted => missing.map(Value::Enum),
        FindingKind::LossyPromotion => match (writer.kind(), reader.kind()) {
            (Kind::Int, _) => Some(Value::Int((1 << 24) + 1)),
            (_, Kind::Float) => Some(Value::Long((1 << 24) + 1)),
            _ => Some(Value::Long((1 << 53) + 1)),
        },
        FindingKind::BytesAsString => Some(Value::Bytes(vec![0xFF])),
        FindingKind::TimeUnit
        | FindingKind::DecimalScale
        | FindingKind::LogicalType
        | FindingKind::LogicalTypeDropped => one_of(writer, writer.logical_type()?),
        FindingKind::DecimalPrecision => match reader.logical_type()? {
            LogicalType::Decimal { precision, .. } => beyond(writer, precision),
            _ => None,
        },
        FindingKind::LogicalTypeAdded => Some(match writer.ty() {
            Type::Int => Value::Int(1),
            Type::Long => Value::Long(1),
            Type::Bytes => Value::Bytes(vec![1]),
            Type::String => Value::String("x".to_owned()),
            Type::Fixed(_) => integer(writer, 1)?,
            _ => return None,
        }),
        _ => None,
    }
}

/// A value that a logical type gives a meaning: one of what it counts, or a second.
fn one_of(node: &Node, logical: LogicalType) -> Option<Value> {
    use LogicalType as L;
    const SECOND: i64 = 1_000;
    Some(match (logical, node.ty()) {
        (L::Date, _) => Value::Int(1),
        (L::TimeMillis, _) => Value::Int(SECOND as i32),
        (L::TimestampMillis | L::LocalTimestampMillis, _) => Value::Long(SECOND),
        (L::TimeMicros | L::TimestampMicros | L::LocalTimestampMicros, _) => {
            Value::Long(SECOND * 1_000)
        }
        (L::TimestampNanos | L::LocalTimestampNanos, _) => Value::Long(SECOND * 1_000_000),
        (L::Decimal { .. }, _) => integer(node, 1)?,
        (L::BigDecimal, _) => Value::Bytes(Decimal { unscaled: 1, scale: 0 }.to_big_decimal()?),
        (L::Uuid, Type::String) => Value::String(format_uuid([0; 16])),
        (L::Uuid, _) => Value::Fixed(vec![0; 16]),
        (L::Duration, _) => {
            Value::Fixed(Duration { months: 1, ..Duration::default() }.to_bytes().to_vec())
        }
    })
}

/// An integer in two's complement.
fn integer(node: &Node, unscaled: i128) -> Option<Value> {
    let decimal = Decimal { unscaled, scale: 0 };
    match node.ty() {
        Type::Fixed(it) => decimal.to_fixed(it.size() as usize).map(Value::Fixed),
        _ => Some(Value::Bytes(decimal.to_be_bytes())),
    }
}

/// The least power of two that has more decimal digits than allowed, which is one more: of each number of digits there is one.
fn beyond(node: &Node, digits: u32) -> Option<Value> {
    if digits > MOST_DIGITS {
        return None;
    }
    // 2^exponent >= 10^digits; so far the product is nowhere near an integer.
    let exponent = (f64::from(digits) * std::f64::consts::LOG2_10).ceil() as usize;
    let mut bytes = vec![0; exponent / 8 + 1];
    bytes[0] = 1 << (exponent % 8);
    if bytes[0] & 0x80 != 0 {
        bytes.insert(0, 0);
    }
    match node.ty() {
        Type::Fixed(it) => {
            let mut full = vec![0; (it.size() as usize).checked_sub(bytes.len())?];
            full.extend(bytes);
            Some(Value::Fixed(full))
        }
        _ => Some(Value::Bytes(bytes)),
    }
}

/// The first of a writer's symbols that a reader does not have.
pub(super) fn missing_symbol(reader: &Node, writer: &Node) -> Option<u32> {
    let (Type::Enum(r), Type::Enum(w)) = (reader.ty(), writer.ty()) else { return None };
    w.symbols().iter().position(|it| r.position(it).is_none()).map(|it| it as u32)
}

/// Values in words of their logical types, else in JSON.
pub(super) fn text(schema: &Schema, ty: crate::TypeId, value: &Value) -> String {
    let meaning = super::meaning::meaning(&schema[ty], value);
    meaning.unwrap_or_else(|| value.to_json(&schema.at(ty)).unwrap_or_default())
}
