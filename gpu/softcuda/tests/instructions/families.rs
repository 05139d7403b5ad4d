//! Families of forms, whose modifiers come in any combination: each modifier at least once, against what the manual says of it.

use crate::harness::{EDGES32, EDGES64, check, f, floats, g, kernel, run, run_text};

/// The place of a thread's word.
const PLACE: &str = "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\n";

/// Runs a body that leaves a number in `%r9`, in one thread.
fn one(body: &str, data: &[u64]) -> u64 {
    run(&format!("{body}\nst.global.u32 [%data], %r9;"), 1, data)[0] & 0xffff_ffff
}

#[test]
fn loads_by_order_scope_and_cache() {
    let data = [5, 7 | 9 << 32, 11, 0];
    let global = [
        "ld.global",
        "ld.volatile.global",
        "ld.weak.global",
        "ld.relaxed.cta.global",
        "ld.relaxed.cluster.global",
        "ld.relaxed.gpu.global",
        "ld.relaxed.sys.global",
        "ld.acquire.gpu.global",
        "ld.acquire.sys.global",
        "ld.global.ca",
        "ld.global.cg",
        "ld.global.cs",
        "ld.global.lu",
        "ld.global.cv",
        "ld.global.nc",
        "ld",
        "ld.volatile",
        "ldu",
        "ldu.global",
    ];
    for op in global {
        assert_eq!(one(&format!("{op}.u32 %r9, [%data];"), &data), 5, "{op}");
    }
    for op in ["ld.global", "ld.global.nc", "ldu.global", "ld"] {
        let sum = "add.u32 %r9, %r1, %r2;";
        assert_eq!(one(&format!("{op}.v2.u32 {{%r1, %r2}}, [%data+8];\n{sum}"), &data), 16, "{op}");
        let four = format!("{op}.v4.u32 {{%r3, %r4, %r1, %r2}}, [%data];\n{sum}");
        assert_eq!(one(&four, &data), 16, "{op}");
    }
    for op in [
        "st.shared",
        "st.volatile.shared",
        "st.relaxed.cta.shared",
        "st.release.cta.shared",
        "st.weak.shared",
    ] {
        for load in [
            "ld.shared",
            "ld.volatile.shared",
            "ld.relaxed.cta.shared",
            "ld.acquire.cta.shared",
            "ld.weak.shared",
        ] {
            let body = format!(".shared .b32 s[2];\n{op}.u32 [s], 3;\n{load}.u32 %r9, [s];");
            assert_eq!(one(&body, &[0]), 3, "{op} {load}");
        }
    }
    let text = kernel("ld.const.u32 %r9, [c+4];\nst.global.u32 [%data], %r9;");
    let text = text.replace(".visible", ".const .b32 c[2] = {5, 6};\n.visible");
    assert_eq!(run_text(&text, 1, &[0]).unwrap().0, [6]);
}

#[test]
fn stores_by_order_scope_and_cache() {
    for op in [
        "st.global",
        "st.volatile.global",
        "st.weak.global",
        "st.relaxed.cta.global",
        "st.relaxed.cluster.global",
        "st.relaxed.gpu.global",
        "st.relaxed.sys.global",
        "st.release.gpu.global",
        "st.release.sys.global",
        "st.global.wb",
        "st.global.cg",
        "st.global.cs",
        "st.global.wt",
        "st",
    ] {
        let out =
            run(&format!("{op}.u32 [%data+4], 8;\n{op}.v2.u32 [%data+8], {{1, 2}};"), 1, &[0; 2]);
        assert_eq!(out, [8 << 32, 1 | 2 << 32], "{op}");
    }
    let out = run("st.global.v4.u32 [%data], {1, 2, 3, 4};", 1, &[0; 2]);
    assert_eq!(out, [1 | 2 << 32, 3 | 4 << 32]);
    let out = run(
        ".local .b32 l[2];\nst.local.v2.u32 [l], {5, 6};\nld.local.v2.u32 {%r1, %r2}, [l];\nst.global.v2.u32 [%data], {%r2, %r1};",
        1,
        &[0],
    );
    assert_eq!(out, [6 | 5 << 32]);
}

#[test]
fn fences_and_hints_change_no_value() {
    let all = "membar.cta;\nmembar.gl;\nmembar.sys;\nfence.sc.cta;\nfence.sc.cluster;\nfence.sc.gpu;\nfence.sc.sys;\nfence.acq_rel.cta;\n\
               fence.acq_rel.cluster;\nfence.acq_rel.gpu;\nfence.acq_rel.sys;\nfence.cta;\nprefetch.global.L1 [%data];\nprefetch.global.L2 [%data];\n\
               prefetch.L1 [%data];\nprefetch.L2 [%data];\nprefetch.local.L1 [%data];\nprefetch.local.L2 [%data];\nprefetchu.L1 [%data];\n\
               applypriority.global.L2::evict_normal [%data], 128;\nnanosleep.u32 20;\npmevent 1;\ngriddepcontrol.wait;\n\
               griddepcontrol.launch_dependents;\nbrkpt;";
    let out = run(
        &format!(
            "ld.global.u32 %r1, [%data];\n{all}\nadd.u32 %r1, %r1, 1;\nst.global.u32 [%data], %r1;"
        ),
        1,
        &[41],
    );
    assert_eq!(out, [42]);
    // What may be lost may also be kept.
    let out = run(
        "st.global.u32 [%data], 1;\ndiscard.global.L2 [%data], 128;\nst.global.u32 [%data], 2;",
        1,
        &[0; 16],
    );
    assert_eq!(out[0], 2);
    let out = run("setmaxnreg.inc.sync.aligned.u32 64;\nst.global.u32 [%data], 3;", 1, &[0]);
    assert_eq!(out, [3]);
}

/// What an atomic operation leaves in memory, by its definition.
fn combined(op: &str, ty: &str, old: u64, b: u64, c: u64) -> u64 {
    let mask = if ty.ends_with("64") {
        u64::MAX
    } else if ty.ends_with("16") {
        0xffff
    } else {
        0xffff_ffff
    };
    let signed = |x: u64| if ty == "s32" { i64::from(x as i32) } else { x as i64 };
    let picked = |first: bool| if first { old } else { b };
    let result = match (op, ty) {
        ("add", "f32") => u64::from((f(old) + f(b)).to_bits()),
        ("add", "f64") => (g(old) + g(b)).to_bits(),
        ("add", _) => old.wrapping_add(b),
        ("min", "s32" | "s64") => picked(signed(old) <= signed(b)),
        ("max", "s32" | "s64") => picked(signed(old) >= signed(b)),
        ("min", _) => old.min(b),
        ("max", _) => old.max(b),
        ("and", _) => old & b,
        ("or", _) => old | b,
        ("xor", _) => old ^ b,
        ("inc", _) => {
            if old >= b {
                0
            } else {
                old + 1
            }
        }
        ("dec", _) => {
            if old == 0 || old > b {
                b
            } else {
                old - 1
            }
        }
        ("exch", _) => b,
        ("cas", _) => {
            if old == b {
                c
            } else {
                old
            }
        }
        other => panic!("{other:?}"),
    };
    result & mask
}

#[test]
fn atomics_of_each_kind() {
    let all: [(&str, &[&str]); 10] = [
        ("add", &["u32", "s32", "u64", "s64", "f32", "f64"]),
        ("min", &["u32", "s32", "u64", "s64"]),
        ("max", &["u32", "s32", "u64", "s64"]),
        ("and", &["b32", "b64"]),
        ("or", &["b32", "b64"]),
        ("xor", &["b32", "b64"]),
        ("inc", &["u32"]),
        ("dec", &["u32"]),
        ("exch", &["b32", "b64"]),
        ("cas", &["b16", "b32", "b64"]),
    ];
    for (op, types) in all {
        for &ty in types {
            let edges: &[u64] = match ty {
                "f32" => &[0x3f80_0000, 0xc000_0000, 0x8000_0000, 0x0000_0001],
                "f64" => &[0x3ff0_0000_0000_0000, 0xc000_0000_0000_0000, 1],
                "b16" => &[0, 1, 0xffff],
                ty if ty.ends_with("64") => &EDGES64[..8],
                _ => &EDGES32[..14],
            };
            let (letter, width) = match ty {
                "b16" => ("h", "b16"),
                ty if ty.ends_with("64") => ("d", "b64"),
                _ => ("r", "b32"),
            };
            // As it is, with each order and scope, in shared memory, and without a result.
            let forms = [
                "",
                ".global",
                ".relaxed.gpu.global",
                ".acquire.cta.global",
                ".release.sys.global",
                ".acq_rel.cluster.global",
                ".shared",
                "red",
                "red.relaxed.sys.global",
                "red.relaxed.cta.global",
                "red.relaxed.cluster.global",
                "red.release.gpu.global",
                "red.shared",
            ];
            for form in forms {
                let red = form.starts_with("red");
                if red && matches!(op, "exch" | "cas") {
                    continue;
                }
                let shared = form.ends_with("shared");
                let (at, name) = if shared { ("s", "shared") } else { ("%data", "global") };
                let (head, order) = if red { ("red", &form[3..]) } else { ("atom", form) };
                let to = if red { String::new() } else { format!("%{letter}9, ") };
                let last = if op == "cas" { format!(", %{letter}3") } else { String::new() };
                let body = format!(
                    ".shared .align 8 .b8 s[8];\nmov.u64 %d9, -1;\nmov.u32 %r9, -1;\nmov.b16 %h9, -1;\n\
                     ld.global.{width} %{letter}1, [%data];\nld.global.{width} %{letter}2, [%data+8];\nld.global.{width} %{letter}3, [%data+16];\n\
                     st.{name}.{width} [{at}], %{letter}1;\n{head}{order}.{op}.{ty} {to}[{at}], %{letter}2{last};\n\
                     ld.{name}.{width} %{letter}4, [{at}];\nst.global.{width} [%data+24], %{letter}4;\nst.global.{width} [%data+32], %{letter}9;"
                );
                for (i, &old) in edges.iter().enumerate() {
                    let (b, c) =
                        (edges[(i * 5 + 3) % edges.len()], edges[(i * 3 + 1) % edges.len()]);
                    for b in [b, old] {
                        let out = run(&body, 1, &[old, b, c, 0, 0]);
                        assert_eq!(
                            out[3],
                            combined(op, ty, old, b, c),
                            "{head}{order}.{op}.{ty} {old:x} {b:x} {c:x}"
                        );
                        assert!(
                            red || out[4] == old,
                            "{head}{order}.{op}.{ty} gives what was there"
                        );
                    }
                }
            }
        }
    }
    // Halves, which differ in rounding only: 1 + 2 = 3.
    for (ty, one, two, three) in [
        ("f16x2", 0x3c00_3c00, 0x4000_4000, 0x4200_4200),
        ("bf16x2", 0x3f80_3f80_u64, 0x4000_4000, 0x4040_4040),
    ] {
        let body = format!(
            "ld.global.b32 %r1, [%data+8];\natom.global.add.noftz.{ty} %r2, [%data], %r1;\nred.global.add.noftz.{ty} [%data+16], %r1;\nst.global.b32 [%data+24], %r2;"
        );
        assert_eq!(run(&body, 1, &[one, two, one, 0]), [three, two, three, one], "{ty}");
    }
    for (ty, one, two, three) in
        [("f16", 0x3c00, 0x4000, 0x4200), ("bf16", 0x3f80_u64, 0x4000, 0x4040)]
    {
        let body = format!(
            "ld.global.b16 %h1, [%data+8];\natom.global.add.noftz.{ty} %h2, [%data], %h1;\nst.global.b16 [%data+16], %h2;"
        );
        assert_eq!(run(&body, 1, &[one, two, 0]), [three, two, one], "{ty}");
    }
}

/// Comparisons that `setp` and `set` share: the operator, and what it says of an order; `None` is a NaN.
fn compares(op: &str, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else {
        return matches!(op, "equ" | "neu" | "ltu" | "leu" | "gtu" | "geu" | "nan");
    };
    match op.trim_end_matches('u') {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "lt" | "lo" => order.is_lt(),
        "le" | "ls" => order.is_le(),
        "gt" | "hi" => order.is_gt(),
        "ge" | "hs" => order.is_ge(),
        "n" | "num" => true,
        _ => false,
    }
}

#[test]
fn comparisons_of_each_kind() {
    let list = floats();
    let list = &list[..];
    let doubles: Vec<u64> = [0.0, -0.0, 1.0, -2.5, 1e300, f64::INFINITY, f64::NAN]
        .iter()
        .map(|x: &f64| x.to_bits())
        .collect();
    let flush = |x: f32| if x.is_subnormal() { 0.0_f32.copysign(x) } else { x };
    let whole = ["eq", "ne", "lt", "le", "gt", "ge"];
    for op in whole {
        for (ty, width) in
            [("s16", 16), ("u16", 16), ("s32", 32), ("s64", 64), ("u64", 64), ("u32", 32)]
        {
            let edges = if width == 64 {
                EDGES64
            } else if width == 16 {
                crate::harness::EDGES16
            } else {
                EDGES32
            };
            let value = move |x: u64| {
                if ty.starts_with('s') {
                    i128::from((x as i64) << (64 - width) >> (64 - width))
                } else {
                    i128::from(x)
                }
            };
            check(&format!("set.{op}.u32.{ty}"), "u32", &[ty, ty], &[edges, edges], |x| {
                if compares(op, Some(value(x[0]).cmp(&value(x[1])))) { 0xffff_ffff } else { 0 }
            });
        }
    }
    for op in ["lo", "ls", "hi", "hs"] {
        check(&format!("set.{op}.s32.u32"), "s32", &["u32", "u32"], &[EDGES32, EDGES32], |x| {
            if compares(op, Some(x[0].cmp(&x[1]))) { 0xffff_ffff } else { 0 }
        });
        // The same by `setp`.
        let body = format!(
            "{PLACE}ld.global.v2.u32 {{%r1, %r2}}, [%d0];\nsetp.{op}.u32 %p1, %r1, %r2;\nselp.u64 %d1, 1, 0, %p1;\nst.global.u64 [%d0], %d1;"
        );
        let pairs: Vec<u64> =
            EDGES32.iter().flat_map(|&a| [a | a << 32, a | 5 << 32, 5 | a << 32]).collect();
        for (pair, found) in pairs.iter().zip(run(&body, pairs.len() as u32, &pairs)) {
            let order = (pair & 0xffff_ffff).cmp(&(pair >> 32));
            assert_eq!(found == 1, compares(op, Some(order)), "setp.{op} {pair:x}");
        }
    }
    for op in whole.into_iter().chain(["equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"]) {
        check(&format!("set.{op}.f32.f32"), "f32", &["f32", "f32"], &[list, list], |x| {
            if compares(op, f(x[0]).partial_cmp(&f(x[1]))) { 0x3f80_0000 } else { 0 }
        });
        check(&format!("set.{op}.ftz.u32.f32"), "u32", &["f32", "f32"], &[list, list], |x| {
            if compares(op, flush(f(x[0])).partial_cmp(&flush(f(x[1])))) { 0xffff_ffff } else { 0 }
        });
        check(&format!("set.{op}.u32.f64"), "u32", &["f64", "f64"], &[&doubles, &doubles], |x| {
            if compares(op, g(x[0]).partial_cmp(&g(x[1]))) { 0xffff_ffff } else { 0 }
        });
    }
    // Operators with a predicate: of odd threads.
    for (op, of) in [
        ("and", (|a, b| a && b) as fn(bool, bool) -> bool),
        ("or", |a, b| a || b),
        ("xor", |a, b| a != b),
    ] {
        let body = format!(
            "{PLACE}and.b32 %r1, %i, 1;\nsetp.eq.u32 %p1, %r1, 1;\nset.lt.{op}.u32.u32 %r2, %i, 16, %p1;\nst.global.u32 [%d0], %r2;"
        );
        for (i, found) in run(&body, 32, &[0; 32]).into_iter().enumerate() {
            assert_eq!(found, if of(i < 16, i % 2 == 1) { 0xffff_ffff } else { 0 }, "set.{op} {i}");
        }
    }
    for (what, of) in [
        ("finite", f64::is_finite as fn(f64) -> bool),
        ("infinite", f64::is_infinite),
        ("number", |x| !x.is_nan()),
        ("notanumber", f64::is_nan),
        ("normal", |x| x.is_normal() || x == 0.0),
        ("subnormal", f64::is_subnormal),
    ] {
        let all: Vec<u64> = doubles.iter().copied().chain([1, 1 << 63 | 5]).collect();
        let body = format!(
            "{PLACE}ld.global.b64 %d1, [%d0];\ntestp.{what}.f64 %p1, %d1;\nselp.u64 %d2, 1, 0, %p1;\nst.global.u64 [%d0], %d2;"
        );
        for (x, found) in all.iter().zip(run(&body, all.len() as u32, &all)) {
            assert_eq!(found == 1, of(g(*x)), "testp.{what}.f64 {x:x}");
        }
    }
}

#[test]
fn moves_and_choices_of_each_type() {
    for (ty, letter, width) in [
        ("b16", "h", "b16"),
        ("u16", "h", "b16"),
        ("s16", "h", "b16"),
        ("f16", "h", "b16"),
        ("b32", "r", "b32"),
        ("u32", "r", "b32"),
        ("s32", "r", "b32"),
        ("f32", "r", "b32"),
        ("b64", "d", "b64"),
        ("u64", "d", "b64"),
        ("s64", "d", "b64"),
        ("f64", "d", "b64"),
    ] {
        let mask = match width {
            "b16" => 0xffff,
            "b32" => 0xffff_ffff,
            _ => u64::MAX,
        };
        let (a, b) = (0x8123_4567_89ab_cdef_u64 & mask, 0x7edc_ba98_7654_3210_u64 & mask);
        let load = format!(
            "ld.global.{width} %{letter}1, [%data];\nld.global.{width} %{letter}2, [%data+8];\n"
        );
        let store = format!("\nst.global.{width} [%data+16], %{letter}9;");
        let moved = run(&format!("{load}mov.{ty} %{letter}9, %{letter}1;{store}"), 1, &[a, b, 0]);
        assert_eq!(moved[2], a, "mov.{ty}");
        if ty == "f16" {
            continue;
        }
        for (guard, wanted) in [(1, a), (0, b)] {
            let body = format!(
                "{load}setp.eq.u32 %p1, {guard}, 1;\nselp.{ty} %{letter}9, %{letter}1, %{letter}2, %p1;{store}"
            );
            assert_eq!(run(&body, 1, &[a, b, 0])[2], wanted, "selp.{ty}");
        }
    }
    // Predicates: all four pairs of truths.
    let body = format!(
        "{PLACE}and.b32 %r1, %i, 1;\nand.b32 %r2, %i, 2;\nsetp.ne.u32 %p1, %r1, 0;\nsetp.ne.u32 %p2, %r2, 0;\nand.pred %p3, %p1, %p2;\nor.pred %p4, %p1, %p2;\n\
         xor.pred %p5, %p1, %p2;\nnot.pred %p6, %p1;\nmov.pred %p7, %p2;\nselp.u32 %r3, 1, 0, %p3;\nselp.u32 %r4, 2, 0, %p4;\nselp.u32 %r5, 4, 0, %p5;\n\
         selp.u32 %r6, 8, 0, %p6;\nselp.u32 %r7, 16, 0, %p7;\nor.b32 %r3, %r3, %r4;\nor.b32 %r3, %r3, %r5;\nor.b32 %r3, %r3, %r6;\nor.b32 %r3, %r3, %r7;\n\
         st.global.u32 [%d0], %r3;"
    );
    for (i, found) in run(&body, 4, &[0; 4]).into_iter().enumerate() {
        let (a, b) = (i & 1 != 0, i & 2 != 0);
        let bits = [a && b, a || b, a != b, !a, b];
        assert_eq!(
            found,
            bits.iter().enumerate().map(|(k, &bit)| u64::from(bit) << k).sum::<u64>(),
            "{i}"
        );
    }
}

#[test]
fn windows_of_spaces() {
    let text = |body: &str| kernel(body).replace(".visible", ".const .b32 c = 5;\n.visible");
    // To the generic address and back, for each space.
    let body = ".shared .b32 s[4];\n.local .b32 l[4];\nmov.u64 %d1, s;\ncvta.shared.u64 %d2, %d1;\ncvta.to.shared.u64 %d3, %d2;\nsetp.eq.u64 %p1, %d1, %d3;\n\
                cvta.shared::cta.u64 %d4, %d1;\nsetp.eq.and.u64 %p1, %d2, %d4, %p1;\nmov.u64 %d1, l;\ncvta.local.u64 %d5, %d1;\ncvta.to.local.u64 %d3, %d5;\n\
                setp.eq.and.u64 %p1, %d1, %d3, %p1;\ncvta.global.u64 %d6, %data;\ncvta.to.global.u64 %d6, %d6;\nsetp.eq.and.u64 %p1, %data, %d6, %p1;\n\
                mov.u64 %d1, c;\ncvta.const.u64 %d7, %d1;\ncvta.to.const.u64 %d3, %d7;\nsetp.eq.and.u64 %p1, %d1, %d3, %p1;\nmov.u64 %d1, p;\n\
                cvta.param.u64 %d8, %d1;\nld.u64 %d3, [%d8];\nsetp.eq.and.u64 %p1, %d3, %data, %p1;\n\
                isspacep.shared %p2, %d2;\nisspacep.shared::cta %p3, %d2;\nisspacep.local %p4, %d5;\nisspacep.global %p5, %data;\n\
                isspacep.param %p7, %d8;\nand.pred %p1, %p1, %p2;\nand.pred %p1, %p1, %p3;\nand.pred %p1, %p1, %p4;\nand.pred %p1, %p1, %p5;\n\
                and.pred %p1, %p1, %p7;\nselp.u32 %r1, 1, 0, %p1;\nisspacep.local %p2, %d2;\nisspacep.shared %p3, %data;\n\
                or.pred %p2, %p2, %p3;\nselp.u32 %r2, 1, 0, %p2;\nst.global.v2.u32 [%data], {%r1, %r2};";
    assert_eq!(
        run_text(&text(body), 1, &[0]).unwrap().0,
        [1],
        "all are in their own space, and in no other"
    );
    // Generic addresses have 64 bits, and constants lie among what is global.
    for body in ["cvta.shared.u32 %r1, %r2;", "isspacep.const %p1, %d1;"] {
        let error = crate::harness::load(&kernel(body)).unwrap_err().to_string();
        assert!(error.contains("is not supported"), "{error}");
    }
    // The block of this thread is the only one of its cluster.
    let body = ".shared .b32 s[4];\nst.shared.u32 [s], 9;\nmov.u32 %r1, s;\nmapa.shared::cluster.u32 %r2, %r1, 0;\nld.shared.u32 %r9, [%r2];";
    assert_eq!(one(body, &[0]), 9);
}

#[test]
fn exchanges_of_each_kind() {
    let value = |i: u64| (i * 0x9e37_79b9 + 11) & 0xffff_ffff;
    let data: Vec<u64> = (0..32).map(value).collect();
    for (op, of) in [
        ("add.u32", (|a, b| (a + b) & 0xffff_ffff) as fn(u64, u64) -> u64),
        ("add.s32", |a, b| (a + b) & 0xffff_ffff),
        ("min.u32", u64::min),
        ("max.u32", u64::max),
        ("min.s32", |a, b| (a as i32).min(b as i32) as u32 as u64),
        ("max.s32", |a, b| (a as i32).max(b as i32) as u32 as u64),
        ("and.b32", |a, b| a & b),
        ("or.b32", |a, b| a | b),
        ("xor.b32", |a, b| a ^ b),
    ] {
        let body = format!(
            "{PLACE}ld.global.u32 %r1, [%d0];\nredux.sync.{op} %r2, %r1, -1;\nst.global.u32 [%d0], %r2;"
        );
        let expected = data.iter().copied().reduce(of).unwrap();
        assert!(run(&body, 32, &data).iter().all(|&x| x == expected), "redux.sync.{op}");
    }
    // Words of 64 bits are equal in all their bits.
    let body = format!(
        "{PLACE}ld.global.b64 %d1, [%d0];\nmatch.any.sync.b64 %r1, %d1, -1;\nmatch.all.sync.b64 %r2|%p1, %d1, -1;\nselp.u32 %r2, 1, 0, %p1;\nst.global.v2.u32 [%d0], {{%r1, %r2}};"
    );
    let wide: Vec<u64> = (0..32).map(|i| (i & 1) << 40 | 7).collect();
    for (i, found) in run(&body, 32, &wide).into_iter().enumerate() {
        assert_eq!(found, if i % 2 == 0 { 0x5555_5555 } else { 0xaaaa_aaaa }, "{i}");
    }
    assert!(run(&body, 32, &[7; 32]).iter().all(|&x| x == 0xffff_ffff | 1 << 32));
    // One lane of the members is chosen, the same for all.
    let body = format!(
        "{PLACE}setp.ge.u32 %p2, %i, 3;\nmov.u32 %r1, 99;\nmov.u32 %r2, 0;\n@%p2 bra M;\nbra E;\nM:\nelect.sync %r1|%p1, 0xfffffff8;\nselp.u32 %r2, 1, 0, %p1;\nE:\nst.global.v2.u32 [%d0], {{%r1, %r2}};"
    );
    let out = run(&body, 32, &[0; 32]);
    let leader = out[3] & 0xffff_ffff;
    assert!((3..32).contains(&leader));
    for (i, found) in (0..32).zip(out) {
        assert_eq!(found, if i < 3 { 99 } else { leader | u64::from(i == leader) << 32 }, "{i}");
    }
}

#[test]
fn barriers_of_each_kind() {
    let go = |sync: &str| {
        let body = format!(
            "{PLACE}.shared .b32 s;\nsetp.ne.u32 %p1, %i, 70;\n@%p1 bra W;\nst.shared.u32 [s], 5;\nW:\n{sync}\nld.shared.u32 %r1, [s];\nst.global.u32 [%d0], %r1;"
        );
        assert!(run(&body, 96, &[0; 96]).iter().all(|&x| x == 5), "{sync}");
    };
    for sync in [
        "bar.sync 1;",
        "bar.cta.sync 1;",
        "barrier.sync 1;",
        "barrier.cta.sync 2, 96;",
        "barrier.sync.aligned 1;",
        "barrier.cta.sync.aligned 1;",
        "barrier.cluster.arrive;\nbarrier.cluster.wait;",
    ] {
        go(sync);
    }
    // Those who arrive do not wait: the first warp waits for the two others.
    for arrive in [
        "bar.arrive 3, 96;",
        "bar.cta.arrive 3, 96;",
        "barrier.arrive 3, 96;",
        "barrier.cta.arrive 3, 96;",
        "barrier.arrive.aligned 3, 96;",
    ] {
        let body = format!(
            "{PLACE}.shared .b32 s[96];\nmov.u32 %r2, s;\nmad.lo.u32 %r2, %i, 4, %r2;\nst.shared.u32 [%r2], %i;\nsetp.lt.u32 %p1, %i, 32;\n@%p1 bra W;\n{arrive}\nbra E;\n\
             W:\nbarrier.sync 3, 96;\nld.shared.u32 %r1, [%r2+256];\nst.global.u32 [%d0], %r1;\nE:"
        );
        let out = run(&body, 96, &[0; 96]);
        assert!((0..32).all(|i| out[i as usize] == i + 64), "{arrive}");
    }
    let body = format!(
        "{PLACE}setp.lt.u32 %p2, %i, 40;\nbarrier.red.popc.u32 %r3, 0, %p2;\nbarrier.red.and.aligned.pred %p3, 0, %p2;\nbarrier.red.or.pred %p4, 0, %p2;\n\
         barrier.red.popc.aligned.u32 %r4, 0, !%p2;\nselp.u32 %r5, 1000, 0, %p3;\nselp.u32 %r6, 2000, 0, %p4;\nadd.u32 %r3, %r3, %r5;\nadd.u32 %r3, %r3, %r6;\n\
         st.global.v2.u32 [%d0], {{%r3, %r4}};"
    );
    assert!(run(&body, 96, &[0; 96]).iter().all(|&x| x == 2040 | 56 << 32));
    let body = format!(
        "{PLACE}bar.warp.sync -1;\nbrx.idx.uni %r1, T;\nT: .branchtargets A, B;\nA:\nmov.u32 %r2, 3;\nbra.uni E;\nB:\nmov.u32 %r2, 4;\nE:\nst.global.u32 [%d0], %r2;\nsetp.lt.u32 %p1, %i, 64;\n@%p1 ret.uni;\nst.global.u32 [%d0], 6;\nexit;"
    );
    let out = run(&format!("mov.u32 %r1, 0;\n{body}"), 96, &[0; 96]);
    assert!((0..96).all(|i| out[i] == if i < 64 { 3 } else { 6 }), "{out:?}");
}

#[test]
fn conversions_with_other_modes() {
    // To the nearest, ties away: up to tf32's 10 bits of fraction.
    let list: &[u64] =
        &[0x3f80_0000, 0x3f80_0fff, 0x3f80_1000, 0x3f80_3000, 0xbf80_1000, 0x0000_0001];
    check("cvt.rna.tf32.f32", "b32", &["f32"], &[list], |x| (x[0] + 0x1000) & 0xffff_e000);
    let relu: &[u64] = &[0x3f80_0000, 0xbf80_0000, 0xc2c8_0000, 0x42c8_0000];
    check("cvt.rn.relu.f16.f32", "f16", &["f32"], &[relu], |x| match x[0] {
        0x3f80_0000 => 0x3c00,
        0x42c8_0000 => 0x5640,
        _ => 0,
    });
    check("cvt.rz.relu.bf16.f32", "bf16", &["f32"], &[relu], |x| {
        if x[0] >> 31 == 1 { 0 } else { x[0] >> 16 }
    });
    for (mode, of) in [
        ("rni", f64::round_ties_even as fn(f64) -> f64),
        ("rzi", f64::trunc),
        ("rmi", f64::floor),
        ("rpi", f64::ceil),
    ] {
        let doubles: Vec<u64> =
            [0.5, -0.5, 1.5, 2.5, -2.5, 1e18, -0.0].iter().map(|x: &f64| x.to_bits()).collect();
        check(&format!("cvt.{mode}.f64.f64"), "f64", &["f64"], &[&doubles], |x| {
            of(g(x[0])).to_bits()
        });
    }
}

#[test]
fn tiles_are_stored_as_they_are_loaded() {
    for (count, names) in [("x1", "{%r1}"), ("x2", "{%r1, %r2}"), ("x4", "{%r1, %r2, %r3, %r4}")] {
        for (trans, space) in [("", ".shared"), (".trans", ".shared"), ("", ""), (".trans", "")] {
            // Without a space the address is a generic one.
            let at = if space.is_empty() { "%d1" } else { "%r8" };
            // Rows of 16 bytes at their own places; what comes back after a turn there and back is what was stored.
            let body = format!(
                ".shared .align 16 .b16 s[512];\nmov.u32 %r9, s;\nmad.lo.u32 %r8, %i, 16, %r9;\ncvt.u64.u32 %d1, %r8;\ncvta.shared.u64 %d1, %d1;\n\
                 mad.lo.u32 %r1, %i, 0x40004, 0x10000;\nadd.u32 %r2, %r1, 0x1000100;\nadd.u32 %r3, %r1, 0x2000200;\nadd.u32 %r4, %r1, 0x3000300;\n\
                 st.shared.v4.u32 [%r8], {{0, 0, 0, 0}};\nbar.sync 1;\nstmatrix.sync.aligned.m8n8.{count}{trans}{space}.b16 [{at}], {names};\nbar.sync 0;\n\
                 ld.shared.v4.u32 {{%r10, %r11, %r12, %r13}}, [%r8];\n\
                 mul.wide.u32 %d0, %i, 32;\nadd.s64 %d0, %d0, %data;\nst.global.v4.u32 [%d0], {{%r10, %r11, %r12, %r13}};\n\
                 ldmatrix.sync.aligned.m8n8.{count}{trans}{space}.b16 {names}, [{at}];\nst.global.v2.u32 [%d0+16], {{%r1, %r2}};"
            );
            let tiles = count[1..].parse::<usize>().unwrap();
            let out = run(&body, 32, &[0; 128]);
            let half = |lane: usize, k: usize| out[lane * 4 + k / 4] >> (16 * (k % 4)) & 0xffff;
            for row in 0..8 * tiles {
                for column in 0..8 {
                    // Register of tile t in lane l has row l / 4, columns 2 (l % 4) and the next; transposed, the other way round.
                    let (r, c) =
                        if trans.is_empty() { (row % 8, column) } else { (column, row % 8) };
                    let (lane, h, tile) = (r * 4 + c / 2, c % 2, row / 8);
                    let register = (lane as u64 * 0x4_0004 + 0x1_0000 + tile as u64 * 0x100_0100)
                        & 0xffff_ffff;
                    assert_eq!(
                        half(row, column),
                        register >> (16 * h) & 0xffff,
                        "{count}{trans} row {row} column {column}"
                    );
                }
            }
            for lane in 0..32 {
                assert_eq!(
                    out[lane * 4 + 2] & 0xffff_ffff,
                    lane as u64 * 0x4_0004 + 0x1_0000,
                    "{count}{trans} lane {lane}"
                );
            }
        }
    }
}

/// Products of 16 x 16 by `wmma`, in both layouts of each operand: small integers, which are exact.
#[test]
fn matrices_of_a_warp() {
    let half = |x: i64| -> u64 {
        let bits = (x as f32).to_bits();
        if x == 0 {
            0
        } else {
            u64::from(bits >> 16 & 0x8000 | ((bits >> 13) & 0x3ffff) - (112 << 10))
        }
    };
    let a = |row: usize, column: usize| ((row * 7 + column * 3) % 9) as i64 - 4;
    let b = |row: usize, column: usize| ((row * 5 + column * 11) % 7) as i64 - 3;
    let names =
        |from: usize| (from..from + 8).map(|i| format!("%r{i}")).collect::<Vec<_>>().join(", ");
    for (first, second) in [("row", "col"), ("col", "row")] {
        let shape = "sync.aligned.m16n16k16";
        let body = format!(
            "add.s64 %d1, %data, 512;\nadd.s64 %d2, %data, 1024;\n\
             wmma.load.a.sync.aligned.{first}.m16n16k16.global.f16 {{{}}}, [%data], 16;\nwmma.load.b.sync.aligned.{second}.m16n16k16.global.f16 {{{}}}, [%d1], 16;\n\
             wmma.load.c.sync.aligned.row.m16n16k16.global.f32 {{{}}}, [%d2], 16;\n\
             wmma.mma.{}.{first}.{second}.m16n16k16.f32.f32 {{{}}}, {{{}}}, {{{}}}, {{{}}};\n\
             wmma.store.d.sync.aligned.row.m16n16k16.global.f32 [%d2], {{{}}}, 16;",
            names(0),
            names(8),
            names(16),
            &shape[..12],
            names(16),
            names(0),
            names(8),
            names(16),
            names(16)
        );
        let mut halves = vec![0_u64; 512];
        for i in 0..16 {
            for j in 0..16 {
                let at = |layout: &str, row: usize, column: usize| {
                    if layout == "row" { row * 16 + column } else { column * 16 + row }
                };
                halves[at(first, i, j)] = half(a(i, j));
                halves[256 + at(second, i, j)] = half(b(i, j));
            }
        }
        let mut data: Vec<u64> =
            halves.chunks(4).map(|x| x[0] | x[1] << 16 | x[2] << 32 | x[3] << 48).collect();
        data.extend(
            (0..128).map(|_| u64::from(2.0_f32.to_bits()) | u64::from(2.0_f32.to_bits()) << 32),
        );
        let out = run(&body, 32, &data);
        for i in 0..16 {
            for j in 0..16 {
                let word = out[128 + (i * 16 + j) / 2] >> (32 * (j % 2)) & 0xffff_ffff;
                let sum = 2 + (0..16).map(|k| a(i, k) * b(k, j)).sum::<i64>();
                assert_eq!(f(word), sum as f32, "{first} {second} row {i} column {j}");
            }
        }
    }
}
