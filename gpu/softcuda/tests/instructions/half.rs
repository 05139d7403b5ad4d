use crate::harness::{apply, check, f};

/// The value of half-precision bits.
fn wide(bits: u64) -> f64 {
    let (sign, exponent, fraction) =
        (bits >> 15 & 1, (bits >> 10 & 31) as i32, (bits & 1023) as f64);
    let magnitude = match exponent {
        0 => fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// The nearest half of an exact value, by trying all; ties to even; 0x7fff for NaN.
fn near(value: f64) -> u64 {
    if value.is_nan() {
        return 0x7fff;
    }
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let value = value.abs();
    // As if the largest exponent had one more number: halfway to it is infinite.
    if value >= 65520.0 {
        return sign | 0x7c00;
    }
    let distance = |bits: u64| (wide(bits) - value).abs();
    let best = (0..0x7c00_u64)
        .min_by(|&a, &b| distance(a).total_cmp(&distance(b)).then((a & 1).cmp(&(b & 1))));
    sign | best.unwrap()
}

const HALVES: &[u64] = &[
    0, 0x8000, 0x3c00, 0xbc00, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00,
    0x7e00, 0x3555, 0x4200, 0x3c01,
];

#[test]
fn half_precision() {
    check("add.f16", "f16", &["f16", "f16"], &[HALVES, HALVES], |x| near(wide(x[0]) + wide(x[1])));
    check("sub.rn.f16", "f16", &["f16", "f16"], &[HALVES, HALVES], |x| {
        near(wide(x[0]) - wide(x[1]))
    });
    check("mul.f16", "f16", &["f16", "f16"], &[HALVES, HALVES], |x| near(wide(x[0]) * wide(x[1])));
    // Products and sums of these are exact in double precision.
    let some: &[u64] = &[0x3c00, 0xbc01, 0x0401, 0x4233, 0x7bff, 0x3555];
    check("fma.rn.f16", "f16", &["f16"; 3], &[some, some, some], |x| {
        near(wide(x[0]) * wide(x[1]) + wide(x[2]))
    });
    check("neg.f16", "f16", &["f16"], &[&HALVES[..12]], |x| x[0] ^ 0x8000);
    check("max.f16", "f16", &["f16", "f16"], &[HALVES, HALVES], |x| {
        let (a, b) = (wide(x[0]), wide(x[1]));
        match (a.is_nan(), b.is_nan()) {
            (true, true) => 0x7fff,
            (true, false) => x[1],
            (false, true) => x[0],
            _ if a.total_cmp(&b).is_gt() => x[0],
            _ => x[1],
        }
    });
    check("fma.rn.relu.f16", "f16", &["f16"; 3], &[some, some, some], |x| {
        near((wide(x[0]) * wide(x[1]) + wide(x[2])).max(0.0))
    });
    check("add.sat.f16", "f16", &["f16", "f16"], &[&HALVES[..12], &HALVES[..10]], |x| {
        let sum = wide(x[0]) + wide(x[1]);
        if sum.is_nan() || sum <= 0.0 { 0 } else { near(sum.min(1.0)) }
    });
    // An operand far below the other's last bit decides a tie.
    let far = vec![
        vec![0x3c01, 0x3c01 - 1, 0x0001],
        vec![0x6401, 0x3800, 0x0001],
        vec![0x6401, 0x3800, 0x8001],
    ];
    let found = apply("fma.rn.f16", "f16", &["f16"; 3], "", &far);
    assert_eq!(found[0], 0x3c01);
    assert_eq!(found[1], near(1025.0 * 0.5 + 6e-8));
    assert_eq!(found[2], near(1025.0 * 0.5 - 6e-8));
}

#[test]
fn pairs() {
    let pairs: &[u64] = &[0x3c00_4200, 0x0001_8000, 0x7bff_fbff, 0x3555_bc01];
    let each = |x: &[u64], op: fn(f64, f64) -> f64| {
        (0..2)
            .map(|i| {
                near(op(wide(x[0] >> (16 * i) & 0xffff), wide(x[1] >> (16 * i) & 0xffff)))
                    << (16 * i)
            })
            .sum()
    };
    check("add.f16x2", "f16x2", &["f16x2", "f16x2"], &[pairs, pairs], |x| each(x, |a, b| a + b));
    check("mul.rn.f16x2", "f16x2", &["f16x2", "f16x2"], &[pairs, pairs], |x| each(x, |a, b| a * b));
    check("fma.rn.f16x2", "f16x2", &["f16x2"; 3], &[pairs, pairs, &[0x8000_8000]], |x| {
        each(x, |a, b| a * b)
    });
}

#[test]
fn brain_floats() {
    let value = |bits: u64| f(bits << 16);
    // To the nearest, by the neighbours' distance.
    let near = |x: f64| -> u64 {
        let low = u64::from((x as f32).to_bits() >> 16);
        (low.saturating_sub(1)..=low + 1)
            .min_by(|&a, &b| {
                let distance = |bits| (f64::from(value(bits)) - x).abs();
                distance(a).total_cmp(&distance(b)).then((a & 1).cmp(&(b & 1)))
            })
            .unwrap()
    };
    let some: &[u64] = &[0x3f80, 0xbf81, 0x4049, 0x3dcd, 0x42c8];
    check("add.rn.bf16", "bf16", &["bf16", "bf16"], &[some, some], |x| {
        match value(x[0]) + value(x[1]) {
            0.0 => 0,
            _ => near(f64::from(value(x[0])) + f64::from(value(x[1]))),
        }
    });
    check("mul.bf16", "bf16", &["bf16", "bf16"], &[some, some], |x| {
        near(f64::from(value(x[0])) * f64::from(value(x[1])))
    });
    check("fma.rn.bf16", "bf16", &["bf16"; 3], &[some, some, &[0x3f80]], |x| {
        near(f64::from(value(x[0])) * f64::from(value(x[1])) + 1.0)
    });
}

#[test]
fn conversions_of_halves() {
    let list: Vec<u64> = (0..=0xffff_u64).step_by(7).filter(|x| !wide(*x).is_nan()).collect();
    let cases: Vec<Vec<u64>> = list.iter().map(|&x| vec![x]).collect();
    let widened = apply("cvt.f32.f16", "f32", &["f16"], "", &cases);
    for (&x, found) in list.iter().zip(&widened) {
        assert_eq!(f64::from(f(*found)).to_bits(), wide(x).to_bits(), "{x:x}");
    }
    // Between two halves, on the tie, and beside it.
    let mut floats = Vec::new();
    for bits in [0x0000_u64, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x3c01, 0x7bfe, 0x7bff] {
        let tie = (wide(bits) + if bits == 0x7bff { 65536.0 } else { wide(bits + 1) }) / 2.0;
        for x in [wide(bits) as f32, tie as f32, (tie as f32).next_up(), (tie as f32).next_down()] {
            floats.extend([x, -x]);
        }
    }
    let cases: Vec<Vec<u64>> = floats.iter().map(|x| vec![x.to_bits().into()]).collect();
    let near_found = apply("cvt.rn.f16.f32", "f16", &["f32"], "", &cases);
    let zero_found = apply("cvt.rz.f16.f32", "f16", &["f32"], "", &cases);
    for ((&x, near_one), zero_one) in floats.iter().zip(near_found).zip(zero_found) {
        assert_eq!(near_one, near(x.into()), "{x}");
        let toward =
            (0..0x7c00_u64).filter(|&bits| wide(bits) <= f64::from(x.abs())).max().unwrap();
        assert_eq!(zero_one & 0x7fff, toward, "{x}");
    }
    let pair =
        apply("cvt.rn.f16x2.f32", "b32", &["f32", "f32"], "", &[vec![0x3f80_0000, 0x4000_0000]]);
    assert_eq!(pair, [0x3c00_4000], "the first operand goes to the upper half");
}
