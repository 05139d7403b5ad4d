//! Blanks and comments.

use super::Reader;
use crate::error::{ParseError, Problem};

impl Reader<'_> {
    #[inline]
    pub(super) fn skip_blanks(&mut self) -> Result<(), ParseError> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' && *byte != b'/' => Ok(()),
            _ => self.skip_some(),
        }
    }

    fn skip_some(&mut self) -> Result<(), ParseError> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'/') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), ParseError> {
        let begun = self.at;
        let rest = &self.text[begun..];
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inner) = rest.strip_prefix("/*") {
            let Some(end) = inner.find("*/") else {
                return Err(self.problem(Problem::OpenComment, begun));
            };
            end + 4
        } else {
            return Err(self.unexpected("a value or a comment"));
        };
        if !self.reading.comments {
            return Err(self.problem(Problem::Comment, begun));
        }
        self.at += len;
        Ok(())
    }
}
