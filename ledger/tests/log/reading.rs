//! Reading while the log goes on.

use std::sync::Arc;

use ledger::{
    disk::{MemoryDisk, RealDisk},
    log::{Draft, Log, Mark},
};

use crate::common::{Event, ID, append, contents, create, events, filled};

#[test]
fn a_reader_begins_anywhere() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    for from in 0..=all.len() + 2 {
        let reader = log.read(from as u64).unwrap();
        let found: Vec<Event> = reader.map(|record| record.unwrap().into()).collect();
        assert_eq!(found, all[from.saturating_sub(1).min(all.len())..]);
    }
    let mut previous = [0; 32];
    for (record, op) in log.read(1).unwrap().zip(1..) {
        let record = record.unwrap();
        assert_eq!((record.mark.op, record.previous), (op, previous));
        previous = record.mark.hash;
    }
    assert_eq!(previous, log.tail().hash);
}

#[test]
fn a_reader_follows_what_becomes_durable_and_sees_nothing_else() {
    let disk = MemoryDisk::new();
    let mut log = create(&disk);
    let mut reader = log.read(1).unwrap();
    let mut all = Vec::new();
    let mut found = Vec::new();
    for round in 0..20 {
        let group = events(all.len() as u64 + 1, &[round * 40, 700]);
        append(&mut log, &group).unwrap();
        reader.follow(&log);
        assert!(reader.next().is_none(), "not durable yet");
        log.sync().unwrap();
        assert!(reader.next().is_none(), "not told of it yet");
        all.extend(group);
        reader.follow(&log);
        found.extend(reader.by_ref().map(|record| Event::from(record.unwrap())));
        assert!(found == all);
        assert_eq!(reader.mark(), log.durable());
    }
}

#[test]
fn an_empty_log_has_no_records() {
    let disk = MemoryDisk::new();
    let log = create(&disk);
    assert_eq!((log.tail(), log.durable(), log.first_op()), (Mark::GENESIS, Mark::GENESIS, 1));
    assert!(contents(&log).is_empty());
    assert_eq!(log.verify().unwrap(), Mark::GENESIS);
}

#[test]
fn a_directory_of_the_system_does_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Arc::new(RealDisk::open(dir.path()).unwrap());
    let mut log = Log::create(open(), ID, 1 << 16).unwrap();
    let body = vec![7; 30_000];
    for op in 1..=9 {
        let timestamp = op * 3;
        log.append(&[Draft { timestamp, kind: 1, count: 1, body: &body }]).unwrap();
        log.sync().unwrap();
    }
    let mark = log.tail();
    drop(log);
    let (mut log, tail) = Log::open(open(), 1 << 16).unwrap();
    assert_eq!((tail.mark, tail.trimmed), (mark, None));
    assert_eq!(log.verify().unwrap(), mark);
    log.seal().unwrap();
    log.append(&[Draft { timestamp: 1000, kind: 2, count: 0, body: b"more" }]).unwrap();
    log.sync().unwrap();
    drop(log);
    let (log, tail) = Log::open_from(open(), 1 << 16, Some(mark)).unwrap();
    assert_eq!((log.tail().op, tail.trimmed), (10, None));
}
