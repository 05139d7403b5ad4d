//! Writing a table: entries in order, one pass, memory bounded by an index partition.

mod output;

use std::{
    cmp::Ordering,
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::output::Output;
use super::{
    block::Handle,
    compression::{Codec, Compression, compress},
    data_block::{BlockValue, DataBlockBuilder, tag_of},
    filter,
    footer::{self, Footer},
    index::{PARTITION_BLOCKS, PartitionBuilder, PartitionEntry, TopIndex, separator},
    properties::{Properties, SegmentRef},
};
use crate::{
    EntryKind, Error, MAX_KEY_LEN, MAX_VALUE_LEN, Result, SegmentId, TableId, ValuePointer,
    fs::File, hash_key, key::common_prefix,
};

/// A filter starts at a multiple of this, so that a probe touches one cache line.
pub(crate) const FILTER_ALIGN: u64 = 64;
/// A key's entries go on in another block once this one is larger than it should be by so many times the key, which the index
/// and the other block's first entry have to repeat.
const KEYS_BEFORE_CUT: usize = 8;

/// How a table is written.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOptions {
    /// Bytes of entries after which a data block ends, before compression; 64 to 16 MiB.
    pub block_size: usize,
    /// How data blocks are compressed.
    pub compression: Compression,
    /// Bits a key in the filter, up to 64; 0 for no filter.
    pub filter_bits_per_key: f32,
    /// No entry's sequence number is below this one. Entries store theirs relative to it: the closer, the smaller.
    pub base_sequence: u64,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            block_size: 4096,
            compression: Compression::None,
            filter_bits_per_key: 10.0,
            base_sequence: 0,
        }
    }
}

/// The value of an entry that is added.
#[derive(Debug, Clone, Copy)]
pub enum EntryValue<'a> {
    /// Of a delete.
    None,
    /// Bytes that go into the table.
    Inline(&'a [u8]),
    /// A record that stays where it is.
    Pointer(ValuePointer),
}

/// A finished table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableSummary {
    /// The table's id.
    pub id: TableId,
    /// Bytes of the file.
    pub file_len: u64,
    /// Everything else.
    pub properties: Properties,
}

/// Writes a table.
///
/// Nothing is a table until [`finish`](Self::finish) has returned: a writer that is dropped leaves a file without a footer.
/// Memory: a partition's hashes (8 bytes a key) and separators, the write buffer, and the current block.
#[derive(Debug)]
pub struct TableWriter {
    out: Output,
    id: TableId,
    database_id: u64,
    options: TableOptions,
    block: DataBlockBuilder,
    contents: Vec<u8>,
    compressed: Vec<u8>,
    partition: PartitionBuilder,
    partition_entries: u64,
    hashes: Vec<u64>,
    top: TopIndex,
    scratch: Vec<u8>,
    last_key: Vec<u8>,
    last_hash: u64,
    last_seq: Option<u64>,
    properties: Properties,
    slots: HashMap<SegmentId, usize>,
    last_slot: usize,
    /// Keys, and the sum over keys of their partition's false-positive rate.
    filtered: (u64, f64),
    /// An entry was refused, or a write failed: the file is of no use.
    failed: bool,
}

impl TableWriter {
    /// Starts a table at the beginning of `file`, which must be empty. `path` is for messages.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for options out of range, or a codec that this build lacks.
    pub fn new(
        file: Arc<dyn File>,
        path: impl Into<PathBuf>,
        id: TableId,
        database_id: u64,
        options: TableOptions,
    ) -> Result<Self> {
        options.compression.check()?;
        if !(64..=16 << 20).contains(&options.block_size) {
            return Err(Error::InvalidOption {
                option: "block_size",
                found: format!("{} bytes; allowed are 64 to 16 MiB", options.block_size),
            });
        }
        if !(0.0..=64.0).contains(&options.filter_bits_per_key) {
            return Err(Error::InvalidOption {
                option: "filter_bits_per_key",
                found: format!("{}; allowed are 0 to 64", options.filter_bits_per_key),
            });
        }
        let properties = Properties {
            min_sequence: options.base_sequence,
            filter_bits_per_key_x100: (options.filter_bits_per_key * 100.0).round() as u64,
            created_by: concat!("lsm ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Properties::default()
        };
        Ok(Self {
            out: Output { file, path: path.into(), buffer: Vec::new(), written: 0 },
            id,
            database_id,
            options,
            block: DataBlockBuilder::default(),
            contents: Vec::new(),
            compressed: Vec::new(),
            partition: PartitionBuilder::default(),
            partition_entries: 0,
            hashes: Vec::new(),
            top: TopIndex::default(),
            scratch: Vec::new(),
            last_key: Vec::new(),
            last_hash: 0,
            last_seq: None,
            properties,
            slots: HashMap::new(),
            last_slot: 0,
            filtered: (0, 0.0),
            failed: false,
        })
    }

    /// Adds an entry: keys ascending; entries of a key by descending sequence number, one without any (visible to every
    /// reader of the table) last. Segment slots are given out in the order of first use.
    ///
    /// # Errors
    /// [`Error::KeyTooLong`], [`Error::ValueTooLong`]; [`Error::InvalidOption`] for an entry out of order, a sequence number
    /// below the base, or a value that does not fit the kind; [`Error::Io`] if the file cannot be written. After an error the
    /// writer accepts nothing more.
    ///
    /// # Panics
    /// In debug builds, on an entry out of order.
    pub fn add(
        &mut self,
        key: &[u8],
        seq: Option<u64>,
        kind: EntryKind,
        value: EntryValue<'_>,
    ) -> Result<()> {
        if self.failed {
            return Err(invalid(
                "entry",
                "an earlier one failed: remove the file and write the table anew",
            ));
        }
        let result = self.add_checked(key, seq, kind, value);
        self.failed = result.is_err();
        result
    }

    fn add_checked(
        &mut self,
        key: &[u8],
        seq: Option<u64>,
        kind: EntryKind,
        value: EntryValue<'_>,
    ) -> Result<()> {
        if key.len() > MAX_KEY_LEN {
            return Err(Error::KeyTooLong { len: key.len(), limit: MAX_KEY_LEN });
        }
        let relative = match seq.map(|seq| seq.checked_sub(self.options.base_sequence)) {
            None => None,
            Some(Some(relative)) => Some(relative),
            Some(None) => {
                return Err(invalid(
                    "seq",
                    format!("{seq:?} is below the table's base, {}", self.options.base_sequence),
                ));
            }
        };
        let first = self.properties.entries == 0;
        let shared = common_prefix(&self.last_key, key);
        let order = match (self.last_key.get(shared), key.get(shared)) {
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        let new_key = first || order == Ordering::Less;
        if !new_key
            && (order == Ordering::Greater || self.last_seq.is_none() || seq >= self.last_seq)
        {
            debug_assert!(
                false,
                "entries must come in order: {:?} {seq:?} after {:?} {:?}",
                key, self.last_key, self.last_seq
            );
            return Err(invalid(
                "entry",
                format!(
                    "key {key:02x?} at {seq:?} after key {:02x?} at {:?}: keys ascend, and a key's sequence numbers descend",
                    self.last_key, self.last_seq
                ),
            ));
        }
        let value = match (kind, value) {
            (EntryKind::Delete, EntryValue::None) => BlockValue::Delete,
            (EntryKind::Put, EntryValue::Inline(bytes)) => {
                if bytes.len() > MAX_VALUE_LEN {
                    return Err(Error::ValueTooLong { len: bytes.len(), limit: MAX_VALUE_LEN });
                }
                self.properties.raw_value_bytes += bytes.len() as u64;
                BlockValue::Inline(bytes)
            }
            (EntryKind::Put, EntryValue::Pointer(pointer)) => {
                let slot = self.slot(pointer.segment);
                let segment = &mut self.properties.segments[slot];
                segment.records += 1;
                segment.bytes += u64::from(pointer.len);
                BlockValue::Pointer { slot, offset: pointer.offset, len: pointer.len }
            }
            (kind, value) => {
                return Err(invalid("entry", format!("a {kind:?} with the value {value:?}")));
            }
        };
        let slack = if new_key { 0 } else { KEYS_BEFORE_CUT * key.len() };
        let full = self.block.contents_len() >= self.options.block_size + slack
            || !self.block.has_room(key, &value);
        if full && !self.block.is_empty() {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            if new_key {
                separator(&self.last_key, key, &mut scratch);
            } else {
                // The key itself: whoever finds it here looks into the next block too.
                scratch.extend_from_slice(key);
            }
            let result = self.cut_block(&scratch);
            self.scratch = scratch;
            result?;
        }
        if new_key {
            self.last_hash = hash_key(key);
            if first {
                self.properties.smallest_key = key.to_vec();
            }
        }
        // A key that goes on in another partition is in that one's filter too.
        if self.options.filter_bits_per_key > 0.0 && (new_key || self.hashes.is_empty()) {
            self.hashes.push(self.last_hash);
        }
        self.block.add(key, shared, tag_of(self.last_hash), relative, value).map_err(|found| {
            invalid("entry", format!("a data block of {found}, at key {key:02x?}"))
        })?;
        if new_key {
            self.last_key.truncate(shared);
            self.last_key.extend_from_slice(&key[shared..]);
        }
        self.last_seq = seq;
        self.properties.entries += 1;
        self.properties.deletes += u64::from(kind == EntryKind::Delete);
        self.properties.raw_key_bytes += key.len() as u64;
        self.properties.multi_version |= seq.is_some();
        self.partition_entries += 1;
        Ok(())
    }

    fn slot(&mut self, id: SegmentId) -> usize {
        let segments = &mut self.properties.segments;
        if segments.get(self.last_slot).is_none_or(|last| last.id != id) {
            self.last_slot = *self.slots.entry(id).or_insert_with(|| {
                segments.push(SegmentRef { id, records: 0, bytes: 0 });
                segments.len() - 1
            });
        }
        self.last_slot
    }

    /// Writes the current block. `separator` is at or above its last key, and below the next, or both if they are the same.
    fn cut_block(&mut self, separator: &[u8]) -> Result<()> {
        self.block.finish(&mut self.contents);
        let codec = compress(self.options.compression, &self.contents, &mut self.compressed);
        let stored = if codec == Codec::None { &self.contents } else { &self.compressed };
        let handle = self.out.append(self.id, stored, codec)?;
        self.partition.add(separator, handle);
        if self.partition.len() == PARTITION_BLOCKS {
            self.cut_partition()?;
        }
        Ok(())
    }

    fn cut_partition(&mut self) -> Result<()> {
        let mut filter = Handle::default();
        if self.options.filter_bits_per_key > 0.0 {
            let keys = self.hashes.len();
            filter::build(&self.hashes, self.options.filter_bits_per_key, &mut self.contents);
            let rate = filter::false_positive_rate(keys, self.contents.len() / filter::BLOCK_LEN);
            self.filtered.0 += keys as u64;
            self.filtered.1 += keys as f64 * rate;
            self.out.align(FILTER_ALIGN);
            filter = self.out.append(self.id, &self.contents, Codec::None)?;
            self.hashes.clear();
        }
        let mut last = Vec::new();
        self.partition.finish(&mut self.contents, &mut last);
        let index = self.out.append(self.id, &self.contents, Codec::None)?;
        let entries = std::mem::take(&mut self.partition_entries);
        self.top.push(&last, PartitionEntry { index, filter, entries });
        Ok(())
    }

    /// Entries so far.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.properties.entries
    }

    /// About how many bytes the file would have if it were finished now.
    #[must_use]
    pub fn estimated_len(&self) -> u64 {
        let filter = self.hashes.len() as f64 * f64::from(self.options.filter_bits_per_key) / 8.0;
        self.out.position()
            + (self.block.contents_len() + self.partition.contents_len() + filter as usize) as u64
            + (self.top.key_bytes() + self.top.len() * 16 + 256 + footer::LEN) as u64
    }

    /// Writes what is left and makes the file durable (not its name: that is `sync_dir`). `max_sequence` is the newest
    /// sequence number of any entry, those added without one included.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if there are no entries, if an earlier one failed, or if `max_sequence` is below the base; [`Error::Io`].
    pub fn finish(mut self, max_sequence: u64) -> Result<TableSummary> {
        if self.failed || self.properties.entries == 0 {
            return Err(invalid("table", "it has no entries, or one that failed: remove the file"));
        }
        if max_sequence < self.options.base_sequence {
            return Err(invalid(
                "max_sequence",
                format!("{max_sequence} is below the table's base, {}", self.options.base_sequence),
            ));
        }
        let last_key = std::mem::take(&mut self.last_key);
        self.cut_block(&last_key)?;
        if self.partition.len() > 0 {
            self.cut_partition()?;
        }
        let properties = &mut self.properties;
        properties.largest_key = last_key;
        properties.max_sequence = max_sequence;
        properties.false_positive_ppm = match self.filtered {
            (0, _) => 1_000_000,
            (keys, sum) => (sum / keys as f64 * 1e6).round() as u64,
        };
        let description = self.out.append(self.id, &properties.encode(), Codec::None)?;
        let top = self.out.append(self.id, &self.top.encode(), Codec::None)?;
        let footer =
            Footer { top, properties: description, table: self.id, database: self.database_id };
        self.out.buffer.extend_from_slice(&footer.encode());
        self.out.flush()?;
        self.out.file.sync_data().map_err(|error| Error::io("sync", &self.out.path, error))?;
        Ok(TableSummary { id: self.id, file_len: self.out.position(), properties: self.properties })
    }

    /// The file being written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.out.path
    }
}

fn invalid(option: &'static str, found: impl Into<String>) -> Error {
    Error::InvalidOption { option, found: found.into() }
}
