use crate::args;
use crate::host::{Host, Random, U, close, half, module, plain};
use softcuda::Dim;

fn reference(a: &[f64], b: &[f64], m: usize, n: usize, k: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut c, mut sizes) = (vec![0.0; m * n], vec![0.0; m * n]);
    for i in 0..m {
        for j in 0..n {
            for l in 0..k {
                let product = a[i * k + l] * b[l * n + j];
                c[i * n + j] += product;
                sizes[i * n + j] += product.abs();
            }
        }
    }
    (c, sizes)
}

const SHAPES: [(usize, usize, usize); 5] =
    [(1, 1, 1), (16, 16, 16), (33, 47, 29), (130, 70, 36), (5, 3, 0)];

#[test]
fn single_precision() {
    let host = Host::new();
    let mut random = Random(2);
    let file = module("matmul");
    for (m, n, k) in SHAPES {
        let (a, b) = (random.floats(m * k), random.floats(k * n));
        let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        let (expected, sizes) = reference(&wide(&a), &wide(&b), m, n, k);
        let (da, db) = (host.put(&a), host.put(&b));
        let mut first: Option<Vec<f32>> = None;
        for name in file.kernels() {
            let tile = |t: usize| (n.div_ceil(t) as u32, m.div_ceil(t) as u32);
            let (grid, block): (Dim, Dim) = match name {
                "matmul_naive" => {
                    ((m.div_ceil(16) as u32, n.div_ceil(16) as u32).into(), (16, 16).into())
                }
                "matmul_coalesced" | "matmul_tiled_16" => (tile(16).into(), (16, 16).into()),
                "matmul_tiled_8" => (tile(8).into(), (8, 8).into()),
                "matmul_tiled_32" => (tile(32).into(), (32, 32).into()),
                _ => (tile(128).into(), 256.into()),
            };
            let dc = host.room::<f32>(m * n);
            let kernel = file.kernel(name).unwrap();
            host.run(
                &kernel,
                grid,
                block,
                plain(),
                args![da, db, dc, m as i32, n as i32, k as i32],
            );
            let c = host.get::<f32>(dc, m * n);
            close(name, &c, &expected, |i| (k as f64 + 1.0) * U * sizes[i]);
            assert_eq!(*first.get_or_insert(c.clone()), c, "{name}: all add in the same order");
        }
    }
}

#[test]
fn tensor_cores() {
    let host = Host::new();
    let mut random = Random(3);
    let file = module("matmul_tensor");
    for (m, n, k) in [(64, 64, 64), (16, 8, 16), (70, 90, 50), (1, 1, 1)] {
        let halves = |random: &mut Random, n: usize| -> Vec<u16> {
            (0..n).map(|_| half::of(random.float())).collect()
        };
        let (a, b) = (halves(&mut random, m * k), halves(&mut random, k * n));
        let wide = |x: &[u16]| x.iter().map(|&x| half::wide(x)).collect::<Vec<_>>();
        let (expected, sizes) = reference(&wide(&a), &wide(&b), m, n, k);
        let (da, db) = (host.put(&a), host.put(&b));
        for name in file.kernels() {
            let dc = host.room::<f32>(m * n);
            let grid = (n.div_ceil(64) as u32, m.div_ceil(64) as u32);
            let kernel = file.kernel(name).unwrap();
            host.run(&kernel, grid, 128, plain(), args![da, db, dc, m as i32, n as i32, k as i32]);
            close(name, &host.get::<f32>(dc, m * n), &expected, |i| {
                2.0 * (k as f64 + 16.0) * U * sizes[i]
            });
        }
    }
}
