//! A log whose last bytes never came to the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::{Error, Result};

/// What a running broker keeps locked in its data directory.
const LOCK: &str = ".lock";

/// Digits of a segment's first offset in its name.
const DIGITS: usize = 20;

/// A segment that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Its file.
    pub file: PathBuf,
    /// Its length until now.
    pub before: u64,
    /// Its length now.
    pub after: u64,
}

/// Cuts the last `bytes` bytes of each partition's log off, as a power failure does to a node that has not synced them: from the newest segment
/// that has any, to its beginning at most. Partitions are named by their directories, `topic-0`; those that the node does not have, and those without
/// any bytes, are left out. Indexes are not touched: the node finds out by itself.
///
/// # Errors
/// [`Error::File`] if the node runs (of kind [`ResourceBusy`](io::ErrorKind::ResourceBusy): it has locked its directory), if a name is not one of a directory, or what the system says.
/// What was cut before that stays cut.
pub fn tear_tail(
    log_dir: impl AsRef<Path>,
    partitions: &[impl AsRef<str>],
    bytes: u64,
) -> Result<Vec<Torn>> {
    let log_dir = log_dir.as_ref();
    let _lock = lock(&log_dir.join(LOCK))?;
    let mut torn = Vec::new();
    for partition in partitions {
        let dir = log_dir.join(partition.as_ref());
        if dir.parent() != Some(log_dir) || dir.file_name() != Some(partition.as_ref().as_ref()) {
            let why = "this is not the name of a partition's directory, as `topic-0`";
            return Err(failed(&dir, io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        let Some((file, before)) = newest(&dir)? else { continue };
        let after = before.saturating_sub(bytes);
        let cut = |file: File| file.set_len(after).and_then(|()| file.sync_all());
        OpenOptions::new().write(true).open(&file).and_then(cut).map_err(|e| failed(&file, e))?;
        torn.push(Torn { file, before, after });
    }
    Ok(torn)
}

/// Takes the lock that a broker takes, for as long as the file is open: a record lock of the whole file.
fn lock(path: &Path) -> Result<Option<File>> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| failed(path, e))?,
    };
    match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => {
            let why = "a broker that runs has locked it: stop it first";
            Err(failed(path, io::Error::new(io::ErrorKind::ResourceBusy, why)))
        }
        Err(e) => Err(failed(path, e.into())),
    }
}

/// The newest segment that has bytes, with its length. An active one may have none yet.
fn newest(dir: &Path) -> Result<Option<(PathBuf, u64)>> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| failed(dir, e))?,
    };
    let mut newest = None;
    for entry in entries {
        let entry = entry.map_err(|e| failed(dir, e))?;
        let name = entry.file_name();
        let base = name.to_str().and_then(|name| name.strip_suffix(".log"));
        let digits = |base: &str| base.len() == DIGITS && base.bytes().all(|b| b.is_ascii_digit());
        if !base.is_some_and(digits) {
            continue;
        }
        let path = entry.path();
        let metadata = entry.metadata().map_err(|e| failed(&path, e))?;
        // Of names of the same length, that of the larger number is the greater one.
        let newer = newest.as_ref().is_none_or(|(newest, _)| *newest < path);
        if metadata.is_file() && metadata.len() > 0 && newer {
            newest = Some((path, metadata.len()));
        }
    }
    Ok(newest)
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}
