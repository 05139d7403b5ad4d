//! Kernels that no other test runs: here they are only checked, and looked at where that is simple.

use crate::args;
use crate::host::{Host, Random, close, module, plain};

#[test]
fn occupancy() {
    let host = Host::new();
    let file = module("occupancy");
    let (n, rounds) = (1000_usize, 3);
    for name in file.kernels() {
        let out = host.room::<f32>(n);
        let args = args![out, 0.5_f32, 1.0_f32, rounds, n as i64];
        host.run(&file.kernel(name).unwrap(), 8, 128, plain(), args);
        // All chains go to 2.
        let chains: f64 = name.strip_prefix("fma_ilp").unwrap().parse().unwrap();
        let found = host.get::<f32>(out, n);
        close(name, &found, &vec![2.0 * chains; n], |_| 3000.0);
    }
}

#[test]
fn all_reduces() {
    let host = Host::new();
    let mut random = Random(21);
    let file = module("all_reduce");
    let n = 3001_usize;
    let (a, b) = (random.floats(n), random.floats(n));
    let sum: Vec<f32> = a.iter().zip(&b).map(|(x, y)| x + y).collect();
    let (da, db, out) = (host.put(&a), host.put(&b), host.room::<f32>(n));
    let run = |name: &str, args: &[softcuda::Arg]| {
        host.run(&file.kernel(name).unwrap(), 4, 256, plain(), args);
    };
    run("all_reduce_add_to", args![out, da, db, n as i64]);
    assert_eq!(host.get::<f32>(out, n), sum);
    run("all_reduce_copy", args![out, da, n as i64]);
    assert_eq!(host.get::<f32>(out, n), a);
    run("all_reduce_add", args![out, db, n as i64]);
    assert_eq!(host.get::<f32>(out, n), sum);
}

#[test]
fn float_scans() {
    let host = Host::new();
    let file = module("scan");
    let n = 5000_usize;
    let input = host.put(&vec![1_f32; n]);
    let expected: Vec<f64> = (1..=n).map(|i| i as f64).collect();
    let (out, sums) = (host.room::<f32>(n), host.room::<f32>(5));
    let cooperative = softcuda::LaunchOptions { cooperative: true, ..plain() };
    let kernel = file.kernel("scan_cooperative_f32").unwrap();
    host.run(&kernel, 5, 256, cooperative, args![input, out, sums, n as i64]);
    close("cooperative", &host.get::<f32>(out, n), &expected, |_| 0.0);
    let (status, ticket) = (host.put(&[0_u64; 3]), host.put(&[0_u32]));
    let out = host.room::<f32>(n);
    let kernel = file.kernel("scan_look_back_f32").unwrap();
    host.run(&kernel, 3, 256, plain(), args![input, out, status, ticket, n as i64]);
    close("look back", &host.get::<f32>(out, n), &expected, |_| 0.0);
    for (name, section) in [("scan_kogge_stone_f32", 512), ("scan_brent_kung_f32", 1024)] {
        let grid = n.div_ceil(section);
        let (out, sums, scanned) =
            (host.room::<f32>(n), host.room::<f32>(grid), host.room::<f32>(grid));
        let kernel = file.kernel(name).unwrap();
        host.run(&kernel, grid as u32, 512, plain(), args![input, out, sums, n as i64]);
        host.run(&kernel, 1, 512, plain(), args![sums, scanned, 0_u64, grid as i64]);
        let add = file.kernel("scan_add_offsets_f32").unwrap();
        let args = args![out, scanned, n as i64, section as i32];
        host.run(&add, grid as u32, 256, plain(), args);
        close(name, &host.get::<f32>(out, n), &expected, |_| 0.0);
    }
}

#[test]
fn sparse_formats() {
    let host = Host::new();
    let file = module("spmv");
    // Two entries of 1 in each row, the first rows have a third.
    let (n, long) = (700_usize, 300_usize);
    let x = host.put(&vec![1_f32; n]);
    let expected: Vec<f64> = (0..n).map(|i| if i < long { 3.0 } else { 2.0 }).collect();
    let column = |i: usize, e: usize| ((i * 7 + e * 13) % n) as i32;
    let perm: Vec<i32> = (0..n as i32).collect();
    let starts = [0, n as i32, 2 * n as i32, (2 * n + long) as i32];
    let mut columns: Vec<i32> = (0..2 * n).map(|at| column(at % n, at / n)).collect();
    let (ell, ell_values) = (host.put(&columns), host.put(&vec![1_f32; 2 * n]));
    columns.extend((0..long).map(|i| column(i, 2)));
    let values = host.put(&vec![1_f32; columns.len()]);
    let (perm, starts, columns) = (host.put(&perm), host.put(&starts), host.put(&columns));
    let out = host.room::<f32>(n);
    let kernel = file.kernel("spmv_jds").unwrap();
    let args = args![perm, starts, columns, values, x, out, n as i32, 3];
    host.run(&kernel, 3, 256, plain(), args);
    close("jds", &host.get::<f32>(out, n), &expected, |_| 0.0);
    let rows: Vec<i32> = (0..long as i32).collect();
    let third: Vec<i32> = (0..long).map(|i| column(i, 2)).collect();
    let (rows, third) = (host.put(&rows), host.put(&third));
    let out = host.put(&vec![0_f32; n]);
    let kernel = file.kernel("spmv_hybrid").unwrap();
    let args = args![ell, ell_values, rows, third, values, x, out, n as i32, 2, long as i64];
    host.run(&kernel, ((n + long) as u32).div_ceil(256), 256, plain(), args);
    close("hybrid", &host.get::<f32>(out, n), &expected, |_| 0.0);
}

#[test]
fn the_other_searches() {
    let host = Host::new();
    let file = module("bfs");
    // A ring: each vertex has an edge to the next.
    let n = 600_usize;
    let starts: Vec<i32> = (0..=n as i32).collect();
    let before: Vec<i32> = (0..n).map(|i| ((i + n - 1) % n) as i32).collect();
    let (starts, before) = (host.put(&starts), host.put(&before));
    let mut levels = vec![-1; n];
    levels[0] = 0;
    let levels_at = host.put(&levels);
    let grid = (n as u32).div_ceil(256);
    for level in 1..4 {
        let found = host.put(&[0_u32]);
        let kernel = file.kernel("bfs_pull").unwrap();
        let args = args![starts, before, levels_at, found, n as i32, level];
        host.run(&kernel, grid, 256, plain(), args);
        levels[level as usize] = level;
        assert_eq!(host.get::<u32>(found, 1), [1]);
        assert_eq!(host.get::<i32>(levels_at, n), levels);
    }
    let (frontier, count) = (host.room::<i32>(n), host.put(&[0_u32]));
    let kernel = file.kernel("bfs_frontier_of_level").unwrap();
    host.run(&kernel, grid, 256, plain(), args![levels_at, frontier, count, n as i32, -1]);
    assert_eq!(host.get::<u32>(count, 1), [n as u32 - 4]);
    let edges = host.put(&[0_u64]);
    let kernel = file.kernel("bfs_frontier_edges").unwrap();
    let size = n as i32 - 4;
    host.run(&kernel, grid, 256, plain(), args![starts, frontier, size, edges]);
    assert_eq!(host.get::<u64>(edges, 1), [n as u64 - 4]);
}
