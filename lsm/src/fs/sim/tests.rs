//! What of a file system in memory a crash, a fault or a full disk leaves.

mod crashes;
mod faults;
mod mappings;
mod model;
mod names;

use super::*;
use crate::fs::{CountingFs, File, FileSystem, OpenMode, Purpose, conformance};

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
