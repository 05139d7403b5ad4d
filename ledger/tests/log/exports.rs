//! Exports, and what they prove.

use ledger::{
    Error,
    disk::MemoryDisk,
    log::{Summary, export, verify_export},
};

use crate::common::{Event, ID, create, damage, filled};

fn verify(mut bytes: &[u8], expected: &[u8; 32]) -> ledger::Result<(Summary, Vec<Event>)> {
    let mut found = Vec::new();
    let summary =
        verify_export(&mut bytes, expected, &mut |record| found.push(record.clone().into()))?;
    Ok((summary, found))
}

#[test]
fn an_export_holds_what_it_says_and_proves_it() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    for from in 1..=all.len() {
        for to in from..=all.len() {
            let mut bytes = Vec::new();
            let last = export(&log, from as u64..=to as u64, &mut bytes).unwrap();
            let (summary, found) = verify(&bytes, &last.hash).unwrap();
            assert_eq!(found, all[from - 1..to]);
            assert_eq!((summary.id, summary.last), (ID, last));
            assert_eq!(summary.before.op, from as u64 - 1);
            assert_eq!(summary.records, (to - from + 1) as u64);
            let events: u64 = found.iter().map(|event| u64::from(event.count)).sum();
            assert_eq!((summary.events, summary.bytes), (events, bytes.len() as u64));
        }
    }
}

/// When something was synced is no part of what happened.
#[test]
fn the_same_records_make_the_same_export_however_they_were_grouped() {
    let disk = MemoryDisk::new();
    let (log, all, _) = filled(&disk);
    let other = MemoryDisk::new();
    let mut one_by_one = create(&other);
    for event in &all {
        one_by_one.append(&[event.draft()]).unwrap();
        one_by_one.sync().unwrap();
    }
    assert_eq!(log.tail(), one_by_one.tail());
    let whole = |log| {
        let mut bytes = Vec::new();
        export(log, 1..=all.len() as u64, &mut bytes).unwrap();
        bytes
    };
    assert_eq!(whole(&log), whole(&one_by_one));
}

#[test]
fn no_byte_can_be_changed_cut_or_added() {
    let disk = MemoryDisk::new();
    let (log, _, _) = filled(&disk);
    let mut bytes = Vec::new();
    let last = export(&log, 2..=6, &mut bytes).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let error = verify(&changed, &last.hash).unwrap_err();
        let (_, offset) = damage(&error);
        assert!(offset <= at as u64, "{error}");
        assert!(matches!(verify(&bytes[..at], &last.hash), Err(Error::Corruption { .. })));
    }
    let mut more = bytes.clone();
    more.push(0);
    assert!(verify(&more, &last.hash).is_err());
    let mut other = last.hash;
    other[0] ^= 1;
    assert!(matches!(verify(&bytes, &other), Err(Error::Mismatch(_))));
    // A whole and sound one of other records has another hash.
    let mut fewer = Vec::new();
    export(&log, 2..=5, &mut fewer).unwrap();
    assert!(matches!(verify(&fewer, &last.hash), Err(Error::Mismatch(_))));
}

#[test]
fn a_length_that_nobody_vouches_for_reserves_nothing() {
    let disk = MemoryDisk::new();
    let (log, _, _) = filled(&disk);
    let mut bytes = Vec::new();
    let last = export(&log, 1..=1, &mut bytes).unwrap();
    bytes[128 + 52..128 + 56].copy_from_slice(&u32::MAX.to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[128..136]), &bytes[140..256]);
    bytes[136..140].copy_from_slice(&crc.to_le_bytes());
    let (_, offset) = damage(&verify(&bytes, &last.hash).unwrap_err());
    assert!(offset >= 256);
}

#[test]
fn only_what_is_durable_can_be_exported() {
    let disk = MemoryDisk::new();
    let (mut log, all, _) = filled(&disk);
    let end = all.len() as u64;
    log.append(&[Event::of(end + 1, vec![1]).draft()]).unwrap();
    #[allow(clippy::reversed_empty_ranges)] // that it is one is what is tested
    for ops in [0..=1, 1..=end + 1, 3..=2, end + 5..=end + 9] {
        let mut out = Vec::new();
        assert!(matches!(export(&log, ops, &mut out), Err(Error::Mismatch(_))));
        assert!(out.is_empty());
    }
}
