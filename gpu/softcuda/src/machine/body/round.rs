//! Rounding: to any binary format, in any direction.

/// A rounding mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To the nearest, ties to even.
    Near,
    /// Towards zero.
    Zero,
    /// Down.
    Down,
    /// Up.
    Up,
    /// To the nearest, ties away from zero.
    Away,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] = [Self::Near, Self::Zero, Self::Down, Self::Up, Self::Away];
}

/// A binary format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// Bits of precision, with the hidden one.
    pub precision: i32,
    /// Exponent of the smallest normal number.
    pub least: i32,
    /// Exponent of the largest number.
    pub most: i32,
}

impl Format {
    pub(crate) const F16: Self = Self { precision: 11, least: -14, most: 15 };
    pub(crate) const BF16: Self = Self { precision: 8, least: -126, most: 127 };
    pub(crate) const TF32: Self = Self { precision: 11, least: -126, most: 127 };
    pub(crate) const F32: Self = Self { precision: 24, least: -126, most: 127 };
}

#[inline(always)]
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// The value of the format that `x` rounds to; past its largest, infinity or the largest, as the mode says.
pub(crate) fn round(x: f64, format: Format, mode: Mode) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let exponent = ((x.to_bits() >> 52 & 0x7ff) as i32 - 1023).max(format.least);
    let quantum = exponent - (format.precision - 1);
    let scaled = x * power(-quantum);
    let whole = integer(scaled, mode);
    let result = (whole * power(quantum)).copysign(x);
    let largest = (2.0 - power(1 - format.precision)) * power(format.most);
    if result.abs() <= largest {
        return result;
    }
    let up = match mode {
        Mode::Near | Mode::Away => true,
        Mode::Zero => false,
        Mode::Down => x < 0.0,
        Mode::Up => x > 0.0,
    };
    if up { f64::INFINITY.copysign(x) } else { largest.copysign(x) }
}

/// The integer that `x` rounds to.
#[inline(always)]
pub(crate) fn integer(x: f64, mode: Mode) -> f64 {
    match mode {
        Mode::Near => x.round_ties_even(),
        Mode::Zero => x.trunc(),
        Mode::Down => x.floor(),
        Mode::Up => x.ceil(),
        Mode::Away => x.round(),
    }
}

/// `s + e`, where `e` is less than half a unit of `s`: towards zero, and odd where that is not exact (Boldo, Melquiond: Emulation of
/// FMA and correctly rounded sums, 2008). Rounding the result to a format of at most 51 bits is as rounding the sum itself.
#[inline(always)]
pub(crate) fn odd(s: f64, e: f64) -> f64 {
    let bits = s.to_bits();
    let inward = (e < 0.0) != (s < 0.0);
    let truncated = bits.wrapping_sub(u64::from(inward));
    if e == 0.0 || !s.is_finite() || e.is_nan() { s } else { f64::from_bits(truncated | 1) }
}

/// The error of `s = a + b` (Knuth, TAOCP 2, 4.2.2, theorem B).
#[inline(always)]
pub(crate) fn sum_error(a: f64, b: f64, s: f64) -> f64 {
    let t = s - a;
    (a - (s - t)) + (b - t)
}

/// `a + b`, rounded to odd.
#[inline(always)]
pub(crate) fn add_odd(a: f64, b: f64) -> f64 {
    let s = a + b;
    odd(s, sum_error(a, b, s))
}

/// The bits of the 16-bit float nearest to `x`, ties to even.
#[inline(always)]
pub(crate) fn narrow_near(x: f64, format: Format) -> u16 {
    if x.is_nan() {
        return 0x7fff;
    }
    narrow(round(x, format, Mode::Near), format)
}

/// The bits of a value that the 16-bit format has, or of an infinity.
#[inline(always)]
pub(crate) fn narrow(x: f64, format: Format) -> u16 {
    let sign = (x.to_bits() >> 48) as u16 & 0x8000;
    let fraction_bits = format.precision - 1;
    let infinity = ((format.most * 2 + 1) as u16) << fraction_bits;
    let magnitude = if x.is_nan() {
        return 0x7fff;
    } else if x.is_infinite() {
        infinity
    } else {
        let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
        if exponent < format.least {
            (x.abs() * power(fraction_bits - format.least)) as u16
        } else {
            let biased = (exponent + format.most) as u16;
            biased << fraction_bits
                | (x.to_bits() >> (52 - fraction_bits)) as u16 & ((1 << fraction_bits) - 1)
        }
    };
    sign | magnitude
}

/// Subnormals become zeros of their sign.
#[inline(always)]
pub(crate) fn flush(x: f32) -> f32 {
    let bits = x.to_bits();
    if bits & 0x7f80_0000 == 0 { f32::from_bits(bits & 0x8000_0000) } else { x }
}

fn to_f32(x: f64, mode: Mode) -> f32 {
    round(x, Format::F32, mode) as f32
}

/// A zero sum of numbers of different signs is -0 when rounding down, +0 else.
fn zero_sum(a: f64, b: f64, mode: Mode) -> f64 {
    if a == 0.0 && b == 0.0 && a.is_sign_negative() == b.is_sign_negative() {
        a
    } else if mode == Mode::Down {
        -0.0
    } else {
        0.0
    }
}

/// `a + b` in a direction.
pub(crate) fn add(a: f32, b: f32, mode: Mode) -> f32 {
    let (a, b) = (f64::from(a), f64::from(b));
    let s = add_odd(a, b);
    to_f32(if s == 0.0 { zero_sum(a, b, mode) } else { s }, mode)
}

/// `a * b` in a direction.
pub(crate) fn mul(a: f32, b: f32, mode: Mode) -> f32 {
    to_f32(f64::from(a) * f64::from(b), mode)
}

/// `a * b + c` in a direction.
pub(crate) fn fma(a: f32, b: f32, c: f32, mode: Mode) -> f32 {
    let (p, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let s = add_odd(p, c);
    to_f32(if s == 0.0 { zero_sum(p, c, mode) } else { s }, mode)
}

/// `a / b` in a direction.
pub(crate) fn div(a: f32, b: f32, mode: Mode) -> f32 {
    let (a, b) = (f64::from(a), f64::from(b));
    let q = a / b;
    if q == 0.0 || !q.is_finite() {
        return q as f32;
    }
    // The remainder has the sign of the quotient's error times b.
    let r = f64::mul_add(-q, b, a);
    to_f32(odd(q, if b < 0.0 { -r } else { r }), mode)
}

/// The square root in a direction.
pub(crate) fn sqrt(a: f32, mode: Mode) -> f32 {
    let a = f64::from(a);
    let q = a.sqrt();
    if q == 0.0 || !q.is_finite() {
        return q as f32;
    }
    to_f32(odd(q, f64::mul_add(-q, q, a)), mode)
}

/// A double, one unit towards the error where the mode wants it. `x` is the nearest double of what is `x + e`.
#[inline(always)]
fn direct(x: f64, e: f64, mode: Mode) -> f64 {
    if e == 0.0 || e.is_nan() || !x.is_finite() {
        return x;
    }
    match mode {
        Mode::Down if e < 0.0 => x.next_down(),
        Mode::Up if e > 0.0 => x.next_up(),
        Mode::Zero if e < 0.0 && x > 0.0 => x.next_down(),
        Mode::Zero if e > 0.0 && x < 0.0 => x.next_up(),
        _ => x,
    }
}

/// Where the nearest is infinite but no operand is, the direction may want the largest number.
fn overflow(x: f64, finite: bool, mode: Mode) -> f64 {
    let inward = match mode {
        Mode::Near | Mode::Away => false,
        Mode::Zero => true,
        Mode::Down => x > 0.0,
        Mode::Up => x < 0.0,
    };
    if x.is_infinite() && finite && inward { f64::MAX.copysign(x) } else { x }
}

/// `a + b` of doubles in a direction.
pub(crate) fn add64(a: f64, b: f64, mode: Mode) -> f64 {
    let s = a + b;
    if s == 0.0 {
        return zero_sum(a, b, mode);
    }
    overflow(direct(s, sum_error(a, b, s), mode), a.is_finite() && b.is_finite(), mode)
}

/// `a * b` of doubles in a direction. Products that underflow are scaled to find their error.
pub(crate) fn mul64(a: f64, b: f64, mode: Mode) -> f64 {
    let p = a * b;
    let e = if p.abs() < 1e-290 && a != 0.0 && b != 0.0 {
        // a * b - p for operands scaled up, so far that the product and its error are normal numbers; the sign is all that counts.
        let (big, small) = if a.abs() > b.abs() { (a, b) } else { (b, a) };
        let up = if big.abs() < 1.0 { power(700) } else { 1.0 };
        let (big, scaled) = (big * up, small * power(700));
        let exact = big * scaled;
        let error = f64::mul_add(big, scaled, -exact);
        let difference = exact - p * power(700) * up;
        if difference != 0.0 { difference } else { error }
    } else {
        f64::mul_add(a, b, -p)
    };
    overflow(direct(p, e, mode), a.is_finite() && b.is_finite(), mode)
}
