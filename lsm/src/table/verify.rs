//! Everything about a table that can be checked without the rest of the database.

use super::{
    Table,
    block::{Damage, Handle, TRAILER_LEN},
    data_block::{DataBlock, Interval, Payload, RawValue, tag_of},
    filter,
    footer::{self, Footer},
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

/// Hears of what a verification comes across.
pub(crate) trait Witness {
    /// Something is not as it was written.
    fn damage(&mut self, error: Error);
    /// An entry, in a block whose checksum is right, says that the value of `key` is in a segment.
    fn pointer(&mut self, key: &[u8], slot: usize, offset: u32, len: u32);
}

/// A witness to damage alone.
struct OnDamage<'f>(&'f mut dyn FnMut(Error));

impl Witness for OnDamage<'_> {
    fn damage(&mut self, error: Error) {
        (self.0)(error);
    }

    fn pointer(&mut self, _: &[u8], _: usize, _: u32, _: u32) {}
}

impl Table {
    /// Reads the whole table and checks every block's checksum (anew, whatever was verified before), the order of the entries, separators, filters,
    /// tags, and that counts and references are what the properties say. Reports each finding, and goes on where it can; not if the
    /// file was cut, whose mapping nobody may read.
    pub fn verify(&self, on_damage: &mut dyn FnMut(Error)) -> VerifyCounts {
        self.verify_with(&mut OnDamage(on_damage))
    }

    /// The same, and tells `witness` of every value that the table points to.
    pub(crate) fn verify_with(&self, witness: &mut dyn Witness) -> VerifyCounts {
        let mut check = Check {
            table: self,
            witness,
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
        if !check.footer() {
            return check.counts;
        }
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
    witness: &'t mut dyn Witness,
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
        self.witness.damage(error);
    }

    fn damage(&mut self, offset: u64, found: impl Into<Damage>) {
        let error = self.table.damage(offset, found.into());
        self.report(error);
    }

    /// Checks that the file is as long as it was, and ends with what it ended with. `false` if it is not to be touched.
    fn footer(&mut self) -> bool {
        let (table, len) = (self.table, self.table.file_len());
        match table.current_len() {
            Ok(found) if found == len => {}
            Ok(found) => {
                self.damage(found.min(len), format!("the file has {found} bytes, and had {len}"));
                return false;
            }
            Err(error) => {
                self.report(error);
                return false;
            }
        }
        let at = len - footer::LEN as u64;
        let mut bytes = [0; footer::LEN];
        let read = table.read_raw(&mut bytes, at);
        match read.and_then(|()| Footer::decode(&bytes, table.path(), at)) {
            Ok(found) if found == *table.footer() => {}
            Ok(_) => self.damage(at, "another footer than when the table was opened"),
            Err(error) => self.report(error),
        }
        true
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
            RawValue::Pointer { slot, offset, len } => match self.found.segments.get_mut(slot) {
                Some(segment) => {
                    segment.records += 1;
                    segment.bytes += u64::from(len);
                    self.witness.pointer(key, slot, offset, len);
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
