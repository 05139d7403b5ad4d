//! Lab 3-2: matrix products, and what tiles do to bytes and bank conflicts.

use gpu_kernels::{
    DeviceBuffer, Matmul, MatmulShape, MatmulTensor, Variant, f16, matmul, matmul_tensor, reference,
};
use softcuda::profile::{Bound, Caches};
use std::time::Instant;

use super::{counted, find, rooflines, values, worst};
use crate::Result;
use crate::bench::Bench;
use crate::row::{Row, show};

/// Runs it.
pub fn run(bench: &Bench, n: usize) -> Result<()> {
    let shape = MatmulShape { m: n, n, k: n };
    let (a, b) = (values(n * n, 1), values(n * n, 2));
    let expected = reference::matmul(shape, &a, &b);
    let gpu = &bench.gpu;
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
    let total = Matmul::ALL.len() + MatmulTensor::ALL.len();
    let mut rows = Vec::new();
    for &variant in Matmul::ALL {
        bench.tell.progress(rows.len(), total, variant.name())?;
        let mut c = DeviceBuffer::poisoned(gpu, n * n)?;
        let done = bench.run(Caches::Warm, |gpu| matmul(gpu, variant, shape, &da, &db, &mut c))?;
        rows.push(Row {
            name: variant.name().to_owned(),
            error: expected.check(&c.to_vec()?)?.worst,
            theory_bytes: Some(variant.bytes_asked(shape) as f64),
            done,
        });
    }
    let half = |x: &[f32]| x.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>();
    let (a16, b16) = (half(&a), half(&b));
    let expected = reference::matmul_tensor(shape, &a16, &b16);
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a16)?, DeviceBuffer::from_slice(gpu, &b16)?);
    for &variant in MatmulTensor::ALL {
        bench.tell.progress(rows.len(), total, variant.name())?;
        let mut c = DeviceBuffer::poisoned(gpu, n * n)?;
        let done =
            bench.run(Caches::Warm, |gpu| matmul_tensor(gpu, variant, shape, &da, &db, &mut c))?;
        rows.push(Row {
            name: variant.name().to_owned(),
            error: expected.check(&c.to_vec()?)?.worst,
            theory_bytes: Some(variant.bytes_asked(shape) as f64),
            done,
        });
    }
    show(bench, &format!("C = A B, {n} x {n}; fp32, and fp16 to fp32 on tensor cores"), &rows)?;
    rooflines(bench, &rows)?;

    bench.tell.measure("worst_error_over_bound", worst(&rows), "ratio")?;
    let requested = |row: &Row| row.done.sum(|it| it.traffic.requested_bytes).map(|it| it as f64);
    let off = rows.iter().filter_map(|row| Some((requested(row)? / row.theory_bytes? - 1.0).abs()));
    let off = off.max_by(f64::total_cmp);
    counted(bench, "bytes_off_theory_percent", off.map(|it| it * 100.0), "%")?;
    let (naive, tiled) = (find(&rows, "matmul_naive")?, find(&rows, "matmul_tiled_16")?);
    let ratio = requested(naive).zip(requested(tiled)).map(|(x, y)| x / y);
    counted(bench, "bytes_naive_over_tiled_16", ratio, "ratio")?;
    let best = find(&rows, "matmul_double_buffered")?;
    let memory = |it| matches!(it, Bound::Dram | Bound::L2);
    let compute = best.done.main().map(|_| 4.0 - best.done.bound_by(memory) as f64);
    counted(bench, "gpus_not_bound_by_memory", compute, "GPUs")?;
    let speed = |gpu| naive.done.predicted(gpu).zip(best.done.predicted(gpu)).map(|(x, y)| x / y);
    counted(bench, "predicted_naive_over_best_a100", speed("A100-80"), "x (predicted)")?;

    let host = host(n, &a, &b);
    let flop = 2.0 * (n as f64).powi(3);
    bench.tell.measure("cpu_gflops", flop / host / 1e9, "GFLOP/s")?;
    let fastest =
        rows.iter().filter(|row| row.name.starts_with("matmul_") && !row.name.ends_with("mma"));
    let fastest = fastest.filter_map(|row| row.done.milliseconds).min_by(f64::total_cmp);
    bench.device_measure("faster_than_cpu", fastest.map(|ms| host * 1e3 / ms), "x")
}

/// Seconds that one core takes, by the crate `matrixmultiply` (what `ndarray` multiplies with): the median of five.
fn host(n: usize, a: &[f32], b: &[f32]) -> f64 {
    let mut c = vec![0.0_f32; n * n];
    let stride = n as isize;
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let begun = Instant::now();
            // SAFETY: all three are n x n, row by row, and c overlaps neither a nor b.
            unsafe {
                matrixmultiply::sgemm(
                    n,
                    n,
                    n,
                    1.0,
                    a.as_ptr(),
                    stride,
                    1,
                    b.as_ptr(),
                    stride,
                    1,
                    0.0,
                    c.as_mut_ptr(),
                    stride,
                    1,
                );
            }
            std::hint::black_box(&c);
            begun.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}
