//! Messages that say with which schema they were written: single-object encoding (specification, "Single-object encoding") and the wire format of
//! Confluent's serialisers.
//!
//! ```
//! use avro_compat::frame::{MessageReader, MessageWriter, SingleObject};
//! use avro_compat::{Schema, Value};
//!
//! let old = Schema::parse(r#""int""#)?;
//! let new = Schema::parse(r#""long""#)?;
//! let message = MessageWriter::single_object(&old).write(&Value::Int(7))?;
//! assert_eq!(message[..2], [0xC3, 0x01]);
//!
//! let known = std::collections::HashMap::from([(old.rabin(), old)]);
//! let mut reader = MessageReader::new(SingleObject, known, Some(&new));
//! assert_eq!(reader.read(&message)?, Value::Long(7));
//! # Ok::<(), avro_compat::Error>(())
//! ```

mod reader;
mod writer;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

pub use reader::MessageReader;
pub use writer::MessageWriter;

use crate::Schema;
use crate::error::FrameError;

/// How messages are framed.
pub trait Framing {
    /// What schemas are known by.
    type Key: Copy + Eq + Hash;

    /// What the key is, for people.
    const KEY: &'static str;

    /// The key of a message's schema, and the encoded value.
    ///
    /// # Errors
    ///
    /// If the message is not framed so.
    fn split<'a>(&self, message: &'a [u8]) -> Result<(Self::Key, &'a [u8]), FrameError>;

    /// A key as people know it.
    fn show(key: Self::Key) -> String;
}

/// Single-object encoding: the bytes C3 and 01, the CRC-64-AVRO of the schema in little-endian order, and the value.
#[derive(Clone, Copy, Debug, Default)]
pub struct SingleObject;

impl SingleObject {
    /// What messages begin with.
    pub const MARKER: [u8; 2] = [0xC3, 0x01];

    /// What messages of a schema begin with.
    pub fn header(schema: &Schema) -> [u8; 10] {
        let mut header = [0; 10];
        header[..2].copy_from_slice(&Self::MARKER);
        header[2..].copy_from_slice(&schema.rabin().to_le_bytes());
        header
    }
}

impl Framing for SingleObject {
    type Key = u64;

    const KEY: &'static str = "fingerprint";

    fn split<'a>(&self, message: &'a [u8]) -> Result<(u64, &'a [u8]), FrameError> {
        match message.split_first_chunk::<10>() {
            Some(([0xC3, 0x01, key @ ..], value)) => Ok((u64::from_le_bytes(*key), value)),
            _ => Err(header("single-object", message, "c3 01 and a fingerprint of eight bytes")),
        }
    }

    fn show(key: u64) -> String {
        format!("{key:016x}")
    }
}

/// Confluent's wire format: a zero byte, the id of the schema in the registry as four bytes in big-endian order, and the value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Confluent;

impl Confluent {
    /// What messages of a schema's id begin with.
    pub fn header(id: u32) -> [u8; 5] {
        let [a, b, c, d] = id.to_be_bytes();
        [0, a, b, c, d]
    }
}

impl Framing for Confluent {
    type Key = u32;

    const KEY: &'static str = "id";

    fn split<'a>(&self, message: &'a [u8]) -> Result<(u32, &'a [u8]), FrameError> {
        match message.split_first_chunk::<5>() {
            Some(([0, id @ ..], value)) => Ok((u32::from_be_bytes(*id), value)),
            _ => Err(header("Confluent", message, "00 and a schema's id of four bytes")),
        }
    }

    fn show(key: u32) -> String {
        key.to_string()
    }
}

fn header(framing: &'static str, message: &[u8], wanted: &'static str) -> FrameError {
    let found = message.iter().take(10).copied().collect();
    FrameError::Header { framing, found, wanted }
}

/// Where schemas are looked up.
pub trait SchemaLookup<K> {
    /// The schema of a key; none if there is no such schema.
    ///
    /// # Errors
    ///
    /// If it could not be found out, a message that says why.
    fn find(&self, key: K) -> Result<Option<Schema>, String>;
}

impl<K: Eq + Hash, S: BuildHasher> SchemaLookup<K> for HashMap<K, Schema, S> {
    fn find(&self, key: K) -> Result<Option<Schema>, String> {
        Ok(self.get(&key).cloned())
    }
}

impl<K, L: SchemaLookup<K> + ?Sized> SchemaLookup<K> for &L {
    fn find(&self, key: K) -> Result<Option<Schema>, String> {
        (**self).find(key)
    }
}
