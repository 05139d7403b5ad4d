//! Numbers as texts: JSON and Protocol Buffers have none that hold ids and amounts.

use std::fmt;

use ledger::money::Amount;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An id or 128 bits of user data: decimal digits, `0x` and hexadecimal digits, or a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Id(pub u128);

/// 64 bits: decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Long(pub u64);

/// Minor units: decimal digits, below 10^38.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Units(pub Amount);

impl Id {
    /// The number of a text.
    ///
    /// # Errors
    ///
    /// A sentence that says what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || {
            let shown: String = text.chars().take(48).collect();
            format!(
                "{shown:?} is no id: decimal digits, 0x with up to 32 hexadecimal digits, or a UUID"
            )
        };
        if let Some(hex) = text.strip_prefix("0x") {
            let good =
                (1..=32).contains(&hex.len()) && hex.bytes().all(|it| it.is_ascii_hexdigit());
            return u128::from_str_radix(hex, 16).ok().filter(|_| good).map(Self).ok_or_else(bad);
        }
        if text.len() == 36 {
            let dashes = text.bytes().enumerate().all(|(at, it)| {
                if matches!(at, 8 | 13 | 18 | 23) { it == b'-' } else { it.is_ascii_hexdigit() }
            });
            if dashes {
                return u128::from_str_radix(&text.replace('-', ""), 16)
                    .map(Self)
                    .map_err(|_| bad());
            }
        }
        digits(text).map(Self).ok_or_else(bad)
    }
}

/// What digits say, and nothing but digits.
fn digits(text: &str) -> Option<u128> {
    let good = !text.is_empty() && text.len() <= 39 && text.bytes().all(|it| it.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}

impl Long {
    /// The number of a text.
    ///
    /// # Errors
    ///
    /// A sentence that says what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        digits(text).and_then(|it| u64::try_from(it).ok()).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(48).collect();
            format!("{shown:?} is no number from 0 to 2^64 - 1 in decimal digits")
        })
    }
}

impl Units {
    /// The amount of a text.
    ///
    /// # Errors
    ///
    /// A sentence that says what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        digits(text).and_then(Amount::new).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(48).collect();
            format!("{shown:?} is no amount of minor units: decimal digits, below 10^38")
        })
    }
}

macro_rules! text {
    ($name:ident, $expecting:literal) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }
    };
}

text!(Id, "an id in a string (JSON numbers lose digits above 2^53)");
text!(Long, "a whole number in a string (JSON numbers lose digits above 2^53)");
text!(Units, "an amount of minor units in a string (JSON numbers lose digits)");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        for (text, number) in [
            ("0", 0),
            ("7", 7),
            ("007", 7),
            ("0xff", 255),
            ("340282366920938463463374607431768211455", u128::MAX),
            ("0xffffffffffffffffffffffffffffffff", u128::MAX),
            ("00000000-0000-0000-0000-0000000000fF", 255),
        ] {
            assert_eq!(Id::parse(text), Ok(Id(number)), "{text}");
        }
        for bad in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1_000",
            "1e3",
            "0x",
            "0x+1",
            "x",
            "ff",
            "1.0",
            "٣",
            "340282366920938463463374607431768211456",
            "0x100000000000000000000000000000000",
            "00000000-0000-0000-0000-0000000000g0",
            "000000000-000-0000-0000-000000000000",
        ] {
            assert!(Id::parse(bad).is_err(), "{bad}");
        }
        let long = "9".repeat(100_000);
        assert!(Id::parse(&long).unwrap_err().len() < 200);
    }

    #[test]
    fn amounts_are_strings_and_nothing_else() {
        let read = |json: &str| serde_json::from_str::<Units>(json);
        assert_eq!(read(r#""1050""#).unwrap().0.get(), 1050);
        let most = "9".repeat(38);
        assert_eq!(read(&format!("{most:?}")).unwrap().0, Amount::MAX);
        for bad in ["1050", "10.5", "1e2", "\"10.50\"", "\"-1\"", "\"\"", "null", "[1]", "true"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("\"1{}\"", "0".repeat(38))).is_err());
        assert!(read("1050").unwrap_err().to_string().contains("in a string"));
        assert!(Long::parse("18446744073709551616").is_err());
        assert_eq!(serde_json::to_string(&Id(u128::MAX)).unwrap(), format!("\"{}\"", u128::MAX));
    }
}
