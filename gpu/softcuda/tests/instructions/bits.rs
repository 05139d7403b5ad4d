use crate::harness::{EDGES16, EDGES32, EDGES64, apply, check};

#[test]
fn shifts_past_the_width_shift_everything_out() {
    let amounts: &[u64] = &[0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 0xffff_ffff];
    let left = |a: u128, n: u64, width: u32| {
        if n >= 128 { 0 } else { ((a << n) & ((1 << width) - 1)) as u64 }
    };
    for (ty, width, edges) in [("16", 16, EDGES16), ("32", 32, EDGES32), ("64", 64, EDGES64)] {
        let (b, u, s) = (format!("b{ty}"), format!("u{ty}"), format!("s{ty}"));
        check(&format!("shl.{b}"), &b, &[&b, "u32"], &[edges, amounts], |x| {
            if x[1] >= u64::from(width) { 0 } else { left(x[0].into(), x[1], width) }
        });
        check(&format!("shr.{u}"), &u, &[&u, "u32"], &[edges, amounts], |x| {
            if x[1] >= u64::from(width) { 0 } else { x[0] >> x[1] }
        });
        check(&format!("shr.{s}"), &s, &[&s, "u32"], &[edges, amounts], |x| {
            let signed = ((x[0] as i64) << (64 - width)) >> (64 - width);
            let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
            (signed >> x[1].min(63)) as u64 & mask
        });
    }
}

#[test]
fn logic() {
    check("and.b32", "b32", &["b32", "b32"], &[EDGES32, EDGES32], |x| x[0] & x[1]);
    check("or.b64", "b64", &["b64", "b64"], &[EDGES64, EDGES64], |x| x[0] | x[1]);
    check("xor.b16", "b16", &["b16", "b16"], &[EDGES16, EDGES16], |x| x[0] ^ x[1]);
    check("not.b16", "b16", &["b16"], &[EDGES16], |x| !x[0] & 0xffff);
    check("cnot.b32", "b32", &["b32"], &[EDGES32], |x| u64::from(x[0] == 0));
    for table in [0x00_u64, 0x80, 0x96, 0xe8, 0xca, 0xff, 0x1b] {
        let values: Vec<Vec<u64>> =
            EDGES32.iter().map(|&a| vec![a, a.rotate_left(3) & 0xffff_ffff, 0x0f0f_3355]).collect();
        let found = apply("lop3.b32", "b32", &["b32"; 3], &format!(", {table}"), &values);
        for (x, found) in values.iter().zip(found) {
            let bit = |i: u32| {
                let at = (x[0] >> i & 1) << 2 | (x[1] >> i & 1) << 1 | x[2] >> i & 1;
                (table >> at & 1) << i
            };
            assert_eq!(found, (0..32).map(bit).sum::<u64>(), "{table:x} {x:x?}");
        }
    }
}

#[test]
fn counts_and_finds() {
    check("popc.b32", "u32", &["b32"], &[EDGES32], |x| x[0].count_ones().into());
    check("popc.b64", "u32", &["b64"], &[EDGES64], |x| x[0].count_ones().into());
    check("clz.b32", "u32", &["b32"], &[EDGES32], |x| (x[0] as u32).leading_zeros().into());
    check("clz.b64", "u32", &["b64"], &[EDGES64], |x| x[0].leading_zeros().into());
    check("brev.b32", "b32", &["b32"], &[EDGES32], |x| {
        (0..32).map(|i| (x[0] >> i & 1) << (31 - i)).sum()
    });
    check("brev.b64", "b64", &["b64"], &[EDGES64], |x| {
        (0..64).fold(0, |r, i| r | (x[0] >> i & 1) << (63 - i))
    });
    // The highest bit that is not the sign; all ones if there is none.
    let find = |x: u64, width: u32, signed: bool| -> u64 {
        let negative = signed && x >> (width - 1) & 1 == 1;
        let wanted = u64::from(!negative);
        (0..width).rev().find(|i| x >> i & 1 == wanted).map_or(0xffff_ffff, u64::from)
    };
    check("bfind.u32", "u32", &["u32"], &[EDGES32], |x| find(x[0], 32, false));
    check("bfind.s32", "u32", &["s32"], &[EDGES32], |x| find(x[0], 32, true));
    check("bfind.u64", "u32", &["u64"], &[EDGES64], |x| find(x[0], 64, false));
    check("bfind.s64", "u32", &["s64"], &[EDGES64], |x| find(x[0], 64, true));
    check("bfind.shiftamt.u32", "u32", &["u32"], &[EDGES32], |x| match find(x[0], 32, false) {
        0xffff_ffff => 0xffff_ffff,
        at => 31 - at,
    });
    check(
        "fns.b32",
        "u32",
        &["b32", "b32", "s32"],
        &[EDGES32, &[0, 5, 31], &[0, 1, 2, 3, 0xffff_ffff, 0xffff_fffe]],
        |x| {
            let (mask, base, n) = (x[0], x[1] as i64, i64::from(x[2] as i32));
            let on = |i: i64| (0..32).contains(&i) && mask >> i & 1 == 1;
            let found = match n {
                0 => on(base).then_some(base),
                n if n > 0 => (base..32).filter(|&i| on(i)).nth(n as usize - 1),
                n => (0..=base).rev().filter(|&i| on(i)).nth(n.unsigned_abs() as usize - 1),
            };
            found.map_or(0xffff_ffff, |i| i as u64)
        },
    );
}

#[test]
fn bit_fields() {
    let places: &[u64] = &[0, 1, 7, 16, 31, 32, 40, 63, 64, 255, 256 + 4];
    // As the manual's text has it, bit by bit.
    let extract = |x: &[u64], width: u32, signed: bool| -> u64 {
        let (at, len, top) = (x[1] & 255, x[2] & 255, u64::from(width) - 1);
        let sign = if !signed || len == 0 { 0 } else { x[0] >> (at + len - 1).min(top) & 1 };
        let bit = |i: u64| if i < len && at + i <= top { x[0] >> (at + i) & 1 } else { sign };
        (0..u64::from(width)).fold(0, |r, i| r | bit(i) << i)
    };
    check("bfe.u32", "u32", &["u32"; 3], &[EDGES32, places, places], |x| extract(x, 32, false));
    check("bfe.s32", "s32", &["s32", "u32", "u32"], &[EDGES32, places, places], |x| {
        extract(x, 32, true)
    });
    check("bfe.u64", "u64", &["u64", "u32", "u32"], &[EDGES64, places, places], |x| {
        extract(x, 64, false)
    });
    check("bfe.s64", "s64", &["s64", "u32", "u32"], &[EDGES64, places, places], |x| {
        extract(x, 64, true)
    });
    let insert = |x: &[u64], width: u64| -> u64 {
        let (at, len) = (x[2] & 255, x[3] & 255);
        (0..len)
            .take_while(|i| at + i < width)
            .fold(x[1], |f, i| f & !(1 << (at + i)) | (x[0] >> i & 1) << (at + i))
    };
    check(
        "bfi.b32",
        "b32",
        &["b32", "b32", "u32", "u32"],
        &[EDGES32, &[0, 0xffff_ffff, 0x1234], places, places],
        |x| insert(x, 32),
    );
    check(
        "bfi.b64",
        "b64",
        &["b64", "b64", "u32", "u32"],
        &[EDGES64, &[0, u64::MAX], places, places],
        |x| insert(x, 64),
    );
    let ones = |n: u64| if n >= 32 { 0xffff_ffff } else { (1 << n) - 1 };
    check("bmsk.clamp.b32", "b32", &["u32", "u32"], &[places, places], |x| {
        if x[0] >= 32 { 0 } else { ones(x[1].min(32)) << x[0] & 0xffff_ffff }
    });
    check("szext.clamp.s32", "s32", &["s32", "u32"], &[EDGES32, places], |x| match x[1].min(32) {
        0 => 0,
        n => u64::from((((x[0] as i64) << (64 - n)) >> (64 - n)) as u32),
    });
}

#[test]
fn permutes_and_funnels() {
    let byte = |x: &[u64], i: u64| (x[0] | x[1] << 32) >> (8 * i) & 255;
    let (a, b): (&[u64], &[u64]) = (&[0x8311_2233, 0x4455_667f], &[0x8899_aabb, 0xccdd_eeff]);
    check(
        "prmt.b32",
        "b32",
        &["b32"; 3],
        &[a, b, &[0x3210, 0x7654, 0xfedc, 0x0f08, 0x1_5410, 0x8888]],
        |x| {
            (0..4).fold(0, |r, i| {
                let nibble = x[2] >> (4 * i) & 15;
                let value = byte(x, nibble & 7);
                let value = if nibble & 8 != 0 { (value >> 7) * 255 } else { value };
                r | value << (8 * i)
            })
        },
    );
    let modes: [(&str, [[u64; 4]; 4]); 6] = [
        ("f4e", [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [3, 4, 5, 6]]),
        ("b4e", [[0, 7, 6, 5], [1, 0, 7, 6], [2, 1, 0, 7], [3, 2, 1, 0]]),
        ("rc8", [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]]),
        ("ecl", [[0, 1, 2, 3], [1, 1, 2, 3], [2, 2, 2, 3], [3, 3, 3, 3]]),
        ("ecr", [[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 2, 2], [0, 1, 2, 3]]),
        ("rc16", [[0, 1, 0, 1], [2, 3, 2, 3], [0, 1, 0, 1], [2, 3, 2, 3]]),
    ];
    for (mode, rows) in modes {
        check(&format!("prmt.b32.{mode}"), "b32", &["b32"; 3], &[a, b, &[0, 1, 2, 3, 6]], |x| {
            rows[x[2] as usize & 3]
                .iter()
                .enumerate()
                .fold(0, |r, (i, &from)| r | byte(x, from) << (8 * i))
        });
    }
    let amounts: &[u64] = &[0, 1, 16, 31, 32, 33, 64, 0xffff_ffff];
    let both = |x: &[u64]| x[0] | x[1] << 32;
    let clamp = |n: u64| n.min(32);
    check("shf.l.clamp.b32", "b32", &["b32"; 3], &[a, b, amounts], |x| {
        (both(x) << clamp(x[2])) >> 32
    });
    check("shf.l.wrap.b32", "b32", &["b32"; 3], &[a, b, amounts], |x| {
        (both(x) << (x[2] & 31)) >> 32
    });
    check("shf.r.clamp.b32", "b32", &["b32"; 3], &[a, b, amounts], |x| {
        (both(x) >> clamp(x[2])) & 0xffff_ffff
    });
    check("shf.r.wrap.b32", "b32", &["b32"; 3], &[a, b, amounts], |x| {
        (both(x) >> (x[2] & 31)) & 0xffff_ffff
    });
}
