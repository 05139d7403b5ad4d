//! Lab 3-5: prefix sums over more than one block.

use gpu_kernels::{DeviceBuffer, Scan, Variant, reference, scan};
use softcuda::profile::{Caches, GPUS};

use super::{counted, find, values, worst};
use crate::Result;
use crate::bench::Bench;
use crate::row::{Row, show};

/// Runs it.
pub fn run(bench: &Bench, n: usize) -> Result<()> {
    let gpu = &bench.gpu;
    let floats = values(n, 5);
    let words: Vec<u32> = floats.iter().map(|x| x.to_bits()).collect();
    let expected_words = reference::scan_u32(&words);
    let (df, dw) =
        (DeviceBuffer::from_slice(gpu, &floats)?, DeviceBuffer::from_slice(gpu, &words)?);
    let multiprocessors = gpu.properties().multiprocessors;
    let (mut rows, mut wrong) = (Vec::new(), 0);
    for &variant in Scan::ALL {
        bench.tell.progress(rows.len(), Scan::ALL.len(), variant.name())?;
        let mut out = DeviceBuffer::<u32>::poisoned(gpu, n)?;
        scan(gpu, variant, &dw, &mut out)?;
        wrong += out.to_vec()?.iter().zip(&expected_words).filter(|(x, y)| x != y).count();
        let mut out = DeviceBuffer::<f32>::poisoned(gpu, n)?;
        let done = bench.run(Caches::Cold, |gpu| scan(gpu, variant, &df, &mut out))?;
        let bytes = match variant {
            Scan::LookBack => 8.0,
            Scan::Cooperative => 12.0,
            _ => 16.0,
        };
        rows.push(Row {
            name: variant.name().to_owned(),
            error: reference::scan_f32(variant, multiprocessors, &floats)
                .check(&out.to_vec()?)?
                .worst,
            theory_bytes: Some(bytes * n as f64),
            done,
        });
    }
    show(bench, &format!("prefix sums of {n} floats"), &rows)?;

    bench.tell.measure("wrong_sums", wrong as f64, "elements")?;
    bench.tell.measure("worst_error_over_bound", worst(&rows), "ratio")?;
    let look_back = find(&rows, Scan::LookBack.name())?;
    let brent_kung = find(&rows, Scan::BrentKung.name())?;
    let requested = |row: &Row| row.done.sum(|it| it.traffic.requested_bytes).map(|it| it as f64);
    let per_element = requested(look_back).map(|it| it / n as f64);
    counted(bench, "bytes_per_element_look_back", per_element, "bytes")?;
    let per_element = requested(brent_kung).map(|it| it / n as f64);
    counted(bench, "bytes_per_element_three_kernels", per_element, "bytes")?;
    let launches = |row: &Row| row.done.launches.len() as f64;
    bench.tell.measure("launches_look_back", launches(look_back), "launches")?;
    bench.tell.measure("launches_three_kernels", launches(brent_kung), "launches")?;
    let ratio = brent_kung.done.predicted("A100-80").zip(look_back.done.predicted("A100-80"));
    counted(bench, "predicted_three_kernels_over_look_back", ratio.map(|(x, y)| x / y), "x")?;
    for gpu in &GPUS {
        if let Some(seconds) = look_back.done.predicted(gpu.name) {
            let rate = n as f64 / seconds / 1e9;
            bench
                .tell
                .note(&format!("predicted for {}: look-back {rate:.1} G elements/s", gpu.name))?;
        }
    }
    let fastest = rows.iter().filter_map(|row| row.done.milliseconds).min_by(f64::total_cmp);
    bench.device_measure("elements_per_second", fastest.map(|ms| n as f64 / ms * 1e3), "elements/s")
}
