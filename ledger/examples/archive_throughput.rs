//! What the log and the archive cost: `cargo run --release -p ledger --example archive_throughput [directory] [entries]`.
//!
//! Appends batches of 1 MiB to a real log with a sync each, then stores transfers between 10,000 accounts (2 million, or what the second argument says) in generations of 262,144, and
//! asks for ids that are there and ids that are not.
#![allow(clippy::print_stdout)] // it is what it is for

use std::{path::Path, sync::Arc, time::Instant};

use ledger::{
    Past,
    archive::{Archive, ArchiveOptions, LsmArchive},
    disk::RealDisk,
    log::{Draft, Log, Mark, SEGMENT_BYTES, prepare},
    model::{Asked, Balances, Entry, PostedTransfer, Transfer},
    money::Amount,
};

const ACCOUNTS: u64 = 10_000;
const GENERATION: u64 = 1 << 18;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let temporary = tempfile::tempdir()?;
    let dir = arguments.next().map_or(temporary.path().to_owned(), Into::into);
    let entries = arguments.next().map_or(Ok(2_000_000), |count| count.parse())?;
    log(&dir.join("log"))?;
    archive(&dir.join("archive"), entries)
}

fn log(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let disk = Arc::new(RealDisk::open(dir)?);
    let mut log = Log::create(disk.clone(), [7; 16], SEGMENT_BYTES)?;
    let mut random = Random(9);
    let body: Vec<u8> = (0..1 << 20).map(|_| random.next() as u8).collect();
    for (what, batches, ahead) in
        [("segments made by the append", 240, false), ("segments made ahead", 240, true)]
    {
        let (begun, cpu) = (Instant::now(), cpu_seconds());
        let mut longest = 0.0_f64;
        let mut appending = 0.0;
        let mut preparing = 0.0;
        for _ in 0..batches {
            let room = log.room();
            let one = Instant::now();
            if ahead && room < 4 << 20 {
                prepare(&*disk, SEGMENT_BYTES)?;
                preparing += one.elapsed().as_secs_f64();
            }
            let one = Instant::now();
            let timestamp = log.tail().timestamp + 8192;
            log.append(&[Draft { timestamp, kind: 3, count: 8192, body: &body }])?;
            appending += one.elapsed().as_secs_f64();
            log.sync()?;
            longest = longest.max(one.elapsed().as_secs_f64());
        }
        let seconds = begun.elapsed().as_secs_f64() - preparing;
        println!(
            "log, {what}: {:.0} MiB/s with a sync for each MiB ({:.2} ms of it, {:.2} ms before the sync; longest {:.0} ms); {:.2} ms of CPU for a MiB",
            f64::from(batches) / seconds,
            seconds * 1e3 / f64::from(batches),
            appending * 1e3 / f64::from(batches),
            longest * 1e3,
            (cpu_seconds() - cpu) * 1e3 / f64::from(batches),
        );
    }
    log.seal()?;
    let mark = log.tail();
    drop(log);
    let begun = Instant::now();
    let (log, tail) = Log::open(disk, SEGMENT_BYTES)?;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((tail.mark, tail.trimmed), (mark, None));
    println!("log, opened and checked: {:.0} MiB/s", log.tail().op as f64 / seconds);
    Ok(())
}

fn archive(dir: &Path, entries: u64) -> Result<(), Box<dyn std::error::Error>> {
    let archive = LsmArchive::open(dir, LsmArchive::options())?;
    let mut random = Random(77);
    let mut ids = Vec::new();
    let (mut wall, mut cpu, mut stored) = (0.0, 0.0, 0_u64);
    while stored < entries {
        let count = GENERATION.min(entries - stored);
        let generation: Vec<Entry> =
            (0..count).map(|at| transfer(&mut random, stored + at + 1)).collect();
        ids.extend(generation.iter().step_by(97).filter_map(Entry::id));
        stored += count;
        let mark = Mark { op: stored / 8190 + 1, timestamp: stored, hash: [1; 32] };
        let (begun, before) = (Instant::now(), cpu_seconds());
        archive.store(&generation, mark)?;
        wall += begun.elapsed().as_secs_f64();
        cpu += cpu_seconds() - before;
    }
    let before = cpu_seconds();
    archive.db().wait_idle()?;
    let later = cpu_seconds() - before;
    let statistics = archive.db().statistics();
    println!(
        "archive, {stored} entries: {:.0} ns an entry until durable; {:.0} ns of CPU an entry, all threads, {:.0} of them after the last store; {} bytes an entry on disk",
        wall * 1e9 / stored as f64,
        (cpu + later) * 1e9 / stored as f64,
        later * 1e9 / stored as f64,
        statistics.disk_bytes / stored,
    );
    println!("resident: {} MiB", resident_mebibytes());
    for round in 0..2 {
        let begun = Instant::now();
        for id in &ids {
            assert!(archive.entry(*id)?.is_some());
        }
        let found = begun.elapsed().as_nanos() / ids.len() as u128;
        let misses = 1_000_000;
        let begun = Instant::now();
        for _ in 0..misses {
            assert!(archive.entry(random.id())?.is_none());
        }
        let missed = begun.elapsed().as_nanos() / misses;
        println!(
            "look-ups, round {round}: {found} ns for an id that is there, {missed} ns for one that is not"
        );
    }
    let begun = Instant::now();
    let mut scanned = 0_u64;
    for account in 1..=20 {
        archive.scan(Some(account), 0..=u64::MAX, true, &mut |_| {
            scanned += 1;
            std::ops::ControlFlow::Continue(())
        })?;
    }
    println!(
        "an account's history: {} ns an entry",
        begun.elapsed().as_nanos() / u128::from(scanned)
    );
    archive.close()?;
    for filter_bytes in [32 << 20, 33 << 20] {
        let begun = Instant::now();
        let options = ArchiveOptions { filter_bytes, ..ArchiveOptions::default() };
        let archive = LsmArchive::open_with(dir, LsmArchive::options(), options)?;
        println!(
            "opened with a filter of {filter_bytes} bytes: {:.2} s",
            begun.elapsed().as_secs_f64()
        );
        drop(archive);
    }
    Ok(())
}

fn transfer(random: &mut Random, timestamp: u64) -> Entry {
    let mut balances = || Balances {
        debits_posted: amount(random.next() % 100_000_000),
        credits_posted: amount(random.next() % 100_000_000),
        ..Balances::default()
    };
    let (debit, credit) = (balances(), balances());
    let transfer = Transfer {
        id: random.id(),
        debit_account_id: u128::from(random.next() % ACCOUNTS + 1),
        credit_account_id: u128::from(random.next() % ACCOUNTS + 1),
        amount: amount(random.next() % 10_000 + 1),
        ledger: 1,
        code: 10,
        timestamp,
        ..Transfer::default()
    };
    let asked = Asked { amount: transfer.amount, zeros: 0 };
    Entry::Transfer(PostedTransfer { transfer, asked, debit, credit })
}

fn amount(minor_units: u64) -> Amount {
    Amount::new(u128::from(minor_units)).unwrap_or(Amount::MAX)
}

/// What all threads of this process computed so far.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(") ").next().unwrap_or_default().split_ascii_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    // User and system time, in hundredths of a second.
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

fn resident_mebibytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok());
    (pages.unwrap_or(0) * 4096) >> 20
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn id(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}
