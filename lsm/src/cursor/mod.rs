//! Reading in key order.

mod level;
pub(crate) mod merge;
mod prefetch;
mod range;
pub(crate) mod source;

use std::{marker::PhantomData, ops::Bound};

use merge::Merge;
pub use range::Range;

use crate::{Error, Result, Slice};

/// A position among the keys of a keyspace, as they were at one moment: moves both ways, seeks, and reads values where
/// they lie.
///
/// A cursor sees what was committed when it was made (or what its snapshot sees), however long it lives, and keeps the
/// files that it may need. It borrows the keyspace, so it cannot outlive it:
///
/// ```compile_fail,E0505
/// # let dir = tempfile::tempdir().unwrap();
/// let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
/// let keyspace = db.default_keyspace();
/// let mut cursor = keyspace.cursor();
/// drop(keyspace);
/// cursor.seek_to_first()?;
/// # Ok::<(), lsm::Error>(())
/// ```
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
/// let fruit = db.default_keyspace();
/// for (key, value) in [("apple", "red"), ("lime", "green"), ("plum", "blue")] {
///     fruit.put(key.as_bytes(), value.as_bytes())?;
/// }
/// let mut cursor = fruit.cursor();
/// cursor.seek(b"b")?;
/// assert_eq!((cursor.key(), &*cursor.value()?), (&b"lime"[..], &b"green"[..]));
/// cursor.prev()?;
/// assert_eq!(cursor.key(), b"apple");
/// cursor.prev()?;
/// assert!(!cursor.valid());
/// # Ok::<(), lsm::Error>(())
/// ```
///
/// Cost: making one sorts what was written to the memtable since the last cursor; a seek is a binary search in each
/// memtable, level-0 table and level; a step is a few nanoseconds for each of these, and reading the value a cache
/// miss or a page fault.
pub struct Cursor<'k> {
    merge: Merge,
    lower: Bound<Vec<u8>>,
    upper: Bound<Vec<u8>>,
    /// Why it cannot be positioned, ever.
    refused: Option<Box<Error>>,
    _keyspace: PhantomData<&'k ()>,
}

impl std::fmt::Debug for Cursor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cursor")
            .field("key", &self.merge.valid().then(|| self.key()))
            .finish_non_exhaustive()
    }
}

impl Cursor<'_> {
    pub(crate) fn new(
        merge: Merge,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
        refused: Option<Error>,
    ) -> Self {
        Self { merge, lower, upper, refused: refused.map(Box::new), _keyspace: PhantomData }
    }

    fn check(&self) -> Result<()> {
        self.refused.as_deref().map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Whether the cursor is at a key.
    #[must_use]
    pub fn valid(&self) -> bool {
        self.merge.valid()
    }

    /// The current key; empty if the cursor is not [`valid`](Self::valid).
    #[must_use]
    pub fn key(&self) -> &[u8] {
        if self.merge.valid() { self.merge.key() } else { &[] }
    }

    /// The current value; empty if the cursor is not [`valid`](Self::valid). Separated values are not copied.
    ///
    /// # Errors
    /// [`Error::Corruption`] if its record does not check, I/O errors.
    pub fn value(&self) -> Result<Slice> {
        Ok(self.merge.value()?.unwrap_or_default())
    }

    /// The current key and value, lent until the cursor moves: the fastest way to read many. Both are empty if the cursor
    /// is not [`valid`](Self::valid). What has to be decompressed goes into memory that the cursor keeps for that.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    #[inline]
    pub fn lend(&mut self) -> Result<(&[u8], &[u8])> {
        self.merge.lend()
    }

    /// To the first key.
    ///
    /// # Errors
    /// Damage and I/O errors; [`Error::InvalidOption`] from this and every other seek if the cursor was made at a snapshot of
    /// another database. The cursor is then not valid.
    pub fn seek_to_first(&mut self) -> Result<()> {
        self.check()?;
        match &self.lower {
            Bound::Unbounded => self.merge.seek_to_first(),
            Bound::Included(key) => self.merge.seek(key),
            Bound::Excluded(key) => {
                self.merge.seek(key)?;
                if self.merge.valid() && self.merge.key() == &**key {
                    self.merge.next()
                } else {
                    Ok(())
                }
            }
        }?;
        self.check_upper();
        Ok(())
    }

    /// To the last key.
    ///
    /// # Errors
    /// Damage and I/O errors; the cursor is then not valid.
    pub fn seek_to_last(&mut self) -> Result<()> {
        self.check()?;
        match &self.upper {
            Bound::Unbounded => self.merge.seek_to_last(),
            Bound::Included(key) => self.merge.seek_for_prev(key),
            Bound::Excluded(key) => self.merge.seek_before(key),
        }?;
        self.check_lower();
        Ok(())
    }

    /// To the first key at or after `key`.
    ///
    /// # Errors
    /// Damage and I/O errors; the cursor is then not valid.
    pub fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.check()?;
        if below(&self.lower, key) {
            return self.seek_to_first();
        }
        self.merge.seek(key)?;
        self.check_upper();
        Ok(())
    }

    /// To the last key at or before `key`.
    ///
    /// # Errors
    /// Damage and I/O errors; the cursor is then not valid.
    pub fn seek_for_prev(&mut self, key: &[u8]) -> Result<()> {
        self.check()?;
        if above(&self.upper, key) {
            return self.seek_to_last();
        }
        self.merge.seek_for_prev(key)?;
        self.check_lower();
        Ok(())
    }

    /// To the next key; behind the last, and from nowhere, the cursor is not valid.
    ///
    /// # Errors
    /// Damage and I/O errors; the cursor is then not valid.
    #[allow(clippy::should_implement_trait)] // a cursor lends; `Range` is the iterator
    pub fn next(&mut self) -> Result<()> {
        self.merge.next()?;
        self.check_upper();
        Ok(())
    }

    /// To the previous key; before the first, and from nowhere, the cursor is not valid.
    ///
    /// # Errors
    /// Damage and I/O errors; the cursor is then not valid.
    pub fn prev(&mut self) -> Result<()> {
        self.merge.prev()?;
        self.check_lower();
        Ok(())
    }

    fn check_upper(&mut self) {
        if self.merge.valid() && above(&self.upper, self.merge.key()) {
            self.merge.invalidate();
        }
    }

    fn check_lower(&mut self) {
        if self.merge.valid() && below(&self.lower, self.merge.key()) {
            self.merge.invalidate();
        }
    }
}

/// Whether a key lies before a lower bound.
fn below(bound: &Bound<Vec<u8>>, key: &[u8]) -> bool {
    match bound {
        Bound::Unbounded => false,
        Bound::Included(lower) => key < &**lower,
        Bound::Excluded(lower) => key <= &**lower,
    }
}

/// Whether a key lies behind an upper bound.
fn above(bound: &Bound<Vec<u8>>, key: &[u8]) -> bool {
    match bound {
        Bound::Unbounded => false,
        Bound::Included(upper) => key > &**upper,
        Bound::Excluded(upper) => key >= &**upper,
    }
}

/// The smallest key that is larger than every key with this prefix.
pub(crate) fn prefix_end(prefix: &[u8]) -> Bound<Vec<u8>> {
    match prefix.iter().rposition(|byte| *byte != 0xff) {
        None => Bound::Unbounded,
        Some(last) => {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            Bound::Excluded(end)
        }
    }
}
