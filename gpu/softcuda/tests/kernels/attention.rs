use crate::args;
use crate::host::{Host, Random, close, half, module, plain};

#[test]
fn softmaxes_and_norms() {
    let host = Host::new();
    let mut random = Random(13);
    for (rows, columns) in [(3_usize, 7_usize), (5, 1000)] {
        let data = random.floats(rows * columns);
        let input = host.put(&data);
        let (mut soft, mut norm) = (Vec::new(), Vec::new());
        for row in data.chunks(columns) {
            let wide: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
            let sum: f64 = wide.iter().map(|x| x.exp()).sum();
            soft.extend(wide.iter().map(|x| x.exp() / sum));
            let mean = wide.iter().sum::<f64>() / columns as f64;
            let variance = wide.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / columns as f64;
            norm.extend(wide.iter().map(|x| (x - mean) / (variance + 1e-5).sqrt()));
        }
        let file = module("softmax");
        for name in file.kernels() {
            let out = host.room::<f32>(rows * columns);
            let kernel = file.kernel(name).unwrap();
            let args = args![input, out, rows as i32, columns as i32];
            host.run(&kernel, rows as u32, 256, plain(), args);
            close(name, &host.get::<f32>(out, rows * columns), &soft, |i| 4e-6 * soft[i]);
        }
        let file = module("layer_norm");
        for name in file.kernels() {
            let out = host.room::<f32>(rows * columns);
            let kernel = file.kernel(name).unwrap();
            let args = args![input, out, 0_u64, 0_u64, rows as i32, columns as i32, 1e-5_f32];
            host.run(&kernel, rows as u32, 256, plain(), args);
            close(name, &host.get::<f32>(out, rows * columns), &norm, |_| 2e-5);
        }
    }
}

#[test]
fn gelus() {
    let host = Host::new();
    let file = module("gelu");
    let n = 1001_usize;
    let data: Vec<f32> = (0..n).map(|i| (i as f32 - 500.0) / 60.0).collect();
    let tanh = |x: f64| {
        0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
    };
    let expected: Vec<f64> = data.iter().map(|&x| tanh(f64::from(x))).collect();
    let (input, out) = (host.put(&data), host.room::<f32>(n));
    let kernel = file.kernel("gelu_tanh_f32").unwrap();
    host.run(&kernel, 4, 256, plain(), args![input, out, n as i64]);
    close("tanh", &host.get::<f32>(out, n), &expected, |i| {
        2e-6 * f64::from(data[i]).abs().max(1.0)
    });
    // The two forms differ by less than 5e-4.
    let kernel = file.kernel("gelu_erf_f32").unwrap();
    host.run(&kernel, 4, 256, plain(), args![input, out, n as i64]);
    close("erf", &host.get::<f32>(out, n), &expected, |_| 5e-4);
    let halves: Vec<u16> = data.iter().map(|&x| half::of(x)).collect();
    let expected: Vec<f64> = halves.iter().map(|&x| tanh(half::wide(x))).collect();
    let (input, out) = (host.put(&halves), host.room::<u16>(n));
    for name in ["gelu_tanh_f16", "gelu_erf_f16"] {
        let kernel = file.kernel(name).unwrap();
        host.run(&kernel, 2, 256, plain(), args![input, out, n as i64]);
        let found: Vec<f32> =
            host.get::<u16>(out, n).into_iter().map(|x| half::wide(x) as f32).collect();
        close(name, &found, &expected, |i| expected[i].abs() / 1024.0 + 6e-4);
    }
}

/// One head after another; queries see keys up to their own place where causal.
fn reference(
    q: &[f64],
    k: &[f64],
    v: &[f64],
    shape: (usize, usize, usize, usize),
    causal: bool,
) -> Vec<f64> {
    let (heads, queries, keys, d) = shape;
    let mut out = vec![0.0; heads * queries * d];
    for h in 0..heads {
        for i in 0..queries {
            let seen = if causal { (i + 1 + keys).saturating_sub(queries) } else { keys };
            let score = |j: usize| -> f64 {
                let dot = |e| q[(h * queries + i) * d + e] * k[(h * keys + j) * d + e];
                (0..d).map(dot).sum::<f64>() / (d as f64).sqrt()
            };
            let weights: Vec<f64> = (0..seen).map(|j| score(j).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for (j, weight) in weights.iter().enumerate() {
                for e in 0..d {
                    out[(h * queries + i) * d + e] += weight / sum * v[(h * keys + j) * d + e];
                }
            }
        }
    }
    out
}

#[test]
fn attentions() {
    let host = Host::new();
    let mut random = Random(14);
    let (flash, plainly) = (module("flash_attention"), module("attention"));
    for (shape, causal) in [((2, 40, 40, 32), false), ((1, 70, 70, 64), true)] {
        let (heads, queries, keys, d) = shape;
        let (q, k, v) = (
            random.floats(heads * queries * d),
            random.floats(heads * keys * d),
            random.floats(heads * keys * d),
        );
        let n = heads * queries * d;
        let scale = 1.0 / (d as f32).sqrt();
        let sizes = (heads as i32, queries as i32, keys as i32, d as i32);
        for short in [false, true] {
            let halves = |x: &[f32]| x.iter().map(|&x| half::of(x)).collect::<Vec<u16>>();
            let wide = |x: &[f32]| -> Vec<f64> {
                x.iter()
                    .map(|&x| if short { half::wide(half::of(x)) } else { f64::from(x) })
                    .collect()
            };
            let expected = reference(&wide(&q), &wide(&k), &wide(&v), shape, causal);
            let put = |x: &[f32]| if short { host.put(&halves(x)) } else { host.put(x) };
            let (dq, dk, dv) = (put(&q), put(&k), put(&v));
            let get = |out: u64| -> Vec<f32> {
                if short {
                    host.get::<u16>(out, n).into_iter().map(|x| half::wide(x) as f32).collect()
                } else {
                    host.get::<f32>(out, n)
                }
            };
            let bound = |i: usize| if short { expected[i].abs() / 1024.0 + 2e-3 } else { 2e-5 };
            for name in flash.kernels() {
                let f16 = name.contains("f16") || name.contains("mma");
                if f16 != short {
                    continue;
                }
                let tile = if name.contains("mma") { 64 } else { 32 };
                let out = host.room::<u32>(n);
                let kernel = flash.kernel(name).unwrap();
                let grid = (queries.div_ceil(tile) as u32, heads as u32);
                host.run(
                    &kernel,
                    grid,
                    128,
                    plain(),
                    args![
                        dq,
                        dk,
                        dv,
                        out,
                        sizes.0,
                        sizes.1,
                        sizes.2,
                        sizes.3,
                        scale,
                        i32::from(causal)
                    ],
                );
                close(name, &get(out), &expected, bound);
            }
            let e = if short { "f16" } else { "f32" };
            let scores = host.room::<f32>(heads * queries * keys);
            let out = host.room::<u32>(n);
            let tiles = |n: usize| n.div_ceil(16) as u32;
            let kernel = plainly.kernel(&format!("attention_scores_{e}")).unwrap();
            let grid = (tiles(keys), tiles(queries), heads as u32);
            let args =
                args![dq, dk, scores, sizes.0, sizes.1, sizes.2, sizes.3, scale, i32::from(causal)];
            host.run(&kernel, grid, (16, 16), plain(), args);
            let kernel = plainly.kernel("attention_softmax").unwrap();
            let rows = (heads * queries) as i64;
            host.run(&kernel, rows as u32, 256, plain(), args![scores, rows, sizes.2]);
            let kernel = plainly.kernel(&format!("attention_values_{e}")).unwrap();
            let grid = (tiles(d), tiles(queries), heads as u32);
            let args = args![scores, dv, out, sizes.0, sizes.1, sizes.2, sizes.3];
            host.run(&kernel, grid, (16, 16), plain(), args);
            close(e, &get(out), &expected, bound);
        }
    }
}
