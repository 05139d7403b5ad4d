//! Constant expressions (PTX ISA, section 4.5.4), by precedence.

use super::Parser;
use crate::ptx::ast::{BinaryOp, Cast, Expr, Literal, UnaryOp};
use crate::ptx::constant;
use crate::ptx::lexer::is_word;
use crate::ptx::limits::MAX_OPERATORS;
use crate::ptx::{Error, ErrorKind};

impl<'a> Parser<'a> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expr<'a>, Error> {
        self.operators = 0;
        self.conditional()
    }

    /// An expression that begins with an operand already read.
    pub(super) fn expression_from(&mut self, first: Expr<'a>) -> Result<Expr<'a>, Error> {
        self.operators = 0;
        let condition = self.binary_from(first, 1)?;
        self.conditional_from(condition)
    }

    /// An expression that must be an integer now.
    pub(super) fn integer(&mut self) -> Result<u64, Error> {
        let position = self.lexer.position();
        let expression = self.expression()?;
        match constant::evaluate(&expression) {
            Ok(Literal::Int { value, .. }) => Ok(value),
            Ok(_) => Err(self
                .lexer
                .error(position, ErrorKind::Constant("expected an integer, found a float"))),
            Err(reason) => Err(self.lexer.error(position, ErrorKind::Constant(reason))),
        }
    }

    fn conditional(&mut self) -> Result<Expr<'a>, Error> {
        let condition = self.binary(1)?;
        self.conditional_from(condition)
    }

    fn conditional_from(&mut self, condition: Expr<'a>) -> Result<Expr<'a>, Error> {
        if !self.lexer.eat(b'?') {
            return Ok(condition);
        }
        self.operator()?;
        self.nested(|it| {
            let yes = it.conditional()?;
            it.expect(b':', "`:` of `?:`")?;
            let no = it.conditional()?;
            Ok(Expr::Conditional(Box::new([condition, yes, no])))
        })
    }

    fn binary(&mut self, least: u8) -> Result<Expr<'a>, Error> {
        let first = self.unary()?;
        self.binary_from(first, least)
    }

    fn binary_from(&mut self, mut left: Expr<'a>, least: u8) -> Result<Expr<'a>, Error> {
        while let Some(operator) = self.peek_operator().filter(|it| it.precedence() >= least) {
            self.operator()?;
            self.lexer.eat_text(operator.as_str());
            let right = self.nested(|it| it.binary(operator.precedence() + 1))?;
            left = Expr::Binary(operator, Box::new([left, right]));
        }
        Ok(left)
    }

    /// Counts an operator: the tree is as deep at most as there are operators.
    fn operator(&mut self) -> Result<(), Error> {
        self.operators += 1;
        if self.operators > MAX_OPERATORS {
            let kind = ErrorKind::Limit {
                what: "too many operators in an expression",
                limit: MAX_OPERATORS.into(),
            };
            return Err(self.lexer.error(self.lexer.position(), kind));
        }
        Ok(())
    }

    fn peek_operator(&self) -> Option<BinaryOp> {
        let next = self.lexer.peek_at(1);
        Some(match self.lexer.peek() {
            b'*' => BinaryOp::Multiply,
            b'/' => BinaryOp::Divide,
            // `%r1 %r2` lacks a comma.
            b'%' if !is_word(next) || next.is_ascii_digit() => BinaryOp::Remainder,
            b'+' => BinaryOp::Add,
            b'-' => BinaryOp::Subtract,
            b'>' if next == b'>' => BinaryOp::ShiftRight,
            b'<' if next == b'<' => BinaryOp::ShiftLeft,
            b'<' if next == b'=' => BinaryOp::LessEqual,
            b'>' if next == b'=' => BinaryOp::GreaterEqual,
            b'<' => BinaryOp::Less,
            b'>' => BinaryOp::Greater,
            b'=' if next == b'=' => BinaryOp::Equal,
            b'!' if next == b'=' => BinaryOp::NotEqual,
            b'&' if next == b'&' => BinaryOp::LogicalAnd,
            b'|' if next == b'|' => BinaryOp::LogicalOr,
            b'&' => BinaryOp::And,
            b'^' => BinaryOp::Xor,
            b'|' => BinaryOp::Or,
            _ => return None,
        })
    }

    /// Whether an operator between two expressions stands here.
    pub(super) fn at_operator(&self) -> bool {
        self.lexer.peek() == b'?' || self.peek_operator().is_some()
    }

    fn unary(&mut self) -> Result<Expr<'a>, Error> {
        let operator = match self.lexer.peek() {
            b'-' => UnaryOp::Minus,
            b'+' => UnaryOp::Plus,
            b'!' => UnaryOp::Not,
            b'~' => UnaryOp::Complement,
            _ => return self.primary(),
        };
        self.operator()?;
        self.lexer.eat(operator.as_str().as_bytes()[0]);
        if operator == UnaryOp::Minus
            && let Some(literal) = self.lexer.number()?
        {
            // Of a mask, `-0xff(x)`, the sign is an operation.
            return match literal.negated().filter(|_| self.lexer.peek() != b'(') {
                Some(negated) => Ok(Expr::Literal(negated)),
                None => Ok(Expr::Unary(operator, Box::new(self.literal(literal)?))),
            };
        }
        self.nested(|it| Ok(Expr::Unary(operator, Box::new(it.unary()?))))
    }

    fn primary(&mut self) -> Result<Expr<'a>, Error> {
        if let Some(literal) = self.lexer.number()? {
            return self.literal(literal);
        }
        if let Some(name) = self.lexer.word() {
            if name == "generic" && self.lexer.eat(b'(') {
                return Ok(Expr::Generic(Box::new(self.parenthesised()?)));
            }
            return Ok(Expr::Name(name));
        }
        if !self.lexer.eat(b'(') {
            return Err(self.lexer.expected("a constant or a name"));
        }
        let cast = match self.lexer.peek_dotted() {
            Some("s64") => Cast::S64,
            Some("u64") => Cast::U64,
            _ => return self.parenthesised(),
        };
        self.operator()?;
        self.lexer.dotted();
        self.expect(b')', "`)` of the cast")?;
        self.nested(|it| Ok(Expr::Cast(cast, Box::new(it.unary()?))))
    }

    /// A literal, or a mask where `(` follows.
    fn literal(&mut self, literal: Literal) -> Result<Expr<'a>, Error> {
        match literal {
            Literal::Int { value, .. } if self.lexer.eat(b'(') => {
                Ok(Expr::Mask(value, Box::new(self.parenthesised()?)))
            }
            _ => Ok(Expr::Literal(literal)),
        }
    }

    /// An expression and the `)` after it.
    fn parenthesised(&mut self) -> Result<Expr<'a>, Error> {
        let inner = self.nested(Self::conditional)?;
        self.expect(b')', "an operator or `)`")?;
        Ok(inner)
    }
}
