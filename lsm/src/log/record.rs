//! One record: what its head says and how long it is (`FORMAT.md`, "Records and segments").

mod decode;
mod encode;

pub use self::decode::{DecodeError, Mark, RecordView, StoredValue, decode, value_at};
pub(super) use self::{
    decode::reseal,
    encode::{encode, encode_mark},
};
use crate::{EntryKind, KeyspaceId, varint};

/// Bytes of the checksum word and the head byte, which every record has.
const FIXED_LEN: usize = 5;
const CHECKSUM_LEN: usize = 4;

const KIND_MASK: u8 = 0x0f;
const KIND_MARK: u8 = 15;
const LAST: u8 = 1 << 4;
const KEYSPACE: u8 = 1 << 5;
const GAP: u8 = 1 << 6;
const COMPRESSED: u8 = 1 << 7;

/// The head byte of every mark.
pub(super) const MARK_HEAD: u8 = KIND_MARK | LAST;

/// Most bytes that a mark takes.
pub const MAX_MARK_LEN: usize = FIXED_LEN + 5 + 8;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// A key and its value.
    Put,
    /// A key that has no value any more.
    Delete,
    /// Says how much of the log was durable when it was written.
    Mark,
}

impl RecordKind {
    /// The entry that this record stands for; a mark stands for none.
    #[must_use]
    pub const fn entry(self) -> Option<EntryKind> {
        match self {
            Self::Put => Some(EntryKind::Put),
            Self::Delete => Some(EntryKind::Delete),
            Self::Mark => None,
        }
    }
}

/// The parts of a record that are neither key nor value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHead {
    /// The keyspace of the key.
    pub keyspace: KeyspaceId,
    /// Sequence numbers used without the log since the batch before; not 0 only in a batch's first record.
    pub gap: u64,
    /// Whether this record ends its batch.
    pub last: bool,
    /// Whether the value bytes are codec, length and block ([`compress_value`](super::compress_value)).
    pub compressed: bool,
}

/// Bytes that the record of a put (`value_len: Some`) or a delete takes, with no gap. Costs a few instructions.
#[inline]
#[must_use]
pub const fn record_len(keyspace: KeyspaceId, key_len: usize, value_len: Option<usize>) -> usize {
    let keyspace = if keyspace.0 == 0 { 0 } else { varint::len(keyspace.0 as u64) };
    let value = match value_len {
        Some(len) => varint::len(len as u64) + len,
        None => 0,
    };
    FIXED_LEN + keyspace + varint::len(key_len as u64) + key_len + value
}

/// Bytes by which a gap lengthens the first record of a batch.
#[inline]
#[must_use]
pub const fn gap_len(gap: u64) -> usize {
    if gap == 0 { 0 } else { varint::len(gap) }
}

/// Bytes of a mark that calls `offset` durable.
#[inline]
#[must_use]
pub const fn mark_len(offset: u32) -> usize {
    FIXED_LEN + varint::len(offset as u64) + 8
}
