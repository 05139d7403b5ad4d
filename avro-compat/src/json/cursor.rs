//! A value of a document.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, ESCAPED, REPLACED, Row};
use super::{Number, Position, place, string};

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number
    Number,
    /// A string
    String,
    /// An array
    Array,
    /// An object
    Object,
}

impl Kind {
    /// The kind with its article, for messages: `an object`.
    pub fn described(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// A value of a [`Document`]; as cheap to copy as a reference.
///
/// Two are equal if they say the same: the order of members, blanks, escapes and the spelling of numbers do not count.
#[derive(Clone, Copy)]
pub struct Json<'a> {
    document: &'a Document,
    at: u32,
}

impl<'a> Json<'a> {
    #[inline]
    pub(crate) fn at(document: &'a Document, at: u32) -> Self {
        Self { document, at }
    }

    /// The number of its row, by which it can be found again.
    pub(crate) fn row_number(self) -> u32 {
        self.at
    }

    #[inline]
    pub(super) fn row(self) -> Row {
        self.document.rows[self.at as usize]
    }

    /// The document that it is a value of.
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// Where its text is, in bytes.
    pub fn span(self) -> Range<usize> {
        let row = self.row();
        row.start as usize..row.end as usize
    }

    /// Its text, as it was written.
    pub fn text(self) -> &'a str {
        &self.document.text[self.span()]
    }

    /// Line and column of its first character. Costs a look at all lines before.
    pub fn position(self) -> Position {
        Position::of(&self.document.text, self.row().start as usize)
    }

    /// Its JSON pointer (RFC 6901) from the document's root.
    pub fn pointer(self) -> String {
        place::pointer(self.document, self.at)
    }

    /// True if it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The boolean that it is.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Boolean).then(|| self.text() == "true")
    }

    /// The number that it is.
    pub fn as_number(self) -> Option<Number<'a>> {
        (self.kind() == Kind::Number).then(|| Number::new(self.text()))
    }

    /// The string that it is, without quotes and escapes; copied only if there are escapes.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        let row = self.row();
        if row.kind != Kind::String {
            return None;
        }
        let inner = &self.document.text[row.start as usize + 1..row.end as usize - 1];
        Some(if row.flags & ESCAPED == 0 { Cow::Borrowed(inner) } else { string::decode(inner) })
    }

    /// The elements, if it is an array; else none.
    pub fn elements(self) -> Elements<'a> {
        let row = self.row();
        let (next, end) =
            if row.kind == Kind::Array { (self.at + 1, row.next) } else { (row.next, row.next) };
        Elements { document: self.document, next, end }
    }

    /// The members in the order of the text, if it is an object; else none. Of members with one name only the last is told, if
    /// the document was read so that there can be such.
    pub fn members(self) -> Members<'a> {
        let row = self.row();
        let (next, end) =
            if row.kind == Kind::Object { (self.at + 1, row.next) } else { (row.next, row.next) };
        Members { document: self.document, next, end }
    }

    /// The member of a name. Costs a look at the members before it.
    pub fn get(self, name: &str) -> Option<Self> {
        self.members().find(|(key, _)| key.as_str().is_some_and(|it| it == name)).map(|it| it.1)
    }
}

impl std::fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// The elements of an array: [`Json::elements`].
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    document: &'a Document,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    #[inline]
    fn next(&mut self) -> Option<Json<'a>> {
        (self.next < self.end).then(|| {
            let element = Json::at(self.document, self.next);
            self.next = element.row().next;
            element
        })
    }
}

/// The members of an object, name and value: [`Json::members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    document: &'a Document,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Json<'a>, Json<'a>);

    #[inline]
    fn next(&mut self) -> Option<(Json<'a>, Json<'a>)> {
        while self.next < self.end {
            let key = Json::at(self.document, self.next);
            let value = Json::at(self.document, self.next + 1);
            self.next = value.row().next;
            if key.row().flags & REPLACED == 0 {
                return Some((key, value));
            }
        }
        None
    }
}
