//! A value that keeps its document alive.

use std::sync::Arc;

use super::{Document, Json, Reading};
use crate::error::ParseError;

/// A value together with the document that it stands in; cheap to clone.
#[derive(Clone)]
pub struct OwnedJson {
    document: Arc<Document>,
    at: u32,
}

impl OwnedJson {
    pub(crate) fn new(document: &Arc<Document>, value: Json<'_>) -> Self {
        debug_assert!(std::ptr::eq(&**document, value.document()));
        Self { document: Arc::clone(document), at: value.row_number() }
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it first, and where.
    pub fn read(text: &str, reading: &Reading) -> Result<Self, ParseError> {
        Ok(Self { document: Arc::new(Document::read(text, reading)?), at: 0 })
    }

    /// The value.
    pub fn get(&self) -> Json<'_> {
        Json::at(&self.document, self.at)
    }
}

impl std::fmt::Debug for OwnedJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

impl PartialEq for OwnedJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for OwnedJson {}
