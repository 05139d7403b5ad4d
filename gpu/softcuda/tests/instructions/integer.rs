use crate::harness::{EDGES16, EDGES32, EDGES64, check, run};

/// A number of so many bits as an integer, with or without sign.
fn int(bits: u64, width: u32, signed: bool) -> i128 {
    let value = i128::from(bits) & ((1 << width) - 1);
    if signed && value >> (width - 1) != 0 { value - (1 << width) } else { value }
}

fn cut(value: i128, width: u32) -> u64 {
    (value & ((1 << width) - 1)) as u64
}

fn types() -> Vec<(&'static str, u32, bool, &'static [u64])> {
    vec![
        ("u16", 16, false, EDGES16),
        ("s16", 16, true, EDGES16),
        ("u32", 32, false, EDGES32),
        ("s32", 32, true, EDGES32),
        ("u64", 64, false, EDGES64),
        ("s64", 64, true, EDGES64),
    ]
}

#[test]
fn arithmetic() {
    for (ty, width, signed, edges) in types() {
        let two = |op: &str, f: &dyn Fn(i128, i128) -> i128| {
            check(&format!("{op}.{ty}"), ty, &[ty, ty], &[edges, edges], |x| {
                cut(f(int(x[0], width, signed), int(x[1], width, signed)), width)
            });
        };
        two("add", &|a, b| a + b);
        two("sub", &|a, b| a - b);
        two("mul.lo", &|a, b| a.wrapping_mul(b));
        two("mul.hi", &|a, b| {
            if width == 64 && !signed {
                ((a as u128 * b as u128) >> 64) as i128
            } else {
                (a * b) >> width
            }
        });
        two("min", &i128::min);
        two("max", &i128::max);
        // By zero, the hardware gives all ones, and the dividend as the remainder.
        two("div", &|a, b| if b == 0 { -1 } else { a / b });
        two("rem", &|a, b| if b == 0 { a } else { a % b });
        check(&format!("mad.lo.{ty}"), ty, &[ty; 3], &[edges, edges, &edges[..6]], |x| {
            cut(
                x.iter()
                    .map(|&x| i128::from(x))
                    .take(2)
                    .fold(1_i128, |p, x| p.wrapping_mul(x))
                    .wrapping_add(x[2].into()),
                width,
            )
        });
        check(&format!("sad.{ty}"), ty, &[ty; 3], &[edges, edges, &edges[..3]], |x| {
            cut(
                (int(x[0], width, signed) - int(x[1], width, signed)).abs() + i128::from(x[2]),
                width,
            )
        });
    }
}

#[test]
fn wide_products() {
    for (ty, wide, width, signed, edges) in [
        ("u16", "u32", 16, false, EDGES16),
        ("s16", "s32", 16, true, EDGES16),
        ("u32", "u64", 32, false, EDGES32),
        ("s32", "s64", 32, true, EDGES32),
    ] {
        check(&format!("mul.wide.{ty}"), wide, &[ty, ty], &[edges, edges], |x| {
            cut(int(x[0], width, signed) * int(x[1], width, signed), 2 * width)
        });
        check(
            &format!("mad.wide.{ty}"),
            wide,
            &[ty, ty, wide],
            &[edges, edges, &[0, 1, u64::MAX]],
            |x| {
                cut(
                    int(x[0], width, signed) * int(x[1], width, signed)
                        + int(x[2], 2 * width, signed),
                    2 * width,
                )
            },
        );
    }
    for (op, signed) in [("u32", false), ("s32", true)] {
        let low = |x: u64| int(x, 24, signed);
        check(&format!("mul24.lo.{op}"), op, &[op, op], &[EDGES32, EDGES32], |x| {
            cut(low(x[0]) * low(x[1]), 32)
        });
        check(&format!("mul24.hi.{op}"), op, &[op, op], &[EDGES32, EDGES32], |x| {
            cut((low(x[0]) * low(x[1])) >> 16, 32)
        });
    }
}

#[test]
fn saturation_and_signs() {
    check("add.sat.s32", "s32", &["s32", "s32"], &[EDGES32, EDGES32], |x| {
        u64::from((x[0] as i32).saturating_add(x[1] as i32) as u32)
    });
    check("sub.sat.s32", "s32", &["s32", "s32"], &[EDGES32, EDGES32], |x| {
        u64::from((x[0] as i32).saturating_sub(x[1] as i32) as u32)
    });
    check("neg.s32", "s32", &["s32"], &[EDGES32], |x| u64::from((x[0] as u32).wrapping_neg()));
    check("abs.s32", "s32", &["s32"], &[EDGES32], |x| cut(int(x[0], 32, true).abs(), 32));
    check("abs.s64", "s64", &["s64"], &[EDGES64], |x| cut(int(x[0], 64, true).abs(), 64));
    check("abs.s16", "s16", &["s16"], &[EDGES16], |x| cut(int(x[0], 16, true).abs(), 16));
}

#[test]
fn carries_run_through_words() {
    let numbers: [u128; 6] =
        [0, 1, u128::from(u64::MAX), 1 << 64, u128::MAX, 0x0123_4567_89ab_cdef_0011_2233_4455_6677];
    for a in numbers {
        for b in numbers {
            let half = |x: u128, high: bool| (if high { x >> 64 } else { x }) as u64;
            let data = [half(a, false), half(a, true), half(b, false), half(b, true), 0, 0, 0, 0];
            let body = "ld.global.v2.b64 {%d1, %d2}, [%data];\nld.global.v2.b64 {%d3, %d4}, [%data+16];\n\
                        add.cc.u64 %d5, %d1, %d3;\naddc.u64 %d6, %d2, %d4;\nst.global.v2.b64 [%data+32], {%d5, %d6};\n\
                        sub.cc.u64 %d5, %d1, %d3;\nsubc.u64 %d6, %d2, %d4;\nst.global.v2.b64 [%data+48], {%d5, %d6};";
            let out = run(body, 1, &data);
            let whole = |i: usize| u128::from(out[i]) | u128::from(out[i + 1]) << 64;
            assert_eq!(whole(4), a.wrapping_add(b), "{a:x} + {b:x}");
            assert_eq!(whole(6), a.wrapping_sub(b), "{a:x} - {b:x}");
        }
    }
    // A product of 64 by 64 bits from words of 32.
    for (a, b) in [(u64::MAX, u64::MAX), (0x1_0000_0001, 0xffff_ffff), (3, 5)] {
        let body = "ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%data];\n\
                    mul.lo.u32 %r5, %r1, %r3;\nmul.hi.u32 %r6, %r1, %r3;\n\
                    mad.lo.cc.u32 %r6, %r2, %r3, %r6;\nmadc.hi.u32 %r7, %r2, %r3, 0;\n\
                    mad.lo.cc.u32 %r6, %r1, %r4, %r6;\nmadc.hi.cc.u32 %r7, %r1, %r4, %r7;\naddc.u32 %r8, 0, 0;\n\
                    mad.lo.cc.u32 %r7, %r2, %r4, %r7;\nmadc.hi.u32 %r8, %r2, %r4, %r8;\n\
                    st.global.v4.b32 [%data+16], {%r5, %r6, %r7, %r8};";
        let out = run(body, 1, &[a, b, 0, 0]);
        let product = u128::from(out[2]) | u128::from(out[3]) << 64;
        assert_eq!(product, u128::from(a) * u128::from(b));
    }
}

/// Each form with a carry or borrow before it, without one, and what it leaves.
#[test]
fn carries_of_each_form() {
    for (ty, width, signed, edges) in types().into_iter().filter(|it| it.1 > 16) {
        let (letter, load) = if width == 64 { ("d", "b64") } else { ("r", "b32") };
        for op in [
            "add.cc",
            "addc",
            "addc.cc",
            "sub.cc",
            "subc",
            "subc.cc",
            "mad.lo.cc",
            "mad.hi.cc",
            "madc.lo",
            "madc.lo.cc",
            "madc.hi",
            "madc.hi.cc",
        ] {
            let (borrows, three) = (op.starts_with("sub"), op.starts_with("mad"));
            let (before, after) = if borrows {
                ("sub.cc.u32 %r21, 0, %r20;", "subc.u32 %r22, 0, 0;\nand.b32 %r22, %r22, 1;")
            } else {
                ("add.cc.u32 %r21, %r20, -1;", "addc.u32 %r22, 0, 0;")
            };
            let third = if three { format!(", %{letter}3") } else { String::new() };
            let body = format!(
                "mul.wide.u32 %d20, %i, 32;\nadd.s64 %d20, %data, %d20;\nld.global.{load} %{letter}1, [%d20];\nld.global.{load} %{letter}2, [%d20+8];\n\
                 ld.global.{load} %{letter}3, [%d20+16];\nld.global.u32 %r20, [%d20+24];\n{before}\n{op}.{ty} %{letter}9, %{letter}1, %{letter}2{third};\n\
                 {after}\nst.global.{load} [%d20], %{letter}9;\nst.global.u32 [%d20+8], %r22;"
            );
            let mut cases = Vec::new();
            for (i, &a) in edges.iter().enumerate() {
                for &b in edges {
                    cases.extend([0, 1].map(|k| [a, b, edges[(7 * i + 5) % edges.len()], k]));
                }
            }
            for cases in cases.chunks(96) {
                let out = run(&body, cases.len() as u32, &cases.concat());
                for (case, found) in cases.iter().zip(out.chunks(4)) {
                    let [a, b, c, k] = case.map(i128::from);
                    let taken = if op.starts_with("addc")
                        || op.starts_with("subc")
                        || op.starts_with("madc")
                    {
                        k
                    } else {
                        0
                    };
                    let (x, y) = (int(case[0], width, signed), int(case[1], width, signed));
                    let exact = if borrows {
                        a - b - taken
                    } else if !three {
                        a + b + taken
                    } else if op.contains(".hi") {
                        let high = if width == 64 && !signed {
                            ((a as u128 * b as u128) >> 64) as i128
                        } else {
                            (x * y) >> width
                        };
                        i128::from(cut(high, width)) + c + taken
                    } else {
                        i128::from(cut(a.wrapping_mul(b), width)) + c + taken
                    };
                    // Without `.cc` what was there stays.
                    let left = if !op.ends_with(".cc") {
                        k
                    } else {
                        (exact < 0 || exact >> width != 0).into()
                    };
                    assert_eq!(
                        (found[0], found[1] as u32),
                        (cut(exact, width), left as u32),
                        "{op}.{ty} {case:x?}"
                    );
                }
            }
        }
    }
}

#[test]
fn dot_products_of_bytes() {
    let byte = |x: u64, i: u32, signed: bool| int(x >> (8 * i), 8, signed);
    for (a, b) in [("u32", "u32"), ("u32", "s32"), ("s32", "u32"), ("s32", "s32")] {
        let (x, y) = (a == "s32", b == "s32");
        check(&format!("dp4a.{a}.{b}"), "u32", &["u32"; 3], &[EDGES32, EDGES32, &[0, 5]], |v| {
            cut(
                (0..4).map(|i| byte(v[0], i, x) * byte(v[1], i, y)).sum::<i128>()
                    + i128::from(v[2]),
                32,
            )
        });
        check(&format!("dp2a.hi.{a}.{b}"), "u32", &["u32"; 3], &[EDGES32, EDGES32, &[0, 5]], |v| {
            let half = |i: u32| int(v[0] >> (16 * i), 16, x);
            cut((0..2).map(|i| half(i) * byte(v[1], i + 2, y)).sum::<i128>() + i128::from(v[2]), 32)
        });
    }
}
