//! Where a value stands: line and column, and JSON pointer.

use std::fmt::Write as _;

use super::document::Document;
use super::{Json, Kind};

/// A place in a text, for people: both count from 1, columns are characters (Unicode scalar values).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character in the line.
    pub column: u32,
}

impl Position {
    /// The position of a byte of a text; of the end, if it is not one. Lines end with LF.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|it| *it == b'\n').map_or(0, |it| it + 1);
        // Bytes that do not continue a character begin one.
        let column = before[line_start..].iter().filter(|it| **it & 0xC0 != 0x80).count();
        let line = before.iter().filter(|it| **it == b'\n').count();
        Self { line: saturate(line + 1), column: saturate(column + 1) }
    }
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Appends one step of a pointer, escaped as RFC 6901 wants it.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

pub(crate) fn push_index(pointer: &mut String, index: usize) {
    // A String takes whatever is written.
    let _ = write!(pointer, "/{index}");
}

/// The pointer of a row: downwards from the root, always into the value that the row is in.
pub(super) fn pointer(document: &Document, target: u32) -> String {
    let mut pointer = String::new();
    let mut value = Json::at(document, 0);
    while value.row_number() < target {
        let inside = |it: &Json<'_>| target < it.row().next;
        value = match value.kind() {
            Kind::Array => {
                let Some((index, it)) = value.elements().enumerate().find(|(_, it)| inside(it))
                else {
                    break;
                };
                push_index(&mut pointer, index);
                it
            }
            Kind::Object => {
                let Some((key, it)) = value.members().find(|(_, it)| inside(it)) else { break };
                push_token(&mut pointer, &key.as_str().unwrap_or_default());
                // The name of a member is where the member is.
                if key.row_number() == target {
                    break;
                }
                it
            }
            _ => break,
        };
    }
    pointer
}
