//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

use softcuda::LaunchError;

use crate::exit::Verdict;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A text that is no PTX, or has what is not supported; with its place.
    #[error("{0}")]
    Source(String),
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// The launch was refused or went wrong.
    #[error("{shown}")]
    Launch {
        /// With its place in the PTX text.
        shown: String,
        /// Whether it was refused for what the command line says.
        refused: bool,
    },
    /// What was found could not be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(String),
}

/// With this program's errors.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// With the file that it was about.
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Launch { refused: false, .. } => Verdict::Failed,
            _ => Verdict::Invalid,
        }
    }
}

/// Whether a launch was refused for its shape or arguments, before anything ran.
pub fn is_refusal(error: &LaunchError) -> bool {
    !matches!(
        error,
        LaunchError::Fault { .. } | LaunchError::StepLimit { .. } | LaunchError::Deadlock { .. }
    )
}
