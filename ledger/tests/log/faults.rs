//! Disks that fail, and disks that are full.

use std::{io, sync::Arc};

use ledger::{
    Error,
    disk::{
        Disk, MemoryDisk,
        memory::{Fault, OperationKind},
    },
    log::{Draft, Log, prepare},
};

use crate::common::{
    ID, SEGMENT, append, chooser, contents, create, events, filled, open, segments,
};

#[test]
fn a_failed_sync_ends_the_log_for_good() {
    let disk = MemoryDisk::new();
    let mut log = create(&disk);
    let all = events(1, &[100, 200, 300]);
    append(&mut log, &all[..1]).unwrap();
    log.sync().unwrap();
    append(&mut log, &all[1..]).unwrap();
    disk.fault_at(OperationKind::Sync, 0, Fault::Fail(io::ErrorKind::Other));
    assert!(matches!(log.sync(), Err(Error::Io { operation: "sync", .. })));
    disk.clear_hook();
    for result in [log.sync(), append(&mut log, &events(4, &[1])).map(|_| ()), log.seal()] {
        assert!(matches!(result, Err(Error::Stopped(_))));
    }
    assert_eq!(log.durable().op, 1);
    assert!(contents(&log) == all[..1]);

    // The kernel still shows what never came to the disk. The next process makes it come there, or does not see it.
    let disk = disk.kill();
    let (log, tail) = open(&disk).unwrap();
    assert_eq!((tail.mark.op, tail.trimmed), (3, None));
    assert_eq!(log.durable().op, 3);
    let (log, _) = open(&disk.crash(512, &mut |_| 0)).unwrap();
    assert!(contents(&log) == all);
}

#[test]
fn a_failed_write_ends_it_too() {
    for fault in [Fault::Fail(io::ErrorKind::Other), Fault::Tear(70, io::ErrorKind::Other)] {
        let disk = MemoryDisk::new();
        let mut log = create(&disk);
        disk.fault_at(OperationKind::Write, 0, fault);
        assert!(matches!(append(&mut log, &events(1, &[10])), Err(Error::Io { .. })));
        assert!(matches!(append(&mut log, &events(1, &[10])), Err(Error::Stopped(_))));
        let (log, _) = open(&disk.kill()).unwrap();
        assert_eq!(log.tail().op, 0);
    }
}

#[test]
fn a_full_disk_is_an_error_of_one_append() {
    // Groups that need two more segments, and four.
    for lengths in [&[3000, 3000][..], &[3000, 3000, 3000, 3000]] {
        let disk = MemoryDisk::new();
        let mut log = create(&disk);
        let mut all = events(1, &[3000]);
        append(&mut log, &all).unwrap();
        log.sync().unwrap();
        let missing = lengths.len() as u64;
        for room in 0..missing {
            disk.set_capacity(Some(disk.used() + room * SEGMENT));
            let before = (log.tail(), disk.used());
            let group = events(all.len() as u64 + 1, lengths);
            match append(&mut log, &group) {
                Err(Error::Io { source, .. }) => {
                    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
                }
                other => panic!("{other:?}"),
            }
            assert_eq!((log.tail(), disk.used()), before);
            // It is usable: what fits still goes in, and another process finds nothing of what did not.
            let small = events(all.len() as u64 + 1, &[1]);
            append(&mut log, &small).unwrap();
            log.sync().unwrap();
            all.extend(small);
            assert_eq!(contents(&log), all);
            let (again, tail) = open(&disk.fork()).unwrap();
            assert_eq!((again.tail(), tail.trimmed), (log.tail(), None));
        }
        disk.set_capacity(None);
        let group = events(all.len() as u64 + 1, lengths);
        append(&mut log, &group).unwrap();
        log.sync().unwrap();
        all.extend(group);
        let (log, tail) = open(&disk.crash(512, &mut |_| 0)).unwrap();
        assert_eq!((contents(&log), tail.trimmed), (all, None));
        assert_eq!(log.verify().unwrap(), log.tail());
    }
}

#[test]
fn a_failure_while_a_segment_is_made_leaves_nothing_half() {
    let kinds = [
        OperationKind::Create,
        OperationKind::Write,
        OperationKind::Sync,
        OperationKind::Rename,
        OperationKind::SyncNames,
        OperationKind::Open,
        OperationKind::Remove,
    ];
    for kind in kinds {
        let disk = MemoryDisk::new();
        let mut log = create(&disk);
        let first = events(1, &[3000]);
        append(&mut log, &first).unwrap();
        log.sync().unwrap();
        disk.fault_at(kind, 0, Fault::Fail(io::ErrorKind::Other));
        let group = events(2, &[3000, 100]);
        assert!(append(&mut log, &group).is_err(), "{kind:?}");
        disk.clear_hook();
        assert!(matches!(append(&mut log, &group), Err(Error::Stopped(_))), "{kind:?}");
        let disk = disk.kill();
        let (mut log, _) = open(&disk).unwrap();
        assert_eq!(contents(&log), first, "{kind:?}");
        append(&mut log, &group).unwrap();
        log.sync().unwrap();
        let (log, tail) = open(&disk.crash(512, &mut |_| 0)).unwrap();
        assert_eq!((log.tail().op, tail.trimmed), (3, None), "{kind:?}");
    }
}

/// An unreadable sector is not a sector with wrong bytes: nothing is trimmed for it.
#[test]
fn a_read_that_fails_is_an_error_and_no_torn_tail() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    let mut failed = 0;
    for nth in 0..100 {
        let broken = disk.fork();
        broken.fault_at(OperationKind::Read, nth, Fault::Fail(io::ErrorKind::Other));
        match open(&broken) {
            Ok(_) => break,
            Err(Error::Io { operation: "read", .. }) => failed += 1,
            Err(other) => panic!("{other}"),
        }
        broken.clear_hook();
        assert_eq!(contents(&open(&broken).unwrap().0), all);
    }
    assert!(failed >= 6, "{failed} reads");
    disk.fault_at(OperationKind::Read, 0, Fault::Fail(io::ErrorKind::Other));
    assert!(matches!(log.verify(), Err(Error::Io { .. })));
    assert!(log.verify().is_ok());
}

#[test]
fn what_cannot_be_a_record_is_refused_before_anything_is_written() {
    let disk = MemoryDisk::new();
    let mut log = create(&disk);
    append(&mut log, &events(1, &[10])).unwrap();
    let operations = disk.operations();
    let most = log.max_body() as usize;
    let draft = |timestamp, kind, body| Draft { timestamp, kind, count: 1, body };
    let long = vec![0; most + 1];
    assert!(matches!(log.append(&[draft(20, 1, &long)]), Err(Error::Batch(_))));
    assert!(matches!(log.append(&[draft(20, 0, &[])]), Err(Error::Batch(_))));
    for timestamp in [0, 10] {
        assert!(matches!(log.append(&[draft(timestamp, 1, &[])]), Err(Error::Invariant(_))));
    }
    assert!(matches!(
        log.append(&[draft(20, 1, &[]), draft(20, 1, &[])]),
        Err(Error::Invariant(_))
    ));
    assert_eq!(log.append(&[]).unwrap(), log.tail());
    assert_eq!(disk.operations(), operations);
    log.append(&[draft(20, 1, &long[1..])]).unwrap();
    log.sync().unwrap();
    assert_eq!(log.read(2).unwrap().next().unwrap().unwrap().body.len(), most);
}

#[test]
fn a_log_is_made_once_and_opened_where_it_is() {
    let disk = MemoryDisk::new();
    assert!(!Log::exists(&disk).unwrap());
    let missing = open(&disk).unwrap_err();
    assert!(
        matches!(&missing, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    );
    for bytes in [0, 4096, 8191, 10_000] {
        assert!(Log::create(Arc::new(disk.clone()), ID, bytes).is_err());
        assert!(prepare(&disk, bytes).is_err());
    }
    create(&disk);
    assert!(Log::exists(&disk).unwrap());
    assert!(matches!(Log::create(Arc::new(disk.clone()), ID, SEGMENT), Err(Error::Mismatch(_))));
    assert_eq!(open(&disk).unwrap().0.id(), ID);
}

#[test]
fn a_segment_made_ahead_is_used() {
    let disk = MemoryDisk::new();
    let mut log = create(&disk);
    prepare(&disk, SEGMENT).unwrap();
    prepare(&disk, SEGMENT).unwrap();
    assert_eq!(disk.names().unwrap().last().unwrap(), "log-spare");
    let room = log.room();
    append(&mut log, &events(1, &[3000, 3000])).unwrap();
    assert!(log.room() < room);
    log.sync().unwrap();
    assert_eq!(disk.names().unwrap().len(), 2, "no third file was made");
    // One of another size is not.
    prepare(&disk, 2 * SEGMENT).unwrap();
    append(&mut log, &events(3, &[3000])).unwrap();
    log.sync().unwrap();
    assert_eq!(disk.names().unwrap().len(), 4);
    assert_eq!(log.verify().unwrap().op, 3);
}

#[test]
fn a_segment_that_may_have_its_name_ends_the_log() {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    for kind in [StorageFull, QuotaExceeded] {
        for operation in [OperationKind::Rename, OperationKind::SyncNames, OperationKind::Sync] {
            let disk = MemoryDisk::new();
            let mut log = create(&disk);
            let mut all = events(1, &[1000, 1000]);
            append(&mut log, &all).unwrap();
            log.sync().unwrap();
            disk.fault_at(operation, 0, Fault::Fail(kind));
            append(&mut log, &events(3, &[3000])).unwrap_err();
            disk.clear_hook();
            // Whoever goes on must not be held up by what is left of that segment when the log is opened again.
            if !log.is_stopped() {
                for lengths in [&[100][..], &[3000, 100], &[3000]] {
                    let more = events(all.len() as u64 + 1, lengths);
                    append(&mut log, &more).unwrap();
                    log.sync().unwrap();
                    all.extend(more);
                }
            }
            drop(log);
            let (log, _) = open(&disk.kill()).unwrap();
            assert_eq!(contents(&log), all, "{kind} at {operation:?}");
            log.verify().unwrap();
        }
    }
}

#[test]
fn a_crash_while_the_first_segment_is_made_leaves_none_or_a_log() {
    for nth in 0.. {
        let disk = MemoryDisk::new();
        let mut left = nth;
        disk.on_operation(move |_| {
            let now = left == 0;
            left = u64::wrapping_sub(left, 1);
            now.then_some(Fault::PowerOff)
        });
        let made = Log::create(Arc::new(disk.clone()), ID, SEGMENT).is_ok();
        for seed in 0..8 {
            let disk = if seed == 7 { disk.kill() } else { disk.crash(512, &mut chooser(seed)) };
            let mut log = if Log::exists(&disk).unwrap() {
                open(&disk).unwrap().0
            } else {
                assert!(!made);
                create(&disk)
            };
            let all = events(1, &[1000, 2000, 3000]);
            append(&mut log, &all).unwrap();
            log.sync().unwrap();
            let (log, _) = open(&disk.crash(512, &mut |_| 0)).unwrap();
            assert_eq!(contents(&log), all);
        }
        if made {
            assert!(nth > 5);
            break;
        }
    }
}

/// A torn write, zeros over it that never came to the disk, and an opening that saw them there: what a failed sync leaves. The next segment must not begin before the
/// rest of this one is blank.
#[test]
fn what_a_failed_sync_hid_does_not_come_back_behind_a_full_segment() {
    let disk = MemoryDisk::new();
    let (log, _, _) = filled(&disk);
    let name = segments(&disk).pop().unwrap();
    let tail = log.tail();
    drop(log);
    // Garbage behind the tail, durably; and zeros over it that are only in the system's memory.
    let mut bytes = disk.bytes(&name).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let blank = bytes.clone();
    let garbage = end.next_multiple_of(64) + 640;
    assert!(garbage + 64 < bytes.len());
    bytes[garbage..garbage + 64].fill(0xa5);
    disk.set_bytes(&name, bytes);
    let file = ledger::disk::Disk::open(&disk, &name).unwrap();
    file.write_at(&blank[garbage..garbage + 64], garbage as u64).unwrap();

    // A snapshot knows that all of it is durable: nothing is written again.
    let (mut log, found) = Log::open_from(Arc::new(disk.clone()), SEGMENT, Some(tail)).unwrap();
    assert_eq!((log.tail(), found.trimmed), (tail, None));
    // More than fits: the next segment begins.
    let body = vec![7; usize::try_from(log.max_body()).unwrap()];
    let draft = Draft { timestamp: tail.timestamp + 1, kind: 1, count: 1, body: &body };
    log.append(&[draft]).unwrap();
    log.sync().unwrap();
    // The power fails: what was not synced is gone.
    let disk = disk.crash(512, &mut |_| 0);
    let (log, _) = open(&disk).unwrap();
    assert_eq!(log.tail().op, tail.op + 1);
    log.verify().unwrap();
}
