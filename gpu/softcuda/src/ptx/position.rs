//! Places in a PTX text.

use std::fmt;

/// A place in a PTX text: line and column, both from 1; the column counts bytes.
///
/// Any two positions compare equal. A syntax tree can so be compared with another by what it says, wherever that stood: a tree equals
/// the one that its own disassembly is parsed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Position {
    /// The line, from 1; 0 in a tree that was not parsed.
    pub line: u32,
    /// The column in bytes, from 1; 0 in a tree that was not parsed.
    pub column: u32,
}

impl PartialEq for Position {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Position {}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl Position {
    /// Where `part` stands in `text`, if it is a slice of it. Linear in `text`.
    pub(crate) fn of(text: &str, part: &str) -> Option<Position> {
        let offset = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
        let before = text.get(..offset).filter(|_| offset + part.len() <= text.len())?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // A text is at most `MAX_TEXT_BYTES` long, so that both fit.
        let line = before.bytes().filter(|&byte| byte == b'\n').count() as u32 + 1;
        Some(Position { line, column: (offset - line_start) as u32 + 1 })
    }
}
