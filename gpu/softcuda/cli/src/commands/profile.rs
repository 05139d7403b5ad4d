//! Profiles.

use std::path::PathBuf;

use clap::Args;
use softcuda::count::{Class, Statistics, Totals};
use softcuda::profile::{
    self, Caches, GPUS, Gpu, MODEL, Manifest, OnGpu, Options, Plotted, Registers, roofline,
};
use softcuda::sanitize::Checks;

use crate::error::{Error, Result};
use crate::exit::{Verdict, print, print_json};
use crate::launch::{LaunchArguments, show};
use crate::manifest;
use crate::table::{count, dash, decimal, percent, rate, table, time};

/// Launches a kernel and tells where its time would go on named GPUs (predicted)
#[derive(Debug, Args)]
#[command(after_help = "\
Times are predicted, not measured: the longest of DRAM, L2, each pipe, latency and atomics, by the peaks of data sheets.
Registers are those of --registers, or of a manifest (beside the file, or --manifest); else they are unknown, and limit nothing.")]
pub struct Profile {
    #[command(flatten)]
    launch: LaunchArguments,
    /// A GPU: t4, a100, 4090, h100; all by default
    #[arg(long, value_name = "NAME", value_parser = gpu)]
    gpu: Vec<Gpu>,
    /// Registers a thread, as ptxas -v gives them
    #[arg(long, value_name = "N", conflicts_with_all = ["manifest", "estimate"])]
    registers: Option<u32>,
    /// A manifest of kernels with their registers
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Where registers are unknown, estimate them from the lives of PTX's registers
    #[arg(long)]
    estimate: bool,
    /// The arrays lie in the second cache when the launch begins, where they fit
    #[arg(long)]
    warm: bool,
    /// Show each line of the source; of the PTX where it has no .loc
    #[arg(long)]
    lines: bool,
    /// Draw a roofline of each GPU to a file: NAME.svg, or NAME-GPU.svg where there are several
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn gpu(name: &str) -> std::result::Result<Gpu, String> {
    let names: Vec<&str> = GPUS.iter().map(|gpu| gpu.name).collect();
    Gpu::named(name).copied().ok_or(format!("unknown; there are {}", names.join(", ")))
}

impl Profile {
    /// Does it.
    pub fn run(&self) -> Result<Verdict> {
        let prepared = self.launch.prepare(Checks::NONE)?;
        let kernel = &prepared.kernel;
        let manifest = match self.manifest.clone().or_else(|| manifest::beside(&self.launch.file)) {
            Some(path) => manifest::read(&path)?,
            None => Manifest::default(),
        };
        let estimate = kernel.registers_estimated();
        let known = |gpu: &Gpu| manifest.registers_of_file(&self.launch.file, kernel.name(), gpu);
        let registers =
            |gpu: &Gpu| match self.registers.map_or_else(|| known(gpu), Registers::Known) {
                Registers::Unknown if self.estimate => Registers::Estimated(estimate),
                found => found,
            };
        let gpus = if self.gpu.is_empty() { &GPUS[..] } else { &self.gpu };
        let caches = if self.warm { Caches::Warm } else { Caches::Cold };
        let options = Options { gpus, registers: &registers, caches };
        let LaunchArguments { grid, block, .. } = &self.launch;
        let args = &prepared.args;
        let with = self.launch.options();
        let profile =
            profile::launch(kernel, &prepared.device, *grid, *block, args, &with, &options)
                .map_err(|error| prepared.source.launch_error(&error))?;
        let outputs = prepared.outputs()?;
        if let Some(path) = &self.plot {
            self.plot(path, gpus, &profile)?;
        }
        if self.json {
            print_json(&profile)?;
            return Ok(Verdict::Passed);
        }
        let mut text = prepared.head();
        text += "\n";
        text += &totals(&profile);
        text += "\n";
        text += &classes(&profile.statistics);
        if self.lines {
            text += "\n";
            text += &lines(&profile.statistics);
        }
        text += "\n";
        text += &on_gpus(&profile.gpus, caches);
        text += &notes(&profile.gpus);
        text += &show(&outputs);
        print(&text)?;
        Ok(Verdict::Passed)
    }

    fn plot(&self, path: &std::path::Path, gpus: &[Gpu], profile: &profile::Profile) -> Result<()> {
        for (gpu, on) in gpus.iter().zip(&profile.gpus) {
            let seconds = on.predicted.as_ref().map(|predicted| predicted.kernel_seconds);
            let plotted = Plotted { name: &profile.kernel, point: &on.roofline, seconds };
            let svg = roofline(gpu, &[plotted])
                .map_err(|error| Error::Usage(format!("--plot: {error}")))?;
            let path = if gpus.len() == 1 {
                path.to_owned()
            } else {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                path.with_file_name(format!("{stem}-{}.svg", gpu.name.replace(' ', "-")))
            };
            std::fs::write(&path, svg).map_err(|error| Error::io(&path, error))?;
        }
        Ok(())
    }
}

fn totals(profile: &profile::Profile) -> String {
    let totals = profile.statistics.totals();
    let waiting = profile.statistics.waiting();
    let traffic = &profile.traffic;
    let ilp = &profile.ilp;
    let rows = [
        ("warp instructions", count(totals.warp_instructions)),
        ("thread instructions", count(totals.thread_instructions)),
        ("warp instructions that only waited", count(waiting.warp_instructions)),
        ("active lanes", percent(totals.divergence_efficiency())),
        ("FLOP", count(totals.flops)),
        ("global: bytes asked for", count(traffic.requested_bytes)),
        ("global: bytes of sectors, all (L2)", count(traffic.l2_bytes)),
        ("global: bytes of sectors, different (DRAM)", count(traffic.dram_bytes)),
        ("global: sectors a request", decimal(totals.sectors_per_request())),
        ("global: coalescing", percent(totals.coalescing_efficiency())),
        ("shared: bytes asked for", count(traffic.shared_bytes)),
        ("shared: passes", count(traffic.shared_passes)),
        ("shared: conflict degree", decimal(totals.bank_conflict_degree())),
        ("atomics: rounds", count(totals.atomic_rounds)),
        ("atomics: operations on the hottest address", count(profile.footprint.hottest_atomic)),
        ("ILP, all instructions", decimal(ilp.all())),
        ("ILP, arithmetic", decimal(ilp.of_arithmetic())),
        (
            "warps followed for ILP",
            count(ilp.warps) + if ilp.truncated { " (in part)" } else { "" },
        ),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    table(&["total", ""], 1, rows)
}

fn cells(totals: &Totals, all: u64) -> Vec<String> {
    let share = (all != 0).then(|| totals.warp_instructions as f64 / all as f64);
    let some = |n: u64| if n == 0 { dash() } else { count(n) };
    vec![
        count(totals.warp_instructions),
        percent(share),
        percent(totals.divergence_efficiency()),
        some(totals.flops),
        some(totals.global_sectors),
        decimal(totals.sectors_per_request()),
        percent(totals.coalescing_efficiency()),
        some(totals.shared_passes),
        decimal(totals.bank_conflict_degree()),
        some(totals.atomic_rounds),
    ]
}

const COLUMNS: [&str; 10] = [
    "warp instr.",
    "share",
    "lanes",
    "FLOP",
    "sectors",
    "a request",
    "coalesced",
    "passes",
    "conflicts",
    "rounds",
];

fn head<'h>(first: &[&'h str]) -> Vec<&'h str> {
    first.iter().chain(&COLUMNS).copied().collect()
}

fn classes(statistics: &Statistics) -> String {
    let all = statistics.totals().warp_instructions;
    let rows = Class::ALL.iter().filter_map(|&class| {
        let totals = statistics.class(class);
        (totals.warp_instructions != 0).then(|| {
            let mut row = vec![class.name().to_owned()];
            row.extend(cells(&totals, all));
            row
        })
    });
    table(&head(&["class"]), 1, rows)
}

fn lines(statistics: &Statistics) -> String {
    let all = statistics.totals().warp_instructions;
    let lines = statistics.lines();
    let row = |place: String, totals: &Totals| {
        let mut row = vec![place];
        row.extend(cells(totals, all));
        row
    };
    if lines.is_empty() {
        let ran = statistics.instructions().filter(|it| it.totals.warp_instructions != 0);
        let rows = ran.map(|it| row(format!("{} {}", it.line, it.opcode), &it.totals));
        return table(&head(&["PTX line"]), 1, rows);
    }
    let ran = lines.iter().filter(|it| it.totals.warp_instructions != 0);
    let name = |file: &str| file.rsplit('/').next().unwrap_or(file).to_owned();
    let rows = ran.map(|it| row(format!("{}:{}", name(&it.file), it.line), &it.totals));
    table(&head(&["line"]), 1, rows)
}

fn on_gpus(gpus: &[OnGpu], caches: Caches) -> String {
    let rows = gpus.iter().map(|on| {
        let registers = match on.registers {
            Registers::Known(n) => n.to_string(),
            Registers::Estimated(n) => format!("~{n}"),
            Registers::Unknown => "unknown".to_owned(),
        };
        let most = if on.registers == Registers::Unknown { "<= " } else { "" };
        let limits: Vec<&str> = on.occupancy.limited_by.iter().map(|it| it.name()).collect();
        let mut row = vec![
            on.gpu.to_owned(),
            registers,
            format!("{most}{}", percent(Some(on.occupancy.occupancy))),
            limits.join(", "),
            decimal(on.roofline.dram_intensity),
            rate(on.roofline.attainable),
        ];
        match &on.predicted {
            None => row.extend(["does not fit", "", "", ""].map(str::to_owned)),
            Some(predicted) => {
                let next = predicted.bounds.get(1);
                row.extend([
                    time(predicted.seconds),
                    format!("{} {}", predicted.bound.name(), time(predicted.kernel_seconds)),
                    next.map_or_else(dash, |it| {
                        format!("{} {}", it.bound.name(), time(it.seconds))
                    }),
                    format!("{:.2}", predicted.waves),
                ]);
            }
        }
        row
    });
    let from =
        if caches == Caches::Warm { "arrays in L2 where they fit" } else { "arrays in DRAM" };
    let head = [
        "GPU",
        "registers",
        "occupancy",
        "limited by",
        "FLOP/byte",
        "roof",
        "predicted",
        "bound",
        "next",
        "waves",
    ];
    format!("predicted, model {MODEL}, {from}:\n{}", table(&head, 9, rows))
}

fn notes(gpus: &[OnGpu]) -> String {
    let mut text = String::new();
    if gpus.iter().any(|on| on.registers == Registers::Unknown) {
        text += "registers unknown: occupancy is an upper bound (--registers, --manifest, --estimate)\n";
    }
    if gpus.iter().any(|on| matches!(on.registers, Registers::Estimated(_))) {
        text += "registers with ~ are estimated from PTX, not assembled\n";
    }
    let large: Vec<&str> = gpus
        .iter()
        .filter(|on| on.predicted.as_ref().is_some_and(|predicted| predicted.exceeds_l2))
        .map(|on| on.gpu)
        .collect();
    if !large.is_empty() {
        text += &format!(
            "larger than L2 on {}: what is read again may come from DRAM again, which is not counted\n",
            large.join(", ")
        );
    }
    text
}
