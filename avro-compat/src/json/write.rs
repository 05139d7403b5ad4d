//! The writer.

use std::fmt::Write as _;

use super::{Json, Kind};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One line, no blanks.
    #[default]
    Compact,
    /// A line for each member and element, and two blanks for each level.
    Indented,
}

/// Writes JSON, piece by piece, into a string.
///
/// Commas, colons and line breaks come by themselves. That the pieces make sense (a name before each member's value, as many ends
/// as begins) is the caller's business.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    layout: Layout,
    depth: usize,
    /// Whether something at this level has been written.
    more: bool,
    /// Whether a member's name has been written, and not its value.
    named: bool,
}

impl Writer {
    /// An empty text.
    pub fn new(layout: Layout) -> Self {
        Self { layout, ..Self::default() }
    }

    /// The text of what `write` writes.
    pub fn written(layout: Layout, write: impl FnOnce(&mut Self)) -> String {
        let mut out = Self::new(layout);
        write(&mut out);
        out.finish()
    }

    /// The text so far.
    pub fn finish(self) -> String {
        self.text
    }

    fn line(&mut self) {
        if self.layout == Layout::Indented {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn item(&mut self) {
        if std::mem::take(&mut self.named) {
            return;
        }
        if self.more {
            self.text.push(',');
        }
        if self.depth > 0 {
            self.line();
        }
    }

    fn begin(&mut self, bracket: char) {
        self.item();
        self.text.push(bracket);
        self.depth += 1;
        self.more = false;
    }

    fn end(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        if std::mem::replace(&mut self.more, true) {
            self.line();
        }
        self.text.push(bracket);
    }

    /// `{`
    pub fn begin_object(&mut self) {
        self.begin('{');
    }

    /// `}`
    pub fn end_object(&mut self) {
        self.end('}');
    }

    /// `[`
    pub fn begin_array(&mut self) {
        self.begin('[');
    }

    /// `]`
    pub fn end_array(&mut self) {
        self.end(']');
    }

    /// A member's name; its value comes next.
    pub fn name(&mut self, name: &str) {
        self.item();
        quote(&mut self.text, name);
        self.text.push_str(if self.layout == Layout::Indented { ": " } else { ":" });
        self.named = true;
        self.more = true;
    }

    /// A string.
    pub fn string(&mut self, value: &str) {
        self.item();
        quote(&mut self.text, value);
        self.more = true;
    }

    /// A value whose JSON text is given: a number, a literal.
    pub fn raw(&mut self, text: &str) {
        self.item();
        self.text.push_str(text);
        self.more = true;
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        self.item();
        // A String takes whatever is written.
        let _ = write!(self.text, "{value}");
        self.more = true;
    }

    /// `true` or `false`
    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    /// `null`
    pub fn null(&mut self) {
        self.raw("null");
    }

    /// A member that is a string.
    pub fn member(&mut self, name: &str, value: &str) {
        self.name(name);
        self.string(value);
    }

    /// A value of a document; whatever its depth, without recursion.
    pub fn value(&mut self, value: Json<'_>) {
        enum Step<'a> {
            Value(Json<'a>),
            Name(Json<'a>),
            EndArray,
            EndObject,
        }
        let mut open = vec![Step::Value(value)];
        while let Some(step) = open.pop() {
            match step {
                Step::EndArray => self.end_array(),
                Step::EndObject => self.end_object(),
                Step::Name(name) => self.name(&name.as_str().unwrap_or_default()),
                Step::Value(value) => match value.kind() {
                    Kind::String => self.string(&value.as_str().unwrap_or_default()),
                    Kind::Array => {
                        self.begin_array();
                        open.push(Step::EndArray);
                        let first = open.len();
                        open.extend(value.elements().map(Step::Value));
                        open[first..].reverse();
                    }
                    Kind::Object => {
                        self.begin_object();
                        open.push(Step::EndObject);
                        let first = open.len();
                        for (name, value) in value.members() {
                            open.extend([Step::Name(name), Step::Value(value)]);
                        }
                        open[first..].reverse();
                    }
                    Kind::Null | Kind::Boolean | Kind::Number => self.raw(value.text()),
                },
            }
        }
    }
}

/// A string in quotes, with no more escapes than JSON wants.
pub(crate) fn quote(out: &mut String, value: &str) {
    out.push('"');
    let mut rest = value;
    while let Some(at) = rest.bytes().position(|it| it < b' ' || it == b'"' || it == b'\\') {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte < b' ' => {
                // A String takes whatever is written.
                let _ = write!(out, "\\u{byte:04x}");
            }
            byte => {
                out.push('\\');
                out.push(char::from(byte));
            }
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}
