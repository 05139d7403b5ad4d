//! Lab 3-5: prefix sums over more than one block.

use gpu_kernels::{DeviceBuffer, Scan, Variant, VecAdd, reference, scan, vec_add};
use softcuda::profile::{Caches, Profile};

use super::{counted, find, rooflines, values, worst};
use crate::Result;
use crate::bench::Bench;
use crate::plot::{Axis, Line, lines};
use crate::row::{Row, show};

/// The GPU of predictions.
const GPU: &str = "A100-80";

/// Whether blocks wait for others while they run.
fn waits(variant: Scan) -> bool {
    matches!(variant, Scan::Cooperative | Scan::LookBack)
}

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
        let mut done = bench.run(Caches::Cold, |gpu| scan(gpu, variant, &df, &mut out))?;
        done.waits = waits(variant);
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
    rooflines(bench, &rows)?;
    by_size(bench, &df, n)?;

    bench.tell.measure("wrong_sums", wrong as f64, "elements")?;
    bench.tell.measure("worst_error_over_bound", worst(&rows), "ratio")?;
    let look_back = find(&rows, Scan::LookBack.name())?;
    let brent_kung = find(&rows, Scan::BrentKung.name())?;
    let each = |row: &Row, of: fn(&Profile) -> u64| row.done.sum(of).map(|it| it as f64 / n as f64);
    let dram = |it: &Profile| it.traffic.dram_bytes;
    counted(bench, "bytes_per_element_look_back", each(look_back, dram), "bytes")?;
    counted(bench, "bytes_per_element_three_kernels", each(brent_kung, dram), "bytes")?;
    let asked = each(look_back, |it| it.traffic.requested_bytes);
    counted(bench, "asked_per_element_look_back", asked, "bytes")?;
    let launches = |row: &Row| row.done.launches.len() as f64;
    bench.tell.measure("launches_look_back", launches(look_back), "launches")?;
    bench.tell.measure("launches_three_kernels", launches(brent_kung), "launches")?;
    // How often blocks asked in vain depends on who ran when, so it is told, and not counted with the rest.
    let waited = |row: &Row| row.done.sum(|it| it.statistics.waiting().warp_instructions);
    let cooperative = find(&rows, Scan::Cooperative.name())?;
    if let Some((grid, back)) = waited(cooperative).zip(waited(look_back)) {
        bench.tell.note(&format!(
            "blocks that waited for others asked again and again: {grid} warp instructions of {}, {back} of {}, in none of the figures above; how long a GPU's \
             would wait is not predicted: times of these two are what DRAM takes at the least",
            cooperative.name, look_back.name
        ))?;
    }
    let fastest = rows.iter().filter_map(|row| row.done.milliseconds).min_by(f64::total_cmp);
    let rate = fastest.map(|ms| n as f64 / ms * 1e3);
    bench.device_measure("elements_per_second", rate, "elements/s")?;
    let mut c = DeviceBuffer::<f32>::poisoned(gpu, n)?;
    let yardstick = match look_back.done.milliseconds {
        Some(ms) => bench
            .run(Caches::Cold, |gpu| vec_add(gpu, VecAdd::Float4, &df, &df, &mut c))?
            .milliseconds
            .map(|added| (8.0 / ms) / (12.0 / added)),
        None => None,
    };
    bench.device_measure("look_back_over_vec_add", yardstick.map(|it| it * 100.0), "%")
}

/// A picture of the rate over the size: what a launch costs, and where the second and third pay.
fn by_size(bench: &Bench, input: &DeviceBuffer<f32>, n: usize) -> Result<()> {
    let sizes = std::iter::successors(Some(1 << 12), |size| Some(size * 4));
    let sizes: Vec<usize> = sizes.take_while(|&size| size <= n).collect();
    let mut all = Vec::new();
    let emulated = bench.gpu.is_emulated();
    for &variant in Scan::ALL {
        if emulated && variant == Scan::Cooperative {
            // Its bound is that of looking back: the same sectors, once.
            continue;
        }
        let mut points = Vec::new();
        for &size in &sizes {
            let input = input.slice(..size)?;
            let mut out = DeviceBuffer::<f32>::poisoned(&bench.gpu, size)?;
            let mut done = bench.run(Caches::Cold, |gpu| scan(gpu, variant, input, &mut out))?;
            done.waits = waits(variant);
            let seconds = done.milliseconds.map(|ms| ms / 1e3).or_else(|| done.predicted(GPU));
            points.extend(seconds.map(|it| (size as f64, size as f64 / it / 1e9)));
        }
        let name = match waits(variant) && emulated {
            true => "looking back, cooperative (at most)",
            false => variant.name(),
        };
        all.push(Line { name: name.to_owned(), points });
    }
    let (name, how) = match bench.gpu.is_emulated() {
        true => (GPU, "predicted"),
        false => (bench.gpu.properties().name.as_str(), "measured"),
    };
    let title = format!("Prefix sums on {name}, {how}: rate by size");
    let axes = [Axis { name: "elements", log: true }, Axis { name: "G elements/s", log: true }];
    let file = if emulated { "rate-by-size.svg" } else { "rate-by-size-device.svg" };
    bench.keep(file, &title, &lines(&title, axes, &all, false)?)
}
