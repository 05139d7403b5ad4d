//! Logic, shifts and bit fields. Logic on predicates is among the moves.

use super::{Imm, Table};
use crate::count::Class::Integer;
use crate::machine::body::bits::*;

macro_rules! logic {
    ($table:ident, $($t:ty, $s:literal;)*) => {$(
        $table.two(concat!("and.", $s), Integer, |a: $t, b: $t| a & b);
        $table.two(concat!("or.", $s), Integer, |a: $t, b: $t| a | b);
        $table.two(concat!("xor.", $s), Integer, |a: $t, b: $t| a ^ b);
        $table.one(concat!("not.", $s), Integer, |a: $t| !a);
        $table.one(concat!("cnot.", $s), Integer, |a: $t| <$t>::from(a == 0));
        // Amounts past the width shift everything out.
        $table.two(concat!("shl.", $s), Integer, |a: $t, n: u32| a.checked_shl(n).unwrap_or(0));
    )*};
}

macro_rules! shr {
    ($table:ident, $($u:ty, $i:ty, $bits:literal;)*) => {$(
        $table.two(concat!("shr.{u", $bits, ",b", $bits, "}"), Integer, |a: $u, n: u32| a.checked_shr(n).unwrap_or(0));
        $table.two(concat!("shr.s", $bits), Integer, |a: $i, n: u32| a >> n.min(<$i>::BITS - 1));
    )*};
}

pub(super) fn add(table: &mut Table) {
    logic! { table, u16, "b16"; u32, "b32"; u64, "b64"; }
    shr! { table, u16, i16, "16"; u32, i32, "32"; u64, i64, "64"; }
    table.one("popc.b32", Integer, |a: u32| a.count_ones());
    table.one("popc.b64", Integer, |a: u64| a.count_ones());
    table.one("clz.b32", Integer, |a: u32| a.leading_zeros());
    table.one("clz.b64", Integer, |a: u64| a.leading_zeros());
    table.one("brev.b32", Integer, |a: u32| a.reverse_bits());
    table.one("brev.b64", Integer, |a: u64| a.reverse_bits());
    table.one("bfind.u32", Integer, bfind_u32);
    table.one("bfind.u64", Integer, bfind_u64);
    // Of a negative number, the highest zero.
    table.one("bfind.s32", Integer, |a: i32| bfind_u32((a ^ a >> 31) as u32));
    table.one("bfind.s64", Integer, |a: i64| bfind_u64((a ^ a >> 63) as u64));
    table.one("bfind.shiftamt.u32", Integer, |a: u32| shift_amount(bfind_u32(a), 31));
    table.one("bfind.shiftamt.u64", Integer, |a: u64| shift_amount(bfind_u64(a), 63));
    table.one("bfind.shiftamt.s32", Integer, |a: i32| {
        shift_amount(bfind_u32((a ^ a >> 31) as u32), 31)
    });
    table.one("bfind.shiftamt.s64", Integer, |a: i64| {
        shift_amount(bfind_u64((a ^ a >> 63) as u64), 63)
    });
    table.three("bfe.u32", Integer, bfe_u32);
    table.three("bfe.s32", Integer, bfe_s32);
    table.three("bfe.u64", Integer, bfe_u64);
    table.three("bfe.s64", Integer, bfe_s64);
    table.four("bfi.b32", Integer, bfi_u32);
    table.four("bfi.b64", Integer, bfi_u64);
    table.three("fns.b32", Integer, fns);
    for (mode, name) in PRMT_MODES.into_iter().enumerate() {
        let dot = if name.is_empty() { "" } else { "." };
        table.three_imm(&format!("prmt.b32{dot}{name}"), Integer, Imm::Fixed(mode as u64), prmt);
    }
    table.three_imm("lop3.b32", Integer, Imm::Operand, lop3);
    table.three("shf.l.clamp.b32", Integer, shf_l::<false>);
    table.three("shf.l.wrap.b32", Integer, shf_l::<true>);
    table.three("shf.r.clamp.b32", Integer, shf_r::<false>);
    table.three("shf.r.wrap.b32", Integer, shf_r::<true>);
    table.two("szext.clamp.u32", Integer, szext::<false, false>);
    table.two("szext.wrap.u32", Integer, szext::<false, true>);
    table.two("szext.clamp.s32", Integer, szext::<true, false>);
    table.two("szext.wrap.s32", Integer, szext::<true, true>);
    table.two("bmsk.clamp.b32", Integer, bmsk::<false>);
    table.two("bmsk.wrap.b32", Integer, bmsk::<true>);
}
