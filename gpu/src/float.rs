//! Floating-point types that kernels exist for.

use crate::element::Element;
use half::f16;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for half::f16 {}
}

/// `f32`, or `f16` (IEEE binary16; computed in fp32).
pub trait Float: Element + sealed::Sealed {
    /// How many a thread takes at once.
    #[doc(hidden)]
    const PAIR: u64;

    /// Where buffers have to begin for that.
    #[doc(hidden)]
    const ALIGNMENT: u64 = 4;

    #[doc(hidden)]
    fn of_two(f32_name: &'static str, f16_name: &'static str) -> &'static str;

    /// The nearest value; ties to even.
    fn from_f64(value: f64) -> Self;

    /// The value; exact.
    fn to_f64(self) -> f64;

    /// Half the distance from 1 to the next number.
    const UNIT_ROUNDOFF: f64;
}

impl Float for f32 {
    const PAIR: u64 = 1;
    const UNIT_ROUNDOFF: f64 = 1.0 / (1 << 24) as f64;

    fn of_two(f32_name: &'static str, _: &'static str) -> &'static str {
        f32_name
    }

    fn from_f64(value: f64) -> Self {
        value as Self
    }

    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Float for f16 {
    const PAIR: u64 = 2;
    const UNIT_ROUNDOFF: f64 = 1.0 / (1 << 11) as f64;

    fn of_two(_: &'static str, f16_name: &'static str) -> &'static str {
        f16_name
    }

    fn from_f64(value: f64) -> Self {
        Self::from_f64(value)
    }

    fn to_f64(self) -> f64 {
        Self::to_f64(self)
    }
}
