//! Rust iterators over cursors.

use super::Cursor;
use crate::{Result, Slice};

/// Keys and values in order, from both ends: what [`Keyspace::range`](crate::Keyspace::range) and its kin return.
///
/// After an error the iterator ends. Keys are copied; for the last bit of speed use a [`Cursor`]. It borrows the keyspace, so it
/// cannot outlive it:
///
/// ```compile_fail,E0505
/// # let dir = tempfile::tempdir().unwrap();
/// let db = lsm::Db::open(dir.path(), lsm::Options::default())?;
/// let keyspace = db.default_keyspace();
/// let mut range = keyspace.range::<&[u8]>(..);
/// drop(keyspace);
/// range.next();
/// # Ok::<(), lsm::Error>(())
/// ```
#[derive(Debug)]
pub struct Range<'k> {
    front: Cursor<'k>,
    back: Cursor<'k>,
    front_started: bool,
    back_started: bool,
    done: bool,
}

impl<'k> Range<'k> {
    pub(crate) fn new(front: Cursor<'k>, back: Cursor<'k>) -> Self {
        Self { front, back, front_started: false, back_started: false, done: false }
    }

    fn finish<T>(&mut self, result: Result<Option<T>>) -> Option<Result<T>> {
        if !matches!(result, Ok(Some(_))) {
            self.done = true;
        }
        result.transpose()
    }
}

type Item = (Vec<u8>, Slice);

fn item(cursor: &Cursor<'_>) -> Result<Option<Item>> {
    if cursor.valid() { Ok(Some((cursor.key().to_vec(), cursor.value()?))) } else { Ok(None) }
}

impl Iterator for Range<'_> {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let moved = if self.front_started { self.front.next() } else { self.front.seek_to_first() };
        self.front_started = true;
        let met = self.back_started && self.front.valid() && self.front.key() >= self.back.key();
        let result = moved.and_then(|()| if met { Ok(None) } else { item(&self.front) });
        self.finish(result)
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let moved = if self.back_started { self.back.prev() } else { self.back.seek_to_last() };
        self.back_started = true;
        let met = self.front_started && self.back.valid() && self.back.key() <= self.front.key();
        let result = moved.and_then(|()| if met { Ok(None) } else { item(&self.back) });
        self.finish(result)
    }
}
