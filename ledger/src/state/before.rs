//! What a batch asks of older times, looked up before anything is changed.

use super::{State, seed::Seed};
use crate::{
    Error, Result,
    model::{Entry, Resolution, Transfer, TransferFlags},
    past::Past,
};
use std::collections::HashMap;

/// What was found outside of the active generation. Most batches find nothing.
#[derive(Debug)]
pub(super) struct Before {
    /// Entries of events' ids.
    pub(super) entries: HashMap<u128, Entry, Seed>,
    /// The pending transfers that are to be posted or voided.
    pub(super) pendings: HashMap<u128, Origin, Seed>,
    /// How those ended that are no longer open.
    pub(super) resolutions: HashMap<u128, (Resolution, u64), Seed>,
}

/// What stands under an id that a posting or voiding transfer names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// A pending transfer, open or not.
    Pending(Transfer),
    /// Something else that happened.
    Other,
}

impl Origin {
    /// Of an entry; nothing if that is a refusal.
    pub(super) fn of(entry: &Entry) -> Option<Self> {
        match entry {
            Entry::Transfer(posted) if posted.transfer.flags.contains(TransferFlags::PENDING) => {
                Some(Self::Pending(posted.transfer))
            }
            Entry::Transfer(_) | Entry::Transaction(_) => Some(Self::Other),
            Entry::Refusal { .. } | Entry::Expiry { .. } => None,
        }
    }
}

impl Before {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            entries: HashMap::with_hasher(seed),
            pendings: HashMap::with_hasher(seed),
            resolutions: HashMap::with_hasher(seed),
        }
    }

    /// The entry of an event's id.
    #[inline(always)]
    pub(super) fn entry(&self, id: u128) -> Option<&Entry> {
        if self.entries.is_empty() { None } else { self.entries.get(&id) }
    }
}

impl State {
    /// Looks up an event's id where the active generation has not got it.
    #[inline(always)]
    pub(super) fn look_up_id(
        &self,
        past: &dyn Past,
        tag: u32,
        id: u128,
        before: &mut Before,
    ) -> Result<()> {
        if id == 0 || id == u128::MAX || self.memory.active.find_tagged(tag, id).is_some() {
            return Ok(());
        }
        if let Some(entry) = self.memory.find_frozen(tag, id) {
            before.entries.insert(id, entry.clone());
        } else if let Some(entry) = self.memory.find_past(past, id)? {
            if entry.id() != Some(id) {
                return Err(Error::Invariant(format!(
                    "the past gave another entry for the id {id}, of {}",
                    entry.timestamp()
                )));
            }
            before.entries.insert(id, entry);
        }
        Ok(())
    }

    /// Looks up the transfer that a posting or voiding one names, and how it ended.
    pub(super) fn look_up_pending(
        &self,
        past: &dyn Past,
        id: u128,
        before: &mut Before,
    ) -> Result<()> {
        if id == 0 || id == u128::MAX || before.pendings.contains_key(&id) {
            return Ok(());
        }
        if let Some(transfer) = self.pendings.get(id) {
            // It may end within the batch, and be asked for once more.
            before.pendings.insert(id, Origin::Pending(*transfer));
            return Ok(());
        }
        let tag = self.seed.tag(id);
        let origin = match self.memory.find(tag, id) {
            Some(entry) => Origin::of(entry),
            None => self.memory.find_past(past, id)?.as_ref().and_then(Origin::of),
        };
        let Some(origin) = origin else { return Ok(()) };
        if matches!(origin, Origin::Pending(_)) {
            let Some(resolution) = self.memory.resolution(past, id)? else {
                return Err(Error::Invariant(format!(
                    "the pending transfer {id} is not open, and nothing says how it ended"
                )));
            };
            before.resolutions.insert(id, resolution);
        }
        before.pendings.insert(id, origin);
        Ok(())
    }
}
