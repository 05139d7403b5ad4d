//! Entries in their order.

use std::ops::ControlFlow;

use lsm::Slice;

use super::{
    super::{BadEntry, block::Block, pieces},
    LsmArchive, block_key,
};
use crate::{Result, model::Entry};

impl LsmArchive {
    pub(super) fn scan_all(
        &self,
        (from, to): (u64, u64),
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut cursor = self.entries.cursor();
        if newest_first {
            cursor.seek_for_prev(&to.to_be_bytes())?;
        } else {
            // The block before `from` may hold it.
            cursor.seek_for_prev(&from.to_be_bytes())?;
            if !cursor.valid() {
                cursor.seek_to_first()?;
            }
        }
        while cursor.valid() {
            let key = cursor.key().to_vec();
            let bytes = cursor.value()?;
            let bad = |why| self.damaged(&self.entries, &key, why);
            let first = block_key(&key).map_err(bad)?;
            if !newest_first && first > to {
                break;
            }
            let block = Block::decode(first, &bytes).map_err(bad)?;
            let mut wanted = (0..block.len())
                .zip(block.timestamps())
                .filter(|(_, timestamp)| (from..=to).contains(timestamp))
                .map(|(at, _)| at);
            loop {
                let at = if newest_first { wanted.next_back() } else { wanted.next() };
                let Some(at) = at else { break };
                if visit(block.entry(at).map_err(bad)?).is_break() {
                    return Ok(());
                }
            }
            if newest_first && first <= from {
                break;
            }
            if newest_first { cursor.prev()? } else { cursor.next()? }
        }
        Ok(())
    }

    pub(super) fn scan_account(
        &self,
        account: u128,
        (from, to): (u64, u64),
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut pieces = self.accounts.cursor();
        let of_account = |key: &[u8]| {
            pieces::of_key(key).filter(|(found, _)| *found == account).map(|(_, first)| first)
        };
        if newest_first {
            pieces.seek_for_prev(&pieces::key(account, to))?;
        } else {
            pieces.seek_for_prev(&pieces::key(account, from))?;
            if !pieces.valid() || of_account(pieces.key()).is_none() {
                pieces.seek(&pieces::key(account, 0))?;
            }
        }
        let mut blocks = Blocks { archive: self, cursor: self.entries.cursor(), now: None };
        let mut timestamps = Vec::new();
        while pieces.valid() {
            let key = pieces.key().to_vec();
            let Some(first) = of_account(&key) else { break };
            if !newest_first && first > to {
                break;
            }
            pieces::decode(first, &pieces.value()?, &mut timestamps)
                .map_err(|why| self.damaged(&self.accounts, &key, why))?;
            let mut wanted =
                timestamps.iter().copied().filter(|timestamp| (from..=to).contains(timestamp));
            loop {
                let timestamp = if newest_first { wanted.next_back() } else { wanted.next() };
                let Some(timestamp) = timestamp else { break };
                if visit(blocks.entry(timestamp)?).is_break() {
                    return Ok(());
                }
            }
            if newest_first && first <= from {
                break;
            }
            if newest_first { pieces.prev()? } else { pieces.next()? }
        }
        Ok(())
    }
}

/// Blocks that are asked for by timestamps that lie close together.
struct Blocks<'a> {
    archive: &'a LsmArchive,
    cursor: lsm::Cursor<'a>,
    now: Option<(u64, Slice)>,
}

impl Blocks<'_> {
    /// The entry of a timestamp that an account's piece has.
    fn entry(&mut self, timestamp: u64) -> Result<Entry> {
        let archive = self.archive;
        if let Some((first, bytes)) = &self.now
            && let Some(entry) = in_block(archive, *first, bytes, timestamp)?
        {
            return Ok(entry);
        }
        self.cursor.seek_for_prev(&timestamp.to_be_bytes())?;
        let missing = || {
            let why = BadEntry("the entry of a timestamp that an account has is missing");
            archive.damaged(&archive.entries, &timestamp.to_be_bytes(), why)
        };
        if !self.cursor.valid() {
            return Err(missing());
        }
        let key = self.cursor.key();
        let first = block_key(key).map_err(|why| archive.damaged(&archive.entries, key, why))?;
        let bytes = self.cursor.value()?;
        let entry = in_block(archive, first, &bytes, timestamp)?.ok_or_else(missing)?;
        self.now = Some((first, bytes));
        Ok(entry)
    }
}

fn in_block(
    archive: &LsmArchive,
    first: u64,
    bytes: &[u8],
    timestamp: u64,
) -> Result<Option<Entry>> {
    if timestamp < first {
        return Ok(None);
    }
    let bad = |why| archive.damaged(&archive.entries, &first.to_be_bytes(), why);
    let block = Block::decode(first, bytes).map_err(bad)?;
    block.position(timestamp).map(|at| block.entry(at).map_err(bad)).transpose()
}
