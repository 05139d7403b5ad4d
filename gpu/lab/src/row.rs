//! The table that all labs have: a row a variant.

use softcuda::profile::GPUS;

use crate::Result;
use crate::bench::{Bench, Done};

/// A variant and what came of it.
pub struct Row {
    /// Its name.
    pub name: String,
    /// How far off it was, measured in what is allowed: at most 1. 0 is exact.
    pub error: f64,
    /// Bytes that theory says it asks of global memory.
    pub theory_bytes: Option<f64>,
    /// What it did.
    pub done: Done,
}

fn scaled(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let found = units.iter().find(|(unit, _)| value >= *unit);
    found
        .map_or_else(|| format!("{value:.0}"), |(unit, name)| format!("{:.2} {name}", value / unit))
}

/// Seconds as people read them.
pub fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.1} us", s * 1e6),
    }
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |it| format!("{it:.2}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |it| format!("{:.0} %", it * 100.0))
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let done = &self.done;
        let bytes = |it: Option<u64>| it.map_or_else(|| "-".to_owned(), |it| scaled(it as f64));
        let main = done.main();
        let totals = main.map(|it| it.statistics.totals());
        let a100 = main.and_then(|it| it.on("A100-80"));
        let mut cells = vec![
            self.name.clone(),
            if self.error == 0.0 { "exact".to_owned() } else { format!("{:.3}", self.error) },
            self.theory_bytes.map_or_else(|| "-".to_owned(), scaled),
            bytes(done.sum(|it| it.traffic.requested_bytes)),
            bytes(done.sum(|it| it.traffic.l2_bytes)),
            bytes(done.sum(|it| it.traffic.dram_bytes)),
            bytes(done.sum(|it| it.traffic.flops + it.traffic.tensor_flops)),
            bytes(done.sum(|it| it.statistics.totals().warp_instructions)),
            percent(totals.and_then(|it| it.coalescing_efficiency())),
            ratio(totals.and_then(|it| it.bank_conflict_degree())),
            percent(totals.and_then(|it| it.divergence_efficiency())),
            percent(a100.map(|it| it.occupancy.occupancy)),
            ratio(main.and_then(|it| it.ilp.of_arithmetic())),
        ];
        for gpu in &GPUS {
            let bound = done.bound(gpu.name).map_or("", |it| it.name());
            let predicted = done.predicted(gpu.name);
            let least = if done.waits { ">= " } else { "" };
            cells.push(
                predicted
                    .map_or_else(|| "-".to_owned(), |it| format!("{least}{} {bound}", time(it))),
            );
        }
        cells.push(match done.milliseconds {
            Some(ms) => time(ms / 1e3),
            None => "no device".to_owned(),
        });
        cells
    }
}

/// Shows the rows.
pub fn show(bench: &Bench, title: &str, rows: &[Row]) -> Result<()> {
    let mut columns: Vec<String> = [
        "variant",
        "error / bound",
        "bytes by theory",
        "requested",
        "L2",
        "DRAM",
        "FLOP",
        "warp instr.",
        "coalescing",
        "conflicts",
        "active lanes",
        "occupancy (A100)",
        "ILP",
    ]
    .map(str::to_owned)
    .to_vec();
    columns.extend(GPUS.iter().map(|gpu| format!("predicted {}", gpu.name)));
    columns.push("measured".to_owned());
    let cells: Vec<_> = rows.iter().map(Row::cells).collect();
    bench.tell.table(title, &columns, &cells)
}
