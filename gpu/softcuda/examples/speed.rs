//! Thread instructions a second by kernel, on one core: `cargo run --release -p softcuda --example speed [KERNEL]`.
//!
//! - `--check LIST` (as in `SOFTCUDA_CHECK`): also what these checks cost, launches with and without them in turns.
//! - `--rounds N`: so many launches of each; medians are shown.
//! - `--workers N`: so many cores, by the time that passes.
//!
//! With one worker, by the time that the thread had a core: others' load does not count, but for what it takes of the caches.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program to run by hand"
)]

use softcuda::sanitize::{Checks, launch, prepare};
use softcuda::{Arg, Device, Dim, LaunchOptions, Module};
use std::num::NonZero;

/// What a kernel is given.
#[derive(Clone, Copy)]
enum Given {
    /// An array of so many floats.
    Floats(usize),
    Long(i64),
    Int(i32),
}

struct Case {
    file: &'static str,
    kernel: &'static str,
    grid: Dim,
    block: Dim,
    given: Vec<Given>,
}

fn cases() -> Vec<Case> {
    let n = 1 << 20;
    let floats = Given::Floats(n);
    let case = |file, kernel, grid: Dim, block: Dim, given: &[Given]| {
        let given = given.to_vec();
        Case { file, kernel, grid, block, given }
    };
    let matmul = |kernel, grid: (u32, u32), block: Dim| {
        let side = Given::Int(256);
        let square = Given::Floats(256 * 256);
        case("matmul", kernel, grid.into(), block, &[square, square, square, side, side, side])
    };
    let size = Given::Long(n as i64);
    let three = [floats, floats, floats, size];
    let two = [floats, floats, size];
    vec![
        case("vec_add", "vec_add_scalar", 4096.into(), 256.into(), &three),
        case("vec_add", "vec_add_float4", 1024.into(), 256.into(), &three),
        matmul("matmul_naive", (16, 16), (16, 16).into()),
        matmul("matmul_tiled_16", (16, 16), (16, 16).into()),
        matmul("matmul_tiled_32", (8, 8), (32, 32).into()),
        matmul("matmul_register_blocked", (2, 2), 256.into()),
        matmul("matmul_vectorised", (2, 2), 256.into()),
        matmul("matmul_double_buffered", (2, 2), 256.into()),
        matmul("matmul_cp_async", (2, 2), 256.into()),
        case("reduction", "reduce_shuffle", 2048.into(), 256.into(), &two),
        case("reduction", "reduce_sequential", 2048.into(), 256.into(), &two),
        case("reduction", "reduce_interleaved", 4096.into(), 256.into(), &two),
        case("gelu", "gelu_tanh_f32", 4096.into(), 256.into(), &two),
    ]
}

/// The arguments, with arrays in the device's memory.
fn arguments(device: &Device, given: &[Given]) -> Vec<Arg> {
    let argument = |given: &Given| match *given {
        Given::Floats(n) => {
            let bytes: Vec<u8> =
                (0..n).flat_map(|i| ((i % 97) as f32 / 97.0).to_le_bytes()).collect();
            let address = device.memory().alloc(bytes.len() as u64).unwrap();
            device.memory().write(address, &bytes).unwrap();
            Arg::from(address)
        }
        Given::Long(n) => Arg::from(n),
        Given::Int(n) => Arg::from(n),
    };
    given.iter().map(argument).collect()
}

/// Seconds: that this thread has run, or that have passed.
fn now(one: bool) -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let clock = if one { ClockId::ThreadCPUTime } else { ClockId::Monotonic };
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn main() {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mut option = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        let value = words.get(at + 1).unwrap_or_else(|| panic!("{name} takes a value")).clone();
        words.drain(at..at + 2);
        Some(value)
    };
    let checks: Checks = option("--check").map_or(Checks::NONE, |list| list.parse().unwrap());
    let rounds: usize = option("--rounds").map_or(7, |n| n.parse().unwrap());
    let workers: NonZero<usize> =
        option("--workers").map_or(NonZero::<usize>::MIN, |n| n.parse().unwrap());
    let only = words.into_iter().next();
    // Two devices: after a launch that is not checked, all memory of its device counts as written.
    let device = || Device::new(1 << 30).with_workers(workers);
    print!("{:28} {:>12} {:>9} {:>8}", "kernel", "thread ins", "ms", "M/s");
    println!("{}", if checks.any() { "   checked ms   times" } else { "" });
    for case in cases()
        .iter()
        .filter(|case| only.as_ref().is_none_or(|only| case.kernel.contains(only.as_str())))
    {
        let (plain, checked) = (device(), device());
        prepare(&checked, checks);
        let path = format!("{}/../kernels/{}.ptx", env!("CARGO_MANIFEST_DIR"), case.file);
        let module = Module::load(&std::fs::read_to_string(path).unwrap()).unwrap();
        let kernel = module.kernel(case.kernel).unwrap();
        let (plain_args, args) = (arguments(&plain, &case.given), arguments(&checked, &case.given));
        let options = LaunchOptions::default();
        let one = workers.get() == 1;
        let (mut times, mut checked_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut count = 0;
        for _ in 0..rounds {
            let start = now(one);
            let done =
                kernel.launch_with(&plain, case.grid, case.block, &plain_args, &options).unwrap();
            times.push(now(one) - start);
            count = done.totals().thread_instructions;
            if checks.any() {
                let start = now(one);
                let report =
                    launch(&kernel, &checked, case.grid, case.block, &args, &options, checks);
                checked_times.push(now(one) - start);
                assert!(report.is_clean(), "{report}");
                ratios.push(checked_times[checked_times.len() - 1] / times[times.len() - 1]);
            }
        }
        let time = median(times);
        let rate = count as f64 / time / 1e6;
        print!("{:28} {count:>12} {:>9.2} {rate:>8.0}", case.kernel, time * 1e3);
        if checks.any() {
            print!(" {:>12.2} {:>7.2}", median(checked_times) * 1e3, median(ratios));
        }
        println!();
    }
}
