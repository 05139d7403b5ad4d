//! The filter on disk, so that an archive is opened without reading all ids: it is saved now and then, and what came after that is read from the entries.

use std::{ops::ControlFlow, sync::atomic::Ordering};

use lsm::{Batch, Durability};

use super::{LsmArchive, filter::Adder};
use crate::{
    Result,
    archive::{BadEntry, bytes::Input},
};

/// The key of what is said of it, in `meta`; the parts' keys are this and their number.
const KEY: &[u8] = b"filter";
/// The bytes of a part.
const PART: usize = 64 << 10;
const VERSION: u8 = 1;
/// It is saved once so many of its bytes stand against one id that is not: the ids' entries take ten times what is written then.
const BYTES_AN_ID: usize = 8;

fn part_key(number: usize) -> Vec<u8> {
    // As many as fit into a filter fit into four bytes.
    [KEY, &(number as u32).to_be_bytes()].concat()
}

impl LsmArchive {
    /// Saves the filter if so many more ids are a reason.
    pub(super) fn save_filter_now_and_then(&self, more: usize) -> Result<()> {
        let unsaved = self.filter_unsaved.fetch_add(more, Ordering::Relaxed) + more;
        if unsaved < self.filter.bytes() / BYTES_AN_ID { Ok(()) } else { self.save_filter() }
    }

    /// Saves the filter, which has the ids of all entries that are stored.
    pub(super) fn save_filter(&self) -> Result<()> {
        let have = self.stored().have;
        let mut batch = Batch::new();
        let mut said = vec![VERSION];
        said.extend_from_slice(&(self.filter.bytes() as u64).to_le_bytes());
        said.extend_from_slice(&have.to_le_bytes());
        batch.put(&self.meta, KEY, &said)?;
        for (number, offset) in (0..self.filter.bytes()).step_by(PART).enumerate() {
            batch.put(&self.meta, &part_key(number), &self.filter.part(offset, PART))?;
        }
        self.db.write(batch, Durability::Buffered)?;
        self.filter_saved.store(have, Ordering::Relaxed);
        self.filter_unsaved.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Fills the filter with the ids of all entries that are stored.
    pub(super) fn load_filter(&self) -> Result<()> {
        let adder = &mut self.scratch().adder;
        let Some(have) = self.read_filter(adder)? else {
            let mut unsaved = 0;
            let mut cursor = self.ids.cursor();
            cursor.seek_to_first()?;
            while cursor.valid() {
                let key = cursor.key();
                let id = key
                    .try_into()
                    .map(u128::from_be_bytes)
                    .map_err(|_| self.damaged(&self.ids, key, BadEntry("its key is no id")))?;
                self.filter.insert(adder, id);
                unsaved += 1;
                cursor.next()?;
            }
            // They count as any other: who opens it again and again, and never closes it, would else read all of them each time.
            self.filter_unsaved.store(unsaved, Ordering::Relaxed);
            return Ok(());
        };
        let mut unsaved = 0;
        if let Some(next) = have.checked_add(1) {
            self.scan_all((next, u64::MAX), false, &mut |entry| {
                if let Some(id) = entry.id() {
                    self.filter.insert(adder, id);
                    unsaved += 1;
                }
                ControlFlow::Continue(())
            })?;
        }
        self.filter_saved.store(have, Ordering::Relaxed);
        self.filter_unsaved.store(unsaved, Ordering::Relaxed);
        Ok(())
    }

    /// Adds the filter that was saved, if it is of the same size; up to which entry it has ids.
    fn read_filter(&self, adder: &mut Adder) -> Result<Option<u64>> {
        let Some(said) = self.meta.get(KEY)? else { return Ok(None) };
        let Ok((version, bytes, have)) = read_said(&said) else { return Ok(None) };
        if version != VERSION || bytes != self.filter.bytes() as u64 {
            return Ok(None);
        }
        for (number, offset) in (0..self.filter.bytes()).step_by(PART).enumerate() {
            let Some(part) = self.meta.get(&part_key(number))? else { return Ok(None) };
            let expected = PART.min(self.filter.bytes() - offset);
            if part.len() != expected || !self.filter.add_part(adder, offset, &part) {
                return Ok(None);
            }
        }
        Ok(Some(have))
    }
}

fn read_said(bytes: &[u8]) -> std::result::Result<(u8, u64, u64), BadEntry> {
    let mut input = Input(bytes);
    let said =
        (input.byte()?, u64::from_le_bytes(input.array()?), u64::from_le_bytes(input.array()?));
    input.end()?;
    Ok(said)
}
