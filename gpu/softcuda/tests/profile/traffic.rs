//! Bytes that kernels move, against what theory says (`gpu/kernels/INTERFACE.md`).

use crate::host::Host;
use crate::{args, run};
use softcuda::Dim;
use softcuda::profile::{Bound, Units};

fn near(found: u64, wanted: u64, what: &str) {
    let ratio = found as f64 / wanted as f64;
    assert!((ratio - 1.0).abs() < 0.05, "{what}: {found}, theory says {wanted}");
}

#[test]
fn matrices_move_what_tiles_say() {
    let host = Host::new();
    let (m, n, k) = (256_u64, 128_u64, 384_u64);
    let (a, b, c) = (
        host.room::<f32>((m * k) as usize),
        host.room::<f32>((k * n) as usize),
        host.room::<f32>((m * n) as usize),
    );
    let args = args![a, b, c, m as i32, n as i32, k as i32];
    let compulsory = 4 * (m * k + k * n + m * n);
    let run = |kernel: &str, grid: (u64, u64), block: Dim| {
        let grid = (grid.0 as u32, grid.1 as u32);
        let traffic = run(&host, "matmul", kernel, (grid.into(), block), args).traffic;
        assert_eq!(traffic.dram_bytes, compulsory, "{kernel}");
        assert_eq!(traffic.footprint_bytes, compulsory, "{kernel}");
        assert_eq!(traffic.flops, 2 * m * n * k, "{kernel}");
        traffic
    };
    let naive = run("matmul_naive", (m / 16, n / 16), (16, 16).into());
    let coalesced = run("matmul_coalesced", (n / 16, m / 16), (16, 16).into());
    let untiled = 8 * m * n * k + 4 * m * n;
    near(naive.requested_bytes, untiled, "naive");
    near(coalesced.requested_bytes, untiled, "coalesced");
    // A warp has 16 rows of two of A's columns side by side: 16 sectors of A, 2 of B; or the other way about, 2 and 2.
    near(naive.l2_bytes, m * n * k / 32 * (16 + 1) * 32, "naive, L2");
    near(coalesced.l2_bytes, m * n * k / 32 * (2 + 2) * 32, "coalesced, L2");
    let tiled = |tile: u64| 4 * m * k * n.div_ceil(tile) + 4 * k * n * m.div_ceil(tile) + 4 * m * n;
    for tile in [8_u64, 16, 32] {
        let block = (tile as u32, tile as u32).into();
        let name = format!("matmul_tiled_{tile}");
        let found = run(&name, (n / tile, m / tile), block);
        near(found.requested_bytes, tiled(tile), &name);
        // Side by side: each sector has been asked for once a tile.
        near(found.l2_bytes, tiled(tile), &name);
        let saved = naive.requested_bytes as f64 / found.requested_bytes as f64;
        let theory = untiled as f64 / tiled(tile) as f64;
        assert!((saved / theory - 1.0).abs() < 0.05, "{name}: {saved} times less, not {theory}");
    }
    for name in ["register_blocked", "vectorised", "double_buffered", "cp_async"] {
        let name = format!("matmul_{name}");
        let found = run(&name, (n / 128, m / 128), 256.into());
        near(found.requested_bytes, tiled(128), &name);
        near(found.l2_bytes, tiled(128), &name);
    }
}

#[test]
fn vector_addition_is_bound_by_dram_everywhere() {
    let host = Host::new();
    let n = 1_u64 << 20;
    let (a, b) = (host.room::<f32>(n as usize), host.room::<f32>(n as usize));
    let c = host.room::<f32>(n as usize);
    let args = args![a, b, c, n as i64];
    for (kernel, blocks) in
        [("vec_add_scalar", 4096), ("vec_add_float4", 1024), ("vec_add_grid_stride", 432)]
    {
        let profile = run(&host, "vec_add", kernel, (blocks.into(), 256.into()), args);
        assert_eq!(profile.traffic.dram_bytes, 12 * n, "{kernel}");
        assert_eq!(profile.traffic.l2_bytes, 12 * n, "{kernel}");
        for on in &profile.gpus {
            let point = &on.roofline;
            assert_eq!((point.units, point.flops), (Units::Single, n));
            assert!((point.dram_intensity.unwrap() - 1.0 / 12.0).abs() < 1e-9);
            assert!(point.memory_bound);
            let predicted = on.predicted.as_ref().unwrap();
            assert_eq!(predicted.bound, Bound::Dram, "{kernel} on {}: {predicted:?}", on.gpu);
        }
        let a100 = profile.on("A100-80").unwrap().predicted.as_ref().unwrap();
        assert!((a100.kernel_seconds - 12.0 * n as f64 / 2.039e12).abs() < 1e-9);
        assert!((a100.seconds - a100.kernel_seconds - 3e-6).abs() < 1e-12);
    }
}

/// All keys are the same: every atomic operation meets at one address.
#[test]
fn the_hottest_address_is_found() {
    let host = Host::new();
    let n = 1_usize << 14;
    let (keys, bins) = (host.put(&vec![3_u32; n]), host.put(&vec![0_u32; 256]));
    let args = args![keys, bins, 256_i32, n as i64];
    let profile = run(&host, "histogram", "histogram_global", (64.into(), 256.into()), args);
    assert_eq!(profile.footprint.hottest_atomic, n as u64);
    // The keys, and one sector of the bins, which is read and written.
    assert_eq!(profile.footprint.sectors, n as u64 / 8 + 1);
    assert_eq!(profile.traffic.dram_bytes, 4 * n as u64 + 64);
    let predicted = profile.on("T4").unwrap().predicted.as_ref().unwrap();
    assert_eq!(predicted.bound, Bound::Atomics, "{predicted:?}");
    // Spread out, they meet at none.
    let keys: Vec<u32> = (0..n as u32).map(|i| i % 256).collect();
    let args = args![host.put(&keys), bins, 256_i32, n as i64];
    let profile = run(&host, "histogram", "histogram_global", (64.into(), 256.into()), args);
    assert_eq!(profile.footprint.hottest_atomic, n as u64 / 256);
}

/// Masks in constant memory come from a cache of their own.
#[test]
fn constants_are_no_traffic() {
    let host = Host::new();
    let (side, radius) = (64_u64, 2_i32);
    let module = crate::host::module("convolution");
    host.set(&module, "conv_mask", &[0.5_f32; 225]);
    let image = host.room::<f32>((side * side) as usize);
    let out = host.room::<f32>((side * side) as usize);
    let args = args![image, out, side as i32, side as i32, radius];
    let shape = ((2, 8).into(), (32, 8).into());
    let traffic = run(&host, "convolution", "conv2d_constant", shape, args).traffic;
    // 4 t^2 bytes a point, less what lies outside the image.
    let theory = 4 * 25 * side * side + 4 * side * side;
    assert!(traffic.requested_bytes <= theory);
    near(traffic.requested_bytes, theory, "constant");
}
