//! `mma` against sums of products, with fragments laid out as the PTX ISA's figures and formulas say: g = lane / 4, t = lane % 4.

use crate::harness::run;

/// A small integer for an element.
fn element(matrix: usize, row: usize, column: usize) -> i64 {
    ((matrix * 31 + row * 7 + column * 3 + row * column) % 11) as i64 - 5
}

/// The place of an element: register, place in it, by lane, row and column.
type Place = fn(g: usize, t: usize, register: usize, at: usize) -> (usize, usize);

struct Case {
    op: &'static str,
    k: usize,
    m: usize,
    /// Registers, elements a register, place, of a and b; registers of c.
    a: (usize, usize, Place),
    b: (usize, usize, Place),
    c: (usize, usize, Place),
    bits: u32,
    encode: fn(i64) -> u64,
    encode_c: fn(i64) -> u64,
}

fn check(case: &Case) {
    let wide = case.bits == 64;
    let (letter, load) = if wide { ("d", "b64") } else { ("r", "b32") };
    let n = case.a.0 + case.b.0 + case.c.0;
    let mut body = format!("mul.wide.u32 %d0, %i, {};\nadd.s64 %d0, %data, %d0;\n", n * 8);
    for i in 0..n {
        body += &format!("ld.global.{load} %{letter}{}, [%d0+{}];\n", i + 1, i * 8);
    }
    let list = |from: usize, count: usize| {
        let names: Vec<String> =
            (from..from + count).map(|i| format!("%{letter}{}", i + 1)).collect();
        if names.len() == 1 { names[0].clone() } else { format!("{{{}}}", names.join(", ")) }
    };
    let (a, b) = (list(0, case.a.0), list(case.a.0, case.b.0));
    let c = list(case.a.0 + case.b.0, case.c.0);
    // Single registers stand in braces too where the manual has a vector.
    let braces = |x: &str| if x.starts_with('{') { x.to_owned() } else { format!("{{{x}}}") };
    body +=
        &format!("{} {}, {}, {}, {};\n", case.op, braces(&c), braces(&a), braces(&b), braces(&c));
    for i in 0..case.c.0 {
        let register = case.a.0 + case.b.0 + i;
        body += &format!("st.global.{load} [%d0+{}], %{letter}{};\n", register * 8, register + 1);
    }
    let mut data = Vec::new();
    let fragment = |matrix: usize,
                    (registers, per, place): (usize, usize, Place),
                    g,
                    t,
                    encode: fn(i64) -> u64| {
        let mut words = Vec::new();
        for register in 0..registers {
            let mut word = 0;
            for at in 0..per {
                let (row, column) = place(g, t, register, at);
                let width = case.bits.max(32) / per as u32;
                let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
                word |= (encode(element(matrix, row, column)) & mask) << (at as u32 * width);
            }
            words.push(word);
        }
        words
    };
    for lane in 0..32 {
        let (g, t) = (lane / 4, lane % 4);
        data.extend(fragment(0, case.a, g, t, case.encode));
        data.extend(fragment(1, case.b, g, t, case.encode));
        data.extend(fragment(2, case.c, g, t, case.encode_c));
    }
    let out = run(&body, 32, &data);
    for lane in 0..32 {
        let (g, t) = (lane / 4, lane % 4);
        for register in 0..case.c.0 {
            for at in 0..case.c.1 {
                let (row, column) = (case.c.2)(g, t, register, at);
                assert!(row < case.m && column < 8);
                let sum =
                    (0..case.k).map(|l| element(0, row, l) * element(1, l, column)).sum::<i64>();
                let expected = (case.encode_c)(sum + element(2, row, column));
                let width = case.bits.max(32) / case.c.1 as u32;
                let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
                let found =
                    out[lane * n + case.a.0 + case.b.0 + register] >> (at as u32 * width) & mask;
                assert_eq!(found, expected & mask, "{} lane {lane} register {register}", case.op);
            }
        }
    }
}

fn single(x: i64) -> u64 {
    (x as f32).to_bits().into()
}

fn brain(x: i64) -> u64 {
    single(x) >> 16
}

/// Small integers are exact in half precision.
fn half(x: i64) -> u64 {
    let bits = (x as f32).to_bits();
    if x == 0 { 0 } else { u64::from(bits >> 16 & 0x8000 | ((bits >> 13) & 0x3ffff) - (112 << 10)) }
}

const SUMS: (usize, usize, Place) = (4, 1, |g, t, i, _| (g + 8 * (i / 2), 2 * t + i % 2));
const A16: (usize, usize, Place) = (4, 2, |g, t, r, h| (g + 8 * (r % 2), 2 * t + h + 8 * (r / 2)));
const B16: (usize, usize, Place) = (2, 2, |g, t, r, h| (2 * t + h + 8 * r, g));

#[test]
fn half_precision() {
    let op = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";
    check(&Case {
        op,
        k: 16,
        m: 16,
        a: A16,
        b: B16,
        c: SUMS,
        bits: 32,
        encode: half,
        encode_c: single,
    });
    let op = "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32";
    let (a, b) = ((2, A16.1, A16.2), (1, B16.1, B16.2));
    check(&Case { op, k: 8, m: 16, a, b, c: SUMS, bits: 32, encode: half, encode_c: single });
    let op = "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16";
    let c: (usize, usize, Place) = (2, 2, |g, t, r, h| (g + 8 * r, 2 * t + h));
    check(&Case { op, k: 16, m: 16, a: A16, b: B16, c, bits: 32, encode: half, encode_c: half });
}

#[test]
fn brain_floats_and_tf32() {
    let op = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32";
    check(&Case {
        op,
        k: 16,
        m: 16,
        a: A16,
        b: B16,
        c: SUMS,
        bits: 32,
        encode: brain,
        encode_c: single,
    });
    let a: (usize, usize, Place) = (4, 1, |g, t, r, _| (g + 8 * (r % 2), t + 4 * (r / 2)));
    let b: (usize, usize, Place) = (2, 1, |g, t, r, _| (t + 4 * r, g));
    let op = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    check(&Case { op, k: 8, m: 16, a, b, c: SUMS, bits: 32, encode: single, encode_c: single });
    let op = "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32";
    let (a, b) = ((2, 1, a.2), (1, 1, b.2));
    check(&Case { op, k: 4, m: 16, a, b, c: SUMS, bits: 32, encode: single, encode_c: single });
}

#[test]
fn doubles_and_bytes() {
    let op = "mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64";
    let encode = |x: i64| (x as f64).to_bits();
    let a: (usize, usize, Place) = (1, 1, |g, t, _, _| (g, t));
    let b: (usize, usize, Place) = (1, 1, |g, t, _, _| (t, g));
    let c: (usize, usize, Place) = (2, 1, |g, t, i, _| (g, 2 * t + i));
    check(&Case { op, k: 4, m: 8, a, b, c, bits: 64, encode, encode_c: encode });
    let op = "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32";
    let a: (usize, usize, Place) = (4, 4, |g, t, r, i| (g + 8 * (r % 2), 4 * t + i + 16 * (r / 2)));
    let b: (usize, usize, Place) = (2, 4, |g, t, r, i| (4 * t + i + 16 * r, g));
    let encode = |x: i64| x as u64;
    check(&Case { op, k: 32, m: 16, a, b, c: SUMS, bits: 32, encode, encode_c: encode });
    let op = "mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32";
    let (a, b) = ((2, 4, a.2), (1, 4, b.2));
    check(&Case { op, k: 16, m: 16, a, b, c: SUMS, bits: 32, encode, encode_c: encode });
}

#[test]
fn tiles_of_shared_memory() {
    // Element (row, column) of matrix i is 64 i + 8 row + column.
    for (modifier, transposed) in [("", false), (".trans", true)] {
        let body = format!(
            ".shared .align 16 .b16 s[256];\nmul.lo.u32 %r1, %i, 16;\nmov.u32 %r2, s;\nadd.u32 %r3, %r2, %r1;\nmul.lo.u32 %r4, %i, 8;\n\
             mad.lo.u32 %r4, %r4, 0x10001, 0x10000;\nst.shared.u32 [%r3], %r4;\nadd.u32 %r4, %r4, 0x20002;\nst.shared.u32 [%r3+4], %r4;\n\
             add.u32 %r4, %r4, 0x20002;\nst.shared.u32 [%r3+8], %r4;\nadd.u32 %r4, %r4, 0x20002;\nst.shared.u32 [%r3+12], %r4;\n\
             bar.sync 0;\nldmatrix.sync.aligned.m8n8.x4{modifier}.shared.b16 {{%r5, %r6, %r7, %r8}}, [%r3];\n\
             mul.wide.u32 %d0, %i, 16;\nadd.s64 %d0, %d0, %data;\nst.global.v4.b32 [%d0], {{%r5, %r6, %r7, %r8}};"
        );
        let out = run(&body, 32, &[0; 64]);
        for lane in 0..32 {
            for i in 0..4 {
                let word = out[lane * 2 + i / 2] >> (32 * (i % 2)) & 0xffff_ffff;
                for h in 0..2 {
                    let (row, column) = if transposed {
                        (lane % 4 * 2 + h, lane / 4)
                    } else {
                        (lane / 4, lane % 4 * 2 + h)
                    };
                    let expected = (64 * i + 8 * row + column) as u64;
                    assert_eq!(word >> (16 * h) & 0xffff, expected, "lane {lane} matrix {i}");
                }
            }
        }
    }
}
