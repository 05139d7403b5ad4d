//! The one error type of the program.

use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, with what was found and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There must be a node.
    #[error("{what} is 0: keys need at least one node to be on")]
    NoNodes {
        /// Which number of nodes.
        what: &'static str,
    },
    /// A number outside of what makes sense.
    #[error("{what} is {found}, must be {allowed}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// What was given.
        found: String,
        /// What is allowed, and why.
        allowed: String,
    },
    /// More replicas than nodes.
    #[error(
        "{replicas} replicas do not fit on {nodes} nodes: each needs a node of its own; ask for at most {nodes} replicas, or add nodes"
    )]
    TooManyReplicas {
        /// Asked for.
        replicas: u64,
        /// There are.
        nodes: u64,
    },
    /// It would take too long.
    #[error(
        "{keys} keys are more than {most}: memory sets no limit, since keys are hashed one by one and never stored, but this would run for {days:.0} days or more; a sample of 1_000_000 is exact to 0.1 points"
    )]
    TooManyKeys {
        /// Asked for.
        keys: u64,
        /// Allowed.
        most: u64,
        /// At the speed of a fast machine.
        days: f64,
    },
    /// It would take too much memory.
    #[error(
        "{what} would take some {needed} MiB of memory ({made_of}), more than {limit} MiB; ask for fewer, or raise --max-memory-mib"
    )]
    Memory {
        /// What would.
        what: &'static str,
        /// How much.
        needed: u64,
        /// How much it may take.
        limit: u64,
        /// What it is made of.
        made_of: String,
    },
    /// No algorithm of this name.
    #[error("{asked:?} is no algorithm; known: all, or any of {known}, joined by commas")]
    UnknownAlgorithm {
        /// The name.
        asked: String,
        /// All names.
        known: String,
    },
    /// The library has an algorithm that this program cannot build.
    #[error("this program does not know how to build {algorithm}; it is older than the library")]
    NotKnownHere {
        /// Which.
        algorithm: hash_ring::Algorithm,
    },
    /// Modulo hashing knows no weights.
    #[error("modulo knows no weights")]
    NoWeights,
    /// The library says no.
    #[error(transparent)]
    Placement(#[from] hash_ring::Error),
    /// A file.
    #[error("{path}: {source}", path = .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A plot.
    #[error("{path}: could not be drawn: {why}", path = .path.display())]
    Plot {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// What the program's fallible functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// About a file.
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// What the program exits with: 1 when results could not be written, 2 when it was asked for what cannot be done.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } | Self::Plot { .. } => 1,
            _ => 2,
        }
    }
}
