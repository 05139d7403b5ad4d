//! Lab 3-1: the sum of two vectors, and why memory limits it.

use gpu_kernels::{DeviceBuffer, Variant, VecAdd, reference, vec_add};
use softcuda::profile::{Bound, Caches, GPUS};
use std::time::Instant;

use super::{counted, find, rooflines, values};
use crate::Result;
use crate::bench::Bench;
use crate::row::{Row, show, time};

/// Runs it.
pub fn run(bench: &Bench, n: usize) -> Result<()> {
    let (a, b) = (values(n, 1), values(n, 2));
    let expected = reference::vec_add(&a, &b);
    let gpu = &bench.gpu;
    let (da, db) = (DeviceBuffer::from_slice(gpu, &a)?, DeviceBuffer::from_slice(gpu, &b)?);
    let mut rows = Vec::new();
    for (number, &variant) in VecAdd::ALL.iter().enumerate() {
        bench.tell.progress(number, VecAdd::ALL.len(), variant.name())?;
        let mut c = DeviceBuffer::poisoned(gpu, n)?;
        let done = bench.run(Caches::Cold, |gpu| vec_add(gpu, variant, &da, &db, &mut c))?;
        let wrong = c.to_vec()?.iter().zip(&expected).filter(|(x, y)| x != y).count();
        rows.push(Row {
            name: variant.name().to_owned(),
            error: wrong as f64,
            theory_bytes: Some(12.0 * n as f64),
            done,
        });
    }
    show(bench, &format!("c = a + b, {n} elements"), &rows)?;
    rooflines(bench, &rows)?;

    let bytes = 12.0 * n as f64;
    bench.tell.measure("wrong_elements", rows.iter().map(|row| row.error).sum(), "elements")?;
    let scalar = find(&rows, VecAdd::Scalar.name())?;
    let float4 = find(&rows, VecAdd::Float4.name())?;
    let dram = scalar.done.sum(|it| it.traffic.dram_bytes).map(|it| it as f64 / bytes);
    counted(bench, "dram_bytes_over_theory", dram, "ratio")?;
    let coalescing =
        scalar.done.main().and_then(|it| it.statistics.totals().coalescing_efficiency());
    counted(bench, "coalescing", coalescing.map(|it| it * 100.0), "%")?;
    let instructions = |row: &Row| row.done.sum(|it| it.statistics.totals().warp_instructions);
    let ratio = instructions(float4).zip(instructions(scalar)).map(|(x, y)| x as f64 / y as f64);
    counted(bench, "instructions_float4_over_scalar", ratio, "ratio")?;
    let bound = scalar.done.main().map(|_| scalar.done.bound_by(|it| it == Bound::Dram) as f64);
    counted(bench, "gpus_bound_by_memory", bound, "GPUs")?;

    let fastest = rows.iter().filter_map(|row| row.done.milliseconds).min_by(f64::total_cmp);
    bench.device_measure("gb_per_second", fastest.map(|ms| bytes / ms / 1e6), "GB/s")?;
    let host = host(&a, &b);
    bench.tell.measure("cpu_gb_per_second", bytes / host / 1e9, "GB/s")?;
    bench.device_measure("faster_than_cpu", fastest.map(|ms| host * 1e3 / ms), "x")?;
    for gpu in &GPUS {
        if let Some(seconds) = scalar.done.predicted(gpu.name) {
            bench.tell.note(&format!(
                "predicted for {}: {} ({:.0} GB/s); this machine's CPU took {}",
                gpu.name,
                time(seconds),
                bytes / seconds / 1e9,
                time(host)
            ))?;
        }
    }
    Ok(())
}

/// Seconds that one core takes: the median of nine.
fn host(a: &[f32], b: &[f32]) -> f64 {
    let mut c = vec![0.0; a.len()];
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let begun = Instant::now();
            for ((c, a), b) in c.iter_mut().zip(a).zip(b) {
                *c = a + b;
            }
            std::hint::black_box(&c);
            begun.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[4]
}
