//! Writes that take effect together.

use std::borrow::Cow;

use crate::{EntryKind, Error, KeyspaceId, MAX_KEY_LEN, MAX_VALUE_LEN, Result, log::decompress};

/// Puts and deletes, in any number of keyspaces of one database, that take effect all at once: in memory, in the log,
/// and after a crash; only [`Durability::None`](crate::Durability::None) makes no promise about crashes. Later operations on a key
/// override earlier ones.
///
/// A batch belongs to the [`Db`](crate::Db) that its keyspaces are of, as it is open: to no other database, not to a checkpoint
/// of it, and not to the same directory when that is opened again.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
/// let users = db.keyspace("users", lsm::KeyspaceOptions::default())?;
/// let by_email = db.keyspace("by_email", lsm::KeyspaceOptions::default())?;
/// let mut batch = lsm::Batch::new();
/// batch.put(&users, b"7", b"ada")?;
/// batch.put(&by_email, b"ada@example.org", b"7")?;
/// db.write(batch, lsm::Durability::Buffered)?;
/// assert_eq!(users.get(b"7")?.as_deref(), Some(&b"ada"[..]));
/// # Ok::<(), lsm::Error>(())
/// ```
#[derive(Debug, Default, Clone)]
pub struct Batch {
    /// Keys and values, back to back, values as the log will have them.
    bytes: Vec<u8>,
    operations: Vec<Operation>,
    /// Bytes of keys and values as they were given.
    given: usize,
}

/// One operation; its key and value are consecutive in the batch's bytes.
#[derive(Debug, Clone, Copy)]
struct Operation {
    /// Of the open database.
    identity: u64,
    keyspace: KeyspaceId,
    kind: EntryKind,
    compressed: bool,
    key_len: u32,
    value_len: u32,
}

/// One operation of a batch, as the write path reads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchEntry<'a> {
    pub(crate) identity: u64,
    pub(crate) keyspace: KeyspaceId,
    pub(crate) kind: EntryKind,
    pub(crate) key: &'a [u8],
    /// As the log will have it.
    pub(crate) value: &'a [u8],
    pub(crate) compressed: bool,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to `value`.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`Error::ValueTooLong`]; the batch is then unchanged.
    pub fn put(&mut self, keyspace: &crate::Keyspace, key: &[u8], value: &[u8]) -> Result<()> {
        check_lengths(key, value)?;
        let compressed = keyspace.core().compress(value);
        let stored = compressed.as_deref().unwrap_or(value);
        self.push(keyspace, EntryKind::Put, key, stored, compressed.is_some());
        self.given += key.len() + value.len();
        Ok(())
    }

    /// Removes `key`.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`]; the batch is then unchanged.
    pub fn delete(&mut self, keyspace: &crate::Keyspace, key: &[u8]) -> Result<()> {
        check_lengths(key, &[])?;
        self.push(keyspace, EntryKind::Delete, key, &[], false);
        self.given += key.len();
        Ok(())
    }

    fn push(
        &mut self,
        keyspace: &crate::Keyspace,
        kind: EntryKind,
        key: &[u8],
        value: &[u8],
        compressed: bool,
    ) {
        let (identity, keyspace) = keyspace.identity();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        // The lengths were checked against limits below 2^32.
        #[allow(clippy::cast_possible_truncation)]
        let (key_len, value_len) = (key.len() as u32, value.len() as u32);
        self.operations.push(Operation {
            identity,
            keyspace,
            kind,
            compressed,
            key_len,
            value_len,
        });
    }

    /// Operations in the batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Bytes of keys and values.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.given
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.operations.clear();
        self.given = 0;
    }

    /// The same with values as they were given, for commits that do not go into the log.
    pub(crate) fn decompressed(&self) -> Result<Self> {
        let mut batch = Self { given: self.given, ..Self::default() };
        for (entry, operation) in self.entries().zip(&self.operations) {
            let value = if entry.compressed {
                decompress(entry.value)
                    .map_err(|found| Error::InvalidOption { option: "batch", found })?
                    .into()
            } else {
                Cow::Borrowed(entry.value)
            };
            batch.bytes.extend_from_slice(entry.key);
            batch.bytes.extend_from_slice(&value);
            // The length was checked when the value was given.
            #[allow(clippy::cast_possible_truncation)]
            let value_len = value.len() as u32;
            batch.operations.push(Operation { compressed: false, value_len, ..*operation });
        }
        Ok(batch)
    }

    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = BatchEntry<'_>> + Clone {
        let mut at = 0;
        self.operations.iter().map(move |operation| {
            let (key_end, value_end) = (
                at + operation.key_len as usize,
                at + operation.key_len as usize + operation.value_len as usize,
            );
            let entry = BatchEntry {
                identity: operation.identity,
                keyspace: operation.keyspace,
                kind: operation.kind,
                compressed: operation.compressed,
                key: &self.bytes[at..key_end],
                value: &self.bytes[key_end..value_end],
            };
            at = value_end;
            entry
        })
    }
}

/// Whether a key and a value are within the limits.
pub(crate) fn check_lengths(key: &[u8], value: &[u8]) -> Result<()> {
    if key.len() > MAX_KEY_LEN {
        return Err(Error::KeyTooLong { len: key.len(), limit: MAX_KEY_LEN });
    }
    if value.len() > MAX_VALUE_LEN {
        return Err(Error::ValueTooLong { len: value.len(), limit: MAX_VALUE_LEN });
    }
    Ok(())
}
