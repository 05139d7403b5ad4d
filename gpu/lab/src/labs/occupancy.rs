//! Lab 3-3: block sizes and parallelism within threads: which of them hides latency.

use gpu_kernels::{DeviceBuffer, FmaChains, FmaSweep, Variant, fma_sweep, reference};
use softcuda::profile::{Caches, GPUS};

use super::counted;
use crate::Result;
use crate::bench::{Bench, Done};
use crate::plot::{Axis, Line, lines};

/// Threads of a block.
const BLOCKS: [u32; 6] = [32, 64, 128, 256, 512, 1024];
/// Bytes of shared memory that nobody uses, to lower the occupancy of blocks of one warp: on an A100 they leave 13, 7 and 4 of them.
const IDLE: [u32; 3] = [11 << 10, 20 << 10, 40 << 10];
/// Of all warps that a multiprocessor holds, less than two for each scheduler.
const LOW: f64 = 0.07;

struct Point {
    sweep: FmaSweep,
    done: Done,
}

impl Point {
    /// FLOP a second: measured on a device, else predicted for a GPU, without the launch.
    fn rate(&self, gpu: &str, flop: f64) -> Option<f64> {
        let seconds = match self.done.milliseconds {
            Some(ms) => ms / 1e3,
            None => self.done.main()?.on(gpu)?.predicted.as_ref()?.kernel_seconds,
        };
        Some(flop / seconds)
    }

    fn occupancy(&self, gpu: &str) -> Option<f64> {
        Some(self.done.main()?.on(gpu)?.occupancy.occupancy)
    }
}

/// Runs it.
pub fn run(bench: &Bench, n: usize, rounds: u32) -> Result<()> {
    let shapes = BLOCKS.map(|block| (block, 0)).into_iter().chain(IDLE.map(|it| (32, it)));
    let shapes: Vec<_> = shapes.collect();
    let total = shapes.len() * FmaChains::ALL.len();
    let (mut points, mut wrong) = (Vec::new(), 0);
    for &chains in FmaChains::ALL {
        for &(block, idle_shared) in &shapes {
            bench.tell.progress(points.len(), total, &format!("{chains}, blocks of {block}"))?;
            let sweep = FmaSweep { chains, block, idle_shared, rounds, factor: 0.5, addend: 1.0 };
            let mut out = DeviceBuffer::poisoned(&bench.gpu, n)?;
            let done = bench.run(Caches::Cold, |gpu| fma_sweep(gpu, sweep, &mut out))?;
            let expected = reference::fma_sweep(sweep, n);
            wrong += out.to_vec()?.iter().zip(&expected).filter(|(x, y)| x != y).count();
            points.push(Point { sweep, done });
        }
    }
    let flop = 16.0 * n as f64 * f64::from(rounds);
    tables(bench, &points, flop)?;
    pictures(bench, &points, flop)?;

    bench.tell.measure("wrong_elements", wrong as f64, "elements")?;
    bench.tell.measure("points", points.len() as f64, "points")?;
    let ilp = |point: &Point| {
        let chains = f64::from(point.sweep.chains.count());
        Some((point.done.main()?.ilp.of_arithmetic()? / chains - 1.0).abs())
    };
    let off = points.iter().filter_map(ilp).max_by(f64::total_cmp);
    counted(bench, "ilp_off_percent", off.map(|it| it * 100.0), "%")?;
    // The lesson: eight chains at a low occupancy do what one chain does at none.
    let gpu = "A100-80";
    let best = |points: &mut dyn Iterator<Item = &Point>| {
        points.filter_map(|it| it.rate(gpu, flop)).max_by(f64::total_cmp)
    };
    let full = best(&mut points.iter());
    let low = |chains: FmaChains| {
        best(&mut points.iter().filter(|it| {
            it.sweep.chains == chains && it.occupancy(gpu).is_some_and(|it| it <= LOW)
        }))
    };
    let share = |chains| low(chains).zip(full).map(|(x, y)| 100.0 * x / y);
    counted(bench, "eight_chains_at_low_occupancy_percent", share(FmaChains::Eight), "%")?;
    counted(bench, "one_chain_at_low_occupancy_percent", share(FmaChains::One), "%")?;
    let measured = points.iter().filter_map(|it| Some(flop / it.done.milliseconds? / 1e6));
    bench.device_measure("best_gflops", measured.max_by(f64::total_cmp), "GFLOP/s")
}

fn tables(bench: &Bench, points: &[Point], flop: f64) -> Result<()> {
    for gpu in &GPUS {
        let columns =
            ["chains", "block", "idle shared", "occupancy", "limited by", "ILP", "GFLOP/s"]
                .map(str::to_owned);
        let rows: Vec<Vec<String>> = points
            .iter()
            .map(|it| {
                let on = it.done.main().and_then(|main| main.on(gpu.name));
                let limits = on.map(|on| {
                    on.occupancy
                        .limited_by
                        .iter()
                        .map(|it| it.name())
                        .collect::<Vec<_>>()
                        .join(", ")
                });
                let figure = |it: Option<f64>, scale: f64| {
                    it.map_or_else(|| "-".to_owned(), |it| format!("{:.1}", it * scale))
                };
                vec![
                    it.sweep.chains.count().to_string(),
                    it.sweep.block.to_string(),
                    it.sweep.idle_shared.to_string(),
                    figure(it.occupancy(gpu.name), 100.0),
                    limits.unwrap_or_default(),
                    figure(it.done.main().and_then(|it| it.ilp.of_arithmetic()), 1.0),
                    figure(it.rate(gpu.name, flop), 1e-9),
                ]
            })
            .collect();
        let how = if bench.gpu.is_emulated() { "predicted" } else { "measured on the device" };
        bench.tell.table(&format!("multiply-adds on {}, {how}", gpu.name), &columns, &rows)?;
        if !bench.gpu.is_emulated() {
            break;
        }
    }
    Ok(())
}

/// Two pictures of each GPU, a line for each number of chains: rate over block size, and over occupancy; the best is marked.
fn pictures(bench: &Bench, points: &[Point], flop: f64) -> Result<()> {
    for gpu in &GPUS {
        let (name, how) = match bench.gpu.is_emulated() {
            true => (gpu.name, "predicted"),
            false => (bench.gpu.properties().name.as_str(), "measured"),
        };
        let file = match bench.gpu.is_emulated() {
            true => gpu.name.to_lowercase().replace(' ', "-"),
            false => "device".to_owned(),
        };
        let rate = |it: &Point| Some(it.rate(gpu.name, flop)? / 1e9);
        let y = Axis { name: "GFLOP/s", log: false };

        let by_block = by_chains(points, |it| {
            let plain = it.sweep.idle_shared == 0;
            plain.then(|| Some((f64::from(it.sweep.block), rate(it)?))).flatten()
        });
        let title = format!("Multiply-adds on {name}, {how}: block size and chains a thread");
        let axes = [Axis { name: "threads a block", log: true }, y];
        let picture = lines(&title, axes, &by_block, true)?;
        bench.keep(&format!("sweep-{file}.svg"), &title, &picture)?;
        if !bench.gpu.is_emulated() {
            // A GPU does not tell its occupancy.
            break;
        }
        let by_occupancy = by_chains(points, |it| {
            let small = it.sweep.block == 32;
            small.then(|| Some((100.0 * it.occupancy(gpu.name)?, rate(it)?))).flatten()
        });
        let title = format!("Multiply-adds on {name}, {how}: occupancy and chains a thread");
        let axes = [Axis { name: "occupancy, % (blocks of 32)", log: true }, y];
        let picture = lines(&title, axes, &by_occupancy, false)?;
        bench.keep(&format!("occupancy-{file}.svg"), &title, &picture)?;
    }
    Ok(())
}

/// A line for each number of chains, from left to right.
fn by_chains(points: &[Point], of: impl Fn(&Point) -> Option<(f64, f64)>) -> Vec<Line> {
    let line = |&chains: &FmaChains| {
        let mine = points.iter().filter(|it| it.sweep.chains == chains);
        let mut points: Vec<_> = mine.filter_map(&of).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let plural = if chains.count() == 1 { "chain" } else { "chains" };
        Line { name: format!("{} {plural}", chains.count()), points }
    };
    FmaChains::ALL.iter().map(line).collect()
}
