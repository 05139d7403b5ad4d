//! Filling, overwriting, and writing from many threads.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::work::{Bench, nanoseconds};
use super::{Latency, Outcome, Pass};
use crate::lsm::Result;
use crate::lsm::engine::Engine;
use crate::lsm::meter::{Written, directory_bytes};
use crate::random::Random;

impl<E: Engine> Bench<'_, E> {
    /// Puts `puts` records of chosen indices, without a clock on each.
    pub(super) fn put_all(
        &self,
        puts: u64,
        mut choose: impl FnMut(u64) -> u64,
        version: u64,
    ) -> Result<()> {
        let mut value = Vec::new();
        for turn in 0..puts {
            let key = self.records.key(choose(turn));
            self.records.value(&key, version.wrapping_add(turn), &mut value);
            self.engine.put(&key, &value)?;
        }
        Ok(())
    }

    pub(super) fn fill(&self, writers: u64) -> Result<f64> {
        let count = self.records.count;
        let barrier = Barrier::new(usize::try_from(writers)? + 1);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..writers)
                .map(|writer| {
                    let (from, to) = (count * writer / writers, count * (writer + 1) / writers);
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        self.put_all(to - from, |turn| from + turn, 0)
                    })
                })
                .collect();
            barrier.wait();
            let begun = Instant::now();
            for thread in threads {
                thread.join().map_err(|_| "a writer panicked")??;
            }
            Ok(begun.elapsed().as_secs_f64())
        })
    }

    pub(super) fn settle_and_count(&self, before: &Written, outcome: &mut Outcome) -> Result<()> {
        let begun = Instant::now();
        self.engine.settle()?;
        outcome.settling = begun.elapsed().as_secs_f64();
        outcome.user_bytes = outcome.operations * self.records.record_bytes();
        outcome.written = Written::now(self.engine.bytes_written())?.since(before);
        Ok(())
    }

    pub(super) fn write_for(
        &self,
        writers: u64,
        seconds: f64,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let stop = AtomicBool::new(false);
        let barrier = Barrier::new(usize::try_from(writers)? + 1);
        let first_new = self.records.count;
        let (stop, barrier) = (&stop, &barrier);
        let (histogram, elapsed) = std::thread::scope(|scope| -> Result<_> {
            let threads: Vec<_> = (0..writers)
                .map(|writer| {
                    scope.spawn(move || -> Result<Histogram<u64>> {
                        let mut histogram = Histogram::new(3)?;
                        let mut value = Vec::new();
                        let mut index = first_new + writer;
                        barrier.wait();
                        while !stop.load(Ordering::Relaxed) {
                            let key = self.records.key(index);
                            self.records.value(&key, 0, &mut value);
                            let begun = Instant::now();
                            self.engine.put(&key, &value)?;
                            histogram.record(nanoseconds(begun.elapsed()))?;
                            index += writers;
                        }
                        Ok(histogram)
                    })
                })
                .collect();
            barrier.wait();
            let begun = Instant::now();
            std::thread::sleep(Duration::from_secs_f64(seconds));
            stop.store(true, Ordering::Relaxed);
            let mut all = Histogram::new(3)?;
            for thread in threads {
                all.add(thread.join().map_err(|_| "a writer panicked")??)?;
            }
            Ok((all, begun.elapsed().as_secs_f64()))
        })?;
        outcome.operations = histogram.len();
        outcome.seconds = elapsed;
        outcome.user_bytes = histogram.len() * self.records.record_bytes();
        outcome.latency = Some(Latency::of(&histogram));
        Ok(())
    }

    pub(super) fn sustained(&self, passes: u64, outcome: &mut Outcome) -> Result<()> {
        let records = self.records;
        self.fill(1)?;
        self.engine.settle()?;
        let mut random = Random::new(records.seed ^ 0xa7);
        let mut value = Vec::new();
        let mut whole = Histogram::new(3)?;
        let before = Written::now(self.engine.bytes_written())?;
        let mut pass_before = before;
        for pass in 0..passes {
            let mut histogram = Histogram::<u64>::new(3)?;
            let begun = Instant::now();
            for turn in 0..records.count {
                let key = records.key(random.below(records.count));
                records.value(&key, (pass << 40) + turn, &mut value);
                let put_begun = Instant::now();
                self.engine.put(&key, &value)?;
                histogram.record(nanoseconds(put_begun.elapsed()))?;
            }
            let seconds = begun.elapsed().as_secs_f64();
            let now = Written::now(self.engine.bytes_written())?;
            outcome.passes.push(Pass {
                seconds,
                written: now.since(&pass_before),
                directory_bytes: directory_bytes(self.dir)?,
                latency: Latency::of(&histogram),
            });
            outcome.seconds += seconds;
            pass_before = now;
            whole.add(histogram)?;
        }
        outcome.operations = passes * records.count;
        outcome.latency = Some(Latency::of(&whole));
        self.settle_and_count(&before, outcome)
    }
}
