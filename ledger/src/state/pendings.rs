//! Transfers that are neither posted, nor voided, nor expired.

use super::seed::Seed;
use crate::model::Transfer;
use std::collections::{BTreeMap, HashMap};

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// When a pending transfer's time runs out; never without a timeout. Nothing is above the end of time: such a transfer was refused.
pub(super) fn deadline(transfer: &Transfer) -> Option<u64> {
    if transfer.timeout == 0 {
        None
    } else {
        transfer.timestamp.checked_add(u64::from(transfer.timeout) * SECOND)
    }
}

/// All open pending transfers, as they were recorded.
#[derive(Debug)]
pub(super) struct Pendings {
    open: HashMap<u128, Transfer, Seed>,
    /// From deadline and timestamp to the id.
    deadlines: BTreeMap<(u64, u64), u128>,
}

impl Pendings {
    pub(super) fn new(seed: Seed) -> Self {
        Self { open: HashMap::with_hasher(seed), deadlines: BTreeMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    #[inline]
    pub(super) fn get(&self, id: u128) -> Option<&Transfer> {
        self.open.get(&id)
    }

    /// Whether there was none of its id.
    pub(super) fn open(&mut self, transfer: Transfer) -> bool {
        if let Some(deadline) = deadline(&transfer) {
            self.deadlines.insert((deadline, transfer.timestamp), transfer.id);
        }
        self.open.insert(transfer.id, transfer).is_none()
    }

    pub(super) fn close(&mut self, id: u128) -> Option<Transfer> {
        let transfer = self.open.remove(&id)?;
        if let Some(deadline) = deadline(&transfer) {
            self.deadlines.remove(&(deadline, transfer.timestamp));
        }
        Some(transfer)
    }

    pub(super) fn next_due(&self) -> Option<u64> {
        self.deadlines.first_key_value().map(|((deadline, _), _)| *deadline)
    }

    /// How many are due at a time, counted up to a limit.
    pub(super) fn count_due(&self, timestamp: u64, limit: usize) -> usize {
        self.deadlines.range(..=(timestamp, u64::MAX)).take(limit).count()
    }

    /// The ids of those that are due at a time, the first ones of them, in the order in which they expire.
    pub(super) fn due(&self, timestamp: u64, limit: usize) -> Vec<u128> {
        self.deadlines.range(..=(timestamp, u64::MAX)).take(limit).map(|(_, id)| *id).collect()
    }

    /// All of them, in the order of time.
    pub(super) fn sorted(&self) -> Vec<Transfer> {
        let mut all: Vec<Transfer> = self.open.values().copied().collect();
        all.sort_unstable_by_key(|transfer| transfer.timestamp);
        all
    }
}
