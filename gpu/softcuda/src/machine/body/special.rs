//! Approximate functions. All are computed in double precision and rounded once, so that they err by little more than half a unit,
//! within what the PTX ISA states for each; and alike on every host.

use super::round::flush;

#[inline(always)]
fn ftz<const FTZ: bool>(x: f32) -> f32 {
    if FTZ { flush(x) } else { x }
}

/// 2^x for |x| up to about 1000: the whole part by the exponent, the rest by its Taylor series.
#[inline(always)]
pub(crate) fn exp2(x: f64) -> f64 {
    // Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = x + ROUND;
    let n = shifted - ROUND;
    let t = (x - n) * std::f64::consts::LN_2;
    let mut p = 1.0 / 39_916_800.0;
    p = p * t + 1.0 / 3_628_800.0;
    p = p * t + 1.0 / 362_880.0;
    p = p * t + 1.0 / 40_320.0;
    p = p * t + 1.0 / 5_040.0;
    p = p * t + 1.0 / 720.0;
    p = p * t + 1.0 / 120.0;
    p = p * t + 1.0 / 24.0;
    p = p * t + 1.0 / 6.0;
    p = p * t + 0.5;
    p = p * t + 1.0;
    p = p * t + 1.0;
    let scale = f64::from_bits(((shifted.to_bits() as i32 as i64 + 1023) as u64) << 52);
    p * scale
}

/// `ex2.approx`
#[inline(always)]
pub(crate) fn ex2<const FTZ: bool>(x: f32) -> f32 {
    let x = ftz::<FTZ>(x);
    let wide = f64::from(x);
    let clamped = if wide > 200.0 { 200.0 } else { wide };
    let clamped = if clamped < -200.0 { -200.0 } else { clamped };
    let result = exp2(clamped) as f32;
    if x.is_nan() { x } else { ftz::<FTZ>(result) }
}

/// The logarithm to base 2 of a positive, finite number.
#[inline(always)]
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    // The fraction between sqrt(1/2) and sqrt(2).
    let moved = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd);
    let exponent = (moved as i64 >> 52) as i32;
    let m = f64::from_bits(bits.wrapping_sub((i64::from(exponent) << 52) as u64));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let mut p = 1.0 / 19.0;
    p = p * z + 1.0 / 17.0;
    p = p * z + 1.0 / 15.0;
    p = p * z + 1.0 / 13.0;
    p = p * z + 1.0 / 11.0;
    p = p * z + 1.0 / 9.0;
    p = p * z + 1.0 / 7.0;
    p = p * z + 0.2;
    p = p * z + 1.0 / 3.0;
    p = p * z + 1.0;
    f64::from(exponent) + 2.0 * s * p * std::f64::consts::LOG2_E
}

/// `lg2.approx`
#[inline(always)]
pub(crate) fn lg2<const FTZ: bool>(x: f32) -> f32 {
    let x = ftz::<FTZ>(x);
    let result = log2(f64::from(x)) as f32;
    let result = if x == f32::INFINITY { x } else { result };
    let result = if x == 0.0 { f32::NEG_INFINITY } else { result };
    if x < 0.0 || x.is_nan() { f32::NAN } else { ftz::<FTZ>(result) }
}

/// The rest of an angle after multiples of a quarter turn, and how many.
#[inline(always)]
fn quarter(x: f64) -> (f64, u64) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    // pi/2 in two parts, the first of 33 bits, so that its products with numbers below 2^20 are exact.
    const FIRST: f64 = 1.570_796_326_734_125_6;
    const REST: f64 = 6.077_100_506_506_192e-11;
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
    let n = shifted - ROUND;
    ((x - n * FIRST) - n * REST, shifted.to_bits())
}

#[inline(always)]
fn sin_cos(r: f64) -> (f64, f64) {
    let z = r * r;
    let mut s = -1.0 / 39_916_800.0;
    s = s * z + 1.0 / 362_880.0;
    s = s * z - 1.0 / 5_040.0;
    s = s * z + 1.0 / 120.0;
    s = s * z - 1.0 / 6.0;
    s = s * z + 1.0;
    let mut c = 1.0 / 479_001_600.0;
    c = c * z - 1.0 / 3_628_800.0;
    c = c * z + 1.0 / 40_320.0;
    c = c * z - 1.0 / 720.0;
    c = c * z + 1.0 / 24.0;
    c = c * z - 0.5;
    c = c * z + 1.0;
    (s * r, c)
}

/// Angles past this are reduced by the host's library.
const FAR: f64 = 1e6;

#[inline(always)]
fn turn<const FTZ: bool, const COS: bool>(x: f32) -> f32 {
    let x = ftz::<FTZ>(x);
    let wide = f64::from(x);
    if wide.abs() > FAR {
        return if x.is_infinite() {
            f32::NAN
        } else if COS {
            wide.cos() as f32
        } else {
            wide.sin() as f32
        };
    }
    let (r, n) = quarter(wide);
    let n = n.wrapping_add(u64::from(COS));
    let (s, c) = sin_cos(r);
    let value = if n & 1 != 0 { c } else { s };
    let value = if n & 2 != 0 { -value } else { value };
    let result = if !COS && x == 0.0 { x } else { value as f32 };
    if x.is_nan() { x } else { ftz::<FTZ>(result) }
}

/// `sin.approx`
#[inline(always)]
pub(crate) fn sin<const FTZ: bool>(x: f32) -> f32 {
    turn::<FTZ, false>(x)
}

/// `cos.approx`
#[inline(always)]
pub(crate) fn cos<const FTZ: bool>(x: f32) -> f32 {
    turn::<FTZ, true>(x)
}

/// `tanh.approx`
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let wide = f64::from(x);
    let clamped = if wide > 20.0 { 20.0 } else { wide };
    let clamped = if clamped < -20.0 { -20.0 } else { clamped };
    let e = exp2(clamped * (2.0 * std::f64::consts::LOG2_E));
    // Near zero the difference would lose what the series keeps.
    let small = wide - wide * wide * wide / 3.0 + 2.0 / 15.0 * wide * wide * wide * wide * wide;
    let value = if wide.abs() < 1e-2 { small } else { (e - 1.0) / (e + 1.0) };
    if x.is_nan() || x == 0.0 { x } else { value as f32 }
}

/// `rsqrt.approx`
#[inline(always)]
pub(crate) fn rsqrt<const FTZ: bool>(x: f32) -> f32 {
    let x = ftz::<FTZ>(x);
    ftz::<FTZ>((1.0 / f64::from(x).sqrt()) as f32)
}

/// `rcp.approx.ftz.f64`, `rsqrt.approx.ftz.f64`: the low word of the operand is taken as zero, and the result's is.
#[inline(always)]
pub(crate) fn gross(x: f64, f: impl Fn(f64) -> f64) -> f64 {
    let cut = |x: f64| {
        let bits = x.to_bits() & 0xffff_ffff_0000_0000;
        let zero = bits & 0x7ff0_0000_0000_0000 == 0;
        f64::from_bits(if zero { bits & (1 << 63) } else { bits })
    };
    cut(f(cut(x)))
}
