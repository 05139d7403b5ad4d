//! Types of elements.

use std::fmt;
use std::str::FromStr;

/// A type of elements, as C has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F16,
    F32,
    F64,
}

const NAMES: [(&str, Element, &str); 11] = [
    ("i8", Element::I8, "|i1"),
    ("u8", Element::U8, "|u1"),
    ("i16", Element::I16, "<i2"),
    ("u16", Element::U16, "<u2"),
    ("i32", Element::I32, "<i4"),
    ("u32", Element::U32, "<u4"),
    ("i64", Element::I64, "<i8"),
    ("u64", Element::U64, "<u8"),
    ("f16", Element::F16, "<f2"),
    ("f32", Element::F32, "<f4"),
    ("f64", Element::F64, "<f8"),
];

impl FromStr for Element {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        NAMES.iter().find(|it| it.0 == name).map(|it| it.1).ok_or_else(|| {
            let all: Vec<&str> = NAMES.iter().map(|it| it.0).collect();
            format!("`{name}` is no type: {}", all.join(", "))
        })
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|it| it.1 == *self).map_or("", |it| it.0))
    }
}

impl Element {
    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Whether it is a floating-point type.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    /// NumPy's name of it.
    pub fn numpy(self) -> &'static str {
        NAMES.iter().find(|it| it.1 == self).map_or("", |it| it.2)
    }

    /// The type that NumPy calls so.
    pub fn of_numpy(name: &str) -> Option<Self> {
        NAMES.iter().find(|it| it.2 == name).map(|it| it.1)
    }

    /// The bytes of a value, spelt as Rust spells it, or in hexadecimal (`0x...`).
    pub fn parse(self, text: &str) -> Result<Vec<u8>, String> {
        macro_rules! integer {
            ($t:ty, $u:ty) => {{
                let value = match text.strip_prefix("0x") {
                    Some(digits) => <$u>::from_str_radix(digits, 16).map(|bits| bits as $t),
                    None => text.parse::<$t>(),
                };
                value.map(|value| value.to_le_bytes().to_vec()).map_err(|why| why.to_string())
            }};
        }
        let float = || text.parse::<f64>().map_err(|why| why.to_string());
        match self {
            Self::I8 => integer!(i8, u8),
            Self::U8 => integer!(u8, u8),
            Self::I16 => integer!(i16, u16),
            Self::U16 => integer!(u16, u16),
            Self::I32 => integer!(i32, u32),
            Self::U32 => integer!(u32, u32),
            Self::I64 => integer!(i64, u64),
            Self::U64 => integer!(u64, u64),
            Self::F16 => float().map(|value| half(value).to_le_bytes().to_vec()),
            // Rounded once, from the decimal.
            Self::F32 => text
                .parse::<f32>()
                .map(|value| value.to_le_bytes().to_vec())
                .map_err(|why| why.to_string()),
            Self::F64 => float().map(|value| value.to_le_bytes().to_vec()),
        }
        .map_err(|why| format!("`{text}` is no {self}: {why}"))
    }

    /// The bytes of a number, rounded or wrapped to the type.
    pub fn bytes(self, value: f64) -> Vec<u8> {
        let whole = value as i64;
        match self {
            Self::F16 => half(value).to_le_bytes().to_vec(),
            Self::F32 => (value as f32).to_le_bytes().to_vec(),
            Self::F64 => value.to_le_bytes().to_vec(),
            _ => whole.to_le_bytes()[..self.size()].to_vec(),
        }
    }

    /// A value as text.
    pub fn show(self, bytes: &[u8]) -> String {
        let mut wide = [0; 8];
        wide[..bytes.len().min(8)].copy_from_slice(&bytes[..bytes.len().min(8)]);
        let bits = u64::from_le_bytes(wide);
        match self {
            Self::I8 => (bits as i8).to_string(),
            Self::I16 => (bits as i16).to_string(),
            Self::I32 => (bits as i32).to_string(),
            Self::I64 => (bits as i64).to_string(),
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => bits.to_string(),
            Self::F16 => widened(bits as u16).to_string(),
            Self::F32 => f32::from_bits(bits as u32).to_string(),
            Self::F64 => f64::from_bits(bits).to_string(),
        }
    }

    /// A value as JSON; what JSON has no number for as text.
    pub fn json(self, bytes: &[u8]) -> serde_json::Value {
        let text = self.show(bytes);
        match serde_json::from_str::<serde_json::Number>(&text) {
            Ok(number) => number.into(),
            Err(_) => text.into(),
        }
    }
}

/// IEEE binary16, to nearest, ties to even.
fn half(value: f64) -> u16 {
    let sign = u16::from(value.is_sign_negative()) << 15;
    let value = value.abs();
    if value.is_nan() {
        return sign | 0x7e00;
    }
    // Half way from the greatest value to the next power of two.
    if value >= 65520.0 {
        return sign | 0x7c00;
    }
    // The unit in the last place: subnormals share the one of 2^-14.
    let exponent = if value < 2.0_f64.powi(-14) { -14 } else { value.log2().floor() as i32 };
    let ulp = 2.0_f64.powi(exponent - 10);
    let steps = (value / ulp).round_ties_even() as u16;
    // 1024 steps a binade; rounding up to the next one carries by itself.
    let binade = (exponent + 14) as u16;
    sign | ((binade << 10) + steps)
}

fn widened(bits: u16) -> f32 {
    let sign = if bits >> 15 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match (exponent, bits & 1023) {
        (0, _) => sign * fraction * 2.0_f32.powi(-24),
        (31, 0) => sign * f32::INFINITY,
        (31, _) => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2.0_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every half goes there and back; half way between two neighbours goes to the even one.
    #[test]
    fn halves_round_to_even() {
        for bits in 0..0x7c00_u16 {
            assert_eq!(half(widened(bits).into()), bits);
            assert_eq!(half(-f64::from(widened(bits))), bits | 0x8000);
            let next = if bits == 0x7bff { 65536.0 } else { widened(bits + 1).into() };
            let middle = (f64::from(widened(bits)) + next) / 2.0;
            assert_eq!(half(middle), bits + (bits & 1), "{bits:x}");
        }
        assert_eq!(half(f64::INFINITY), 0x7c00);
        assert!(widened(half(f64::NAN)).is_nan());
    }

    #[test]
    fn values_are_read_and_shown() {
        for (element, text, shown) in [
            (Element::I8, "-5", "-5"),
            (Element::I8, "0xff", "-1"),
            (Element::U64, "18446744073709551615", "18446744073709551615"),
            (Element::F32, "0.1", "0.1"),
            (Element::F32, "nan", "NaN"),
            (Element::F16, "1.5", "1.5"),
            (Element::F64, "-1e300", &(-1e300_f64).to_string()),
        ] {
            assert_eq!(element.show(&element.parse(text).unwrap_or_default()), shown);
        }
        assert!(Element::U8.parse("256").is_err());
        assert!(Element::I32.parse("1.5").is_err());
        assert!(Element::F32.parse("one").is_err());
        assert!("float".parse::<Element>().is_err());
    }
}
