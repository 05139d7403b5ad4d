//! A PostgreSQL server of one's own, for those who compare with it: made in a new directory, reached by a socket in it, gone when its value is dropped.
//!
//! ```no_run
//! use private_postgres::{Cluster, Programs, Setup};
//!
//! let programs = Programs::find(&["psql"])?;
//! let setup = Setup { superuser: "me", settings: &[("shared_buffers", "1GB")], databases: &["shop"], ..Setup::default() };
//! let cluster = Cluster::start(&programs, "/var/tmp/shop-1".as_ref(), &setup)?;
//! let told = cluster.client("psql").args(["-d", "shop", "-c", "CREATE TABLE things (id bigint)"]).status()?;
//! assert!(told.success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | `programs` | where PostgreSQL's programs are, or which of them are missing |
//! | `setup` | what a cluster is to be like |
//! | `cluster` | making one, and asking it |
//! | `directory` | where it is; removed when dropped |
//! | `server` | its process: ready, stopped when dropped |
//! | `user` | who runs it, since it refuses to be root |
//!
//! What it promises:
//! - **Private.** It listens on no address, whatever its settings say; the socket's directory is its user's alone. It touches no other cluster, and hears nothing of
//!   the environment's `PG*` variables, which are about others.
//! - **Gone with its value**, server and files, and after a start that failed, too. It is in the process group of who started it: ctrl-C ends both. Who is killed by
//!   `SIGKILL` alone leaves server and files behind.
//! - **Nothing in its way.** A client of your choice connects to [`Cluster::directory`]; this crate brings none.
//!
//! PostgreSQL 10 or later, on Linux.

#![forbid(unsafe_code)]

mod cluster;
mod directory;
mod programs;
mod server;
mod setup;
mod user;

pub use cluster::Cluster;
pub use programs::{Missing, Programs};
pub use setup::Setup;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why there is no cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// PostgreSQL is not installed, or not all of it that is needed.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The server refuses to be root, and whom it would be instead is not there.
    #[error(
        "this is root, whom PostgreSQL's server refuses to be, and there is no user {name} to run it as: be somebody else, or make one (useradd --system {name})"
    )]
    NoUser {
        /// Who it would be.
        name: &'static str,
    },
    /// No client could connect to a socket in this directory.
    #[error(
        "a socket in {} has a path of {length} bytes, and the system takes {most}: choose a directory with a shorter path",
        directory.display()
    )]
    LongPath {
        /// Where the cluster should be.
        directory: PathBuf,
        /// Bytes of the socket's path.
        length: usize,
        /// Bytes that it may have.
        most: usize,
    },
    /// There is something where the cluster should be, and that is nobody's to remove.
    #[error("{} is there already: choose another directory for the cluster, or remove what an earlier one has left", .0.display())]
    Occupied(PathBuf),
    /// The system refused something.
    #[error("{}: {source}", path.display())]
    Io {
        /// What it was about.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A program that makes the cluster failed.
    #[error("{program} in {}: {status}; it says: {said}", directory.display())]
    Program {
        /// Which.
        program: &'static str,
        /// Where the cluster should be.
        directory: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// The server ended instead of listening: a setting that it does not know, memory that it does not get.
    #[error("the server in {} ended at its start: {status}; it says: {said}", directory.display())]
    Ended {
        /// Where the cluster should be.
        directory: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        said: String,
    },
    /// The server runs, and takes no connections.
    #[error(
        "the server in {} takes no connections {seconds} s after its start; it says: {said}",
        directory.display()
    )]
    NotReady {
        /// Where the cluster should be.
        directory: PathBuf,
        /// How long it had, in seconds.
        seconds: u64,
        /// The end of its log.
        said: String,
    },
}

impl Error {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
