//! What every [`FileSystem`] must do: one suite, run against each implementation.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Advice, DirEntry, File, FileSystem, LockMode, OpenMode, Purpose};

/// Runs the whole suite in subdirectories of `root`, which must exist.
pub(super) fn check(fs: &dyn FileSystem, root: &Path) {
    let room = |name: &str| {
        let dir = root.join(name).join("inner");
        fs.create_dir_all(&dir).unwrap();
        dir
    };
    opening(fs, &room("opening"));
    positioned(fs, &room("positioned"));
    lengths(fs, &room("lengths"));
    names(fs, &room("names"));
    links(fs, &room("links"));
    removed_files_live_on(fs, &room("removed"));
    mappings(fs, &room("mappings"));
    mapping_errors(fs, &room("mapping-errors"));
    locks(fs, &room("locks"));
}

fn create(fs: &dyn FileSystem, path: &Path) -> Arc<dyn File> {
    fs.open(path, OpenMode::CreateNew, Purpose::Other).unwrap()
}

fn content(file: &dyn File) -> Vec<u8> {
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn content_at(fs: &dyn FileSystem, path: &Path) -> Vec<u8> {
    content(&*fs.open(path, OpenMode::Read, Purpose::Other).unwrap())
}

fn kind<T>(result: std::io::Result<T>) -> ErrorKind {
    result.err().expect("the operation should have failed").kind()
}

fn opening(fs: &dyn FileSystem, dir: &Path) {
    let path = dir.join("file");
    for mode in [OpenMode::Read, OpenMode::ReadWrite] {
        assert_eq!(kind(fs.open(&path, mode, Purpose::Log)), ErrorKind::NotFound);
    }
    let nowhere = dir.join("no/such/file");
    assert_eq!(kind(fs.open(&nowhere, OpenMode::CreateNew, Purpose::Log)), ErrorKind::NotFound);
    create(fs, &path).write_all_at(b"abc", 0).unwrap();
    assert_eq!(kind(fs.open(&path, OpenMode::CreateNew, Purpose::Log)), ErrorKind::AlreadyExists);
    let reader = fs.open(&path, OpenMode::Read, Purpose::Log).unwrap();
    assert!(reader.write_all_at(b"x", 0).is_err());
    assert!(reader.set_len(0).is_err());
    assert!(reader.allocate(100).is_err());
    assert_eq!(content(&*reader), b"abc");
    let writer = fs.open(&path, OpenMode::ReadWrite, Purpose::Log).unwrap();
    writer.write_all_at(b"x", 1).unwrap();
    assert_eq!(content(&*reader), b"axc");
    assert!(kind(fs.create_dir_all(&path)) != ErrorKind::Other);
    fs.create_dir_all(dir).unwrap();
}

fn positioned(fs: &dyn FileSystem, dir: &Path) {
    let file = create(fs, &dir.join("file"));
    assert!(file.is_empty().unwrap());
    file.write_all_at(b"world", 2000).unwrap();
    assert_eq!(file.len().unwrap(), 2005);
    let mut bytes = [1; 5];
    file.read_exact_at(&mut bytes, 1995).unwrap();
    assert_eq!(bytes, [0; 5]);
    file.read_exact_at(&mut bytes, 2000).unwrap();
    assert_eq!(&bytes, b"world");
    file.write_all_at(b"", 5000).unwrap();
    assert_eq!(file.len().unwrap(), 2005);
    assert_eq!(kind(file.read_exact_at(&mut bytes, 2001)), ErrorKind::UnexpectedEof);
    assert_eq!(kind(file.read_exact_at(&mut bytes, 1 << 40)), ErrorKind::UnexpectedEof);
    file.read_exact_at(&mut [], 1 << 40).unwrap();
    file.sync_data().unwrap();
}

fn lengths(fs: &dyn FileSystem, dir: &Path) {
    let file = create(fs, &dir.join("file"));
    file.write_all_at(&[7; 3000], 0).unwrap();
    file.set_len(1000).unwrap();
    file.set_len(3000).unwrap();
    let bytes = content(&*file);
    assert_eq!(bytes[..1000], [7; 1000]);
    assert_eq!(bytes[1000..], [0; 2000]);
    file.allocate(0).unwrap();
    file.allocate(2000).unwrap();
    assert_eq!(file.len().unwrap(), 3000, "allocation never cuts");
    file.allocate(10_000).unwrap();
    let bytes = content(&*file);
    assert_eq!((bytes.len(), bytes[..1000] == [7; 1000]), (10_000, true));
    assert!(bytes[1000..].iter().all(|&byte| byte == 0));
    file.allocate(1_000_000).unwrap();
    let data = |from, least: u64| {
        let end = file.data_end(from).unwrap();
        assert!(end >= least && (end <= 1_000_000 || end == from), "data from {from} to {end}");
    };
    data(0, 1000);
    file.write_all_at(b"x", 500_000).unwrap();
    data(1000, 500_001);
    data(500_000, 500_001);
    data(500_001, 500_001);
    if let Ok(map) = file.map(1_000_000, true) {
        // SAFETY: within the mapping, to whose bytes nobody has a reference.
        unsafe { map.as_ptr().add(900_000).write(7) };
        map.stored(900_000, 1);
        data(500_001, 900_001);
    }
    data(2_000_000, 2_000_000);
}

fn names(fs: &dyn FileSystem, dir: &Path) {
    let (a, b) = (dir.join("a"), dir.join("b"));
    assert_eq!(fs.metadata(&a).unwrap(), None);
    assert_eq!(kind(fs.remove(&a)), ErrorKind::NotFound);
    assert_eq!(kind(fs.rename(&a, &b)), ErrorKind::NotFound);
    assert_eq!(kind(fs.list(&dir.join("missing"))), ErrorKind::NotFound);
    assert_eq!(kind(fs.sync_dir(&dir.join("missing"))), ErrorKind::NotFound);
    create(fs, &a).write_all_at(b"a", 0).unwrap();
    assert_eq!(kind(fs.list(&a)), ErrorKind::NotADirectory);
    create(fs, &b).write_all_at(b"bb", 0).unwrap();
    fs.create_dir_all(&dir.join("c").join("d")).unwrap();
    let mut entries = fs.list(dir).unwrap();
    entries.sort_by(|x, y| x.name.cmp(&y.name));
    let entry = |name: &str, is_file, len| DirEntry { name: name.into(), is_file, len };
    assert_eq!(entries, [entry("a", true, 1), entry("b", true, 2), entry("c", false, 0)]);
    assert_eq!(fs.metadata(&b).unwrap(), Some(entry("b", true, 2)));
    assert_eq!(fs.metadata(&dir.join("c")).unwrap(), Some(entry("c", false, 0)));

    fs.rename(&a, &b).unwrap();
    assert_eq!(fs.metadata(&a).unwrap(), None);
    assert_eq!(content_at(fs, &b), b"a");
    fs.rename(&b, &b).unwrap();
    assert_eq!(content_at(fs, &b), b"a");
    let elsewhere = dir.join("c").join("e");
    fs.rename(&b, &elsewhere).unwrap();
    assert_eq!(content_at(fs, &elsewhere), b"a");
    fs.sync_dir(dir).unwrap();
    assert!(fs.rename(&elsewhere, &dir.join("c")).is_err(), "a file never replaces a directory");
    assert!(fs.remove(&dir.join("c")).is_err(), "remove is for files");
    let listed: Vec<PathBuf> =
        fs.list(dir).unwrap().into_iter().map(|entry| entry.name.into()).collect();
    assert_eq!(listed, [PathBuf::from("c")]);
}

fn links(fs: &dyn FileSystem, dir: &Path) {
    let (a, b) = (dir.join("a"), dir.join("b"));
    assert_eq!(kind(fs.hard_link(&a, &b)), ErrorKind::NotFound);
    let file = create(fs, &a);
    fs.hard_link(&a, &b).unwrap();
    assert_eq!(kind(fs.hard_link(&a, &b)), ErrorKind::AlreadyExists);
    file.write_all_at(b"both", 0).unwrap();
    assert_eq!(content_at(fs, &b), b"both");
    fs.rename(&a, &b).unwrap();
    assert_eq!(fs.list(dir).unwrap().len(), 2, "POSIX: renaming onto another link does nothing");
    fs.remove(&a).unwrap();
    assert_eq!(content_at(fs, &b), b"both");
}

fn removed_files_live_on(fs: &dyn FileSystem, dir: &Path) {
    let path = dir.join("file");
    let file = create(fs, &path);
    file.write_all_at(b"still here", 0).unwrap();
    let map = file.map(10, false).unwrap();
    fs.remove(&path).unwrap();
    create(fs, &path).write_all_at(b"other", 0).unwrap();
    assert_eq!(content(&*file), b"still here");
    drop(file);
    // SAFETY: 10 bytes are mapped, and nobody writes them.
    let bytes = unsafe { std::slice::from_raw_parts(map.as_ptr(), map.len()) };
    assert_eq!(bytes, b"still here");
    assert_eq!(content_at(fs, &path), b"other");
}

fn mappings(fs: &dyn FileSystem, dir: &Path) {
    let path = dir.join("segment");
    let file = create(fs, &path);
    file.allocate(10_000).unwrap();
    let writable = file.map(10_000, true).unwrap();
    let other = fs.open(&path, OpenMode::Read, Purpose::Log).unwrap();
    let readable = other.map(6_000, false).unwrap();
    assert_eq!((writable.len(), readable.len(), readable.is_empty()), (10_000, 6_000, false));
    let peek = |offset: usize| {
        // SAFETY: in bounds, and nobody stores at the same time.
        unsafe { readable.as_ptr().add(offset).read() }
    };
    for advice in [Advice::PopulateWrite, Advice::Random, Advice::WillNeed] {
        writable.advise(1, 5_000, advice);
    }
    // SAFETY: in bounds, and nobody refers to these bytes.
    unsafe { writable.as_ptr().add(5_000).copy_from(b"stored".as_ptr(), 6) };
    writable.stored(5_000, 6);
    assert_eq!(peek(5_000), b's');
    let mut bytes = [0; 6];
    other.read_exact_at(&mut bytes, 5_000).unwrap();
    assert_eq!(&bytes, b"stored");
    file.write_all_at(b"written", 100).unwrap();
    assert_eq!((peek(100), peek(106)), (b'w', b'n'));
    file.sync_data().unwrap();

    // Cut above the bytes that are still referred to, then extended: zeros in every view.
    file.set_len(5_003).unwrap();
    assert_eq!(peek(5_002), b'o');
    file.set_len(10_000).unwrap();
    assert_eq!((peek(5_002), peek(5_003)), (b'o', 0));
    drop((writable, readable));
    assert_eq!(&content(&*other)[4_999..5_006], b"\0sto\0\0\0");
    // Written first, mapped afterwards, with more written after that: how a table is read.
    let map = other.map(10_000, false).unwrap();
    file.write_all_at(&[9; 5], 9_999).unwrap();
    // SAFETY: in bounds, and nobody stores at the same time.
    assert_eq!(unsafe { map.as_ptr().add(9_999).read() }, 9);
    assert_eq!(content(&*other)[9_998..], [0, 9, 9, 9, 9, 9]);
}

fn mapping_errors(fs: &dyn FileSystem, dir: &Path) {
    let path = dir.join("file");
    let file = create(fs, &path);
    assert_eq!(kind(file.map(0, false)), ErrorKind::InvalidInput);
    assert_eq!(kind(file.map(1, false)), ErrorKind::InvalidInput);
    file.set_len(100).unwrap();
    assert_eq!(kind(file.map(0, true)), ErrorKind::InvalidInput);
    assert_eq!(kind(file.map(101, true)), ErrorKind::InvalidInput);
    let reader = fs.open(&path, OpenMode::Read, Purpose::Other).unwrap();
    assert_eq!(kind(reader.map(100, true)), ErrorKind::PermissionDenied);
    assert!(reader.map(100, false).is_ok());
}

fn locks(fs: &dyn FileSystem, dir: &Path) {
    let path = dir.join("LOCK");
    assert_eq!(kind(fs.lock(&path, LockMode::Shared)), ErrorKind::NotFound);
    let exclusive = fs.lock(&path, LockMode::Exclusive).unwrap();
    assert!(exclusive.is_some() && fs.metadata(&path).unwrap().is_some());
    assert!(fs.lock(&path, LockMode::Exclusive).unwrap().is_none());
    assert!(fs.lock(&path, LockMode::Shared).unwrap().is_none());
    drop(exclusive);
    let shared =
        [fs.lock(&path, LockMode::Shared).unwrap(), fs.lock(&path, LockMode::Shared).unwrap()];
    assert!(shared.iter().all(Option::is_some));
    let [first, second] = shared;
    assert!(fs.lock(&path, LockMode::Exclusive).unwrap().is_none());
    drop(first);
    assert!(fs.lock(&path, LockMode::Exclusive).unwrap().is_none());
    drop(second);
    assert!(fs.lock(&path, LockMode::Exclusive).unwrap().is_some());
}
