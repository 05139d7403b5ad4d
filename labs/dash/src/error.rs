//! What can go wrong.

use std::path::PathBuf;

use crate::expression::BadExpression;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file of panels.
    #[error("docker/dashboards/panels.toml: {0}")]
    Panels(String),
    /// An expression of a panel.
    #[error("docker/dashboards/panels.toml, panel {panel}: {error}")]
    Expression {
        /// The panel.
        panel: String,
        /// What is wrong.
        error: BadExpression,
    },
    /// A target that cannot be.
    #[error("target `{target}`: {what}; expected NAME=http://HOST:PORT/metrics")]
    Target {
        /// What was given.
        target: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The system refuses something.
    #[error("cannot {what}: {error}")]
    Io {
        /// What was to be done.
        what: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A page that other machines reach, unasked.
    #[error(
        "{address} can be reached from other machines, and nobody is asked for a password: say --insecure, or put a proxy before it that asks"
    )]
    Exposed {
        /// Where it was to listen.
        address: std::net::SocketAddr,
    },
    /// A workload of the demo.
    #[error("the demo's {part}: {what}")]
    Demo {
        /// Which part.
        part: &'static str,
        /// What it says.
        what: String,
    },
}

impl Error {
    /// What the system says to something.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        |error| Self::Io { what, error }
    }

    /// What a part of the demo says.
    pub fn demo<E: std::fmt::Display>(part: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Demo { part, what: error.to_string() }
    }
}

/// What may go wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;
