//! Thread instructions a second by kernel, on one core: `cargo run --release -p softcuda --example speed [KERNEL]`.
//!
//! With `--check LIST` (as in `SOFTCUDA_CHECK`), also what these checks cost.
//!
//! By the time that the thread had a core, where the system tells it (Linux): others' load does not count.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program to run by hand"
)]

use softcuda::sanitize::{Checks, launch, prepare};
use softcuda::{Arg, Device, Dim, LaunchOptions, Module};
use std::num::NonZero;
use std::time::Instant;

struct Case {
    file: &'static str,
    kernel: &'static str,
    grid: Dim,
    block: Dim,
    args: Vec<Arg>,
}

/// Seconds that this thread has run, or else that have passed.
fn now(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let ran = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    ran.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let begin = Instant::now();
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mut checks = Checks::NONE;
    if let Some(at) = words.iter().position(|word| word == "--check") {
        checks = words.get(at + 1).expect("--check takes a list").parse().unwrap();
        words.drain(at..at + 2);
    }
    let only = words.into_iter().next();
    let device = Device::new(1 << 30).with_workers(NonZero::<usize>::MIN);
    prepare(&device, checks);
    let floats = |n: usize| {
        let bytes: Vec<u8> = (0..n).flat_map(|i| ((i % 97) as f32 / 97.0).to_le_bytes()).collect();
        let address = device.memory().alloc(bytes.len() as u64).unwrap();
        device.memory().write(address, &bytes).unwrap();
        Arg::from(address)
    };
    let n = 1 << 20;
    let (a, b, c) = (floats(n), floats(n), floats(n));
    let size = |n: i64| Arg::from(n);
    let side = |n: i32| Arg::from(n);
    let matmul = |kernel, grid: (u32, u32), block: Dim| Case {
        file: "matmul",
        kernel,
        grid: grid.into(),
        block,
        args: vec![a.clone(), b.clone(), c.clone(), side(256), side(256), side(256)],
    };
    let cases = [
        Case {
            file: "vec_add",
            kernel: "vec_add_scalar",
            grid: 4096.into(),
            block: 256.into(),
            args: vec![a.clone(), b.clone(), c.clone(), size(n as i64)],
        },
        matmul("matmul_naive", (16, 16), (16, 16).into()),
        matmul("matmul_tiled_16", (16, 16), (16, 16).into()),
        matmul("matmul_tiled_32", (8, 8), (32, 32).into()),
        matmul("matmul_register_blocked", (2, 2), 256.into()),
        matmul("matmul_vectorised", (2, 2), 256.into()),
        matmul("matmul_cp_async", (2, 2), 256.into()),
        Case {
            file: "reduction",
            kernel: "reduce_shuffle",
            grid: 2048.into(),
            block: 256.into(),
            args: vec![a.clone(), c.clone(), size(n as i64)],
        },
        Case {
            file: "reduction",
            kernel: "reduce_sequential",
            grid: 2048.into(),
            block: 256.into(),
            args: vec![a.clone(), c.clone(), size(n as i64)],
        },
        Case {
            file: "gelu",
            kernel: "gelu_tanh_f32",
            grid: 4096.into(),
            block: 256.into(),
            args: vec![a.clone(), c.clone(), size(n as i64)],
        },
    ];
    print!("{:28} {:>12} {:>9} {:>8}", "kernel", "thread ins", "ms", "M/s");
    println!("{}", if checks.any() { "   checked ms   times" } else { "" });
    for case in cases
        .iter()
        .filter(|case| only.as_ref().is_none_or(|only| case.kernel.contains(only.as_str())))
    {
        let path = format!("{}/../kernels/{}.ptx", env!("CARGO_MANIFEST_DIR"), case.file);
        let module = Module::load(&std::fs::read_to_string(path).unwrap()).unwrap();
        let kernel = module.kernel(case.kernel).unwrap();
        let mut best = f64::INFINITY;
        let mut count = 0;
        let options = LaunchOptions::default();
        let mut best_checked = f64::INFINITY;
        for _ in 0..7 {
            if checks.any() {
                let start = now(begin);
                let report =
                    launch(&kernel, &device, case.grid, case.block, &case.args, &options, checks);
                best_checked = best_checked.min(now(begin) - start);
                assert!(report.is_clean(), "{report}");
            }
            let start = now(begin);
            let done =
                kernel.launch_with(&device, case.grid, case.block, &case.args, &options).unwrap();
            best = best.min(now(begin) - start);
            count = done.totals().thread_instructions;
        }
        let rate = count as f64 / best / 1e6;
        print!("{:28} {count:>12} {:>9.2} {rate:>8.0}", case.kernel, best * 1e3);
        if checks.any() {
            print!(" {:>12.2} {:>7.2}", best_checked * 1e3, best_checked / best);
        }
        println!();
    }
}
