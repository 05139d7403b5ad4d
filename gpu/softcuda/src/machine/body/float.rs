//! Functions on floats of single and double precision (PTX ISA, "Floating-Point Instructions").

use super::round::{self, Mode, flush};

/// The NaN that single-precision operations give.
pub(crate) const NAN32: f32 = f32::from_bits(0x7fff_ffff);

/// Flushes if so told.
#[inline(always)]
pub(crate) fn ftz<const FTZ: bool>(x: f32) -> f32 {
    if FTZ { flush(x) } else { x }
}

/// Clamps to 0 .. 1 if so told; NaN becomes 0.
#[inline(always)]
pub(crate) fn sat<const SAT: bool>(x: f32) -> f32 {
    if !SAT {
        return x;
    }
    if x > 0.0 { if x < 1.0 { x } else { 1.0 } } else { 0.0 }
}

/// As [`sat`], for doubles.
#[inline(always)]
pub(crate) fn sat64(x: f64) -> f64 {
    if x > 0.0 { if x < 1.0 { x } else { 1.0 } } else { 0.0 }
}

#[inline(always)]
pub(crate) const fn mode(number: u8) -> Mode {
    match number {
        0 => Mode::Near,
        1 => Mode::Zero,
        2 => Mode::Down,
        3 => Mode::Up,
        _ => Mode::Away,
    }
}

/// `add.f32`; `M` numbers the mode.
#[inline(always)]
pub(crate) fn add<const FTZ: bool, const SAT: bool, const M: u8>(a: f32, b: f32) -> f32 {
    let (a, b) = (ftz::<FTZ>(a), ftz::<FTZ>(b));
    let sum = if M == 0 { a + b } else { round::add(a, b, mode(M)) };
    sat::<SAT>(ftz::<FTZ>(sum))
}

/// `mul.f32`
#[inline(always)]
pub(crate) fn mul<const FTZ: bool, const SAT: bool, const M: u8>(a: f32, b: f32) -> f32 {
    let (a, b) = (ftz::<FTZ>(a), ftz::<FTZ>(b));
    let product = if M == 0 { a * b } else { round::mul(a, b, mode(M)) };
    sat::<SAT>(ftz::<FTZ>(product))
}

/// `fma.f32`, `mad.f32`
#[inline(always)]
pub(crate) fn fma<const FTZ: bool, const SAT: bool, const M: u8>(a: f32, b: f32, c: f32) -> f32 {
    let (a, b, c) = (ftz::<FTZ>(a), ftz::<FTZ>(b), ftz::<FTZ>(c));
    let result = if M == 0 { a.mul_add(b, c) } else { round::fma(a, b, c, mode(M)) };
    sat::<SAT>(ftz::<FTZ>(result))
}

/// `div.f32`, also the approximate ones: they may be exact.
#[inline(always)]
pub(crate) fn div<const FTZ: bool, const M: u8>(a: f32, b: f32) -> f32 {
    let (a, b) = (ftz::<FTZ>(a), ftz::<FTZ>(b));
    let result = if M == 0 { a / b } else { round::div(a, b, mode(M)) };
    ftz::<FTZ>(result)
}

/// `div.approx`, `div.full`: as exact, but a divisor above 2^126 gives 0 in `div.approx` (there the reciprocal underflows).
#[inline(always)]
pub(crate) fn div_approx<const FTZ: bool>(a: f32, b: f32) -> f32 {
    let large = b.abs() > f32::from_bits(0x7e80_0000);
    if large && b.is_finite() {
        let sign = a.is_sign_negative() != b.is_sign_negative();
        return if a.is_infinite() || a.is_nan() {
            NAN32
        } else if sign {
            -0.0
        } else {
            0.0
        };
    }
    div::<FTZ, 0>(a, b)
}

/// `sqrt.f32`
#[inline(always)]
pub(crate) fn sqrt<const FTZ: bool, const M: u8>(a: f32) -> f32 {
    let a = ftz::<FTZ>(a);
    ftz::<FTZ>(if M == 0 { a.sqrt() } else { round::sqrt(a, mode(M)) })
}

#[inline(always)]
fn order(bits: u32) -> i32 {
    let bits = bits as i32;
    bits ^ (bits >> 31 & 0x7fff_ffff)
}

/// `min.f32`, `max.f32`: -0 is below +0; the one that is a number, unless `NAN`.
#[inline(always)]
pub(crate) fn least<const MAX: bool, const FTZ: bool, const NAN: bool>(a: f32, b: f32) -> f32 {
    let (a, b) = (ftz::<FTZ>(a), ftz::<FTZ>(b));
    let smaller = (order(a.to_bits()) < order(b.to_bits())) != MAX;
    let chosen = if smaller { a } else { b };
    let (x, y) = (a.is_nan(), b.is_nan());
    let chosen = if x { b } else { chosen };
    let chosen = if y { a } else { chosen };
    if (x && y) || (NAN && (x || y)) { NAN32 } else { chosen }
}

/// `min.xorsign.abs`, `max.xorsign.abs`: the smaller or larger magnitude, with the signs' exclusive or.
#[inline(always)]
pub(crate) fn least_xorsign<const MAX: bool, const FTZ: bool, const NAN: bool>(
    a: f32,
    b: f32,
) -> f32 {
    let sign = (a.to_bits() ^ b.to_bits()) & 0x8000_0000;
    let chosen = least::<MAX, FTZ, NAN>(a.abs(), b.abs());
    if chosen.is_nan() { chosen } else { f32::from_bits(chosen.to_bits() | sign) }
}

/// `min.f64`, `max.f64`
#[inline(always)]
pub(crate) fn least64<const MAX: bool>(a: f64, b: f64) -> f64 {
    if a.is_nan() {
        return b;
    }
    if b.is_nan() {
        return a;
    }
    if a.total_cmp(&b).is_lt() != MAX { a } else { b }
}
