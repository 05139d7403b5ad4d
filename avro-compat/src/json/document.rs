//! A text that has been read: one flat table of its values, in the order of the text.

use super::read::{self, Reading};
use super::{Json, Kind};
use crate::error::ParseError;

/// A JSON text and where its values are.
///
/// Values are not copied out of the text: each is a row of a table that names its place. A document of any depth is therefore dropped,
/// compared and written without recursion.
#[derive(Debug)]
pub struct Document {
    pub(super) text: Box<str>,
    pub(super) rows: Vec<Row>,
}

/// A value's place: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The first byte of the value.
    pub start: u32,
    /// The byte behind the value.
    pub end: u32,
    /// The row behind the value and all that is in it.
    pub next: u32,
    pub kind: Kind,
    pub flags: u8,
}

/// A string with at least one backslash.
pub(super) const ESCAPED: u8 = 1;
/// The name of a member that a later one of the same name replaces.
pub(super) const REPLACED: u8 = 2;

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// What is wrong with it first, and where.
    pub fn read(text: &str, reading: &Reading) -> Result<Self, ParseError> {
        let rows = read::rows(text, reading)?;
        Ok(Self { text: text.into(), rows })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value that the text is.
    pub fn root(&self) -> Json<'_> {
        Json::at(self, 0)
    }

    /// The value of a JSON pointer (RFC 6901); none if there is none.
    pub fn find(&self, pointer: &str) -> Option<Json<'_>> {
        let mut tokens = pointer.split('/');
        // What is before the first slash must be nothing.
        if tokens.next() != Some("") {
            return None;
        }
        tokens.try_fold(self.root(), |value, token| match value.kind() {
            Kind::Array => value.elements().nth(token.parse().ok()?),
            _ => value.get(&token.replace("~1", "/").replace("~0", "~")),
        })
    }
}
