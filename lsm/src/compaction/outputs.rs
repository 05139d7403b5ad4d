//! The files that a flush or a compaction writes, until they are installed or abandoned.

use std::sync::Arc;

use super::value_writer::ValueWriter;
use crate::{
    EntryKind, Error, Result, SequenceNumber, TableId,
    db::Core,
    fs::{File, FileSystem, OpenMode, Purpose},
    keyspace::KeyspaceCore,
    log::{Segment, SegmentKind, StoredValue, file_name},
    options::Layout,
    table::{EntryValue, TableOptions, TableWriter},
    version::{LiveTable, TableMeta},
};

/// Writes entries, in order, into as many tables as they need.
pub(crate) struct Outputs<'a> {
    core: &'a Core,
    keyspace: &'a KeyspaceCore,
    purpose: Purpose,
    /// Where a new table is started; level 0 gets one table a memtable.
    table_bytes: u64,
    filter_bits: f32,
    writer: Option<(TableWriter, TableId)>,
    last_key: Vec<u8>,
    values: ValueWriter<'a>,
    finished: Finished,
}

/// Files that are written and synced, and that nobody knows of yet.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    tables: Vec<TableMeta>,
    segments: Vec<Arc<Segment>>,
}

impl<'a> Outputs<'a> {
    pub(crate) fn new(
        core: &'a Core,
        keyspace: &'a KeyspaceCore,
        level: usize,
        purpose: Purpose,
    ) -> Self {
        let deepest = keyspace.current().version.deepest().max(1).max(level);
        Self {
            core,
            keyspace,
            purpose,
            table_bytes: if level == 0 { u64::MAX } else { keyspace.options.table_bytes },
            filter_bits: keyspace.options.filter_bits(level, deepest),
            writer: None,
            last_key: Vec::new(),
            values: ValueWriter::new(core, keyspace),
            finished: Finished::default(),
        }
    }

    /// Adds an entry behind those before.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        sequence: Option<SequenceNumber>,
        kind: EntryKind,
        value: EntryValue<'_>,
    ) -> Result<()> {
        // The versions of a key stay together.
        if let Some((writer, _)) = &self.writer
            && writer.estimated_len() >= self.table_bytes
            && self.last_key != key
        {
            self.finish_table(SequenceNumber::MAX)?;
        }
        let writer = match &mut self.writer {
            Some((writer, _)) => writer,
            None => self.start_table()?,
        };
        writer.add(key, sequence, kind, value)?;
        self.last_key.clear();
        self.last_key.extend_from_slice(key);
        Ok(())
    }

    /// Whether a value that takes so many bytes, compressed or not, goes into a value segment.
    pub(crate) fn separates(&self, stored_len: usize) -> bool {
        matches!(self.keyspace.options.layout, Layout::Separated { from } if stored_len >= from)
    }

    /// Adds a put, and its value to a value segment, as it is stored.
    pub(crate) fn add_separated(
        &mut self,
        key: &[u8],
        sequence: Option<SequenceNumber>,
        value: StoredValue<'_>,
    ) -> Result<()> {
        let pointer = self.values.append(key, value)?;
        self.add(key, sequence, EntryKind::Put, EntryValue::Pointer(pointer))
    }

    /// Adds a put whose value is in no segment yet: small values go into the table, others into a value segment.
    pub(crate) fn add_value(
        &mut self,
        key: &[u8],
        sequence: Option<SequenceNumber>,
        value: &[u8],
    ) -> Result<()> {
        let packed = self.keyspace.compress(value);
        let stored =
            StoredValue { bytes: packed.as_deref().unwrap_or(value), compressed: packed.is_some() };
        if self.separates(stored.bytes.len()) {
            return self.add_separated(key, sequence, stored);
        }
        self.add(key, sequence, EntryKind::Put, EntryValue::Inline(value))
    }

    /// Bytes of values written so far.
    pub(crate) fn collected(&self) -> u64 {
        self.values.bytes()
    }

    /// Bytes of tables written so far, about.
    pub(crate) fn written(&self) -> u64 {
        self.finished.table_bytes()
            + self.writer.as_ref().map_or(0, |(writer, _)| writer.estimated_len())
    }

    fn start_table(&mut self) -> Result<&mut TableWriter> {
        let id = TableId(self.core.next_file());
        let path = self.core.tables.path(id);
        let file: Arc<dyn File> = self
            .core
            .fs
            .open(&path, OpenMode::CreateNew, self.purpose)
            .map_err(|error| Error::io("create", &path, error))?;
        // Registered at once, so that whatever becomes of it, the file is removed.
        self.finished.tables.push(TableMeta {
            id,
            bytes: 0,
            entries: 0,
            smallest_sequence: 0,
            largest_sequence: 0,
            smallest_key: Vec::new(),
            largest_key: Vec::new(),
        });
        let options = TableOptions {
            block_size: self.keyspace.options.block_bytes,
            compression: self.keyspace.options.compression,
            filter_bits_per_key: self.filter_bits,
            base_sequence: 0,
        };
        let writer = TableWriter::new(file, path, id, self.core.database_id, options)?;
        Ok(&mut self.writer.insert((writer, id)).0)
    }

    fn finish_table(&mut self, largest_sequence: SequenceNumber) -> Result<()> {
        let Some((writer, id)) = self.writer.take() else { return Ok(()) };
        let summary = writer.finish(largest_sequence)?;
        if let Some(meta) = self.finished.tables.iter_mut().find(|meta| meta.id == id) {
            *meta = TableMeta {
                id,
                bytes: summary.file_len,
                entries: summary.properties.entries,
                smallest_sequence: 0,
                largest_sequence,
                smallest_key: summary.properties.smallest_key,
                largest_key: summary.properties.largest_key,
            };
        }
        Ok(())
    }

    /// Completes and syncs everything. `largest_sequence` is what the tables' entries lie at or below.
    ///
    /// # Errors
    /// Disk full, I/O errors; the files are removed.
    pub(crate) fn finish(mut self, largest_sequence: SequenceNumber) -> Result<Finished> {
        let completed = self.finish_table(largest_sequence).and_then(|()| {
            self.finished.segments = self.values.finish()?;
            self.core.fs_sync_dir()
        });
        for meta in &mut self.finished.tables {
            meta.largest_sequence = largest_sequence;
        }
        completed.map(|()| std::mem::take(&mut self.finished))
    }
}

impl Drop for Outputs<'_> {
    fn drop(&mut self) {
        self.writer = None;
        self.values.abandon();
        self.finished.abandon(self.core);
    }
}

impl Finished {
    /// Bytes of all tables.
    pub(crate) fn table_bytes(&self) -> u64 {
        self.tables.iter().map(|meta| meta.bytes).sum()
    }

    /// Opens the tables, and makes the segments known, for the version that will have them.
    pub(crate) fn open(&self, core: &Core) -> Result<Vec<Arc<LiveTable>>> {
        for segment in &self.segments {
            core.segments.insert(Arc::clone(segment));
        }
        self.tables
            .iter()
            .map(|meta| {
                core.tables.open(meta.clone(), |id| {
                    core.segments.get(id).ok_or_else(|| Error::MissingFile {
                        path: core.dir().join(file_name(id, SegmentKind::Log)),
                    })
                })
            })
            .collect()
    }

    /// Removes the files: they will not be installed. Not if the database is poisoned: then the manifest on disk may name
    /// them although its sync failed; if it does not, the next open removes them.
    pub(crate) fn abandon(&self, core: &Core) {
        if core.poison.get().is_some() {
            return;
        }
        for meta in &self.tables {
            core.leftovers.remove(&*core.fs, &core.tables.path(meta.id));
        }
        for segment in &self.segments {
            core.segments.discard(core, segment);
        }
    }
}
