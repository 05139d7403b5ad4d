//! Where point reads found their keys, counted.

use crate::{striped::Striped, version::MAX_LEVELS};

const NOWHERE: usize = MAX_LEVELS;
const MEMTABLE: usize = MAX_LEVELS + 1;

/// The answers to a keyspace's point reads. A delete is an answer, too.
#[derive(Debug, Default)]
pub(crate) struct Reads(Striped<{ MAX_LEVELS + 2 }>);

impl Reads {
    /// A memtable has answered.
    #[inline]
    pub(crate) fn in_memtable(&self) {
        self.0.add_to(MEMTABLE, 1);
    }

    /// A table of this level has.
    #[inline]
    pub(crate) fn on_level(&self, level: usize) {
        self.0.add_to(level.min(MAX_LEVELS - 1), 1);
    }

    /// Nothing is known of the key.
    #[inline]
    pub(crate) fn nowhere(&self) {
        self.0.add_to(NOWHERE, 1);
    }

    /// Reads that memtables have answered.
    pub(crate) fn of_memtables(&self) -> u64 {
        self.0.sum_of(MEMTABLE)
    }

    /// Reads that a level, which must be one of those there can be, has answered.
    pub(crate) fn of_level(&self, level: usize) -> u64 {
        self.0.sum_of(level)
    }

    /// Reads that found nothing.
    pub(crate) fn of_nothing(&self) -> u64 {
        self.0.sum_of(NOWHERE)
    }

    /// The deepest level that has answered any; 0 if none has.
    pub(crate) fn deepest(&self) -> usize {
        (0..MAX_LEVELS).rev().find(|level| self.of_level(*level) > 0).unwrap_or(0)
    }
}
