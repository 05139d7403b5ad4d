//! Defaults without parts.

use super::mismatch::{Mismatch, Reason};
use crate::json::{self, Json};
use crate::schema::{Kind, Type};

/// How JSON strings spell the floating-point numbers that JSON has no numbers for.
const NOT_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Whether a value fits a type that has no parts. `branch`: directly below a union, where a string is a string.
pub(super) fn check<'t>(ty: &'t Type, value: Json<'t>, branch: bool) -> Result<(), Mismatch<'t>> {
    let reason = match ty {
        Type::Null => expect(value, json::Kind::Null),
        Type::Boolean => expect(value, json::Kind::Boolean),
        Type::String => expect(value, json::Kind::String),
        Type::Int => integer(value, Kind::Int, |it| i32::try_from(it).is_ok()),
        Type::Long => integer(value, Kind::Long, |_| true),
        Type::Float => float(value, Kind::Float, branch, |it| it.as_f32().is_finite()),
        Type::Double => float(value, Kind::Double, branch, |it| it.as_f64().is_finite()),
        Type::Bytes => bytes(value, None),
        Type::Fixed(fixed) => bytes(value, Some(fixed.size)),
        Type::Enum(symbols) => match value.as_str() {
            Some(symbol) if symbols.position(&symbol).is_some() => None,
            Some(_) => Some(Reason::Symbol { of: symbols }),
            None => expect(value, json::Kind::String),
        },
        // These have parts, and are not asked about here.
        Type::Array(_) | Type::Map(_) | Type::Record(_) | Type::Union(_) => None,
    };
    reason.map_or(Ok(()), |reason| Err(Mismatch { value, reason }))
}

fn expect<'t>(value: Json<'_>, kind: json::Kind) -> Option<Reason<'t>> {
    (value.kind() != kind).then(|| Reason::kind(kind.described(), value))
}

fn integer<'t>(value: Json<'_>, kind: Kind, in_range: impl Fn(i64) -> bool) -> Option<Reason<'t>> {
    let Some(number) = value.as_number() else { return expect(value, json::Kind::Number) };
    if !number.is_integer() {
        return Some(Reason::NotAnInteger { kind });
    }
    let fits = number.as_i64().is_some_and(in_range);
    (!fits).then_some(Reason::OutOfRange { kind })
}

fn float<'t>(
    value: Json<'_>,
    kind: Kind,
    branch: bool,
    in_range: impl Fn(json::Number<'_>) -> bool,
) -> Option<Reason<'t>> {
    if let Some(number) = value.as_number() {
        return (!in_range(number)).then_some(Reason::OutOfRange { kind });
    }
    let spelt = !branch && value.as_str().is_some_and(|it| NOT_NUMBERS.contains(&&*it));
    if spelt { None } else { expect(value, json::Kind::Number) }
}

fn bytes<'t>(value: Json<'_>, size: Option<u32>) -> Option<Reason<'t>> {
    let Some(text) = value.as_str() else { return expect(value, json::Kind::String) };
    if let Some(found) = text.chars().find(|it| u32::from(*it) > 0xFF) {
        return Some(Reason::CodePoint { found });
    }
    let wanted = size?;
    let found = text.chars().count();
    (found != wanted as usize).then_some(Reason::Length { wanted, found })
}
