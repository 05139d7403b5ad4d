//! The archive of the machine: [`MemoryArchive`], and faults that are armed.

use std::{
    ops::{ControlFlow, RangeInclusive},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ledger::{
    Error, Past, Result,
    archive::{Archive, MemoryArchive},
    log::Mark,
    model::{Entry, Resolution, TransferFlags},
};

use super::arms::{Arms, Kind, Verdict, failed, off};

/// An archive on a machine whose power and whose disk fail. Of what a store was not acknowledged of, the first entries are there, or all, or none; what was
/// acknowledged is there. Clones are the same archive.
#[derive(Clone)]
pub struct SimArchive {
    memory: Arc<MemoryArchive>,
    arms: Arc<Mutex<Arms>>,
    /// What a store that broke off has left, beyond what the archive says that it has.
    left: Arc<Mutex<Vec<Entry>>>,
}

impl std::fmt::Debug for SimArchive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimArchive").finish_non_exhaustive()
    }
}

impl SimArchive {
    /// What lies in it, on a machine that works.
    #[must_use]
    pub fn on(memory: Arc<MemoryArchive>) -> Self {
        Self { memory, arms: Arc::default(), left: Arc::default() }
    }

    /// An empty archive on the machine of these faults.
    pub(super) fn with(arms: Arc<Mutex<Arms>>) -> Self {
        Self { memory: Arc::new(MemoryArchive::new()), arms, left: Arc::default() }
    }

    /// What lies in it.
    #[must_use]
    pub fn memory(&self) -> &Arc<MemoryArchive> {
        &self.memory
    }

    fn left(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, kind: Kind, number: u64) -> Verdict {
        let mut arms = self.arms.lock().unwrap_or_else(PoisonError::into_inner);
        arms.decide(kind, "archive", number, 0)
    }

    fn recall(&self, number: u64) -> Result<()> {
        match self.decide(Kind::Recall, number) {
            Verdict::Go | Verdict::Astray(_) => Ok(()),
            Verdict::Fails(_) => Err(Error::io("read", "archive", failed())),
            Verdict::Off | Verdict::GoesOff(_) => Err(Error::io("read", "archive", off())),
        }
    }

    /// Stores all, or the first ones, or nothing.
    fn break_off(&self, entries: &[Entry], mark: Mark, fate: u64) -> Result<()> {
        if fate % 3 == 0 {
            return self.keep(entries, mark);
        }
        if fate % 3 == 1 {
            let through = self.memory.through()?.map_or(0, |mark| mark.timestamp);
            let mut left = self.left();
            let after = left.last().map_or(through, Entry::timestamp).max(through);
            let new: Vec<&Entry> =
                entries.iter().filter(|entry| entry.timestamp() > after).collect();
            // At most as many as there are.
            let count = (fate / 3 % (new.len() as u64 + 1)) as usize;
            left.extend(new.into_iter().take(count).cloned());
        }
        Ok(())
    }

    fn keep(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        self.memory.store(entries, mark)?;
        self.left().retain(|entry| entry.timestamp() > mark.timestamp);
        Ok(())
    }
}

impl Past for SimArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        // Of an id its lower half tells calls apart well enough.
        self.recall(id as u64)?;
        if let Some(entry) = self.memory.entry(id)? {
            return Ok(Some(entry));
        }
        Ok(self.left().iter().find(|entry| entry.id() == Some(id)).cloned())
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        self.recall(pending_id as u64)?;
        if let Some(found) = self.memory.resolution(pending_id)? {
            return Ok(Some(found));
        }
        let resolves = |entry: &Entry| match entry {
            Entry::Expiry { timestamp, pending_id: id, .. } if *id == pending_id => {
                Some((Resolution::Expired, *timestamp))
            }
            Entry::Transfer(posted) if posted.transfer.pending_id == pending_id => {
                let posts = posted.transfer.flags.contains(TransferFlags::POST_PENDING);
                let how = if posts { Resolution::Posted } else { Resolution::Voided };
                Some((how, posted.transfer.timestamp))
            }
            _ => None,
        };
        Ok(self.left().iter().find_map(resolves))
    }
}

impl Archive for SimArchive {
    fn through(&self) -> Result<Option<Mark>> {
        self.recall(0)?;
        self.memory.through()
    }

    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        let (fate, error) = match self.decide(Kind::Store, mark.op) {
            Verdict::Go | Verdict::Astray(_) => return self.keep(entries, mark),
            Verdict::Off => return Err(Error::io("write", "archive", off())),
            Verdict::GoesOff(fate) => (fate, off()),
            Verdict::Fails(fate) => (fate, failed()),
        };
        self.break_off(entries, mark, fate)?;
        Err(Error::io("write", "archive", error))
    }

    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        self.recall(*timestamps.start())?;
        let mut all = Vec::new();
        self.memory.scan(account, timestamps.clone(), false, &mut |entry| {
            all.push(entry);
            ControlFlow::Continue(())
        })?;
        let touches = |entry: &Entry| {
            account.is_none_or(|account| entry.touched().any(|(touched, _)| touched == account))
        };
        let left = self.left();
        let more = left.iter().filter(|entry| timestamps.contains(&entry.timestamp()));
        all.extend(more.filter(|entry| touches(entry)).cloned());
        drop(left);
        if newest_first {
            all.reverse();
        }
        for entry in all {
            if visit(entry).is_break() {
                break;
            }
        }
        Ok(())
    }
}
