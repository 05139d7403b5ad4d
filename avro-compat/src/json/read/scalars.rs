//! Literals, numbers and strings.

use super::Reader;
use crate::error::{ParseError, Problem};
use crate::json::document::ESCAPED;
use crate::json::{Kind, string};

/// The bytes that a string cannot simply contain: its end, escapes, control characters.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

impl Reader<'_> {
    pub(super) fn scalar(&mut self, byte: u8) -> Result<(), ParseError> {
        match byte {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b'n' => self.literal("null", Kind::Null),
            b't' => self.literal("true", Kind::Boolean),
            b'f' => self.literal("false", Kind::Boolean),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn literal(&mut self, word: &'static str, kind: Kind) -> Result<(), ParseError> {
        let rest = &self.bytes[self.at..];
        let goes_on = rest.get(word.len()).is_some_and(|it| it.is_ascii_alphanumeric());
        if !rest.starts_with(word.as_bytes()) || goes_on {
            return Err(
                self.unexpected("a value (null, true and false are all the words there are)")
            );
        }
        self.push(kind, self.at, self.at + word.len(), 0);
        self.at += word.len();
        Ok(())
    }

    fn digits(&self, mut at: usize) -> usize {
        while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let whole = start + usize::from(self.bytes[start] == b'-');
        let mut at = self.digits(whole);
        let mut right = at > whole && (at == whole + 1 || self.bytes[whole] != b'0');
        if self.bytes.get(at) == Some(&b'.') {
            let fraction = at + 1;
            at = self.digits(fraction);
            right &= at > fraction;
        }
        if matches!(self.bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = at + 1 + sign;
            at = self.digits(exponent);
            right &= at > exponent;
        }
        right &= !self.bytes.get(at).is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'.');
        if !right {
            let shown: String = self.text[start..]
                .chars()
                .take_while(|it| it.is_alphanumeric() || matches!(it, '-' | '+' | '.'))
                .take(24)
                .collect();
            return Err(self.problem(Problem::Number { found: shown }, start));
        }
        self.push(Kind::Number, start, at, 0);
        self.at = at;
        Ok(())
    }

    pub(super) fn string(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        let mut at = start + 1;
        let mut flags = 0;
        loop {
            let plain = self.bytes[at..].iter().position(|it| SPECIAL[usize::from(*it)]);
            at = plain.map_or(self.bytes.len(), |it| at + it);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    flags = ESCAPED;
                    at = self.escape(at)?;
                }
                Some(byte) => {
                    return Err(self.problem(Problem::ControlCharacter { found: *byte }, at));
                }
                None => return Err(self.problem(Problem::OpenString, start)),
            }
        }
        self.push(Kind::String, start, at + 1, flags);
        self.at = at + 1;
        Ok(())
    }

    /// Checks the escape at `at`, and says where it ends.
    fn escape(&self, at: usize) -> Result<usize, ParseError> {
        let bad = || {
            let found = self.text[at..].chars().take(6).take_while(|it| *it != '"').collect();
            self.problem(Problem::Escape { found }, at)
        };
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => {
                let first = self.hex(at + 2).ok_or_else(bad)?;
                if !(0xD800..0xE000).contains(&first) {
                    return Ok(at + 6);
                }
                let paired = self.bytes.get(at + 6..at + 8) == Some(b"\\u".as_slice());
                let second = if paired { self.hex(at + 8) } else { None };
                match second.and_then(|it| string::pair(first, it)) {
                    Some(_) => Ok(at + 12),
                    None => Err(self.problem(Problem::Surrogate { found: first }, at)),
                }
            }
            _ => Err(bad()),
        }
    }

    fn hex(&self, at: usize) -> Option<u32> {
        self.bytes
            .get(at..at + 4)?
            .iter()
            .try_fold(0, |sum, it| Some(sum << 4 | char::from(*it).to_digit(16)?))
    }
}
