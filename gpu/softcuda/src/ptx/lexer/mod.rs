//! The tokens of PTX (PTX ISA, section 4), read on demand: what a `.`, `%` or digit begins depends on where it stands.

mod number;

use std::borrow::Cow;

use super::{Error, ErrorKind, Position};

/// Reads tokens. It always stands at the first byte of a token, or at the end: what reads a token also skips the blanks after it.
#[derive(Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
    /// A comment without an end: it takes the rest of the text.
    open_comment: Option<Position>,
}

/// A byte that may stand in an identifier.
pub(super) fn is_word(byte: u8) -> bool {
    WORD[byte as usize]
}

/// The same of a character.
pub(super) fn is_word_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_word)
}

const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            (byte as u8).is_ascii_alphanumeric() || byte == b'_' as usize || byte == b'$' as usize;
        byte += 1;
    }
    table
};

impl<'a> Lexer<'a> {
    /// Stands at the first token of `text`, which must not be longer than the limit.
    pub fn new(text: &'a str) -> Self {
        let mut lexer = Lexer { text, at: 0, line: 1, line_start: 0, open_comment: None };
        lexer.skip();
        lexer
    }

    /// The whole text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How many bytes are before this.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The byte here; 0 at the end.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.peek_at(0)
    }

    /// The byte so many bytes ahead; 0 past the end.
    #[inline]
    pub fn peek_at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Where this is.
    #[inline]
    pub fn position(&self) -> Position {
        // `MAX_TEXT_BYTES` keeps both in range.
        Position { line: self.line, column: (self.at - self.line_start) as u32 + 1 }
    }

    /// Skips blanks and comments.
    #[inline]
    fn skip(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'/' if self.peek_at(1) == b'/' => {
                    let rest = &bytes[self.at..];
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                }
                b'/' if self.peek_at(1) == b'*' => self.skip_comment(),
                _ => break,
            }
        }
    }

    #[cold]
    fn skip_comment(&mut self) {
        let start = self.position();
        let body = self.at + 2;
        let end = self.text.get(body..).and_then(|rest| rest.find("*/"));
        let end = end.map(|length| body + length + 2);
        if end.is_none() {
            self.open_comment = Some(start);
        }
        let end = end.unwrap_or(self.text.len());
        for (at, byte) in self.text.as_bytes()[self.at..end].iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = self.at + at + 1;
            }
        }
        self.at = end;
    }

    /// Takes `byte` if it is here.
    #[inline]
    pub fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == byte && !self.at_end();
        if here {
            self.at += 1;
            self.skip();
        }
        here
    }

    /// Takes `byte` if it is here, without the blanks after it.
    #[inline]
    pub fn eat_bare(&mut self, byte: u8) -> bool {
        let here = self.peek() == byte && !self.at_end();
        self.at += usize::from(here);
        here
    }

    /// Takes a token of several bytes if it is here.
    pub fn eat_text(&mut self, token: &str) -> bool {
        let here = self.eat_bare_text(token);
        if here {
            self.skip();
        }
        here
    }

    /// Takes a token of several bytes if it is here, without the blanks after it.
    pub fn eat_bare_text(&mut self, token: &str) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let here = rest.starts_with(token.as_bytes());
        self.at += if here { token.len() } else { 0 };
        here
    }

    /// Whether an identifier, or `_`, begins here.
    #[inline]
    pub fn at_word(&self) -> bool {
        let byte = self.peek();
        (is_word(byte) && !byte.is_ascii_digit()) || (byte == b'%' && is_word(self.peek_at(1)))
    }

    /// An identifier, or `_`.
    #[inline]
    pub fn word(&mut self) -> Option<&'a str> {
        let word = self.bare_word()?;
        self.skip();
        Some(word)
    }

    /// An identifier, or `_`, without the blanks after it.
    #[inline]
    pub fn bare_word(&mut self) -> Option<&'a str> {
        if !self.at_word() {
            return None;
        }
        let start = self.at;
        self.at += 1;
        while is_word(self.peek()) {
            self.at += 1;
        }
        self.text.get(start..self.at)
    }

    /// Ends what [`bare_word`](Self::bare_word) began.
    #[inline]
    pub fn end_word(&mut self) {
        self.skip();
    }

    /// A `.word` that follows at once; without the dot, and without the blanks after it.
    #[inline]
    pub fn bare_selector(&mut self) -> Option<&'a str> {
        if self.peek() != b'.' || !is_word(self.peek_at(1)) {
            return None;
        }
        let start = self.at + 1;
        self.at = start;
        while is_word(self.peek()) {
            self.at += 1;
        }
        self.text.get(start..self.at)
    }

    /// A `.word`: directive, type or attribute; without the dot.
    #[inline]
    pub fn dotted(&mut self) -> Option<&'a str> {
        let word = self.bare_selector()?;
        self.skip();
        Some(word)
    }

    /// The `.word` here, not taken.
    pub fn peek_dotted(&self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.at..)?.strip_prefix(b".")?;
        let length = rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len());
        self.text.get(self.at + 1..self.at + 1 + length).filter(|word| !word.is_empty())
    }

    /// An identifier, or a section's name with its dot.
    pub fn section_label(&mut self) -> Option<&'a str> {
        let start = self.at;
        let found = self.bare_word().or_else(|| self.bare_selector()).is_some();
        let label = self.text.get(start..self.at).filter(|_| found);
        self.skip();
        label
    }

    /// The opcode that `base` begins: the words after it that begin with a dot.
    #[inline]
    pub fn opcode(&mut self, base: &'a str) -> Cow<'a, str> {
        // `base` ends here.
        let start = self.at - base.len();
        self.modifiers();
        let text = self.text.get(start..self.at).unwrap_or(base);
        self.skip();
        self.spaced_opcode(text)
    }

    /// The same where blanks were before what follows `text`, as it is seldom written.
    #[inline]
    pub fn spaced_opcode(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.peek() != b'.' || !self.peek_at(1).is_ascii_alphabetic() {
            return Cow::Borrowed(text);
        }
        let mut text = text.to_owned();
        while self.peek() == b'.' && self.peek_at(1).is_ascii_alphabetic() {
            let start = self.at;
            self.modifiers();
            text.push_str(self.text.get(start..self.at).unwrap_or(""));
            self.skip();
        }
        Cow::Owned(text)
    }

    /// Passes over `.word`, `.word::word` and `.const[2]`.
    #[inline]
    fn modifiers(&mut self) {
        loop {
            match self.peek() {
                b'.' if is_word(self.peek_at(1)) => self.at += 2,
                b':' if self.peek_at(1) == b':' && is_word(self.peek_at(2)) => self.at += 3,
                b'[' if self.text.as_bytes()[..self.at].ends_with(b".const") => {
                    let digits =
                        (1..4).take_while(|&ahead| self.peek_at(ahead).is_ascii_digit()).count();
                    if digits == 0 || self.peek_at(1 + digits) != b']' {
                        return;
                    }
                    self.at += digits + 2;
                }
                _ => return,
            }
            while is_word(self.peek()) {
                self.at += 1;
            }
        }
    }

    /// A string, with its escapes as they are written, without the quotes.
    pub fn string(&mut self) -> Option<&'a str> {
        if self.peek() != b'"' {
            return None;
        }
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    let string = self.text.get(self.at + 1..end);
                    self.at = end + 1;
                    self.skip();
                    return string;
                }
                b'\n' => return None,
                b'\\' if bytes.get(end + 1) != Some(&b'\n') => end += 2,
                _ => end += 1,
            }
        }
        None
    }

    /// The rest of the line, trimmed.
    pub fn rest_of_line(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let line = rest.split('\n').next().unwrap_or("");
        self.at += line.len();
        self.skip();
        line.trim()
    }

    /// The text up to the next `}`, which is left; comments are passed over whole.
    pub fn up_to_brace(&mut self) -> &'a str {
        let start = self.at;
        let mut end = self.at;
        while !self.at_end() && self.peek() != b'}' && self.peek() != b'{' {
            if self.string().is_none() {
                let step = self.text.get(self.at..).and_then(|rest| rest.chars().next());
                self.at += step.map_or(1, char::len_utf8);
                end = self.at;
                self.skip();
            } else {
                end = self.at;
            }
        }
        self.text.get(start..end).unwrap_or("").trim_end()
    }

    /// That something else was expected than what is here.
    #[cold]
    pub fn expected(&self, expected: &'static str) -> Error {
        if let (Some(start), true) = (self.open_comment, self.at_end()) {
            let kind = ErrorKind::Syntax {
                expected: "`*/` at the end of the comment that begins here",
                found: "the end of the text".into(),
            };
            return Error::at(self.text, start, kind);
        }
        Error::at(self.text, self.position(), ErrorKind::Syntax { expected, found: self.found() })
    }

    /// An error at this place.
    #[cold]
    pub fn error(&self, position: Position, kind: ErrorKind) -> Error {
        Error::at(self.text, position, kind)
    }

    /// The token here, as an error shows it.
    fn found(&self) -> String {
        let rest = self.text.get(self.at..).unwrap_or("");
        let Some(first) = rest.chars().next() else { return "the end of the text".into() };
        let start = usize::from(matches!(first, '%' | '.'));
        let word = rest[start..].bytes().take_while(|&byte| is_word(byte)).count();
        if word > 0 {
            return shortened(&rest[..start + word]);
        }
        if first == '"' {
            let line = rest.split('\n').next().unwrap_or("");
            return shortened(line);
        }
        if first.is_control() {
            format!("U+{:04X}", u32::from(first))
        } else {
            format!("`{first}`")
        }
    }
}

/// A text of the source in backquotes, as an error shows it.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 48;
    let shown: String = text.chars().take(LONGEST).collect();
    let dots = if shown.len() < text.len() { "..." } else { "" };
    format!("`{shown}{dots}`")
}
