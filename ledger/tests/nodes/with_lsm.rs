//! The same story with the archive in `lsm`: the machine goes off within its work, and log, snapshots and archive are found as each of them was left.

use std::sync::Arc;

use ledger::{
    Node,
    archive::{ArchiveOptions, LsmArchive},
    disk::MemoryDisk,
};
use lsm::fs::sim::{CrashMode, FaultPlan, SimFs};

use crate::every_io::{End, essence, everything, expected, next_disk, small, story, take};

fn machine() -> SimFs {
    let fs = SimFs::new();
    fs.write_file("/data/other", b"here").unwrap();
    fs.sync_all();
    fs
}

/// A ledger, and its archive with so little memory that it writes tables now and then.
fn open(disk: &MemoryDisk, fs: &SimFs) -> ledger::Result<Node> {
    let options = lsm::Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(4096)
        .segment_bytes(16 << 10)
        .cache_bytes(16 << 10);
    let archive = ArchiveOptions { filter_bytes: 256, portion_entries: 10 };
    let archive = LsmArchive::open_with("/data/archive", options, archive)?;
    Ok(Node::open(Arc::new(disk.clone()), Arc::new(archive), small(false))?.0)
}

#[test]
fn the_machine_goes_off_within_the_archive() {
    let expected = expected(false);
    let (disk, whole) = (MemoryDisk::new(), machine());
    let mut node = open(&disk, &whole).unwrap();
    for (step, answers) in story().iter().zip(&expected.answers) {
        assert_eq!(essence(&take(&mut node, step).unwrap()), *answers);
    }
    assert_eq!(everything(&node), expected.everything);
    drop(node);
    let points = whole.points();
    assert!(points > 100, "{points}");

    for (number, point) in (0..points).step_by((points / 40).max(1) as usize).enumerate() {
        let (mode, end) = match number % 3 {
            0 => (CrashMode::Process, End::Kill),
            1 => (CrashMode::PowerLoseAll, End::PowerOff(0)),
            _ => (CrashMode::Power, End::PowerOff(point)),
        };
        let what = format!("off at {point} of {points}, {mode:?}");
        let (disk, fs) = (MemoryDisk::new(), machine());
        fs.set_plan(FaultPlan::new().seed(point).crash_at(point));
        let steps = story();
        let (mut at, mut acknowledged) = (0, 0);
        if let Ok(mut node) = open(&disk, &fs) {
            while let Some(step) = steps.get(at)
                && !fs.is_dead()
                && let Ok(answers) = take(&mut node, step)
            {
                assert_eq!(essence(&answers), expected.answers[at], "{what}: step {at}");
                acknowledged = answers.last().map_or(acknowledged, |answer| answer.op);
                at += 1;
            }
        }
        let (disk, fs) = (next_disk(&disk, end), fs.crash(mode, point));
        let mut node = open(&disk, &fs).unwrap_or_else(|error| panic!("{what}: {error}"));
        let op = node.state().op();
        assert!(op >= acknowledged, "{what}: {op} of {acknowledged}");
        assert_eq!(expected.digests.get(op as usize), Some(&node.state().digest()), "{what}");
        for (step, answers) in steps.iter().zip(&expected.answers).skip(at) {
            let taken = take(&mut node, step).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(essence(&taken), *answers, "{what}");
        }
        assert_eq!(everything(&node), expected.everything, "{what}");
        node.close().unwrap();
        let node = open(&disk, &fs).unwrap();
        assert_eq!(everything(&node), expected.everything, "{what}");
    }
}
