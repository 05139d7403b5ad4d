use crate::harness::{kernel, load, record, run, run_text};
use softcuda::{Arg, Device, LaunchError, LaunchOptions, LoadError, Module};
use std::sync::Mutex;

const PLACE: &str = "mul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\n";

#[test]
fn lanes_part_and_meet() {
    // Collatz steps: every lane leaves the loop at another time, and branches within it.
    let body = format!(
        "{PLACE}add.u32 %r1, %i, 1;\nmov.u32 %r2, 0;\nL:\nsetp.eq.u32 %p1, %r1, 1;\n@%p1 bra D;\nadd.u32 %r2, %r2, 1;\nand.b32 %r3, %r1, 1;\n\
         setp.eq.u32 %p2, %r3, 0;\n@%p2 bra E;\nmad.lo.u32 %r1, %r1, 3, 1;\nbra L;\nE:\nshr.u32 %r1, %r1, 1;\nbra.uni L;\nD:\n\
         activemask.b32 %r4;\nst.global.v2.u32 [%d0], {{%r2, %r4}};"
    );
    let out = run(&body, 64, &[0; 64]);
    for (i, found) in out.iter().enumerate() {
        let (mut n, mut steps) = (i as u64 + 1, 0);
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        assert_eq!(*found, steps | 0xffff_ffff << 32, "{i}: all lanes have met again");
    }
}

#[test]
fn lanes_that_part_keep_their_registers() {
    // Half of the lanes have a wide value, the others narrow ones, while both go round loops by turns.
    let narrow = (1..9).map(|k| format!("mad.lo.u32 %r{k}, %r9, {k}, %i;\n")).collect::<String>();
    let sum = (2..9).map(|k| format!("add.u32 %r1, %r1, %r{k};\n")).collect::<String>();
    let body = format!(
        "{PLACE}mov.u32 %r9, 0;\nsetp.ge.u32 %p1, %i, 16;\n@%p1 bra N;\n\
         mul.wide.u32 %d1, %i, 0x10001;\nmul.lo.u64 %d2, %d1, 3;\nW:\nadd.u32 %r9, %r9, 1;\nsetp.lt.u32 %p2, %r9, 2000;\n@%p2 bra W;\n\
         add.u64 %d3, %d1, %d2;\nst.global.u64 [%d0], %d3;\nbra E;\n\
         N:\nadd.u32 %r9, %r9, 1;\n{narrow}setp.lt.u32 %p2, %r9, 2000;\n@%p2 bra N;\n\
         {sum}st.global.u32 [%d0], %r1;\nE:"
    );
    for (i, found) in run(&body, 32, &[0; 32]).into_iter().enumerate() {
        let i = i as u64;
        assert_eq!(found, if i < 16 { 4 * 0x10001 * i } else { 36 * 2000 + 8 * i }, "lane {i}");
    }
}

#[test]
fn tables_of_targets() {
    let body = format!(
        "{PLACE}and.b32 %r1, %i, 3;\nT: .branchtargets A, B, C, A;\nbrx.idx %r1, T;\nA:\nmov.u32 %r2, 10;\nbra D;\nB:\nmov.u32 %r2, 20;\nbra D;\nC:\n\
         mov.u32 %r2, 30;\nD:\nactivemask.b32 %r4;\nst.global.v2.u32 [%d0], {{%r2, %r4}};"
    );
    let out = run(&body, 32, &[0; 32]);
    for (i, found) in out.iter().enumerate() {
        assert_eq!(*found, [10, 20, 30, 10][i % 4] | 0xffff_ffff << 32);
    }
}

#[test]
fn a_lock_within_a_warp_is_no_deadlock() {
    // The lane with the lock waits where the loop ends for those that spin, until it is let go on.
    let body = "L:\natom.global.cas.b32 %r1, [%data], 0, 1;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra L;\n\
                ld.volatile.global.u32 %r2, [%data+8];\nadd.u32 %r2, %r2, 1;\nst.volatile.global.u32 [%data+8], %r2;\nmembar.gl;\n\
                atom.global.exch.b32 %r3, [%data], 0;";
    assert_eq!(run(body, 96, &[0, 0]), [0, 96]);
}

#[test]
fn barriers() {
    // Warp 0 works, the others wait for it at a barrier of their own number.
    let body = format!(
        "{PLACE}.shared .b32 s[4];\nshr.u32 %r1, %i, 5;\nsetp.ne.u32 %p1, %r1, 0;\n@%p1 bra W;\nst.shared.u32 [s], 42;\nbar.arrive 3, 96;\nbra E;\n\
         W:\nbar.sync 3, 96;\nE:\nbar.sync 0;\nld.shared.u32 %r2, [s];\n\
         setp.lt.u32 %p2, %i, 40;\nbar.red.popc.u32 %r3, 0, %p2;\nbar.red.and.pred %p3, 0, %p2;\nbar.red.or.pred %p4, 0, !%p2;\n\
         selp.u32 %r4, 1, 0, %p3;\nselp.u32 %r5, 2, 0, %p4;\nmad.lo.u32 %r3, %r3, 1000, %r2;\nadd.u32 %r4, %r4, %r5;\n\
         st.global.v2.u32 [%d0], {{%r3, %r4}};"
    );
    let out = run(&body, 96, &[0; 96]);
    assert!(out.iter().all(|&x| x == 40_042 | 2 << 32), "{out:x?}");
    // Threads that have exited are not waited for.
    let body = format!(
        "{PLACE}setp.ge.u32 %p1, %i, 32;\n@%p1 exit;\nbar.sync 0;\nst.global.u64 [%d0], 1;"
    );
    assert_eq!(run(&body, 64, &[0; 64]).iter().sum::<u64>(), 32);
}

#[test]
fn what_never_ends_is_stopped() {
    let device = Device::new(1 << 20);
    let data = device.memory().alloc(64).unwrap();
    let go = |body: &str, threads: u32| {
        let options = LaunchOptions { step_limit: Some(100_000), ..LaunchOptions::default() };
        record(body);
        load(&kernel(body)).unwrap().kernel("k").unwrap().launch_with(
            &device,
            1,
            threads,
            &[Arg::from(data)],
            &options,
        )
    };
    let error = go("L:\nbra L;", 32).unwrap_err();
    assert!(
        matches!(&error, LaunchError::StepLimit { places, .. } if places.len() == 1),
        "{error}"
    );
    assert!(
        error.to_string().contains("block (0,0,0) warp 0 lanes 0xffffffff running `bra`"),
        "{error}"
    );
    let error =
        go("setp.lt.u32 %p1, %i, 32;\n@%p1 bra A;\nbar.sync 1;\nA:\nbar.sync 2;", 64).unwrap_err();
    assert!(matches!(&error, LaunchError::Deadlock { .. }), "{error}");
    assert!(
        error.to_string().contains("warp 1 lanes 0xffffffff waiting at the barrier of `bar.sync`"),
        "{error}"
    );
    let error = go("trap;", 1).unwrap_err();
    assert!(error.to_string().starts_with("trap (kernel k"), "{error}");
}

const CALLS: &str = ".version 8.0\n.target sm_80\n.address_size 64\n\
    .extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n\
    .global .align 1 .b8 text[10] = {37, 100, 58, 37, 46, 49, 102, 10, 0};\n\
    .func (.param .b32 out) twice(.param .b32 x) {\n.reg .b32 %r<4>;\n.reg .pred %p;\nld.param.u32 %r1, [x];\nsetp.gt.u32 %p, %r1, 100;\n@%p bra B;\n\
    shl.b32 %r2, %r1, 1;\nst.param.b32 [out], %r2;\nret;\nB:\nst.param.b32 [out], %r1;\nret;\n}\n\
    .func (.reg .b32 out) more(.reg .b32 x) {\n.reg .b32 %r<4>;\n{\n.param .b32 a;\n.param .b32 b;\nst.param.b32 [a], x;\ncall.uni (b), twice, (a);\n\
    ld.param.b32 %r1, [b];\n}\nadd.u32 out, %r1, 1;\nret;\n}\n\
    .visible .entry k(.param .u64 p) {\n.reg .b32 %r<8>;\n.reg .b64 %d<8>;\n.reg .f64 %g;\n.reg .pred %q;\n.local .align 8 .b8 args[16];\nld.param.u64 %d1, [p];\n\
    mov.u32 %r1, %tid.x;\nmov.u32 %r2, 5;\nsetp.ne.u32 %q, %r1, 1;\nadd.u32 %r3, %r1, 99;\n@%q call (%r2), more, (%r3);\n\
    mul.wide.u32 %d2, %r1, 8;\nadd.s64 %d2, %d1, %d2;\ncvt.u64.u32 %d3, %r2;\nst.global.u64 [%d2], %d3;\n\
    st.local.u32 [args], %r1;\nmov.f64 %g, 0d3FF8000000000000;\nst.local.f64 [args+8], %g;\nmov.u64 %d4, args;\ncvta.local.u64 %d4, %d4;\n\
    mov.u64 %d5, text;\ncvta.global.u64 %d5, %d5;\n{\n.param .b64 a;\n.param .b64 b;\n.param .b32 c;\nst.param.b64 [a], %d5;\nst.param.b64 [b], %d4;\n\
    call.uni (c), vprintf, (a, b);\n}\nret;\n}\n";

#[test]
fn calls_and_printf() {
    let module = Module::load(CALLS).unwrap();
    record(CALLS);
    let device = Device::new(1 << 20);
    let data = device.memory().alloc(32).unwrap();
    let printed = Mutex::new(String::new());
    let print = |text: &str| printed.lock().unwrap().push_str(text);
    let options = LaunchOptions { print: Some(&print), ..LaunchOptions::default() };
    module.kernel("k").unwrap().launch_with(&device, 1, 4, &[Arg::from(data)], &options).unwrap();
    let mut out = [0; 32];
    device.memory().read(data, &mut out).unwrap();
    let words: Vec<u64> = out.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect();
    assert_eq!(words, [199, 5, 102, 103]);
    assert_eq!(*printed.lock().unwrap(), "0:1.5\n1:1.5\n2:1.5\n3:1.5\n");
}

#[test]
fn what_is_not_supported_is_refused_at_load() {
    let error = load(&kernel("nop.b32 %r1, %r2;")).unwrap_err();
    assert!(
        matches!(&error, LoadError::Unsupported { line: 15, opcode, .. } if opcode == "nop.b32"),
        "{error}"
    );
    let error = load(&kernel("add.s32 %r1, %r2;")).unwrap_err();
    assert!(error.to_string().contains("takes 3 operands, found 2"), "{error}");
    let error = load(&kernel("add.s64 %r1, %d1, %d2;")).unwrap_err();
    assert!(error.to_string().contains("does not fit"), "{error}");
    let error = load(&kernel("setp.lt.s32 %r1, %r2, %r3;")).unwrap_err();
    assert!(error.to_string().contains("predicate"), "{error}");
    let recursive = ".version 8.0\n.target sm_80\n.address_size 64\n.func f() {\ncall f, ();\nret;\n}\n.entry k() {\ncall f, ();\nret;\n}";
    let error = Module::load(recursive).unwrap_err();
    assert!(error.to_string().contains("recursion"), "{error}");
    let module = load(&kernel("")).unwrap();
    assert!(module.kernel("other").unwrap_err().to_string().contains("the module has k"));
}

#[test]
fn launches_are_checked() {
    let module = load(&kernel(".shared .b32 s[64];\nmov.u32 %r1, s;")).unwrap();
    let kernel = module.kernel("k").unwrap();
    let device = Device::new(1 << 20);
    let arg = [Arg::from(0_u64)];
    assert!(matches!(kernel.launch(&device, 1, 1025, 0, &arg), Err(LaunchError::Block { .. })));
    assert!(matches!(
        kernel.launch(&device, 1, (1, 1, 65), 0, &arg),
        Err(LaunchError::Block { .. })
    ));
    assert!(matches!(kernel.launch(&device, 1, 0, 0, &arg), Err(LaunchError::Block { .. })));
    assert!(matches!(
        kernel.launch(&device, (1, 65_536), 1, 0, &arg),
        Err(LaunchError::Grid { .. })
    ));
    assert!(matches!(kernel.launch(&device, 0, 1, 0, &arg), Err(LaunchError::Grid { .. })));
    assert!(matches!(
        kernel.launch(&device, 1, 1, 163 << 10, &arg),
        Err(LaunchError::Shared { fixed: 256, .. })
    ));
    assert!(matches!(kernel.launch(&device, 1, 1, 0, &[]), Err(LaunchError::ArgumentCount { .. })));
    let error = kernel.launch(&device, 1, 1, 0, &[Arg::from(0_u32)]).unwrap_err();
    assert!(error.to_string().contains("argument 0 has 4 bytes, parameter p has 8"), "{error}");
    let options = LaunchOptions { cooperative: true, ..LaunchOptions::default() };
    let error = kernel.launch_with(&device, 10_000, 1024, &arg, &options).unwrap_err();
    assert!(matches!(error, LaunchError::Cooperative { .. }), "{error}");
    assert!(kernel.launch(&device, 1, 1, 0, &arg).is_ok());
}

#[test]
fn special_registers() {
    let body = "mov.u32 %r1, %laneid;\nmov.u32 %r2, %warpid;\nmov.u32 %r3, %lanemask_lt;\nmov.u32 %r4, %ntid.x;\nmov.u32 %r5, %nctaid.z;\n\
                mad.lo.u32 %r1, %r2, 100, %r1;\nadd.u32 %r3, %r3, %r4;\nmul.wide.u32 %d0, %i, 8;\nadd.s64 %d0, %data, %d0;\nst.global.v2.u32 [%d0], {%r1, %r3};";
    let out = run_text(&kernel(body), 40, &[0; 40]).unwrap().0;
    for (i, found) in out.iter().enumerate() {
        let lane = i as u64 % 32;
        assert_eq!(*found, (i as u64 / 32 * 100 + lane) | ((1 << lane) - 1 + 40) << 32);
    }
}
