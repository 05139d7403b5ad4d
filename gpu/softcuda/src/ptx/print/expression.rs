//! Constant expressions, with no more parentheses than parsing needs.

use std::fmt::{self, Display, Formatter};

use crate::ptx::ast::{BinaryOp, Expr, Literal, UnaryOp};

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Literal::Int { value, unsigned: false } => write!(f, "{}", value as i64),
            Literal::Int { value, .. } if value > i64::MAX as u64 => write!(f, "{value}"),
            Literal::Int { value, .. } => write!(f, "{value}U"),
            Literal::Single(bits) => write!(f, "0f{bits:08X}"),
            Literal::Double(bits) => write!(f, "0d{bits:016X}"),
        }
    }
}

impl Expr<'_> {
    /// Writes it, in parentheses if so.
    fn write(&self, f: &mut Formatter<'_>, parentheses: bool) -> fmt::Result {
        if parentheses { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    /// 12 for what needs no parentheses anywhere, 11 for prefixes, 0 for `?:`.
    fn precedence(&self) -> u8 {
        match self {
            Expr::Literal(_) | Expr::Name(_) | Expr::Generic(_) | Expr::Mask(..) => 12,
            Expr::Unary(..) | Expr::Cast(..) => 11,
            Expr::Binary(operator, _) => operator.precedence(),
            Expr::Conditional(_) => 0,
        }
    }

    /// Whether it begins with a name and `|`, as `%r1|%p1` does.
    fn resembles_pair(&self) -> bool {
        match self {
            Expr::Binary(BinaryOp::Or, sides) => {
                matches!(sides[0], Expr::Name(_)) || sides[0].resembles_pair()
            }
            // Both would be written without parentheses on their left.
            Expr::Binary(_, sides) if self.precedence() <= sides[0].precedence() => {
                sides[0].resembles_pair()
            }
            Expr::Conditional(parts) => parts[0].resembles_pair(),
            _ => false,
        }
    }

    /// As an operand, where names with a sign and pairs of names are no expressions.
    pub(super) fn write_operand(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Unary(operator @ (UnaryOp::Minus | UnaryOp::Not), inner)
                if matches!(**inner, Expr::Name(_)) =>
            {
                write!(f, "{}({inner})", operator.as_str())
            }
            _ => self.write(f, self.resembles_pair()),
        }
    }
}

impl Display for Expr<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Literal(literal) => write!(f, "{literal}"),
            Expr::Name(name) => f.write_str(name),
            Expr::Generic(inner) => write!(f, "generic({inner})"),
            Expr::Mask(mask, inner) => write!(f, "{mask:#x}({inner})"),
            Expr::Unary(UnaryOp::Minus, inner) if let Expr::Literal(literal) = **inner => {
                match literal {
                    // A float is shown by its bits, which have a sign.
                    Literal::Single(bits) if bits >> 31 == 1 => {
                        write!(f, "--0f{:08X}", bits & !(1 << 31))
                    }
                    Literal::Double(bits) if bits >> 63 == 1 => {
                        write!(f, "--0d{:016X}", bits & !(1 << 63))
                    }
                    _ if literal.negated().is_some() && !literal.is_negative() => {
                        write!(f, "-({literal})")
                    }
                    _ => write!(f, "-{literal}"),
                }
            }
            Expr::Unary(operator, inner) => {
                f.write_str(operator.as_str())?;
                inner.write(f, inner.precedence() < 11)
            }
            Expr::Cast(cast, inner) => {
                f.write_str(cast.as_str())?;
                inner.write(f, inner.precedence() < 11)
            }
            Expr::Binary(operator, sides) => {
                let precedence = operator.precedence();
                sides[0].write(f, sides[0].precedence() < precedence)?;
                write!(f, " {} ", operator.as_str())?;
                sides[1].write(f, sides[1].precedence() <= precedence)
            }
            Expr::Conditional(parts) => {
                parts[0].write(f, parts[0].precedence() == 0)?;
                write!(f, " ? {} : {}", parts[1], parts[2])
            }
        }
    }
}
