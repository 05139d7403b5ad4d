//! What values of logical types mean (specification, "Logical Types").

use std::fmt;

use super::Value;
use crate::binary::{Input, output};

/// A decimal number of at most 38 digits: `unscaled` times 10^-`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// All digits.
    pub unscaled: i128,
    /// How many of them are behind the point.
    pub scale: u32,
}

impl Decimal {
    /// The number of bytes in two's complement, big-endian, as `decimal` has them; none if it does not fit into 128 bits.
    pub fn from_be_bytes(bytes: &[u8], scale: u32) -> Option<Self> {
        let negative = bytes.first().is_some_and(|it| it & 0x80 != 0);
        let fill = if negative { 0xFF } else { 0 };
        let (extra, kept) = bytes.split_at(bytes.len().saturating_sub(16));
        let mut full = [fill; 16];
        full[16 - kept.len()..].copy_from_slice(kept);
        let unscaled = i128::from_be_bytes(full);
        let fits = extra.iter().all(|it| *it == fill) && (unscaled < 0) == negative;
        fits.then_some(Self { unscaled, scale })
    }

    /// The fewest bytes for it; at least one.
    pub fn to_be_bytes(self) -> Vec<u8> {
        let full = self.unscaled.to_be_bytes();
        let fill = if self.unscaled < 0 { 0xFF } else { 0 };
        let more = |at: usize| full[at] == fill && (full[at + 1] ^ fill) & 0x80 == 0;
        let start = (0..15).find(|it| !more(*it)).unwrap_or(15);
        full[start..].to_vec()
    }

    /// The bytes for a fixed of a size; none if it does not fit.
    pub fn to_fixed(self, size: usize) -> Option<Vec<u8>> {
        let bytes = self.to_be_bytes();
        let fill = if self.unscaled < 0 { 0xFF } else { 0 };
        let mut full = vec![fill; size.checked_sub(bytes.len())?];
        full.extend(bytes);
        Some(full)
    }

    /// The number of a `big-decimal`'s bytes, which have the scale in them; none if they are not that, or if it does not fit.
    pub fn from_big_decimal(bytes: &[u8]) -> Option<Self> {
        let mut input = Input::new(bytes);
        let unscaled = input.bytes().ok()?;
        let scale = u32::try_from(input.int().ok()?).ok()?;
        if input.left() == 0 { Self::from_be_bytes(unscaled, scale) } else { None }
    }

    /// The bytes of a `big-decimal`; none if the scale is beyond 2^31.
    pub fn to_big_decimal(self) -> Option<Vec<u8>> {
        let scale = i32::try_from(self.scale).ok()?;
        let mut out = Vec::new();
        output::prefixed(&mut out, &self.to_be_bytes());
        output::long(&mut out, i64::from(scale));
        Some(out)
    }
}

/// With all digits behind the point: `-12.50`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.unsigned_abs().to_string();
        // A scale of millions would make as many zeros.
        if self.scale > 1000 {
            return write!(f, "{}e-{}", self.unscaled, self.scale);
        }
        let scale = self.scale as usize;
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// An amount of time in units none of which is a number of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    /// Months.
    pub months: u32,
    /// Days.
    pub days: u32,
    /// Milliseconds.
    pub millis: u32,
}

impl Duration {
    /// The `duration` of 12 bytes.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        let part = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self { months: part(0), days: part(4), millis: part(8) }
    }

    /// Its 12 bytes.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        for (to, part) in bytes.chunks_exact_mut(4).zip([self.months, self.days, self.millis]) {
            to.copy_from_slice(&part.to_le_bytes());
        }
        bytes
    }
}

/// The 16 bytes of a UUID as RFC 4122 writes it; none if it is not written so.
pub fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    if text.len() != 36 || text.bytes().enumerate().any(|(at, it)| (it == b'-') != dash(at)) {
        return None;
    }
    let mut digits = text.chars().filter(|it| *it != '-').map(|it| it.to_digit(16));
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = (digits.next()?? << 4 | digits.next()??) as u8;
    }
    Some(bytes)
}

/// A UUID as RFC 4122 writes it.
pub fn format_uuid(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    let digits = format!("{number:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

impl Value {
    /// The number of a `decimal`'s bytes or fixed; its scale is the type's. None for other values, and beyond 128 bits.
    pub fn to_decimal(&self, scale: u32) -> Option<Decimal> {
        Decimal::from_be_bytes(self.as_bytes()?, scale)
    }

    /// The `duration` of a fixed of 12 bytes.
    pub fn to_duration(&self) -> Option<Duration> {
        Some(Duration::from_bytes(self.as_bytes()?.try_into().ok()?))
    }

    /// The `uuid` of a string or of a fixed of 16 bytes.
    pub fn to_uuid(&self) -> Option<[u8; 16]> {
        match self.as_str() {
            Some(text) => parse_uuid(text),
            None => self.as_bytes()?.try_into().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_the_fewest_bytes_of_twos_complement() {
        for (unscaled, bytes) in [
            (0, &[0][..]),
            (127, &[0x7F]),
            (128, &[0, 0x80]),
            (-1, &[0xFF]),
            (-128, &[0x80]),
            (-129, &[0xFF, 0x7F]),
            (1_000_000, &[0x0F, 0x42, 0x40]),
        ] {
            let decimal = Decimal { unscaled, scale: 2 };
            assert_eq!(decimal.to_be_bytes(), bytes, "{unscaled}");
            assert_eq!(Decimal::from_be_bytes(bytes, 2), Some(decimal));
            let fixed = decimal.to_fixed(20).unwrap();
            assert_eq!((fixed.len(), Decimal::from_be_bytes(&fixed, 2)), (20, Some(decimal)));
            let big = decimal.to_big_decimal().unwrap();
            assert_eq!(Decimal::from_big_decimal(&big), Some(decimal));
        }
        for extreme in [i128::MIN, i128::MAX] {
            let decimal = Decimal { unscaled: extreme, scale: 0 };
            assert_eq!(Decimal::from_be_bytes(&decimal.to_be_bytes(), 0), Some(decimal));
            assert_eq!(decimal.to_fixed(15), None);
        }
        assert_eq!(Decimal::from_be_bytes(&[1; 17], 0), None);
        assert_eq!(Decimal::from_be_bytes(&[0xFF; 40], 0).map(|it| it.unscaled), Some(-1));
    }

    #[test]
    fn decimals_are_written_with_their_scale() {
        for (unscaled, scale, text) in [
            (-1250, 2, "-12.50"),
            (5, 3, "0.005"),
            (0, 0, "0"),
            (-7, 0, "-7"),
            (1, 5000, "1e-5000"),
        ] {
            assert_eq!(Decimal { unscaled, scale }.to_string(), text);
        }
    }

    #[test]
    fn durations_and_uuids_are_what_the_specification_says() {
        let duration = Duration { months: 1, days: 2, millis: 0x0102_0304 };
        assert_eq!(duration.to_bytes(), [1, 0, 0, 0, 2, 0, 0, 0, 4, 3, 2, 1]);
        assert_eq!(Duration::from_bytes(duration.to_bytes()), duration);
        let text = "2b7e1516-28ae-d2a6-abf7-158809cf4f3c";
        let bytes = parse_uuid(text).unwrap();
        assert_eq!(format_uuid(bytes), text);
        assert_eq!(
            Value::Fixed(bytes.to_vec()).to_uuid(),
            Value::String(text.to_owned()).to_uuid()
        );
        for wrong in [
            "",
            "2b7e151628aed2a6abf7158809cf4f3c",
            "2b7e1516-28ae-d2a6-abf7-158809cf4fg3",
            &text[1..],
        ] {
            assert_eq!(parse_uuid(wrong), None);
        }
    }
}
