//! Initialisers: nested lists to values at offsets (PTX ISA, section 5.4.4).

use super::operand::symbolic;
use super::{Datum, DatumValue, Resolver, Symbol};
use crate::ptx::ast::{BinaryOp, Expr, Initializer, Literal, Space, Variable};
use crate::ptx::{Error, ErrorKind, constant};

impl<'m, 'a> Resolver<'m, 'a> {
    pub(super) fn initializers(&mut self) -> Result<(), Error> {
        for index in 0..self.program.globals.len() {
            self.program.globals[index].init =
                self.initializer(self.program.globals[index].variable)?;
        }
        Ok(())
    }

    /// What a variable begins with. It may name variables and functions outside functions.
    pub(super) fn initializer(&self, variable: &Variable<'a>) -> Result<Vec<Datum<'a>>, Error> {
        let mut data = Vec::new();
        let Some(init) = &variable.init else { return Ok(data) };
        if !matches!(variable.space, Space::Global | Space::Const) {
            let kind = ErrorKind::Kind {
                expected: "an initialised variable in `.global` or `.const`",
                name: variable.name.into(),
                found: format!("in `{}`", variable.space),
            };
            return Err(self.error(variable.position, kind));
        }
        let mut extents = variable.dims.clone();
        extents.extend(variable.vector.map(|width| Some(u64::from(width.elements()))));
        self.lay_out(variable, init, &extents, 0, &mut data)?;
        Ok(data)
    }

    /// Puts values down from an offset; `extents` are those of what is initialised.
    fn lay_out(
        &self,
        variable: &Variable<'a>,
        init: &Initializer<'a>,
        extents: &[Option<u64>],
        offset: u64,
        data: &mut Vec<Datum<'a>>,
    ) -> Result<(), Error> {
        let wrong = |reason| Err(self.error(variable.position, ErrorKind::Constant(reason)));
        let (list, extents) = match (init, extents) {
            (Initializer::Value(expression), []) => {
                let value = self.datum(variable, expression)?;
                data.push(Datum { offset, value });
                return Ok(());
            }
            (Initializer::Field(..), _) => {
                return self.properties(variable, std::slice::from_ref(init), data);
            }
            (Initializer::Value(_), _) => {
                return wrong("an array or vector is initialised by values in braces");
            }
            // `{1}` of a scalar, and the properties of a texture.
            (Initializer::List(list), [])
                if list.iter().any(|it| matches!(it, Initializer::Field(..))) =>
            {
                return self.properties(variable, list, data);
            }
            (Initializer::List(list), []) => match list.as_slice() {
                [] => return Ok(()),
                [only] => return self.lay_out(variable, only, &[], offset, data),
                _ => return wrong("more values than the variable holds"),
            },
            (Initializer::List(list), [first, rest @ ..]) => {
                let nested =
                    rest.is_empty() || list.iter().any(|it| matches!(it, Initializer::List(_)));
                let inner = rest
                    .iter()
                    .try_fold(1u64, |product, extent| product.checked_mul(extent.unwrap_or(0)));
                let holds = match (first, nested) {
                    (None, _) => u64::MAX,
                    (Some(extent), true) => *extent,
                    // Values in a row fill the rows one after the other.
                    (Some(extent), false) => {
                        inner.and_then(|inner| inner.checked_mul(*extent)).unwrap_or(u64::MAX)
                    }
                };
                if list.len() as u64 > holds {
                    return wrong("more values than the variable holds");
                }
                (list, if nested { rest } else { &[] })
            }
        };
        let bytes = u64::from(variable.ty.bytes());
        let stride = extents
            .iter()
            .try_fold(bytes, |product, extent| product.checked_mul(extent.unwrap_or(0)));
        for (index, init) in list.iter().enumerate() {
            let at =
                stride.and_then(|stride| stride.checked_mul(index as u64)?.checked_add(offset));
            let Some(at) = at else { return wrong("the variable is too large") };
            self.lay_out(variable, init, extents, at, data)?;
        }
        Ok(())
    }

    /// `{ addr_mode_0 = clamp_to_border }`
    fn properties(
        &self,
        variable: &Variable<'a>,
        list: &[Initializer<'a>],
        data: &mut Vec<Datum<'a>>,
    ) -> Result<(), Error> {
        for init in list {
            let Initializer::Field(name, value) = init else {
                let kind = ErrorKind::Constant("properties and values do not mix");
                return Err(self.error(variable.position, kind));
            };
            let value = match value {
                Expr::Name(word) => Ok(*word),
                other => Err(constant::evaluate(other).map_err(|reason| {
                    self.error(variable.position, ErrorKind::Constant(reason))
                })?),
            };
            data.push(Datum { offset: 0, value: DatumValue::Property(name, value) });
        }
        Ok(())
    }

    fn datum(
        &self,
        variable: &Variable<'a>,
        expression: &Expr<'a>,
    ) -> Result<DatumValue<'a>, Error> {
        if let Ok(literal) = constant::evaluate(expression) {
            return Ok(DatumValue::Literal(literal));
        }
        let (mask, inner) = match expression {
            Expr::Mask(mask, inner) => (Some(*mask), &**inner),
            other => (None, other),
        };
        let found = address(inner)
            .map_err(|reason| self.error(variable.position, ErrorKind::Constant(reason)))?;
        let (name, offset, generic) = found;
        match self.program.symbols.get(name) {
            Some(symbol @ (Symbol::Global(_) | Symbol::Function(_))) => {
                Ok(DatumValue::Address { symbol: *symbol, offset, generic, mask })
            }
            _ => Err(self.undeclared(
                name,
                variable.position,
                ": an initialiser names variables and functions",
            )),
        }
    }
}

/// The name, the offset, and whether `generic` is about it.
fn address<'a>(expression: &Expr<'a>) -> Result<(&'a str, i64, bool), &'static str> {
    if let Expr::Generic(inner) = expression {
        let (name, offset) = symbolic(inner)?;
        return Ok((name, offset, true));
    }
    if let Expr::Binary(operator @ (BinaryOp::Add | BinaryOp::Subtract), sides) = expression
        && let Ok((name, offset, true)) = address(&sides[0])
    {
        let added = Expr::Binary(
            *operator,
            Box::new([Expr::Literal(Literal::signed(0)), sides[1].clone()]),
        );
        return match constant::evaluate(&added)? {
            Literal::Int { value, .. } => Ok((name, offset.wrapping_add(value as i64), true)),
            _ => Err("an offset is an integer"),
        };
    }
    symbolic(expression).map(|(name, offset)| (name, offset, false))
}
