//! What a thread does to the whole database while others read and write: flushes, compactions, verifications, checkpoints,
//! keyspaces that come and go.

use lsm::{Durability, Error, KeyspaceOptions, Layout};

use super::{
    Failure, Plan, Report,
    expected::index,
    worker::Worker,
    workload::{Home, Number, Slot, Subject, durability, home, key, slots_of, value},
};
use crate::random::Random;

/// A keyspace that is there only for a moment.
const PASSING: &str = "passing";

impl Worker<'_> {
    pub(super) fn maintain(&mut self, random: &mut Random) -> Result<(), Failure> {
        let keyspace = &self.subject.keyspaces[index(random.below(2))];
        match random.below(8) {
            0 => self.subject.db.flush()?,
            1 => self.subject.db.wait_idle()?,
            2 => keyspace.compact::<&[u8]>(..)?,
            3 | 4 => {
                let start = self.any_slot(random);
                keyspace.compact(key(start)..key(start + 50))?;
            }
            5 => {
                self.report.verifications += 1;
                sound(self.subject)?;
            }
            6 => self.copy(random)?,
            _ => self.pass(random)?,
        }
        Ok(())
    }

    /// Takes a checkpoint, and checks that it is of one moment between the beginning and the end of taking it.
    fn copy(&mut self, random: &mut Random) -> Result<(), Failure> {
        let round = 2000 + random.below(1000);
        let copy = Plan { dir: self.plan.dir.with_extension("copy"), ..self.plan.clone() };
        let from = self.expected.finished();
        self.subject.db.checkpoint(&copy.dir)?;
        let to = self.expected.begun();
        let subject = Subject::open(&copy, round, random.one_in(2))?;
        let mut shown = vec![[None; 2]; from.len()];
        for slot in 0..self.plan.threads * self.plan.slots {
            let window = (from[index(slot)], to[index(slot)]);
            for (number, keyspace) in subject.keyspaces.iter().enumerate() {
                let found = keyspace.get(&key(slot))?;
                shown[index(slot)][number] =
                    self.compare(slot, number, found.as_deref(), window)?;
            }
        }
        for thread in 0..self.plan.threads {
            self.of_one_moment(thread, &from, &to, &shown)?;
        }
        sound(&subject)?;
        drop(subject);
        std::fs::remove_dir_all(&copy.dir)?;
        self.report.checkpoints += 1;
        Ok(())
    }

    /// Of a thread that writes its operations one after the other, a moment shows all up to one of them. Those that are in
    /// no log may be missing: they are in a checkpoint if they were there when it began.
    fn of_one_moment(
        &self,
        thread: u64,
        from: &[Number],
        to: &[Number],
        shown: &[[Option<Number>; 2]],
    ) -> Result<(), Failure> {
        let own = |slot: &Slot| slot % self.plan.threads == thread;
        let slots = || (0..self.plan.threads * self.plan.slots).filter(own);
        let last = slots().flat_map(|slot| shown[index(slot)]).flatten().max().unwrap_or(0);
        let before = slots().map(|slot| from[index(slot)]).max().unwrap_or(0);
        for number in before + 1..=last {
            if durability(self.plan, thread, number) == Durability::None {
                continue;
            }
            for slot in slots_of(self.plan, thread, number) {
                let may_be_deleted = (number..=to[index(slot)]).any(|later| {
                    slots_of(self.plan, thread, later).contains(&slot)
                        && value(self.plan, slot, later).is_none()
                });
                let homes: &[usize] = match home(slot) {
                    Home::Both => &[0, 1],
                    Home::Separated => &[0],
                    Home::Leveled => &[1],
                };
                for keyspace in homes {
                    let there = match shown[index(slot)][*keyspace] {
                        Some(shown) => shown >= number,
                        None => may_be_deleted,
                    };
                    if !there {
                        return Err(Failure::Mismatch(format!(
                            "a checkpoint shows operation {last} of thread {thread}, and not its operation {number} on slot {slot}: \
                             {:?}",
                            shown[index(slot)]
                        )));
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes a keyspace, works with it, and drops it.
    fn pass(&mut self, random: &mut Random) -> Result<(), Failure> {
        let db = &self.subject.db;
        let layout = random.of(&[Layout::Leveled, Layout::Separated { from: 32 }]);
        let options = KeyspaceOptions { layout, ..KeyspaceOptions::default() };
        let keyspace = db.keyspace(PASSING, options)?;
        let marked = random.bits().to_le_bytes().repeat(8);
        if let Some(left) = keyspace.range::<&[u8]>(..).next() {
            let key = left?.0;
            return Err(Failure::Mismatch(format!(
                "a new keyspace holds {} of the one that was dropped before it",
                key.escape_ascii()
            )));
        }
        for slot in 0..200 {
            keyspace.put(&key(slot), &marked)?;
            if slot == 100 && random.one_in(2) {
                db.flush()?;
            }
        }
        for slot in 0..200 {
            self.report.checks += 1;
            if keyspace.get(&key(slot))?.as_deref() != Some(&marked) {
                return Err(Failure::Mismatch(format!("slot {slot} of a new keyspace is lost")));
            }
        }
        db.drop_keyspace(PASSING)?;
        match keyspace.put(b"late", b"") {
            Err(Error::NoKeyspace { .. }) => {}
            other => {
                return Err(Failure::Mismatch(format!(
                    "a dropped keyspace takes writes: {other:?}"
                )));
            }
        }
        self.report.keyspaces += 1;
        Ok(())
    }
}

/// That verification finds no damage.
pub(super) fn sound(subject: &Subject) -> Result<(), Failure> {
    let damage = subject.db.verify()?.damage;
    match damage.first() {
        Some(first) => Err(Failure::Mismatch(format!("{} places damaged: {first}", damage.len()))),
        None => Ok(()),
    }
}

impl Report {
    /// Adds up what threads have done.
    pub(super) fn add(&mut self, other: Self) {
        self.writes += other.writes;
        self.checks += other.checks;
        self.rounds += other.rounds;
        self.verifications += other.verifications;
        self.checkpoints += other.checkpoints;
        self.keyspaces += other.keyspaces;
    }
}
