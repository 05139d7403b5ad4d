//! The values of constant expressions (PTX ISA, sections 4.5.5 and 4.5.6).

use super::ast::{BinaryOp, Cast, Expr, Literal, UnaryOp};

/// Threads in a warp: the predefined constant `WARP_SZ`.
pub const WARP_SIZE: u64 = 32;

/// The value of an expression of literals and `WARP_SZ`.
///
/// Quotients and remainders by zero have no value; a shift by 64 or more shifts every bit out. Where the manual's table and its text
/// differ, the text is followed: `&`, `|` and `^` are unsigned only if a side is.
///
/// # Errors
/// Why it has no value: it names a symbol, divides by zero, or gives an operator a type that it does not take.
pub fn evaluate(expression: &Expr<'_>) -> Result<Literal, &'static str> {
    match expression {
        Expr::Literal(literal) => Ok(*literal),
        Expr::Name("WARP_SZ") => Ok(Literal::signed(WARP_SIZE as i64)),
        Expr::Name(_) | Expr::Generic(_) => Err("expected a constant, found an address"),
        Expr::Mask(mask, inner) => {
            let (value, _) = integer(evaluate(inner)?)?;
            Ok(Literal::unsigned((value & mask) >> mask.trailing_zeros().min(63)))
        }
        Expr::Unary(operator, inner) => unary(*operator, evaluate(inner)?),
        Expr::Cast(cast, inner) => {
            let (value, _) = integer(evaluate(inner)?)?;
            Ok(Literal::Int { value, unsigned: *cast == Cast::U64 })
        }
        Expr::Binary(operator, sides) => {
            binary(*operator, evaluate(&sides[0])?, evaluate(&sides[1])?)
        }
        Expr::Conditional(parts) => {
            let (condition, _) = integer(evaluate(&parts[0])?)?;
            let (yes, no) = (evaluate(&parts[1])?, evaluate(&parts[2])?);
            let chosen = if condition != 0 { yes } else { no };
            match (yes, no) {
                (Literal::Int { unsigned: a, .. }, Literal::Int { unsigned: b, .. }) => {
                    Ok(Literal::Int { value: integer(chosen)?.0, unsigned: a || b })
                }
                (Literal::Double(_), Literal::Double(_)) => Ok(chosen),
                _ => Err("the sides of `?:` must be two integers or two floats"),
            }
        }
    }
}

fn integer(literal: Literal) -> Result<(u64, bool), &'static str> {
    match literal {
        Literal::Int { value, unsigned } => Ok((value, unsigned)),
        _ => Err("expected an integer, found a float"),
    }
}

fn truth(value: bool) -> Literal {
    Literal::signed(value.into())
}

fn unary(operator: UnaryOp, literal: Literal) -> Result<Literal, &'static str> {
    match (operator, literal) {
        (UnaryOp::Plus, _) => Ok(literal),
        (UnaryOp::Minus, Literal::Int { value, unsigned }) => {
            Ok(Literal::Int { value: value.wrapping_neg(), unsigned })
        }
        (UnaryOp::Minus, _) => literal.negated().ok_or("expected a number"),
        (UnaryOp::Not, _) => Ok(truth(integer(literal)?.0 == 0)),
        (UnaryOp::Complement, _) => Ok(Literal::unsigned(!integer(literal)?.0)),
    }
}

fn binary(operator: BinaryOp, left: Literal, right: Literal) -> Result<Literal, &'static str> {
    match (left, right) {
        (Literal::Double(a), Literal::Double(b)) => {
            floats(operator, f64::from_bits(a), f64::from_bits(b))
        }
        (Literal::Int { .. }, Literal::Int { .. }) => {
            integers(operator, integer(left)?, integer(right)?)
        }
        (Literal::Single(_), _) | (_, Literal::Single(_)) => Err(
            "a float of single precision may not be used in an expression: write it in decimal or as `0d...`",
        ),
        _ => Err("an operator cannot take an integer and a float"),
    }
}

fn floats(operator: BinaryOp, a: f64, b: f64) -> Result<Literal, &'static str> {
    let value = match operator {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        BinaryOp::Less => return Ok(truth(a < b)),
        BinaryOp::LessEqual => return Ok(truth(a <= b)),
        BinaryOp::Greater => return Ok(truth(a > b)),
        BinaryOp::GreaterEqual => return Ok(truth(a >= b)),
        BinaryOp::Equal => return Ok(truth(a == b)),
        BinaryOp::NotEqual => return Ok(truth(a != b)),
        _ => return Err("the operator takes integers, not floats"),
    };
    Ok(Literal::Double(value.to_bits()))
}

fn integers(
    operator: BinaryOp,
    left: (u64, bool),
    right: (u64, bool),
) -> Result<Literal, &'static str> {
    let ((a, a_unsigned), (b, b_unsigned)) = (left, right);
    let unsigned = a_unsigned || b_unsigned;
    let (x, y) = (a as i64, b as i64);
    let order = if unsigned { a.cmp(&b) } else { x.cmp(&y) };
    let shift = u32::try_from(b).unwrap_or(u32::MAX);
    let value = match operator {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Subtract => a.wrapping_sub(b),
        BinaryOp::Multiply => a.wrapping_mul(b),
        BinaryOp::Divide if b == 0 => return Err("a constant is divided by zero"),
        BinaryOp::Divide if unsigned => a / b,
        BinaryOp::Divide => x.wrapping_div(y) as u64,
        BinaryOp::Remainder if b == 0 => return Err("a constant is divided by zero"),
        BinaryOp::Remainder => return Ok(Literal::Int { value: a % b, unsigned: false }),
        BinaryOp::ShiftLeft => {
            return Ok(Literal::Int {
                value: a.checked_shl(shift).unwrap_or(0),
                unsigned: a_unsigned,
            });
        }
        BinaryOp::ShiftRight if a_unsigned => {
            return Ok(Literal::unsigned(a.checked_shr(shift).unwrap_or(0)));
        }
        BinaryOp::ShiftRight => return Ok(Literal::signed(x >> shift.min(63))),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::Less => return Ok(truth(order.is_lt())),
        BinaryOp::LessEqual => return Ok(truth(order.is_le())),
        BinaryOp::Greater => return Ok(truth(order.is_gt())),
        BinaryOp::GreaterEqual => return Ok(truth(order.is_ge())),
        BinaryOp::Equal => return Ok(truth(a == b)),
        BinaryOp::NotEqual => return Ok(truth(a != b)),
        BinaryOp::LogicalAnd => return Ok(truth(a != 0 && b != 0)),
        BinaryOp::LogicalOr => return Ok(truth(a != 0 || b != 0)),
    };
    Ok(Literal::Int { value, unsigned })
}
