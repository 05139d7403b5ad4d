//! Keyspaces: separate sets of keys in one database.

mod brake;
mod core;
mod live_memtable;
mod reads;
mod super_version;
#[cfg(test)]
#[cfg(loom)]
mod super_version_loom;
mod sync;

use std::{
    fmt,
    ops::{Bound, RangeBounds},
    sync::Arc,
};

pub(crate) use self::{brake::most_level0_tables, core::KeyspaceCore};
pub(crate) use live_memtable::{LiveMemtable, MAX_SEGMENTS};
pub(crate) use reads::Reads;
pub(crate) use super_version::SuperVersion;

use crate::{
    Cursor, Durability, EntryKind, Error, KeyspaceId, KeyspaceOptions, Range, Result,
    SequenceNumber, Slice, Snapshot,
    cursor::{merge::Merge, prefix_end},
    db::{Core, DbHandle, look_up},
    entry::hash_key,
};

/// A set of keys of its own, with options of its own; shares the log, and thereby atomic batches, with the others.
///
/// Cheap to clone; keeps the database open.
#[derive(Clone)]
pub struct Keyspace {
    handle: Arc<DbHandle>,
    core: Arc<KeyspaceCore>,
}

impl fmt::Debug for Keyspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyspace").field("name", &self.core.name).finish_non_exhaustive()
    }
}

impl Keyspace {
    pub(crate) fn new(handle: Arc<DbHandle>, core: Arc<KeyspaceCore>) -> Self {
        Self { handle, core }
    }

    #[inline]
    fn db(&self) -> &Core {
        self.handle.core()
    }

    pub(crate) fn core(&self) -> &KeyspaceCore {
        &self.core
    }

    pub(crate) fn identity(&self) -> (u64, KeyspaceId) {
        (self.db().identity, self.core.id)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.core.name
    }

    /// The options it was created with.
    #[must_use]
    pub fn options(&self) -> &KeyspaceOptions {
        &self.core.options
    }

    /// Sets `key` to `value`; survives a crash of the process.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`ValueTooLong`](Error::ValueTooLong),
    /// [`ReadOnly`](Error::ReadOnly), [`Poisoned`](Error::Poisoned), and what keeps the log from growing
    /// (a full disk): nothing was written then.
    pub fn put(&self, key: &[u8], value: &[u8]) -> Result<()> {
        self.put_with(key, value, Durability::Buffered)
    }

    /// Sets `key` to `value`; survives what `durability` says.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_with(&self, key: &[u8], value: &[u8], durability: Durability) -> Result<()> {
        self.db().write_one(&self.core, EntryKind::Put, key, value, durability)
    }

    /// Removes `key`; no error if it has no value.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete(&self, key: &[u8]) -> Result<()> {
        self.delete_with(key, Durability::Buffered)
    }

    /// Removes `key`; survives what `durability` says.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn delete_with(&self, key: &[u8], durability: Durability) -> Result<()> {
        self.db().write_one(&self.core, EntryKind::Delete, key, &[], durability)
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// Damage and I/O errors.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Result<Option<Slice>> {
        self.db().get(&self.core, key, None)
    }

    /// The value of `key` in a snapshot.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if the snapshot is of another database; damage and I/O errors.
    pub fn get_at(&self, key: &[u8], snapshot: &Snapshot) -> Result<Option<Slice>> {
        let read = snapshot.sequence_in(self.db().identity)?;
        self.db().get(&self.core, key, Some(read))
    }

    /// Whether `key` has a value.
    ///
    /// # Errors
    /// Damage and I/O errors.
    pub fn contains(&self, key: &[u8]) -> Result<bool> {
        Ok(self.get(key)?.is_some())
    }

    /// The values of many keys, all as of one moment, in the order of `keys`.
    ///
    /// Cheaper than as many [`get`](Self::get)s: the processor fetches for one key while it works on another.
    ///
    /// # Errors
    /// Damage and I/O errors.
    pub fn multi_get<K: AsRef<[u8]>>(&self, keys: &[K]) -> Result<Vec<Option<Slice>>> {
        self.multi_get_with(None, keys)
    }

    /// As [`multi_get`](Self::multi_get), as of a snapshot.
    ///
    /// # Errors
    /// Damage and I/O errors.
    pub fn multi_get_at<K: AsRef<[u8]>>(
        &self,
        keys: &[K],
        snapshot: &Snapshot,
    ) -> Result<Vec<Option<Slice>>> {
        self.multi_get_with(Some(snapshot), keys)
    }

    fn multi_get_with<K: AsRef<[u8]>>(
        &self,
        snapshot: Option<&Snapshot>,
        keys: &[K],
    ) -> Result<Vec<Option<Slice>>> {
        let (current, read, refused) = self.view(snapshot);
        if let Some(error) = refused {
            return Err(error);
        }
        let hashes: Vec<u64> = keys.iter().map(|key| hash_key(key.as_ref())).collect();
        for hash in &hashes {
            current.active.memtable().prefetch(*hash);
        }
        keys.iter()
            .zip(hashes)
            .map(|(key, hash)| look_up(&current, &self.core.reads, hash, key.as_ref(), read))
            .collect()
    }

    /// A cursor over all keys, as of now; not positioned yet.
    #[must_use]
    pub fn cursor(&self) -> Cursor<'_> {
        self.cursor_with(None, (Bound::Unbounded, Bound::Unbounded))
    }

    /// A cursor over the keys in a range, as of now or of a snapshot; not positioned yet. With a snapshot of another database,
    /// every seek fails with [`Error::InvalidOption`].
    #[must_use]
    pub fn cursor_with<'k>(
        &'k self,
        snapshot: Option<&'k Snapshot>,
        (lower, upper): (Bound<Vec<u8>>, Bound<Vec<u8>>),
    ) -> Cursor<'k> {
        let (current, read, refused) = self.view(snapshot);
        Cursor::new(Merge::new(current, read), lower, upper, refused)
    }

    /// What a cursor reads, and why it may not.
    fn view(
        &self,
        snapshot: Option<&Snapshot>,
    ) -> (Arc<SuperVersion>, SequenceNumber, Option<Error>) {
        let Some(snapshot) = snapshot else {
            let (current, read) = self.core.current_at(|| self.db().visible());
            return (current, read, None);
        };
        match snapshot.sequence_in(self.db().identity) {
            Ok(read) => (self.core.current_full(), read, None),
            Err(error) => (self.core.current_full(), 0, Some(error)),
        }
    }

    /// Keys and values in a range, in order, from both ends.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
    /// let keyspace = db.default_keyspace();
    /// for key in ["a", "b", "c", "d"] {
    ///     keyspace.put(key.as_bytes(), b"")?;
    /// }
    /// let keys: Result<Vec<_>, _> =
    ///     keyspace.range("b".."d").rev().map(|item| item.map(|(key, _)| key)).collect();
    /// assert_eq!(keys?, [b"c", b"b"]);
    /// # Ok::<(), lsm::Error>(())
    /// ```
    pub fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range<'_> {
        self.range_with(None, bounds(&range))
    }

    /// Keys and values in a range of a snapshot; with a snapshot of another database, nothing but an
    /// [`Error::InvalidOption`].
    pub fn range_at<'k, K: AsRef<[u8]>>(
        &'k self,
        snapshot: &'k Snapshot,
        range: impl RangeBounds<K>,
    ) -> Range<'k> {
        self.range_with(Some(snapshot), bounds(&range))
    }

    /// Keys that start with `prefix`, and their values.
    #[must_use]
    pub fn prefix(&self, prefix: &[u8]) -> Range<'_> {
        self.range_with(None, (Bound::Included(prefix.to_vec()), prefix_end(prefix)))
    }

    /// As [`prefix`](Self::prefix), as of a snapshot.
    #[must_use]
    pub fn prefix_at<'k>(&'k self, snapshot: &'k Snapshot, prefix: &[u8]) -> Range<'k> {
        self.range_with(Some(snapshot), (Bound::Included(prefix.to_vec()), prefix_end(prefix)))
    }

    fn range_with<'k>(
        &'k self,
        snapshot: Option<&'k Snapshot>,
        (lower, upper): (Bound<Vec<u8>>, Bound<Vec<u8>>),
    ) -> Range<'k> {
        let (current, read, refused) = self.view(snapshot);
        let cursor = || {
            let merge = Merge::new(Arc::clone(&current), read);
            Cursor::new(merge, lower.clone(), upper.clone(), refused.clone())
        };
        Range::new(cursor(), cursor())
    }

    /// Writes the keyspace's memtables to tables, and returns when that is done.
    ///
    /// # Errors
    /// What keeps the flush from succeeding; it will be tried again in the background.
    pub fn flush(&self) -> Result<()> {
        self.db().flush_keyspace(&self.core)
    }

    /// Flushes, then merges all tables that overlap a range into one level, drops what is deleted, and collects the
    /// values into key order. Returns when that is done. Costs reading and writing all of it.
    ///
    /// # Errors
    /// What keeps it from succeeding; nothing has changed then.
    pub fn compact<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Result<()> {
        self.flush()?;
        let (lower, upper) = bounds(&range);
        let lower = match lower {
            Bound::Included(key) | Bound::Excluded(key) => key,
            Bound::Unbounded => Vec::new(),
        };
        let upper = match upper {
            Bound::Included(key) | Bound::Excluded(key) => Some(key),
            Bound::Unbounded => None,
        };
        self.db().compact_range(&self.core, &lower, upper.as_deref())
    }
}

fn bounds<K: AsRef<[u8]>>(range: &impl RangeBounds<K>) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let owned = |bound: Bound<&K>| bound.map(|key| key.as_ref().to_vec());
    (owned(range.start_bound()), owned(range.end_bound()))
}
