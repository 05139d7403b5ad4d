//! Decoding untrusted bytes: the record at a place of the log, and the value that a pointer leads to.

use std::fmt;

use super::{
    CHECKSUM_LEN, COMPRESSED, FIXED_LEN, GAP, KEYSPACE, KIND_MARK, KIND_MASK, LAST, MARK_HEAD,
    RecordKind,
};
use crate::{
    EntryKind, KeyspaceId, MAX_KEY_LEN, MAX_VALUE_LEN,
    log::checksum::{ChecksumSeed, record_checksum},
    varint,
};

/// A record found in a segment; borrows its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// What it is.
    pub kind: RecordKind,
    /// Keyspace of the key.
    pub keyspace: KeyspaceId,
    /// Sequence numbers used without the log since the batch before.
    pub gap: u64,
    /// Whether it ends its batch.
    pub last: bool,
    /// Whether the value is compressed: then [`decompress_value`](crate::log::decompress_value) reads it.
    pub compressed: bool,
    /// The key; empty in a mark.
    pub key: &'a [u8],
    /// The value as stored; empty in a delete; in a mark its offset and database id, see [`mark`](Self::mark).
    pub value: &'a [u8],
    /// Bytes of the whole record.
    pub len: usize,
}

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Everything in its segment before this offset was durable, and all earlier segments.
    pub offset: u32,
    /// The database whose log it is. Without it, a stored value could pass for a mark.
    pub database_id: u64,
}

impl RecordView<'_> {
    /// What a mark says; `None` if this is no mark.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        if self.kind != RecordKind::Mark {
            return None;
        }
        let (offset, used) = varint::decode(self.value)?;
        let database_id = u64::from_le_bytes(self.value.get(used..)?.try_into().ok()?);
        Some(Mark { offset: u32::try_from(offset).ok()?, database_id })
    }
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The record would go on behind the end of the bytes.
    Truncated,
    /// The kind is none that version 1 knows.
    UnknownKind(u8),
    /// A length or number is not in its shortest form, or over its limit.
    BadNumber,
    /// The fields contradict each other: a compressed delete, a mark with a keyspace.
    Malformed,
    /// The checksum is not that of these bytes at this place.
    Checksum {
        /// The checksum word found.
        found: u32,
        /// That of the bytes behind it, here.
        computed: u32,
    },
    /// Zeros where a pointer says that a record is.
    Absent,
    /// A sound record, with another key or length than asked for.
    OtherRecord,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "record cut off by the end of the segment"),
            Self::UnknownKind(kind) => write!(f, "record of unknown kind {kind}"),
            Self::BadNumber => write!(f, "record with a number out of its limits"),
            Self::Malformed => write!(f, "record whose fields contradict each other"),
            Self::Checksum { found, computed } => {
                write!(f, "record with checksum {found:#010x}, expected {computed:#010x}")
            }
            Self::Absent => write!(f, "no record where one is pointed to"),
            Self::OtherRecord => write!(f, "a record of another key or length than pointed to"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// A record's place, before its key and value are sliced out.
struct Layout {
    head: u8,
    keyspace: u32,
    gap: u64,
    key_start: usize,
    key_len: usize,
    value_len: usize,
}

impl Layout {
    /// Reads head and lengths of the record at the start of `bytes` (checksum word included, not verified) and checks
    /// that it fits into `bytes`.
    #[inline]
    fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let &head = bytes.get(CHECKSUM_LEN).ok_or(DecodeError::Truncated)?;
        let mut at = FIXED_LEN;
        let mut number = |limit: u64| {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some((value, used)) = varint::decode(rest) else {
                return Err(if rest.len() < varint::MAX_LEN {
                    DecodeError::Truncated
                } else {
                    DecodeError::BadNumber
                });
            };
            at += used;
            if value <= limit { Ok(value) } else { Err(DecodeError::BadNumber) }
        };
        let kind = head & KIND_MASK;
        let (mut keyspace, mut gap, mut key_len, mut value_len) = (0, 0, 0, 0);
        let key_start;
        match kind {
            1 | 2 => {
                if head & KEYSPACE != 0 {
                    keyspace = number(u64::from(u32::MAX))? as u32;
                }
                if head & GAP != 0 {
                    gap = number(u64::MAX)?;
                }
                key_len = number(MAX_KEY_LEN as u64)? as usize;
                if kind == EntryKind::Put as u8 {
                    value_len = number(MAX_VALUE_LEN as u64)? as usize;
                } else if head & COMPRESSED != 0 {
                    return Err(DecodeError::Malformed);
                }
                key_start = at;
            }
            KIND_MARK => {
                if head != MARK_HEAD {
                    return Err(DecodeError::Malformed);
                }
                number(u64::from(u32::MAX))?;
                key_start = FIXED_LEN;
                value_len = at - FIXED_LEN + 8;
            }
            _ => return Err(DecodeError::UnknownKind(kind)),
        }
        let layout = Self { head, keyspace, gap, key_start, key_len, value_len };
        if layout.len() > bytes.len() {
            return Err(DecodeError::Truncated);
        }
        Ok(layout)
    }

    #[inline]
    fn len(&self) -> usize {
        self.key_start + self.key_len + self.value_len
    }
}

/// The checksum word at the start of `bytes`.
#[inline]
fn checksum_word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|word| u32::from_le_bytes(*word))
}

/// Reads the record at the start of `bytes`, which is `offset` of the seed's segment; `bytes` may go on behind it.
///
/// `Ok(None)` is the end of the log: a checksum word of zero, or nothing left. Never panics, whatever the bytes are;
/// allocates nothing; costs one pass over the record.
pub fn decode(
    bytes: &[u8],
    seed: ChecksumSeed,
    offset: u32,
) -> Result<Option<RecordView<'_>>, DecodeError> {
    let Some(found) = checksum_word(bytes) else {
        // Less than a word is left: zeros, or the stump of a record.
        return if bytes.iter().all(|&byte| byte == 0) {
            Ok(None)
        } else {
            Err(DecodeError::Truncated)
        };
    };
    if found == 0 {
        return Ok(None);
    }
    let layout = Layout::parse(bytes)?;
    let len = layout.len();
    let record = bytes.get(..len).ok_or(DecodeError::Truncated)?;
    let computed = record_checksum(seed, offset, record.get(CHECKSUM_LEN..).unwrap_or_default());
    if computed != found {
        return Err(DecodeError::Checksum { found, computed });
    }
    let (key, value) = record
        .get(layout.key_start..)
        .and_then(|body| body.split_at_checked(layout.key_len))
        .ok_or(DecodeError::Truncated)?;
    let kind = match layout.head & KIND_MASK {
        1 => RecordKind::Put,
        2 => RecordKind::Delete,
        _ => RecordKind::Mark,
    };
    Ok(Some(RecordView {
        kind,
        keyspace: KeyspaceId(layout.keyspace),
        gap: layout.gap,
        last: layout.head & LAST != 0,
        compressed: layout.head & COMPRESSED != 0,
        key,
        value,
        len,
    }))
}

/// A value as it is in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredValue<'a> {
    /// The bytes stored.
    pub bytes: &'a [u8],
    /// Whether they are codec, length and block.
    pub compressed: bool,
}

/// The value in `record`, which must be exactly one put of `key`, at `offset` of the seed's segment.
///
/// Verifies checksum, kind, length and key: what a pointer leads to is the value it was made for, or an error. Same cost
/// and same promises as [`decode`].
#[inline]
pub fn value_at<'a>(
    record: &'a [u8],
    seed: ChecksumSeed,
    offset: u32,
    key: &[u8],
) -> Result<StoredValue<'a>, DecodeError> {
    let (word, behind) =
        record.split_first_chunk::<CHECKSUM_LEN>().ok_or(DecodeError::Truncated)?;
    let found = u32::from_le_bytes(*word);
    let computed = record_checksum(seed, offset, behind);
    if found != computed {
        return Err(if found == 0 {
            DecodeError::Absent
        } else {
            DecodeError::Checksum { found, computed }
        });
    }
    // The usual record: no keyspace, no gap, lengths of one byte.
    if let Some(&[head, key_len, value_len]) = record.get(CHECKSUM_LEN..CHECKSUM_LEN + 3)
        && head & (KIND_MASK | KEYSPACE | GAP) == EntryKind::Put as u8
        && key_len | value_len < 0x80
        && record.len() == CHECKSUM_LEN + 3 + usize::from(key_len) + usize::from(value_len)
        && let Some(value) = record[CHECKSUM_LEN + 3..].strip_prefix(key)
        && key.len() == usize::from(key_len)
    {
        return Ok(StoredValue { bytes: value, compressed: head & COMPRESSED != 0 });
    }
    let layout = Layout::parse(record)?;
    if layout.len() != record.len() || layout.head & KIND_MASK != EntryKind::Put as u8 {
        return Err(DecodeError::OtherRecord);
    }
    let (found_key, value) = record
        .get(layout.key_start..)
        .and_then(|body| body.split_at_checked(layout.key_len))
        .ok_or(DecodeError::Truncated)?;
    if found_key != key {
        return Err(DecodeError::OtherRecord);
    }
    Ok(StoredValue { bytes: value, compressed: layout.head & COMPRESSED != 0 })
}

/// Gives the record at the start of `bytes` the checksum that belongs there, if its lengths fit; returns its length. For
/// fuzzing: random bytes never check.
pub(in crate::log) fn reseal(bytes: &mut [u8], seed: ChecksumSeed, offset: u32) -> Option<usize> {
    let len = Layout::parse(bytes).ok()?.len();
    let (word, behind) = bytes.get_mut(..len)?.split_first_chunk_mut::<CHECKSUM_LEN>()?;
    *word = record_checksum(seed, offset, behind).to_le_bytes();
    Some(len)
}
