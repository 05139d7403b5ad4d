//! Arithmetic of single and double precision, and approximate functions.

use super::Table;
use crate::count::Class::{Double, Single, Special};
use crate::machine::body::float::*;
use crate::machine::body::round::{self, Mode};
use crate::machine::body::special;

/// For each rounding mode, with and without `.ftz`.
macro_rules! modes {
    ($table:ident, $make:ident, $base:literal, $end:literal, $f:ident, $($more:literal),*) => {
        modes!(@ $table, $make, concat!($base, "{,.rn}", $end), concat!($base, "{,.rn}.ftz", $end), $f, 0, $($more),*);
        modes!(@ $table, $make, concat!($base, ".rz", $end), concat!($base, ".rz.ftz", $end), $f, 1, $($more),*);
        modes!(@ $table, $make, concat!($base, ".rm", $end), concat!($base, ".rm.ftz", $end), $f, 2, $($more),*);
        modes!(@ $table, $make, concat!($base, ".rp", $end), concat!($base, ".rp.ftz", $end), $f, 3, $($more),*);
    };
    (@ $table:ident, $make:ident, $plain:expr, $ftz:expr, $f:ident, $mode:literal,) => {
        $table.$make($plain, Single, $f::<false, $mode>);
        $table.$make($ftz, Single, $f::<true, $mode>);
    };
    (@ $table:ident, $make:ident, $plain:expr, $ftz:expr, $f:ident, $mode:literal, $sat:literal) => {
        $table.$make($plain, Single, $f::<false, $sat, $mode>);
        $table.$make($ftz, Single, $f::<true, $sat, $mode>);
    };
}

fn sub<const FTZ: bool, const SAT: bool, const M: u8>(a: f32, b: f32) -> f32 {
    add_f32::<FTZ, SAT, M>(a, -b)
}

#[inline(always)]
fn add_f32<const FTZ: bool, const SAT: bool, const M: u8>(a: f32, b: f32) -> f32 {
    crate::machine::body::float::add::<FTZ, SAT, M>(a, b)
}

fn rcp<const FTZ: bool, const M: u8>(a: f32) -> f32 {
    div::<FTZ, M>(1.0, a)
}

pub(super) fn add(table: &mut Table) {
    modes!(table, two, "add", ".f32", add_f32, false);
    modes!(table, two, "add", ".sat.f32", add_f32, true);
    modes!(table, two, "sub", ".f32", sub, false);
    modes!(table, two, "sub", ".sat.f32", sub, true);
    modes!(table, two, "mul", ".f32", mul, false);
    modes!(table, two, "mul", ".sat.f32", mul, true);
    modes!(table, three, "fma", ".f32", fma, false);
    modes!(table, three, "fma", ".sat.f32", fma, true);
    modes!(table, three, "mad", ".f32", fma, false);
    modes!(table, three, "mad", ".sat.f32", fma, true);
    modes!(table, two, "div", ".f32", div,);
    modes!(table, one, "sqrt", ".f32", sqrt,);
    modes!(table, one, "rcp", ".f32", rcp,);
    table.two("div.full.f32", Single, div::<false, 0>);
    table.two("div.full.ftz.f32", Single, div::<true, 0>);
    table.two("div.approx.f32", Single, div_approx::<false>);
    table.two("div.approx.ftz.f32", Single, div_approx::<true>);
    table.one("neg.f32", Single, |a: f32| -a);
    table.one("neg.ftz.f32", Single, |a: f32| -round::flush(a));
    table.one("abs.f32", Single, |a: f32| a.abs());
    table.one("abs.ftz.f32", Single, |a: f32| round::flush(a).abs());
    // copysign d, a, b: the sign of a on b.
    table.two("copysign.f32", Single, |a: f32, b: f32| b.copysign(a));
    table.two("copysign.f64", Double, |a: f64, b: f64| b.copysign(a));
    table.two("min.f32", Single, least::<false, false, false>);
    table.two("max.f32", Single, least::<true, false, false>);
    table.two("min.ftz.f32", Single, least::<false, true, false>);
    table.two("max.ftz.f32", Single, least::<true, true, false>);
    table.two("min.NaN.f32", Single, least::<false, false, true>);
    table.two("max.NaN.f32", Single, least::<true, false, true>);
    table.two("min.ftz.NaN.f32", Single, least::<false, true, true>);
    table.two("max.ftz.NaN.f32", Single, least::<true, true, true>);
    table.two("min.xorsign.abs.f32", Single, least_xorsign::<false, false, false>);
    table.two("max.xorsign.abs.f32", Single, least_xorsign::<true, false, false>);
    table.two("min.ftz.xorsign.abs.f32", Single, least_xorsign::<false, true, false>);
    table.two("max.ftz.xorsign.abs.f32", Single, least_xorsign::<true, true, false>);
    table.two("min.NaN.xorsign.abs.f32", Single, least_xorsign::<false, false, true>);
    table.two("max.NaN.xorsign.abs.f32", Single, least_xorsign::<true, false, true>);
    doubles(table);
    specials(table);
}

fn doubles(table: &mut Table) {
    table.two("add{,.rn}.f64", Double, |a: f64, b: f64| a + b);
    table.two("add.rz.f64", Double, |a: f64, b: f64| round::add64(a, b, Mode::Zero));
    table.two("add.rm.f64", Double, |a: f64, b: f64| round::add64(a, b, Mode::Down));
    table.two("add.rp.f64", Double, |a: f64, b: f64| round::add64(a, b, Mode::Up));
    table.two("sub{,.rn}.f64", Double, |a: f64, b: f64| a - b);
    table.two("sub.rz.f64", Double, |a: f64, b: f64| round::add64(a, -b, Mode::Zero));
    table.two("sub.rm.f64", Double, |a: f64, b: f64| round::add64(a, -b, Mode::Down));
    table.two("sub.rp.f64", Double, |a: f64, b: f64| round::add64(a, -b, Mode::Up));
    table.two("mul{,.rn}.f64", Double, |a: f64, b: f64| a * b);
    table.two("mul.rz.f64", Double, |a: f64, b: f64| round::mul64(a, b, Mode::Zero));
    table.two("mul.rm.f64", Double, |a: f64, b: f64| round::mul64(a, b, Mode::Down));
    table.two("mul.rp.f64", Double, |a: f64, b: f64| round::mul64(a, b, Mode::Up));
    table.three("{fma,mad}.rn.f64", Double, |a: f64, b: f64, c: f64| a.mul_add(b, c));
    table.two("div.rn.f64", Double, |a: f64, b: f64| a / b);
    table.one("sqrt.rn.f64", Double, |a: f64| a.sqrt());
    table.one("rcp.rn.f64", Double, |a: f64| 1.0 / a);
    table.one("rcp.approx.ftz.f64", Special, |a: f64| special::gross(a, |a| 1.0 / a));
    table.one("rsqrt.approx{,.ftz}.f64", Special, |a: f64| special::gross(a, |a| 1.0 / a.sqrt()));
    table.one("neg.f64", Double, |a: f64| -a);
    table.one("abs.f64", Double, |a: f64| a.abs());
    table.two("min.f64", Double, least64::<false>);
    table.two("max.f64", Double, least64::<true>);
}

fn specials(table: &mut Table) {
    table.one("rcp.approx.f32", Special, rcp::<false, 0>);
    table.one("rcp.approx.ftz.f32", Special, rcp::<true, 0>);
    table.one("sqrt.approx.f32", Special, sqrt::<false, 0>);
    table.one("sqrt.approx.ftz.f32", Special, sqrt::<true, 0>);
    table.one("rsqrt.approx.f32", Special, special::rsqrt::<false>);
    table.one("rsqrt.approx.ftz.f32", Special, special::rsqrt::<true>);
    table.one("ex2.approx.f32", Special, special::ex2::<false>);
    table.one("ex2.approx.ftz.f32", Special, special::ex2::<true>);
    table.one("lg2.approx.f32", Special, special::lg2::<false>);
    table.one("lg2.approx.ftz.f32", Special, special::lg2::<true>);
    table.one("sin.approx.f32", Special, special::sin::<false>);
    table.one("sin.approx.ftz.f32", Special, special::sin::<true>);
    table.one("cos.approx.f32", Special, special::cos::<false>);
    table.one("cos.approx.ftz.f32", Special, special::cos::<true>);
    table.one("tanh.approx.f32", Special, special::tanh);
}
