//! Errors in serde's traits.

use serde_core::ser;

use crate::error::EncodeError;

/// An error, as serde's traits want it.
#[derive(Debug)]
pub(super) struct SerdeFault(pub Box<EncodeError>);

impl SerdeFault {
    /// The same one level further out.
    #[cold]
    pub fn inside(self, token: impl std::fmt::Display) -> Self {
        self.0.inside(token).into()
    }
}

impl From<EncodeError> for SerdeFault {
    #[cold]
    fn from(error: EncodeError) -> Self {
        Self(Box::new(error))
    }
}

impl ser::Error for SerdeFault {
    #[cold]
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        EncodeError::new(message.to_string()).into()
    }
}

impl std::fmt::Display for SerdeFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SerdeFault {}
