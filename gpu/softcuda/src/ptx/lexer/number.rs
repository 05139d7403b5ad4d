//! Numbers (PTX ISA, sections 4.5.1 and 4.5.2).

use super::{Lexer, is_word, shortened};
use crate::ptx::ast::Literal;
use crate::ptx::{Error, ErrorKind};

impl Lexer<'_> {
    /// A number, as section 4.5 writes them; `None` if no number begins here.
    pub fn number(&mut self) -> Result<Option<Literal>, Error> {
        let first = self.peek();
        let fraction = first == b'.' && self.peek_at(1).is_ascii_digit();
        if !first.is_ascii_digit() && !fraction {
            return Ok(None);
        }
        let start = self.at;
        let position = self.position();
        let literal = match (first, self.peek_at(1)) {
            (b'0', b'x' | b'X') => self.integer(start + 2, 16),
            (b'0', b'b' | b'B') => self.integer(start + 2, 2),
            (b'0', b'f' | b'F') => self.bits(start + 2, 8).map(|bits| Literal::Single(bits as u32)),
            (b'0', b'd' | b'D') => self.bits(start + 2, 16).map(Literal::Double),
            _ => self.decimal(start),
        };
        match literal {
            Some(literal) if !is_word(self.peek()) => {
                self.skip();
                Ok(Some(literal))
            }
            _ => {
                while is_word(self.peek()) {
                    self.at += 1;
                }
                let found = shortened(self.text.get(start..self.at).unwrap_or(""));
                let kind = ErrorKind::Syntax { expected: "a number that fits in 64 bits", found };
                Err(Error::at(self.text, position, kind))
            }
        }
    }

    /// An integer of this radix from `start`; `None` if it is none or too large.
    fn integer(&mut self, start: usize, radix: u32) -> Option<Literal> {
        self.at = start;
        let mut value = Some(0u64);
        while let Some(digit) = char::from(self.peek()).to_digit(radix) {
            value =
                value.and_then(|value| value.checked_mul(radix.into())?.checked_add(digit.into()));
            self.at += 1;
        }
        let value = value.filter(|_| self.at > start)?;
        let suffix = self.peek() == b'U';
        self.at += usize::from(suffix);
        Some(Literal::Int { value, unsigned: suffix || value > i64::MAX as u64 })
    }

    /// So many hexadecimal digits from `start`.
    fn bits(&mut self, start: usize, digits: usize) -> Option<u64> {
        self.at = start;
        let text = self.text.get(start..start + digits)?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits;
        u64::from_str_radix(text, 16).ok()
    }

    /// A decimal or octal integer, or a decimal float.
    fn decimal(&mut self, start: usize) -> Option<Literal> {
        self.digits();
        let mut float = false;
        if self.peek() == b'.' {
            float = true;
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek_at(1), b'+' | b'-'));
            if self.peek_at(1 + sign).is_ascii_digit() {
                float = true;
                self.at += 1 + sign;
                self.digits();
            }
        }
        let text = self.text.get(start..self.at)?;
        if float {
            return text.parse().ok().map(|value: f64| Literal::Double(value.to_bits()));
        }
        self.integer(start, if text.len() > 1 && text.starts_with('0') { 8 } else { 10 })
    }

    fn digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }
}
