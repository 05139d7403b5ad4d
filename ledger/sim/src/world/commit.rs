//! Groups of requests that are committed, and their answers held against the oracle's.

use std::sync::Arc;

use ledger::{
    Committed, Error,
    model::{Batch, Reply},
};

use super::{
    World,
    clients::Waiting,
    failure::{Failure, same},
};

impl World<'_> {
    /// Commits the next requests of the queue as one group.
    pub(super) fn commit(&mut self, take: u8, lost: u8) -> Result<(), Failure> {
        if self.clients.waiting() == 0 || !self.ready()? {
            return Ok(());
        }
        let group = self.clients.take(take);
        if group.is_empty() {
            // Opening met a power failure, in which the queue was lost.
            return Ok(());
        }
        let batches: Vec<Batch> = group.iter().map(|waiting| (*waiting.batch).clone()).collect();
        let clock = self.now();
        self.in_flight.clock = clock;
        self.in_flight.batches = group.iter().map(|waiting| Arc::clone(&waiting.batch)).collect();
        let strays = self.disk.arms().strays.len();
        let Some(system) = &mut self.system else { return Ok(()) };
        let done = system.commit(clock, &batches);
        self.went_astray(strays, done.is_err());
        match done {
            Ok(committed) => {
                self.in_flight.batches.clear();
                self.committed(clock, &group, committed, lost)
            }
            Err(error) => {
                self.trace.note(format_args!("      commit: {error}"));
                if let Error::Batch(_) = error {
                    return Err(Failure::error("a good batch is taken", &error));
                }
                self.broke("a commit succeeds where nothing fails", &error)?;
                if self.system.is_some() {
                    // None of it happened, and the node goes on.
                    self.in_flight.batches.clear();
                    self.clients.put_back(group);
                    self.catch_up(clock, None)?;
                    self.surface()?;
                }
                Ok(())
            }
        }
    }

    /// Takes down what a commit says, and holds it against the oracle.
    fn committed(
        &mut self,
        clock: u64,
        group: &[Waiting],
        committed: Vec<Committed>,
        lost: u8,
    ) -> Result<(), Failure> {
        const REPLIES: &str = "replies are the oracle's";
        same(REPLIES, "how many", &committed.len(), &group.len())?;
        self.groups.push(self.oracle.op() + 1);
        if self.oracle.is_due(clock)
            && let Some(first) = committed.first()
            && first.op == self.oracle.op() + 1
        {
            let found = format!("op {} came before what was due at {clock}", first.op);
            return Err(Failure::new("what is due expires first", found));
        }
        for (at, (waiting, done)) in group.iter().zip(committed).enumerate() {
            let Committed { op, timestamp, reply } = done;
            self.catch_up(clock, Some(op))?;
            let expected = self.oracle.next_timestamp(clock, &waiting.batch);
            same(REPLIES, &format!("timestamp of op {op}"), &Some(timestamp), &expected)?;
            let answer = self.oracle.apply(timestamp, &waiting.batch);
            self.history.push((timestamp, (*waiting.batch).clone()));
            self.trace.mix(format_args!("{op} {timestamp} {reply:?}"));
            self.trace.tell(|| format!("      op {op} at {timestamp}: {}", brief(&reply)));
            if reply != answer {
                let found = format!("op {op}: {}", difference(&waiting.batch, &reply, &answer));
                return Err(Failure::new(REPLIES, found));
            }
            self.witness.hear(&waiting.batch, &reply)?;
            // The eighth and later never get lost.
            let arrives = at >= 8 || lost & (1 << at) == 0;
            if arrives
                && let Some(floor) = self.clients.answer(waiting)
                && op <= floor
            {
                let found = format!("op {op}, asked for when {floor} was known");
                return Err(Failure::new("what is asked later comes later", found));
            }
        }
        self.acked = self.oracle.op();
        self.surface()
    }

    /// Takes down the ticks that the node put before `op`, or all that it put.
    pub(super) fn catch_up(&mut self, clock: u64, op: Option<u64>) -> Result<(), Failure> {
        const NUMBERS: &str = "ops have consecutive numbers";
        let Some(system) = &self.system else { return Ok(()) };
        let before = op.unwrap_or(system.node().state().op() + 1);
        if before <= self.oracle.op() {
            let found = format!("op {before} after op {}", self.oracle.op());
            return Err(Failure::new(NUMBERS, found));
        }
        while self.oracle.op() + 1 < before {
            let Some(timestamp) = self.oracle.next_timestamp(clock, &Batch::Tick) else { break };
            if !self.oracle.is_due(timestamp) {
                let found = format!("op {} follows op {}", before, self.oracle.op());
                return Err(Failure::new(NUMBERS, found));
            }
            self.oracle.apply(timestamp, &Batch::Tick);
            self.history.push((timestamp, Batch::Tick));
            let op = self.oracle.op();
            self.trace.note(format_args!("      op {op} at {timestamp}: a tick"));
        }
        Ok(())
    }
}

/// How often which code was answered.
fn brief(reply: &Reply) -> String {
    let codes: Vec<_> = match reply {
        Reply::Ledgers(all) | Reply::Accounts(all) => all.iter().map(|o| o.code).collect(),
        Reply::Transfers(all) => all.iter().map(|o| o.code).collect(),
        Reply::Transactions(all) => all.iter().map(|o| o.code).collect(),
        Reply::Tick => Vec::new(),
    };
    let names: Vec<_> = codes.into_iter().map(|code| code.name()).collect();
    names.join(", ")
}

/// The first event that was answered in another way.
fn difference(batch: &Batch, found: &Reply, expected: &Reply) -> String {
    fn first<E: std::fmt::Debug, O: PartialEq + std::fmt::Debug>(
        events: &[E],
        found: &[O],
        expected: &[O],
    ) -> String {
        if found.len() != events.len() {
            return format!("{} answers to {} events", found.len(), events.len());
        }
        let all = events.iter().zip(found.iter().zip(expected)).enumerate();
        for (at, (event, (found, expected))) in all {
            if found != expected {
                return format!(
                    "event {at}, {event:?}: the ledger says {found:?}, the oracle {expected:?}"
                );
            }
        }
        "no difference".to_owned()
    }
    match (batch, found, expected) {
        (Batch::Ledgers(e), Reply::Ledgers(f), Reply::Ledgers(x)) => first(e, f, x),
        (Batch::Accounts(e), Reply::Accounts(f), Reply::Accounts(x)) => first(e, f, x),
        (Batch::Transfers(e), Reply::Transfers(f), Reply::Transfers(x)) => first(e, f, x),
        (Batch::Transactions(e), Reply::Transactions(f), Reply::Transactions(x)) => first(e, f, x),
        _ => format!("an answer of another kind: {found:?}"),
    }
}
