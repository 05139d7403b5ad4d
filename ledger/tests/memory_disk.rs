//! The disk in memory: what it may lose, and what it may not.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::io;

use ledger::disk::{
    Disk, MemoryDisk,
    memory::{Fault, OperationKind, UnsyncedKind},
};

fn disk_with(name: &str, bytes: u64) -> (MemoryDisk, std::sync::Arc<dyn ledger::disk::File>) {
    let disk = MemoryDisk::new();
    let file = disk.create(name, bytes).unwrap();
    disk.sync_names().unwrap();
    (disk, file)
}

#[test]
fn every_version_of_a_sector_can_be_found_and_nothing_else() {
    let (disk, file) = disk_with("a", 1024);
    file.write_at(&[1; 700], 0).unwrap();
    file.sync().unwrap();
    file.write_at(&[2; 4], 510).unwrap();
    file.write_at(&[3; 2], 509).unwrap();
    for first in 0..3 {
        for second in 0..2 {
            let after = disk.fork().crash(512, &mut |unsynced| match unsynced.offset {
                0 => first,
                _ => second,
            });
            let bytes = after.bytes("a").unwrap();
            let expected: &[u8] = match first {
                0 => &[1, 1, 1],
                1 => &[1, 2, 2],
                _ => &[3, 3, 2],
            };
            assert_eq!(&bytes[509..512], expected);
            assert_eq!(bytes[512..515], if second == 0 { [1, 1, 1] } else { [2, 2, 1] });
            assert_eq!(bytes.len(), 1024);
        }
    }
}

#[test]
fn a_file_that_grew_may_have_its_old_length() {
    let (disk, file) = disk_with("a", 0);
    file.write_at(&[7; 600], 0).unwrap();
    let short = disk.fork().crash(512, &mut |_| 0);
    assert_eq!(short.bytes("a").unwrap(), b"");
    let hole =
        disk.fork().crash(512, &mut |unsynced| usize::from(unsynced.what == UnsyncedKind::Length));
    assert_eq!(hole.bytes("a").unwrap(), [0; 600]);
    assert_eq!(disk.crash(512, &mut |_| 1).bytes("a").unwrap(), [7; 600]);
    assert_eq!(file.len().unwrap_err().to_string(), "the machine is off");
}

#[test]
fn names_come_through_in_their_order_or_not_at_all() {
    let (disk, _) = disk_with("old", 1);
    disk.create("new", 2).unwrap();
    disk.rename("new", "old").unwrap();
    disk.create("new", 3).unwrap();
    disk.remove("new").unwrap();
    let mut found = std::collections::BTreeSet::new();
    for choices in 0..16_u32 {
        let mut number = 0;
        let after = disk.fork().crash(512, &mut |_| {
            number += 1;
            (choices >> (number - 1)) as usize & 1
        });
        let lengths: Vec<(String, usize)> = after
            .names()
            .unwrap()
            .into_iter()
            .map(|name| (name.clone(), after.bytes(&name).unwrap().len()))
            .collect();
        found.insert(lengths);
    }
    let old = |length| ("old".to_owned(), length);
    let new = |length| ("new".to_owned(), length);
    let expected = [vec![old(1)], vec![new(2), old(1)], vec![old(2)], vec![new(3), old(2)]];
    assert_eq!(found, expected.into_iter().collect());
}

#[test]
fn a_failed_sync_is_final() {
    let (disk, file) = disk_with("a", 512);
    file.write_at(b"x", 0).unwrap();
    disk.fault_at(OperationKind::Sync, 0, Fault::Fail(io::ErrorKind::Other));
    assert!(file.sync().is_err());
    file.sync().unwrap();
    assert_eq!(disk.fork().crash(512, &mut |_| 0).bytes("a").unwrap()[0], 0);
    assert_eq!(disk.fork().crash(512, &mut |_| 1).bytes("a").unwrap()[0], b'x');
    file.write_at(b"yz", 1).unwrap();
    file.sync().unwrap();
    assert_eq!(&disk.fork().crash(512, &mut |_| 0).bytes("a").unwrap()[..3], b"\0yz");
    let killed = disk.kill();
    assert_eq!(&killed.bytes("a").unwrap()[..3], b"xyz");
    let file = killed.open("a").unwrap();
    file.write_at(b"xy", 0).unwrap();
    file.sync().unwrap();
    assert_eq!(&killed.crash(512, &mut |_| 0).bytes("a").unwrap()[..3], b"xyz");
}

#[test]
fn faults_do_what_they_say() {
    let (disk, file) = disk_with("a", 512);
    disk.fault_at(OperationKind::Write, 1, Fault::Misdirect(64));
    file.write_at(b"one", 0).unwrap();
    file.write_at(b"two", 0).unwrap();
    assert_eq!(&disk.bytes("a").unwrap()[..3], b"one");
    assert_eq!(&disk.bytes("a").unwrap()[64..67], b"two");
    disk.fault_at(OperationKind::Write, 0, Fault::Tear(2, io::ErrorKind::Other));
    assert!(file.write_at(b"xyz", 0).is_err());
    assert_eq!(&disk.bytes("a").unwrap()[..3], b"xye");
    disk.fault_at(OperationKind::Write, 0, Fault::Lose);
    file.write_at(b"abc", 0).unwrap();
    assert_eq!(&disk.bytes("a").unwrap()[..3], b"xye");
    assert!(disk.flip("a", 1, 0));
    assert_eq!(&disk.bytes("a").unwrap()[..3], b"xxe");
    disk.set_capacity(Some(600));
    assert_eq!(disk.create("b", 100).err().unwrap().kind(), io::ErrorKind::StorageFull);
    assert_eq!(file.write_at(&[0; 200], 500).unwrap_err().kind(), io::ErrorKind::StorageFull);
    disk.create("b", 88).unwrap();
    disk.fault_at(OperationKind::Read, 0, Fault::PowerOff);
    assert!(file.read_at(&mut [0; 4], 0).is_err());
    assert!(disk.names().is_err());
}
