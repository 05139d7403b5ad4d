//! An archive in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{ControlFlow, RangeInclusive},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Archive, new_entries, resolution_of};
use crate::{
    Result,
    log::Mark,
    model::{Entry, Resolution},
    past::Past,
};

#[derive(Debug, Clone, Default)]
struct Content {
    entries: BTreeMap<u64, Entry>,
    ids: BTreeMap<u128, u64>,
    resolutions: BTreeMap<u128, (Resolution, u64)>,
    accounts: BTreeSet<(u128, u64)>,
    through: Option<Mark>,
}

/// An archive in memory, for tests and for the simulator: simple, deterministic, and as durable as its process.
#[derive(Debug, Default)]
pub struct MemoryArchive(Mutex<Content>);

impl MemoryArchive {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another one with the same content.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self(Mutex::new(self.content().clone()))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.content().entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Stores only the first `count` entries, and no mark: what a crash within [`store`](Archive::store) may leave of it.
    ///
    /// # Errors
    ///
    /// As [`store`](Archive::store).
    pub fn store_partly(&self, entries: &[Entry], mark: Mark, count: usize) -> Result<()> {
        self.content().store(entries, mark, count)
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Nothing panics while it holds it, but an observer of a scan.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn store(&mut self, entries: &[Entry], mark: Mark, count: usize) -> Result<()> {
        let have = self.entries.last_key_value().map_or(0, |(timestamp, _)| *timestamp);
        for entry in new_entries(entries, have, self.through, mark)?.iter().take(count) {
            let timestamp = entry.timestamp();
            if let Some(id) = entry.id() {
                self.ids.insert(id, timestamp);
            }
            if let Some((pending_id, resolution)) = resolution_of(entry) {
                self.resolutions.insert(pending_id, (resolution, timestamp));
            }
            self.accounts.extend(entry.touched().map(|(account, _)| (account, timestamp)));
            self.entries.insert(timestamp, entry.clone());
        }
        Ok(())
    }
}

impl Past for MemoryArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        let content = self.content();
        Ok(content.ids.get(&id).and_then(|timestamp| content.entries.get(timestamp)).cloned())
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        Ok(self.content().resolutions.get(&pending_id).copied())
    }
}

impl Archive for MemoryArchive {
    fn through(&self) -> Result<Option<Mark>> {
        Ok(self.content().through)
    }

    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        let mut content = self.content();
        content.store(entries, mark, usize::MAX)?;
        if content.through.is_none_or(|through| through.op < mark.op) {
            content.through = Some(mark);
        }
        Ok(())
    }

    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        if timestamps.is_empty() {
            return Ok(());
        }
        let (from, to) = timestamps.into_inner();
        let mut found: Vec<Entry> = {
            let content = self.content();
            match account {
                None => content.entries.range(from..=to).map(|(_, entry)| entry.clone()).collect(),
                Some(account) => content
                    .accounts
                    .range((account, from)..=(account, to))
                    .filter_map(|(_, timestamp)| content.entries.get(timestamp).cloned())
                    .collect(),
            }
        };
        if newest_first {
            found.reverse();
        }
        for entry in found {
            if visit(entry).is_break() {
                break;
            }
        }
        Ok(())
    }
}
