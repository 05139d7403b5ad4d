//! Why something is not renamed.

/// Why a type or a field is not renamed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenameError {
    /// There is no such thing.
    #[error(
        "{target:?} is neither the JSON pointer of a named type's definition or of a field, nor the full name of a type"
    )]
    NotFound {
        /// What was to be renamed.
        target: String,
    },
    /// A name in another namespace, which would move what is inside, too.
    #[error("{name:?} is in another namespace than {old:?}: only the name itself is changed")]
    Namespace {
        /// The new name.
        name: String,
        /// The old one.
        old: String,
    },
    /// A schema that is made of several texts.
    #[error(
        "the schema is made of several texts, or is a part of one: rename where it is the whole"
    )]
    NotOneText,
    /// A name that means something else where it would stand.
    #[error("{name:?} cannot be the name: {reason}")]
    Unusable {
        /// The new name.
        name: String,
        /// What would be wrong.
        reason: String,
    },
}
