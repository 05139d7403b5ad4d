//! Snapshots: what is damaged is named and left out, and a crash leaves the ones before.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::io::{self, Read};

use ledger::{
    Error,
    disk::{
        Disk, MemoryDisk,
        memory::{Fault, OperationKind},
    },
    log::Mark,
    snapshot::{self, Newest},
};
use proptest::prelude::*;

fn mark(op: u64) -> Mark {
    Mark { op, timestamp: op * 10, hash: [op as u8; 32] }
}

fn content(op: u64, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u64 * 31 + at as u64 / 251 + op * 7) as u8).collect()
}

fn write(disk: &MemoryDisk, op: u64, length: usize) -> ledger::Result<()> {
    let bytes = content(op, length);
    snapshot::write(disk, mark(op), [op as u8 + 100; 32], &mut |out| {
        // In pieces of many lengths.
        for (number, piece) in bytes.chunks(30_011).enumerate() {
            let (some, rest) = piece.split_at(piece.len() / (number + 1));
            out.write_all(some)?;
            out.write_all(rest)?;
        }
        out.flush()
    })
}

fn ops(disk: &MemoryDisk) -> Vec<u64> {
    disk.names().unwrap().iter().map(|name| name["snapshot-".len()..].parse().unwrap()).collect()
}

/// The operation of the newest good one, whose content must be what was written.
fn found(newest: Newest, length: usize) -> Option<u64> {
    let found = newest.found?;
    let op = found.mark.op;
    assert_eq!((found.mark, found.digest), (mark(op), [op as u8 + 100; 32]));
    assert_eq!(found.bytes, length as u64);
    let mut bytes = Vec::new();
    found.into_body().read_to_end(&mut bytes).unwrap();
    assert!(bytes == content(op, length));
    Some(op)
}

#[test]
fn the_newest_is_found_and_the_last_two_are_kept() {
    let disk = MemoryDisk::new();
    assert_eq!(found(snapshot::newest(&disk).unwrap(), 0), None);
    for (op, kept) in [(3, &[3][..]), (7, &[3, 7]), (7, &[3, 7]), (20, &[7, 20]), (21, &[20, 21])] {
        write(&disk, op, 1000).unwrap();
        assert_eq!(ops(&disk), kept);
        assert_eq!(found(snapshot::newest(&disk).unwrap(), 1000), Some(op));
    }
    assert_eq!(found(snapshot::newest_before(&disk, 21).unwrap(), 1000), Some(20));
    assert_eq!(found(snapshot::newest_before(&disk, 20).unwrap(), 1000), None);
    assert_eq!(ops(&disk.crash(512, &mut |_| 0)), [20, 21], "all of it is durable");
}

#[test]
fn contents_of_all_lengths_come_back() {
    let block = 65_532;
    for length in [0, 1, block - 1, block, block + 1, 2 * block, 3 * block + 17] {
        let disk = MemoryDisk::new();
        write(&disk, 5, length).unwrap();
        assert_eq!(found(snapshot::newest(&disk).unwrap(), length), Some(5));
    }
}

#[test]
fn no_flipped_bit_is_silent() {
    let disk = MemoryDisk::new();
    write(&disk, 5, 300).unwrap();
    write(&disk, 6, 70_000).unwrap();
    let name = "snapshot-00000000000000000006";
    let length = disk.bytes(name).unwrap().len() as u64;
    let places = (0..600).chain(65_500..65_700).chain(length - 100..length);
    for offset in places {
        disk.flip(name, offset, (offset % 8) as u8);
        let newest = snapshot::newest(&disk).unwrap();
        assert_eq!((newest.bad.len(), newest.bad[0].op), (1, 6));
        assert!(newest.bad[0].path.ends_with(name));
        match &newest.bad[0].error {
            Error::Corruption { path, offset: at, .. } => {
                assert!(path.ends_with(name) && *at <= offset);
            }
            other => panic!("{other}"),
        }
        assert_eq!(found(newest, 300), Some(5));
        disk.flip(name, offset, (offset % 8) as u8);
    }
    assert_eq!(found(snapshot::newest(&disk).unwrap(), 70_000), Some(6));
}

#[test]
fn cut_long_and_foreign_files_are_named() {
    let disk = MemoryDisk::new();
    write(&disk, 5, 300).unwrap();
    write(&disk, 6, 70_000).unwrap();
    let name = "snapshot-00000000000000000006";
    let whole = disk.bytes(name).unwrap();
    for length in [0, 1, 127, 128, 131, 40_000, whole.len() - 1] {
        disk.set_bytes(name, whole[..length].to_vec());
        let newest = snapshot::newest(&disk).unwrap();
        assert_eq!(newest.bad.len(), 1);
        assert_eq!(found(newest, 300), Some(5));
    }
    let mut longer = whole.clone();
    longer.push(0);
    disk.set_bytes(name, longer);
    assert_eq!(snapshot::newest(&disk).unwrap().bad.len(), 1);
    // Another one under its name, and a block of another one in its place.
    disk.set_bytes(name, disk.bytes("snapshot-00000000000000000005").unwrap());
    assert_eq!(snapshot::newest(&disk).unwrap().bad.len(), 1);
    disk.set_bytes(name, whole.clone());
    write(&disk, 7, 70_000).unwrap();
    let mut mixed = whole.clone();
    mixed[128..65_664]
        .copy_from_slice(&disk.bytes("snapshot-00000000000000000007").unwrap()[128..65_664]);
    disk.set_bytes(name, mixed);
    let newest = snapshot::newest_before(&disk, 7).unwrap();
    assert_eq!((newest.bad.len(), newest.found.is_none()), (1, true));
}

/// The good one that there is to fall back to is not removed for a damaged one.
#[test]
fn what_is_damaged_is_not_counted_among_those_that_are_kept() {
    let disk = MemoryDisk::new();
    write(&disk, 5, 300).unwrap();
    write(&disk, 6, 300).unwrap();
    disk.flip("snapshot-00000000000000000006", 200, 1);
    write(&disk, 7, 300).unwrap();
    assert_eq!(ops(&disk), [5, 6, 7]);
    disk.flip("snapshot-00000000000000000007", 200, 1);
    let newest = snapshot::newest(&disk).unwrap();
    assert_eq!(newest.bad.iter().map(|bad| bad.op).collect::<Vec<_>>(), [7, 6]);
    assert_eq!(found(newest, 300), Some(5));
    // One of a newer operation stays as well: the log was cut, and it is not for this to judge.
    write(&disk, 4, 300).unwrap();
    disk.flip("snapshot-00000000000000000007", 200, 1);
    write(&disk, 8, 300).unwrap();
    assert_eq!(ops(&disk), [7, 8]);
}

#[test]
fn a_newer_version_is_named() {
    let disk = MemoryDisk::new();
    write(&disk, 6, 10).unwrap();
    let name = "snapshot-00000000000000000006";
    let mut bytes = disk.bytes(name).unwrap();
    bytes[8] = 9;
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..128]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    disk.set_bytes(name, bytes);
    assert!(matches!(snapshot::newest(&disk), Err(Error::Version { found: 9, known: 1, .. })));
}

#[test]
fn an_unreadable_one_is_an_error_and_not_damage() {
    let disk = MemoryDisk::new();
    write(&disk, 6, 10).unwrap();
    for nth in 0..2 {
        disk.fault_at(OperationKind::Read, nth, Fault::Fail(io::ErrorKind::Other));
        assert!(matches!(snapshot::newest(&disk), Err(Error::Io { .. })));
    }
}

#[test]
fn what_changes_after_it_was_checked_is_an_error_of_the_reading() {
    let disk = MemoryDisk::new();
    write(&disk, 6, 100_000).unwrap();
    let mut body = snapshot::newest(&disk).unwrap().found.unwrap().into_body();
    disk.flip("snapshot-00000000000000000006", 90_000, 1);
    let mut bytes = Vec::new();
    let error = body.read_to_end(&mut bytes).unwrap_err();
    assert!(error.to_string().contains("is damaged at byte 65664"), "{error}");
}

#[test]
fn a_body_or_a_disk_that_fails_leaves_what_was_there() {
    let disk = MemoryDisk::new();
    write(&disk, 5, 300).unwrap();
    let failed = snapshot::write(&disk, mark(6), [0; 32], &mut |out| {
        out.write_all(&[1; 100_000])?;
        Err(io::Error::other("no more"))
    });
    assert!(failed.unwrap_err().to_string().contains("no more"));
    assert_eq!(ops(&disk), [5]);
    disk.set_capacity(Some(disk.used() + 50_000));
    assert!(matches!(write(&disk, 6, 100_000), Err(Error::Io { .. })));
    assert_eq!(ops(&disk), [5]);
    disk.set_capacity(None);
    write(&disk, 6, 100_000).unwrap();
    assert_eq!(found(snapshot::newest(&disk).unwrap(), 100_000), Some(6));
}

#[test]
fn a_crash_at_every_operation_leaves_a_good_one() {
    let before = MemoryDisk::new();
    write(&before, 4, 70_000).unwrap();
    write(&before, 5, 70_000).unwrap();
    let whole = before.fork();
    write(&whole, 6, 70_000).unwrap();
    for point in 0..whole.operations() {
        for seed in 0..20_u64 {
            let disk = before.fork();
            disk.on_operation(move |operation| {
                (operation.number == point).then_some(Fault::PowerOff)
            });
            let written = write(&disk, 6, 70_000).is_ok();
            let mut random = seed * 1000 + point + 1;
            let after = disk.crash(512, &mut |unsynced| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                match seed {
                    0 => 0,
                    1 => unsynced.versions,
                    _ => (random >> 33) as usize % (unsynced.versions + 1),
                }
            });
            let newest = snapshot::newest(&after).unwrap();
            assert!(newest.bad.is_empty());
            let op = found(newest, 70_000).unwrap();
            assert!(op == 6 || op == 5 && !written, "crash at {point}, seed {seed}: {op}");
            write(&after, 7, 70_000).unwrap();
            assert_eq!(found(snapshot::newest(&after).unwrap(), 70_000), Some(7));
            assert_eq!(after.names().unwrap().len(), 2);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_under_a_name_are_bad_or_good_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        length in any::<u64>(),
    ) {
        let disk = MemoryDisk::new();
        disk.set_bytes("snapshot-00000000000000000006", bytes);
        prop_assert_eq!(snapshot::newest(&disk).unwrap().bad.len(), 1);
        // A sound header that says anything of the length.
        write(&disk, 6, 10).unwrap();
        let mut bytes = disk.bytes("snapshot-00000000000000000006").unwrap();
        bytes[96..104].copy_from_slice(&length.to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..128]);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        disk.set_bytes("snapshot-00000000000000000006", bytes);
        prop_assert_eq!(snapshot::newest(&disk).unwrap().bad.len(), usize::from(length != 10));
    }
}
