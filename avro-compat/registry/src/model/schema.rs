//! Schemas as they are kept.

use std::fmt;
use std::str::FromStr;

use md5::Digest as _;
use serde::{Deserialize, Serialize};

use super::{Metadata, Reference, RuleSet};

/// What data on the wire says it was written with; from 1 to 2147483647, unique in a context, and never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchemaId(pub u32);

impl SchemaId {
    /// The greatest, as the wire has a signed integer for it.
    pub const MAX: Self = Self(i32::MAX.unsigned_abs());
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a schema is: two are the same exactly if their texts, references, metadata and rules are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSchema {
    /// Its canonical text.
    pub schema: String,
    /// The schemas that it takes types from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// What people say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The rules of its data contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_set: Option<RuleSet>,
}

impl StoredSchema {
    /// What it is found by: SHA-256 of all it consists of, lengths included, so that nobody can make two of the same.
    pub fn digest(&self) -> Digest {
        let mut hash = sha2::Sha256::new();
        self.parts(|part| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        });
        Digest(hash.finalize().into())
    }

    /// The id that means the same in all registries: MD5 of all it consists of; for a schema without references, metadata and rules, that
    /// of its text.
    pub fn guid(&self) -> Guid {
        let mut hash = md5::Md5::new();
        self.parts(|part| hash.update(part));
        Guid(hash.finalize().into())
    }

    fn parts(&self, mut part: impl FnMut(&[u8])) {
        part(self.schema.as_bytes());
        for reference in &self.references {
            part(reference.name.as_bytes());
            part(reference.subject.as_bytes());
            part(&reference.version.to_be_bytes());
        }
        // Both consist of strings and sorted maps of them, which can be written, and in one way only.
        if let Some(metadata) = &self.metadata {
            part(&[1]);
            part(&serde_json::to_vec(metadata).unwrap_or_default());
        }
        if let Some(rules) = &self.rule_set {
            part(&[2]);
            part(&serde_json::to_vec(rules).unwrap_or_default());
        }
    }
}

/// What a schema is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

/// The id of a schema in all registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guid([u8; 16]);

/// As a UUID.
impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Guid {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits: Vec<u8> = text.bytes().filter(|it| *it != b'-').collect();
        let mut bytes = [0; 16];
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| ())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(text: &str) -> StoredSchema {
        StoredSchema {
            schema: text.to_owned(),
            references: Vec::new(),
            metadata: None,
            rule_set: None,
        }
    }

    #[test]
    fn guid_of_a_text_is_its_md5() {
        // `printf '"string"' | md5sum`
        let guid = schema(r#""string""#).guid();
        assert_eq!(guid.to_string(), "095d71cf-1255-6b9d-5e33-0ad575b3df5d");
        assert_eq!(guid.to_string().parse(), Ok(guid));
        assert_eq!("095d71cf".parse::<Guid>(), Err(()));
    }

    #[test]
    fn everything_counts() {
        let reference = |name: &str, subject: &str| Reference {
            name: name.to_owned(),
            subject: subject.to_owned(),
            version: 1,
        };
        let plain = schema("x");
        let with = |references| StoredSchema { references, ..plain.clone() };
        let tagged = StoredSchema { metadata: Some(Metadata::default()), ..plain.clone() };
        let ruled = StoredSchema { rule_set: Some(RuleSet::default()), ..plain.clone() };
        let all = [
            plain.digest(),
            with(vec![reference("a", "bc")]).digest(),
            with(vec![reference("ab", "c")]).digest(),
            tagged.digest(),
            ruled.digest(),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }
}
