//! Arithmetic of half precision and bfloat16, and of pairs.

use super::Table;
use crate::count::Class::{Half, Special};
use crate::machine::body::half::*;
use crate::machine::body::special;

#[inline(always)]
fn z<H: Small, const FTZ: bool>(a: H) -> H {
    if FTZ { a.flush() } else { a }
}

#[inline(always)]
fn sum<H: Small, const FTZ: bool>(a: H, b: H) -> H {
    z::<H, FTZ>(H::near(z::<H, FTZ>(a).wide() + z::<H, FTZ>(b).wide()))
}

#[inline(always)]
fn difference<H: Small, const FTZ: bool>(a: H, b: H) -> H {
    z::<H, FTZ>(H::near(z::<H, FTZ>(a).wide() - z::<H, FTZ>(b).wide()))
}

#[inline(always)]
fn product<H: Small, const FTZ: bool>(a: H, b: H) -> H {
    z::<H, FTZ>(H::near(z::<H, FTZ>(a).wide() * z::<H, FTZ>(b).wide()))
}

#[inline(always)]
fn fused<H: Small, const FTZ: bool>(a: H, b: H, c: H) -> H {
    z::<H, FTZ>(fma(z::<H, FTZ>(a), z::<H, FTZ>(b), z::<H, FTZ>(c)))
}

/// A function of two, and the same on pairs.
macro_rules! two {
    ($table:ident, $h:ty, $base:literal, $t:literal, $f:expr) => {
        $table.two(concat!($base, ".", $t), Half, |a: $h, b: $h| -> $h { $f(a, b) });
        $table.two(concat!($base, ".", $t, "x2"), Half, |a: u32, b: u32| {
            pair::<$h>(a, b, 0, |a, b, _| $f(a, b))
        });
    };
}

macro_rules! three {
    ($table:ident, $h:ty, $base:literal, $t:literal, $f:expr) => {
        $table.three(concat!($base, ".", $t), Half, |a: $h, b: $h, c: $h| -> $h { $f(a, b, c) });
        $table.three(concat!($base, ".", $t, "x2"), Half, |a: u32, b: u32, c: u32| {
            pair::<$h>(a, b, c, |a, b, c| $f(a, b, c))
        });
    };
}

macro_rules! one {
    ($table:ident, $h:ty, $base:literal, $t:literal, $class:expr, $f:expr) => {
        $table.one(concat!($base, ".", $t), $class, |a: $h| -> $h { $f(a) });
        $table.one(concat!($base, ".", $t, "x2"), $class, |a: u32| {
            pair::<$h>(a, 0, 0, |a, _, _| $f(a))
        });
    };
}

macro_rules! both {
    ($table:ident, $h:ty, $t:literal) => {
        two!($table, $h, "add{,.rn}", $t, sum::<$h, false>);
        two!($table, $h, "sub{,.rn}", $t, difference::<$h, false>);
        two!($table, $h, "mul{,.rn}", $t, product::<$h, false>);
        three!($table, $h, "fma.rn", $t, fused::<$h, false>);
        three!($table, $h, "fma.rn.relu", $t, |a, b, c| relu(fused::<$h, false>(a, b, c)));
        two!($table, $h, "min", $t, least::<$h, false, false>);
        two!($table, $h, "max", $t, least::<$h, true, false>);
        two!($table, $h, "min.NaN", $t, least::<$h, false, true>);
        two!($table, $h, "max.NaN", $t, least::<$h, true, true>);
        one!($table, $h, "neg", $t, Half, |a: $h| <$h>::from_bits(a.bits() ^ 0x8000));
        one!($table, $h, "abs", $t, Half, |a: $h| <$h>::from_bits(a.bits() & 0x7fff));
        one!($table, $h, "tanh.approx", $t, Special, |a: $h| <$h>::near(special::tanh(a.wide())));
    };
}

pub(super) fn add(table: &mut Table) {
    both!(table, F16, "f16");
    both!(table, Bf16, "bf16");
    two!(table, F16, "add{,.rn}.ftz", "f16", sum::<F16, true>);
    two!(table, F16, "sub{,.rn}.ftz", "f16", difference::<F16, true>);
    two!(table, F16, "mul{,.rn}.ftz", "f16", product::<F16, true>);
    three!(table, F16, "fma.rn.ftz", "f16", fused::<F16, true>);
    two!(table, F16, "add{,.rn}.sat", "f16", |a, b| saturate(sum::<F16, false>(a, b)));
    two!(table, F16, "sub{,.rn}.sat", "f16", |a, b| saturate(difference::<F16, false>(a, b)));
    two!(table, F16, "mul{,.rn}.sat", "f16", |a, b| saturate(product::<F16, false>(a, b)));
    three!(table, F16, "fma.rn.sat", "f16", |a, b, c| saturate(fused::<F16, false>(a, b, c)));
    two!(table, F16, "add{,.rn}.ftz.sat", "f16", |a, b| saturate(sum::<F16, true>(a, b)));
    two!(table, F16, "sub{,.rn}.ftz.sat", "f16", |a, b| saturate(difference::<F16, true>(a, b)));
    two!(table, F16, "mul{,.rn}.ftz.sat", "f16", |a, b| saturate(product::<F16, true>(a, b)));
    three!(table, F16, "fma.rn.ftz.sat", "f16", |a, b, c| saturate(fused::<F16, true>(a, b, c)));
    three!(table, F16, "fma.rn.ftz.relu", "f16", |a, b, c| relu(fused::<F16, true>(a, b, c)));
    two!(table, F16, "min.ftz", "f16", |a: F16, b: F16| least::<F16, false, false>(
        a.flush(),
        b.flush()
    ));
    two!(table, F16, "max.ftz", "f16", |a: F16, b: F16| least::<F16, true, false>(
        a.flush(),
        b.flush()
    ));
    one!(table, F16, "ex2.approx", "f16", Special, |a: F16| F16::near(special::ex2::<false>(
        a.wide()
    )));
    one!(table, Bf16, "ex2.approx.ftz", "bf16", Special, |a: Bf16| {
        Bf16::near(special::ex2::<true>(a.flush().wide())).flush()
    });
}
