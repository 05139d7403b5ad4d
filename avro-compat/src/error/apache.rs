//! Why something has no counterpart in `apache_avro`.

/// A schema or a value that cannot be what it is on the other side of the feature `apache-avro`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", if place.is_empty() { String::new() } else { format!("{place}: ") })]
pub struct ApacheError {
    pub(crate) place: String,
    pub(crate) problem: ApacheProblem,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApacheProblem {
    /// Something that `apache_avro` has no room for.
    #[error("`apache_avro` has no room for {what}")]
    NoRoom {
        /// What it is.
        what: String,
    },
    /// Something that `apache_avro` does not take.
    #[error("`apache_avro` refuses it: {message}")]
    Refused {
        /// Its message.
        message: String,
    },
    /// A value that is none of the type at its place.
    #[error("expected a value of {wanted}, found {found}")]
    Unfit {
        /// The type.
        wanted: String,
        /// The value.
        found: String,
    },
    /// Nested too deep.
    #[error("nested more than {limit} deep")]
    TooDeep {
        /// What is allowed.
        limit: u32,
    },
}

impl ApacheError {
    pub(crate) fn new(problem: ApacheProblem) -> Self {
        Self { place: String::new(), problem }
    }

    pub(crate) fn no_room(what: impl Into<String>) -> Self {
        Self::new(ApacheProblem::NoRoom { what: what.into() })
    }

    pub(crate) fn refused(message: impl std::fmt::Display) -> Self {
        Self::new(ApacheProblem::Refused { message: message.to_string() })
    }

    /// The same one level further out, in a value.
    pub(crate) fn inside(mut self, token: impl std::fmt::Display) -> Self {
        self.place = format!("/{token}{}", self.place);
        self
    }

    /// Where: in a schema of this crate line, column and pointer; in a value names of fields, indexes of items, keys and branches.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong there.
    pub fn problem(&self) -> &ApacheProblem {
        &self.problem
    }
}
