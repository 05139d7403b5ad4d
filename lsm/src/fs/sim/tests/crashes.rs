//! What a crash leaves of the data of files.

use std::{collections::BTreeSet, slice};

use super::*;
use crate::fs::LockMode;

#[test]
fn a_killed_process_loses_nothing_but_what_it_synced_alone_is_durable() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    file.write_all_at(&[b'n'; 600], 1800).unwrap();
    create(&fs, "/g").write_all_at(b"g", 0).unwrap();
    let killed = fs.crash(CrashMode::Process, 0);
    assert_eq!(killed.read_file("/f").unwrap().len(), 2400);
    assert_eq!(killed.paths(), [Path::new("/f"), Path::new("/g")]);
    // The second crash is of the machine: nobody has synced in between.
    for lost in [killed.crash(CrashMode::PowerLoseAll, 0), fs.crash(CrashMode::PowerLoseAll, 0)] {
        assert_eq!(lost.read_file("/f").unwrap(), [b'o'; 2000]);
        assert_eq!(lost.paths(), [Path::new("/f")]);
    }
    file.sync_data().unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let lost = fs.crash(CrashMode::PowerLoseAll, 0);
    assert_eq!(lost.read_file("/f").unwrap(), fs.read_file("/f").unwrap());
    assert_eq!(lost.read_file("/g").unwrap(), b"", "its name was synced, its data was not");
}

#[test]
fn a_power_cut_mixes_old_and_new_sectors_and_tears_some() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    file.write_all_at(&[b'n'; 3000], 0).unwrap();
    let (mut outcomes, mut lengths, mut torn) = (BTreeSet::new(), BTreeSet::new(), 0);
    for seed in 0..300 {
        let after = fs.crash(CrashMode::Power, seed).read_file("/f").unwrap();
        assert_eq!(after, fs.crash(CrashMode::Power, seed).read_file("/f").unwrap());
        assert!((2000..=3000).contains(&after.len()));
        for (sector, bytes) in after.chunks(SECTOR as usize).enumerate() {
            // New bytes, then old ones, then (beyond the old end) zeros.
            let new = bytes.iter().take_while(|&&byte| byte == b'n').count();
            let rest = &bytes[new..];
            for (index, &byte) in rest.iter().enumerate() {
                let offset = sector * SECTOR as usize + new + index;
                assert_eq!(byte, if offset < 2000 { b'o' } else { 0 }, "seed {seed}, {offset}");
            }
            torn += usize::from(new > 0 && !rest.is_empty());
        }
        lengths.insert(after.len());
        outcomes.insert(after);
    }
    assert!(outcomes.len() > 50 && lengths.len() > 20 && torn > 10);
    assert!(outcomes.contains(&vec![b'n'; 3000]) && outcomes.contains(&vec![b'o'; 2000]));
}

#[test]
fn a_cut_that_was_not_synced_comes_back_or_not_and_never_leaks_into_an_extension() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    file.set_len(700).unwrap();
    let lengths: BTreeSet<usize> = (0..50)
        .map(|seed| fs.crash(CrashMode::Power, seed).read_file("/f").unwrap().len())
        .collect();
    assert_eq!(lengths, BTreeSet::from([700, 2000]));
    file.set_len(2000).unwrap();
    file.sync_data().unwrap();
    let after = fs.crash(CrashMode::PowerLoseAll, 0).read_file("/f").unwrap();
    assert_eq!((&after[..700], &after[700..]), (&[b'o'; 700][..], &[0; 1300][..]));
}

#[test]
fn a_write_is_torn_at_the_point_of_the_crash() {
    let mut prefixes = BTreeSet::new();
    for seed in 0..100 {
        let fs = SimFs::new();
        let file = old_file(&fs, "/f");
        fs.set_plan(FaultPlan::new().seed(seed).crash_at(0));
        assert!(is_crash(&file.write_all_at(&[b'n'; 900], 100).unwrap_err()));
        assert!(fs.is_dead());
        let after = fs.crash(CrashMode::Process, 0).read_file("/f").unwrap();
        let torn = after[100..].iter().take_while(|&&byte| byte == b'n').count();
        assert!(torn <= 900 && after[100 + torn..].iter().all(|&byte| byte == b'o'));
        assert_eq!(after[..100], [b'o'; 100]);
        prefixes.insert(torn);
    }
    assert!(prefixes.len() > 50);
}

#[test]
fn a_dead_process_can_do_nothing() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    let map = file.map(2000, true).unwrap();
    let lock = fs.lock(Path::new("/f"), LockMode::Exclusive).unwrap();
    fs.kill();
    let path = Path::new("/f");
    let errors = [
        file.len().unwrap_err(),
        file.read_exact_at(&mut [0], 0).unwrap_err(),
        file.write_all_at(b"n", 0).unwrap_err(),
        file.set_len(0).unwrap_err(),
        file.allocate(5000).unwrap_err(),
        file.sync_data().unwrap_err(),
        file.map(1, false).unwrap_err(),
        fs.open(path, OpenMode::Read, Purpose::Other).unwrap_err(),
        fs.create_dir_all(Path::new("/d")).unwrap_err(),
        fs.remove(path).unwrap_err(),
        fs.rename(path, Path::new("/g")).unwrap_err(),
        fs.hard_link(path, Path::new("/g")).unwrap_err(),
        fs.list(Path::new("/")).unwrap_err(),
        fs.metadata(path).unwrap_err(),
        fs.sync_dir(Path::new("/")).unwrap_err(),
        fs.lock(path, LockMode::Shared).unwrap_err(),
    ];
    assert!(errors.iter().all(is_crash));
    assert!(!is_crash(&io::Error::other("something else")));
    assert_eq!(fs.points(), 0);
    store(&map, 0, b"too late");
    let next = fs.crash(CrashMode::Process, 0);
    assert_eq!(next.read_file("/f").unwrap(), [b'o'; 2000]);
    assert!(next.lock(path, LockMode::Exclusive).unwrap().is_some(), "locks die with the process");
    // The old memory is still there, and is no longer the file.
    // SAFETY: 8 bytes are mapped, and nobody stores to them now.
    assert_eq!(unsafe { slice::from_raw_parts(map.as_ptr(), 8) }, b"too late");
    drop((map, lock, file));
}
