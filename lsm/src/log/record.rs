//! One record: encoding in place, decoding of untrusted bytes (`FORMAT.md`, "Records and segments").

use std::{
    fmt,
    sync::atomic::{Ordering, compiler_fence},
};

use super::checksum::{ChecksumSeed, record_checksum};
use crate::{EntryKind, KeyspaceId, MAX_KEY_LEN, MAX_VALUE_LEN, varint};

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

/// Writes a put (`value: Some`, as stored) or a delete at `to`, which is `offset` of the seed's segment; returns its length.
///
/// The checksum word is stored last, so that a process that dies in between leaves a zero there, which is the end of
/// the log, and not garbage.
///
/// # Safety
/// `to` must be valid for writes of [`record_len`] + [`gap_len`] bytes, to which nobody else has access meanwhile.
#[inline]
pub(super) unsafe fn encode(
    to: *mut u8,
    seed: ChecksumSeed,
    offset: u32,
    head: RecordHead,
    key: &[u8],
    value: Option<&[u8]>,
) -> usize {
    let mut flags = match value {
        Some(_) => EntryKind::Put as u8,
        None => EntryKind::Delete as u8,
    };
    flags |= if head.last { LAST } else { 0 };
    flags |= if head.keyspace.0 != 0 { KEYSPACE } else { 0 };
    flags |= if head.gap != 0 { GAP } else { 0 };
    flags |= if head.compressed { COMPRESSED } else { 0 };
    // SAFETY: the bytes written are those that `record_len` and `gap_len` count: the checksum word (below), head,
    // keyspace and gap if they are not zero, lengths, key, value. Source and target cannot overlap, because nobody
    // else has access to the target.
    let len = unsafe {
        let mut at = to.add(CHECKSUM_LEN);
        at.write(flags);
        at = at.add(1);
        if head.keyspace.0 != 0 {
            at = varint::put_raw(at, u64::from(head.keyspace.0));
        }
        if head.gap != 0 {
            at = varint::put_raw(at, head.gap);
        }
        at = varint::put_raw(at, key.len() as u64);
        if let Some(value) = value {
            at = varint::put_raw(at, value.len() as u64);
        }
        at.copy_from_nonoverlapping(key.as_ptr(), key.len());
        at = at.add(key.len());
        if let Some(value) = value {
            at.copy_from_nonoverlapping(value.as_ptr(), value.len());
            at = at.add(value.len());
        }
        at.offset_from_unsigned(to)
    };
    // SAFETY: the `len` bytes were just written (except for the checksum word) and are the caller's alone.
    unsafe { seal(to, seed, offset, len) };
    len
}

/// Writes a mark at `to`, which is `offset` of the seed's segment; returns its length.
///
/// # Safety
/// `to` must be valid for writes of [`mark_len`]`(durable)` bytes, to which nobody else has access meanwhile.
pub(super) unsafe fn encode_mark(
    to: *mut u8,
    seed: ChecksumSeed,
    offset: u32,
    durable: u32,
    database_id: u64,
) -> usize {
    // SAFETY: the bytes written are those that `mark_len` counts.
    unsafe {
        let at = to.add(CHECKSUM_LEN);
        at.write(MARK_HEAD);
        let at = varint::put_raw(at.add(1), u64::from(durable));
        at.cast::<[u8; 8]>().write(database_id.to_le_bytes());
        let len = at.add(8).offset_from_unsigned(to);
        seal(to, seed, offset, len);
        len
    }
}

/// Computes and stores the checksum word of a record whose other bytes are in place.
///
/// # Safety
/// `to` must be valid for reads and writes of `len >= 4` bytes that nobody else has access to; those behind the first
/// four must be initialised.
#[inline]
unsafe fn seal(to: *mut u8, seed: ChecksumSeed, offset: u32, len: usize) {
    // SAFETY: initialised bytes, and nobody writes them during this call.
    let behind = unsafe { std::slice::from_raw_parts(to.add(CHECKSUM_LEN), len - CHECKSUM_LEN) };
    let checksum = record_checksum(seed, offset, behind);
    // A killed process stops between two instructions, with every store before that point in the page cache: keeping
    // the compiler from moving stores below the last one is all the ordering that takes. A crash of the machine may
    // persist pages in any order, which the checksum is there to tell.
    compiler_fence(Ordering::Release);
    // SAFETY: the first four bytes of the range.
    unsafe { to.cast::<[u8; 4]>().write(checksum.to_le_bytes()) };
}

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
    /// Whether the value is compressed: then [`decompress_value`](super::decompress_value) reads it.
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
pub(super) fn reseal(bytes: &mut [u8], seed: ChecksumSeed, offset: u32) -> Option<usize> {
    let len = Layout::parse(bytes).ok()?.len();
    let (word, behind) = bytes.get_mut(..len)?.split_first_chunk_mut::<CHECKSUM_LEN>()?;
    *word = record_checksum(seed, offset, behind).to_le_bytes();
    Some(len)
}
