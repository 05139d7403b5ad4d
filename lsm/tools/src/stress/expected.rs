//! What each slot may show.
//!
//! As in RocksDB's `db_stress`, each slot has a last operation that has begun and a last that is finished. A reader notes
//! the second before it looks and the first after: what it finds must be from between. For a thread's own slots the two
//! are the same, so that there is one right answer.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::{
    Failure, Plan,
    workload::{Number, Slot, value, version, writes},
};

/// What each slot may hold.
pub(super) struct Expected {
    /// The last operation that was begun on the slot.
    pub(super) begun: Vec<AtomicU64>,
    /// The last that was acknowledged.
    pub(super) finished: Vec<AtomicU64>,
}

/// The versions that a slot may show.
pub(super) type Window = (Number, Number);

pub(super) fn index(slot: Slot) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

impl Expected {
    pub(super) fn new(slots: u64) -> Self {
        let zeros = || (0..slots).map(|_| AtomicU64::new(0)).collect();
        Self { begun: zeros(), finished: zeros() }
    }

    /// A copy of what is finished of these slots: take it before looking.
    pub(super) fn finished(&self) -> Vec<Number> {
        self.finished.iter().map(|number| number.load(SeqCst)).collect()
    }

    /// A copy of what is begun: take it after looking.
    pub(super) fn begun(&self) -> Vec<Number> {
        self.begun.iter().map(|number| number.load(SeqCst)).collect()
    }
}

/// Whether what was found is a version of the slot from the window. Returns it; 0 if nothing was ever there.
pub(super) fn check(
    plan: &Plan,
    slot: Slot,
    found: Option<&[u8]>,
    (from, to): Window,
) -> Result<Option<Number>, Failure> {
    match found {
        Some(found) => {
            let number = version(plan, slot, found)?;
            if (from..=to).contains(&number) {
                return Ok(Some(number));
            }
            Err(Failure::Mismatch(format!(
                "slot {slot} shows operation {number}, expected one from {from} to {to}"
            )))
        }
        None if value(plan, slot, from).is_none() => Ok(None),
        // Only another thread's slots have wide windows.
        None if (from + 1..=to)
            .any(|number| writes(plan, slot, number) && value(plan, slot, number).is_none()) =>
        {
            Ok(None)
        }
        None => Err(Failure::Mismatch(format!(
            "slot {slot} shows nothing, expected what operation {from} wrote, or one until {to}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_exact_when_they_are_narrow() {
        let plan = Plan {
            seed: 3,
            threads: 1,
            slots: 4,
            duration: std::time::Duration::ZERO,
            dir: std::path::PathBuf::new(),
        };
        let slot = 0;
        let of = |deleted: bool| {
            (1..500)
                .filter(|number| writes(&plan, slot, *number))
                .filter(|number| value(&plan, slot, *number).is_none() == deleted)
                .collect::<Vec<_>>()
        };
        let (put, deleted) = (of(false), of(true));
        let (put, next) = (put[0], put[1]);
        let bytes = value(&plan, slot, put);
        assert_eq!(check(&plan, slot, bytes.as_deref(), (put, put)).unwrap(), Some(put));
        // A lost write, a stale read, a write from the future, and an invented value.
        assert!(check(&plan, slot, None, (put, put)).is_err());
        assert!(check(&plan, slot, bytes.as_deref(), (next, next)).is_err());
        assert!(check(&plan, slot, value(&plan, slot, next).as_deref(), (put, put)).is_err());
        assert!(check(&plan, slot, Some(b"nobody's"), (0, 1000)).is_err());
        // A delete that came back.
        assert_eq!(check(&plan, slot, None, (deleted[0], deleted[0])).unwrap(), None);
        assert!(check(&plan, slot, bytes.as_deref(), (0, 0)).is_err());
    }
}
