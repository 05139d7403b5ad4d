//! What happened and is in memory: the active generation, the frozen ones, and how far back they reach.

use super::{
    generation::{Generation, Slots},
    seed::Seed,
};
use crate::{
    Result,
    model::{Entry, Resolution},
    past::Past,
};
use std::sync::Arc;

/// All generations that are in memory.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) active: Generation,
    pub(super) slots: Slots,
    /// Oldest first.
    frozen: Vec<Arc<Generation>>,
    /// A forgotten one, empty, for its room.
    spare: Option<Generation>,
    /// Everything younger is in memory; what is as old as this or older may be only in the past. 0 if nothing was ever given away.
    forgotten: u64,
    seed: Seed,
}

impl Memory {
    pub(super) fn new(forgotten: u64, seed: Seed) -> Self {
        Self {
            active: Generation::new(0, seed),
            slots: Slots::new(),
            frozen: Vec::new(),
            spare: None,
            forgotten,
            seed,
        }
    }

    pub(super) fn frozen(&self) -> &[Arc<Generation>] {
        &self.frozen
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn freeze(&mut self) -> Arc<Generation> {
        // The next one will be about as long.
        let spare = self.spare.take();
        let next = spare.unwrap_or_else(|| Generation::new(self.active.len(), self.seed));
        let frozen = Arc::new(std::mem::replace(&mut self.active, next));
        if !frozen.is_empty() {
            self.frozen.push(Arc::clone(&frozen));
        }
        frozen
    }

    pub(super) fn forget(&mut self, timestamp: u64) {
        let older = |generation: &Arc<Generation>| {
            generation.last_timestamp().is_none_or(|last| last <= timestamp)
        };
        let keep = self
            .frozen
            .iter()
            .position(|generation| !older(generation))
            .unwrap_or(self.frozen.len());
        for generation in self.frozen.drain(..keep) {
            self.forgotten = self.forgotten.max(generation.last_timestamp().unwrap_or(0));
            // Whoever archived it may still hold it; then its memory goes with them.
            if let Ok(generation) = Arc::try_unwrap(generation) {
                self.spare = Some(generation.emptied());
            }
        }
    }

    /// The entry of an id, in memory.
    pub(super) fn find(&self, tag: u32, id: u128) -> Option<&Entry> {
        self.active.find_tagged(tag, id).or_else(|| self.find_frozen(tag, id))
    }

    /// The entry of an id in the frozen generations.
    pub(super) fn find_frozen(&self, tag: u32, id: u128) -> Option<&Entry> {
        self.frozen.iter().rev().find_map(|generation| generation.find_tagged(tag, id))
    }

    /// The entry of an id in the past, as far as that is the state's past: a past that is ahead knows what will happen when the log is replayed.
    pub(super) fn find_past(&self, past: &dyn Past, id: u128) -> Result<Option<Entry>> {
        if self.forgotten == 0 {
            return Ok(None);
        }
        Ok(past.entry(id)?.filter(|entry| entry.timestamp() <= self.forgotten))
    }

    /// How a pending transfer ended, wherever that is.
    pub(super) fn resolution(
        &self,
        past: &dyn Past,
        pending_id: u128,
    ) -> Result<Option<(Resolution, u64)>> {
        let generations =
            std::iter::once(&self.active).chain(self.frozen.iter().rev().map(Arc::as_ref));
        for generation in generations {
            if let Some(found) = generation.resolution(pending_id) {
                return Ok(Some(found));
            }
        }
        if self.forgotten == 0 {
            return Ok(None);
        }
        Ok(past.resolution(pending_id)?.filter(|(_, timestamp)| *timestamp <= self.forgotten))
    }
}
