use std::{collections::BTreeSet, slice};

use super::*;
use crate::fs::{CountingFs, File, FileSystem, LockMode, OpenMode, Purpose, conformance};

mod model;

const LOSSES: [CrashMode; 3] = [CrashMode::Process, CrashMode::Power, CrashMode::PowerLoseAll];

fn create(fs: &SimFs, path: &str) -> Arc<dyn File> {
    fs.open(Path::new(path), OpenMode::CreateNew, Purpose::Other).unwrap()
}

/// A file whose name is durable, and whose content is 2000 durable bytes of `old`.
fn old_file(fs: &SimFs, path: &str) -> Arc<dyn File> {
    fs.write_file(path, &[b'o'; 2000]).unwrap();
    fs.open(Path::new(path), OpenMode::ReadWrite, Purpose::Other).unwrap()
}

fn store(map: &crate::fs::Mapping, offset: usize, bytes: &[u8]) {
    assert!(offset + bytes.len() <= map.len());
    // SAFETY: in bounds, and the tests hold no references while they store.
    unsafe { map.as_ptr().add(offset).copy_from(bytes.as_ptr(), bytes.len()) };
    map.stored(offset, bytes.len());
}

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("the operation should have failed").kind()
}

#[test]
fn conforms() {
    conformance::check(&SimFs::new(), Path::new("/"));
    conformance::check(&SimFs::new(), Path::new(""));
    conformance::check(&CountingFs::new(Arc::new(SimFs::new())), Path::new("/"));
}

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

#[test]
fn a_rename_leaves_the_old_file_or_the_new_one() {
    let fs = SimFs::new();
    let (aside, target) = (Path::new("/db/CURRENT.new"), Path::new("/db/CURRENT"));
    fs.write_file(target, b"old").unwrap();
    let new = create(&fs, "/db/CURRENT.new");
    new.write_all_at(b"the new one", 0).unwrap();
    new.sync_data().unwrap();
    fs.rename(aside, target).unwrap();
    let mut seen = BTreeSet::new();
    for seed in 0..50 {
        let after = fs.crash(CrashMode::Power, seed);
        let bytes = after.read_file(target).unwrap();
        let left = after.read_file(aside).ok();
        // The rename builds on the creation; the name aside is gone exactly if the rename came through.
        assert!(left.is_none() || bytes == b"old");
        seen.insert((bytes, left));
    }
    let (old, whole) = (b"old".to_vec(), b"the new one".to_vec());
    assert_eq!(
        seen,
        BTreeSet::from([
            (old.clone(), None),
            (old.clone(), Some(whole.clone())),
            (whole.clone(), None)
        ])
    );
    assert_eq!(fs.crash(CrashMode::PowerLoseAll, 0).read_file(target).unwrap(), old);
    fs.sync_dir(Path::new("/db")).unwrap();
    for mode in LOSSES {
        assert_eq!(fs.crash(mode, 3).read_file(target).unwrap(), whole);
    }
}

#[test]
fn renaming_before_syncing_the_data_may_leave_rubbish() {
    let fs = SimFs::new();
    fs.write_file("/f", b"old").unwrap();
    create(&fs, "/g").write_all_at(&[b'n'; 2000], 0).unwrap();
    fs.rename(Path::new("/g"), Path::new("/f")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let broken = |seed| {
        let after = fs.crash(CrashMode::Power, seed).read_file("/f").unwrap();
        after != b"old" && after != [b'n'; 2000]
    };
    assert!((0..50).any(broken), "the classic bug must show");
}

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
fn links_share_bytes_and_their_names_are_durable_one_by_one() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/a/f");
    fs.create_dir_all(Path::new("/b")).unwrap();
    fs.hard_link(Path::new("/a/f"), Path::new("/b/g")).unwrap();
    file.write_all_at(b"both", 0).unwrap();
    assert_eq!(fs.read_file("/b/g").unwrap(), fs.read_file("/a/f").unwrap());
    file.sync_data().unwrap();
    fs.sync_dir(Path::new("/b")).unwrap();
    let lost = fs.crash(CrashMode::PowerLoseAll, 0);
    assert_eq!(lost.paths(), [Path::new("/a/f")], "the directory's own name was not synced");
    fs.sync_dir(Path::new("/")).unwrap();
    fs.remove(Path::new("/a/f")).unwrap();
    fs.sync_dir(Path::new("/a")).unwrap();
    let lost = fs.crash(CrashMode::PowerLoseAll, 0);
    assert_eq!(lost.paths(), [Path::new("/b/g")]);
    assert_eq!(&lost.read_file("/b/g").unwrap()[..5], b"botho");
    // The names of one file are one file in the next life, too.
    lost.hard_link(Path::new("/b/g"), Path::new("/b/h")).unwrap();
    let killed = lost.crash(CrashMode::Process, 0);
    let again = killed.open(Path::new("/b/h"), OpenMode::ReadWrite, Purpose::Other).unwrap();
    again.write_all_at(b"BOTH", 0).unwrap();
    assert_eq!(&killed.read_file("/b/g").unwrap()[..4], b"BOTH");
    assert_eq!(killed.used(), 4 * SECTOR);
}

#[test]
fn a_removal_that_was_not_synced_may_come_undone() {
    let fs = SimFs::new();
    drop(old_file(&fs, "/f"));
    fs.remove(Path::new("/f")).unwrap();
    drop(create(&fs, "/f"));
    let seen: BTreeSet<Option<usize>> = (0..60)
        .map(|seed| fs.crash(CrashMode::Power, seed).read_file("/f").ok().map(|f| f.len()))
        .collect();
    assert_eq!(seen, BTreeSet::from([None, Some(0), Some(2000)]));
    assert_eq!(fs.used(), 0);
    assert_eq!(fs.crash(CrashMode::PowerLoseAll, 0).used(), 4 * SECTOR);
}

#[test]
fn stores_are_data_once_they_are_reported() {
    let fs = SimFs::new();
    let file = create(&fs, "/segment");
    file.allocate(4096).unwrap();
    file.sync_data().unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let map = file.map(4096, true).unwrap();
    store(&map, 10, b"reported");
    // SAFETY: in bounds, and nobody refers to the byte.
    unsafe { map.as_ptr().add(100).write(b'x') };
    let mut seen = [0];
    file.read_exact_at(&mut seen, 100).unwrap();
    assert_eq!(&seen, b"x", "the process sees its stores at once");
    file.sync_data().unwrap();
    for mode in LOSSES {
        let after = fs.crash(mode, 0).read_file("/segment").unwrap();
        assert_eq!((&after[10..18], after[100]), (&b"reported"[..], 0), "{mode:?}");
    }
    // Two short mappings and a long one, which needs new memory: Unsupported while the short ones are there.
    file.write_all_at(b"longer", 4094).unwrap();
    let longer = file.map(4100, false);
    assert_eq!(kind(longer), ErrorKind::Unsupported);
    drop(map);
    let map = file.map(4100, false).unwrap();
    // SAFETY: in bounds, and nobody stores.
    let bytes = unsafe { slice::from_raw_parts(map.as_ptr(), 4100) };
    assert_eq!((bytes[10], bytes[100], &bytes[4094..]), (b'r', b'x', &b"longer"[..]));
    assert!(!map.hears_stores());
    fs.set_mappable(false);
    assert_eq!(kind(file.map(10, false)), ErrorKind::Unsupported);
    assert_eq!(kind(file.map(0, false)), ErrorKind::InvalidInput);
}

#[test]
fn a_crash_tears_a_store() {
    let lengths: BTreeSet<usize> = (0..50)
        .map(|seed| {
            let fs = SimFs::new();
            let file = old_file(&fs, "/f");
            let map = file.map(2000, true).unwrap();
            fs.set_plan(FaultPlan::new().seed(seed).crash_at(1));
            store(&map, 0, b"first");
            store(&map, 5, &[b's'; 1000]);
            assert!(fs.is_dead());
            let after = fs.crash(CrashMode::Process, 0).read_file("/f").unwrap();
            assert_eq!(&after[..5], b"first");
            let torn = after[5..].iter().take_while(|&&byte| byte == b's').count();
            assert!(after[5 + torn..].iter().all(|&byte| byte == b'o'));
            torn
        })
        .collect();
    assert!(lengths.len() > 25 && lengths.iter().all(|&len| len <= 1000));
}

#[test]
fn threads_store_beside_each_other_while_another_syncs() {
    let fs = SimFs::new();
    let file = create(&fs, "/segment");
    file.allocate(3000).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let map = file.map(3000, true).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3_usize {
            let map = &map;
            scope.spawn(move || {
                for index in 0..20 {
                    store(map, (index * 3 + thread) * 50, &[thread as u8 + 1; 50]);
                }
            });
        }
        for _ in 0..5 {
            file.sync_data().unwrap();
            let _ = fs.crash(CrashMode::Power, 1);
        }
    });
    file.sync_data().unwrap();
    let after = fs.crash(CrashMode::PowerLoseAll, 0).read_file("/segment").unwrap();
    for (index, chunk) in after.chunks(50).enumerate() {
        assert_eq!(chunk, [(index % 3) as u8 + 1; 50]);
    }
}

#[test]
fn a_flipped_bit_is_on_the_disk_and_in_mappings() {
    let fs = SimFs::new();
    let file = old_file(&fs, "/f");
    let map = file.map(2000, false).unwrap();
    fs.corrupt("/f", 1999, 1).unwrap();
    // SAFETY: in bounds, and nobody stores.
    assert_eq!(unsafe { map.as_ptr().add(1999).read() }, b'o' ^ 2);
    for mode in LOSSES {
        assert_eq!(fs.crash(mode, 0).read_file("/f").unwrap()[1998..], [b'o', b'o' ^ 2]);
    }
    assert_eq!(kind(fs.corrupt("/f", 2000, 1)), ErrorKind::UnexpectedEof);
    assert_eq!(kind(fs.corrupt("/g", 0, 1)), ErrorKind::NotFound);
    assert_eq!(fs.points(), 0);
}

#[test]
fn preparing_files_is_durable_and_checked() {
    let fs = SimFs::new();
    fs.write_file("/a/b/f", b"1").unwrap();
    let old = fs.open(Path::new("/a/b/f"), OpenMode::Read, Purpose::Other).unwrap();
    fs.write_file("/a/b/../b/./f", b"22").unwrap();
    assert_eq!((old.len().unwrap(), fs.read_file("/a/b/f").unwrap()), (1, b"22".to_vec()));
    assert_eq!(kind(fs.write_file("/a/b", b"")), ErrorKind::IsADirectory);
    assert_eq!(kind(fs.write_file("/a/b/f/g", b"")), ErrorKind::NotADirectory);
    drop(create(&fs, "/a/g"));
    fs.remove(Path::new("/a/g")).unwrap();
    fs.write_file("/a/g", b"3").unwrap();
    for seed in 0..20 {
        let after = fs.crash(CrashMode::Power, seed);
        assert_eq!(after.read_file("/a/b/f").unwrap(), b"22");
        assert_eq!(after.read_file("/a/g").unwrap(), b"3");
    }
    drop(create(&fs, "/a/h"));
    fs.sync_all();
    assert_eq!(fs.crash(CrashMode::PowerLoseAll, 0).paths().len(), 3);
}

#[test]
fn changes_of_one_name_come_through_in_order() {
    let fs = SimFs::new();
    let [x, y, z] = ["/x/a", "/y/b", "/z/c"].map(Path::new);
    for path in [x, y, z] {
        fs.write_file(path, b"").unwrap();
        fs.remove(path).unwrap();
    }
    fs.sync_all();
    fs.write_file(x, b"one").unwrap();
    fs.rename(x, y).unwrap();
    fs.rename(y, z).unwrap();
    // One file, never two names and never none: the second rename builds on the first.
    let seen: BTreeSet<Vec<PathBuf>> =
        (0..60).map(|seed| fs.crash(CrashMode::Power, seed).paths()).collect();
    assert_eq!(seen, BTreeSet::from([x, y, z].map(|path| vec![path.to_owned()])));
    // A sync of the last directory takes along what it builds on.
    fs.sync_dir(Path::new("/z")).unwrap();
    assert_eq!(fs.crash(CrashMode::PowerLoseAll, 0).paths(), [z]);
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
