//! The parser: one function a rule, by recursive descent, with a bound on depth.

mod expression;
mod function;
mod module;
mod operand;
mod statement;
mod variable;

use super::ast::{Literal, Module, SourceLine};
use super::lexer::{Lexer, shortened};
use super::limits::{MAX_DEPTH, MAX_TEXT_BYTES};
use super::{Error, ErrorKind, Position};

/// Parses a PTX module.
///
/// The grammar alone is checked here; names and types are checked by [`resolve`](super::resolve()). Linear in the text; see
/// [`limits`](super::limits).
///
/// # Errors
/// The first place where the text goes on otherwise than PTX allows.
pub fn parse(text: &str) -> Result<Module<'_>, Error> {
    if text.len() > MAX_TEXT_BYTES {
        let kind = ErrorKind::Limit {
            what: "the text is too long, in bytes",
            limit: MAX_TEXT_BYTES as u64,
        };
        return Err(Error::at("", Position { line: 1, column: 1 }, kind));
    }
    let mut parser = Parser { lexer: Lexer::new(text), depth: 0, operators: 0, loc: None };
    parser.module()
}

pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    /// How deep the rules are nested.
    depth: u32,
    /// How many operators the expression has so far.
    operators: u32,
    /// What the last `.loc` said.
    loc: Option<SourceLine>,
}

impl<'a> Parser<'a> {
    /// Runs a rule one level deeper.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            let kind = ErrorKind::Limit { what: "nested too deeply", limit: MAX_DEPTH.into() };
            return Err(self.lexer.error(self.lexer.position(), kind));
        }
        self.depth += 1;
        let result = rule(self);
        self.depth -= 1;
        result
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Error> {
        if self.lexer.eat(byte) { Ok(()) } else { Err(self.lexer.expected(expected)) }
    }

    fn name(&mut self, expected: &'static str) -> Result<&'a str, Error> {
        self.lexer.word().ok_or_else(|| self.lexer.expected(expected))
    }

    /// A literal integer that is not negative and fits in 32 bits.
    fn count(&mut self, what: &'static str) -> Result<u32, Error> {
        let position = self.lexer.position();
        match self.lexer.number()? {
            Some(Literal::Int { value, .. }) => self.in_range(position, what, value),
            _ => Err(self.lexer.expected("an integer")),
        }
    }

    fn in_range(&self, position: Position, what: &'static str, value: u64) -> Result<u32, Error> {
        u32::try_from(value)
            .map_err(|_| self.range(position, what, "below 2^32", value.to_string()))
    }

    fn range(
        &self,
        position: Position,
        what: &'static str,
        range: &'static str,
        found: String,
    ) -> Error {
        self.lexer.error(position, ErrorKind::Range { what, range, found })
    }

    /// One to three counts, as extents; those not given are 1.
    fn extents(&mut self, what: &'static str) -> Result<[u32; 3], Error> {
        let mut extents = [1; 3];
        for (index, extent) in extents.iter_mut().enumerate() {
            if index > 0 && !self.lexer.eat(b',') {
                break;
            }
            *extent = self.count(what)?;
        }
        Ok(extents)
    }

    /// `"...", "...";`, as `.pragma` takes them.
    fn strings(&mut self) -> Result<Vec<&'a str>, Error> {
        let mut strings = Vec::new();
        loop {
            strings.push(self.lexer.string().ok_or_else(|| self.lexer.expected("a string"))?);
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(b';', "`,` or `;`")?;
        Ok(strings)
    }

    fn unknown(
        &self,
        position: Position,
        what: &'static str,
        name: &str,
        hint: &'static str,
    ) -> Error {
        let name = shortened(name).trim_matches('`').to_owned();
        self.lexer.error(position, ErrorKind::Unknown { what, name, hint })
    }
}
