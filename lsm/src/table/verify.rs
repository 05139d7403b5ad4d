//! Everything about a table that can be checked without the rest of the database, and its layout for people.

use super::{
    Table,
    block::{Damage, Handle, TRAILER_LEN},
    data_block::{DataBlock, Interval, Payload, RawValue, tag_of},
    filter, footer,
    index::IndexPartition,
    properties::{Properties, SegmentRef},
    writer::FILTER_ALIGN,
};
use crate::{Error, Result, hash_key};

/// What [`Table::verify`] went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VerifyCounts {
    /// Blocks read.
    pub blocks: u64,
    /// Entries decoded.
    pub entries: u64,
    /// Different keys.
    pub keys: u64,
    /// Bytes of the blocks.
    pub bytes: u64,
    /// Errors reported.
    pub damaged: u64,
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Entries.
    Data,
    /// A partition's filter.
    Filter,
    /// A partition's index.
    Index,
    /// The properties.
    Properties,
    /// The index of the partitions.
    TopIndex,
}

/// One block of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockLayout {
    /// What it holds.
    pub kind: BlockKind,
    /// Offset in the file.
    pub offset: u64,
    /// Bytes of its contents as stored, without the trailer of 5 bytes.
    pub len: u32,
    /// Bytes of its contents decompressed.
    pub decompressed_len: u64,
    /// `none`, `lz4` or `zstd`.
    pub codec: &'static str,
    /// Entries: of a data block, its own; of an index, the blocks it covers; of a filter, 0.
    pub entries: u64,
}

/// The blocks of a table, by offset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableLayout {
    /// The blocks.
    pub blocks: Vec<BlockLayout>,
}

impl Table {
    /// Lists the table's blocks. Reads all of them.
    ///
    /// # Errors
    /// As [`get`](Self::get), at the first block that cannot be read.
    pub fn layout(&self) -> Result<TableLayout> {
        let mut blocks = Vec::new();
        let mut push = |kind, handle: Handle, count: &dyn Fn(&[u8]) -> Result<usize, Damage>| {
            let (contents, codec) = self.read_block_and_codec(handle)?;
            let entries = count(&contents).map_err(|found| self.damage(handle.offset, found))?;
            blocks.push(BlockLayout {
                kind,
                offset: handle.offset,
                len: handle.len,
                decompressed_len: contents.len() as u64,
                codec: codec.name(),
                entries: entries as u64,
            });
            Ok::<_, Error>(())
        };
        for (partition, entry) in self.top().entries().iter().enumerate() {
            let at = self.index_block(partition)?;
            let index = self.parse_index(partition, &at)?;
            for number in 0..index.len() {
                let count = |contents: &[u8]| Ok(DataBlock::parse(contents)?.len());
                push(BlockKind::Data, index.handle(number), &count)?;
            }
            if entry.filter.len > 0 {
                push(BlockKind::Filter, entry.filter, &|_| Ok(0))?;
            }
            push(BlockKind::Index, entry.index, &|_| Ok(index.len()))?;
        }
        push(BlockKind::Properties, self.footer().properties, &|_| Ok(0))?;
        push(BlockKind::TopIndex, self.footer().top, &|_| Ok(self.top().len()))?;
        blocks.sort_by_key(|block| block.offset);
        Ok(TableLayout { blocks })
    }

    /// Reads the whole table and checks every block's checksum (anew, whatever was verified before), the order of the entries, separators, filters,
    /// tags, and that counts and references are what the properties say. Reports each finding, and goes on where it can.
    pub fn verify(&self, on_damage: &mut dyn FnMut(Error)) -> VerifyCounts {
        let mut check = Check {
            table: self,
            on_damage,
            counts: VerifyCounts::default(),
            places: Vec::new(),
            lost: false,
            found: Properties {
                segments: self
                    .segments()
                    .iter()
                    .map(|s| SegmentRef { records: 0, bytes: 0, ..*s })
                    .collect(),
                ..Properties::default()
            },
            last: None,
        };
        for partition in 0..self.top().len() {
            check.partition(partition);
        }
        check.block(self.footer().properties);
        check.block(self.footer().top);
        check.gaps();
        check.properties();
        check.counts
    }
}

/// A verification under way.
struct Check<'t> {
    table: &'t Table,
    on_damage: &'t mut dyn FnMut(Error),
    counts: VerifyCounts,
    places: Vec<Handle>,
    /// A block could not be read, so that sums say nothing.
    lost: bool,
    found: Properties,
    /// The entry before: its key and relative sequence number.
    last: Option<(Vec<u8>, Option<u64>)>,
}

impl Check<'_> {
    fn report(&mut self, error: Error) {
        self.counts.damaged += 1;
        (self.on_damage)(error);
    }

    fn damage(&mut self, offset: u64, found: impl Into<Damage>) {
        let error = self.table.damage(offset, found.into());
        self.report(error);
    }

    fn block(&mut self, handle: Handle) -> Option<Vec<u8>> {
        self.places.push(handle);
        self.counts.blocks += 1;
        self.counts.bytes += u64::from(handle.len) + TRAILER_LEN as u64;
        match self.table.read_block(handle) {
            Ok(contents) => Some(contents),
            Err(error) => {
                self.lost = true;
                self.report(error);
                None
            }
        }
    }

    fn partition(&mut self, partition: usize) {
        let top = self.table.top();
        let entry = top.entries()[partition];
        let filter = if entry.filter.len == 0 { None } else { self.block(entry.filter) };
        let filter_usable =
            filter.as_ref().is_some_and(|f| !f.is_empty() && f.len() % filter::BLOCK_LEN == 0);
        if filter.is_some() && !filter_usable {
            self.damage(entry.filter.offset, "a filter that is no whole number of its blocks");
        }
        let Some(contents) = self.block(entry.index) else {
            return;
        };
        let limit = self.table.file_len() - footer::LEN as u64;
        let index = match IndexPartition::parse(&contents)
            .and_then(|index| index.check(limit, top.separator(partition)).map(|()| index))
        {
            Ok(index) => index,
            Err(found) => {
                self.lost = true;
                return self.damage(entry.index.offset, found);
            }
        };
        let before = self.counts.entries;
        for number in 0..index.len() {
            let handle = index.handle(number);
            let Some(contents) = self.block(handle) else {
                // What comes next is still above what was last seen.
                continue;
            };
            let lower = match (number.checked_sub(1), partition.checked_sub(1)) {
                (Some(number), _) => Some(index.separator(number)),
                (None, Some(partition)) => Some(top.separator(partition)),
                (None, None) => None,
            };
            let filter = filter.as_deref().filter(|_| filter_usable);
            if let Err(found) = self.data(&contents, lower, index.separator(number), filter) {
                self.lost = true;
                self.damage(handle.offset, found);
            }
        }
        if !self.lost && self.counts.entries - before != entry.entries {
            self.damage(
                entry.index.offset,
                format!(
                    "a partition of {} entries; the top index says {}",
                    self.counts.entries - before,
                    entry.entries
                ),
            );
        }
    }

    fn data(
        &mut self,
        contents: &[u8],
        lower: Option<&[u8]>,
        upper: &[u8],
        filter: Option<&[u8]>,
    ) -> Result<(), Damage> {
        let block = DataBlock::parse(contents)?;
        let mut interval = Interval::default();
        let mut ordinal = 0;
        for number in 0..block.intervals() {
            block.decode(number, &mut interval)?;
            for i in 0..interval.len() {
                let (key, payload) = interval.get(i);
                // At the lower separator only what goes on from the block before.
                let goes_on = || self.lost || self.last.as_ref().is_some_and(|last| last.0 == key);
                let too_low = |lower| key < lower || key == lower && !goes_on();
                if key > upper || lower.is_some_and(too_low) {
                    return Err(
                        format!("entry {ordinal} lies outside of the block's separators").into()
                    );
                }
                self.entry(key, payload, block.tags()[ordinal], filter)
                    .map_err(|found| format!("entry {ordinal}: {found}"))?;
                ordinal += 1;
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        key: &[u8],
        payload: Payload,
        tag: u8,
        filter: Option<&[u8]>,
    ) -> Result<(), Damage> {
        let hash = hash_key(key);
        let properties = self.table.properties();
        let new_key = match &self.last {
            None => true,
            Some((last, sequence)) if last == key => {
                let descends = match (sequence, payload.sequence) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(before), Some(now)) => now < *before,
                };
                if !descends {
                    return Err("not older than the entry of the same key before it".into());
                }
                false
            }
            Some((last, _)) if &last[..] < key => true,
            Some(_) => return Err("its key is below the one before".into()),
        };
        if tag != tag_of(hash) {
            return Err(format!("its tag is {tag:#04x}, its key has {:#04x}", tag_of(hash)).into());
        }
        if filter.is_some_and(|filter| !filter::may_contain(filter, hash)) {
            return Err("its key is not in the filter".into());
        }
        if let Some(sequence) = payload.sequence {
            self.found.multi_version = true;
            if sequence > properties.max_sequence - properties.min_sequence {
                return Err("its sequence number is above the table's largest".into());
            }
        }
        match payload.value {
            RawValue::Delete => self.found.deletes += 1,
            RawValue::Inline { len, .. } => self.found.raw_value_bytes += len as u64,
            RawValue::Pointer { slot, len, .. } => match self.found.segments.get_mut(slot) {
                Some(segment) => {
                    segment.records += 1;
                    segment.bytes += u64::from(len);
                }
                None => return Err(format!("it points into segment slot {slot}").into()),
            },
        }
        if new_key {
            if self.counts.entries == 0 {
                self.found.smallest_key = key.to_vec();
            }
            self.counts.keys += 1;
        }
        self.counts.entries += 1;
        self.found.raw_key_bytes += key.len() as u64;
        let last = self.last.get_or_insert_default();
        last.0.clear();
        last.0.extend_from_slice(key);
        last.1 = payload.sequence;
        Ok(())
    }

    /// Blocks may not overlap; between them may be fewer than 64 bytes, all zero.
    fn gaps(&mut self) {
        let mut places = std::mem::take(&mut self.places);
        places.sort_by_key(|handle| handle.offset);
        let mut end = 0;
        let footer = Handle { offset: self.table.file_len() - footer::LEN as u64, len: 0 };
        for handle in places.into_iter().chain([footer]) {
            match handle.offset.checked_sub(end) {
                Some(0) => {}
                Some(gap) if gap < FILTER_ALIGN => {
                    let mut bytes = vec![0; gap as usize];
                    match self.table.read_raw(&mut bytes, end) {
                        Ok(()) if bytes.iter().all(|byte| *byte == 0) => {}
                        Ok(()) => self.damage(end, "bytes other than zero between two blocks"),
                        Err(error) => self.report(error),
                    }
                }
                // With a partition's index gone, its data blocks are not known.
                _ if self.lost => {}
                Some(gap) => self.damage(end, format!("{gap} bytes that belong to no block")),
                None => self.damage(handle.offset, "a block that overlaps the one before"),
            }
            end = handle.offset + u64::from(handle.len) + TRAILER_LEN as u64;
        }
    }

    fn properties(&mut self) {
        if self.lost {
            return;
        }
        let stated = self.table.properties();
        self.found.largest_key = self.last.take().unwrap_or_default().0;
        self.found.entries = self.counts.entries;
        let found = Properties {
            min_sequence: stated.min_sequence,
            max_sequence: stated.max_sequence,
            filter_bits_per_key_x100: stated.filter_bits_per_key_x100,
            false_positive_ppm: stated.false_positive_ppm,
            created_by: stated.created_by.clone(),
            ..std::mem::take(&mut self.found)
        };
        if found != *stated {
            let at = self.table.footer().properties.offset;
            self.damage(at, format!("properties that do not fit the entries: they say {stated:?}; counted: {found:?}"));
        }
    }
}
