//! The one error type of the crate.

#[cfg(feature = "apache-avro")]
mod apache;
mod container;
mod decode;
mod default;
mod encode;
mod frame;
mod location;
mod mismatch;
mod parse;
mod problem;
mod rename;
mod resolve;

#[cfg(feature = "apache-avro")]
pub use apache::{ApacheError, ApacheProblem};
pub use container::ContainerError;
pub use decode::{DecodeError, DecodeProblem};
pub use default::DefaultMismatch;
pub use encode::EncodeError;
pub use frame::FrameError;
pub use location::Location;
pub use mismatch::Mismatch;
pub use parse::ParseError;
pub use problem::Problem;
pub use rename::RenameError;
pub use resolve::ResolveError;

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
    /// Encoded data that cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A value that cannot be written.
    #[error("the value does not fit its schema: {0}")]
    Encode(#[from] EncodeError),
    /// Two schemas that make no resolver.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Something that is not renamed.
    #[error(transparent)]
    Rename(#[from] RenameError),
    /// A container file that cannot be read or written.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// A message whose schema is not known.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A schema or a value without counterpart in `apache_avro`, or the other way round.
    #[cfg(feature = "apache-avro")]
    #[error(transparent)]
    Apache(#[from] ApacheError),
}

/// What the crate's fallible operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
