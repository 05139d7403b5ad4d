//! The view of a reader: sources merged, one entry a key, deletes left out, in both directions.

use std::{cmp::Ordering, sync::Arc};

use super::source::Source;
use crate::{
    Result, SequenceNumber, Slice,
    key::key_prefix,
    keyspace::SuperVersion,
    table::{Pointer, Sight},
};

/// A source and the prefix of its current key.
struct Head {
    source: Source,
    prefix: u64,
    valid: bool,
}

impl Head {
    #[inline]
    fn refresh(&mut self) {
        self.valid = self.source.valid();
        if self.valid {
            self.prefix = key_prefix(self.source.key());
        }
    }

    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        self.prefix.cmp(&other.prefix).then_with(|| self.source.key().cmp(other.source.key()))
    }

    #[inline]
    fn is_at(&self, key: &[u8], key_prefix: u64) -> bool {
        self.valid && self.prefix == key_prefix && self.source.key() == key
    }
}

/// Which way the sources lie from the current key: beyond it in this direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

/// Merges sources, the newest first, as a reader at one sequence number sees them.
///
/// The current key and what it says are kept aside; the sources have already moved beyond it, which is what lets a
/// table's cursor ask for records before they are needed.
pub(crate) struct Merge {
    heads: Vec<Head>,
    read: SequenceNumber,
    direction: Direction,
    key: Vec<u8>,
    inline: Vec<u8>,
    /// What the current key has: nothing if there is none, `Inline` for what is in `inline`, or `Pointer`.
    current: Sight,
    /// For a pointer: the source that it is from, which of its parts, and itself.
    source: usize,
    part: u32,
    pointer: Pointer,
    /// What readers of the sources may still need.
    _pinned: Arc<SuperVersion>,
}

impl Merge {
    /// Everything of a keyspace, as a reader at `read` sees it. Not positioned.
    pub(crate) fn new(pinned: Arc<SuperVersion>, read: SequenceNumber) -> Self {
        let mut heads = Vec::new();
        let mut push = |source| heads.push(Head { source, prefix: 0, valid: false });
        for memtable in pinned.memtables() {
            if memtable.memtable().entries() > 0 {
                push(Source::memtable(memtable));
            }
        }
        for table in &pinned.version.level0 {
            push(Source::table(table));
        }
        for level in pinned.version.levels.iter().filter(|level| !level.is_empty()) {
            push(Source::tables(level.clone()));
        }
        Self {
            heads,
            read,
            direction: Direction::Forward,
            key: Vec::new(),
            inline: Vec::new(),
            current: Sight::Nothing,
            source: 0,
            part: 0,
            pointer: Pointer::default(),
            _pinned: pinned,
        }
    }

    pub(crate) fn valid(&self) -> bool {
        self.current != Sight::Nothing
    }

    pub(crate) fn invalidate(&mut self) {
        self.current = Sight::Nothing;
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn value(&self) -> Result<Option<Slice>> {
        match self.current {
            Sight::Nothing | Sight::Delete => Ok(None),
            Sight::Inline => Ok(Some(Slice::copy_from(&self.inline))),
            Sight::Pointer => {
                let Pointer { slot, offset, len } = self.pointer;
                let segment = self.heads[self.source].source.segment_of(self.part, slot)?;
                Slice::from_segment(segment, offset, len, &self.key).map(Some)
            }
        }
    }

    /// The current key and value, lent; both empty if there are none.
    #[inline]
    pub(crate) fn lend(&mut self) -> Result<(&[u8], &[u8])> {
        match self.current {
            Sight::Nothing | Sight::Delete => Ok((&[], &[])),
            Sight::Inline => Ok((&self.key, &self.inline)),
            Sight::Pointer => {
                let Pointer { slot, offset, len } = self.pointer;
                let segment = self.heads[self.source].source.segment_of(self.part, slot)?;
                // SAFETY: as for `Slice::from_segment`: the pointer is of an entry that this reader sees.
                let value = unsafe { segment.read_with(offset, len, &self.key, &mut self.inline)? };
                Ok((&self.key, value))
            }
        }
    }

    /// To the first key at or after `key`.
    pub(crate) fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.position(Direction::Forward, |source| source.seek(key))?;
        self.find_forward()
    }

    /// To the last key at or before `key`.
    pub(crate) fn seek_for_prev(&mut self, key: &[u8]) -> Result<()> {
        self.position(Direction::Backward, |source| source.seek_for_prev(key))?;
        self.find_backward()
    }

    /// To the last key before `key`.
    pub(crate) fn seek_before(&mut self, key: &[u8]) -> Result<()> {
        self.position(Direction::Backward, |source| {
            source.seek_for_prev(key)?;
            while source.valid() && source.key() == key {
                source.prev()?;
            }
            Ok(())
        })?;
        self.find_backward()
    }

    pub(crate) fn seek_to_first(&mut self) -> Result<()> {
        self.position(Direction::Forward, Source::seek_to_first)?;
        self.find_forward()
    }

    pub(crate) fn seek_to_last(&mut self) -> Result<()> {
        self.position(Direction::Backward, Source::seek_to_last)?;
        self.find_backward()
    }

    /// To the next key; nothing if there is no current one.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<()> {
        if self.current == Sight::Nothing {
            return Ok(());
        }
        if self.direction == Direction::Backward {
            let key = std::mem::take(&mut self.key);
            self.position(Direction::Forward, |source| {
                source.seek(&key)?;
                while source.valid() && source.key() == key {
                    source.next()?;
                }
                Ok(())
            })?;
            self.key = key;
        }
        self.find_forward()
    }

    /// To the previous key; nothing if there is no current one.
    #[inline]
    pub(crate) fn prev(&mut self) -> Result<()> {
        if self.current == Sight::Nothing {
            return Ok(());
        }
        if self.direction == Direction::Forward {
            let key = std::mem::take(&mut self.key);
            let found = self.seek_before(&key);
            if self.current == Sight::Nothing {
                self.key = key;
            }
            return found;
        }
        self.find_backward()
    }

    fn position(
        &mut self,
        direction: Direction,
        mut to: impl FnMut(&mut Source) -> Result<()>,
    ) -> Result<()> {
        self.current = Sight::Nothing;
        self.direction = direction;
        for head in &mut self.heads {
            to(&mut head.source)?;
            head.refresh();
        }
        Ok(())
    }

    /// The source whose key comes first in a direction; among equal keys the newest.
    #[inline]
    fn nearest(&self, direction: Direction) -> Option<usize> {
        let wanted = match direction {
            Direction::Forward => Ordering::Less,
            Direction::Backward => Ordering::Greater,
        };
        let mut best: Option<usize> = None;
        for (index, head) in self.heads.iter().enumerate() {
            if head.valid && best.is_none_or(|best| head.compare(&self.heads[best]) == wanted) {
                best = Some(index);
            }
        }
        best
    }

    fn find_forward(&mut self) -> Result<()> {
        self.current = Sight::Nothing;
        while let Some(nearest) = self.nearest(Direction::Forward) {
            let key_prefix = self.heads[nearest].prefix;
            copy_key(&mut self.key, self.heads[nearest].source.key());
            let mut seen = Sight::Nothing;
            // Sources before `nearest` are at later keys.
            for index in nearest..self.heads.len() {
                let head = &mut self.heads[index];
                // The nearest is at the key.
                let mut at_key = index == nearest || head.is_at(&self.key, key_prefix);
                while at_key {
                    if seen == Sight::Nothing {
                        let (part, pointer) = (&mut self.part, &mut self.pointer);
                        let found = head.source.see(self.read, part, pointer, &mut self.inline);
                        if found != Sight::Nothing {
                            (seen, self.source) = (found, index);
                        }
                    }
                    head.source.next()?;
                    head.refresh();
                    at_key = head.is_at(&self.key, key_prefix);
                }
            }
            if seen == Sight::Inline || seen == Sight::Pointer {
                self.current = seen;
                return Ok(());
            }
        }
        Ok(())
    }

    fn find_backward(&mut self) -> Result<()> {
        self.current = Sight::Nothing;
        while let Some(nearest) = self.nearest(Direction::Backward) {
            let key_prefix = self.heads[nearest].prefix;
            copy_key(&mut self.key, self.heads[nearest].source.key());
            let mut seen = Sight::Nothing;
            // Sources before `nearest` are at earlier keys.
            for index in nearest..self.heads.len() {
                let head = &mut self.heads[index];
                // Going back, a source shows the versions of a key oldest first: its last visible one counts.
                let newer_decided = seen != Sight::Nothing;
                // The nearest is at the key.
                let mut at_key = index == nearest || head.is_at(&self.key, key_prefix);
                while at_key {
                    if !newer_decided {
                        let (part, pointer) = (&mut self.part, &mut self.pointer);
                        let found = head.source.see(self.read, part, pointer, &mut self.inline);
                        if found != Sight::Nothing {
                            (seen, self.source) = (found, index);
                        }
                    }
                    head.source.prev()?;
                    head.refresh();
                    at_key = head.is_at(&self.key, key_prefix);
                }
            }
            if seen == Sight::Inline || seen == Sight::Pointer {
                self.current = seen;
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Puts `key` into `into`: a call of `memcpy` is what would cost most about a short key.
#[inline]
fn copy_key(into: &mut Vec<u8>, key: &[u8]) {
    into.clear();
    if key.len() == 16
        && let Some(key) = key.first_chunk::<16>()
    {
        into.extend_from_slice(key);
    } else {
        into.extend_from_slice(key);
    }
}
