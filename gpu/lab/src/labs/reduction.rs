//! Lab 3-4: sums, and why shuffles win over shared memory.

use gpu_kernels::{DeviceBuffer, Reduction, Variant, reduce_sum, reference};
use softcuda::profile::{Caches, GPUS, Profile};

use super::{counted, find, rooflines, values, worst};
use crate::Result;
use crate::bench::{Bench, Done};
use crate::row::{Row, show};

/// Predicted seconds of the largest launch, without the launch overhead.
fn kernel_seconds(done: &Done, gpu: &str) -> Option<f64> {
    let of = |it: &Profile| Some(it.on(gpu)?.predicted.as_ref()?.kernel_seconds);
    done.main().and_then(of)
}

/// Runs it.
pub fn run(bench: &Bench, n: usize) -> Result<()> {
    let x = values(n, 4);
    let gpu = &bench.gpu;
    let dx = DeviceBuffer::from_slice(gpu, &x)?;
    let multiprocessors = gpu.properties().multiprocessors;
    let mut rows = Vec::new();
    for &variant in Reduction::ALL {
        bench.tell.progress(rows.len(), Reduction::ALL.len(), variant.name())?;
        let mut sum = f32::NAN;
        let done = bench.run(Caches::Warm, |gpu| {
            sum = reduce_sum(gpu, variant, &dx)?;
            Ok(())
        })?;
        rows.push(Row {
            name: variant.name().to_owned(),
            error: reference::reduce_sum(variant, multiprocessors, &x).check(&[sum])?.worst,
            theory_bytes: Some(4.0 * n as f64),
            done,
        });
    }
    show(bench, &format!("the sum of {n} floats that lie in the second cache"), &rows)?;
    rooflines(bench, &rows)?;

    bench.tell.measure("worst_error_over_bound", worst(&rows), "ratio")?;
    let shared = find(&rows, Reduction::Interleaved.name())?;
    let sequential = find(&rows, Reduction::Sequential.name())?;
    let shuffle = find(&rows, Reduction::Shuffle.name())?;
    let over = |row: &Row, gpu: &str| {
        Some(kernel_seconds(&row.done, gpu)? / kernel_seconds(&shuffle.done, gpu)?)
    };
    // The least of those GPUs whose second cache holds the array.
    let cached = |gpu: &&softcuda::profile::Gpu| {
        let on = shuffle.done.main().and_then(|it| it.on(gpu.name)?.predicted.as_ref());
        on.is_some_and(|it| !it.exceeds_l2)
    };
    let least = |row: &Row| {
        GPUS.iter().filter(cached).filter_map(|gpu| over(row, gpu.name)).min_by(f64::total_cmp)
    };
    counted(bench, "predicted_shared_over_shuffle", least(shared), "x (predicted)")?;
    counted(bench, "predicted_sequential_over_shuffle", least(sequential), "x (predicted)")?;
    let barriers = |row: &Row| {
        row.done.sum(|it| it.statistics.class(softcuda::count::Class::Barrier).warp_instructions)
    };
    let ratio = barriers(shared).zip(barriers(shuffle)).map(|(x, y)| x as f64 / y as f64);
    counted(bench, "barriers_shared_over_shuffle", ratio, "ratio")?;
    let passes = |row: &Row| row.done.sum(|it| it.traffic.shared_passes);
    let ratio = passes(shared).zip(passes(shuffle)).map(|(x, y)| x as f64 / y as f64);
    counted(bench, "shared_passes_over_shuffle", ratio, "ratio")?;
    for gpu in &GPUS {
        if let Some((naive, tree)) = over(shared, gpu.name).zip(over(sequential, gpu.name)) {
            let fits =
                if cached(&gpu) { "" } else { ", whose second cache is too small for the array" };
            bench.tell.note(&format!(
                "predicted for {}{fits}: shuffles {naive:.2}x the interleaved tree, {tree:.2}x the sequential one (without launches)",
                gpu.name
            ))?;
        }
    }
    let measured = shared.done.milliseconds.zip(shuffle.done.milliseconds).map(|(x, y)| x / y);
    bench.device_measure("shared_over_shuffle", measured, "x")
}
