//! Files of a newer format.

use std::{fs, path::Path};

use lsm::Error;

use crate::sample::{files, manifest, open_and_read, open_error, options, sample};

/// Sets the version in a header or footer, and the checksum that covers it.
fn patch_version(path: &Path, at: usize, covered: std::ops::Range<usize>) {
    let mut bytes = fs::read(path).unwrap();
    assert_eq!(bytes[at..at + 2], [1, 0], "the version of {}", path.display());
    let sum = covered.end;
    assert_eq!(bytes[sum..sum + 4], crc32c::crc32c(&bytes[covered.clone()]).to_le_bytes());
    bytes[at] = 2;
    let crc = crc32c::crc32c(&bytes[covered]).to_le_bytes();
    bytes[sum..sum + 4].copy_from_slice(&crc);
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn assert_newer(error: &Error, path: &Path) {
    let Error::NewerFormat { path: named, found: 2, supported: 1 } = error else {
        panic!("{error}")
    };
    assert_eq!(named, path);
}

#[test]
fn a_newer_manifest_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let path = manifest(dir.path());
    patch_version(&path, 8, 0..28);
    assert_newer(&open_error(dir.path(), options()), &path);
}

#[test]
fn a_newer_segment_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let paths = files(dir.path(), "log");
    for path in [paths.first().unwrap(), paths.last().unwrap()] {
        let original = fs::read(path).unwrap();
        patch_version(path, 8, 0..60);
        assert_newer(&open_error(dir.path(), options()), path);
        assert_newer(&open_error(dir.path(), options().read_only(true)), path);
        fs::write(path, original).unwrap();
    }
    open_and_read(dir.path()).unwrap();
}

#[test]
fn a_newer_table_is_told_apart_from_damage() {
    let dir = tempfile::tempdir().unwrap();
    sample(dir.path());
    let path = files(dir.path(), "sst").remove(0);
    let footer = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap() - 64;
    patch_version(&path, footer + 48, footer..footer + 52);
    assert_newer(&open_error(dir.path(), options()), &path);
}
