//! The one error type of the program.

use std::io;
use std::path::{Path, PathBuf};

use avro_compat::ParseError;

/// Why there is no answer: what was found, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is too large to be a schema.
    #[error("{name}: more than {limit} bytes, which no schema has")]
    TooLong {
        /// Which.
        name: String,
        /// What is allowed.
        limit: u64,
    },
    /// A text that is no schema.
    #[error("{}", .0.error)] // which has the name of the text in it
    Invalid(Box<Invalid>),
    /// What the library says otherwise.
    #[error("{name}: {error}")]
    Library {
        /// About which file.
        name: String,
        /// What it says.
        error: Box<avro_compat::Error>,
    },
    /// Several inputs that are all from standard input.
    #[error("only one of the files can be standard input (-)")]
    StandardInputTwice,
    /// Nothing to do in a directory.
    #[error("{}: no .avsc file is in it", .path.display())]
    NoSchemas {
        /// Which.
        path: PathBuf,
    },
    /// Git, or something that it says.
    #[error("git {command}: {message}")]
    Git {
        /// What it was asked.
        command: String,
        /// What went wrong.
        message: String,
    },
    /// A repository without its history.
    #[error(
        "{}: this repository is a shallow clone, and old versions may be missing: run `git fetch --unshallow` (in a workflow of GitHub, check out with `fetch-depth: 0`), or take what is there with --allow-shallow",
        .path.display()
    )]
    Shallow {
        /// Where.
        path: PathBuf,
    },
    /// A path that Git does not know.
    #[error("{}: no .avsc file that git knows; commit it first", .path.display())]
    NoHistory {
        /// Which.
        path: PathBuf,
    },
    /// An address that is none, or not one that can be asked.
    #[error("the registry's address {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// A registry that cannot be asked.
    #[error("{address}: {message}")]
    Connection {
        /// What was asked.
        address: String,
        /// What went wrong.
        message: String,
    },
    /// A registry that says no.
    #[error("{address}: the registry answers {status}{}{message}", if message.is_empty() { "" } else { ": " })]
    Refused {
        /// What was asked.
        address: String,
        /// The status of HTTP.
        status: u16,
        /// What it says.
        message: String,
    },
    /// An answer that makes no sense.
    #[error("{address}: not the answer of a schema registry: {message}")]
    Answer {
        /// What was asked.
        address: String,
        /// What is wrong with the answer.
        message: String,
    },
    /// The variable with user and password.
    #[error("the environment variable {name} is not USER:PASSWORD")]
    Credentials {
        /// The variable.
        name: &'static str,
    },
    /// The server is not there.
    #[error(
        "there is no schema-registry beside {} nor on PATH: build it with `cargo build -p schema-registry`, and put it there",
        .beside.display()
    )]
    NoServer {
        /// Where this program is.
        beside: PathBuf,
    },
    /// The server does not start.
    #[error("{} could not be started: {source}", .path.display())]
    Server {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What is wrong with a text, and the text.
#[derive(Debug)]
pub struct Invalid {
    /// What to call the text, if the error does not.
    pub name: String,
    /// What, and where.
    pub error: ParseError,
    /// The text.
    pub text: String,
}

/// What the program's fallible functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// About a file.
    pub fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// What the library says about a file.
    pub fn library(name: impl Into<String>, error: avro_compat::Error) -> Self {
        Self::Library { name: name.into(), error: Box::new(error) }
    }
}
