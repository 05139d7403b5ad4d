//! 16-bit floats: `f16` (IEEE binary16), `bf16`, and pairs of them.

use super::round::{self, Format};

/// A half-precision float, by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct F16(pub u16);

/// A bfloat16, by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bf16(pub u16);

/// What both have in common.
pub(crate) trait Small: Copy + 'static {
    /// Bits of infinity.
    const INFINITY: u16;
    /// Bits of 1.
    const ONE: u16;
    /// The NaN that operations give (PTX ISA, "Half Precision Floating-Point Instructions").
    const NAN: u16 = 0x7fff;
    const FORMAT: Format;
    fn bits(self) -> u16;
    fn from_bits(bits: u16) -> Self;
    /// Exact.
    fn wide(self) -> f32;
    /// To the nearest, ties to even.
    fn near(value: f32) -> Self;

    #[inline(always)]
    fn is_nan(self) -> bool {
        self.bits() & 0x7fff > Self::INFINITY
    }

    #[inline(always)]
    fn is_subnormal(self) -> bool {
        let bits = self.bits() & 0x7fff;
        bits & Self::INFINITY == 0 && bits != 0
    }

    /// Subnormals become zeros of their sign.
    #[inline(always)]
    fn flush(self) -> Self {
        if self.is_subnormal() { Self::from_bits(self.bits() & 0x8000) } else { self }
    }
}

impl Small for F16 {
    const INFINITY: u16 = 0x7c00;
    const ONE: u16 = 0x3c00;
    const FORMAT: Format = Format::F16;

    #[inline(always)]
    fn bits(self) -> u16 {
        self.0
    }

    #[inline(always)]
    fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    #[inline(always)]
    fn wide(self) -> f32 {
        let bits = u32::from(self.0);
        let magnitude = (bits & 0x7fff) << 13;
        // 2^112 moves the exponent's bias from 15 to 127, for subnormals too.
        let scaled = (f32::from_bits(magnitude) * f32::from_bits(239 << 23)).to_bits();
        let special = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
        f32::from_bits(scaled | special | (bits & 0x8000) << 16)
    }

    #[inline(always)]
    fn near(value: f32) -> Self {
        let bits = value.to_bits();
        let magnitude = bits & 0x7fff_ffff;
        let sign = (bits >> 16) as u16 & 0x8000;
        // Adding 0.5 leaves a subnormal's bits, rounded by the addition, at the bottom of the fraction.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0x3f00_0000);
        let odd = magnitude >> 13 & 1;
        let normal = magnitude.wrapping_add(0xc800_0fff).wrapping_add(odd) >> 13;
        let finite = if magnitude < 113 << 23 { subnormal } else { normal };
        let special = if magnitude > 0x7f80_0000 { 0x7fff } else { 0x7c00 };
        let result = if magnitude >= 143 << 23 { special } else { finite };
        let sign = if magnitude > 0x7f80_0000 { 0 } else { sign };
        Self(result as u16 | sign)
    }
}

impl Small for Bf16 {
    const INFINITY: u16 = 0x7f80;
    const ONE: u16 = 0x3f80;
    const FORMAT: Format = Format::BF16;

    #[inline(always)]
    fn bits(self) -> u16 {
        self.0
    }

    #[inline(always)]
    fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.0) << 16)
    }

    #[inline(always)]
    fn near(value: f32) -> Self {
        let bits = value.to_bits();
        let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
        Self(if bits & 0x7fff_ffff > 0x7f80_0000 { 0x7fff } else { rounded as u16 })
    }
}

/// `a * b + c`, rounded once.
#[inline(always)]
pub(crate) fn fma<H: Small>(a: H, b: H, c: H) -> H {
    // The product is exact in double precision; the sum is rounded to odd, so that rounding it again is as rounding once.
    let sum = round::add_odd(f64::from(a.wide()) * f64::from(b.wide()), f64::from(c.wide()));
    H::from_bits(round::narrow_near(sum, H::FORMAT))
}

/// Clamps to 0 .. 1; NaN becomes 0.
#[inline(always)]
pub(crate) fn saturate<H: Small>(a: H) -> H {
    let bits = a.bits();
    H::from_bits(if a.is_nan() || bits & 0x8000 != 0 {
        0
    } else if bits > H::ONE {
        H::ONE
    } else {
        bits
    })
}

/// Negative values become 0; NaN becomes the canonical one.
#[inline(always)]
pub(crate) fn relu<H: Small>(a: H) -> H {
    H::from_bits(if a.is_nan() {
        H::NAN
    } else if a.bits() & 0x8000 != 0 {
        0
    } else {
        a.bits()
    })
}

/// Orders like the reals, with -0 below +0.
#[inline(always)]
fn order(bits: u16) -> i16 {
    let bits = bits as i16;
    bits ^ (bits >> 15 & 0x7fff)
}

/// The smaller, or the larger; `NAN`: NaN if either is, else the one that is a number.
#[inline(always)]
pub(crate) fn least<H: Small, const MAX: bool, const NAN: bool>(a: H, b: H) -> H {
    let (x, y) = (a.is_nan(), b.is_nan());
    if (x && y) || (NAN && (x || y)) {
        return H::from_bits(H::NAN);
    }
    if x {
        return b;
    }
    if y {
        return a;
    }
    if (order(a.bits()) < order(b.bits())) != MAX { a } else { b }
}

/// A function on each half of a pair.
#[inline(always)]
pub(crate) fn pair<H: Small>(a: u32, b: u32, c: u32, f: impl Fn(H, H, H) -> H) -> u32 {
    let low = f(H::from_bits(a as u16), H::from_bits(b as u16), H::from_bits(c as u16));
    let high = f(
        H::from_bits((a >> 16) as u16),
        H::from_bits((b >> 16) as u16),
        H::from_bits((c >> 16) as u16),
    );
    u32::from(low.bits()) | u32::from(high.bits()) << 16
}
