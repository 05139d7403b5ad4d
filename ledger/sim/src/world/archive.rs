//! The archive of the machine: [`MemoryArchive`], and faults that are armed.

use std::{
    ops::{ControlFlow, RangeInclusive},
    sync::{Arc, Mutex, PoisonError},
};

use ledger::{
    Error, Past, Result,
    archive::{Archive, MemoryArchive},
    log::Mark,
    model::{Entry, Resolution},
};

use super::arms::{Arms, Kind, Verdict, failed, off};

/// An archive on a machine whose power and whose disk fail. Of what a store was not acknowledged of, the first entries are there, or all, or none; what was
/// acknowledged is there. Clones are the same archive.
#[derive(Clone)]
pub struct SimArchive {
    memory: Arc<MemoryArchive>,
    arms: Arc<Mutex<Arms>>,
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
        Self { memory, arms: Arc::default() }
    }

    /// An empty archive on the machine of these faults.
    pub(super) fn with(arms: Arc<Mutex<Arms>>) -> Self {
        Self { memory: Arc::new(MemoryArchive::new()), arms }
    }

    /// What lies in it.
    #[must_use]
    pub fn memory(&self) -> &Arc<MemoryArchive> {
        &self.memory
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
        match fate % 3 {
            0 => self.memory.store(entries, mark),
            // At most as many as there are.
            1 => {
                let count = (fate / 3 % (entries.len() as u64 + 1)) as usize;
                self.memory.store_partly(entries, mark, count)
            }
            _ => Ok(()),
        }
    }
}

impl Past for SimArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        // Of an id its lower half tells calls apart well enough.
        self.recall(id as u64)?;
        self.memory.entry(id)
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        self.recall(pending_id as u64)?;
        self.memory.resolution(pending_id)
    }
}

impl Archive for SimArchive {
    fn through(&self) -> Result<Option<Mark>> {
        self.recall(0)?;
        self.memory.through()
    }

    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        let (fate, error) = match self.decide(Kind::Store, mark.op) {
            Verdict::Go | Verdict::Astray(_) => return self.memory.store(entries, mark),
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
        self.memory.scan(account, timestamps, newest_first, visit)
    }
}
