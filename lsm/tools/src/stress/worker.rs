//! A thread of a live run: its own writes, and reads of everybody's.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    time::Instant,
};

use lsm::Snapshot;

use super::{
    Failure, Plan, Report,
    expected::{Expected, Window, check, index},
    workload::{Home, Number, Slot, Subject, durability, home, key, lives_in, slots_of},
};
use crate::random::Random;

/// Snapshots that a thread keeps at a time.
const SNAPSHOTS: usize = 3;

/// A snapshot, what it may show, and what it has shown.
struct Kept {
    snapshot: Snapshot,
    from: Vec<Number>,
    to: Vec<Number>,
    seen: HashMap<(Slot, usize), Option<Number>>,
}

/// A thread that writes its own slots, and reads everybody's.
pub(super) struct Worker<'a> {
    pub(super) plan: &'a Plan,
    pub(super) subject: &'a Subject,
    pub(super) expected: &'a Expected,
    /// Set by the first that fails.
    pub(super) stop: &'a AtomicBool,
    pub(super) deadline: Instant,
    pub(super) thread: u64,
    pub(super) report: Report,
}

impl Worker<'_> {
    /// Writes `operations` operations, and reads in between. Returns the number of the next operation, and what was done.
    pub(super) fn work(
        mut self,
        round: u64,
        first: Number,
        operations: u64,
    ) -> Result<(Number, Report), Failure> {
        let mut random = Random::new(&[self.plan.seed, 8, round, self.thread]);
        let mut kept = Vec::new();
        for number in first..first + operations {
            if self.stop.load(SeqCst) || (number % 64 == 0 && Instant::now() > self.deadline) {
                return Ok((number, self.report));
            }
            if let Err(failure) = self.step(&mut random, &mut kept, number) {
                self.stop.store(true, SeqCst);
                return Err(match failure {
                    Failure::Mismatch(what) => Failure::Mismatch(format!(
                        "round {round}, thread {}, operation {number}: {what}",
                        self.thread
                    )),
                    broken @ Failure::Broken(_) => broken,
                });
            }
        }
        Ok((first + operations, self.report))
    }

    fn step(
        &mut self,
        random: &mut Random,
        kept: &mut Vec<Kept>,
        number: Number,
    ) -> Result<(), Failure> {
        let slots = slots_of(self.plan, self.thread, number);
        for slot in &slots {
            self.expected.begun[index(*slot)].store(number, SeqCst);
        }
        let durability = durability(self.plan, self.thread, number);
        self.subject.apply(self.plan, self.thread, number, durability)?;
        for slot in &slots {
            self.expected.finished[index(*slot)].store(number, SeqCst);
        }
        match random.below(400) {
            0..200 => self.get(random),
            200..220 => self.multi_get(random),
            220..235 => self.walk(random),
            235 => self.scan(random),
            236..240 => {
                if kept.len() == SNAPSHOTS {
                    kept.swap_remove(index(random.below(SNAPSHOTS as u64)));
                }
                kept.push(self.keep());
                Ok(())
            }
            240..300 if !kept.is_empty() => {
                let chosen = index(random.below(kept.len() as u64));
                self.look_back(random, &mut kept[chosen])
            }
            300 if self.thread == 0 => self.maintain(random),
            _ => Ok(()),
        }
    }

    pub(super) fn any_slot(&self, random: &mut Random) -> Slot {
        random.below(self.plan.threads * self.plan.slots)
    }

    /// Point reads of a slot, in both keyspaces.
    fn get(&mut self, random: &mut Random) -> Result<(), Failure> {
        let slot = self.any_slot(random);
        for (number, keyspace) in self.subject.keyspaces.iter().enumerate() {
            let from = self.expected.finished[index(slot)].load(SeqCst);
            let found = keyspace.get(&key(slot))?;
            let to = self.expected.begun[index(slot)].load(SeqCst);
            self.compare(slot, number, found.as_deref(), (from, to))?;
            if slot % self.plan.threads == self.thread
                && keyspace.contains(&key(slot))? != found.is_some()
            {
                return Err(Failure::Mismatch(format!("get and contains disagree on slot {slot}")));
            }
        }
        Ok(())
    }

    fn multi_get(&mut self, random: &mut Random) -> Result<(), Failure> {
        let slots: Vec<Slot> = (0..8).map(|_| self.any_slot(random)).collect();
        let keys: Vec<_> = slots.iter().map(|slot| key(*slot)).collect();
        let number = index(random.below(2));
        let load = |of: &[AtomicU64]| -> Vec<Number> {
            slots.iter().map(|slot| of[index(*slot)].load(SeqCst)).collect()
        };
        let from = load(&self.expected.finished);
        let found = self.subject.keyspaces[number].multi_get(&keys)?;
        let to = load(&self.expected.begun);
        for (position, slot) in slots.iter().enumerate() {
            self.compare(
                *slot,
                number,
                found[position].as_deref(),
                (from[position], to[position]),
            )?;
        }
        Ok(())
    }

    fn keep(&self) -> Kept {
        let from = self.expected.finished();
        let snapshot = self.subject.db.snapshot();
        let to = self.expected.begun();
        Kept { snapshot, from, to, seen: HashMap::new() }
    }

    /// Reads slots of a snapshot: from its moment, the same each time, and batches whole.
    fn look_back(&mut self, random: &mut Random, kept: &mut Kept) -> Result<(), Failure> {
        for _ in 0..8 {
            let slot = self.any_slot(random);
            let window = (kept.from[index(slot)], kept.to[index(slot)]);
            let mut shown = [None; 2];
            for (number, keyspace) in self.subject.keyspaces.iter().enumerate() {
                let found = keyspace.get_at(&key(slot), &kept.snapshot)?;
                shown[number] = self.compare(slot, number, found.as_deref(), window)?;
                let before = *kept.seen.entry((slot, number)).or_insert(shown[number]);
                if before != shown[number] {
                    return Err(Failure::Mismatch(format!(
                        "slot {slot} of a snapshot showed operation {before:?} before, and {:?} now",
                        shown[number]
                    )));
                }
            }
            if home(slot) == Home::Both && shown[0] != shown[1] {
                return Err(Failure::Mismatch(format!(
                    "a batch is torn: slot {slot} of a snapshot shows operations {shown:?} in the two keyspaces"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn compare(
        &mut self,
        slot: Slot,
        keyspace: usize,
        found: Option<&[u8]>,
        window: Window,
    ) -> Result<Option<Number>, Failure> {
        self.report.checks += 1;
        // In the keyspace where it does not live, a slot stays as if never written.
        let window = if lives_in(slot, keyspace) { window } else { (0, 0) };
        check(self.plan, slot, found, window)
    }
}
