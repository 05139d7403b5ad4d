//! What a crash leaves of names: renames, links, removals.

use std::collections::BTreeSet;

use super::*;

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
