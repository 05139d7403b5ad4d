//! Why two schemas make no resolver.

use super::Mismatch;
use super::location::Pointer;

/// Why there is no resolver for two schemas.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No data at all could be read.
    #[error(
        "nothing that was written as {} can be read as {}: {mismatch}",
        Pointer(writer),
        Pointer(reader)
    )]
    Unreadable {
        /// Why.
        mismatch: Mismatch,
        /// Where in the reader's schema, as a JSON pointer.
        reader: String,
        /// Where in the writer's schema, as a JSON pointer.
        writer: String,
    },
    /// A program that is larger than allowed.
    #[error(
        "these schemas take more than {limit} instructions: raise `max_instructions` if they are trusted"
    )]
    TooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// Defaults that are larger than allowed.
    #[error(
        "the defaults take more than {limit} bytes: raise `max_default_bytes` if the schemas are trusted"
    )]
    Defaults {
        /// What is allowed.
        limit: usize,
    },
}
