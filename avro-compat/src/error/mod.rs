//! The one error type of the crate.

mod default;
mod location;
mod parse;
mod problem;

pub use default::DefaultMismatch;
pub use location::Location;
pub use parse::ParseError;
pub use problem::Problem;

/// What went wrong, with what was found, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text that is no schema, or no JSON.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A default that is no value of a type.
    #[error("the default does not fit: {0}")]
    Default(#[from] DefaultMismatch),
    /// A text that is no compatibility mode.
    #[error(
        "{found:?} is not a compatibility mode: NONE, BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL and FULL_TRANSITIVE are"
    )]
    Mode {
        /// What is there.
        found: String,
    },
}

/// What the crate's fallible operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
