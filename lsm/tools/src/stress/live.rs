//! Writers and readers in one process, closed and opened again in between.
//!
//! As in RocksDB's `db_stress`, each slot has a last operation that has begun and a last that is finished. A reader notes
//! the second before it looks and the first after: what it finds must be from between. For a thread's own slots the two
//! are the same, so that there is one right answer.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    time::Instant,
};

use lsm::{Cursor, Durability, Snapshot};

use super::{
    Failure, Plan, Report,
    workload::{
        Home, Number, Slot, Subject, home, key, lives_in, slots_of, value, version, writes,
    },
};
use crate::random::Random;

/// Snapshots that a thread keeps at a time.
const SNAPSHOTS: usize = 3;

/// What each slot may hold.
struct Expected {
    /// The last operation that was begun on the slot.
    begun: Vec<AtomicU64>,
    /// The last that was acknowledged.
    finished: Vec<AtomicU64>,
}

/// The versions that a slot may show.
type Window = (Number, Number);

fn index(slot: Slot) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

impl Expected {
    fn new(slots: u64) -> Self {
        let zeros = || (0..slots).map(|_| AtomicU64::new(0)).collect();
        Self { begun: zeros(), finished: zeros() }
    }

    /// A copy of what is finished of these slots: take it before looking.
    fn finished(&self) -> Vec<Number> {
        self.finished.iter().map(|number| number.load(SeqCst)).collect()
    }

    /// A copy of what is begun: take it after looking.
    fn begun(&self) -> Vec<Number> {
        self.begun.iter().map(|number| number.load(SeqCst)).collect()
    }
}

/// Whether what was found is a version of the slot from the window. Returns it; 0 if nothing was ever there.
fn check(
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

/// A snapshot, what it may show, and what it has shown.
struct Kept {
    snapshot: Snapshot,
    from: Vec<Number>,
    to: Vec<Number>,
    seen: HashMap<(Slot, usize), Option<Number>>,
}

/// Runs until the plan's time is over.
///
/// # Errors
/// The first mismatch.
pub fn run(plan: &Plan, mut progress: impl FnMut(&Report)) -> Result<Report, Failure> {
    let expected = Expected::new(plan.threads * plan.slots);
    let deadline = Instant::now() + plan.duration;
    let mut next: Vec<Number> = vec![1; index(plan.threads)];
    let mut random = Random::new(&[plan.seed, 7]);
    let mut report = Report::default();
    while report.rounds == 0 || Instant::now() < deadline {
        let round = report.rounds;
        let operations = 500 + random.below(6000);
        let subject = Subject::open(plan, round, false)?;
        let stop = AtomicBool::new(false);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..)
                .zip(&next)
                .map(|(thread, first)| {
                    let worker = Worker {
                        plan,
                        subject: &subject,
                        expected: &expected,
                        stop: &stop,
                        deadline,
                        thread,
                        checks: 0,
                    };
                    scope.spawn(move || worker.work(round, *first, operations))
                })
                .collect();
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        for (outcome, next) in outcomes.into_iter().zip(&mut next) {
            let (reached, checks) = outcome.map_err(|_| {
                Failure::Mismatch("a thread panicked; its message is above".to_owned())
            })??;
            report.writes += reached - *next;
            report.checks += checks;
            *next = reached;
        }
        // Nothing runs now: there is one right answer for every slot.
        report.checks += check_all(plan, &subject, &expected)?;
        if random.one_in(2) {
            let damage = subject.db.verify()?.damage;
            if let Some(first) = damage.first() {
                return Err(Failure::Mismatch(format!("{} places damaged: {first}", damage.len())));
            }
        }
        if random.one_in(3) {
            report.checks += check_checkpoint(plan, &subject, &expected)?;
        }
        if random.one_in(2) {
            subject.db.clone().close()?;
        }
        drop(subject);
        report.rounds += 1;
        progress(&report);
    }
    let subject = Subject::open(plan, report.rounds, false)?;
    report.checks += check_all(plan, &subject, &expected)?;
    Ok(report)
}

fn check_all(plan: &Plan, subject: &Subject, expected: &Expected) -> Result<u64, Failure> {
    let (from, to) = (expected.finished(), expected.begun());
    if from != to {
        return Err(Failure::Broken("an operation was neither finished nor failed".into()));
    }
    let mut checks = 0;
    for slot in 0..plan.threads * plan.slots {
        for (number, keyspace) in subject.keyspaces.iter().enumerate() {
            let expected = value(plan, slot, from[index(slot)]).filter(|_| lives_in(slot, number));
            let found = keyspace.get(&key(slot))?;
            checks += 1;
            if found.as_deref() != expected.as_deref() {
                return Err(Failure::Mismatch(format!(
                    "at rest, slot {slot} in {:?} holds {:?} bytes, expected the {:?} of operation {}",
                    keyspace.name(),
                    found.map(|value| value.len()),
                    expected.map(|value| value.len()),
                    from[index(slot)]
                )));
            }
        }
    }
    Ok(checks)
}

fn check_checkpoint(plan: &Plan, subject: &Subject, expected: &Expected) -> Result<u64, Failure> {
    let copy = Plan { dir: plan.dir.with_extension("checkpoint"), ..plan.clone() };
    subject.db.checkpoint(&copy.dir)?;
    let checks = check_all(plan, &Subject::open(&copy, 0, false)?, expected)?;
    std::fs::remove_dir_all(&copy.dir)?;
    Ok(checks)
}

struct Worker<'a> {
    plan: &'a Plan,
    subject: &'a Subject,
    expected: &'a Expected,
    /// Set by the first that fails.
    stop: &'a AtomicBool,
    deadline: Instant,
    thread: u64,
    checks: u64,
}

impl Worker<'_> {
    /// Writes `operations` operations, and reads in between. Returns the number of the next operation, and how many
    /// answers were checked.
    fn work(
        mut self,
        round: u64,
        first: Number,
        operations: u64,
    ) -> Result<(Number, u64), Failure> {
        let mut random = Random::new(&[self.plan.seed, 8, round, self.thread]);
        let mut kept = Vec::new();
        for number in first..first + operations {
            if self.stop.load(SeqCst) || (number % 64 == 0 && Instant::now() > self.deadline) {
                return Ok((number, self.checks));
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
        Ok((first + operations, self.checks))
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
        let durability = match random.below(64) {
            0 => Durability::Sync,
            1..12 => Durability::None,
            _ => Durability::Buffered,
        };
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

    fn any_slot(&self, random: &mut Random) -> Slot {
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

    /// Everything, forwards and then backwards, with one cursor.
    fn scan(&mut self, random: &mut Random) -> Result<(), Failure> {
        let number = index(random.below(2));
        let from = self.expected.finished();
        let mut cursor = self.subject.keyspaces[number].cursor();
        let to = self.expected.begun();
        cursor.seek_to_first()?;
        let shown =
            self.forwards(&mut cursor, 0..self.plan.threads * self.plan.slots, number, &from, &to)?;
        at_end(&cursor)?;
        cursor.seek_to_last()?;
        backwards(&mut cursor, &shown)?;
        at_end(&cursor)
    }

    /// Compares what the cursor shows of some slots, from the first of them on. Returns those that it shows.
    fn forwards(
        &mut self,
        cursor: &mut Cursor<'_>,
        slots: std::ops::Range<Slot>,
        number: usize,
        from: &[Number],
        to: &[Number],
    ) -> Result<Vec<Slot>, Failure> {
        let mut shown = Vec::new();
        for slot in slots {
            let found = at(cursor, slot)?;
            self.compare(slot, number, found.as_deref(), (from[index(slot)], to[index(slot)]))?;
            if found.is_some() {
                shown.push(slot);
                cursor.next()?;
            }
        }
        Ok(shown)
    }

    /// A few steps from somewhere, then back to where it began.
    fn walk(&mut self, random: &mut Random) -> Result<(), Failure> {
        let number = index(random.below(2));
        let start = self.any_slot(random);
        let end = (start + 30).min(self.plan.threads * self.plan.slots);
        let from = self.expected.finished();
        let mut cursor = self.subject.keyspaces[number].cursor();
        let to = self.expected.begun();
        cursor.seek(&key(start))?;
        let shown = self.forwards(&mut cursor, start..end, number, &from, &to)?;
        if let Some(last) = shown.last() {
            cursor.seek_for_prev(&key(*last))?;
        }
        backwards(&mut cursor, &shown)
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

    fn maintain(&self, random: &mut Random) -> Result<(), Failure> {
        let keyspace = &self.subject.keyspaces[index(random.below(2))];
        match random.below(4) {
            0 => self.subject.db.flush()?,
            1 => self.subject.db.wait_idle()?,
            2 => keyspace.compact::<&[u8]>(..)?,
            _ => {
                let start = self.any_slot(random);
                keyspace.compact(key(start)..key(start + 50))?;
            }
        }
        Ok(())
    }

    fn compare(
        &mut self,
        slot: Slot,
        keyspace: usize,
        found: Option<&[u8]>,
        window: Window,
    ) -> Result<Option<Number>, Failure> {
        self.checks += 1;
        // In the keyspace where it does not live, a slot stays as if never written.
        let window = if lives_in(slot, keyspace) { window } else { (0, 0) };
        check(self.plan, slot, found, window)
    }
}

/// The value if the cursor is at this slot, `None` if it is behind it.
fn at(cursor: &Cursor<'_>, slot: Slot) -> Result<Option<lsm::Slice>, Failure> {
    let wanted = key(slot);
    if !cursor.valid() || cursor.key() > &*wanted {
        return Ok(None);
    }
    if cursor.key() < &*wanted {
        return Err(Failure::Mismatch(format!(
            "a cursor shows a key that was never written, or goes back: {}",
            cursor.key().escape_ascii()
        )));
    }
    Ok(Some(cursor.value()?))
}

/// Goes back over the slots that the cursor showed on its way forwards.
fn backwards(cursor: &mut Cursor<'_>, shown: &[Slot]) -> Result<(), Failure> {
    for slot in shown.iter().rev() {
        if cursor.key() != key(*slot) {
            return Err(Failure::Mismatch(format!(
                "backwards, the cursor is at {} instead of slot {slot}, which it showed forwards",
                cursor.key().escape_ascii()
            )));
        }
        cursor.prev()?;
    }
    Ok(())
}

fn at_end(cursor: &Cursor<'_>) -> Result<(), Failure> {
    if cursor.valid() {
        return Err(Failure::Mismatch(format!(
            "a cursor shows a key that should not be there: {}",
            cursor.key().escape_ascii()
        )));
    }
    Ok(())
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
