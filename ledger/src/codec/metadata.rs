//! Metadata as bytes: how many entries, then each with its key, the number of its type, and its value.

use super::{Reason, bytes::Bytes};
use crate::model::{MAX_ENTRIES, Metadata, Value};

const BOOL: u8 = 0;
const INTEGER: u8 = 1;
const TIME: u8 = 2;
const TEXT: u8 = 3;

/// Appends metadata. Its limits are below what the fields of the layout hold.
pub(super) fn encode(metadata: &Metadata, out: &mut Vec<u8>) {
    out.push(metadata.entries().len() as u8);
    for (key, value) in metadata.entries() {
        out.push(key.len() as u8);
        out.extend_from_slice(key.as_bytes());
        match value {
            Value::Bool(value) => out.extend_from_slice(&[BOOL, u8::from(*value)]),
            Value::Integer(value) => {
                out.push(INTEGER);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Time(value) => {
                out.push(TIME);
                out.extend_from_slice(&value.to_le_bytes());
            }
            Value::Text(value) => {
                out.push(TEXT);
                out.extend_from_slice(&(value.len() as u16).to_le_bytes());
                out.extend_from_slice(value.as_bytes());
            }
        }
    }
}

/// Reads metadata. Its keys are in ascending order: there is one encoding of each set.
pub(super) fn take(bytes: &mut Bytes<'_>) -> Result<Metadata, Reason> {
    let count = usize::from(bytes.u8("metadata")?);
    if count > MAX_ENTRIES {
        return Err(format!("{count} entries of metadata, at most {MAX_ENTRIES} are kept"));
    }
    let mut entries: Vec<(String, Value)> = Vec::with_capacity(count);
    for _ in 0..count {
        let key = text(bytes, |bytes| bytes.u8("a key's length").map(usize::from))?;
        let value = match bytes.u8("a value's type")? {
            BOOL => match bytes.u8("a yes or no")? {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                other => return Err(format!("a yes or no of {other}, it is 0 or 1")),
            },
            INTEGER => Value::Integer(bytes.array("an integer").map(i64::from_le_bytes)?),
            TIME => Value::Time(bytes.u64("a time")?),
            TEXT => {
                Value::Text(text(bytes, |bytes| bytes.u16("a text's length").map(usize::from))?)
            }
            other => return Err(format!("a value of the unknown type {other}")),
        };
        if entries.last().is_some_and(|(before, _)| *before >= key) {
            return Err(format!("the key {key:?} is not above the one before"));
        }
        entries.push((key, value));
    }
    Metadata::new(entries).map_err(|error| error.to_string())
}

fn text(
    bytes: &mut Bytes<'_>,
    length: impl Fn(&mut Bytes<'_>) -> Result<usize, Reason>,
) -> Result<String, Reason> {
    let length = length(bytes)?;
    let found = bytes.slice("a text", length)?;
    core::str::from_utf8(found)
        .map(str::to_owned)
        .map_err(|error| format!("a text is no UTF-8: {error}"))
}
