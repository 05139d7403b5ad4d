//! What a thread of a workload does.

use std::{
    ops::Range,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Instant,
};

use lsm::Keyspace;

use super::{Mix, Scale, Work, Workload, zipf::Zipf};
use crate::{
    Result,
    latency::Latencies,
    random::Random,
    record::{self, KEY_LEN},
};

/// YCSB's longest scan.
const LONGEST_SCAN: u64 = 100;

/// A thread's state.
pub(super) struct Worker<'a> {
    keyspace: &'a Keyspace,
    zipf: &'a Zipf,
    end: &'a AtomicU64,
    records: u64,
    random: Random,
    value: Vec<u8>,
    version: u64,
    found: u64,
}

/// Key of a record in `db_bench`'s workloads: in the order of the numbers.
pub(super) fn ordered_key(index: u64) -> [u8; KEY_LEN] {
    let mut key = [0; KEY_LEN];
    key[..8].copy_from_slice(&index.to_be_bytes());
    key
}

/// A key right behind that of a record, where none is.
fn missing_key(index: u64) -> [u8; KEY_LEN] {
    let mut key = ordered_key(index);
    key[KEY_LEN - 1] = 1;
    key
}

impl<'a> Worker<'a> {
    pub(super) fn new(
        keyspace: &'a Keyspace,
        scale: &Scale,
        zipf: &'a Zipf,
        end: &'a AtomicU64,
        phase: u64,
        thread: u64,
    ) -> Self {
        Self {
            keyspace,
            zipf,
            end,
            records: scale.records,
            // Of its own for each phase: reads that repeat the numbers of a random fill would find everything.
            random: Random::new(&[9, phase, thread]),
            value: vec![0; scale.value_bytes],
            version: thread << 48,
            found: 0,
        }
    }

    /// Does its share of the operations. Returns their latencies, and how many records were found.
    pub(super) fn work(&mut self, work: Work, share: Range<u64>) -> Result<(Latencies, u64)> {
        let mut latencies = Latencies::new()?;
        let keyspace = self.keyspace;
        let mut cursor = matches!(work, Work::Run(Workload::SeekRandom)).then(|| keyspace.cursor());
        for index in share {
            let started = Instant::now();
            match (work, &mut cursor) {
                (Work::Load(Workload::Ycsb(_)), _) => self.put(record::key(index), index)?,
                (Work::Load(_) | Work::Run(Workload::FillSeq), _) => {
                    self.put(ordered_key(index), index)?
                }
                (Work::Run(Workload::SeekRandom), Some(cursor)) => {
                    cursor.seek(&ordered_key(self.random.below(self.records)))?;
                    self.found += u64::from(cursor.valid());
                }
                (Work::Run(workload), _) => self.operation(workload)?,
            }
            latencies.record(started.elapsed());
        }
        Ok((latencies, self.found))
    }

    /// Overwrites until it is told to stop. Returns how often it did.
    pub(super) fn overwrite_until(&mut self, stop: &AtomicBool) -> Result<u64> {
        let mut writes = 0;
        while !stop.load(Ordering::Relaxed) {
            self.operation(Workload::Overwrite)?;
            writes += 1;
        }
        Ok(writes)
    }

    fn operation(&mut self, workload: Workload) -> Result<()> {
        let index = self.random.below(self.records);
        match workload {
            Workload::FillSeq | Workload::FillRandom | Workload::Overwrite => {
                self.put(ordered_key(index), index)
            }
            Workload::ReadRandom | Workload::ReadWhileWriting => self.get(ordered_key(index)),
            Workload::ReadMissing => self.get(missing_key(index)),
            Workload::SeekRandom => self.scan(ordered_key(index), 1),
            Workload::Ycsb(mix) => self.ycsb(mix),
        }
    }

    fn ycsb(&mut self, mix: Mix) -> Result<()> {
        let percent = self.random.below(100);
        let item = self.zipf.item(&mut self.random);
        match mix {
            Mix::A if percent < 50 => self.put(record::key(item), item),
            Mix::B if percent < 5 => self.put(record::key(item), item),
            Mix::D | Mix::E if percent < 5 => {
                let new = self.end.fetch_add(1, Ordering::Relaxed);
                self.put(record::key(new), new)
            }
            Mix::A | Mix::B | Mix::C => self.get(record::key(item)),
            Mix::D => {
                // The newest may still be under way in another thread: then it is not found.
                let latest = self.end.load(Ordering::Relaxed) - 1;
                let back = self.zipf.rank(&mut self.random).min(latest);
                self.get(record::key(latest - back))
            }
            Mix::E => {
                let len = 1 + self.random.below(LONGEST_SCAN);
                self.scan(record::key(item), len)
            }
            Mix::F => {
                self.get(record::key(item))?;
                if percent < 50 { self.put(record::key(item), item) } else { Ok(()) }
            }
        }
    }

    fn put(&mut self, key: [u8; KEY_LEN], index: u64) -> Result<()> {
        self.version += 1;
        record::fill_value(&mut self.value, index, self.version);
        Ok(self.keyspace.put(&key, &self.value)?)
    }

    fn get(&mut self, key: [u8; KEY_LEN]) -> Result<()> {
        // Looks at the value: a mapped one is read only then.
        let found = self.keyspace.get(&key)?;
        self.found += u64::from(found.is_some_and(|value| touch(&value)));
        Ok(())
    }

    fn scan(&mut self, from: [u8; KEY_LEN], len: u64) -> Result<()> {
        let mut cursor = self.keyspace.cursor();
        cursor.seek(&from)?;
        for _ in 0..len {
            if !cursor.valid() {
                break;
            }
            self.found += u64::from(touch(&cursor.value()?));
            cursor.next()?;
        }
        Ok(())
    }
}

/// Reads all of a value, and is true.
fn touch(value: &[u8]) -> bool {
    std::hint::black_box(value.iter().fold(0_u8, |sum, byte| sum ^ byte));
    true
}
