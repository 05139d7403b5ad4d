//! What is wrong with the frame of a message.

/// Why a message's schema is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Too few bytes, or the wrong ones.
    #[error("this is no {framing} message: it begins with {found:02x?}, and should with {wanted}")]
    Header {
        /// How messages are framed.
        framing: &'static str,
        /// The first bytes; at most ten.
        found: Vec<u8>,
        /// What they should be.
        wanted: &'static str,
    },
    /// A schema that nobody knows.
    #[error("no schema is known with the {what} {key}")]
    Unknown {
        /// What schemas are known by.
        what: &'static str,
        /// Which one.
        key: String,
    },
    /// The look-up failed.
    #[error("looking up the schema with the {what} {key}: {message}")]
    Lookup {
        /// What schemas are known by.
        what: &'static str,
        /// Which one.
        key: String,
        /// What went wrong.
        message: String,
    },
}
