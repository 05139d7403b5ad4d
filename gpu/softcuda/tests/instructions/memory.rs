use crate::harness::{kernel, run, run_text};
use softcuda::LaunchError;
use softcuda::machine::Fault;

#[test]
fn widths_and_signs() {
    let data = [0x8182_8384_8586_8788_u64, 0x0102_0304_0506_0708, 0, 0, 0, 0, 0, 0];
    let out = run(
        "ld.global.u8 %r1, [%data];\nld.global.s8 %r2, [%data+1];\nld.global.u16 %r3, [%data+2];\nld.global.s16 %r4, [%data+4];\n\
         ld.global.s8 %d1, [%data];\nld.global.u32 %d2, [%data+4];\nld.global.s32 %d3, [%data+4];\n\
         st.global.v4.u32 [%data+16], {%r1, %r2, %r3, %r4};\nst.global.v2.b64 [%data+32], {%d1, %d2};\nst.global.b64 [%data+48], %d3;\n\
         st.global.u8 [%data+56], %r3;\nst.global.u16 [%data+58], %r4;",
        1,
        &data,
    );
    assert_eq!(out[2], 0x88 | 0xffff_ff87 << 32);
    assert_eq!(out[3], 0x8586 | 0xffff_8384 << 32);
    assert_eq!(out[4], 0xffff_ffff_ffff_ff88);
    assert_eq!(out[5], 0x8182_8384);
    assert_eq!(out[6], 0xffff_ffff_8182_8384);
    assert_eq!(out[7], 0x8384_0086);
}

#[test]
fn shared_local_and_generic() {
    let out = run(
        ".shared .align 8 .b8 s[256];\n.local .align 8 .b8 l[16];\n\
         mul.lo.u32 %r1, %i, 8;\nmov.u32 %r2, s;\nadd.u32 %r3, %r2, %r1;\nst.shared.u32 [%r3], %i;\nst.shared.u32 [%r3+4], 7;\n\
         bar.sync 0;\nxor.b32 %r4, %r1, 8;\nadd.u32 %r4, %r4, %r2;\nld.shared.v2.u32 {%r5, %r6}, [%r4];\n\
         mov.u64 %d1, l;\ncvta.local.u64 %d2, %d1;\nst.u32 [%d2], %r5;\nst.local.u32 [l+4], %r6;\nld.local.b64 %d3, [%d1];\n\
         cvt.u64.u32 %d4, %r4;\ncvta.shared.u64 %d4, %d4;\nisspacep.shared %p1, %d4;\nisspacep.local %p2, %d2;\nisspacep.global %p3, %data;\n\
         ld.u32 %r7, [%d4];\nadd.u32 %r7, %r7, 100;\n@%p1 add.u32 %r7, %r7, 1000;\n@%p2 add.u32 %r7, %r7, 10000;\n@%p3 add.u32 %r7, %r7, 100000;\n\
         mul.wide.u32 %d5, %i, 16;\nadd.s64 %d5, %d5, %data;\nst.u64 [%d5], %d3;\nst.global.u32 [%d5+8], %r7;",
        32,
        &[0; 64],
    );
    for i in 0..32_u64 {
        assert_eq!(out[i as usize * 2], (i ^ 1) | 7 << 32);
        assert_eq!(out[i as usize * 2 + 1], (i ^ 1) + 111_100);
    }
}

#[test]
fn atomic_operations() {
    // All threads on one word; what each saw before must be different numbers.
    let out = run(
        "atom.global.add.u32 %r1, [%data], 1;\nred.global.max.s32 [%data+8], %i;\nred.global.or.b32 [%data+16], 6;\n\
         atom.global.inc.u32 %r2, [%data+24], 9;\natom.global.dec.u32 %r2, [%data+32], 4;\n\
         atom.global.add.f32 %f1, [%data+40], 0f3F000000;\natom.global.add.f64 %g1, [%data+48], 0d3FE0000000000000;\n\
         atom.global.cas.b64 %d1, [%data+56], 5, 8;\nred.global.add.noftz.f16x2 [%data+64], %r9;\natom.global.exch.b32 _, [%data+72], 3;\n\
         mul.wide.u32 %d2, %r1, 8;\nadd.s64 %d2, %d2, %data;\nst.global.u64 [%d2+80], 1;",
        64,
        &[0, 0xffff_fff0, 1, 0, 0, 0, 0, 5, 0x3c00_3c00, 0]
            .into_iter()
            .chain([0; 64])
            .collect::<Vec<u64>>(),
    );
    assert_eq!(out[0], 64);
    assert_eq!(out[1], 63);
    assert_eq!(out[2], 7);
    assert_eq!(out[3], 64 % 10);
    assert_eq!(out[4], (0..64).fold(0, |x, _| if x == 0 || x > 4 { 4 } else { x - 1 }));
    assert_eq!(f32::from_bits(out[5] as u32), 32.0);
    assert_eq!(f64::from_bits(out[6]), 32.0);
    assert_eq!(out[7], 8);
    assert_eq!(out[9], 3);
    assert!(out[10..].iter().all(|&x| x == 1));
    let out = run(
        ".shared .b32 s;\nst.shared.u32 [s], 0;\nbar.sync 0;\natom.shared.add.u32 %r1, [s], %i;\nbar.sync 0;\n\
                   ld.shared.u32 %r2, [s];\nst.global.u32 [%data], %r2;",
        96,
        &[0],
    );
    assert_eq!(out[0], (0..96).sum::<u64>());
}

#[test]
fn asynchronous_copies_happen_when_they_are_waited_for() {
    let out = run(
        ".shared .align 16 .b8 s[64];\nst.shared.u32 [s], 1;\nst.shared.u32 [s+16], 2;\nst.shared.u32 [s+20], 2;\nmov.u32 %r1, s;\n\
         cp.async.ca.shared.global [%r1], [%data], 4;\ncp.async.commit_group;\n\
         cp.async.cg.shared.global [%r1+16], [%data+16], 16, 4;\ncp.async.commit_group;\n\
         ld.shared.u32 %r2, [s];\ncp.async.wait_group 1;\nld.shared.u32 %r3, [s];\nld.shared.u32 %r4, [s+16];\n\
         cp.async.wait_all;\nld.shared.v2.u32 {%r5, %r6}, [s+16];\n\
         st.global.v4.u32 [%data], {%r2, %r3, %r4, %r5};\nst.global.u32 [%data+16], %r6;",
        1,
        &[77, 0, 88 | 99 << 32, 0],
    );
    assert_eq!(out[..2], [1 | 77 << 32, 2 | 88 << 32]);
    assert_eq!(out[2] & 0xffff_ffff, 0, "bytes past the source's size are zero");
}

fn fault(body: &str, threads: u32, words: usize) -> (Fault, String) {
    match run_text(&kernel(body), threads, &vec![0; words]) {
        Err(LaunchError::Fault { place, fault }) => (fault, place.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_accesses_are_found() {
    let (found, place) = fault(
        "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %d0, %data;\nst.global.u32 [%d0], 1;",
        40,
        33,
    );
    assert!(matches!(found, Fault::OutOfBounds { size: 4, .. }), "{found}");
    assert!(found.to_string().contains("0 bytes past the end of allocation 0"), "{found}");
    assert!(
        place.contains("kernel k, block (0,0,0), thread (33,0,0), `st.global.u32` at PTX line"),
        "{place}"
    );
    let (found, _) = fault("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%data+8];", 1, 8);
    assert!(matches!(found, Fault::Misaligned { align: 16, .. }), "{found}");
    let (found, _) = fault("ld.global.u32 %r1, [%data+-4];", 1, 8);
    assert!(found.to_string().contains("4 bytes before allocation 0"), "{found}");
    let (found, _) = fault(".shared .b32 s[4];\nmov.u32 %r1, s;\nst.shared.u32 [%r1+16], 1;", 1, 8);
    assert!(found.to_string().contains("there are 16 bytes"), "{found}");
    let (found, _) = fault(".local .b32 l[4];\nst.local.u32 [l+16], 1;", 1, 8);
    assert!(matches!(found, Fault::OutOfBounds { .. }), "{found}");
    let (found, _) = fault("ld.u32 %r1, [0];", 1, 8);
    assert!(matches!(found, Fault::OutOfBounds { address: 0, .. }), "{found}");
    let (found, _) = fault("mov.u64 %d1, 3;\natom.global.add.u32 %r1, [%d1], 1;", 1, 8);
    assert!(matches!(found, Fault::Misaligned { .. }), "{found}");
    let text = kernel("st.global.u32 [c], 1;").replace(".visible", ".const .b32 c = 5;\n.visible");
    let found = run_text(&text, 1, &[0]).unwrap_err();
    assert!(found.to_string().contains("write of 4 bytes to constant memory"), "{found}");
}

#[test]
fn traffic_is_counted() {
    let totals = |body: &str| run_text(&kernel(body), 32, &[0; 1024]).unwrap().1.totals();
    for (stride, sectors) in [(4, 4), (8, 8), (32, 32), (128, 32), (0, 1)] {
        let t = totals(&format!(
            "mul.wide.u32 %d0, %i, {stride};\nadd.s64 %d0, %d0, %data;\nld.global.u32 %r1, [%d0];"
        ));
        assert_eq!(
            (t.global_requests, t.global_sectors, t.global_bytes),
            (1, sectors, 128),
            "{stride}"
        );
    }
    // Backwards, and two far apart.
    let t = totals(
        "sub.u32 %r1, 31, %i;\nmul.wide.u32 %d0, %r1, 4;\nadd.s64 %d0, %d0, %data;\nst.global.u32 [%d0], 1;",
    );
    assert_eq!(t.global_sectors, 4);
    for (stride, passes) in [(4, 1), (8, 2), (16, 4), (128, 32), (132, 1), (0, 1)] {
        let t = totals(&format!(
            ".shared .b32 s[1100];\nmul.lo.u32 %r1, %i, {stride};\nmov.u32 %r2, s;\nadd.u32 %r1, %r1, %r2;\nld.shared.u32 %r3, [%r1];"
        ));
        assert_eq!(
            (t.shared_requests, t.shared_passes, t.shared_ideal_passes),
            (1, passes, 1),
            "{stride}"
        );
    }
    for (vector, size, passes) in [("v2", 8, 2), ("v4", 16, 4)] {
        let names = if size == 8 { "{%r4, %r5}" } else { "{%r4, %r5, %r6, %r7}" };
        let t = totals(&format!(
            ".shared .align 16 .b32 s[128];\nmul.lo.u32 %r1, %i, {size};\nmov.u32 %r2, s;\nadd.u32 %r1, %r1, %r2;\nld.shared.{vector}.u32 {names}, [%r1];"
        ));
        assert_eq!((t.shared_passes, t.shared_ideal_passes), (passes, passes), "{vector}");
    }
    let t = totals("red.global.add.u32 [%data], 1;");
    assert_eq!((t.atomic_requests, t.atomic_rounds, t.global_sectors), (1, 32, 1));
    let t = totals("setp.lt.u32 %p1, %i, 8;\n@%p1 mov.u32 %r1, 1;\nfma.rn.f32 %f1, %f1, %f1, %f1;");
    assert_eq!((t.warp_instructions, t.thread_instructions, t.flops), (6, 5 * 32 + 8, 64));
}

#[test]
fn moves_join_and_split() {
    let out = run(
        "ld.global.b64 %d1, [%data];\nmov.b64 {%r1, %r2}, %d1;\nmov.b64 %d2, {%r2, %r1};\nmov.b32 {%h1, %h2}, %r1;\nmov.b32 %r3, {%h2, %h1};\n\
         mov.b64 {%h3, %h4, %h5, %h6}, %d1;\nmov.b64 %d3, {%h6, %h5, %h4, %h3};\nst.global.b64 [%data], %d2;\nst.global.b32 [%data+8], %r3;\nst.global.b64 [%data+16], %d3;",
        1,
        &[0x0123_4567_89ab_cdef, 0, 0],
    );
    assert_eq!(out, [0x89ab_cdef_0123_4567, 0xcdef_89ab, 0xcdef_89ab_4567_0123]);
}
