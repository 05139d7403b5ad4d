//! What is wrong with encoded data.

use std::fmt;

use super::Mismatch;
use super::location::Pointer;
use crate::Kind;

/// The first thing that is wrong with encoded data, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    problem: DecodeProblem,
    offset: usize,
    reader: Option<String>,
    writer: Option<String>,
}

impl DecodeError {
    pub(crate) fn new(
        problem: DecodeProblem,
        offset: usize,
        reader: Option<String>,
        writer: Option<String>,
    ) -> Self {
        Self(Box::new(Inner { problem, offset, reader, writer }))
    }

    /// What is wrong.
    pub fn problem(&self) -> &DecodeProblem {
        &self.0.problem
    }

    /// The byte of the input at which the value begins that is wrong, or at which the input ends.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The JSON pointer, in the reader's schema, of the innermost field, array, map or union that was being read; none if the
    /// reader has no such thing, since the data was being skipped, or if the fault is outside of all data.
    pub fn reader_pointer(&self) -> Option<&str> {
        self.0.reader.as_deref()
    }

    /// The same in the writer's schema; none in defaults, which nobody wrote.
    pub fn writer_pointer(&self) -> Option<&str> {
        self.0.writer.as_deref()
    }
}

/// `byte 17 (written as /fields/2, read as /fields/0): ...`
impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { problem, offset, reader, writer } = &*self.0;
        write!(f, "byte {offset}")?;
        match (writer, reader) {
            (Some(writer), Some(reader)) => {
                write!(f, " (written as {}, read as {})", Pointer(writer), Pointer(reader))?
            }
            (Some(writer), None) => write!(f, " (written as {})", Pointer(writer))?,
            (None, Some(reader)) => write!(f, " (read as {})", Pointer(reader))?,
            (None, None) => {}
        }
        write!(f, ": {problem}")
    }
}

impl std::error::Error for DecodeError {}

/// What is wrong with encoded data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeProblem {
    /// The input ends too early.
    #[error("the input ends here: {needed} bytes are needed and {left} are left")]
    Truncated {
        /// How many bytes come here.
        needed: u64,
        /// How many there are.
        left: usize,
    },
    /// Something follows the value.
    #[error(
        "the value has ended, and {count} bytes follow: is it another schema that the data was written with?"
    )]
    Trailing {
        /// How many bytes.
        count: usize,
    },
    /// An integer that is written in more bytes than any is.
    #[error("{kind} has at most {} bytes, and this does not end there", if *kind == Kind::Int { 5 } else { 10 })]
    Varint {
        /// Int or long.
        kind: Kind,
    },
    /// An integer that is out of range.
    #[error("the number is out of the range of {kind}")]
    Range {
        /// Int or long.
        kind: Kind,
    },
    /// A boolean that is neither 0 nor 1.
    #[error("a boolean is written as 0 or 1, and this is {found}")]
    Boolean {
        /// The byte.
        found: u8,
    },
    /// A string that is not UTF-8.
    #[error("the string is not UTF-8 from its byte {valid} on")]
    Utf8 {
        /// How many of its bytes are UTF-8.
        valid: usize,
    },
    /// A length of a string, of bytes or of a block that is negative.
    #[error("a length of {found}")]
    Length {
        /// The number.
        found: i64,
    },
    /// An index of a symbol that does not exist.
    #[error("symbol {found} of an enum of {symbols}")]
    Symbol {
        /// The index.
        found: i32,
        /// How many symbols there are.
        symbols: usize,
    },
    /// An index of a branch that does not exist.
    #[error("branch {found} of a union of {branches}")]
    Branch {
        /// The index.
        found: i32,
        /// How many branches there are.
        branches: usize,
    },
    /// A block with more items than there are bytes.
    #[error("a block of {count} items, and {left} bytes are left")]
    Block {
        /// How many items.
        count: u64,
        /// How many bytes there are.
        left: usize,
    },
    /// A block whose size is not the size of its items.
    #[error("the block's size is given as {given} bytes, and its items have {found}")]
    BlockSize {
        /// What was announced.
        given: u64,
        /// What was there.
        found: u64,
    },
    /// Data nested too deep.
    #[error(
        "records, arrays and maps are nested more than {limit} deep: raise `max_depth` if the data is trusted"
    )]
    TooDeep {
        /// What is allowed.
        limit: u32,
    },
    /// Too many values that take no bytes.
    #[error(
        "more than {limit} values that take no bytes: raise `max_empty` if the data is trusted"
    )]
    TooManyEmpty {
        /// What is allowed.
        limit: u64,
    },
    /// More values than can be counted.
    #[error("more than 2^32 values")]
    TooLarge,
    /// A value that the reader's schema cannot take.
    #[error(transparent)]
    Unreadable(#[from] Mismatch),
    /// What the target type says of the value.
    #[error("{message}")]
    Target {
        /// The message of its `Deserialize` implementation.
        message: String,
    },
}
