//! Serde's view of what is exchanged and configured.
//!
//! In formats that people read, everything is by name: algorithms and hash functions by theirs, weights as numbers, and numbers that use
//! all of their 64 or 128 bits in hexadecimal as text, since JavaScript and others would round them. In formats that they do not read,
//! numbers are numbers, and a [`Description`](crate::Description) is its canonical bytes. What comes in is checked as
//! [`Description::decode`](crate::Description::decode) does.
//!
//! **Cost.** Feature `serde`: the dependency `serde` with its derive macros, without its standard library.

mod description;

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::num::NonZeroU32;

use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Algorithm, Fingerprint, KeyHash, Weight};

/// Its name.
impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// By its name.
impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A number; in formats that are not read by people its 65,536ths.
impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_f64(self.get())
        } else {
            serializer.serialize_u32(self.raw())
        }
    }
}

/// The nearest weight to a number, or the weight of as many 65,536ths.
impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return NonZeroU32::deserialize(deserializer).map(Self::from_raw);
        }
        let value = f64::deserialize(deserializer)?;
        // Weights between 65,535 and 65,536 can be had from raw numbers only, and have to be read back.
        let raw = (value * 65_536.0) as u32;
        match NonZeroU32::new(raw) {
            Some(exact) if f64::from(raw) == value * 65_536.0 => Ok(Self::from_raw(exact)),
            _ => Self::new(value).map_err(D::Error::custom),
        }
    }
}

/// A number of 64 bits that people should not compute with.
#[derive(Clone, Copy, Default)]
struct Bits(u64);

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&format_args!("{:#018x}", self.0))
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(BitsVisitor)
        } else {
            u64::deserialize(deserializer).map(Self)
        }
    }
}

/// Whoever writes by hand writes small numbers as numbers.
struct BitsVisitor;

impl Visitor<'_> for BitsVisitor {
    type Value = Bits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of 64 bits, or \"0x\" and up to 16 hexadecimal digits")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Bits, E> {
        Ok(Bits(number))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Bits, E> {
        let invalid = |_| E::invalid_value(Unexpected::Signed(number), &self);
        u64::try_from(number).map(Bits).map_err(invalid)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bits, E> {
        let number = hexadecimal(text.strip_prefix("0x"), 16);
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.map(Bits).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// The number that has these digits, and nothing else, at most `most`.
fn hexadecimal(digits: Option<&str>, most: usize) -> Option<u128> {
    let digits = digits?;
    // Without the sign that the standard library takes.
    let sound = digits.len() <= most && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| u128::from_str_radix(digits, 16).ok())?
}

/// 32 hexadecimal digits, or a number of 128 bits.
impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u128(self.raw())
        }
    }
}

/// From 32 hexadecimal digits, or a number of 128 bits.
impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return u128::deserialize(deserializer).map(Self::from_raw);
        }
        let text = String::deserialize(deserializer)?;
        let digits = (text.len() == 32).then_some(text.as_str());
        hexadecimal(digits, 32).map(Self::from_raw).ok_or_else(|| {
            D::Error::invalid_value(Unexpected::Str(&text), &"32 hexadecimal digits")
        })
    }
}

/// How a hash function is written: under its name, with its seed or key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum KeyHashForm {
    #[serde(rename = "xxh3")]
    Xxh3 { seed: Bits },
    #[serde(rename = "xxh64")]
    Xxh64 { seed: Bits },
    #[serde(rename = "murmur3")]
    Murmur3 { seed: Bits },
    #[serde(rename = "siphash-1-3")]
    SipHash13 { key: [Bits; 2] },
    #[serde(rename = "siphash-2-4")]
    SipHash24 { key: [Bits; 2] },
    #[serde(rename = "md5")]
    Md5,
    #[serde(rename = "redis-slot")]
    RedisSlot,
}

/// Under its name, with its seed or its secret key.
impl Serialize for KeyHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match *self {
            Self::Xxh3 { seed } => KeyHashForm::Xxh3 { seed: Bits(seed) },
            Self::Xxh64 { seed } => KeyHashForm::Xxh64 { seed: Bits(seed) },
            Self::Murmur3 { seed } => KeyHashForm::Murmur3 { seed: Bits(seed.into()) },
            Self::SipHash13 { key } => KeyHashForm::SipHash13 { key: key.map(Bits) },
            Self::SipHash24 { key } => KeyHashForm::SipHash24 { key: key.map(Bits) },
            Self::Md5 => KeyHashForm::Md5,
            Self::RedisSlot => KeyHashForm::RedisSlot,
        };
        form.serialize(serializer)
    }
}

/// By its name, with its seed or its secret key.
impl<'de> Deserialize<'de> for KeyHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match KeyHashForm::deserialize(deserializer)? {
            KeyHashForm::Xxh3 { seed } => Self::Xxh3 { seed: seed.0 },
            KeyHashForm::Xxh64 { seed } => Self::Xxh64 { seed: seed.0 },
            KeyHashForm::Murmur3 { seed } => Self::Murmur3 {
                seed: u32::try_from(seed.0).map_err(|_| {
                    D::Error::custom(format!("murmur3 takes a seed of 32 bits, not {:#x}", seed.0))
                })?,
            },
            KeyHashForm::SipHash13 { key } => Self::SipHash13 { key: key.map(|half| half.0) },
            KeyHashForm::SipHash24 { key } => Self::SipHash24 { key: key.map(|half| half.0) },
            KeyHashForm::Md5 => Self::Md5,
            KeyHashForm::RedisSlot => Self::RedisSlot,
        })
    }
}
