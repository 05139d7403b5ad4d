//! Files and directories that the operating system does not let us read or write: an error that names them, and nothing lost.
//!
//! Permissions mean nothing to root, as who tests run in CI: then they run in a child process as the user `nobody`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::{
    fs::{self, Permissions},
    io::ErrorKind,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use lsm::{Db, Error, KeyspaceOptions, Layout, Options};

const NOBODY: u32 = 65534;
/// Tells the child where to work.
const DIR: &str = "LSM_TEST_PERMISSIONS_DIR";

fn options() -> Options {
    Options::default().segment_bytes(16 << 10).write_buffer_bytes(16 << 10).cache_bytes(64 << 10)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A database with tables, values of its own in segments, and a log to replay.
fn sample(dir: &Path) {
    let db = Db::open(dir, options()).unwrap();
    let layout = Layout::Separated { from: 0 };
    let keyspace = db.keyspace("values", KeyspaceOptions { layout, ..Default::default() }).unwrap();
    for number in 0..300_u32 {
        if number == 200 {
            keyspace.compact::<&[u8]>(..).unwrap();
        }
        keyspace.put(&number.to_be_bytes(), &number.to_be_bytes().repeat(20)).unwrap();
    }
    db.close().unwrap();
}

fn check(dir: &Path, options: Options) {
    let db = Db::open(dir, options).unwrap();
    let keyspace = db.find_keyspace("values").unwrap();
    for number in 0..300_u32 {
        let found = keyspace.get(&number.to_be_bytes()).unwrap();
        assert_eq!(found.as_deref(), Some(&*number.to_be_bytes().repeat(20)));
    }
    assert!(db.verify().unwrap().is_sound());
}

/// Panics unless the error says that permission was denied, and to what.
#[track_caller]
fn assert_denied<T>(outcome: Result<T, Error>, path: &Path) {
    let Err(error) = outcome else { panic!("{} was no obstacle", path.display()) };
    let Error::Io { path: named, source, .. } = &error else { panic!("{error}") };
    assert_eq!((&**named, source.kind()), (path, ErrorKind::PermissionDenied), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn a_directory_that_cannot_be_made(root: &Path) {
    let parent = root.join("parent");
    fs::create_dir(&parent).unwrap();
    set_mode(&parent, 0o555);
    assert_denied(Db::open(parent.join("db"), options()), &parent.join("db"));
    set_mode(&parent, 0o755);
    Db::open(parent.join("db"), options()).unwrap().close().unwrap();
}

fn a_directory_that_cannot_be_written(root: &Path) {
    let dir = root.join("unwritable");
    fs::create_dir(&dir).unwrap();
    set_mode(&dir, 0o555);
    assert_denied(Db::open(&dir, options()), &dir.join("LOCK"));
    assert!(files(&dir).is_empty());
    set_mode(&dir, 0o755);
    sample(&dir);
    set_mode(&dir, 0o555);
    let before = files(&dir).len();
    let Err(Error::Io { path, source, .. }) = Db::open(&dir, options()) else {
        panic!("nothing had to be written")
    };
    assert!(path.starts_with(&dir) && source.kind() == ErrorKind::PermissionDenied);
    assert_eq!(files(&dir).len(), before);
    // Whoever only reads needs no more.
    for path in files(&dir) {
        set_mode(&path, 0o444);
    }
    check(&dir, options().read_only(true));
    set_mode(&dir, 0o755);
    for path in files(&dir) {
        set_mode(&path, 0o644);
    }
    check(&dir, options());
}

fn a_directory_that_cannot_be_entered(root: &Path) {
    let dir = root.join("closed");
    sample(&dir);
    set_mode(&dir, 0o000);
    for options in [options(), options().read_only(true)] {
        assert_denied(Db::open(&dir, options), &dir.join("LOCK"));
    }
    // It may be entered, but not listed.
    set_mode(&dir, 0o300);
    for options in [options(), options().read_only(true)] {
        assert_denied(Db::open(&dir, options), &dir);
    }
    set_mode(&dir, 0o755);
    check(&dir, options());
}

fn a_file_that_cannot_be_read(root: &Path) {
    let dir = root.join("unreadable");
    sample(&dir);
    let mut kinds = std::collections::BTreeSet::new();
    for path in files(&dir) {
        kinds.insert(path.extension().map(ToOwned::to_owned));
        set_mode(&path, 0o000);
        for options in [options(), options().read_only(true)] {
            assert_denied(Db::open(&dir, options), &path);
        }
        assert!(path.exists());
        set_mode(&path, 0o644);
    }
    // Tables, the log, and what has no extension: the lock, the manifest, and its name.
    assert!(kinds.len() >= 3, "{kinds:?}");
    check(&dir, options());
}

fn a_file_that_cannot_be_written(root: &Path) {
    let dir = root.join("read-only files");
    sample(&dir);
    let manifest = dir.join(fs::read_to_string(dir.join("CURRENT")).unwrap().trim_end());
    for path in [dir.join("LOCK"), manifest] {
        set_mode(&path, 0o444);
        assert_denied(Db::open(&dir, options()), &path);
        check(&dir, options().read_only(true));
        set_mode(&path, 0o644);
    }
    // Tables are never written to again.
    for path in files(&dir).iter().filter(|path| path.extension().is_some_and(|it| it == "sst")) {
        set_mode(path, 0o444);
    }
    check(&dir, options());
}

fn a_checkpoint_that_cannot_be_made(root: &Path) {
    let (dir, target) = (root.join("original"), root.join("target"));
    sample(&dir);
    fs::create_dir(&target).unwrap();
    set_mode(&target, 0o555);
    let db = Db::open(&dir, options()).unwrap();
    assert_denied(db.checkpoint(target.join("copy")), &target.join("copy"));
    db.default_keyspace().put(b"still", b"writable").unwrap();
    set_mode(&target, 0o755);
    db.checkpoint(target.join("copy")).unwrap();
    check(&target.join("copy"), options());
}

/// What the child runs.
#[test]
#[ignore = "runs in a child process of the other test"]
fn as_an_ordinary_user() {
    let Some(root) = std::env::var_os(DIR) else { return };
    all(Path::new(&root));
}

fn all(root: &Path) {
    a_directory_that_cannot_be_made(root);
    a_directory_that_cannot_be_written(root);
    a_directory_that_cannot_be_entered(root);
    a_file_that_cannot_be_read(root);
    a_file_that_cannot_be_written(root);
    a_checkpoint_that_cannot_be_made(root);
}

#[test]
fn what_is_denied_is_named_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    fs::create_dir(&root).unwrap();
    if fs::metadata(&root).unwrap().uid() != 0 {
        return all(&root);
    }
    set_mode(dir.path(), 0o755);
    chown(&root, Some(NOBODY), Some(NOBODY)).unwrap();
    // Where the test itself is, `nobody` may not look.
    let program = dir.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    set_mode(&program, 0o755);
    let child = Command::new(&program)
        .args(["--exact", "as_an_ordinary_user", "--ignored", "--nocapture"])
        .env(DIR, &root)
        .current_dir("/")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}
