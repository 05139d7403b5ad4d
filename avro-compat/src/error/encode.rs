//! Why a value cannot be written.

/// A value that is not one of its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", if path.is_empty() { String::new() } else { format!("at {path}: ") })]
pub struct EncodeError {
    pub(crate) path: String,
    pub(crate) reason: String,
}

impl EncodeError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }

    /// The same one level further out.
    pub(crate) fn inside(mut self, token: impl std::fmt::Display) -> Self {
        self.path = format!("/{token}{}", self.path);
        self
    }

    /// Where in the value: names of fields, indexes of items, keys, branches.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
