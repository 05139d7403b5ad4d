use crate::harness::{EDGES32, EDGES64, check, f, floats, run};

/// Emits `setp` and selects 1 or 0.
fn test(op: &str, ty: &str, values: &[u64], expected: impl Fn(u64, u64) -> bool) {
    let cases: Vec<Vec<u64>> =
        values.iter().flat_map(|&a| values.iter().map(move |&b| vec![a, b])).collect();
    let (letter, load) = if ty.ends_with("64") { ("d", "b64") } else { ("r", "b32") };
    for chunk in cases.chunks(512) {
        let body = format!(
            "mul.wide.u32 %d0, %i, 16;\nadd.s64 %d0, %data, %d0;\n\
             ld.global.{load} %{letter}1, [%d0];\nld.global.{load} %{letter}2, [%d0+8];\n\
             setp.{op}.{ty} %p1, %{letter}1, %{letter}2;\nselp.b64 %d3, 1, 0, %p1;\nst.global.b64 [%d0], %d3;"
        );
        let data: Vec<u64> = chunk.concat();
        let out = run(&body, chunk.len() as u32, &data);
        for (case, found) in chunk.iter().zip(out.chunks(2)) {
            assert_eq!(found[0] == 1, expected(case[0], case[1]), "setp.{op}.{ty} {case:x?}");
        }
    }
}

#[test]
fn integers() {
    for (op, of) in [
        ("eq", (|o| o == 0) as fn(i32) -> bool),
        ("ne", |o| o != 0),
        ("lt", |o| o < 0),
        ("le", |o| o <= 0),
        ("gt", |o| o > 0),
        ("ge", |o| o >= 0),
    ] {
        test(op, "s32", EDGES32, |a, b| of((a as i32).cmp(&(b as i32)) as i32));
        test(op, "u32", EDGES32, |a, b| of(a.cmp(&b) as i32));
        test(op, "s64", EDGES64, |a, b| of((a as i64).cmp(&(b as i64)) as i32));
        test(op, "u64", EDGES64, |a, b| of(a.cmp(&b) as i32));
    }
    test("hi", "u32", EDGES32, |a, b| a > b);
    test("ls", "u64", EDGES64, |a, b| a <= b);
}

#[test]
fn floats_and_nan() {
    let list = floats();
    for (op, of, nan) in [
        ("eq", (|a, b| a == b) as fn(f32, f32) -> bool, false),
        ("ne", |a, b| a != b, false),
        ("lt", |a, b| a < b, false),
        ("le", |a, b| a <= b, false),
        ("gt", |a, b| a > b, false),
        ("ge", |a, b| a >= b, false),
        ("equ", |a, b| a == b, true),
        ("neu", |a, b| a != b, true),
        ("ltu", |a, b| a < b, true),
        ("leu", |a, b| a <= b, true),
        ("gtu", |a, b| a > b, true),
        ("geu", |a, b| a >= b, true),
        ("num", |_, _| true, false),
        ("nan", |_, _| false, true),
    ] {
        test(
            op,
            "f32",
            &list,
            |a, b| if f(a).is_nan() || f(b).is_nan() { nan } else { of(f(a), f(b)) },
        );
    }
    let flush = |x: f32| if x.is_subnormal() { 0.0 } else { x };
    test("eq.ftz", "f32", &list, |a, b| flush(f(a)) == flush(f(b)));
}

#[test]
fn operators_and_second_results() {
    let body = "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\n\
                setp.lt.u32 %p3, %i, 16;\nand.b32 %r1, %i, 1;\n\
                setp.eq.and.u32 %p1|%p2, %r1, 0, %p3;\nselp.u32 %r2, 1, 0, %p1;\nselp.u32 %r3, 2, 0, %p2;\n\
                setp.eq.or.u32 %p1|%p2, %r1, 0, !%p3;\nselp.u32 %r4, 4, 0, %p1;\nselp.u32 %r5, 8, 0, %p2;\n\
                setp.ne.xor.u32 %p4, %r1, 0, %p3;\nselp.u32 %r6, 16, 0, %p4;\n\
                xor.pred %p5, %p3, %p4;\nnot.pred %p6, %p5;\nselp.u32 %r7, 32, 0, %p6;\n\
                or.b32 %r2, %r2, %r3;\nor.b32 %r2, %r2, %r4;\nor.b32 %r2, %r2, %r5;\nor.b32 %r2, %r2, %r6;\nor.b32 %r2, %r2, %r7;\n\
                cvt.u64.u32 %d1, %r2;\nst.global.b64 [%d0], %d1;";
    let out = run(body, 32, &[0; 32]);
    for (i, found) in out.into_iter().enumerate() {
        let (even, low) = (i % 2 == 0, i < 16);
        let bit = |yes: bool, value: u64| if yes { value } else { 0 };
        let xor = !even ^ low;
        let expected = bit(even && low, 1)
            | bit(!even && low, 2)
            | bit(even || !low, 4)
            | bit(!even || !low, 8)
            | bit(xor, 16)
            | bit(low == xor, 32);
        assert_eq!(found, expected, "{i}");
    }
}

#[test]
fn selections() {
    check("slct.b32.s32", "b32", &["b32", "b32", "s32"], &[&[7], &[9], EDGES32], |x| {
        if (x[2] as i32) < 0 { 9 } else { 7 }
    });
    check("slct.u64.f32", "u64", &["u64", "u64", "f32"], &[&[7], &[9], &floats()], |x| {
        if f(x[2]) >= 0.0 { 7 } else { 9 }
    });
    check("set.lt.u32.s32", "u32", &["s32", "s32"], &[EDGES32, EDGES32], |x| {
        if (x[0] as i32) < x[1] as i32 { 0xffff_ffff } else { 0 }
    });
    check("set.gt.f32.f32", "f32", &["f32", "f32"], &[&floats(), &floats()], |x| {
        if f(x[0]) > f(x[1]) { 0x3f80_0000 } else { 0 }
    });
    let list = floats();
    for (what, of) in [
        ("finite", f32::is_finite as fn(f32) -> bool),
        ("infinite", f32::is_infinite),
        ("number", |x| !x.is_nan()),
        ("notanumber", f32::is_nan),
        ("normal", |x| x.is_normal() || x == 0.0),
        ("subnormal", f32::is_subnormal),
    ] {
        let cases: Vec<Vec<u64>> = list.iter().map(|&x| vec![x]).collect();
        let body = format!(
            "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\nld.global.b32 %r1, [%d0];\n\
             testp.{what}.f32 %p1, %r1;\nselp.b64 %d3, 1, 0, %p1;\nst.global.b64 [%d0], %d3;"
        );
        let out = run(&body, list.len() as u32, &cases.concat());
        for (&x, found) in list.iter().zip(out) {
            assert_eq!(found == 1, of(f(x)), "testp.{what} {x:x}");
        }
    }
}
