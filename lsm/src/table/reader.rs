//! An open table: what it consists of and what it says of itself.

mod blocks;
mod open;
mod point_read;
mod residency;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU8},
};

pub(crate) use self::blocks::BlockAt;
use self::blocks::Checked;
use super::{
    block::Damage,
    cache::BlockCache,
    counters::{FilterCounters, FilterCounts},
    footer::Footer,
    index::TopIndex,
    properties::{Properties, SegmentRef},
    value::MappedFile,
};
use crate::{Error, Result, TableId, fs::File};

/// How a table's blocks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadMode {
    /// In place, through a mapping of the file; positioned reads where the file system cannot map. A failing disk is then a
    /// signal to the process, not an error.
    #[default]
    Mapped,
    /// By positioned reads into the cache.
    Positioned,
}

/// An open table.
///
/// A block's checksum is verified when it is first read after `open`, and then not again as long as it is read in place: what
/// the disk or the memory does to it later is for [`verify`](Self::verify) to find. Blocks that go through the cache are
/// verified each time they enter it.
///
/// In memory: the top index and the properties, 32 bytes a partition (about 128 data blocks), and nothing a block.
#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    id: TableId,
    database_id: u64,
    file: Arc<dyn File>,
    file_len: u64,
    mapped: Option<Arc<MappedFile>>,
    cache: Option<Arc<BlockCache>>,
    properties: Properties,
    top: TopIndex,
    checked: Box<[Checked]>,
    counters: FilterCounters,
    /// Above 0 if blocks that cursors came to lately had to be read from the disk.
    cold: AtomicU8,
    footer: Footer,
}

impl Table {
    /// The file's path, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The table's id.
    #[must_use]
    pub fn id(&self) -> TableId {
        self.id
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Bytes of the file as it is now; more or fewer are damage.
    pub(crate) fn current_len(&self) -> Result<u64> {
        self.file.len().map_err(|error| Error::io("stat", &self.path, error))
    }

    /// What the table says of itself.
    #[must_use]
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The segments that entries point into; an entry's slot is an index here.
    #[must_use]
    pub fn segments(&self) -> &[SegmentRef] {
        &self.properties.segments
    }

    /// The first key.
    #[must_use]
    pub fn smallest_key(&self) -> &[u8] {
        &self.properties.smallest_key
    }

    /// The last key.
    #[must_use]
    pub fn largest_key(&self) -> &[u8] {
        &self.properties.largest_key
    }

    /// No entry is older.
    #[must_use]
    pub fn min_sequence(&self) -> u64 {
        self.properties.min_sequence
    }

    /// No entry is newer.
    #[must_use]
    pub fn max_sequence(&self) -> u64 {
        self.properties.max_sequence
    }

    /// Whether blocks are read in place.
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        self.mapped.is_some()
    }

    /// How often the filter was asked, and how it did: estimates.
    #[must_use]
    pub fn filter_counts(&self) -> FilterCounts {
        self.counters.read()
    }

    pub(crate) fn top(&self) -> &TopIndex {
        &self.top
    }

    pub(crate) fn footer(&self) -> &Footer {
        &self.footer
    }

    pub(crate) fn mapped(&self) -> Option<&Arc<MappedFile>> {
        self.mapped.as_ref()
    }

    #[cold]
    pub(crate) fn damage(&self, offset: u64, found: Damage) -> Error {
        Error::corruption(&self.path, offset, found)
    }
}
