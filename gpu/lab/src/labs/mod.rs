//! A file a lab.

pub mod all_reduce;
pub mod matmul;
pub mod occupancy;
pub mod reduction;
pub mod scan;
pub mod vec_add;

use softcuda::profile::{GPUS, Plotted, roofline};

use crate::Result;
use crate::bench::Bench;
use crate::row::Row;

/// Values between -1 and 1, the same every time.
fn values(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..n).map(|_| (next() >> 40) as f32 / (1_u64 << 23) as f32 - 1.0).collect()
}

/// A roofline of each GPU with every row on it.
fn rooflines(bench: &Bench, rows: &[Row]) -> Result<()> {
    for gpu in &GPUS {
        let plotted: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                let main = row.done.main()?.on(gpu.name)?;
                let predicted = main.predicted.as_ref().filter(|_| !row.done.waits);
                let seconds = predicted.map(|it| it.kernel_seconds);
                Some(Plotted { name: &row.name, point: &main.roofline, seconds })
            })
            .collect();
        if plotted.is_empty() {
            return Ok(());
        }
        let name = format!("roofline-{}.svg", gpu.name.to_lowercase().replace(' ', "-"));
        let title = format!("Roofline of {}, times predicted", gpu.name);
        bench.keep(&name, &title, &roofline(gpu, &plotted)?)?;
    }
    Ok(())
}

/// The greatest error of all rows, measured in what is allowed.
fn worst(rows: &[Row]) -> f64 {
    rows.iter().map(|row| row.error).fold(0.0, f64::max)
}

/// The row of a variant.
fn find<'r>(rows: &'r [Row], name: &str) -> Result<&'r Row> {
    rows.iter().find(|row| row.name == name).ok_or_else(|| format!("no row {name}").into())
}

/// Of counters that only softcuda has: a measure, or none on a GPU.
fn counted(bench: &Bench, id: &str, value: Option<f64>, unit: &str) -> Result<()> {
    match value {
        Some(value) => bench.tell.measure(id, value, unit),
        None => bench.tell.not_measured(id, "a GPU counts nothing: run it with SOFTCUDA=force"),
    }
}
