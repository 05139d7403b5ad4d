//! An archive that fails when it is told to.

use std::{
    ops::{ControlFlow, RangeInclusive},
    sync::Mutex,
};

use ledger::{
    Error, Past, Result,
    archive::{Archive, MemoryArchive},
    log::Mark,
    model::{Entry, Resolution},
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injury {
    /// Nothing is done.
    Before,
    /// Of what is to be stored, half is.
    Within,
    /// All is done, and nobody is told.
    After,
    /// It panics.
    Panic,
}

#[derive(Debug, Default)]
struct Plan {
    calls: u64,
    paused: bool,
    fail_at: Option<(u64, Injury)>,
    panic_in_store: bool,
}

/// An archive in memory.
#[derive(Debug, Default)]
pub struct FailingArchive {
    pub inner: MemoryArchive,
    plan: Mutex<Plan>,
}

impl FailingArchive {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn calls(&self) -> u64 {
        self.plan.lock().unwrap().calls
    }

    /// The `nth` call from now on fails.
    pub fn fail_at(&self, nth: u64, injury: Injury) {
        let mut plan = self.plan.lock().unwrap();
        plan.fail_at = Some((plan.calls + nth, injury));
    }

    /// The next store panics.
    pub fn panic_in_store(&self) {
        self.plan.lock().unwrap().panic_in_store = true;
    }

    pub fn heal(&self) {
        let mut plan = self.plan.lock().unwrap();
        (plan.fail_at, plan.panic_in_store) = (None, false);
    }

    /// Calls neither count nor fail meanwhile.
    pub fn pause(&self, yes: bool) {
        self.plan.lock().unwrap().paused = yes;
    }

    fn call(&self) -> Option<Injury> {
        let mut plan = self.plan.lock().unwrap();
        if plan.paused {
            return None;
        }
        let now = plan.calls;
        plan.calls += 1;
        let injury = plan.fail_at.filter(|(at, _)| *at == now).map(|(_, injury)| injury);
        drop(plan);
        assert_ne!(injury, Some(Injury::Panic), "as it was told");
        injury
    }

    fn read<T>(&self, read: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.call().is_some() { Err(injected()) } else { read() }
    }
}

fn injected() -> Error {
    Error::io("reach", "the archive", std::io::Error::other("injected"))
}

impl Past for FailingArchive {
    fn entry(&self, id: u128) -> Result<Option<Entry>> {
        self.read(|| self.inner.entry(id))
    }

    fn resolution(&self, pending_id: u128) -> Result<Option<(Resolution, u64)>> {
        self.read(|| self.inner.resolution(pending_id))
    }
}

impl Archive for FailingArchive {
    fn through(&self) -> Result<Option<Mark>> {
        self.read(|| self.inner.through())
    }

    fn store(&self, entries: &[Entry], mark: Mark) -> Result<()> {
        let panics = self.plan.lock().unwrap().panic_in_store;
        assert!(!panics, "as it was told");
        match self.call() {
            None => return self.inner.store(entries, mark),
            Some(Injury::Within) => self.inner.store_partly(entries, mark, entries.len() / 2)?,
            Some(Injury::After) => self.inner.store(entries, mark)?,
            Some(_) => {}
        }
        Err(injected())
    }

    fn scan(
        &self,
        account: Option<u128>,
        timestamps: RangeInclusive<u64>,
        newest_first: bool,
        visit: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<()> {
        self.read(|| self.inner.scan(account, timestamps, newest_first, visit))
    }
}
