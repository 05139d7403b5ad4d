//! Edits of a JSON text that leave the rest of it as it is.

use std::ops::Range;

use crate::json::{Json, Kind, push_token, quote};

/// What an edit does, as JSON Patch (RFC 6902) names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A member or an element is added; the pointer of an element at the end of an array ends with `-`.
    Add,
    /// A value takes the place of another.
    Replace,
}

impl Operation {
    /// As JSON Patch spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
        }
    }
}

/// One edit of a schema's text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// What is done.
    pub operation: Operation,
    /// Where, as a JSON pointer into the text before all edits.
    pub pointer: String,
    /// The new value, as JSON.
    pub value: String,
    /// What of the text is replaced, in bytes; empty if something is added.
    pub span: Range<usize>,
    /// By what: the value, with what must be around it.
    pub replacement: String,
}

/// `add /fields/2/default: 0`
impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.operation.as_str(), self.pointer, self.value)
    }
}

impl Edit {
    /// A value in place of another.
    pub(super) fn replace(old: Json<'_>, value: String) -> Self {
        let (pointer, span) = (old.pointer(), old.span());
        let replacement = value.clone();
        Self { operation: Operation::Replace, pointer, value, span, replacement }
    }

    /// A member of an object, in place of the one of its name if there is one.
    pub(super) fn member(object: Json<'_>, name: &str, value: String) -> Self {
        if let Some(old) = object.get(name) {
            return Self::replace(old, value);
        }
        let mut pointer = object.pointer();
        push_token(&mut pointer, name);
        let style = Style::of(object);
        let mut replacement = String::new();
        quote(&mut replacement, name);
        replacement.push_str(style.colon);
        replacement.push_str(&value);
        let last = object.members().last().map(|it| it.1);
        Self::behind(object, last, pointer, value, &style, &replacement)
    }

    /// An element at the end of an array.
    pub(super) fn element(array: Json<'_>, value: String) -> Self {
        let pointer = array.pointer() + "/-";
        let replacement = value.clone();
        let style = Style::of(array);
        Self::behind(array, array.elements().last(), pointer, value, &style, &replacement)
    }

    fn behind(
        around: Json<'_>,
        last: Option<Json<'_>>,
        pointer: String,
        value: String,
        style: &Style<'_>,
        text: &str,
    ) -> Self {
        let (at, replacement) = match last {
            Some(last) => (last.span().end, format!(",{}{text}", style.comma)),
            // Behind the bracket.
            None => (around.span().start + 1, text.to_owned()),
        };
        Self { operation: Operation::Add, pointer, value, span: at..at, replacement }
    }

    /// A name in the list of aliases of a type's or a field's object.
    pub(super) fn alias(object: Json<'_>, name: &str) -> Self {
        let mut quoted = String::new();
        quote(&mut quoted, name);
        match object.get("aliases") {
            Some(aliases) if aliases.kind() == Kind::Array => Self::element(aliases, quoted),
            _ => Self::member(object, "aliases", format!("[{quoted}]")),
        }
    }
}

/// How the text around is laid out.
struct Style<'a> {
    /// Between a comma and what follows.
    comma: &'a str,
    /// Between a name and its value.
    colon: &'static str,
}

impl<'a> Style<'a> {
    /// As before the last part that is there, else as the first.
    fn of(around: Json<'a>) -> Self {
        let text = around.document().text();
        let blanks = |end: usize| {
            let start = text[..end].trim_end_matches([' ', '\t', '\r', '\n']).len();
            &text[start..end]
        };
        let colon = match around.members().last() {
            Some((name, value)) if value.span().start == name.span().end + 1 => ":",
            _ => ": ",
        };
        let starts: Vec<usize> = match around.kind() {
            Kind::Object => around.members().map(|it| it.0.span().start).collect(),
            _ => around.elements().map(|it| it.span().start).collect(),
        };
        let comma = match starts.as_slice() {
            [.., _, last] => blanks(*last),
            // On a line of its own, or beside.
            [first] if blanks(*first).contains('\n') => blanks(*first),
            _ if colon == ":" => "",
            _ => " ",
        };
        Self { comma, colon }
    }
}

/// A text with edits, whose spans must not overlap; none if they do.
pub(super) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<_> = edits.iter().collect();
    // Of several at one place the first comes first.
    sorted.sort_by_key(|it| (it.span.start, it.span.end));
    let mut edited = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in sorted {
        edited.push_str(text.get(at..edit.span.start)?);
        edited.push_str(&edit.replacement);
        at = edit.span.end;
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}
