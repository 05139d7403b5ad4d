//! An open table: what is read at open, how blocks are reached, and point reads.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{
    block::{self, Damage, Handle, TRAILER_LEN, prefetch},
    cache::{Block, BlockCache, BlockKey},
    compression::{Codec, DecodeFailure, decompress},
    counters::{FilterCounters, FilterCounts, Outcome},
    data_block::{DataBlock, Payload, RawValue, tag_of},
    filter,
    footer::{self, Footer},
    index::{IndexPartition, PARTITION_BLOCKS, TopIndex},
    properties::{Properties, PropertiesFailure, SegmentRef},
    value::{InlineValue, MappedFile, OwnerRef, TableEntry, TableValue},
};
use crate::{
    Error, Result, TableId,
    fs::{Advice, File},
    key::key_prefix,
};

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

/// Which blocks of a partition have been checked since the table was opened.
#[derive(Debug, Default)]
struct Checked {
    data: [AtomicU64; PARTITION_BLOCKS / 64],
    /// Bit 0: the index partition; bit 1: the filter.
    own: AtomicU8,
}

/// What takes longer has come from the disk.
const DISK: Duration = Duration::from_micros(15);
/// So many blocks found in memory undo one that was not.
const COLD: u8 = 16;

const INDEX_CHECKED: u8 = 1;
const FILTER_CHECKED: u8 = 2;

/// A block that has been checked.
#[derive(Debug, Clone)]
pub(crate) enum BlockAt {
    /// In the mapped file.
    Mapped { start: usize, len: usize },
    /// On its own.
    Owned(Arc<Block>),
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
    /// Opens a finished table. Reads the footer, the properties and the top index: 3 reads, or a mapping and the page faults.
    ///
    /// `cache` holds what is not read in place; without one, such blocks are read anew each time.
    ///
    /// # Errors
    /// [`Error::Corruption`] for what is no table, not this table, or damaged in what is read; [`Error::NewerFormat`];
    /// [`Error::Io`].
    pub fn open(
        file: Arc<dyn File>,
        path: impl Into<PathBuf>,
        id: TableId,
        database_id: u64,
        cache: Option<Arc<BlockCache>>,
        mode: ReadMode,
    ) -> Result<Self> {
        let path = path.into();
        let file_len = file.len().map_err(|error| Error::io("measure", &path, error))?;
        let Some(footer_at) = file_len.checked_sub(footer::LEN as u64) else {
            return Err(Error::corruption(
                path,
                0,
                format!("a file of {file_len} bytes, shorter than a table's footer"),
            ));
        };
        let mut bytes = [0; footer::LEN];
        file.read_exact_at(&mut bytes, footer_at)
            .map_err(|error| Error::io("read", &path, error))?;
        let footer = Footer::decode(&bytes, &path, footer_at)?;
        if footer.table != id || footer.database != database_id {
            return Err(Error::corruption(
                path,
                footer_at,
                format!(
                    "table {} of database {:016x}; expected table {} of database {database_id:016x}",
                    footer.table.0, footer.database, id.0
                ),
            ));
        }
        let mapped = match (mode, usize::try_from(file_len)) {
            (ReadMode::Mapped, Ok(len)) => match file.map(len, false) {
                Ok(mapping) if mapping.len() == len => {
                    mapping.advise(0, len, Advice::Random);
                    Some(Arc::new(MappedFile::new(mapping)))
                }
                Ok(_) => None,
                Err(error) if error.kind() == std::io::ErrorKind::Unsupported => None,
                Err(error) => return Err(Error::io("map", path, error)),
            },
            _ => None,
        };
        let mut table = Self {
            path,
            id,
            database_id,
            file,
            file_len,
            mapped,
            cache,
            properties: Properties::default(),
            top: TopIndex::default(),
            checked: Box::default(),
            counters: FilterCounters::default(),
            cold: AtomicU8::new(0),
            footer,
        };
        table.read_description()?;
        Ok(table)
    }

    fn read_description(&mut self) -> Result<()> {
        let footer = self.footer;
        let contents = self.read_block(footer.properties)?;
        self.properties = match Properties::decode(&contents) {
            Ok(properties) => properties,
            Err(PropertiesFailure::Damaged(found)) => {
                return Err(self.damage(footer.properties.offset, found));
            }
            // The footer's version covers the layout; a property with an odd tag is how a later version says that this one
            // is not enough.
            Err(PropertiesFailure::Newer) => {
                return Err(Error::NewerFormat {
                    path: self.path.clone(),
                    found: footer::VERSION + 1,
                    supported: footer::VERSION,
                });
            }
        };
        let contents = self.read_block(footer.top)?;
        let at = footer.top.offset;
        self.top = TopIndex::decode(&contents, self.file_len - footer::LEN as u64)
            .map_err(|found| self.damage(at, found))?;
        let total = self.top.entries().iter().try_fold(0_u64, |sum, p| sum.checked_add(p.entries));
        if total != Some(self.properties.entries) {
            return Err(self.damage(
                at,
                format!(
                    "a top index over {total:?} entries; the properties say {}",
                    self.properties.entries
                )
                .into(),
            ));
        }
        if self.top.separator(self.top.len() - 1) < &self.properties.largest_key[..] {
            return Err(self.damage(at, "a top index that ends below the largest key".into()));
        }
        self.checked = self.top.entries().iter().map(|_| Checked::default()).collect();
        Ok(())
    }

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

    /// Whether the table may hold entries of `key`, whose [`hash_key`](crate::hash_key) is `hash`: `false` is certain.
    ///
    /// Cost: a search in the top index, which is in memory, and one 32-byte read of the filter. Not counted in
    /// [`filter_counts`](Self::filter_counts).
    ///
    /// # Errors
    /// [`Error::Corruption`], [`Error::Io`] if the filter cannot be read.
    #[inline]
    pub fn may_contain(&self, hash: u64, key: &[u8]) -> Result<bool> {
        let partition = self.top.find(key, key_prefix(key));
        Ok(partition < self.top.len() && self.filter_passes(partition, hash)? != Some(false))
    }

    /// The newest entry of `key`, whose [`hash_key`](crate::hash_key) is `hash`, that is visible at `read_seq`: entries
    /// without a sequence number always are.
    ///
    /// Cost: for a mapped, uncompressed table no allocation, no reference count and no shared counter; about 15 cache lines.
    ///
    /// # Errors
    /// [`Error::Corruption`], [`Error::Io`]; [`Error::InvalidOption`] for a block of a codec that this build lacks.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8], read_seq: u64) -> Result<Option<TableEntry<'_>>> {
        let prefix = key_prefix(key);
        let partition = self.top.find(key, prefix);
        if partition >= self.top.len() {
            return Ok(None);
        }
        let passed = self.filter_passes(partition, hash)?;
        if passed == Some(false) {
            self.counters.count(Outcome::Negative);
            return Ok(None);
        }
        let (found, found_key) = self.get_unfiltered(partition, hash, key, prefix, read_seq)?;
        if passed.is_some() {
            self.counters.count(if found_key {
                Outcome::TruePositive
            } else {
                Outcome::FalsePositive
            });
        }
        Ok(found)
    }

    #[inline]
    fn get_unfiltered(
        &self,
        partition: usize,
        hash: u64,
        key: &[u8],
        prefix: u64,
        read_seq: u64,
    ) -> Result<(Option<TableEntry<'_>>, bool)> {
        let at = self.index_block(partition)?;
        let index = self.parse_index(partition, &at)?;
        let number = index.find(key, prefix);
        if number == index.len() {
            return Ok((None, false));
        }
        let handle = index.handle(number);
        let at = self.data_block(partition, number, handle)?;
        let (found, found_key) = DataBlock::parse(self.bytes(&at))
            .and_then(|block| {
                block.find(tag_of(hash), key, read_seq.checked_sub(self.properties.min_sequence))
            })
            .map_err(|found| self.damage(handle.offset, found))?;
        let Some(payload) = found else {
            return Ok((None, found_key));
        };
        let owner = |start| match at {
            BlockAt::Mapped { start: block, .. } => {
                self.mapped.as_ref().map(|mapped| (OwnerRef::Mapped(mapped), block + start))
            }
            BlockAt::Owned(block) => Some((OwnerRef::Block(block), start)),
        };
        Ok((Some(self.entry(payload, handle.offset, owner)?), true))
    }

    /// Makes an answer of what a block says. `owner` gives what holds the block, and where a place in the block is in that.
    pub(crate) fn entry<'t>(
        &self,
        payload: Payload,
        block_offset: u64,
        owner: impl FnOnce(usize) -> Option<(OwnerRef<'t>, usize)>,
    ) -> Result<TableEntry<'t>> {
        let value = match payload.value {
            RawValue::Delete => TableValue::None,
            RawValue::Inline { start, len } => match owner(start) {
                Some((owner, start)) => TableValue::Inline(InlineValue::new(owner, start, len)),
                None => TableValue::None,
            },
            RawValue::Pointer { slot, offset, len } => {
                if slot >= self.properties.segments.len() {
                    return Err(self.bad_slot(block_offset, slot));
                }
                TableValue::Pointer { slot, offset, len }
            }
        };
        Ok(TableEntry { kind: payload.value.kind(), seq: self.sequence(payload), value })
    }

    /// An entry's sequence number. One that overflows is above the table's largest, which `verify` reports.
    #[inline]
    pub(crate) fn sequence(&self, payload: Payload) -> Option<u64> {
        payload.sequence.map(|relative| self.properties.min_sequence.saturating_add(relative))
    }

    #[cold]
    pub(crate) fn bad_slot(&self, block_offset: u64, slot: usize) -> Error {
        let slots = self.properties.segments.len();
        self.damage(
            block_offset,
            format!("an entry points into segment slot {slot}; the table has {slots}").into(),
        )
    }

    /// Bytes of the file that lie before `key`'s block, to within a block; keys beyond the last have all of them. Reads at most an index partition;
    /// where that is damaged, the answer is as coarse as a partition.
    #[must_use]
    pub fn approximate_offset(&self, key: &[u8]) -> u64 {
        let prefix = key_prefix(key);
        let partition = self.top.find(key, prefix);
        let Some(entry) = self.top.entries().get(partition) else {
            return self.file_len;
        };
        self.index_block(partition)
            .and_then(|at| {
                let index = self.parse_index(partition, &at)?;
                Ok(index.handle(index.find(key, prefix).min(index.len() - 1)).offset)
            })
            .unwrap_or(entry.index.offset)
    }

    /// `None` without a filter.
    #[inline]
    fn filter_passes(&self, partition: usize, hash: u64) -> Result<Option<bool>> {
        let handle = self.top.entries()[partition].filter;
        if handle.len == 0 {
            return Ok(None);
        }
        if let Some(mapped) = &self.mapped {
            let contents = self.mapped_block(
                mapped,
                handle,
                &self.checked[partition].own,
                FILTER_CHECKED,
                |_| Ok(()),
            )?;
            return Ok(Some(filter::may_contain(contents, hash)));
        }
        let block = self.cached(handle, |_| Ok(()))?;
        Ok(Some(filter::may_contain(block.bytes(), hash)))
    }

    #[inline]
    fn mapped_block<'t>(
        &self,
        mapped: &'t MappedFile,
        handle: Handle,
        checked: &AtomicU8,
        bit: u8,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<&'t [u8]> {
        // Both ends are within the file: handles of the top index were checked when it was read.
        let start = handle.offset as usize;
        let len = handle.len as usize;
        let contents = &mapped.bytes()[start..start + len];
        // Relaxed: the file's bytes do not change, so whoever sees the bit may rely on what was checked.
        if checked.load(Relaxed) & bit == 0 {
            self.check_mapped(mapped, handle, check)?;
            checked.fetch_or(bit, Relaxed);
        }
        Ok(contents)
    }

    #[cold]
    fn check_mapped(
        &self,
        mapped: &MappedFile,
        handle: Handle,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<()> {
        let start = handle.offset as usize;
        let whole = &mapped.bytes()[start..start + handle.len as usize + TRAILER_LEN];
        block::open(self.id, handle.offset, whole)
            .and_then(|(contents, codec)| match codec {
                Codec::None => check(contents),
                codec => {
                    Err(format!("a compressed block ({}) of a kind that never is", codec.name())
                        .into())
                }
            })
            .map_err(|found| self.damage(handle.offset, found))
    }

    /// An index partition, checked.
    #[inline]
    pub(crate) fn index_block(&self, partition: usize) -> Result<BlockAt> {
        let handle = self.top.entries()[partition].index;
        let limit = self.file_len - footer::LEN as u64;
        let check = |contents: &[u8]| {
            IndexPartition::parse(contents)?.check(limit, self.top.separator(partition))
        };
        if let Some(mapped) = &self.mapped {
            self.mapped_block(mapped, handle, &self.checked[partition].own, INDEX_CHECKED, check)?;
            return Ok(BlockAt::Mapped { start: handle.offset as usize, len: handle.len as usize });
        }
        Ok(BlockAt::Owned(self.cached(handle, check)?))
    }

    /// Takes apart what [`index_block`](Self::index_block) returned.
    #[inline]
    pub(crate) fn parse_index<'a>(
        &'a self,
        partition: usize,
        at: &'a BlockAt,
    ) -> Result<IndexPartition<'a>> {
        IndexPartition::parse(self.bytes(at))
            .map_err(|found| self.damage(self.top.entries()[partition].index.offset, found))
    }

    /// A data block, its checksum verified, decompressed if need be.
    #[inline]
    pub(crate) fn data_block(
        &self,
        partition: usize,
        number: usize,
        handle: Handle,
    ) -> Result<BlockAt> {
        if let Some(mapped) = &self.mapped {
            // Within the file: the partition was checked.
            let (start, len) = (handle.offset as usize, handle.len as usize);
            let whole = &mapped.bytes()[start..start + len + TRAILER_LEN];
            // A block's own tail is what a reader looks at first.
            prefetch(whole, len.saturating_sub(64));
            prefetch(whole, len.saturating_sub(128));
            prefetch(whole, len.saturating_sub(192));
            let (word, bit) = (&self.checked[partition].data[number / 64], 1_u64 << (number % 64));
            if word.load(Relaxed) & bit != 0 {
                return Ok(BlockAt::Mapped { start, len });
            }
            if whole[len] == Codec::None as u8 {
                block::open(self.id, handle.offset, whole)
                    .map_err(|found| self.damage(handle.offset, found))?;
                word.fetch_or(bit, Relaxed);
                return Ok(BlockAt::Mapped { start, len });
            }
        }
        Ok(BlockAt::Owned(self.cached(handle, |_| Ok(()))?))
    }

    /// Whether what cursors come to mostly has to be read from the disk: then it pays to ask the kernel for pages together,
    /// and first.
    #[inline]
    pub(crate) fn is_cold(&self) -> bool {
        self.cold.load(Relaxed) > 0
    }

    /// Has a mapped block in memory, and learns from how long that takes: a fault that waits for the disk takes longer than
    /// anything else here, and a block mostly lies in two pages, which are two such faults unless they are asked for.
    pub(crate) fn bring(&self, handle: Handle) {
        let Some(mapped) = &self.mapped else { return };
        let (start, len) = (handle.offset as usize, handle.len as usize + TRAILER_LEN);
        let cold = self.cold.load(Relaxed);
        if cold > 0 {
            // The next block too: the disk takes no longer for it.
            mapped.mapping().advise(start, len + len, Advice::WillNeed);
        }
        let before = Instant::now();
        let block = &mapped.bytes()[start..start + len];
        std::hint::black_box((block.first().copied(), block.last().copied()));
        self.note_touch(before.elapsed());
    }

    /// Learns from how long it took to touch something that a cursor comes to.
    pub(crate) fn note_touch(&self, took: Duration) {
        let cold = self.cold.load(Relaxed);
        let now = if took > DISK { COLD } else { cold.saturating_sub(1) };
        if now != cold {
            self.cold.store(now, Relaxed);
        }
    }

    /// The bytes of a block.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, at: &'a BlockAt) -> &'a [u8] {
        match at {
            BlockAt::Mapped { start, len } => match &self.mapped {
                Some(mapped) => &mapped.bytes()[*start..*start + *len],
                None => &[],
            },
            BlockAt::Owned(block) => block.bytes(),
        }
    }

    /// A block through the cache. `check` is applied before it enters.
    fn cached(
        &self,
        handle: Handle,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<Arc<Block>> {
        let key = BlockKey { database: self.database_id, table: self.id, offset: handle.offset };
        if let Some(block) = self.cache.as_ref().and_then(|cache| cache.get(&key)) {
            return Ok(block);
        }
        let contents = self.read_block(handle)?;
        check(&contents).map_err(|found| self.damage(handle.offset, found))?;
        let block = Arc::new(Block::new(contents));
        if let Some(cache) = &self.cache {
            cache.insert(key, Arc::clone(&block));
        }
        Ok(block)
    }

    /// A block's contents, read and verified anew. The handle must be one that was checked against the file's length.
    pub(crate) fn read_block(&self, handle: Handle) -> Result<Vec<u8>> {
        self.read_block_and_codec(handle).map(|(contents, _)| contents)
    }

    pub(crate) fn read_block_and_codec(&self, handle: Handle) -> Result<(Vec<u8>, Codec)> {
        let len = handle.len as usize + TRAILER_LEN;
        let mut own;
        let whole = if let Some(mapped) = &self.mapped {
            let start = handle.offset as usize;
            &mapped.bytes()[start..start + len]
        } else {
            own = vec![0; len];
            self.read_raw(&mut own, handle.offset)?;
            &own[..]
        };
        let (stored, codec) = block::open(self.id, handle.offset, whole)
            .map_err(|found| self.damage(handle.offset, found))?;
        match decompress(codec, stored) {
            Ok(contents) => Ok((contents, codec)),
            Err(DecodeFailure::Damaged(found)) => Err(self.damage(handle.offset, found.into())),
            Err(DecodeFailure::Missing(codec)) => Err(Error::InvalidOption {
                option: "compression",
                found: format!(
                    "{}, offset {}: a {codec} block; this build lacks it: build the crate `lsm` with feature `{codec}`",
                    self.path.display(),
                    handle.offset
                ),
            }),
        }
    }

    pub(crate) fn read_raw(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(buf, offset).map_err(|error| Error::io("read", &self.path, error))
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
