//! Operands: names to numbers, constant expressions to values.

use super::body::Draft;
use super::{Base, Resolver, Selector, SpecialRegister, Symbol, Value};
use crate::ptx::ast::{BinaryOp, Expr, Literal, Name, Operand};
use crate::ptx::constant::{self, WARP_SIZE};
use crate::ptx::{Error, ErrorKind, Position};

impl<'m, 'a> Resolver<'m, 'a> {
    /// An operand; `near` is where its instruction stands.
    pub(super) fn operand(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        operand: &'m Operand<'a>,
        near: Position,
    ) -> Result<Value, Error> {
        Ok(match operand {
            Operand::Name(name) => self.named(draft, *name, near)?,
            Operand::Not(name) => Value::Not(self.predicate(draft, name.text, near)?),
            Operand::Minus(name) => match self.named(draft, *name, near)? {
                Value::Register(id, selector) => Value::Minus(id, selector),
                Value::Literal(Literal::Int { value, .. }) => {
                    Value::Literal(Literal::signed((value as i64).wrapping_neg()))
                }
                _ => {
                    return Err(self.kind(
                        name.text,
                        near,
                        "a register after `-`",
                        "something else",
                    ));
                }
            },
            Operand::Literal(literal) => Value::Literal(*literal),
            Operand::Expr(expression) => self.expression(draft, expression, near)?,
            Operand::Address(address) => {
                let base = match address.base {
                    None => Base::Absolute,
                    Some(name) => match self.named(draft, name, near)? {
                        Value::Register(id, None) => Base::Register(id),
                        Value::Symbol(
                            symbol
                            @ (Symbol::Global(_) | Symbol::Variable(_) | Symbol::Function(_)),
                            0,
                        ) => Base::Symbol(symbol),
                        _ => {
                            return Err(self.kind(
                                name.text,
                                near,
                                "a register or variable as an address",
                                "neither",
                            ));
                        }
                    },
                };
                Value::Address(base, address.offset)
            }
            Operand::Element(name, index) => match self.named(draft, *name, near)? {
                Value::Symbol(symbol @ (Symbol::Global(_) | Symbol::Variable(_)), 0) => {
                    Value::Element(symbol, Box::new(self.operand(draft, index, near)?))
                }
                _ => return Err(self.kind(name.text, near, "an array before `[`", "none")),
            },
            Operand::Pair(pair) => {
                let first = self.operand(draft, &pair[0], near)?;
                let second = match &pair[1] {
                    Operand::Name(name) if name.selector.is_none() => {
                        Value::Register(self.predicate(draft, name.text, near)?, None)
                    }
                    other => self.operand(draft, other, near)?,
                };
                Value::Pair(Box::new([first, second]))
            }
            Operand::Vector(operands) => Value::Vector(self.operands(draft, operands, near)?),
            Operand::Tuple(operands) => Value::Tuple(self.operands(draft, operands, near)?),
            Operand::List(operands) => Value::List(self.operands(draft, operands, near)?),
            Operand::Sink => Value::Sink,
        })
    }

    fn operands(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        operands: &'m [Operand<'a>],
        near: Position,
    ) -> Result<Vec<Value>, Error> {
        operands.iter().map(|operand| self.operand(draft, operand, near)).collect()
    }

    fn kind(&self, name: &str, near: Position, expected: &'static str, found: &str) -> Error {
        let kind = ErrorKind::Kind { expected, name: name.into(), found: found.into() };
        self.error(self.place(name, near), kind)
    }

    fn named(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        name: Name<'a>,
        near: Position,
    ) -> Result<Value, Error> {
        match self.lookup(draft, name.text) {
            Some(Ok(id)) => {
                let Some(word) = name.selector else { return Ok(Value::Register(id, None)) };
                let selector = Selector::from_word(word).ok_or_else(|| {
                    self.kind(word, near, "a part of a register, like `.x` or `.b0`", "none")
                })?;
                Ok(Value::Register(id, Some(selector)))
            }
            Some(Err(symbol)) if name.selector.is_none() => Ok(Value::Symbol(symbol, 0)),
            Some(Err(symbol)) => {
                Err(self.kind(name.text, near, "a register before the dot", symbol.what()))
            }
            None => self.special(name, near),
        }
    }

    fn special(&mut self, name: Name<'a>, near: Position) -> Result<Value, Error> {
        if name.text == "WARP_SZ" && name.selector.is_none() {
            return Ok(Value::Literal(Literal::signed(WARP_SIZE as i64)));
        }
        let Some(register) = SpecialRegister::named(name.text) else {
            let hint =
                if self.program.symbols.contains_key(name.text) { "" } else { hint(name.text) };
            return Err(self.undeclared(name.text, near, hint));
        };
        let Some(word) = name.selector else { return Ok(Value::Special(register, None)) };
        match Selector::from_word(word) {
            Some(Selector::Component(component)) if register.is_vector() => {
                Ok(Value::Special(register, Some(component)))
            }
            _ => {
                Err(self.kind(word, near, "a component of the special register, like `.x`", "none"))
            }
        }
    }

    /// A constant expression, or an address with an offset.
    fn expression(
        &mut self,
        draft: &mut Draft<'m, 'a>,
        expression: &'m Expr<'a>,
        near: Position,
    ) -> Result<Value, Error> {
        if let Ok(literal) = constant::evaluate(expression) {
            return Ok(Value::Literal(literal));
        }
        let (name, offset) =
            symbolic(expression).map_err(|reason| self.error(near, ErrorKind::Constant(reason)))?;
        match self.named(draft, name.into(), near)? {
            Value::Symbol(
                symbol @ (Symbol::Global(_) | Symbol::Variable(_) | Symbol::Function(_)),
                0,
            ) => Ok(Value::Symbol(symbol, offset)),
            // The first operand of `[%rd1+16, {...}]`.
            Value::Register(id, None) => Ok(Value::Address(Base::Register(id), offset)),
            _ => Err(self.kind(name, near, "a variable in the expression", "none")),
        }
    }
}

/// The name in an expression and what is added to it.
pub(super) fn symbolic<'a>(expression: &Expr<'a>) -> Result<(&'a str, i64), &'static str> {
    match expression {
        Expr::Name(name) => Ok((name, 0)),
        Expr::Binary(operator @ (BinaryOp::Add | BinaryOp::Subtract), sides) => {
            let integer = |side: &Expr<'_>| match constant::evaluate(side)? {
                Literal::Int { value, .. } => Ok(value as i64),
                _ => Err("an offset is an integer"),
            };
            if *operator == BinaryOp::Add
                && let Ok(offset) = integer(&sides[0])
            {
                let (name, inner) = symbolic(&sides[1])?;
                return Ok((name, inner.wrapping_add(offset)));
            }
            let (name, inner) = symbolic(&sides[0])?;
            let offset = integer(&sides[1])?;
            Ok((
                name,
                if *operator == BinaryOp::Add {
                    inner.wrapping_add(offset)
                } else {
                    inner.wrapping_sub(offset)
                },
            ))
        }
        other => {
            Err(constant::evaluate(other).err().unwrap_or("expected an address and a constant"))
        }
    }
}

/// What may be wrong with a name that nothing declares.
fn hint(name: &str) -> &'static str {
    if name.starts_with('%') {
        ": declare it by `.reg` before this, in this block or one around it"
    } else {
        ": no register, variable, function or label of this name is in scope"
    }
}

impl Selector {
    /// From the word after the dot.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        if let Some(component) = ["x", "y", "z", "w"].iter().position(|it| *it == word) {
            return Some(Selector::Component(component as u8));
        }
        if let Some(component) = ["r", "g", "b", "a"].iter().position(|it| *it == word) {
            return Some(Selector::Component(component as u8));
        }
        let (kind, digits) = (word.get(..1)?, word.get(1..)?);
        let digits: Option<Vec<u8>> =
            digits.chars().map(|c| c.to_digit(8).map(|digit| digit as u8)).collect();
        let digits =
            digits.filter(|it| !it.is_empty() && it.len() <= if kind == "b" { 4 } else { 2 })?;
        let mut bytes = [0; 4];
        bytes[..digits.len()].copy_from_slice(&digits);
        match kind {
            "b" => Some(Selector::Bytes(bytes, digits.len() as u8)),
            "h" if digits.iter().all(|digit| *digit < 4) => {
                Some(Selector::Halves([bytes[0], bytes[1]], digits.len() as u8))
            }
            _ => None,
        }
    }
}
