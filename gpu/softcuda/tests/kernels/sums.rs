use crate::args;
use crate::host::{Host, Random, U, close, module, plain, shared};
use softcuda::LaunchOptions;

#[test]
fn reductions() {
    let host = Host::new();
    let mut random = Random(4);
    let file = module("reduction");
    for n in [0_usize, 1, 255, 1000, 70_001] {
        let data = random.floats(n);
        let (sum, size) =
            data.iter().fold((0.0, 0.0), |(s, z), &x| (s + f64::from(x), z + f64::from(x.abs())));
        let input = host.put(&data);
        for (name, per) in
            [("reduce_interleaved", 256), ("reduce_sequential", 512), ("reduce_shuffle", 512)]
        {
            let kernel = file.kernel(name).unwrap();
            let (mut from, mut left, mut levels) = (input, n, 0.0);
            loop {
                let grid = left.div_ceil(per).max(1);
                let partial = host.room::<f32>(grid);
                host.run(&kernel, grid as u32, 256, plain(), args![from, partial, left as i64]);
                (from, left) = (partial, grid);
                levels += 1.0;
                if grid == 1 {
                    break;
                }
            }
            close(name, &host.get::<f32>(from, 1), &[sum], |_| levels * 10.0 * U * size);
        }
        let kernel = file.kernel("reduce_single_pass").unwrap();
        let (counter, grid) = (host.put(&[0_u32]), 7);
        let (partial, out) = (host.room::<f32>(grid), host.room::<f32>(1));
        for _ in 0..2 {
            host.run(
                &kernel,
                grid as u32,
                256,
                plain(),
                args![input, partial, out, counter, n as i64],
            );
            let bound = ((n / (1024 * grid)) as f64 + 27.0) * U * size;
            close("reduce_single_pass", &host.get::<f32>(out, 1), &[sum], |_| bound);
            assert_eq!(host.get::<u32>(counter, 1), [0]);
        }
    }
}

#[test]
fn scans() {
    let host = Host::new();
    let mut random = Random(5);
    let file = module("scan");
    for n in [1_usize, 511, 1025, 30_000] {
        let data: Vec<u32> = (0..n).map(|_| random.next() as u32).collect();
        let mut sum = 0_u32;
        let expected: Vec<u32> = data
            .iter()
            .map(|x| {
                sum = sum.wrapping_add(*x);
                sum
            })
            .collect();
        let input = host.put(&data);
        for (name, section) in [("scan_kogge_stone_u32", 512), ("scan_brent_kung_u32", 1024)] {
            let kernel = file.kernel(name).unwrap();
            let add = file.kernel("scan_add_offsets_u32").unwrap();
            let out = host.room::<u32>(n);
            let grid = n.div_ceil(section);
            let (sums, scanned) = (host.room::<u32>(grid), host.room::<u32>(grid));
            host.run(&kernel, grid as u32, 512, plain(), args![input, out, sums, n as i64]);
            assert!(grid <= section);
            host.run(&kernel, 1, 512, plain(), args![sums, scanned, 0_u64, grid as i64]);
            host.run(
                &add,
                grid as u32,
                256,
                plain(),
                args![out, scanned, n as i64, section as i32],
            );
            assert_eq!(host.get::<u32>(out, n), expected, "{name} {n}");
        }
        let grid = 5;
        let (out, sums) = (host.room::<u32>(n), host.room::<u32>(grid));
        let kernel = file.kernel("scan_cooperative_u32").unwrap();
        let options = LaunchOptions { cooperative: true, ..LaunchOptions::default() };
        host.run(&kernel, grid as u32, 256, options, args![input, out, sums, n as i64]);
        assert_eq!(host.get::<u32>(out, n), expected, "cooperative {n}");
        let tiles = n.div_ceil(1792);
        let (out, status, ticket) =
            (host.room::<u32>(n), host.put(&vec![0_u64; tiles]), host.put(&[0_u32]));
        let kernel = file.kernel("scan_look_back_u32").unwrap();
        host.run(&kernel, tiles as u32, 256, plain(), args![input, out, status, ticket, n as i64]);
        assert_eq!(host.get::<u32>(out, n), expected, "look back {n}");
    }
}

#[test]
fn a_cooperative_kernel_launched_otherwise_traps() {
    let host = Host::new();
    let kernel = module("scan").kernel("scan_cooperative_u32").unwrap();
    let (a, b, c) = (host.room::<u32>(8), host.room::<u32>(8), host.room::<u32>(8));
    let error = kernel.launch(&host.0, 1, 256, 0, args![a, b, c, 8_i64]).unwrap_err();
    assert!(error.to_string().contains("trap"), "{error}");
}

#[test]
fn histograms() {
    let host = Host::new();
    let mut random = Random(6);
    let file = module("histogram");
    for (n, bins) in [(1_usize, 1_usize), (5000, 37), (20_000, 256)] {
        let keys: Vec<u32> = (0..n).map(|_| random.below(bins as u64 + 2) as u32).collect();
        let mut expected = vec![1_u32; bins];
        for &key in keys.iter().filter(|&&key| (key as usize) < bins) {
            expected[key as usize] += 1;
        }
        let input = host.put(&keys);
        for name in file.kernels() {
            let out = host.put(&vec![1_u32; bins]);
            let (grid, dynamic) = match name {
                "histogram_global" | "histogram_warp_aggregated" => (n.div_ceil(256), 0),
                "histogram_privatised" => (n.div_ceil(256), 4 * bins),
                _ => (n.div_ceil(16 * 256), 4 * bins),
            };
            let kernel = file.kernel(name).unwrap();
            host.run(
                &kernel,
                grid as u32,
                256,
                shared(dynamic as u32),
                args![input, out, bins as i32, n as i64],
            );
            assert_eq!(host.get::<u32>(out, bins), expected, "{name} {n}");
        }
    }
}
