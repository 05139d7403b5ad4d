//! Functions on bits (PTX ISA, "Integer Arithmetic Instructions", "Logic and Shift Instructions", `prmt`).

/// `lop3`: each bit of the result is the bit of the table that the operands' bits choose.
#[inline(always)]
pub(crate) fn lop3(a: u32, b: u32, c: u32, table: u64) -> u32 {
    let mut result = 0;
    for i in 0..8_u32 {
        let a = if i & 4 != 0 { a } else { !a };
        let b = if i & 2 != 0 { b } else { !b };
        let c = if i & 1 != 0 { c } else { !c };
        let on = (table >> i & 1) as u32;
        result |= a & b & c & on.wrapping_neg();
    }
    result
}

/// `bfe.u32`
#[inline(always)]
pub(crate) fn bfe_u32(a: u32, position: u32, length: u32) -> u32 {
    let (position, length) = (position & 0xff, length & 0xff);
    let shifted = a.checked_shr(position).unwrap_or(0);
    if length >= 32 { shifted } else { shifted & ((1 << length) - 1) }
}

/// `bfe.u64`
#[inline(always)]
pub(crate) fn bfe_u64(a: u64, position: u32, length: u32) -> u64 {
    let (position, length) = (position & 0xff, length & 0xff);
    let shifted = a.checked_shr(position).unwrap_or(0);
    if length >= 64 { shifted } else { shifted & ((1 << length) - 1) }
}

/// `bfe.s32`: filled up with the field's topmost bit, or that of `a` where the field reaches past it.
#[inline(always)]
pub(crate) fn bfe_s32(a: i32, position: u32, length: u32) -> i32 {
    let (position, length) = (position & 0xff, length & 0xff);
    if length == 0 {
        return 0;
    }
    let sign = a >> (position + length - 1).min(31) & 1;
    let fill = sign.wrapping_neg();
    let field = bfe_u32(a as u32, position, length) as i32;
    let known = 32_u32.saturating_sub(position).min(length);
    if known >= 32 { field } else { field | fill << known }
}

/// `bfe.s64`
#[inline(always)]
pub(crate) fn bfe_s64(a: i64, position: u32, length: u32) -> i64 {
    let (position, length) = (position & 0xff, length & 0xff);
    if length == 0 {
        return 0;
    }
    let sign = a >> (position + length - 1).min(63) & 1;
    let fill = sign.wrapping_neg();
    let field = bfe_u64(a as u64, position, length) as i64;
    let known = 64_u32.saturating_sub(position).min(length);
    if known >= 64 { field } else { field | fill << known }
}

/// `bfi.b32`: `a`'s low bits put into `b`.
#[inline(always)]
pub(crate) fn bfi_u32(a: u32, b: u32, position: u32, length: u32) -> u32 {
    let (position, length) = (position & 0xff, length & 0xff);
    let ones = if length >= 32 { u32::MAX } else { (1 << length) - 1 };
    let mask = ones.checked_shl(position).unwrap_or(0);
    b & !mask | a.checked_shl(position).unwrap_or(0) & mask
}

/// `bfi.b64`
#[inline(always)]
pub(crate) fn bfi_u64(a: u64, b: u64, position: u32, length: u32) -> u64 {
    let (position, length) = (position & 0xff, length & 0xff);
    let ones = if length >= 64 { u64::MAX } else { (1 << length) - 1 };
    let mask = ones.checked_shl(position).unwrap_or(0);
    b & !mask | a.checked_shl(position).unwrap_or(0) & mask
}

/// `bfind.u32`: the position of the highest one; all ones if there is none.
#[inline(always)]
pub(crate) fn bfind_u32(a: u32) -> u32 {
    31_u32.wrapping_sub(a.leading_zeros())
}

/// `bfind.u64`
#[inline(always)]
pub(crate) fn bfind_u64(a: u64) -> u32 {
    63_u32.wrapping_sub(a.leading_zeros())
}

/// `.shiftamt`: the shift that would bring the bit to the top.
#[inline(always)]
pub(crate) fn shift_amount(position: u32, top: u32) -> u32 {
    if position == u32::MAX { position } else { top - position }
}

/// `fns`: the position of the `n`-th one from `base` on, upwards for positive `n`, downwards for negative, `base` itself for 0.
pub(crate) fn fns(mask: u32, base: u32, n: i32) -> u32 {
    let base = base & 31;
    let on = |i: u32| mask & (1 << i) != 0;
    let mut left = n.unsigned_abs();
    if n == 0 {
        return if on(base) { base } else { u32::MAX };
    }
    let mut at = base as i32;
    while (0..32).contains(&at) {
        if on(at as u32) {
            left -= 1;
            if left == 0 {
                return at as u32;
            }
        }
        at += n.signum();
    }
    u32::MAX
}

/// How `prmt` reads its selector.
pub(crate) const PRMT_MODES: [&str; 7] = ["", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"];

/// `prmt`: bytes of `{b, a}` as the selector's nibbles say; in mode 0 their topmost bits replicate the sign.
#[inline(always)]
pub(crate) fn prmt(a: u32, b: u32, selector: u32, mode: u64) -> u32 {
    let bytes = u64::from(a) | u64::from(b) << 32;
    let byte = |i: u32| (bytes >> (8 * (i & 7))) as u8;
    if mode == 0 {
        let mut result = 0;
        for i in 0..4 {
            let nibble = selector >> (4 * i) & 0xf;
            let value = byte(nibble);
            let value = if nibble & 8 != 0 { ((value as i8) >> 7) as u8 } else { value };
            result |= u32::from(value) << (8 * i);
        }
        return result;
    }
    let s = selector & 3;
    let mut result = 0;
    for i in 0..4_u32 {
        let from = match mode {
            1 => s + i,
            2 => s.wrapping_sub(i) & 7,
            3 => s,
            4 => i.max(s),
            5 => i.min(s),
            _ => (s & 1) * 2 + (i & 1),
        };
        result |= u32::from(byte(from)) << (8 * i);
    }
    result
}

/// `shf.l`: the upper half of `{b, a}` shifted left; the amount clamped to 32 or taken modulo 32.
#[inline(always)]
pub(crate) fn shf_l<const WRAP: bool>(a: u32, b: u32, amount: u32) -> u32 {
    let n = if WRAP { amount & 31 } else { amount.min(32) };
    ((u64::from(b) << 32 | u64::from(a)) << n >> 32) as u32
}

/// `shf.r`: the lower half of `{b, a}` shifted right.
#[inline(always)]
pub(crate) fn shf_r<const WRAP: bool>(a: u32, b: u32, amount: u32) -> u32 {
    let n = if WRAP { amount & 31 } else { amount.min(32) };
    ((u64::from(b) << 32 | u64::from(a)) >> n) as u32
}

/// `szext`: the low bits, extended by zeros or the sign.
#[inline(always)]
pub(crate) fn szext<const SIGNED: bool, const WRAP: bool>(a: u32, bits: u32) -> u32 {
    let n = if WRAP { bits & 31 } else { bits.min(32) };
    match n {
        0 => 0,
        32 => a,
        _ if SIGNED => ((a << (32 - n)) as i32 >> (32 - n)) as u32,
        _ => a & ((1 << n) - 1),
    }
}

/// `bmsk`: ones from a position on.
#[inline(always)]
pub(crate) fn bmsk<const WRAP: bool>(position: u32, bits: u32) -> u32 {
    let (position, n) = if WRAP { (position & 31, bits & 31) } else { (position, bits.min(32)) };
    let ones = if n >= 32 { u32::MAX } else { (1 << n) - 1 };
    ones.checked_shl(position).unwrap_or(0)
}
