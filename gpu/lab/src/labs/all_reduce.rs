//! Lab 3-6: sums over several devices, round a ring, up a tree, or directly.

use gpu_kernels::{
    AllReduce, AllReduceRow, Communicator, Gpu, SoftSettings, Variant, all_reduce_perf,
    configure_soft,
};
use std::path::Path;

use crate::Result;
use crate::plot::{Axis, Line, lines};
use crate::row::time;
use crate::tell::Tell;

/// Times a size is summed up; the mean counts.
const ITERATIONS: u32 = 2;

/// Bytes that the busiest device sends, of each byte of a buffer, with N devices: what a link has to carry.
fn sent(variant: AllReduce, n: f64) -> f64 {
    match variant {
        AllReduce::Ring => 2.0 * (n - 1.0) / n,
        // The root of a binomial tree sends the whole to each of its children.
        AllReduce::Tree => n.log2().ceil(),
        // Its slice of all others comes in, its sums go out.
        AllReduce::Direct => 2.0 * (n - 1.0) / n,
    }
}

/// Runs it.
pub fn run(out: &Path, tell: Tell, devices: u32, most: u32) -> Result<()> {
    std::fs::create_dir_all(out)?;
    // Only softcuda asks for it; a machine has the devices that it has.
    configure_soft(SoftSettings { devices: Some(devices), ..SoftSettings::default() })?;
    let found = Gpu::count()?;
    let gpus = (0..found.min(devices)).map(Gpu::new).collect::<gpu_kernels::Result<Vec<_>>>()?;
    let Some(first) = gpus.first() else { return Err("no device".into()) };
    let emulated = first.is_emulated();
    tell.note(&match emulated {
        true => format!("no GPU here: {devices} devices of softcuda; times are the emulation's and say nothing of a GPU"),
        false => format!("{} devices: {}", gpus.len(), first.properties().name),
    })?;
    if gpus.len() < 2 {
        return Err("one device has nobody to sum up with: run it with SOFTCUDA=force".into());
    }
    let sizes: Vec<usize> =
        (3..).map(|power| 1_usize << power).take_while(|&it| it <= (most as usize) << 20).collect();
    let mut communicator = Communicator::new(&gpus)?;
    let mut rows: Vec<AllReduceRow> = Vec::new();
    let total = sizes.len() * AllReduce::ALL.len();
    for &variant in AllReduce::ALL {
        for &bytes in &sizes {
            tell.progress(rows.len(), total, &format!("{variant}, {bytes} bytes"))?;
            rows.extend(all_reduce_perf(&mut communicator, variant, &[bytes], ITERATIONS)?);
        }
    }
    show(tell, &rows, emulated)?;
    picture(out, tell, &rows, emulated)?;

    let n = gpus.len() as f64;
    tell.measure("errors", rows.iter().map(|row| row.errors).sum::<usize>() as f64, "elements")?;
    tell.measure("sizes", sizes.len() as f64, "sizes")?;
    tell.measure(
        "longest_mib",
        sizes.last().map_or(0.0, |&it| it as f64 / f64::from(1 << 20)),
        "MiB",
    )?;
    tell.measure("ring_sends_per_byte", sent(AllReduce::Ring, n), "bytes")?;
    tell.measure("tree_sends_per_byte", sent(AllReduce::Tree, n), "bytes")?;
    let saved = 100.0 * (1.0 - sent(AllReduce::Ring, n) / (n - 1.0).max(1.0) / 2.0);
    tell.measure("bandwidth_saved_percent", saved, "%")?;
    tell.note("bandwidth saved: what the busiest link carries, ring against all devices sending whole buffers to one and getting them back")?;
    let best = rows.iter().map(|row| row.bus_bandwidth / 1e9).max_by(f64::total_cmp);
    match best.filter(|_| !emulated) {
        Some(best) => tell.measure("bus_gb_per_second", best, "GB/s"),
        None => tell.not_measured("bus_gb_per_second", "no device"),
    }
}

fn show(tell: Tell, rows: &[AllReduceRow], emulated: bool) -> Result<()> {
    let columns =
        ["variant", "bytes", "time", "algbw, GB/s", "busbw, GB/s", "errors"].map(str::to_owned);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.variant.to_string(),
                row.bytes.to_string(),
                time(row.seconds),
                format!("{:.3}", row.algorithm_bandwidth / 1e9),
                format!("{:.3}", row.bus_bandwidth / 1e9),
                row.errors.to_string(),
            ]
        })
        .collect();
    let how = if emulated { "times of the emulation" } else { "measured" };
    tell.table(&format!("all-reduce of floats, {how}"), &columns, &cells)
}

fn picture(out: &Path, tell: Tell, rows: &[AllReduceRow], emulated: bool) -> Result<()> {
    let of = |variant: AllReduce| {
        let rows = rows.iter().filter(|row| row.variant == variant);
        Line {
            name: variant.to_string(),
            points: rows.map(|row| (row.bytes as f64, row.bus_bandwidth / 1e9)).collect(),
        }
    };
    let all: Vec<_> = AllReduce::ALL.iter().map(|&variant| of(variant)).collect();
    let how = if emulated { "of the emulation on this machine, not of a GPU" } else { "measured" };
    let title = format!("All-reduce: bus bandwidth by size ({how})");
    let axes = [Axis { name: "bytes", log: true }, Axis { name: "GB/s", log: true }];
    let path = out.join("bandwidth.svg");
    std::fs::write(&path, lines(&title, axes, &all, false)?)?;
    tell.artefact(&path, &title)
}
