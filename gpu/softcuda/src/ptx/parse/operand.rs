//! Operands (PTX ISA, section 6).

use super::Parser;
use crate::ptx::ast::{Address, BinaryOp, Expr, Literal, Name, Operand};
use crate::ptx::constant;
use crate::ptx::{Error, ErrorKind, Position};

impl<'a> Parser<'a> {
    /// An operand. `call` has lists in parentheses; elsewhere `(` begins an expression.
    #[inline]
    pub(super) fn operand(&mut self, lists: bool) -> Result<Operand<'a>, Error> {
        let operand = match self.lexer.peek() {
            b'[' => {
                self.lexer.eat(b'[');
                self.bracketed()?
            }
            b'{' => {
                self.lexer.eat(b'{');
                self.nested(|it| {
                    Ok(Operand::Vector(it.operands_up_to(b'}', "`,` or `}` in the vector")?))
                })?
            }
            b'(' if lists => {
                self.lexer.eat(b'(');
                self.nested(|it| {
                    Ok(Operand::List(it.operands_up_to(b')', "`,` or `)` in the list")?))
                })?
            }
            b'!' | b'-' => self.signed()?,
            _ if self.lexer.at_word() => return self.named(),
            _ => self.expression_operand()?,
        };
        self.paired(operand)
    }

    /// `a|b` after `a`.
    #[inline]
    fn paired(&mut self, first: Operand<'a>) -> Result<Operand<'a>, Error> {
        if !self.lexer.eat(b'|') {
            return Ok(first);
        }
        let name = self.operand_name("the predicate after `|`")?;
        let second = if name.text == "_" { Operand::Sink } else { Operand::Name(name) };
        Ok(Operand::Pair(Box::new([first, second])))
    }

    #[inline]
    fn operand_name(&mut self, expected: &'static str) -> Result<Name<'a>, Error> {
        let text = self.lexer.bare_word().ok_or_else(|| self.lexer.expected(expected))?;
        let selector = self.lexer.bare_selector();
        self.lexer.end_word();
        Ok(Name { text, selector })
    }

    /// An operand that begins with a name.
    #[inline]
    fn named(&mut self) -> Result<Operand<'a>, Error> {
        let name = self.operand_name("an operand")?;
        let operand = if name.text == "_" && name.selector.is_none() {
            Operand::Sink
        } else {
            Operand::Name(name)
        };
        match self.lexer.peek() {
            b',' | b';' | b'}' | b']' | b')' => Ok(operand),
            b'|' if self.lexer.peek_at(1) != b'|' => self.paired(operand),
            b'[' => {
                self.lexer.eat(b'[');
                let index = self.nested(|it| it.operand(false))?;
                self.expect(b']', "`]` after the index")?;
                Ok(Operand::Element(name, Box::new(index)))
            }
            b'(' if name.text == "generic" => {
                self.lexer.eat(b'(');
                let inner = self.nested(|it| it.expression())?;
                self.expect(b')', "an operator or `)`")?;
                let expression = self.expression_from(Expr::Generic(Box::new(inner)))?;
                Ok(Operand::Expr(Box::new(expression)))
            }
            _ if name.selector.is_none() && self.at_operator() => {
                let expression = self.expression_from(Expr::Name(name.text))?;
                Ok(Operand::Expr(Box::new(expression)))
            }
            _ => Ok(operand),
        }
    }

    /// `!%p` and `-%r`, or an expression with such a sign.
    fn signed(&mut self) -> Result<Operand<'a>, Error> {
        let before = self.lexer.clone();
        let not = self.lexer.peek() == b'!';
        self.lexer.eat(self.lexer.peek());
        if self.lexer.at_word() {
            let name = self.operand_name("an operand")?;
            let generic = name.text == "generic" && self.lexer.peek() == b'(';
            if name.selector.is_some() || !(generic || self.at_operator()) {
                return Ok(if not { Operand::Not(name) } else { Operand::Minus(name) });
            }
        }
        self.lexer = before;
        self.expression_operand()
    }

    fn expression_operand(&mut self) -> Result<Operand<'a>, Error> {
        if !matches!(self.lexer.peek(), b'0'..=b'9' | b'.' | b'(' | b'-' | b'+' | b'!' | b'~') {
            return Err(self.lexer.expected("an operand"));
        }
        Ok(match self.expression()? {
            Expr::Literal(literal) => Operand::Literal(literal),
            // In parentheses.
            Expr::Name(name) => Operand::Name(name.into()),
            expression => Operand::Expr(Box::new(expression)),
        })
    }

    fn operands_up_to(
        &mut self,
        end: u8,
        expected: &'static str,
    ) -> Result<Vec<Operand<'a>>, Error> {
        let mut operands = Vec::new();
        if self.lexer.eat(end) {
            return Ok(operands);
        }
        loop {
            operands.push(self.operand(false)?);
            if !self.lexer.eat(b',') {
                break;
            }
        }
        self.expect(end, expected)?;
        Ok(operands)
    }

    /// What follows `[`: an address, or several operands.
    fn bracketed(&mut self) -> Result<Operand<'a>, Error> {
        let position = self.lexer.position();
        let first = self.address_part()?;
        if self.lexer.eat_bare(b']') {
            let unified = self.lexer.peek() == b'.' && self.lexer.dotted() == Some("unified");
            self.lexer.end_word();
            return self.address(position, first, unified).map(Operand::Address);
        }
        self.nested(|it| {
            let mut operands = vec![first];
            it.expect(b',', "`+`, `,` or `]` in the address")?;
            if it.lexer.peek() == b']' {
                return Err(it.lexer.expected("an operand"));
            }
            operands.append(&mut it.operands_up_to(b']', "`,` or `]` in the address")?);
            Ok(Operand::Tuple(operands))
        })
    }

    /// The first operand in brackets.
    fn address_part(&mut self) -> Result<Operand<'a>, Error> {
        if !self.lexer.at_word() {
            return self.nested(|it| it.operand(false));
        }
        let before = self.lexer.clone();
        let name = self.operand_name("an address")?;
        if matches!(self.lexer.peek(), b']' | b',') {
            return Ok(Operand::Name(name));
        }
        self.lexer = before;
        self.nested(|it| it.operand(false))
    }

    fn address(
        &self,
        position: Position,
        operand: Operand<'a>,
        unified: bool,
    ) -> Result<Address<'a>, Error> {
        match operand {
            Operand::Name(name) => Ok(Address { base: Some(name), offset: 0, unified }),
            Operand::Literal(Literal::Int { value, .. }) => {
                Ok(Address { base: None, offset: value as i64, unified })
            }
            Operand::Expr(expression) => {
                let (base, offset) = based(&expression)
                    .map_err(|reason| self.lexer.error(position, ErrorKind::Constant(reason)))?;
                Ok(Address { base: base.map(Name::from), offset, unified })
            }
            _ => Err(self
                .lexer
                .error(position, ErrorKind::Constant("an address is a name, an offset, or both"))),
        }
    }
}

/// The name that an address begins with, and the offset from there.
fn based<'a>(expression: &Expr<'a>) -> Result<(Option<&'a str>, i64), &'static str> {
    match expression {
        Expr::Name(name) if *name != "WARP_SZ" => Ok((Some(name), 0)),
        Expr::Binary(operator @ (BinaryOp::Add | BinaryOp::Subtract), sides) => {
            let ((left, a), (right, b)) = (based(&sides[0])?, based(&sides[1])?);
            match (operator, left, right) {
                (BinaryOp::Add, base, None) | (BinaryOp::Add, None, base) => {
                    Ok((base, a.wrapping_add(b)))
                }
                (_, base, None) => Ok((base, a.wrapping_sub(b))),
                _ => Err("an address has one name: add the registers before"),
            }
        }
        other => match constant::evaluate(other)? {
            Literal::Int { value, .. } => Ok((None, value as i64)),
            _ => Err("an offset is an integer"),
        },
    }
}
