//! Where a cluster is: a directory that its user alone can enter, and that goes with its value.

use std::fs::{DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::user::User;
use crate::{Cluster, Error};

/// The bytes that the path of a socket may have: `sun_path`, without the zero at its end.
const MOST: usize = 107;

/// A directory. Dropping it removes it and all that is in it.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// Makes one that is not there yet.
    pub(crate) fn new(path: &Path, user: User) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(Error::io(path))?;
        let length = path.join(format!(".s.PGSQL.{}", Cluster::PORT)).as_os_str().as_bytes().len();
        if length > MOST {
            return Err(Error::LongPath { directory: path, length, most: MOST });
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        // What was there before is not removed afterwards.
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => Error::Occupied(path.clone()),
            _ => Error::Io { path: path.clone(), source },
        })?;
        let directory = Self(path);
        // The server refuses a directory that others can read, whatever the umask has made of it.
        let ready = user
            .take(&directory.0)
            .and_then(|()| std::fs::set_permissions(&directory.0, Permissions::from_mode(0o700)));
        ready.map_err(Error::io(&directory.0))?;
        Ok(directory)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the server has its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// Where it writes what it has to say.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
