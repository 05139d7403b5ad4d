//! Reading and writing at once, or in turns.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::work::{Bench, nanoseconds};
use super::{Latency, Mixture, Outcome};
use crate::lsm::Result;
use crate::lsm::engine::Engine;
use crate::lsm::workload::Zipf;
use crate::random::Random;

impl<E: Engine> Bench<'_, E> {
    pub(super) fn read_while_writing(
        &self,
        seconds: f64,
        writes_per_second: f64,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let records = self.records;
        let stop = AtomicBool::new(false);
        let written = AtomicU64::new(0);
        let mut random = Random::new(records.seed ^ 0xa5);
        self.lookups(records.count / 10, true, || random.below(records.count))?;
        let (stop, written) = (&stop, &written);
        std::thread::scope(|scope| -> Result<()> {
            let writer = scope.spawn(move || -> Result<()> {
                let mut random = Random::new(records.seed ^ 0xa6);
                let mut value = Vec::new();
                let begun = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let due = (begun.elapsed().as_secs_f64() * writes_per_second) as u64;
                    let mut done = written.load(Ordering::Relaxed);
                    if done >= due {
                        std::thread::sleep(Duration::from_micros(500));
                    }
                    while done < due && !stop.load(Ordering::Relaxed) {
                        let key = records.key(random.below(records.count));
                        records.value(&key, 2 + done, &mut value);
                        self.engine.put(&key, &value)?;
                        done += 1;
                        written.store(done, Ordering::Relaxed);
                    }
                }
                Ok(())
            });
            let begun = Instant::now();
            let result = (|| {
                while begun.elapsed().as_secs_f64() < seconds {
                    // A clock reading for each lookup would be a measurable part of it.
                    outcome.wrong += self.lookups(64, true, || random.below(records.count))?;
                    outcome.operations += 64;
                }
                Ok(())
            })();
            outcome.seconds = begun.elapsed().as_secs_f64();
            outcome.background_writes = written.load(Ordering::Relaxed) as f64 / outcome.seconds;
            stop.store(true, Ordering::Relaxed);
            writer.join().map_err(|_| "the writer panicked")??;
            result
        })
    }

    pub(super) fn ycsb(
        &self,
        mixture: Mixture,
        operations: u64,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let records = self.records;
        let zipf = Zipf::new(records.count, Zipf::YCSB_THETA);
        let mut random = Random::new(records.seed ^ 0xa8);
        let mut value = Vec::new();
        let mut histogram = Histogram::<u64>::new(3)?;
        let mut held = records.count;
        let mut inserted = 0;
        let begun = Instant::now();
        for turn in 0..operations {
            let percent = random.below(100);
            let op_begun = Instant::now();
            let reads = match mixture {
                Mixture::A | Mixture::F => percent < 50,
                Mixture::C => true,
                Mixture::B | Mixture::D | Mixture::E => percent < 95,
            };
            if reads && mixture == Mixture::E {
                let length = 1 + random.below(100);
                let from = records.key(zipf.index(&mut random));
                self.engine.seek(&from, usize::try_from(length)?, |key, value| {
                    outcome.wrong += u64::from(!records.recognise(key, value));
                })?;
            } else if reads {
                let index = match mixture {
                    Mixture::D => held - 1 - zipf.rank(&mut random).min(held - 1),
                    _ => zipf.index(&mut random),
                };
                outcome.wrong += u64::from(!self.look_up(&records.key(index))?);
            } else {
                let index = if matches!(mixture, Mixture::D | Mixture::E) {
                    inserted += 1;
                    held += 1;
                    held - 1
                } else {
                    zipf.index(&mut random)
                };
                let key = records.key(index);
                if mixture == Mixture::F {
                    outcome.wrong += u64::from(!self.look_up(&key)?);
                }
                records.value(&key, 3 + turn, &mut value);
                self.engine.put(&key, &value)?;
            }
            histogram.record(nanoseconds(op_begun.elapsed()))?;
        }
        outcome.seconds = begun.elapsed().as_secs_f64();
        // The next piece of work on this database counts on exact records.
        for index in records.count..records.count + inserted {
            self.engine.delete(&records.key(index))?;
        }
        outcome.operations = operations;
        outcome.latency = Some(Latency::of(&histogram));
        Ok(())
    }
}
