//! Numbers that stand in strings.

use std::{fmt, marker::PhantomData};

use ledger::money::Amount;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// A number as a string of decimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<T>(pub T);

/// What can stand in a string.
pub(crate) trait Number: Sized + fmt::Display {
    /// What it is, for whoever gets it wrong.
    const EXPECTED: &'static str;
    /// The number of some digits, if it is within its limits.
    fn read(digits: &str) -> Option<Self>;
}

impl Number for u64 {
    const EXPECTED: &'static str = "a whole number below 2^64 in a string";
    fn read(digits: &str) -> Option<Self> {
        digits.parse().ok()
    }
}

impl Number for u128 {
    const EXPECTED: &'static str = "a whole number below 2^128 in a string";
    fn read(digits: &str) -> Option<Self> {
        digits.parse().ok()
    }
}

impl Number for Amount {
    const EXPECTED: &'static str = "an amount of minor units below 10^38 in a string";
    fn read(digits: &str) -> Option<Self> {
        Self::new(digits.parse().ok()?)
    }
}

impl<T: Number> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: Number> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits<T>(PhantomData<T>);
        impl<T: Number> Visitor<'_> for Digits<T> {
            type Value = Text<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<T>, E> {
                let digits = !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
                T::read(text).filter(|_| digits).map(Text).ok_or_else(|| {
                    let shown: String = text.chars().take(48).collect();
                    E::custom(format!("{shown:?} is not {}", T::EXPECTED))
                })
            }
        }
        deserializer.deserialize_str(Digits(PhantomData))
    }
}

/// Sixteen bytes as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub [u8; 16]);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(self.0)))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let good = text.len() == 32 && text.bytes().all(|it| it.is_ascii_hexdigit());
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| good)
            .map(|it| Self(it.to_be_bytes()))
            .ok_or_else(|| D::Error::custom("a digest has 32 hexadecimal digits"))
    }
}
