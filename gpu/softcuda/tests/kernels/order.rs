use crate::args;
use crate::host::{Host, Random, module, plain};

#[test]
fn merges() {
    let host = Host::new();
    let mut random = Random(7);
    let file = module("merge");
    for (m, n) in [(0_usize, 0_usize), (1, 0), (100, 37), (3000, 2500)] {
        let sorted = |random: &mut Random, n: usize| {
            let mut keys: Vec<i32> = (0..n).map(|_| random.below(500) as i32 - 250).collect();
            keys.sort_unstable();
            keys
        };
        let (a, b) = (sorted(&mut random, m), sorted(&mut random, n));
        let mut expected = [a.clone(), b.clone()].concat();
        expected.sort();
        let (da, db) = (host.put(&a), host.put(&b));
        for (name, per) in [("merge_basic", 2048), ("merge_tiled", 1792)] {
            let out = host.room::<i32>(m + n);
            let kernel = file.kernel(name).unwrap();
            let grid = (m + n).div_ceil(per).max(1) as u32;
            host.run(&kernel, grid, 256, plain(), args![da, m as i64, db, n as i64, out]);
            assert_eq!(host.get::<i32>(out, m + n), expected, "{name} {m} {n}");
        }
    }
}

#[test]
fn radix_sorts() {
    let host = Host::new();
    let mut random = Random(8);
    let file = module("radix_sort");
    let n = 5000_usize;
    let keys: Vec<u32> = (0..n).map(|_| random.next() as u32 >> (random.next() % 20)).collect();
    let values: Vec<u32> = (0..n as u32).collect();
    let mut expected: Vec<(u32, u32)> = keys.iter().copied().zip(values.iter().copied()).collect();
    expected.sort_by_key(|&(key, _)| key);
    let scan = file.kernel("radix_scan").unwrap();
    for bits in [4, 8] {
        let histogram = file.kernel(&format!("radix_histogram_{bits}bit")).unwrap();
        let scatter = file.kernel(&format!("radix_scatter_{bits}bit")).unwrap();
        let grid = n.div_ceil(2048);
        let count = grid << bits;
        let counts = host.room::<u32>(count);
        let (mut k, mut v) = (host.put(&keys), host.put(&values));
        let (mut k2, mut v2) = (host.room::<u32>(n), host.room::<u32>(n));
        for shift in (0..32).step_by(bits) {
            host.run(&histogram, grid as u32, 256, plain(), args![k, counts, n as i64, shift]);
            host.run(&scan, 1, 1024, plain(), args![counts, count as i64]);
            host.run(
                &scatter,
                grid as u32,
                256,
                plain(),
                args![k, v, k2, v2, counts, n as i64, shift],
            );
            (k, v, k2, v2) = (k2, v2, k, v);
        }
        let found: Vec<(u32, u32)> =
            host.get::<u32>(k, n).into_iter().zip(host.get::<u32>(v, n)).collect();
        assert_eq!(found, expected, "{bits}");
    }
}
