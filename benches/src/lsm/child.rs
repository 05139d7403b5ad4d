//! One piece of work by one contestant, in a process of its own.
//!
//! The bench binary starts itself again with `--child` and a [`Spec`] in JSON; the child does the work and prints an
//! [`Outcome`] in JSON as its only line of output.

use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::process::{Signal, getpid, kill_process, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use crate::random::Random;

use super::engine::{Direction, Engine, EngineOptions};
use super::meter::{Memory, Sampler, Samples, Written, directory_bytes};
use super::workload::{Records, Zipf};
use super::{Result, confine};

/// The contestants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `lsm`.
    Ours,
    /// RocksDB.
    Rocksdb,
    /// fjall.
    Fjall,
}

/// The work of one child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "work")]
pub enum Work {
    /// Put every record once, in random order, then settle. Counts of written bytes include the settling; the time does
    /// not.
    Fill {
        /// Threads, each with its own part of the records.
        writers: u64,
        /// Merge everything afterwards (outside the time).
        compact: bool,
    },
    /// Overwrite records chosen uniformly, then settle; counted like a fill.
    Overwrite {
        /// How many puts.
        puts: u64,
    },
    /// Put new records from many threads for a time, as durable as [`EngineOptions::durability`] says.
    Writers {
        /// Threads.
        writers: u64,
        /// How long.
        seconds: f64,
    },
    /// Look up records that exist, chosen uniformly.
    Hits {
        /// How many.
        operations: u64,
    },
    /// Look up records that do not exist.
    Misses {
        /// How many.
        operations: u64,
    },
    /// Seek to a random place and read on.
    Seeks {
        /// How many seeks.
        operations: u64,
        /// Records read by each.
        length: usize,
    },
    /// Read everything.
    Scan {
        /// Which way.
        direction: Direction,
        /// How often.
        passes: u64,
    },
    /// One thread looks up records that exist while another overwrites at a fixed rate, the same for all contestants:
    /// an engine must not read slowly because it writes fast.
    ReadWhileWriting {
        /// How long.
        seconds: f64,
        /// Puts asked for per second.
        writes_per_second: f64,
    },
    /// Fill and settle, then overwrite everything several times with a clock on each put, then settle. Only what comes
    /// after the fill is counted.
    Sustained {
        /// How many times the number of records is written again.
        passes: u64,
    },
    /// Put records, then `kill -9` itself. Prints its outcome before it dies.
    FillAndDie,
    /// Open what a dead child left, and look up `checked` of the records that it had acknowledged.
    OpenAfterCrash {
        /// How many to look up.
        checked: u64,
    },
    /// A mixture of YCSB (Cooper et al., SoCC 2010) with Zipf-distributed choices.
    Ycsb {
        /// Which.
        mixture: Mixture,
        /// How many operations.
        operations: u64,
    },
}

/// The core workloads of YCSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mixture {
    /// Half reads, half updates.
    A,
    /// 95 % reads, 5 % updates.
    B,
    /// Reads only.
    C,
    /// 95 % reads of recent records, 5 % inserts.
    D,
    /// 95 % short scans (up to 100 records), 5 % inserts.
    E,
    /// Half reads, half read-modify-writes.
    F,
}

/// All that a child is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Which contestant.
    pub kind: Kind,
    /// How it is opened.
    pub options: EngineOptions,
    /// The database's directory: the same for all work on one database.
    pub dir: PathBuf,
    /// What the database holds.
    pub records: Records,
    /// What to do.
    pub work: Work,
    /// A memory-limited group to enter first.
    pub group: Option<PathBuf>,
}

/// Latencies of single operations in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Median.
    pub p50: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Longest.
    pub max: u64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            p50: histogram.value_at_quantile(0.5),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

/// One pass of [`Work::Sustained`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Seconds it took.
    pub seconds: f64,
    /// What was written meanwhile (what is left to write at its end shows in the next pass, or in the total).
    pub written: Written,
    /// Bytes of the directory at its end.
    pub directory_bytes: u64,
    /// Latencies of its puts.
    pub latency: Latency,
}

/// All that a child reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Operations done (records for scans).
    pub operations: u64,
    /// Seconds they took.
    pub seconds: f64,
    /// Seconds to open the database.
    pub opening: f64,
    /// Seconds to settle, where the work ends with settling.
    pub settling: f64,
    /// Bytes of keys and values put.
    pub user_bytes: u64,
    /// Bytes written from the start of the work to the end of settling.
    pub written: Written,
    /// Bytes of the directory at the end.
    pub directory_bytes: u64,
    /// Memory at the end.
    pub memory: Memory,
    /// Peaks, and the course of the directory's size.
    pub samples: Samples,
    /// Latencies, where each operation was timed.
    pub latency: Option<Latency>,
    /// Passes of a sustained overwrite.
    pub passes: Vec<Pass>,
    /// Puts per second of the writer beside the readers.
    pub background_writes: f64,
    /// Answers that were wrong: a hit not found, a miss found, a value of another key, a scan with a wrong count. Any makes
    /// the run worthless.
    pub wrong: u64,
}

impl Outcome {
    /// Operations a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.seconds.max(1e-9)
    }

    /// Bytes written for each byte that the user put.
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.written.total() as f64 / self.user_bytes.max(1) as f64
    }
}

/// What the child does with its [`Spec`]; returns the line to print. Never returns from [`Work::FillAndDie`].
///
/// # Errors
///
/// The engine's error, or a sentence about a specification that this build cannot do.
pub fn run(specification: &str) -> Result<Outcome> {
    // Should the parent die, nobody would read the answer and nobody would clean up.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let spec: Spec = serde_json::from_str(specification)?;
    if let Some(group) = &spec.group {
        confine::enter(group)?;
    }
    match spec.kind {
        Kind::Ours => work_with::<super::ours::Lsm>(&spec),
        #[cfg(feature = "peer-rocksdb")]
        Kind::Rocksdb => work_with::<super::rocks::RocksDb>(&spec),
        #[cfg(feature = "peer-fjall")]
        Kind::Fjall => work_with::<super::fjall::Fjall>(&spec),
        #[allow(unreachable_patterns, reason = "reached when a contestant's feature is off")]
        kind => Err(format!("this build has no {kind:?}").into()),
    }
}

fn work_with<E: Engine>(spec: &Spec) -> Result<Outcome> {
    std::fs::create_dir_all(&spec.dir)?;
    let sampler = Sampler::start(spec.dir.clone());
    let begun = Instant::now();
    let engine = E::open(&spec.dir, &spec.options)?;
    let mut outcome = Outcome { opening: begun.elapsed().as_secs_f64(), ..Outcome::default() };
    let bench = Bench { engine: &engine, records: spec.records, dir: &spec.dir };
    bench.work(&spec.work, &mut outcome)?;
    outcome.memory = Memory::now()?;
    outcome.directory_bytes = directory_bytes(&spec.dir)?;
    outcome.samples = sampler.finish()?;
    Ok(outcome)
}

struct Bench<'a, E> {
    engine: &'a E,
    records: Records,
    dir: &'a Path,
}

impl<E: Engine> Bench<'_, E> {
    fn work(&self, work: &Work, outcome: &mut Outcome) -> Result<()> {
        let records = self.records;
        let before = Written::now(self.engine.bytes_written())?;
        match *work {
            Work::Fill { writers, compact } => {
                outcome.operations = records.count;
                outcome.seconds = self.fill(writers)?;
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

    /// Puts `puts` records of chosen indices, without a clock on each.
    fn put_all(&self, puts: u64, mut choose: impl FnMut(u64) -> u64, version: u64) -> Result<()> {
        let mut value = Vec::new();
        for turn in 0..puts {
            let key = self.records.key(choose(turn));
            self.records.value(&key, version.wrapping_add(turn), &mut value);
            self.engine.put(&key, &value)?;
        }
        Ok(())
    }

    fn fill(&self, writers: u64) -> Result<f64> {
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

    fn settle_and_count(&self, before: &Written, outcome: &mut Outcome) -> Result<()> {
        let begun = Instant::now();
        self.engine.settle()?;
        outcome.settling = begun.elapsed().as_secs_f64();
        outcome.user_bytes = outcome.operations * self.records.record_bytes();
        outcome.written = Written::now(self.engine.bytes_written())?.since(before);
        Ok(())
    }

    fn write_for(&self, writers: u64, seconds: f64, outcome: &mut Outcome) -> Result<()> {
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

    /// Looks up chosen records; returns how many answers were wrong.
    fn lookups(
        &self,
        operations: u64,
        present: bool,
        mut choose: impl FnMut() -> u64,
    ) -> Result<u64> {
        let mut wrong = 0;
        for _ in 0..operations {
            let key = self.records.key(choose());
            wrong += u64::from(self.look_up(&key)? != present);
        }
        Ok(wrong)
    }

    /// Whether `key` is there with a value of its own.
    fn look_up(&self, key: &[u8]) -> Result<bool> {
        let mut recognised = true;
        let found =
            self.engine.get(key, |value| recognised = self.records.recognise(key, value))?;
        if found && !recognised {
            return Err(format!("key {key:02x?} answered with a value of another key").into());
        }
        Ok(found)
    }

    fn seeks(&self, operations: u64, length: usize, stream: u64) -> Result<u64> {
        let mut random = Random::new(self.records.seed ^ stream);
        let mut wrong = 0;
        for _ in 0..operations {
            let from = self.records.key(random.below(self.records.count));
            let mut before: Option<[u8; 16]> = None;
            let seen = self.engine.seek(&from, length, |key, value| {
                let key_now = key.try_into().ok();
                let ordered = match before {
                    None => key == from,
                    Some(before) => key > before.as_slice(),
                };
                wrong += u64::from(!ordered || !self.records.recognise(key, value));
                before = key_now;
            })?;
            wrong += u64::from(seen == 0);
        }
        Ok(wrong)
    }

    fn scan(&self, direction: Direction) -> Result<u64> {
        let mut wrong = 0;
        let seen = self.engine.scan(direction, |key, value| {
            wrong += u64::from(!self.records.recognise(key, value));
        })?;
        Ok(wrong + seen.abs_diff(self.records.count))
    }

    fn read_while_writing(
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

    fn sustained(&self, passes: u64, outcome: &mut Outcome) -> Result<()> {
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

    fn ycsb(&self, mixture: Mixture, operations: u64, outcome: &mut Outcome) -> Result<()> {
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

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// Prints a child's answer: one line of JSON.
pub fn print_line(outcome: &Outcome) -> Result<()> {
    use std::io::Write as _;
    let mut output = std::io::stdout().lock();
    writeln!(output, "{}", serde_json::to_string(outcome)?)?;
    Ok(output.flush()?)
}
