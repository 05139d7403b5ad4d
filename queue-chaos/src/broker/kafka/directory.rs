//! The directory of a cluster: whose it is, and what an earlier one has left.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::{Error, Result};

/// Whoever holds a lock on this file uses the directory; the system lets go of it when the process ends, however it does.
const LOCK: &str = "queue-chaos.lock";

/// A directory that is ours as long as this lives.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    _lock: File,
}

impl Directory {
    /// Takes a directory. What an earlier cluster has left there, one whose process was killed too, is deleted.
    ///
    /// # Errors
    /// [`Error::Broker`] if another process uses it, or if it has something else in it; [`Error::File`].
    pub fn take(path: &Path) -> Result<Self> {
        let file = |path: &Path, source| Error::File { path: path.to_owned(), source };
        let refuse = |why: String| Error::Broker {
            what: format!("using {} for a cluster", path.display()),
            why,
        };
        fs::create_dir_all(path).map_err(|source| file(path, source))?;
        // Nodes are told absolute paths.
        let path = fs::canonicalize(path).map_err(|source| file(path, source))?;
        let lock = path.join(LOCK);
        if !lock.exists()
            && fs::read_dir(&path).map_err(|source| file(&path, source))?.next().is_some()
        {
            return Err(refuse("other things are in it; choose another directory".into()));
        }
        let mut held = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock)
            .map_err(|source| file(&lock, source))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                let _ = (&held).take(64).read_to_string(&mut by);
                return Err(refuse(format!("process {} uses it", by.trim())));
            }
            Err(TryLockError::Error(source)) => return Err(file(&lock, source)),
        }
        let written = held
            .set_len(0)
            .and_then(|()| held.rewind())
            .and_then(|()| writeln!(held, "{}", std::process::id()));
        written.map_err(|source| file(&lock, source))?;

        // Disks of limited size may still be mounted.
        disk::clean(&path)?;
        for entry in fs::read_dir(&path).map_err(|source| file(&path, source))? {
            let entry = entry.map_err(|source| file(&path, source))?;
            if entry.file_name().to_string_lossy().starts_with("node-") {
                let old = entry.path();
                fs::remove_dir_all(&old).map_err(|source| file(&old, source))?;
            }
        }
        Ok(Self { path, _lock: held })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn one_at_a_time_and_the_next_begins_anew() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("cluster");
        let first = Directory::take(&path).unwrap();
        fs::create_dir(first.path().join("node-1")).unwrap();
        fs::write(first.path().join("node-1/server.log"), "it ran").unwrap();
        let error = Directory::take(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("process {} uses it", std::process::id())), "{error}");
        drop(first);
        assert!(path.join("node-1/server.log").exists(), "it is kept for who wants to read it");
        let second = Directory::take(&path).unwrap();
        assert!(!second.path().join("node-1").exists());
    }

    #[test]
    fn what_others_have_there_stays() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("node-1")).unwrap();
        assert!(Directory::take(directory.path()).is_err());
        assert!(directory.path().join("node-1").exists());
    }
}
