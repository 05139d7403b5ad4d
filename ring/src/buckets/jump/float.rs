//! A jump in floats throughout, for who cannot afford to convert them.
//!
//! All integers are below 2^52, where floats hold them exactly. Addition, multiplication and division are the same on every machine
//! (IEEE 754).

use super::published::NUMERATOR;

/// 2^52: floats from here to 2^53 are the integers.
const INTEGERS: f64 = 4_503_599_627_370_496.0;

/// The upper 31 bits of a state, plus 1.
#[inline]
pub(super) fn denominator(state: u64) -> f64 {
    // The bits as the mantissa of a float from 2^52, less what is too much.
    f64::from_bits(state >> 33 | INTEGERS.to_bits()) - (INTEGERS - 1.0)
}

/// From a bucket's number plus 1 to that of the one that it jumps to, for which `state` is drawn. Only above 2^52, where no bucket is,
/// it is not exact.
#[inline]
pub(super) fn jump(state: u64, from: f64) -> f64 {
    let target = from * (NUMERATOR / denominator(state));
    let near = (target + INTEGERS) - INTEGERS;
    near + if near <= target { 1.0 } else { 0.0 }
}

/// The integer that is one below a float in 1..=2^32.
#[inline]
pub(super) fn less_one(number: f64) -> u32 {
    (number + (INTEGERS - 1.0)).to_bits() as u32
}
