//! Integer arithmetic.

use super::{Imm, Table};
use crate::count::Class::Integer;
use crate::machine::body::alu::carry;
use crate::machine::body::integer::{Divide, High, dp2a, dp4a, low24, low24s};
use crate::machine::lane::Kind;

macro_rules! arithmetic {
    ($table:ident, $($t:ty, $unsigned:ty, $s:literal;)*) => {$(
        $table.two(concat!("add.", $s), Integer, |a: $t, b: $t| a.wrapping_add(b));
        $table.two(concat!("sub.", $s), Integer, |a: $t, b: $t| a.wrapping_sub(b));
        $table.two(concat!("mul.lo.", $s), Integer, |a: $t, b: $t| a.wrapping_mul(b));
        $table.two(concat!("mul.hi.", $s), Integer, |a: $t, b: $t| a.high(b));
        $table.three(concat!("mad.lo.", $s), Integer, |a: $t, b: $t, c: $t| a.wrapping_mul(b).wrapping_add(c));
        $table.three(concat!("mad.hi.", $s), Integer, |a: $t, b: $t, c: $t| a.high(b).wrapping_add(c));
        $table.two(concat!("div.", $s), Integer, |a: $t, b: $t| a.quotient(b));
        $table.two(concat!("rem.", $s), Integer, |a: $t, b: $t| a.remainder(b));
        $table.two(concat!("min.", $s), Integer, |a: $t, b: $t| a.min(b));
        $table.two(concat!("max.", $s), Integer, |a: $t, b: $t| a.max(b));
        $table.three(concat!("sad.", $s), Integer, |a: $t, b: $t, c: $unsigned| a.abs_diff(b).wrapping_add(c));
    )*};
}

macro_rules! wide {
    ($table:ident, $($t:ty, $w:ty, $s:literal;)*) => {$(
        $table.two(concat!("mul.wide.", $s), Integer, |a: $t, b: $t| <$w>::from(a) * <$w>::from(b));
        $table.three(
            concat!("mad.wide.", $s), Integer,
            |a: $t, b: $t, c: $w| (<$w>::from(a) * <$w>::from(b)).wrapping_add(c)
        );
    )*};
}

macro_rules! carries {
    ($table:ident, $($t:ty, $kind:ident, $s:literal;)*) => {$(
        let (k, imm) = (Kind::$kind, Imm::Fixed(0));
        let add = |out| carry(out, |a: $t, b: $t, _: $t, _| a.overflowing_add(b));
        let addc = |out| carry(out, |a: $t, b: $t, _: $t, carry: bool| {
            let (sum, one) = a.overflowing_add(b);
            let (sum, two) = sum.overflowing_add(carry.into());
            (sum, one | two)
        });
        // The borrow is kept as such: set where there was one.
        let sub = |out| carry(out, |a: $t, b: $t, _: $t, _| a.overflowing_sub(b));
        let subc = |out| carry(out, |a: $t, b: $t, _: $t, borrow: bool| {
            let (left, one) = a.overflowing_sub(b);
            let (left, two) = left.overflowing_sub(borrow.into());
            (left, one | two)
        });
        $table.lanes(concat!("add.cc.", $s), Integer, add(true), k, &[k, k], imm);
        $table.lanes(concat!("addc.", $s), Integer, addc(false), k, &[k, k], imm);
        $table.lanes(concat!("addc.cc.", $s), Integer, addc(true), k, &[k, k], imm);
        $table.lanes(concat!("sub.cc.", $s), Integer, sub(true), k, &[k, k], imm);
        $table.lanes(concat!("subc.", $s), Integer, subc(false), k, &[k, k], imm);
        $table.lanes(concat!("subc.cc.", $s), Integer, subc(true), k, &[k, k], imm);
    )*};
}

macro_rules! multiply_carries {
    ($table:ident, $($t:ty, $kind:ident, $s:literal;)*) => {$(
        let (k, imm) = (Kind::$kind, Imm::Fixed(0));
        let lo = |out| carry(out, |a: $t, b: $t, c: $t, _| unsigned_add(a.wrapping_mul(b), c, false));
        let hi = |out| carry(out, |a: $t, b: $t, c: $t, _| unsigned_add(a.high(b), c, false));
        let loc = |out| carry(out, |a: $t, b: $t, c: $t, carry| unsigned_add(a.wrapping_mul(b), c, carry));
        let hic = |out| carry(out, |a: $t, b: $t, c: $t, carry| unsigned_add(a.high(b), c, carry));
        $table.lanes(concat!("mad.lo.cc.", $s), Integer, lo(true), k, &[k, k, k], imm);
        $table.lanes(concat!("mad.hi.cc.", $s), Integer, hi(true), k, &[k, k, k], imm);
        $table.lanes(concat!("madc.lo.", $s), Integer, loc(false), k, &[k, k, k], imm);
        $table.lanes(concat!("madc.lo.cc.", $s), Integer, loc(true), k, &[k, k, k], imm);
        $table.lanes(concat!("madc.hi.", $s), Integer, hic(false), k, &[k, k, k], imm);
        $table.lanes(concat!("madc.hi.cc.", $s), Integer, hic(true), k, &[k, k, k], imm);
    )*};
}

/// A sum and its carry, of bits without sign.
trait UnsignedAdd: Copy {
    fn carrying(self, b: Self, carry: bool) -> (Self, bool);
}

macro_rules! unsigned_adds {
    ($($t:ty, $u:ty;)*) => {$(
        impl UnsignedAdd for $t {
            #[inline(always)]
            fn carrying(self, b: Self, carry: bool) -> (Self, bool) {
                let (sum, one) = (self as $u).overflowing_add(b as $u);
                let (sum, two) = sum.overflowing_add(carry.into());
                (sum as $t, one | two)
            }
        }
    )*};
}

unsigned_adds! { u32, u32; i32, u32; u64, u64; i64, u64; }

#[inline(always)]
fn unsigned_add<T: UnsignedAdd>(a: T, b: T, carry: bool) -> (T, bool) {
    a.carrying(b, carry)
}

pub(super) fn add(table: &mut Table) {
    arithmetic! { table,
        u16, u16, "u16";
        i16, u16, "s16";
        u32, u32, "u32";
        i32, u32, "s32";
        u64, u64, "u64";
        i64, u64, "s64";
    }
    wide! { table, u16, u32, "u16"; i16, i32, "s16"; u32, u64, "u32"; i32, i64, "s32"; }
    table.two("add.sat.s32", Integer, i32::saturating_add);
    table.two("sub.sat.s32", Integer, i32::saturating_sub);
    table.three("mad.hi.sat.s32", Integer, |a: i32, b: i32, c: i32| a.high(b).saturating_add(c));
    carries! { table, u32, U32, "{u32,s32}"; u64, U64, "{u64,s64}"; }
    multiply_carries! { table, u32, U32, "u32"; i32, S32, "s32"; u64, U64, "u64"; i64, S64, "s64"; }
    table.one("neg.s16", Integer, i16::wrapping_neg);
    table.one("neg.s32", Integer, i32::wrapping_neg);
    table.one("neg.s64", Integer, i64::wrapping_neg);
    table.one("abs.s16", Integer, i16::wrapping_abs);
    table.one("abs.s32", Integer, i32::wrapping_abs);
    table.one("abs.s64", Integer, i64::wrapping_abs);
    table.two("mul24.lo.u32", Integer, |a: u32, b: u32| (low24(a) * low24(b)) as u32);
    table.two("mul24.hi.u32", Integer, |a: u32, b: u32| ((low24(a) * low24(b)) >> 16) as u32);
    table.two("mul24.lo.s32", Integer, |a: i32, b: i32| (low24s(a) * low24s(b)) as i32);
    table.two("mul24.hi.s32", Integer, |a: i32, b: i32| ((low24s(a) * low24s(b)) >> 16) as i32);
    table.three("mad24.lo.u32", Integer, |a: u32, b: u32, c: u32| {
        ((low24(a) * low24(b)) as u32).wrapping_add(c)
    });
    table.three("mad24.hi.u32", Integer, |a: u32, b: u32, c: u32| {
        (((low24(a) * low24(b)) >> 16) as u32).wrapping_add(c)
    });
    table.three("mad24.lo.s32", Integer, |a: i32, b: i32, c: i32| {
        ((low24s(a) * low24s(b)) as i32).wrapping_add(c)
    });
    table.three("mad24.hi.s32", Integer, |a: i32, b: i32, c: i32| {
        (((low24s(a) * low24s(b)) >> 16) as i32).wrapping_add(c)
    });
    table.three("mad24.hi.sat.s32", Integer, |a: i32, b: i32, c: i32| {
        (((low24s(a) * low24s(b)) >> 16) as i32).saturating_add(c)
    });
    table.two("min.relu.s32", Integer, |a: i32, b: i32| a.min(b).max(0));
    table.two("max.relu.s32", Integer, |a: i32, b: i32| a.max(b).max(0));
    table.two("add.{u16x2,s16x2}", Integer, |a: u32, b: u32| {
        (a & 0xffff).wrapping_add(b) & 0xffff | (a & 0xffff_0000).wrapping_add(b & 0xffff_0000)
    });
    table.two("min.u16x2", Integer, |a: u32, b: u32| {
        (a & 0xffff).min(b & 0xffff) | (a >> 16).min(b >> 16) << 16
    });
    table.two("max.u16x2", Integer, |a: u32, b: u32| {
        (a & 0xffff).max(b & 0xffff) | (a >> 16).max(b >> 16) << 16
    });
    table.two("min.s16x2", Integer, |a: u32, b: u32| {
        let low = (a as i16).min(b as i16) as u16;
        let high = ((a >> 16) as i16).min((b >> 16) as i16) as u16;
        u32::from(low) | u32::from(high) << 16
    });
    table.two("max.s16x2", Integer, |a: u32, b: u32| {
        let low = (a as i16).max(b as i16) as u16;
        let high = ((a >> 16) as i16).max((b >> 16) as i16) as u16;
        u32::from(low) | u32::from(high) << 16
    });
    table.three("dp4a.u32.u32", Integer, dp4a::<false, false>);
    table.three("dp4a.u32.s32", Integer, dp4a::<false, true>);
    table.three("dp4a.s32.u32", Integer, dp4a::<true, false>);
    table.three("dp4a.s32.s32", Integer, dp4a::<true, true>);
    table.three("dp2a.lo.u32.u32", Integer, dp2a::<false, false, false>);
    table.three("dp2a.lo.u32.s32", Integer, dp2a::<false, true, false>);
    table.three("dp2a.lo.s32.u32", Integer, dp2a::<true, false, false>);
    table.three("dp2a.lo.s32.s32", Integer, dp2a::<true, true, false>);
    table.three("dp2a.hi.u32.u32", Integer, dp2a::<false, false, true>);
    table.three("dp2a.hi.u32.s32", Integer, dp2a::<false, true, true>);
    table.three("dp2a.hi.s32.u32", Integer, dp2a::<true, false, true>);
    table.three("dp2a.hi.s32.s32", Integer, dp2a::<true, true, true>);
}
