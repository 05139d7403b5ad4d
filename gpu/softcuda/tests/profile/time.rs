//! Predicted times: what they must say by their own model, and the ratios that the course asks for.

use crate::host::Host;
use crate::{args, run, run_warm};
use softcuda::profile::{self, Bound, Caches, Options, Prediction, Profile, Registers};
use softcuda::{Dim, LaunchOptions};

fn bound(predicted: &Prediction, bound: Bound) -> f64 {
    predicted.bounds.iter().find(|it| it.bound == bound).map_or(0.0, |it| it.seconds)
}

fn on<'p>(profile: &'p Profile, gpu: &str) -> &'p Prediction {
    profile.on(gpu).unwrap().predicted.as_ref().unwrap()
}

/// The tree of shuffles against the first tree in shared memory, with the array in the second cache: from DRAM, both take as long as
/// their bytes.
#[test]
fn shuffles_beat_the_naive_tree() {
    let host = Host::new();
    for (n, gpus) in [(1_u32 << 19, &["T4"][..]), (1 << 21, &["A100-80", "RTX 4090", "H100"])] {
        let (a, c) = (host.put(&vec![1.0_f32; n as usize]), host.room::<f32>(n as usize));
        let args = args![a, c, i64::from(n)];
        let reduce = |kernel: &str, blocks: u32| {
            let shape = (blocks.into(), 256.into());
            run_warm(&host, "reduction", kernel, shape, args, Caches::Warm)
        };
        let naive = reduce("reduce_interleaved", n / 256);
        let sequential = reduce("reduce_sequential", n / 512);
        let shuffle = reduce("reduce_shuffle", n / 512);
        for gpu in gpus {
            let seconds = |profile| on(profile, gpu).kernel_seconds;
            let ratio = seconds(&naive) / seconds(&shuffle);
            let small = seconds(&sequential) / seconds(&shuffle);
            println!("{gpu}: {n} floats: naive {ratio:.2}x, sequential {small:.2}x of shuffle");
            assert!(ratio >= 1.8, "{gpu}: {ratio}");
            assert!(small >= 1.0, "{gpu}: {small}");
            assert_eq!(bound(on(&naive, gpu), Bound::Dram), 0.0);
        }
    }
}

/// With few warps, chains of dependent instructions are what takes the time, and more chains take less.
#[test]
fn parallelism_hides_latency() {
    let host = Host::new();
    let n = 108 * 32_i64;
    let out = host.room::<f32>(n as usize);
    let time = |chains: u32| {
        let args = args![out, 0.5_f32, 1.0_f32, 200_i32, n];
        let shape = (108.into(), 32.into());
        run(&host, "occupancy", &format!("fma_ilp{chains}"), shape, args)
    };
    let (one, two, eight) = (time(1), time(2), time(8));
    for profile in [&one, &two] {
        assert_eq!(on(profile, "A100-80").bound, Bound::Latency);
    }
    // One warp a multiprocessor: 4 clocks an FMA, 1600 of them, and some more around.
    let clocks = bound(on(&one, "A100-80"), Bound::Latency) * 1.410e9;
    assert!((6400.0..6400.0 * 1.1).contains(&clocks), "{clocks}");
    let ratio = |profile| {
        bound(on(&one, "A100-80"), Bound::Latency) / bound(on(profile, "A100-80"), Bound::Latency)
    };
    assert!((ratio(&two) / 2.0 - 1.0).abs() < 0.1, "{}", ratio(&two));
    // No more than an instruction a clock.
    assert!((3.0..4.0).contains(&ratio(&eight)), "{}", ratio(&eight));
}

/// Half the occupancy makes twice the waves, and a grid that just does not fit makes one more.
#[test]
fn waves_are_whole() {
    let host = Host::new();
    let kernel = crate::host::module("occupancy").kernel("fma_ilp1").unwrap();
    let out = host.room::<f32>(1 << 20);
    let known = |_: &_| Registers::Known(16);
    let options = Options { registers: &known, ..Options::default() };
    let time = |blocks: u32, shared: u32| {
        let args = args![out, 0.5_f32, 1.0_f32, 8_i32, 1_i64 << 20];
        let with = LaunchOptions { shared, ..LaunchOptions::default() };
        let shape = (Dim::from(blocks), Dim::from(256));
        profile::launch(&kernel, &host.0, shape.0, shape.1, args, &with, &options).unwrap()
    };
    let latency = |profile: &Profile| bound(on(profile, "A100-80"), Bound::Latency);
    let full = time(8 * 108, 0);
    let more = time(8 * 108 + 1, 0);
    let half = time(8 * 108, 40 << 10);
    assert_eq!(full.on("A100-80").unwrap().occupancy.occupancy, 1.0);
    assert_eq!(half.on("A100-80").unwrap().occupancy.occupancy, 0.5);
    assert_eq!((on(&full, "A100-80").waves, on(&half, "A100-80").waves), (1.0, 2.0));
    assert!((latency(&more) / latency(&full) - 2.0).abs() < 1e-6);
    assert!((latency(&half) / latency(&full) - 2.0).abs() < 1e-6);
    // What fits nowhere has no time.
    let large = time(1, 100 << 10);
    assert!(large.on("T4").unwrap().predicted.is_none());
    assert_eq!(large.on("T4").unwrap().occupancy.blocks, 0);
    assert!(large.on("A100-80").unwrap().predicted.is_some());
}

/// The longest bound is the time, and the same launch gives the same profile.
#[test]
fn predictions_are_the_same_every_time() {
    let host = Host::new();
    let n = 1_usize << 16;
    let (a, c) = (host.put(&vec![1.0_f32; n]), host.room::<f32>(n));
    let args = args![a, c, n as i64];
    let profile = || run(&host, "reduction", "reduce_shuffle", (128.into(), 256.into()), args);
    let (one, two) = (profile(), profile());
    assert_eq!(one, two);
    for it in &one.gpus {
        let predicted = it.predicted.as_ref().unwrap();
        assert_eq!(predicted.model, profile::MODEL);
        assert_eq!(predicted.kernel_seconds, predicted.bounds[0].seconds);
        assert!(predicted.bounds.is_sorted_by(|a, b| a.seconds >= b.seconds));
    }
}

/// The estimate of registers is one: it must be of the order that the assembler has.
#[test]
fn registers_are_estimated() {
    let a100 = &softcuda::profile::A100;
    let mut worst = (1.0_f64, String::new());
    for (file, kernels) in [
        ("vec_add", &["vec_add_scalar", "vec_add_float4"][..]),
        ("matmul", &["matmul_naive", "matmul_tiled_16", "matmul_register_blocked"]),
        ("reduction", &["reduce_shuffle", "reduce_single_pass"]),
        ("softmax", &["softmax_online"]),
        ("histogram", &["histogram_privatised"]),
    ] {
        for name in kernels {
            let kernel = crate::host::module(file).kernel(name).unwrap();
            let (found, known) = (kernel.registers_estimated(), crate::registers(name, a100));
            println!("{name}: {found} estimated, {known} by ptxas");
            let ratio = f64::from(found) / f64::from(known);
            if ratio.ln().abs() > worst.0.ln().abs() {
                worst = (ratio, format!("{name}: {found}, ptxas has {known}"));
            }
        }
    }
    assert!((0.4..2.5).contains(&worst.0), "{}", worst.1);
}
