//! A crash at every I/O of a store. What is found is the beginning of what was stored, the same in all indexes; storing it again repairs it.

use std::sync::Arc;

use ledger::{
    Past,
    archive::{Archive, ArchiveOptions, LsmArchive, MemoryArchive},
    log::Mark,
    model::Entry,
};
use lsm::fs::sim::{CrashMode, FaultPlan, SimFs};

use crate::{
    entries::plain,
    model::{assert_same, mark, scan},
};

const DIR: &str = "/data/archive";

pub fn machine() -> SimFs {
    let fs = SimFs::new();
    fs.write_file("/data/other", b"here").unwrap();
    fs.sync_all();
    fs
}

fn open(fs: &SimFs) -> ledger::Result<LsmArchive> {
    let options = lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(4096)
        .segment_bytes(8192)
        .cache_bytes(16 << 10);
    // The largest store takes several portions.
    let archive = ArchiveOptions { filter_bytes: 1024, portion_entries: 60 };
    LsmArchive::open_with(DIR, options, archive)
}

/// Where the generations end.
const ENDS: [usize; 5] = [90, 100, 300, 301, 420];

/// Stores in generations; the number of those that were acknowledged, and of those that were begun.
fn run(fs: &SimFs, all: &[Entry]) -> (usize, usize) {
    let mut acknowledged = 0;
    let mut begun = 0;
    let mut body = || -> ledger::Result<()> {
        let archive = open(fs)?;
        let mut from = 0;
        for (number, to) in ENDS.into_iter().enumerate() {
            begun = number + 1;
            archive.store(&all[from..to], mark(&all[..to], number as u64 + 1))?;
            if fs.is_dead() {
                return Ok(());
            }
            acknowledged = number + 1;
            from = to;
        }
        archive.close()
    };
    let _ = body();
    (acknowledged, begun)
}

fn check(after: &SimFs, all: &[Entry], least: usize, most: usize, what: &str) {
    let archive = open(after).unwrap_or_else(|error| panic!("{what}: {error}"));
    let through = archive.through().unwrap();
    let op = through.map_or(0, |mark: Mark| mark.op as usize);
    assert!((least..=most).contains(&op), "{what}: {op} of {least} to {most} stores");
    let end = op.checked_sub(1).map_or(0, |last| ENDS[last]);
    assert_eq!(through, op.checked_sub(1).map(|_| mark(&all[..end], op as u64)), "{what}");
    let found = scan(&archive, None, 0..=u64::MAX, false, usize::MAX);
    assert!(found.len() >= end && found == all[..found.len()], "{what}: {}", found.len());
    let memory = MemoryArchive::new();
    memory.store(&found, mark(&found, 1)).unwrap();
    assert_same(&archive, &memory, all, &[(150, 400), (269, 271), (800, 903)]);

    // The same again, in other generations, as the state would after such a crash.
    for to in [(end + 7).min(all.len()), end + (all.len() - end) / 2, all.len()] {
        let from = end.saturating_sub(20);
        archive.store(&all[from..to], mark(&all[..to], 100 + to as u64)).unwrap();
    }
    let memory = MemoryArchive::new();
    memory.store(all, mark(all, 1)).unwrap();
    assert_same(&archive, &memory, all, &[(150, 400), (269, 271), (800, 903)]);
    assert!(archive.db().verify().unwrap().is_sound(), "{what}");
    archive.close().unwrap();
    let archive = open(after).unwrap();
    assert!(scan(&archive, None, 0..=u64::MAX, true, usize::MAX).iter().rev().eq(all));
    assert!(
        all.iter()
            .all(|entry| { archive.entry(entry.id().unwrap()).unwrap().as_ref() == Some(entry) })
    );
}

#[test]
fn a_crash_at_every_io_of_a_store() {
    let all = plain(420, 3);
    let whole = machine();
    assert_eq!(run(&whole, &all), (ENDS.len(), ENDS.len()));
    let points = whole.points();
    assert!(points > 40, "{points}");
    // What background threads do differs from run to run; what is promised does not.
    let stride = (points / 100).max(1) as usize;
    for point in (0..points).step_by(stride) {
        let fs = machine();
        fs.set_plan(FaultPlan::new().seed(point).crash_at(point));
        let (acknowledged, begun) = run(&fs, &all);
        for (mode, draw) in [
            (CrashMode::Process, 0),
            (CrashMode::PowerLoseAll, 0),
            (CrashMode::Power, 1),
            (CrashMode::Power, 2),
        ] {
            let after = fs.crash(mode, point * 31 + draw);
            let what = format!("crash at {point} of {points}, {mode:?}, draw {draw}");
            check(&after, &all, acknowledged, begun, &what);
        }
    }
}

/// An error of the disk within a store leaves what was stored before; another process finds it, and goes on.
#[test]
fn an_error_at_any_io_is_an_error_and_no_loss() {
    let all = plain(420, 3);
    let whole = machine();
    run(&whole, &all);
    let points = whole.points();
    for point in (0..points).step_by((points / 60).max(1) as usize) {
        let fs = machine();
        fs.set_plan(FaultPlan::new().fail_at(point, std::io::ErrorKind::Other, 1));
        let (acknowledged, begun) = run(&fs, &all);
        fs.set_plan(FaultPlan::new());
        let what = format!("error at {point} of {points}");
        check(&fs.crash(CrashMode::PowerLoseAll, 1), &all, acknowledged, begun, &what);
    }
}
