use crate::harness::{check, f, floats, g};

const NAN: u64 = 0x7fff_ffff;

/// NaNs are all alike here: their bits are unspecified.
fn one(x: f32) -> u64 {
    if x.is_nan() { NAN } else { x.to_bits().into() }
}

/// As `check`, with NaNs alike.
fn alike(op: &str, operands: usize, expected: impl Fn(&[f32]) -> f32) {
    let list = floats();
    let short: Vec<u64> = list.iter().copied().step_by(2).collect();
    let values: Vec<&[u64]> = [&list[..], &list, &short][..operands].to_vec();
    let cases = values.iter().fold(vec![vec![]], |cases: Vec<Vec<u64>>, list| {
        cases
            .into_iter()
            .flat_map(|case| list.iter().map(move |&v| [case.clone(), vec![v]].concat()))
            .collect()
    });
    let found = crate::harness::apply(op, "f32", &vec!["f32"; operands], "", &cases);
    for (case, found) in cases.iter().zip(found) {
        let x: Vec<f32> = case.iter().map(|&x| f(x)).collect();
        let wanted = expected(&x);
        assert_eq!(one(f(found)), one(wanted), "{op} {x:?}: {:?}, expected {wanted:?}", f(found));
    }
}

fn flush(x: f32) -> f32 {
    if x.is_subnormal() { 0.0_f32.copysign(x) } else { x }
}

#[test]
fn nearest() {
    alike("add.f32", 2, |x| x[0] + x[1]);
    alike("sub.rn.f32", 2, |x| x[0] - x[1]);
    alike("mul.f32", 2, |x| x[0] * x[1]);
    alike("div.rn.f32", 2, |x| x[0] / x[1]);
    alike("sqrt.rn.f32", 1, |x| x[0].sqrt());
    alike("rcp.rn.f32", 1, |x| 1.0 / x[0]);
    alike("fma.rn.f32", 3, |x| x[0].mul_add(x[1], x[2]));
    alike("neg.f32", 1, |x| -x[0]);
    alike("abs.f32", 1, |x| x[0].abs());
    alike("copysign.f32", 2, |x| x[1].copysign(x[0]));
}

#[test]
fn subnormals_are_flushed() {
    alike("add.ftz.f32", 2, |x| flush(flush(x[0]) + flush(x[1])));
    alike("mul.rn.ftz.f32", 2, |x| flush(flush(x[0]) * flush(x[1])));
    alike("fma.rn.ftz.f32", 3, |x| flush(flush(x[0]).mul_add(flush(x[1]), flush(x[2]))));
    alike("max.ftz.f32", 2, |x| match (flush(x[0]), flush(x[1])) {
        (a, b) if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                b
            } else {
                a
            }
        }
        (a, b) => a.max(b),
    });
    alike("rcp.approx.ftz.f32", 1, |x| flush(1.0 / flush(x[0])));
}

#[test]
fn saturation() {
    let clamp = |x: f32| if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) };
    alike("add.sat.f32", 2, |x| clamp(x[0] + x[1]).abs());
    alike("mul.ftz.sat.f32", 2, |x| clamp(flush(flush(x[0]) * flush(x[1]))).abs());
    alike("fma.rn.sat.f32", 3, |x| clamp(x[0].mul_add(x[1], x[2])).abs());
    alike("cvt.sat.f32.f32", 1, |x| clamp(x[0]).abs());
}

/// A number as `value * 2^-exponent`, exact: products and sums of floats are compared through these.
fn exact(x: f32) -> (i128, i32) {
    let bits = x.to_bits();
    if x == 0.0 {
        return (0, 0);
    }
    let (exponent, fraction) = ((bits >> 23 & 255) as i32, i128::from(bits & 0x7f_ffff));
    let (m, e) =
        if exponent == 0 { (fraction, -149) } else { (fraction | 0x80_0000, exponent - 150) };
    (if bits >> 31 != 0 { -m } else { m }, e)
}

/// Whether a directed result is the neighbour on the right side of the exact value, given the exact value's order to a float.
fn directed(mode: &str, found: f32, order: impl Fn(f32) -> std::cmp::Ordering) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    // `order(x)`: the exact value against x.
    let zero = order(0.0);
    let down = mode == "rm" || mode == "rz" && zero != Less;
    let near = order(found);
    if down {
        (near == Equal || near == Greater) && (found == f32::MAX || order(found.next_up()) == Less)
    } else {
        (near == Equal || near == Less)
            && (found == f32::MIN || order(found.next_down()) == Greater)
    }
}

#[test]
fn directed_rounding() {
    // Within these exponents everything fits into 127 bits.
    let list: Vec<f32> =
        vec![1.0, -1.0, 0.1, -0.3, 3.0, 16_777_217.0, 1.0 + f32::EPSILON, 1234.567, -7.0e-4, 5.5e3];
    let bits: Vec<u64> = list.iter().map(|x| x.to_bits().into()).collect();
    let scaled = |m: i128, e: i32, to: i32| m << (e - to);
    for mode in ["rz", "rm", "rp"] {
        let cases: Vec<Vec<u64>> =
            bits.iter().flat_map(|&a| bits.iter().map(move |&b| vec![a, b])).collect();
        let run = |op: &str| crate::harness::apply(op, "f32", &["f32", "f32"], "", &cases);
        let (sums, products, quotients) = (
            run(&format!("add.{mode}.f32")),
            run(&format!("mul.{mode}.f32")),
            run(&format!("div.{mode}.f32")),
        );
        for (i, case) in cases.iter().enumerate() {
            let (a, b) = (f(case[0]), f(case[1]));
            let ((ma, ea), (mb, eb)) = (exact(a), exact(b));
            let sum = |x: f32| {
                let (mx, ex) = exact(x);
                let low = ea.min(eb).min(ex);
                (scaled(ma, ea, low) + scaled(mb, eb, low)).cmp(&scaled(mx, ex, low))
            };
            if a != -b {
                assert!(directed(mode, f(sums[i]), sum), "{a} + {b} {mode}: {}", f(sums[i]));
            }
            let product = |x: f32| {
                let (mx, ex) = exact(x);
                let low = (ea + eb).min(ex);
                scaled(ma * mb, ea + eb, low).cmp(&scaled(mx, ex, low))
            };
            assert!(
                directed(mode, f(products[i]), product),
                "{a} * {b} {mode}: {}",
                f(products[i])
            );
            // a / b against x: a against x * b, turned where b is negative.
            let quotient = |x: f32| {
                let (mx, ex) = exact(x);
                let low = ea.min(ex + eb);
                let order = scaled(ma, ea, low).cmp(&scaled(mx * mb, ex + eb, low));
                if b < 0.0 { order.reverse() } else { order }
            };
            assert!(
                directed(mode, f(quotients[i]), quotient),
                "{a} / {b} {mode}: {}",
                f(quotients[i])
            );
        }
        let triples: Vec<Vec<u64>> =
            cases.iter().map(|case| vec![case[0], case[1], bits[(case[0] % 7) as usize]]).collect();
        let found =
            crate::harness::apply(&format!("fma.{mode}.f32"), "f32", &["f32"; 3], "", &triples);
        for (case, found) in triples.iter().zip(found) {
            let [(ma, ea), (mb, eb), (mc, ec)] =
                [exact(f(case[0])), exact(f(case[1])), exact(f(case[2]))];
            let order = |x: f32| {
                let (mx, ex) = exact(x);
                let low = (ea + eb).min(ec).min(ex);
                (scaled(ma * mb, ea + eb, low) + scaled(mc, ec, low)).cmp(&scaled(mx, ex, low))
            };
            let zero = order(0.0) == std::cmp::Ordering::Equal;
            assert!(zero || directed(mode, f(found), order), "{case:x?} {mode}: {}", f(found));
        }
        let positive: Vec<Vec<u64>> =
            list.iter().filter(|x| **x > 0.0).map(|x| vec![x.to_bits().into()]).collect();
        let found =
            crate::harness::apply(&format!("sqrt.{mode}.f32"), "f32", &["f32"], "", &positive);
        for (case, found) in positive.iter().zip(found) {
            let (m, e) = exact(f(case[0]));
            let order = |x: f32| {
                let (mx, ex) = exact(x);
                let low = e.min(2 * ex);
                let sign = if x < 0.0 { -1 } else { 1 };
                scaled(m, e, low).cmp(&(sign * scaled(mx * mx, 2 * ex, low)))
            };
            assert!(directed(mode, f(found), order), "sqrt {} {mode}: {}", f(case[0]), f(found));
        }
    }
    // Overflow, far operands, and zeros that are sums.
    let add = |mode: &str, a: f32, b: f32| {
        let case = vec![vec![a.to_bits().into(), b.to_bits().into()]];
        f(crate::harness::apply(&format!("add.{mode}.f32"), "f32", &["f32", "f32"], "", &case)[0])
    };
    assert_eq!(add("rz", f32::MAX, f32::MAX), f32::MAX);
    assert_eq!(add("rp", f32::MAX, 1.0), f32::INFINITY);
    assert_eq!(add("rm", f32::MAX, 1.0), f32::MAX);
    assert_eq!(add("rm", f32::MIN, -1.0), f32::NEG_INFINITY);
    assert_eq!(add("rz", f32::INFINITY, 1.0), f32::INFINITY);
    assert_eq!(add("rp", 1.0, f32::from_bits(1)), 1.0_f32.next_up());
    assert_eq!(add("rm", 1.0, -f32::from_bits(1)), 1.0_f32.next_down());
    assert_eq!(add("rz", -1.0, f32::from_bits(1)), (-1.0_f32).next_up());
    assert_eq!(add("rm", 1.0, -1.0).to_bits(), (-0.0_f32).to_bits());
    assert_eq!(add("rp", 1.0, -1.0).to_bits(), 0);
    assert_eq!(add("rz", -0.0, -0.0).to_bits(), (-0.0_f32).to_bits());
}

#[test]
fn smaller_and_larger() {
    let number = |x: f32, y: f32, max: bool| {
        if x.is_nan() {
            y
        } else if y.is_nan() {
            x
        } else if x == 0.0 && y == 0.0 {
            // -0 is below +0.
            if x.is_sign_negative() != max { x } else { y }
        } else if (x < y) != max {
            x
        } else {
            y
        }
    };
    alike("min.f32", 2, |x| number(x[0], x[1], false));
    alike("max.f32", 2, |x| number(x[0], x[1], true));
    alike("max.NaN.f32", 2, |x| {
        if x[0].is_nan() || x[1].is_nan() { f32::NAN } else { number(x[0], x[1], true) }
    });
    // Both NaN: the canonical one.
    let nans: &[u64] = &[0x7fc0_0000, 0xffc0_0001];
    check("min.f32", "f32", &["f32", "f32"], &[nans, nans], |_| NAN);
    let doubles: Vec<u64> =
        [0.0, -0.0, 1.0, -2.5, f64::INFINITY, f64::NAN].iter().map(|x: &f64| x.to_bits()).collect();
    check("min.f64", "f64", &["f64", "f64"], &[&doubles, &doubles], |x| {
        let (a, b) = (g(x[0]), g(x[1]));
        let pick = if a.is_nan() {
            b
        } else if b.is_nan() || a.total_cmp(&b).is_le() {
            a
        } else {
            b
        };
        pick.to_bits()
    });
}

#[test]
fn doubles() {
    let list: Vec<u64> = [0.0, -0.0, 1.0, 0.1, -1e300, 1e300, 5e-324, f64::INFINITY, 3.0]
        .iter()
        .map(|x: &f64| x.to_bits())
        .collect();
    let alike = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    for (op, expected) in [
        ("add.f64", (|a, b| a + b) as fn(f64, f64) -> f64),
        ("sub.f64", |a, b| a - b),
        ("mul.rn.f64", |a, b| a * b),
        ("div.rn.f64", |a, b| a / b),
    ] {
        let cases: Vec<Vec<u64>> =
            list.iter().flat_map(|&a| list.iter().map(move |&b| vec![a, b])).collect();
        let found = crate::harness::apply(op, "f64", &["f64", "f64"], "", &cases);
        for (case, found) in cases.iter().zip(found) {
            assert_eq!(alike(g(found)), alike(expected(g(case[0]), g(case[1]))), "{op} {case:x?}");
        }
    }
    // 1/3 between its neighbours.
    let third = |mode: &str| {
        let case = vec![vec![(1.0_f64 / 3.0).to_bits(), 1e-20_f64.to_bits()]];
        g(crate::harness::apply(&format!("add.{mode}.f64"), "f64", &["f64", "f64"], "", &case)[0])
    };
    assert_eq!((third("rm"), third("rz")), (1.0 / 3.0, 1.0 / 3.0));
    assert_eq!(third("rp"), (1.0_f64 / 3.0).next_up());
}

#[test]
fn approximations_are_within_the_stated_error() {
    let error = |op: &str, inputs: &[f32], exact: fn(f64) -> f64, relative: f64, absolute: f64| {
        let cases: Vec<Vec<u64>> = inputs.iter().map(|x| vec![x.to_bits().into()]).collect();
        let found = crate::harness::apply(op, "f32", &["f32"], "", &cases);
        for (x, found) in inputs.iter().zip(found) {
            let (found, wanted) = (f64::from(f(found)), exact(f64::from(*x)));
            let bound = relative * wanted.abs() + absolute;
            assert!((found - wanted).abs() <= bound, "{op} {x}: {found}, expected {wanted}");
        }
    };
    let range = |from: f32, to: f32| -> Vec<f32> {
        (0..2000).map(|i| from + (to - from) * i as f32 / 1999.0).collect()
    };
    let ulp = 2.0_f64.powi(-23);
    error("rcp.approx.f32", &range(0.01, 500.0), |x| 1.0 / x, ulp, 0.0);
    error("rsqrt.approx.f32", &range(0.01, 500.0), |x| 1.0 / x.sqrt(), 2.0_f64.powf(-22.9), 0.0);
    error("sqrt.approx.f32", &range(0.0, 500.0), f64::sqrt, ulp, 0.0);
    error("ex2.approx.f32", &range(-120.0, 120.0), f64::exp2, 2.0 * ulp, 0.0);
    error("lg2.approx.f32", &range(0.5, 2.0), f64::log2, 0.0, 2.0_f64.powi(-22));
    error("lg2.approx.f32", &range(2.0, 1e6), f64::log2, 2.0_f64.powi(-22), 0.0);
    error(
        "sin.approx.f32",
        &range(-std::f32::consts::PI, std::f32::consts::PI),
        f64::sin,
        0.0,
        2.0_f64.powf(-20.9),
    );
    error(
        "cos.approx.f32",
        &range(-std::f32::consts::PI, std::f32::consts::PI),
        f64::cos,
        0.0,
        2.0_f64.powf(-20.9),
    );
    error("sin.approx.f32", &range(-1e5, 1e5), f64::sin, 0.0, 1e-6);
    error("tanh.approx.f32", &range(-12.0, 12.0), f64::tanh, 2.0_f64.powi(-11), 0.0);
    // The corners that the manual's tables list.
    let corner = |op: &str, x: f32| {
        f(crate::harness::apply(op, "f32", &["f32"], "", &[vec![x.to_bits().into()]])[0])
    };
    assert_eq!(corner("ex2.approx.f32", f32::NEG_INFINITY), 0.0);
    assert_eq!(corner("ex2.approx.f32", f32::INFINITY), f32::INFINITY);
    assert_eq!(corner("ex2.approx.f32", -149.0), f32::from_bits(1));
    assert_eq!(corner("ex2.approx.ftz.f32", -149.0), 0.0);
    assert_eq!(corner("lg2.approx.f32", 0.0), f32::NEG_INFINITY);
    assert!(corner("lg2.approx.f32", -1.0).is_nan());
    assert_eq!(corner("lg2.approx.f32", f32::from_bits(1)), -149.0);
    assert_eq!(corner("rsqrt.approx.f32", -0.0), f32::NEG_INFINITY);
    assert_eq!(corner("rcp.approx.f32", -0.0), f32::NEG_INFINITY);
    assert_eq!(corner("rcp.approx.f32", f32::NEG_INFINITY).to_bits(), (-0.0_f32).to_bits());
    assert!(corner("sin.approx.f32", f32::INFINITY).is_nan());
    assert_eq!(corner("sin.approx.f32", -0.0).to_bits(), (-0.0_f32).to_bits());
    assert_eq!(corner("tanh.approx.f32", f32::INFINITY), 1.0);
    let two = |a: f32, b: f32| {
        f(crate::harness::apply(
            "div.approx.f32",
            "f32",
            &["f32", "f32"],
            "",
            &[vec![a.to_bits().into(), b.to_bits().into()]],
        )[0])
    };
    assert_eq!(two(1e38, 2e38), 0.0);
    assert!(two(f32::INFINITY, 2e38).is_nan());
}
