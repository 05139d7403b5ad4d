//! Why a reader's type cannot take a writer's.

/// Why data of a writer's type cannot be read as a reader's type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// Two types of which neither is the other, nor promoted to it.
    #[error("{writer} was written, and cannot be read as {reader}")]
    Type {
        /// The reader's kind.
        reader: crate::Kind,
        /// The writer's kind.
        writer: crate::Kind,
    },
    /// Two named types of different names.
    #[error(
        "{kind} {writer:?} was written, and the reader's is {reader:?}: name it so, or add the alias {writer:?}"
    )]
    Name {
        /// What both are.
        kind: crate::Kind,
        /// The reader's full name.
        reader: String,
        /// The writer's full name.
        writer: String,
    },
    /// Two fixed types of different sizes.
    #[error("fixed {name:?} has {writer} bytes for the writer and {reader} for the reader")]
    Size {
        /// The reader's full name.
        name: String,
        /// The reader's size.
        reader: u32,
        /// The writer's size.
        writer: u32,
    },
    /// A field that was not written and has no default.
    #[error(
        "field {field:?} of the reader's record {record:?} was not written and has no default: add one"
    )]
    MissingField {
        /// The field.
        field: String,
        /// The full name of the reader's record.
        record: String,
    },
    /// A field that was not written, with a default that is no value of its type.
    #[error(
        "field {field:?} of the reader's record {record:?} was not written, and its default cannot be used: {reason}"
    )]
    Default {
        /// The field.
        field: String,
        /// The full name of the reader's record.
        record: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A symbol that the reader's enum has not.
    #[error(
        "symbol {symbol:?} was written, which the reader's enum {name:?} has not, nor a default: add one of the two"
    )]
    Symbol {
        /// The symbol.
        symbol: String,
        /// The full name of the reader's enum.
        name: String,
    },
    /// A type that no branch of the reader's union takes.
    #[error("{writer} was written, which no branch of the reader's union takes: add one that does")]
    NoBranch {
        /// The writer's type: the full name, or the kind.
        writer: String,
    },
}
