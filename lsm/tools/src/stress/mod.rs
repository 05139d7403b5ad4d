//! Random work on a database, checked against what must be there.
//!
//! Every slot (a key) is written by one thread alone, and what a thread's operation number `n` does follows from the seed
//! and `n`. So the state that any prefix of the operations leaves behind can be computed, in another process too: that is
//! what [`kill`] checks after each SIGKILL, and [`live`] while readers and writers run.

mod expected;
pub mod kill;
pub mod live;
mod maintenance;
mod walk;
mod worker;
pub mod workload;

use std::path::PathBuf;

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Decides everything but the interleaving of threads and the moments of kills.
    pub seed: u64,
    /// Writing threads.
    pub threads: u64,
    /// Keys of each thread.
    pub slots: u64,
    /// How long.
    pub duration: std::time::Duration,
    /// The database's directory: new or empty.
    pub dir: PathBuf,
}

/// Why a run ended early.
#[derive(Debug)]
pub enum Failure {
    /// The database's answer is wrong, or it reports damage that no one did to it.
    Mismatch(String),
    /// The run itself could not go on: the disk is full, a process cannot be started.
    Broken(crate::Fault),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Mismatch(what) => write!(f, "MISMATCH: {what}"),
            Self::Broken(fault) => write!(f, "{fault}"),
        }
    }
}

impl From<lsm::Error> for Failure {
    /// Only the machine's failures are excused; any other error of a database that no one damaged is a bug.
    fn from(error: lsm::Error) -> Self {
        match error {
            lsm::Error::Io { .. } => Self::Broken(error.into()),
            _ => Self::Mismatch(format!("the engine failed: {error}")),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Report {
    /// Operations that wrote.
    pub writes: u64,
    /// Answers that were compared with what must be there.
    pub checks: u64,
    /// Times the database was closed and opened again, or killed.
    pub rounds: u64,
    /// Times the whole database was verified while others wrote.
    pub verifications: u64,
    /// Checkpoints taken while others wrote, each compared with what was there.
    pub checkpoints: u64,
    /// Keyspaces that were made and dropped again.
    pub keyspaces: u64,
}
