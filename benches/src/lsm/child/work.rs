//! Each piece of work, warmed up, timed and counted.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};

use super::{Outcome, Work, print_line};
use crate::lsm::Result;
use crate::lsm::engine::Engine;
use crate::lsm::line;
use crate::lsm::meter::{Written, directory_bytes};
use crate::lsm::workload::Records;
use crate::random::Random;

pub(super) struct Bench<'a, E> {
    pub(super) engine: &'a E,
    pub(super) records: Records,
    pub(super) dir: &'a Path,
}

impl<E: Engine> Bench<'_, E> {
    pub(super) fn work(&self, work: &Work, outcome: &mut Outcome) -> Result<()> {
        let records = self.records;
        let before = Written::now(self.engine.bytes_written())?;
        match *work {
            Work::Fill { writers, compact } => {
                outcome.operations = records.count;
                outcome.line[0] = line::transfer().unwrap_or_default();
                outcome.seconds = self.fill(writers)?;
                outcome.line[1] = line::transfer().unwrap_or_default();
                self.settle_and_count(&before, outcome)?;
                if compact {
                    self.engine.compact()?;
                }
            }
            Work::Overwrite { puts } => {
                let mut random = Random::new(records.seed ^ 0x0f);
                let begun = Instant::now();
                self.put_all(puts, |_| random.below(records.count), 1)?;
                outcome.seconds = begun.elapsed().as_secs_f64();
                outcome.operations = puts;
                self.settle_and_count(&before, outcome)?;
            }
            Work::Writers { writers, seconds } => self.write_for(writers, seconds, outcome)?,
            Work::Hits { operations } => {
                let mut random = Random::new(records.seed ^ 0xa1);
                self.lookups(operations / 3, true, || random.below(records.count))?;
                let begun = Instant::now();
                outcome.wrong = self.lookups(operations, true, || random.below(records.count))?;
                outcome.seconds = begun.elapsed().as_secs_f64();
                outcome.operations = operations;
            }
            Work::Misses { operations } => {
                let absent = records.count * 2;
                let mut random = Random::new(records.seed ^ 0xa2);
                let mut choose = || absent + random.below(u64::MAX / 4);
                self.lookups(operations / 3, false, &mut choose)?;
                let begun = Instant::now();
                outcome.wrong = self.lookups(operations, false, &mut choose)?;
                outcome.seconds = begun.elapsed().as_secs_f64();
                outcome.operations = operations;
            }
            Work::Seeks { operations, length } => {
                self.seeks(operations / 3, length, 0xa3)?;
                let begun = Instant::now();
                outcome.wrong = self.seeks(operations, length, 0xa4)?;
                outcome.seconds = begun.elapsed().as_secs_f64();
                outcome.operations = operations;
            }
            Work::Scan { direction, passes } => {
                // One pass to warm up, unless there is to be but one: the memory-limited scan is meant cold.
                for _ in 0..u64::from(passes > 1) {
                    outcome.wrong += self.scan(direction)?;
                }
                let begun = Instant::now();
                for _ in 0..passes {
                    outcome.wrong += self.scan(direction)?;
                }
                outcome.seconds = begun.elapsed().as_secs_f64();
                outcome.operations = passes * records.count;
            }
            Work::ReadWhileWriting { seconds, writes_per_second } => {
                self.read_while_writing(seconds, writes_per_second, outcome)?;
                self.engine.settle()?;
            }
            Work::Sustained { passes } => self.sustained(passes, outcome)?,
            Work::FillAndDie => {
                outcome.seconds = self.fill(1)?;
                outcome.operations = records.count;
                outcome.user_bytes = records.live_bytes();
                outcome.written = Written::now(self.engine.bytes_written())?.since(&before);
                outcome.directory_bytes = directory_bytes(self.dir)?;
                print_line(outcome)?;
                kill_process(getpid(), Signal::KILL)?;
            }
            Work::OpenAfterCrash { checked } => {
                // The opening itself is what is measured; see `work_with`.
                outcome.seconds = outcome.opening;
                outcome.operations = 1;
                let step = (records.count / checked.clamp(1, records.count)).max(1);
                let mut next = (0..records.count).step_by(usize::try_from(step)?).cycle();
                // The last record was the last to be acknowledged: it is always among those looked up.
                let last = records.count - 1;
                outcome.wrong = self.lookups(checked, true, || next.next().unwrap_or(last))?
                    + self.lookups(1, true, || last)?;
            }
            Work::Ycsb { mixture, operations } => self.ycsb(mixture, operations, outcome)?,
        }
        Ok(())
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1)
}
