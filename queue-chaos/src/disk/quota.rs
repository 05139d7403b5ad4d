//! A directory of limited size.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::{mounts, system};
use crate::{Error, Result};

/// What fills a disk. Kafka looks at directories alone in its data directory.
const BALLAST: &str = ".queue-chaos-ballast";

/// A process that is started holds all that was open here until it has become its program, also what was closed here meanwhile. This is much longer than
/// that takes, also on a busy machine.
const CHILDREN_BECOME_PROGRAMS: Duration = Duration::from_secs(1);

/// Why there cannot be a [`Quota`] here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: no directory of limited size: {why}", dir.display())]
pub struct Unavailable {
    /// Where one was wanted.
    pub dir: PathBuf,
    /// What is missing.
    pub why: String,
}

/// A directory of limited size: a tmpfs of its own, so its content is memory, and gone with it.
///
/// Dropping it unmounts it, as soon as nobody uses it any more, if nothing else was mounted there meanwhile. The (empty) directory stays. After a run that
/// was killed [`clean`](super::clean) unmounts what is left.
#[derive(Debug)]
pub struct Quota {
    dir: PathBuf,
    bytes: u64,
    /// The file system's number, by which it is told from others that are mounted over it.
    device: u64,
}

impl Quota {
    /// Gives an empty directory room for so many bytes (rounded up to pages). It is made if it is not there.
    ///
    /// # Errors
    /// [`Unavailable`] if the directory has content, which could not be reached any more; if the process may not mount (it takes root, on Linux).
    pub fn mount(dir: impl AsRef<Path>, bytes: u64) -> Result<Self, Unavailable> {
        let dir = dir.as_ref();
        let unavailable = |why| Unavailable { dir: dir.to_owned(), why };
        let failed = |e: io::Error| match e.kind() {
            io::ErrorKind::PermissionDenied => unavailable(format!(
                "mounting takes root (CAP_SYS_ADMIN), which this process is not: {e}"
            )),
            _ => unavailable(e.to_string()),
        };
        if bytes == 0 {
            return Err(unavailable("to a tmpfs, no bytes are no limit".to_owned()));
        }
        fs::create_dir_all(dir).map_err(failed)?;
        let dir = dir.canonicalize().map_err(failed)?;
        if fs::read_dir(&dir).map_err(failed)?.next().is_some() {
            return Err(unavailable("it is not empty: what is in it would be hidden".to_owned()));
        }
        system::mount_tmpfs(&mounts::source(), &dir, bytes).map_err(failed)?;
        let device = fs::metadata(&dir).map_err(failed)?.dev();
        Ok(Self { dir, bytes, device })
    }

    /// Where it is.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many bytes it was made for.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes can still be written.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn available_bytes(&self) -> Result<u64> {
        let stat = rustix::fs::statvfs(&self.dir).map_err(|e| self.failed("", e.into()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Fills it to the last byte, and says how many that took. Who frees bytes by deleting something can be filled again.
    ///
    /// # Errors
    /// [`Error::File`] for all but a full disk: that it is read-only, say.
    pub fn fill(&self) -> Result<u64> {
        let path = self.dir.join(BALLAST);
        let failed = |e| self.failed(BALLAST, e);
        let mut ballast =
            OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        let zeros = vec![0; 256 * 1024];
        let mut sum = 0;
        loop {
            match ballast.write(&zeros) {
                Ok(0) => return Ok(sum),
                Ok(bytes) => sum += bytes as u64,
                Err(e) if e.kind() == io::ErrorKind::StorageFull => return Ok(sum),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(failed(e)),
            }
        }
    }

    /// Deletes what [`fill`](Self::fill) has written.
    ///
    /// # Errors
    /// [`Error::File`]: that it is read-only, say.
    pub fn free(&self) -> Result<()> {
        match fs::remove_file(self.dir.join(BALLAST)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|e| self.failed(BALLAST, e)),
        }
    }

    /// Makes it read-only, or writable again.
    ///
    /// Linux makes no file system read-only while a file in it is open for writing, as those of a Kafka node that runs always are:
    /// [`deny_writes`] does that to a node.
    ///
    /// # Errors
    /// [`Error::File`], of kind [`ResourceBusy`](io::ErrorKind::ResourceBusy) if a file is still open for writing a second later.
    pub fn read_only(&self, read_only: bool) -> Result<()> {
        let patience = Instant::now() + CHILDREN_BECOME_PROGRAMS;
        loop {
            match system::remount(&self.dir, read_only) {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() != io::ErrorKind::ResourceBusy => return Err(self.failed("", e)),
                Err(_) if Instant::now() < patience => thread::sleep(Duration::from_millis(10)),
                Err(e) => {
                    let why =
                        "a file in it is open for writing: stop who writes, or deny_writes it";
                    return Err(self.failed("", io::Error::new(e.kind(), why)));
                }
            }
        }
    }

    fn failed(&self, file: &str, source: io::Error) -> Error {
        let path = if file.is_empty() { self.dir.clone() } else { self.dir.join(file) };
        Error::File { path, source }
    }
}

impl Drop for Quota {
    fn drop(&mut self) {
        if fs::metadata(&self.dir).is_ok_and(|now| now.dev() == self.device) {
            // What cannot be unmounted is found by `clean`, when this process is gone.
            let _ = system::unmount(&self.dir);
        }
    }
}

/// Lets a process that runs write to no file any more (EFBIG), or to all files again: for a broker, what a disk that has become read-only is, also for files that
/// are open. Its sockets and pipes are not concerned; its log files are. Apache Kafka 4.3 with one data directory shuts down, with exit code 1, when it writes next.
///
/// It is the process's soft limit RLIMIT_FSIZE. The signal that comes with it (SIGXFSZ) is ignored by Java; it ends a process that does neither ignore nor handle it. Children that
/// the process starts later inherit it.
///
/// # Errors
/// [`Error::Broker`] if the process is not there, is somebody else's, or this is not Linux.
pub fn deny_writes(process: u32, denied: bool) -> Result<()> {
    system::limit_files(process, denied).map_err(|e| Error::Broker {
        what: format!("process {process}: {} writes", if denied { "deny" } else { "allow" }),
        why: e.to_string(),
    })
}
