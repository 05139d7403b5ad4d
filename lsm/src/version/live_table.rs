//! A table that is part of a version: open, with the segments that it points into.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    TableMeta,
    hash_indexes::{Built, Demand, HashIndexes},
};
use crate::{
    Error, Result, SegmentId, TableId,
    fs::{FileSystem, OpenMode, Purpose},
    leftovers::Leftovers,
    log::Segment,
    table::{BlockCache, Place, ReadMode, Table},
};

/// Name of a table's file.
pub(crate) fn table_file_name(id: TableId) -> String {
    format!("{:06}.sst", id.0)
}

/// The table whose file has this name.
pub(crate) fn parse_table_file_name(name: &str) -> Option<TableId> {
    let id = TableId(name.strip_suffix(".sst")?.parse().ok()?);
    // One name an id, as for segments.
    (table_file_name(id) == name).then_some(id)
}

/// What is needed to open tables.
#[derive(Debug, Clone)]
pub(crate) struct TableSource {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) dir: PathBuf,
    pub(crate) database_id: u64,
    pub(crate) cache: Arc<BlockCache>,
    pub(crate) indexes: Arc<HashIndexes>,
    pub(crate) leftovers: Arc<Leftovers>,
    pub(crate) read_mode: ReadMode,
}

impl TableSource {
    /// Where a table's file is.
    pub(crate) fn path(&self, id: TableId) -> PathBuf {
        self.dir.join(table_file_name(id))
    }

    /// Opens a table, and finds the segments it refers to with `segment`.
    pub(crate) fn open(
        &self,
        meta: TableMeta,
        mut segment: impl FnMut(SegmentId) -> Result<Arc<Segment>>,
    ) -> Result<Arc<LiveTable>> {
        let path = self.path(meta.id);
        let file = match self.fs.open(&path, OpenMode::Read, Purpose::Other) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::MissingFile { path });
            }
            opened => opened.map_err(|error| Error::io("open", &path, error))?,
        };
        let len = file.len().map_err(|error| Error::io("stat", &path, error))?;
        if len != meta.bytes {
            return Err(Error::corruption(
                path,
                len,
                format!("the file has {len} bytes, the manifest says {}", meta.bytes),
            ));
        }
        let cache = Some(Arc::clone(&self.cache));
        let table = Arc::new(Table::open(
            file,
            path.clone(),
            meta.id,
            self.database_id,
            cache,
            self.read_mode,
        )?);
        let properties = table.properties();
        if (&properties.smallest_key, &properties.largest_key, properties.entries)
            != (&meta.smallest_key, &meta.largest_key, meta.entries)
        {
            let found = format!(
                "a table of {} entries that does not begin and end with the keys that the manifest names, or has not its {} entries",
                properties.entries, meta.entries
            );
            return Err(Error::corruption(path, table.footer().properties.offset, found));
        }
        let segments = table
            .segments()
            .iter()
            .map(|reference| segment(reference.id))
            .collect::<Result<_>>()?;
        Ok(Arc::new(LiveTable {
            index: OnceLock::new(),
            demand: Demand::default(),
            indexes: Arc::clone(&self.indexes),
            meta,
            table,
            segments,
            path,
            fs: Arc::clone(&self.fs),
            leftovers: Arc::clone(&self.leftovers),
            obsolete: AtomicBool::new(false),
            scattered_reads: AtomicU64::new(0),
        }))
    }
}

/// An open table of a version. Its file is removed when the last user lets go of it after it became obsolete.
#[derive(Debug)]
pub(crate) struct LiveTable {
    index: OnceLock<Built>,
    demand: Demand,
    indexes: Arc<HashIndexes>,
    meta: TableMeta,
    table: Arc<Table>,
    segments: Arc<[Arc<Segment>]>,
    path: PathBuf,
    fs: Arc<dyn FileSystem>,
    leftovers: Arc<Leftovers>,
    obsolete: AtomicBool,
    /// Values that scans read from log segments through this table: not in key order, hence scattered.
    scattered_reads: AtomicU64,
}

impl LiveTable {
    pub(crate) fn id(&self) -> TableId {
        self.meta.id
    }

    pub(crate) fn meta(&self) -> &TableMeta {
        &self.meta
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The segments behind the table's slots.
    pub(crate) fn segments(&self) -> &Arc<[Arc<Segment>]> {
        &self.segments
    }

    /// The segment behind a slot; damage if the table has no such slot.
    #[inline]
    pub(crate) fn segment(&self, slot: usize) -> Result<&Arc<Segment>> {
        self.segments.get(slot).ok_or_else(|| {
            Error::corruption(
                &self.path,
                0,
                format!("segment slot {slot} of {}", self.segments.len()),
            )
        })
    }

    /// Where the entry of a key is, as far as the table's hash index knows; without one, counts that it was missed.
    #[inline]
    pub(crate) fn place(self: &Arc<Self>, hash: u64) -> Place {
        match self.index.get() {
            Some(index) => index.find(hash),
            None => {
                if self.demand.note(hash, self.table.properties().entries) {
                    self.indexes.request(self);
                }
                Place::InTable
            }
        }
    }

    /// Asks for the memory that [`place`](Self::place) will look at.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        if let Some(index) = self.index.get() {
            index.prefetch(hash);
        }
    }

    pub(crate) fn set_index(&self, index: Built) {
        // Asked for once, so set once.
        let _ = self.index.set(index);
    }

    /// Whether the table may hold keys in `smallest..=largest`.
    pub(crate) fn overlaps(&self, smallest: &[u8], largest: &[u8]) -> bool {
        &*self.meta.smallest_key <= largest && smallest <= &*self.meta.largest_key
    }

    /// Whether the key is within the table's range.
    #[inline]
    pub(crate) fn covers(&self, key: &[u8]) -> bool {
        &*self.meta.smallest_key <= key && key <= &*self.meta.largest_key
    }

    /// The file goes with the last user.
    pub(crate) fn mark_obsolete(&self) {
        self.obsolete.store(true, Ordering::Release);
    }

    /// Counts values that a scan read out of key order.
    pub(crate) fn note_scattered_reads(&self, count: u64) {
        self.scattered_reads.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn scattered_reads(&self) -> u64 {
        self.scattered_reads.load(Ordering::Relaxed)
    }
}

impl Drop for LiveTable {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            self.leftovers.remove(&*self.fs, &self.path);
        }
    }
}
