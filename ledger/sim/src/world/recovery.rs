//! What ends the node, and how it comes back.

use ledger::{Error, Recovery, model::Batch};

use super::{
    World, compare,
    failure::{Failure, names_damage, same},
    witness::Witness,
};
use crate::{oracle::Oracle, random::Random};

/// How often opening may fail one after the other; every fault makes it fail once at the most.
const ATTEMPTS: usize = 12;

pub(super) const RECOVERS: &str = "the ledger can be opened again where nothing fails";
const KEPT: &str = "what was acknowledged is durable";
const WHOLE: &str = "what was not acknowledged is there whole and in order, or not at all";

impl World<'_> {
    /// The process ends; what it wrote stays in the machine's memory.
    pub(super) fn kill(&mut self) {
        self.system = None;
        self.clients.disconnect();
        self.disk = self.disk.kill();
    }

    /// The machine goes off, and comes up.
    pub(super) fn power_failure(&mut self, fate: u64) {
        self.system = None;
        self.clients.disconnect();
        self.disk = self.disk.reboot(fate);
        self.statistics.power_failures += 1;
    }

    /// After an error: the faults explain it, or it is a failure; and if the node stopped, it ends.
    pub(super) fn broke(&mut self, promise: &'static str, error: &Error) -> Result<(), Failure> {
        let (off, failed) = {
            let arms = self.disk.arms();
            (arms.is_off(), arms.failed > self.failed_at_open)
        };
        if off {
            self.power_failure(self.fate());
            return Ok(());
        }
        // A node that stopped in an earlier call, which still had an answer to give, says so in the next.
        let stopped = matches!(error, Error::Stopped(_));
        let full = self.was_limited && (is_full(error) || stopped);
        let damaged = self.is_damaged() && (names_damage(error) || stopped);
        if !(failed || full || damaged) {
            return Err(Failure::error(promise, error));
        }
        if damaged {
            self.statistics.refused += 1;
            self.kill();
            self.repair();
            return Ok(());
        }
        let Some(system) = &mut self.system else { return Ok(()) };
        if full && system.node().stopped().is_none() {
            return Ok(());
        }
        // A node that met an error of the device is stopped, and stays so.
        let again = system.commit(u64::MAX, &[Batch::Tick]);
        if !matches!(again, Err(Error::Stopped(_))) {
            let found = format!("after {error:?} it says {again:?}");
            return Err(Failure::new("a node that stopped stays stopped", found));
        }
        // A machine that goes on shows what a failed sync left of the pages, whether it is on the disk or not.
        if Random::new(self.fate(), 3).percent(50) {
            self.power_failure(self.fate());
        } else {
            self.kill();
        }
        Ok(())
    }

    /// Opens the ledger if it is not open. Whether it is open then; if not, a fault is why.
    pub(super) fn ready(&mut self) -> Result<bool, Failure> {
        for _ in 0..ATTEMPTS {
            if self.disk.arms().is_off() {
                // It went off within something that was not needed for an answer.
                self.power_failure(self.fate());
            }
            if self.system.is_some() {
                return Ok(true);
            }
            self.failed_at_open = self.disk.arms().failed;
            self.was_limited = self.disk.is_limited();
            match self.opener.open(&self.disk, &self.archive, self.options()) {
                Ok((system, recovery)) => {
                    self.system = Some(system);
                    self.statistics.opened += 1;
                    self.recovered(&recovery)?;
                }
                Err(error) => {
                    self.trace.note(format_args!("      open: {error}"));
                    let limited = self.disk.is_limited() && is_full(&error);
                    self.broke(RECOVERS, &error)?;
                    self.disk = self.disk.kill();
                    if limited {
                        return Ok(false);
                    }
                }
            }
        }
        Err(Failure::new(RECOVERS, format!("it failed {ATTEMPTS} times")))
    }

    /// Finds out what the ledger came back with.
    pub(super) fn recovered(&mut self, recovery: &Recovery) -> Result<(), Failure> {
        let Some(system) = &self.system else { return Ok(()) };
        let op = system.node().state().op();
        self.trace.note(format_args!(
            "      opened at op {op}: snapshot {:?}, passed over {:?}, {} replayed, cut off {:?}",
            recovery.snapshot.map(|mark| mark.op),
            recovery.passed_over,
            recovery.replayed,
            recovery.trimmed
        ));
        same(RECOVERS, "op of the tail", &recovery.tail.op, &op)?;
        let lost = op < self.acked;
        if lost {
            if !self.may_end_at(op, recovery.trimmed.is_some()) {
                let found = format!("op {op} is the last, {} was acknowledged", self.acked);
                return Err(Failure::new(KEPT, found));
            }
            self.statistics.cut += 1;
            self.acked = op;
            self.clients.lower(op);
        }
        if op < self.oracle.op() {
            self.go_back(op);
        }
        self.follow()?;
        self.forget_strays_behind(op, lost);
        self.acked = self.acked.max(self.oracle.op());
        self.surface()
    }

    /// Makes the oracle anew from the first `op` operations.
    fn go_back(&mut self, op: u64) {
        self.history.truncate(usize::try_from(op).unwrap_or(usize::MAX));
        self.oracle = Oracle::new();
        self.witness = Witness::default();
        for (timestamp, batch) in &self.history {
            let reply = self.oracle.apply(*timestamp, batch);
            // The oracle agrees with itself.
            let _ = self.witness.hear(batch, &reply);
        }
    }

    /// Takes down what the log has beyond what is known: ticks and requests that were under way, in their order.
    fn follow(&mut self) -> Result<(), Failure> {
        let Some(system) = &self.system else { return Ok(()) };
        let clock = self.in_flight.clock;
        let before = self.oracle.op();
        self.disk.arms().quiet = true;
        let records: Result<Vec<_>, _> =
            system.node().log().read(self.oracle.op() + 1).and_then(|records| records.collect());
        self.disk.arms().quiet = false;
        let records = records.map_err(|error| Failure::error("the log can be read", &error))?;
        for record in records {
            let batch = compare::decode(&record)?;
            let expected = self.oracle.next_timestamp(clock, &batch);
            let what = format!("timestamp of op {}", record.mark.op);
            same(WHOLE, &what, &Some(record.mark.timestamp), &expected)?;
            if batch != Batch::Tick {
                let sent = self.in_flight.batches.pop_front();
                same(WHOLE, "batch", &Some(&batch), &sent.as_deref())?;
            }
            let reply = self.oracle.apply(record.mark.timestamp, &batch);
            self.witness.hear(&batch, &reply)?;
            self.trace
                .note(format_args!("      op {} was under way, and is there", record.mark.op));
            self.history.push((record.mark.timestamp, batch));
        }
        self.in_flight.batches.clear();
        if self.oracle.op() > before {
            self.groups.push(before + 1);
        }
        Ok(())
    }
}

/// Whether an error says that the disk is full.
fn is_full(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
}
