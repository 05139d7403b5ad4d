//! Where in which text.

use std::fmt;
use std::sync::Arc;

use crate::json::{Json, Position, Writer};

/// A place in the text of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The name of the text, if it has one: of several that are parsed together.
    pub source: Option<Arc<str>>,
    /// The byte.
    pub offset: usize,
    /// Line and column.
    pub position: Position,
    /// The JSON pointer (RFC 6901) of the value that stands there, or of what is around it if nothing does.
    pub pointer: String,
}

impl Location {
    pub(crate) fn new(text: &str, offset: usize, pointer: String) -> Self {
        Self { source: None, offset, position: Position::of(text, offset), pointer }
    }

    pub(crate) fn start() -> Self {
        Self::new("", 0, String::new())
    }

    pub(crate) fn of(value: Json<'_>) -> Self {
        Self::new(value.document().text(), value.span().start, value.pointer())
    }

    /// Writes it into JSON that has begun, as an object with `source` (`unnamed`, if the text has no name; left out, if there is neither),
    /// `pointer`, `line` and `column`.
    pub fn write_json(&self, out: &mut Writer, unnamed: Option<&str>) {
        out.begin_object();
        if let Some(source) = self.source.as_deref().or(unnamed) {
            out.member("source", source);
        }
        out.member("pointer", &self.pointer);
        out.name("line");
        out.integer(self.position.line.into());
        out.name("column");
        out.integer(self.position.column.into());
        out.end_object();
    }
}

/// A JSON pointer as messages have it: that of the root is empty, and is called what it is.
pub(super) struct Pointer<'a>(pub(super) &'a str);

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the root") } else { write!(f, "{:?}", self.0) }
    }
}

/// `tweet.avsc: line 3, column 7 (/fields/0/type)`
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            write!(f, "{source}: ")?;
        }
        let Position { line, column } = self.position;
        write!(f, "line {line}, column {column}")?;
        if !self.pointer.is_empty() {
            write!(f, " ({})", self.pointer)?;
        }
        Ok(())
    }
}
