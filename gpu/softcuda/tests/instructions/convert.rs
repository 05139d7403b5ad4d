use crate::harness::{EDGES16, EDGES32, EDGES64, apply, check, f, floats, g};

#[test]
fn integers_are_cut_and_extended() {
    check("cvt.u64.u32", "u64", &["u32"], &[EDGES32], |x| x[0]);
    check("cvt.s64.s32", "s64", &["s32"], &[EDGES32], |x| x[0] as i32 as i64 as u64);
    check("cvt.u32.u64", "u32", &["u64"], &[EDGES64], |x| x[0] & 0xffff_ffff);
    check("cvt.u16.u32", "u16", &["u32"], &[EDGES32], |x| x[0] & 0xffff);
    check("cvt.s32.s16", "s32", &["s16"], &[EDGES16], |x| u64::from(x[0] as i16 as i32 as u32));
    check("cvt.s32.s8", "s32", &["s32"], &[EDGES32], |x| u64::from(x[0] as i8 as i32 as u32));
    check("cvt.u32.u8", "u32", &["u32"], &[EDGES32], |x| x[0] & 255);
    check("cvt.sat.u8.s32", "u32", &["s32"], &[EDGES32], |x| (x[0] as i32).clamp(0, 255) as u64);
    check("cvt.sat.s16.s64", "s32", &["s64"], &[EDGES64], |x| {
        // Extended to the register's width.
        u64::from((x[0] as i64).clamp(-32768, 32767) as i32 as u32)
    });
    check("cvt.sat.s32.u64", "s32", &["u64"], &[EDGES64], |x| x[0].min(0x7fff_ffff));
    check("cvt.pack.sat.u16.s32", "b32", &["s32", "s32"], &[EDGES32, EDGES32], |x| {
        let one = |x: u64| (x as i32).clamp(0, 0xffff) as u64;
        one(x[0]) << 16 | one(x[1])
    });
}

#[test]
fn floats_to_integers_saturate() {
    let list: Vec<u64> = floats()
        .into_iter()
        .chain(
            [
                0.5_f32,
                -0.5,
                2.5,
                -2.5,
                1.5,
                2147483520.0,
                2147483648.0,
                4294967296.0,
                -2147483648.0,
                1e19,
            ]
            .map(|x| x.to_bits().into()),
        )
        .collect();
    let rounded = |x: f32, mode: &str| -> f64 {
        let x = f64::from(x);
        match mode {
            "rni" => x.round_ties_even(),
            "rzi" => x.trunc(),
            "rmi" => x.floor(),
            _ => x.ceil(),
        }
    };
    for mode in ["rni", "rzi", "rmi", "rpi"] {
        // Rust's casts saturate, as PTX does; NaN is 0 to 32 bits, but the highest bit to 64.
        check(&format!("cvt.{mode}.s32.f32"), "s32", &["f32"], &[&list], |x| {
            u64::from(rounded(f(x[0]), mode) as i32 as u32)
        });
        check(&format!("cvt.{mode}.u32.f32"), "u32", &["f32"], &[&list], |x| {
            u64::from(rounded(f(x[0]), mode) as u32)
        });
        check(&format!("cvt.{mode}.s64.f32"), "s64", &["f32"], &[&list], |x| {
            if f(x[0]).is_nan() { 1 << 63 } else { rounded(f(x[0]), mode) as i64 as u64 }
        });
        check(&format!("cvt.{mode}.u8.f32"), "u32", &["f32"], &[&list], |x| {
            u64::from(rounded(f(x[0]), mode) as u8)
        });
        check(&format!("cvt.{mode}.f32.f32"), "f32", &["f32"], &[&list[..22]], |x| {
            u64::from((rounded(f(x[0]), mode) as f32).to_bits())
        });
    }
    let doubles: Vec<u64> = [0.0, -1.5, 1e300, -1e300, f64::NAN, 2147483647.5]
        .iter()
        .map(|x: &f64| x.to_bits())
        .collect();
    check("cvt.rzi.s32.f64", "s32", &["f64"], &[&doubles], |x| {
        if g(x[0]).is_nan() { 0x8000_0000 } else { u64::from(g(x[0]) as i32 as u32) }
    });
}

#[test]
fn integers_to_floats() {
    check("cvt.rn.f32.s32", "f32", &["s32"], &[EDGES32], |x| {
        u64::from((x[0] as i32 as f32).to_bits())
    });
    check("cvt.rn.f32.u64", "f32", &["u64"], &[EDGES64], |x| u64::from((x[0] as f32).to_bits()));
    check("cvt.rn.f64.s64", "f64", &["s64"], &[EDGES64], |x| (x[0] as i64 as f64).to_bits());
    check("cvt.rz.f32.u32", "f32", &["u32"], &[EDGES32], |x| {
        let near = x[0] as f32;
        let down = if f64::from(near) > x[0] as f64 { near.next_down() } else { near };
        u64::from(down.to_bits())
    });
    check("cvt.rp.f64.u64", "f64", &["u64"], &[EDGES64], |x| {
        let near = x[0] as f64;
        let up = if (near as u128) < u128::from(x[0]) { near.next_up() } else { near };
        up.to_bits()
    });
    // Twice rounded this would be even.
    let case = vec![vec![(1_u64 << 63) + (1 << 39) + 1]];
    assert_eq!(
        f(apply("cvt.rn.f32.u64", "f32", &["u64"], "", &case)[0]),
        ((1_u64 << 63) as f32).next_up()
    );
}

#[test]
fn floats_to_floats() {
    let doubles: Vec<u64> =
        [0.0, -0.0, 0.1, -0.1, 1e300, -1e300, 1e-300, 3.0e-39, f64::INFINITY, 16_777_217.0]
            .iter()
            .map(|x: &f64| x.to_bits())
            .collect();
    check("cvt.f64.f32", "f64", &["f32"], &[&floats()[..22]], |x| f64::from(f(x[0])).to_bits());
    check("cvt.rn.f32.f64", "f32", &["f64"], &[&doubles], |x| {
        u64::from((g(x[0]) as f32).to_bits())
    });
    check("cvt.rn.ftz.f32.f64", "f32", &["f64"], &[&doubles], |x| {
        let near = g(x[0]) as f32;
        u64::from(if near.is_subnormal() { 0.0 } else { near }.to_bits())
    });
    check("cvt.rm.f32.f64", "f32", &["f64"], &[&doubles], |x| {
        let (exact, near) = (g(x[0]), g(x[0]) as f32);
        let down = if f64::from(near) > exact { near.next_down() } else { near };
        u64::from(down.to_bits())
    });
    check(
        "cvt.rna.tf32.f32",
        "b32",
        &["f32"],
        &[&[0x3f80_0000, 0x3f80_0fff, 0x3f80_1000, 0x3f80_3000, 0xbf80_1000]],
        |x| (x[0] + 0x1000) & 0xffff_e000,
    );
    check(
        "cvt.rn.bf16.f32",
        "bf16",
        &["f32"],
        &[&[0x3f80_0000, 0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0x7f7f_ffff]],
        |x| (x[0] + 0x7fff + (x[0] >> 16 & 1)) >> 16,
    );
}
