//! Why a PTX text was refused.

use std::fmt;

use super::Position;

/// Why a PTX text was refused, and where.
///
/// Shown as `12:9: expected ..., found ...`; [`in_file`](Self::in_file) puts a file's name before it and shows the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {kind}")]
pub struct Error {
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
    /// What is wrong.
    pub kind: ErrorKind,
    /// The line of the source, or the part of a long line about the place.
    pub excerpt: String,
    /// Where in `excerpt` the place is, in characters from 0.
    pub caret: usize,
}

/// What is wrong with a PTX text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text goes on otherwise than the grammar allows.
    #[error("expected {expected}, found {found}")]
    Syntax {
        /// What may stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
    },
    /// A directive, type or attribute that PTX does not have, or not here.
    #[error("unknown {what} `{name}`{hint}")]
    Unknown {
        /// What the name should have been one of.
        what: &'static str,
        /// The name.
        name: String,
        /// What to do; empty or beginning with `: `.
        hint: &'static str,
    },
    /// A number that does not fit.
    #[error("{what} must be {range}, found {found}")]
    Range {
        /// What the number says.
        what: &'static str,
        /// The numbers allowed.
        range: &'static str,
        /// The number.
        found: String,
    },
    /// One of the parser's limits, as documented in [`limits`](super::limits).
    #[error("{what} (the limit is {limit})")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// A directive that may stand only once.
    #[error("a second `{0}`: one is allowed in a module")]
    Repeated(&'static str),
    /// A name that nothing in scope declares.
    #[error("`{name}` is not declared{hint}")]
    Undeclared {
        /// The name.
        name: String,
        /// What to do; empty or beginning with `: `.
        hint: &'static str,
    },
    /// A name that is declared twice in one scope.
    #[error("`{name}` is declared twice in this scope, first at line {first}")]
    Duplicate {
        /// The name.
        name: String,
        /// The line of the first declaration; 0 if unknown.
        first: u32,
    },
    /// A name that belongs to PTX itself.
    #[error("`{0}` is a name of PTX itself: choose another")]
    Reserved(String),
    /// A name that says something else than what is wanted here.
    #[error("expected {expected}, but `{name}` is {found}")]
    Kind {
        /// What is wanted.
        expected: &'static str,
        /// The name.
        name: String,
        /// What it is.
        found: String,
    },
    /// A constant expression without a value.
    #[error("{0}")]
    Constant(&'static str),
    /// A call with other arguments than the function takes.
    #[error("`{function}` takes {takes} {what}, found {found}")]
    Arguments {
        /// The function's name.
        function: String,
        /// `arguments` or `results`.
        what: &'static str,
        /// How many the function takes.
        takes: usize,
        /// How many the call gives.
        found: usize,
    },
    /// Two declarations of a function or variable that do not agree.
    #[error("`{name}` was declared differently at line {first}")]
    Disagrees {
        /// The name.
        name: String,
        /// The line of the first declaration.
        first: u32,
    },
}

/// Longest excerpt, in characters.
const EXCERPT: usize = 120;

impl Error {
    /// An error at a place of `text`.
    pub(super) fn at(text: &str, position: Position, kind: ErrorKind) -> Self {
        let line = text.split('\n').nth((position.line as usize).saturating_sub(1)).unwrap_or("");
        let line = line.strip_suffix('\r').unwrap_or(line);
        let offset = (position.column as usize).saturating_sub(1);
        let before = line.char_indices().take_while(|&(at, _)| at < offset).count();
        let skipped =
            if before > EXCERPT / 2 && line.len() > EXCERPT { before - EXCERPT / 2 } else { 0 };
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let excerpt: String = line.chars().skip(skipped).take(EXCERPT).map(shown).collect();
        let Position { line, column } = position;
        Error { line, column, kind, excerpt, caret: before - skipped }
    }

    /// The error as a compiler shows it: `file:line:column: message`, the line, and a caret under the place.
    pub fn in_file<'e>(&'e self, file: &'e str) -> impl fmt::Display + 'e {
        InFile { error: self, file }
    }
}

struct InFile<'e> {
    error: &'e Error,
    file: &'e str,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Error { line, excerpt, caret, .. } = self.error;
        write!(f, "{}:{}\n{line:5} | {excerpt}\n      | {:caret$}^", self.file, self.error, "")
    }
}
