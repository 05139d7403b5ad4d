//! What the tests of the log have in common.

use std::sync::Arc;

use ledger::{
    Error, Result,
    disk::{MemoryDisk, memory::Unsynced},
    log::{Draft, Log, Record, Tail},
};

pub const ID: [u8; 16] = [0x5a; 16];
pub const SEGMENT: u64 = 8192;

/// A small generator, so that a run is told by its seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

/// Chooses by a seed: mostly anything, sometimes all or nothing.
pub fn chooser(seed: u64) -> impl FnMut(&Unsynced<'_>) -> usize {
    let mut random = Random::new(seed);
    let mood = random.below(6);
    move |unsynced| match mood {
        0 => 0,
        1 => unsynced.versions,
        _ => random.below(unsynced.versions as u64 + 1) as usize,
    }
}

/// What was appended: time, kind, count, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub timestamp: u64,
    pub kind: u16,
    pub count: u32,
    pub body: Vec<u8>,
}

impl Event {
    pub fn of(op: u64, body: Vec<u8>) -> Self {
        Self { timestamp: op * 10, kind: 1 + (op % 3) as u16, count: op as u32 + 1, body }
    }

    pub fn draft(&self) -> Draft<'_> {
        let Self { timestamp, kind, count, body } = self;
        Draft { timestamp: *timestamp, kind: *kind, count: *count, body }
    }
}

impl From<Record> for Event {
    fn from(record: Record) -> Self {
        let Record { mark, kind, count, body, .. } = record;
        Self { timestamp: mark.timestamp, kind, count, body }
    }
}

pub fn create(disk: &MemoryDisk) -> Log {
    Log::create(Arc::new(disk.clone()), ID, SEGMENT).unwrap()
}

pub fn open(disk: &MemoryDisk) -> Result<(Log, Tail)> {
    Log::open(Arc::new(disk.clone()), SEGMENT)
}

pub fn append(log: &mut Log, events: &[Event]) -> Result<ledger::log::Mark> {
    log.append(&events.iter().map(Event::draft).collect::<Vec<_>>())
}

pub fn contents(log: &Log) -> Vec<Event> {
    log.read(1).unwrap().map(|record| record.unwrap().into()).collect()
}

/// Events with numbers from `from` on, with bodies of these lengths.
pub fn events(from: u64, lengths: &[usize]) -> Vec<Event> {
    let mut random = Random::new(from + 1);
    lengths
        .iter()
        .enumerate()
        .map(|(at, length)| Event::of(from + at as u64, random.bytes(*length)))
        .collect()
}

/// A log of several groups, each synced, in several segments. Returns what is in it, and the number of the first record of the last group.
pub fn filled(disk: &MemoryDisk) -> (Log, Vec<Event>, usize) {
    let mut log = create(disk);
    let mut all = Vec::new();
    let mut last = 0;
    for lengths in
        [&[100, 0, 700][..], &[1500, 1500], &[64, 63, 65], &[3000, 900, 900, 200], &[10, 20]]
    {
        last = all.len();
        let group = events(all.len() as u64 + 1, lengths);
        append(&mut log, &group).unwrap();
        log.sync().unwrap();
        all.extend(group);
    }
    (log, all, last)
}

pub fn segments(disk: &MemoryDisk) -> Vec<String> {
    use ledger::disk::Disk;
    disk.names().unwrap().into_iter().filter(|name| name.starts_with("log-0")).collect()
}

/// The file and the offset of damage.
#[track_caller]
pub fn damage(error: &Error) -> (String, u64) {
    match error {
        Error::Corruption { path, offset, .. } => {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), *offset)
        }
        other => panic!("{other}"),
    }
}
