//! Who runs the server: it refuses to be root.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::Error;

/// Who runs PostgreSQL's programs: who this is, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User(Option<(u32, u32)>);

impl User {
    /// Who this is, or whom the package has made for its server if this is root.
    pub(crate) fn of_server() -> Result<Self, Error> {
        Self::find(rustix::process::geteuid().is_root(), "postgres")
    }

    fn find(root: bool, name: &'static str) -> Result<Self, Error> {
        if !root {
            return Ok(Self(None));
        }
        let id = |flag| {
            let output = Command::new("id").args([flag, name]).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let both = id("-u").zip(id("-g"));
        both.map(|both| Self(Some(both))).ok_or(Error::NoUser { name })
    }

    /// Makes a directory theirs.
    pub(crate) fn take(self, directory: &Path) -> std::io::Result<()> {
        match self.0 {
            Some((uid, gid)) => chown(directory, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// A program that they run in this directory, and that hears nothing of other clusters.
    pub(crate) fn command(self, program: impl AsRef<OsStr>, directory: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((uid, gid)) = self.0 {
            command.gid(gid).uid(uid);
        }
        // Where this process is, they may not be allowed to be.
        command.current_dir(directory);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"PG"))
        {
            command.env_remove(name);
        }
        command
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    #[test]
    fn only_root_is_somebody_else() {
        assert_eq!(User::find(false, "nobody").unwrap(), User(None));
        // It has an id of its own on every Linux.
        let User(ids) = User::find(true, "nobody").unwrap();
        assert!(ids.is_some_and(|(uid, _)| uid != 0));
        let error = User::find(true, "not-a-user-of-this-machine").unwrap_err().to_string();
        assert!(
            error.contains("no user not-a-user-of-this-machine") && error.contains("useradd"),
            "{error}"
        );
    }
}
