//! Lab 3-6: sums over several devices, round a ring, up a tree, or directly.

use gpu_kernels::{
    AllReduce, AllReduceRow, Communicator, DeviceBuffer, Gpu, Launch, SoftSettings, Variant,
    all_reduce_perf, configure_soft,
};
use std::path::Path;

use crate::Result;
use crate::counted;
use crate::plot::{Axis, Line, lines};
use crate::row::time;
use crate::tell::Tell;

/// Times that a size is summed up on GPUs, besides once to warm up; the mean counts.
const ITERATIONS: u32 = 20;
/// The longest buffers that are not summed round a ring, bytes, on softcuda.
const OTHERS: usize = 16 << 20;
/// Elements of the buffers whose additions are counted.
const COUNTED: usize = 1 << 16;

/// Runs it.
pub fn run(out: &Path, tell: &Tell, devices: u32, most: u32) -> Result<()> {
    std::fs::create_dir_all(out)?;
    // Only softcuda asks for it; a machine has the devices that it has.
    configure_soft(SoftSettings { devices: Some(devices), ..SoftSettings::default() })?;
    let found = Gpu::count()?;
    let gpus = (0..found.min(devices)).map(Gpu::new).collect::<gpu_kernels::Result<Vec<_>>>()?;
    let Some(first) = gpus.first() else { return Err("no device".into()) };
    let emulated = first.is_emulated();
    if gpus.len() < 2 {
        tell.note("one device has nobody to sum up with: softcuda has more")?;
        return counted::instead();
    }
    tell.note(&match emulated {
        true => format!("no GPU here: {devices} devices of softcuda; times are the emulation's and say nothing of a GPU"),
        false => format!("{} devices: {}", gpus.len(), first.properties().name),
    })?;
    let sizes: Vec<usize> =
        (3..).map(|power| 1_usize << power).take_while(|&it| it <= (most as usize) << 20).collect();
    let mut communicator = Communicator::new(&gpus)?;
    let mut rows: Vec<AllReduceRow> = Vec::new();
    // What the tree and the direct way do is seen in shorter ones, too; the emulation takes its time.
    let work: Vec<(AllReduce, usize)> = AllReduce::ALL
        .iter()
        .flat_map(|&variant| sizes.iter().map(move |&bytes| (variant, bytes)))
        .filter(|&(variant, bytes)| !emulated || variant == AllReduce::Ring || bytes <= OTHERS)
        .collect();
    let total = work.len();
    for (variant, bytes) in work {
        tell.progress(rows.len(), total, &format!("{variant}, {bytes} bytes"))?;
        // Times of the emulation say nothing: once is enough.
        let iterations = if emulated { 1 } else { ITERATIONS };
        rows.extend(all_reduce_perf(&mut communicator, variant, &[bytes], iterations)?);
    }
    // A GPU counts nothing, and its sweep is drawn over that of softcuda.
    let counted = if emulated { tell.clone() } else { tell.beside(counted::count(tell)?) };
    show(tell, &rows, emulated)?;
    picture(out, tell, &rows, emulated)?;
    keep(out, tell, &rows, emulated)?;

    tell.measure("errors", rows.iter().map(|row| row.errors).sum::<usize>() as f64, "elements")?;
    tell.measure("sizes", sizes.len() as f64, "sizes")?;
    let longest = sizes.last().map_or(0.0, |&it| it as f64 / f64::from(1 << 20));
    tell.measure("longest_mib", longest, "MiB")?;
    sums(&counted, &gpus)?;
    let best = rows.iter().map(|row| row.bus_bandwidth / 1e9).max_by(f64::total_cmp);
    match best.filter(|_| !emulated) {
        Some(best) => tell.measure("bus_gb_per_second", best, "GB/s"),
        None => tell.not_measured("bus_gb_per_second", "no device"),
    }
}

/// What the busiest device adds, which is what its link brings it while sums are made.
fn sums(tell: &Tell, gpus: &[Gpu]) -> Result<()> {
    for &variant in AllReduce::ALL {
        let id = format!("{variant}_sums_per_element");
        match busiest(gpus, variant)? {
            Some(sums) => tell.measure(&id, sums, "sums")?,
            None => tell.not_measured(&id, "a GPU counts nothing: run it with SOFTCUDA=force")?,
        }
    }
    Ok(())
}

/// Additions of the busiest device for each element of a buffer; none on GPUs, which do not count.
fn busiest(gpus: &[Gpu], variant: AllReduce) -> Result<Option<f64>> {
    let launches = recorded(gpus, Vec::new(), &mut |gpus| {
        let mut communicator = Communicator::new(gpus)?;
        let buffer = |gpu| DeviceBuffer::<f32>::zeroed(gpu, COUNTED);
        let mut buffers = gpus.iter().map(buffer).collect::<gpu_kernels::Result<Vec<_>>>()?;
        communicator.all_reduce(variant, &mut buffers)?;
        communicator.synchronize()
    })?;
    let flops = |it: &Launch| Some(it.statistics.as_ref()?.totals().flops);
    let of_device = |all: &Vec<Launch>| all.iter().map(flops).sum::<Option<u64>>();
    let counted: Option<Vec<u64>> = launches.iter().map(of_device).collect();
    Ok(counted.and_then(|all| all.into_iter().max()).map(|most| most as f64 / COUNTED as f64))
}

/// Does it with devices that all note their launches, and gives these by device.
fn recorded(
    gpus: &[Gpu],
    mut noting: Vec<Gpu>,
    work: &mut dyn FnMut(&[Gpu]) -> gpu_kernels::Result<()>,
) -> gpu_kernels::Result<Vec<Vec<Launch>>> {
    let Some((first, rest)) = gpus.split_first() else {
        work(&noting)?;
        return Ok(Vec::new());
    };
    let (mut others, launches) = first.record(|gpu| {
        noting.push(gpu.clone());
        recorded(rest, noting, work)
    })?;
    others.insert(0, launches);
    Ok(others)
}

fn show(tell: &Tell, rows: &[AllReduceRow], emulated: bool) -> Result<()> {
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

fn picture(out: &Path, tell: &Tell, rows: &[AllReduceRow], emulated: bool) -> Result<()> {
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

/// The rows, for other programs.
fn keep(out: &Path, tell: &Tell, rows: &[AllReduceRow], emulated: bool) -> Result<()> {
    let mut text = String::from("variant,devices,bytes,seconds,algbw_gb_s,busbw_gb_s,errors\n");
    for row in rows {
        text.push_str(&format!(
            "{},{},{},{:e},{},{},{}\n",
            row.variant,
            row.devices,
            row.bytes,
            row.seconds,
            row.algorithm_bandwidth / 1e9,
            row.bus_bandwidth / 1e9,
            row.errors
        ));
    }
    let path = out.join("all_reduce_perf.csv");
    std::fs::write(&path, text)?;
    let how = if emulated { "times of the emulation" } else { "measured" };
    tell.artefact(&path, &format!("All-reduce by size ({how})"))
}
