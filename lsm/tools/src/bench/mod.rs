//! Workloads by the names that `db_bench` (RocksDB, LevelDB) and YCSB (Cooper et al. 2010) gave them.
//!
//! Keys have 16 bytes. Values have one length, and half of each compresses. Puts are [`Durability::Buffered`], as in
//! `db_bench` without `--sync`.
//!
//! [`Durability::Buffered`]: lsm::Durability::Buffered

mod ops;
mod zipf;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

use lsm::{Db, Keyspace, KeyspaceOptions, Options, Statistics};
use ops::Worker;

use crate::{Result, latency::Latencies};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Writes all records in key order, into a new keyspace.
    FillSeq,
    /// Writes as many records as there are, at random, into a new keyspace: some are written twice, others never (about
    /// 37 of 100).
    FillRandom,
    /// As `FillRandom`, over what is there.
    Overwrite,
    /// Reads random records.
    ReadRandom,
    /// Reads keys that are not there, between those that are.
    ReadMissing,
    /// Seeks random keys, with one cursor a thread.
    SeekRandom,
    /// As `ReadRandom`, while one more thread overwrites.
    ReadWhileWriting,
    /// A core workload of YCSB.
    Ycsb(Mix),
}

/// YCSB's core workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Half reads, half updates; Zipfian.
    A,
    /// 95 of 100 reads, 5 updates; Zipfian.
    B,
    /// Reads; Zipfian.
    C,
    /// 95 of 100 reads, mostly of the latest records, 5 inserts.
    D,
    /// 95 of 100 scans of 1 to 100 records, 5 inserts; Zipfian.
    E,
    /// Half reads, half reads that write the record back changed; Zipfian.
    F,
}

impl Workload {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 13] = [
        ("fillseq", Self::FillSeq),
        ("fillrandom", Self::FillRandom),
        ("overwrite", Self::Overwrite),
        ("readrandom", Self::ReadRandom),
        ("readmissing", Self::ReadMissing),
        ("seekrandom", Self::SeekRandom),
        ("readwhilewriting", Self::ReadWhileWriting),
        ("ycsb-a", Self::Ycsb(Mix::A)),
        ("ycsb-b", Self::Ycsb(Mix::B)),
        ("ycsb-c", Self::Ycsb(Mix::C)),
        ("ycsb-d", Self::Ycsb(Mix::D)),
        ("ycsb-e", Self::Ycsb(Mix::E)),
        ("ycsb-f", Self::Ycsb(Mix::F)),
    ];

    /// The name it goes by.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, workload)| *workload == self).map_or("", |(name, _)| name)
    }

    /// The workload of that name.
    ///
    /// # Errors
    /// A sentence with the names that there are.
    pub fn parse(name: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, workload)| *workload)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
                format!("there is no workload {name:?}; there are {}", known.join(", "))
            })
    }
}

/// How much of it.
#[derive(Debug, Clone)]
pub struct Scale {
    /// Records in the keyspace.
    pub records: u64,
    /// Operations of workloads that do not fill, by all threads together.
    pub operations: u64,
    /// Threads.
    pub threads: u64,
    /// Length of a value.
    pub value_bytes: usize,
    /// Where values are kept.
    pub keyspace: KeyspaceOptions,
}

/// What a workload took.
#[derive(Debug)]
pub struct Outcome {
    /// Its name; `load` for filling what a workload needs.
    pub name: &'static str,
    /// Operations.
    pub operations: u64,
    /// Seconds, from the first operation to the last.
    pub seconds: f64,
    /// Latencies of operations.
    pub latencies: Latencies,
    /// Records that reads, seeks and scans found.
    pub found: u64,
    /// Writes of the thread beside the readers (`readwhilewriting`).
    pub beside: u64,
}

/// Runs workloads one after the other on the database in `dir`, and hands each outcome to `done`. Returns the engine's statistics. Reads need records: when
/// there are none yet they are loaded first, which is an outcome of its own, named `load`.
///
/// # Errors
/// Whatever the database fails with.
pub fn run(
    dir: &Path,
    scale: &Scale,
    workloads: &[Workload],
    mut done: impl FnMut(Outcome),
) -> Result<Statistics> {
    let db = Db::open(dir, Options::default())?;
    for (phase, workload) in (0..).zip(workloads) {
        let name = if matches!(workload, Workload::Ycsb(_)) { "ycsb" } else { "bench" };
        let fills = matches!(workload, Workload::FillSeq | Workload::FillRandom);
        if fills && db.find_keyspace(name).is_some() {
            db.drop_keyspace(name)?;
        }
        let new = db.find_keyspace(name).is_none();
        let keyspace = db.keyspace(name, scale.keyspace.clone())?;
        if new && !fills {
            done(drive(&keyspace, scale, phase, Work::Load(*workload))?);
            db.wait_idle()?;
        }
        done(drive(&keyspace, scale, phase, Work::Run(*workload))?);
        // What one leaves to be done is not to slow down the next.
        db.wait_idle()?;
    }
    let statistics = db.statistics();
    db.close()?;
    Ok(statistics)
}

/// What threads are started for.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// Writing every record once.
    Load(Workload),
    /// The workload.
    Run(Workload),
}

/// `phase` numbers the runs of one database.
fn drive(keyspace: &Keyspace, scale: &Scale, phase: u64, work: Work) -> Result<Outcome> {
    let (name, operations) = match work {
        Work::Load(_) => ("load", scale.records),
        Work::Run(workload @ (Workload::FillSeq | Workload::FillRandom | Workload::Overwrite)) => {
            (workload.name(), scale.records)
        }
        Work::Run(workload) => (workload.name(), scale.operations),
    };
    // The end of the keys: inserts go there.
    let end = AtomicU64::new(scale.records);
    let zipf = zipf::Zipf::new(scale.records);
    let stop = AtomicBool::new(false);
    let started = Instant::now();
    let (outcomes, seconds, beside) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..scale.threads)
            .map(|thread| {
                let mut worker = Worker::new(keyspace, scale, &zipf, &end, phase, thread);
                let share =
                    operations * thread / scale.threads..operations * (thread + 1) / scale.threads;
                scope.spawn(move || worker.work(work, share))
            })
            .collect();
        let beside = matches!(work, Work::Run(Workload::ReadWhileWriting)).then(|| {
            let mut worker = Worker::new(keyspace, scale, &zipf, &end, phase, scale.threads);
            let stop = &stop;
            scope.spawn(move || worker.overwrite_until(stop))
        });
        let outcomes: Vec<_> =
            workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        let seconds = started.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        (outcomes, seconds, beside.map(std::thread::ScopedJoinHandle::join))
    });
    let beside = match beside {
        Some(writes) => writes.map_err(|_| "the thread beside panicked")??,
        None => 0,
    };
    let mut outcome =
        Outcome { name, operations, seconds, latencies: Latencies::new()?, found: 0, beside };
    for part in outcomes {
        let (latencies, found) = part.map_err(|_| "a thread panicked; its message is above")??;
        outcome.latencies.merge(&latencies)?;
        outcome.found += found;
    }
    Ok(outcome)
}

#[cfg(test)]
mod tests;
