//! The end of a run: faults stop, and everything comes to rest.

use ledger::log::verify_export;

use super::{
    World,
    failure::{Failure, same},
};
use crate::plan::{CLIENTS, Step};

const LIVES: &str = "when faults stop, every request is answered";
const AUDIT: &str = "the log proves itself";

impl World<'_> {
    /// Ends the run: no more faults; every client gets its answer; everything is compared, closed, opened and compared again.
    ///
    /// # Errors
    ///
    /// A promise that the ledger did not keep.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.trace.tell(|| "      no more faults".to_owned());
        self.disk.arms().disarm();
        self.disk.set_room(None);
        if !self.ready()? {
            return Err(Failure::new(LIVES, "the ledger does not open"));
        }
        self.inspect()?;
        if self.is_damaged() {
            self.kill();
            self.repair();
        }
        for _ in 0..3 {
            for client in 0..CLIENTS {
                self.step(&Step::Repeat { client })?;
            }
            while self.clients.waiting() > 0 {
                self.step(&Step::Commit { take: 4, lost: 0 })?;
            }
        }
        let unanswered = self.clients.unanswered();
        if unanswered > 0 {
            return Err(Failure::new(LIVES, format!("{unanswered} requests are not")));
        }
        self.step(&Step::Inspect)?;
        self.step(&Step::Restart)?;
        self.step(&Step::Inspect)?;
        self.audit()
    }

    /// Verifies the log's chain, and an export of it by itself.
    fn audit(&mut self) -> Result<(), Failure> {
        let Some(system) = &self.system else { return Ok(()) };
        let log = system.node().log();
        let error = |error: ledger::Error| Failure::error(AUDIT, &error);
        let tail = log.verify().map_err(error)?;
        same(AUDIT, "tail", &tail, &log.tail())?;
        same(AUDIT, "op", &tail.op, &self.oracle.op())?;
        if tail.op == 0 {
            return Ok(());
        }
        let mut exported = Vec::new();
        let mark = ledger::log::export(log, 1..=tail.op, &mut exported).map_err(error)?;
        same(AUDIT, "mark of the export", &mark, &tail)?;
        let mut records = 0;
        let summary = verify_export(&mut exported.as_slice(), &tail.hash, &mut |_| records += 1)
            .map_err(error)?;
        same(AUDIT, "records of the export", &summary.records, &tail.op)?;
        same(AUDIT, "records that were seen", &records, &tail.op)?;
        // The log's id and hashes are of the run, too.
        self.trace.mix(format_args!("{tail:?}"));
        let middle = exported.len() / 2;
        if let Some(byte) = exported.get_mut(middle) {
            *byte ^= 1;
        }
        if verify_export(&mut exported.as_slice(), &tail.hash, &mut |_| {}).is_ok() {
            return Err(Failure::new(AUDIT, format!("byte {middle} of an export was changed")));
        }
        Ok(())
    }
}
