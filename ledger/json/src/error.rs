//! What can be wrong with a feed.

/// Why a feed cannot be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line is no change.
    #[error("line {line} is no change: {source}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The last line has no end, and is no change: the recording was cut off there.
    #[error(
        "line {line} is cut off: {source}; take the line away, or record on behind the one before it"
    )]
    CutOff {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line is longer than [`MAX_LINE`](crate::MAX_LINE).
    #[error("line {line} is no change: it has more than {} bytes", crate::MAX_LINE)]
    TooLong {
        /// Its number, from 1.
        line: u64,
    },
    /// A line is no text.
    #[error("line {line} is no change: it is not UTF-8")]
    NoText {
        /// Its number, from 1.
        line: u64,
    },
    /// An event's id is not the key of its change.
    #[error("line {line}: the event's id is {id}, and its change is {change}")]
    OtherId {
        /// The number of the line with the change, from 1.
        line: u64,
        /// The event's.
        id: String,
        /// The change's.
        change: crate::Key,
    },
    /// The server could not go on, and said so.
    #[error("line {line}: the server ended the feed: {says}")]
    Ended {
        /// Where that stands.
        line: u64,
        /// What it said.
        says: String,
    },
    /// The feed could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
