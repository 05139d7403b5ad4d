//! The reader: text to rows, without recursion.

use super::document::Row;
use super::place::{push_index, push_token};
use super::{Kind, Position};
use crate::error::{Location, ParseError, Problem};

mod blanks;
mod duplicates;
mod scalars;

/// How JSON is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The longest text, in bytes. At most `u32::MAX`, whatever is said here.
    pub max_bytes: usize,
    /// The deepest nesting: an array in an array is two deep.
    pub max_depth: usize,
    /// Whether `//` and `/* */` comments are blanks, which they are not in JSON.
    pub comments: bool,
    /// Whether the last of several members of one name counts, rather than being an error.
    pub repeated_members: bool,
}

impl Default for Reading {
    /// Strict JSON of at most 16 MiB and 512 levels.
    fn default() -> Self {
        Self { max_bytes: 16 << 20, max_depth: 512, comments: false, repeated_members: false }
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Where in the text, always between two characters.
    at: usize,
    rows: Vec<Row>,
    /// Rows of the arrays and objects that have not ended, from the outermost.
    open: Vec<u32>,
    reading: &'a Reading,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    CommaOrEnd,
}

pub(super) fn rows(text: &str, reading: &Reading) -> Result<Vec<Row>, ParseError> {
    let limit = reading.max_bytes.min(u32::MAX as usize);
    if text.len() > limit {
        return Err(ParseError::new(
            Problem::TooLong { found: text.len(), limit },
            Location::start(),
        ));
    }
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: if text.starts_with('\u{FEFF}') { 3 } else { 0 },
        // A value takes some ten bytes; a text of `[` is no reason to take sixteen times its length at once.
        rows: Vec::with_capacity(text.len() / 10 + 4),
        open: Vec::with_capacity(16),
        reading,
    };
    reader.read()?;
    Ok(reader.rows)
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), ParseError> {
        let mut next = Next::Value;
        loop {
            self.skip_blanks()?;
            let byte = self.bytes.get(self.at).copied();
            next = match (next, byte) {
                (Next::Value | Next::ValueOrEnd, Some(b'{')) => {
                    self.begin(Kind::Object)?;
                    Next::NameOrEnd
                }
                (Next::Value | Next::ValueOrEnd, Some(b'[')) => {
                    self.begin(Kind::Array)?;
                    Next::ValueOrEnd
                }
                (Next::ValueOrEnd | Next::CommaOrEnd, Some(b']')) if self.inside(Kind::Array) => {
                    self.end()?;
                    Next::CommaOrEnd
                }
                (Next::NameOrEnd | Next::CommaOrEnd, Some(b'}')) if self.inside(Kind::Object) => {
                    self.end()?;
                    Next::CommaOrEnd
                }
                (Next::Value | Next::ValueOrEnd, Some(byte)) => {
                    self.scalar(byte)?;
                    Next::CommaOrEnd
                }
                (Next::Name | Next::NameOrEnd, Some(b'"')) => {
                    self.string()?;
                    self.skip_blanks()?;
                    if self.bytes.get(self.at) != Some(&b':') {
                        return Err(self.unexpected("`:` after a member's name"));
                    }
                    self.at += 1;
                    Next::Value
                }
                (Next::CommaOrEnd, Some(b',')) => {
                    self.at += 1;
                    if self.inside(Kind::Object) { Next::Name } else { Next::Value }
                }
                (Next::Value | Next::ValueOrEnd, None) => return Err(self.unexpected("a value")),
                (Next::Name | Next::NameOrEnd, _) => {
                    return Err(self.unexpected("a member's name in double quotes"));
                }
                (Next::CommaOrEnd, _) => {
                    let array = self.inside(Kind::Array);
                    return Err(self.unexpected(if array { "`,` or `]`" } else { "`,` or `}`" }));
                }
            };
            if self.open.is_empty() {
                self.skip_blanks()?;
                return if self.at == self.bytes.len() {
                    Ok(())
                } else {
                    Err(self.problem(Problem::Trailing, self.at))
                };
            }
        }
    }

    #[inline]
    fn inside(&self, kind: Kind) -> bool {
        self.open.last().is_some_and(|it| self.rows[*it as usize].kind == kind)
    }

    fn begin(&mut self, kind: Kind) -> Result<(), ParseError> {
        if self.open.len() >= self.reading.max_depth {
            let limit = self.reading.max_depth;
            return Err(self.problem(Problem::TooDeep { limit }, self.at));
        }
        self.open.push(self.rows.len() as u32);
        self.push(kind, self.at, self.at + 1, 0);
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), ParseError> {
        self.at += 1;
        let next = self.rows.len() as u32;
        if let Some(row) = self.open.last().copied() {
            let entry = &mut self.rows[row as usize];
            (entry.end, entry.next) = (self.at as u32, next);
            if entry.kind == Kind::Object {
                self.repeated(row)?;
            }
            self.open.pop();
        }
        Ok(())
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: usize, end: usize, flags: u8) {
        // Lengths fit: the text is no longer than `u32::MAX`, and has fewer values than bytes.
        let next = self.rows.len() as u32 + 1;
        self.rows.push(Row { start: start as u32, end: end as u32, next, kind, flags });
    }

    fn unexpected(&self, wanted: &'static str) -> ParseError {
        let Some(found) = self.text[self.at..].chars().next() else {
            return self.problem(self.truncated(wanted), self.at);
        };
        self.problem(Problem::Unexpected { found, wanted }, self.at)
    }

    fn truncated(&self, wanted: &'static str) -> Problem {
        let open = self.open.last().map(|it| {
            let row = self.rows[*it as usize];
            (row.kind.described(), Position::of(self.text, row.start as usize))
        });
        match open {
            Some((kind, begun)) => Problem::Truncated { kind, begun, wanted },
            None => Problem::Empty,
        }
    }

    fn problem(&self, problem: Problem, offset: usize) -> ParseError {
        ParseError::new(problem, Location::new(self.text, offset, self.pointer()))
    }

    /// The pointer of what is being read: by what has begun and not ended.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        let read = self.rows.len() as u32;
        for (depth, row) in self.open.iter().enumerate() {
            let target = self.open.get(depth + 1).copied().unwrap_or(read);
            let object = self.rows[*row as usize].kind == Kind::Object;
            let (mut child, mut index) = (*row + 1, 0);
            loop {
                // In an object names and values alternate.
                let value = child + u32::from(object);
                if object && child >= target {
                    break;
                }
                if value >= target {
                    if object {
                        push_token(&mut pointer, &self.member_name(child));
                    } else {
                        push_index(&mut pointer, index);
                    }
                    break;
                }
                child = self.rows[value as usize].next;
                index += 1;
            }
        }
        pointer
    }
}
