//! The vocabulary that memtables, logs and tables share: sequence numbers, entry kinds, identities, limits.

/// Longest key, in bytes.
pub const MAX_KEY_LEN: usize = 64 * 1024;

/// Longest value, in bytes: 4 GiB less the frame of its log record and the largest key.
pub const MAX_VALUE_LEN: usize = u32::MAX as usize - 2 * MAX_KEY_LEN;

/// The position of a commit in the database's one total order. The first commit is 1; 0 stands for "before everything".
/// All entries of a batch share one.
pub type SequenceNumber = u64;

/// Neither files nor commits are numbered higher: numbers that are read from files leave room to count on.
pub(crate) const MAX_NUMBER: u64 = 1 << 62;

/// What an entry says of its key. The numbers are on disk: never change one, only add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// The key has this value.
    Put = 1,
    /// The key has no value.
    Delete = 2,
    // 3 merge, 4 range delete, 5 single delete, 6 expiring put: taken by the next format version.
}

impl EntryKind {
    /// The kind with this number on disk, or `None` if this build knows no such kind.
    #[must_use]
    pub const fn from_disk(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Put),
            2 => Some(Self::Delete),
            _ => None,
        }
    }
}

/// Names a log or value segment file; grows for ever, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentId(pub u64);

/// Names a table file; grows for ever, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub u64);

/// Names a keyspace on disk. 0 is the keyspace `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyspaceId(pub u32);

/// Where a separated value is: a record in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValuePointer {
    /// The segment that holds the record.
    pub segment: SegmentId,
    /// Byte offset of the record's first byte in the segment file.
    pub offset: u32,
    /// Length of the whole record in bytes, frame included.
    pub len: u32,
}

/// The 64-bit hash of a key that memtables, filters and block tags share, so that one look-up hashes once.
#[inline]
#[must_use]
pub fn hash_key(key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(key)
}
