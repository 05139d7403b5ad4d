//! Failures that were planned, and a disk that is full.

use std::collections::BTreeSet;

use super::*;
use crate::fs::LockMode;

#[test]
fn a_failed_sync_is_final() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    file.write_all_at(&[b'n'; 512], 512).unwrap();
    fs.set_plan(FaultPlan::new().fail_nth(Operation::SyncData, 0, 5, 1));
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
    file.sync_data().unwrap();
    let durable = || fs.crash(CrashMode::PowerLoseAll, 0).read_file("/f").unwrap();
    assert_eq!(durable(), [b'o'; 2000], "the second sync found nothing to write");
    let after: BTreeSet<_> =
        (0..50).map(|seed| fs.crash(CrashMode::Power, seed).read_file("/f").unwrap()).collect();
    assert!(after.len() > 1, "it may have been written nonetheless");
    assert_eq!(fs.read_file("/f").unwrap()[512], b'n', "the process still sees it");
    file.write_all_at(b"N", 600).unwrap();
    file.sync_data().unwrap();
    assert_eq!(
        durable(),
        fs.read_file("/f").unwrap(),
        "writing again makes the sector dirty again"
    );
}

#[test]
fn failures_come_when_planned_and_change_nothing_more_than_a_prefix() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    let first = fs.points();
    fs.set_plan(FaultPlan::new().seed(1).fail_at(first + 1, ErrorKind::StorageFull, 2));
    file.write_all_at(b"n", 0).unwrap();
    assert_eq!(kind(file.write_all_at(&[b'n'; 1000], 0)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.remove(Path::new("/f"))), ErrorKind::StorageFull);
    let bytes = fs.read_file("/f").unwrap();
    let prefix = bytes.iter().take_while(|&&byte| byte == b'n').count();
    assert!(prefix < 1000 && bytes[prefix..].iter().all(|&byte| byte == b'o'));
    fs.set_plan(FaultPlan::new().fail_nth(Operation::Rename, 1, ErrorKind::Other, 1));
    fs.rename(Path::new("/f"), Path::new("/g")).unwrap();
    file.write_all_at(b"n", 0).unwrap();
    assert_eq!(kind(fs.rename(Path::new("/g"), Path::new("/f"))), ErrorKind::Other);
    fs.rename(Path::new("/g"), Path::new("/f")).unwrap();
    // A store cannot fail; a crash in it tears it.
    let map = file.map(2000, true).unwrap();
    fs.set_plan(FaultPlan::new().fail_randomly(1.0, 5));
    store(&map, 0, b"stored");
    assert_eq!(&fs.crash(CrashMode::Process, 0).read_file("/f").unwrap()[..6], b"stored");
    assert_eq!(file.sync_data().unwrap_err().raw_os_error(), Some(5));
}

#[test]
fn random_failures_have_the_wanted_frequency() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    fs.set_plan(FaultPlan::new().seed(3).fail_randomly(0.25, ErrorKind::Interrupted));
    let failed = (0..400).filter(|_| file.write_all_at(b"n", 0).is_err()).count();
    assert!((60..140).contains(&failed), "{failed}");
}

#[test]
fn reads_are_points_when_asked_for() {
    let fs = SimFs::new();
    drop(old_file(&fs, "/f"));
    let path = Path::new("/f");
    let look = || -> Vec<ErrorKind> {
        let outcomes = [
            fs.open(path, OpenMode::Read, Purpose::Other).map(drop),
            fs.lock(path, LockMode::Exclusive).map(drop),
            fs.metadata(path).map(drop),
            fs.list(Path::new("/")).map(drop),
        ];
        outcomes
            .into_iter()
            .map(|outcome| outcome.map_or_else(|e| e.kind(), |()| panic!()))
            .collect()
    };
    let file = fs.open(path, OpenMode::Read, Purpose::Other).unwrap();
    assert_eq!(fs.points(), 0);
    fs.count_reads();
    fs.start_trace();
    fs.set_plan(FaultPlan::new().fail_at(0, ErrorKind::Other, 7));
    assert_eq!(look(), [ErrorKind::Other; 4]);
    assert_eq!(kind(file.read_exact_at(&mut [0], 0)), ErrorKind::Other);
    assert_eq!(kind(file.len()), ErrorKind::Other);
    assert_eq!(kind(file.map(1, false)), ErrorKind::Other);
    file.read_exact_at(&mut [0], 0).unwrap();
    let seen: Vec<_> = fs.trace().into_iter().map(|point| point.operation).collect();
    use Operation::{List, Lock, Map, Open, Read, Stat};
    assert_eq!(seen, [Open, Lock, Stat, List, Read, Stat, Map, Read]);
    assert_eq!(fs.crash(CrashMode::Process, 0).points(), 0);
}

#[test]
fn a_full_disk_refuses_space_and_never_a_store_to_what_was_allocated() {
    let fs = SimFs::new();
    fs.set_capacity(Some(4 * SECTOR + 100));
    let file = create(&fs, "/f");
    file.set_len(1 << 20).unwrap();
    assert_eq!(fs.used(), 0, "a hole uses no space");
    assert_eq!(kind(file.allocate(4 * SECTOR + 1)), ErrorKind::StorageFull);
    assert_eq!(fs.used(), 0);
    file.allocate(2 * SECTOR).unwrap();
    let other = create(&fs, "/g");
    assert_eq!(kind(other.write_all_at(&[b'n'; 2000], 100)), ErrorKind::StorageFull);
    assert_eq!(other.len().unwrap(), 2 * SECTOR, "what fitted was written");
    assert_eq!(fs.used(), 4 * SECTOR);
    let map = file.map(1 << 20, true).unwrap();
    store(&map, 0, &[b's'; 1024]);
    assert!(!fs.is_dead());
    fs.remove(Path::new("/g")).unwrap();
    assert_eq!(fs.used(), 4 * SECTOR, "still open");
    drop(other);
    assert_eq!(fs.used(), 2 * SECTOR);
    file.allocate(3 * SECTOR).unwrap();
    file.set_len(100).unwrap();
    assert_eq!(fs.used(), SECTOR);
    file.set_len(1 << 20).unwrap();
    fs.set_capacity(Some(0));
    file.write_all_at(b"overwriting needs no space", 0).unwrap();
    assert_eq!(kind(file.write_all_at(b"x", 512)), ErrorKind::StorageFull);
    store(&map, 5000, b"SIGBUS");
    assert!(fs.is_dead());
    let after = fs.crash(CrashMode::Process, 0);
    assert_eq!(after.used(), SECTOR);
    assert_eq!(after.read_file("/f").unwrap()[5000], 0);
    after.set_capacity(None);
    create(&after, "/h").allocate(1 << 20).unwrap();
}

#[test]
fn a_disk_is_full_from_a_point_on() {
    let fs = SimFs::new();
    let file = create(&fs, "/f");
    file.allocate(1000).unwrap();
    fs.set_plan(FaultPlan::new().full_from(fs.points() + 1));
    file.allocate(3 * SECTOR).unwrap();
    assert_eq!(kind(file.allocate(4 * SECTOR)), ErrorKind::StorageFull);
    file.write_all_at(&[b'n'; 1500], 0).unwrap();
    assert_eq!(kind(file.write_all_at(b"n", 3 * SECTOR)), ErrorKind::StorageFull);
    let refused = fs.open(Path::new("/g"), OpenMode::CreateNew, Purpose::Other);
    assert_eq!(kind(refused.map(drop)), ErrorKind::StorageFull);
    assert_eq!(kind(fs.create_dir_all(Path::new("/d"))), ErrorKind::StorageFull);
    file.sync_data().unwrap();
    fs.rename(Path::new("/f"), Path::new("/h")).unwrap();
    fs.set_plan(FaultPlan::new());
    file.write_all_at(b"n", 3 * SECTOR).unwrap();
}
