//! Waiting is no work: however often threads look whether others are done, counters and predictions stay the same.

use crate::args;
use crate::host::{Host, module};
use softcuda::count::Totals;
use softcuda::profile::{self, Options, Profile};
use softcuda::{Arg, Device, Dim, Kernel, LaunchOptions, Module, Statistics};

fn kernel(body: &str) -> Kernel {
    let text = format!(
        ".version 8.0\n.target sm_80\n.address_size 64\n\
         .visible .entry k(.param .u64 p, .param .s32 n) {{\n\
         .reg .pred %p<8>;\n.reg .b32 %r<16>;\n.reg .b64 %d<8>;\n\
         .shared .b32 s[64];\n\
         .reg .b32 %t, %cta, %ctas;\nmov.u32 %t, %tid.x;\nmov.u32 %cta, %ctaid.x;\n\
         mov.u32 %ctas, %nctaid.x;\n.reg .b64 %data;\n.reg .b32 %n;\n\
         ld.param.u64 %data, [p];\nld.param.s32 %n, [n];\n{body}\nret;\n}}\n"
    );
    Module::load(&text).unwrap_or_else(|e| panic!("{e}\n{text}")).kernel("k").unwrap()
}

fn run(
    host: &Host,
    kernel: &Kernel,
    shape: (u32, u32),
    args: &[Arg],
    workers: usize,
    cooperative: bool,
) -> Statistics {
    let device: Device = host.0.clone().with_workers(workers.try_into().unwrap());
    let options = LaunchOptions { cooperative, ..LaunchOptions::default() };
    kernel.launch_with(&device, shape.0, shape.1, args, &options).unwrap()
}

fn profiled(host: &Host, kernel: &Kernel, shape: (u32, u32), args: &[Arg]) -> Profile {
    let (grid, block): (Dim, Dim) = (shape.0.into(), shape.1.into());
    let (plain, options) = (LaunchOptions::default(), Options::default());
    profile::launch(kernel, &host.0, grid, block, args, &plain, &options).unwrap()
}

fn warps(totals: Totals) -> u64 {
    totals.warp_instructions
}

/// Each block waits for the flag of the block `n` after it, if there is one, and raises its own.
const FLAGS: &str = "
    add.s32 %r1, %cta, %n;
    setp.ge.u32 %p1, %r1, %ctas;
    @%p1 bra RAISE;
    mul.wide.s32 %d1, %r1, 4;
    add.s64 %d1, %data, %d1;
    LOOK:
    LOAD
    setp.eq.s32 %p2, %r2, 0;
    @%p2 bra LOOK;
    RAISE:
    mul.wide.u32 %d2, %cta, 4;
    add.s64 %d2, %data, %d2;
    mov.u32 %r3, 1;
    st.volatile.global.u32 [%d2], %r3;";

/// Blocks that wait for those that come later go round and round; those that wait for earlier ones never do.
#[test]
fn predictions_do_not_depend_on_how_often_threads_looked() {
    let host = Host::new();
    for load in [
        "ld.volatile.global.u32 %r2, [%d1];",
        "ld.acquire.gpu.global.u32 %r2, [%d1];",
        "ld.relaxed.gpu.global.u32 %r2, [%d1]; nanosleep.u32 20;",
        "atom.global.add.u32 %r2, [%d1], 0;",
        "atom.global.cas.b32 %r2, [%d1], 7, 8;",
        // Rounds with a branch in them, that lanes take and leave.
        "and.b32 %r4, %t, 1;\nsetp.ne.s32 %p3, %r4, 0;\n@%p3 bra PAST;\nmov.u32 %r5, 3;\nPAST:\n\
         ld.volatile.global.u32 %r2, [%d1];",
        // Plain loads beside the poll, and a vote.
        "ld.global.u32 %r6, [%d1];\nld.volatile.global.u32 %r2, [%d1];\nsetp.ne.s32 %p4, %r2, 0;\n\
         vote.sync.all.pred %p5, %p4, -1;\nselp.s32 %r2, 1, 0, %p5;",
    ] {
        let kernel = kernel(&FLAGS.replace("LOAD", load));
        let profile = |n: i32| {
            let flags = host.put(&[0_u32; 64]);
            profiled(&host, &kernel, (4, 64), args![flags, n])
        };
        let (before, after) = (profile(-1), profile(1));
        assert_eq!(before.statistics.waiting(), Totals::default(), "{load}");
        let waiting = after.statistics.waiting();
        assert!(warps(waiting) > 100, "{load}: {waiting:?}");
        assert_eq!(before.statistics.totals(), after.statistics.totals(), "{load}");
        assert_eq!(before.traffic, after.traffic, "{load}");
        assert_eq!(before.footprint, after.footprint, "{load}");
        for (before, after) in before.gpus.iter().zip(&after.gpus) {
            assert_eq!(before.predicted, after.predicted, "{load}");
        }
    }
}

/// One thread of each warp goes on, takes a lock, adds 1 to what it guards, pauses, and gives it back.
const LOCK: &str = "
    and.b32 %r1, %t, 31;
    setp.ne.s32 %p1, %r1, 0;
    @%p1 exit;
    LOOK:
    atom.global.TAKE
    setp.ne.s32 %p2, %r2, 0;
    @%p2 bra LOOK;
    fence.acq_rel.gpu;
    ld.volatile.global.u32 %r3, [%data+4];
    add.s32 %r3, %r3, 1;
    nanosleep.u32 100;
    st.volatile.global.u32 [%data+4], %r3;
    fence.acq_rel.gpu;
    atom.global.exch.b32 %r4, [%data], 0;";

#[test]
fn spinning_for_a_lock_is_waiting() {
    let host = Host::new();
    for take in ["cas.b32 %r2, [%data], 0, 1;", "exch.b32 %r2, [%data], 1;"] {
        let kernel = kernel(&LOCK.replace("TAKE", take));
        let mut totals = Vec::new();
        // One warp alone never waits; of a block, all but one do.
        let mut waited = Vec::new();
        for (shape, workers) in [((24, 32), 1), ((24, 32), 2), ((3, 256), 1), ((3, 256), 3)] {
            let data = host.put(&[0_u32; 2]);
            let done = run(&host, &kernel, shape, args![data, 0_i32], workers, false);
            assert_eq!(host.get::<u32>(data, 2), [0, 24]);
            totals.push(done.totals());
            waited.push(warps(done.waiting()));
        }
        assert!(totals.iter().all(|it| *it == totals[0]), "{take}: {totals:?}");
        assert!(waited[2] > 50, "{take}: {waited:?}");
    }
}

/// What looks like waiting and is not.
#[test]
fn rounds_that_do_something_are_work() {
    let host = Host::new();
    let look = |body: &str| {
        let kernel = kernel(&format!("mov.u32 %r1, 0;\nmov.u64 %d1, %data;\n{body}"));
        // A list of eight, the last one of which is its own next.
        let data = host.put(&[0_u64; 16]);
        let list: Vec<u64> = (0..8).map(|i| data + 8 * (i + 1).min(7)).collect();
        let bytes: Vec<u8> = list.iter().flat_map(|word| word.to_le_bytes()).collect();
        host.0.memory().write(data, &bytes).unwrap();
        run(&host, &kernel, (1, 32), args![data, 5_i32], 1, false).waiting()
    };
    // Bounded tries; words taken from a list that others write; a sum of what was read; a store.
    for body in [
        "LOOK: ld.volatile.global.u32 %r2, [%data];\nadd.s32 %r1, %r1, 1;\n\
         setp.lt.s32 %p1, %r1, 20;\n@%p1 bra LOOK;",
        "LOOK: ld.volatile.global.u32 %r2, [%data];\nadd.s32 %r3, %r1, 1;\nmov.u32 %r1, %r3;\n\
         setp.lt.s32 %p1, %r1, 20;\n@%p1 bra LOOK;",
        "LOOK: mov.u64 %d2, %d1;\nld.volatile.global.u64 %d1, [%d2];\nsetp.ne.s64 %p1, %d1, %d2;\n\
         @%p1 bra LOOK;",
        "LOOK: atom.shared.add.u32 %r2, [s], 1;\nsetp.lt.s32 %p1, %r2, 200;\n@%p1 bra LOOK;",
        "LOOK: ld.volatile.global.u32 %r2, [%data];\nred.shared.add.u32 [s], 1;\n\
         ld.volatile.shared.u32 %r3, [s];\nsetp.lt.s32 %p1, %r3, 200;\n@%p1 bra LOOK;",
        "st.shared.u32 [s], %r1;\nLOOK: ld.volatile.shared.u32 %r2, [s];\nadd.s32 %r3, %r2, 1;\n\
         st.shared.u32 [s], %r3;\nsetp.lt.s32 %p1, %r3, 20;\n@%p1 bra LOOK;",
    ] {
        assert_eq!(look(body), Totals::default(), "{body}");
    }
}

/// `grid.sync()` of a cooperative launch, and the decoupled look-back of a scan, with whatever number of workers.
#[test]
fn scans_are_the_same_work_however_they_waited() {
    let host = Host::new();
    let n = 30 * 1792_usize;
    let input = host.put(&vec![1_u32; n]);
    let mut totals = Vec::new();
    let mut waited = 0;
    let kernel = module("scan").kernel("scan_look_back_u32").unwrap();
    for workers in [1, 2, 3, 2] {
        let (out, status, ticket) =
            (host.room::<u32>(n), host.put(&[0_u64; 30]), host.put(&[0_u32]));
        let args = args![input, out, status, ticket, n as i64];
        let done = run(&host, &kernel, (30, 256), args, workers, false);
        assert_eq!(host.get::<u32>(out, n)[n - 1], n as u32);
        println!("look-back, {workers} workers: {} waiting", warps(done.waiting()));
        totals.push(done.totals());
    }
    assert!(totals.iter().all(|it| *it == totals[0]), "{totals:?}");
    let kernel = module("scan").kernel("scan_cooperative_u32").unwrap();
    let mut all = Vec::new();
    for workers in [1, 1, 2, 3] {
        let (out, sums) = (host.room::<u32>(n), host.room::<u32>(9));
        let args = args![input, out, sums, n as i64];
        let done = run(&host, &kernel, (9, 256), args, workers, true);
        assert_eq!(host.get::<u32>(out, n)[n - 1], n as u32);
        println!("cooperative, {workers} workers: {} waiting", warps(done.waiting()));
        waited = waited.max(warps(done.waiting()));
        all.push(done);
    }
    assert_eq!(all[0].totals(), all[1].totals());
    // A thread that waits for the grid parts from its warp until they next meet; of a block that all others came before none waits. How many those are
    // depends on who runs when, so that an instruction may be run by up to a warp more for each block. What threads do is the same.
    let of_threads =
        |it: &Totals| Totals { warp_instructions: 0, global_requests: 0, global_sectors: 0, ..*it };
    let of_warps = |it: &Totals| [it.warp_instructions, it.global_requests, it.global_sectors];
    for other in &all[1..] {
        for (one, other) in all[0].instructions().zip(other.instructions()) {
            assert_eq!(of_threads(&one.totals), of_threads(&other.totals), "{}", one.opcode);
            for (one_count, count) in of_warps(&one.totals).into_iter().zip(of_warps(&other.totals))
            {
                assert!(one_count.abs_diff(count) <= 9, "{one:?} {other:?}");
            }
        }
    }
    assert!(waited > 0);
}
