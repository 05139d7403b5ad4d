//! The curve of write amplification against space: `cargo run --release --bin space_curve`.

use std::path::PathBuf;

use clap::Parser;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use lsm::Options;
use lsm_tools::{
    Result, parse_count, plot,
    space::{Work, overwrite},
};

/// Overwrites records in random order, once for each space target, and says what was written and what space it took.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  space_curve\n  space_curve 200_000 --rounds 10 --target 1.1 --target 2 --json"
)]
struct Arguments {
    /// How many records.
    #[arg(default_value = "1_000_000", value_parser = parse_count)]
    records: u64,
    /// How often each is overwritten, on average.
    #[arg(long, default_value_t = 5)]
    rounds: u64,
    /// Length of a value.
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
    /// A space target to try; may be given several times.
    #[arg(long = "target", default_values_t = [1.1, 1.2, 1.3, 1.5, 2.0, 3.0])]
    targets: Vec<f64>,
    /// Lets garbage grow to this many times what is live while there are writers. Default: the engine's.
    #[arg(long)]
    limit: Option<f64>,
    /// Where databases are made, one after the other, and the plot is put.
    #[arg(long, default_value = "out/space_curve")]
    out: PathBuf,
    /// Prints one JSON object a target instead of a table.
    #[arg(long)]
    json: bool,
}

#[allow(clippy::print_stdout)] // the result is what it is for
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let Arguments { records, rounds, value_bytes, .. } = arguments;
    let work = Work { records, rounds, value_bytes };
    let dir = arguments.out.join(format!("db-{}", std::process::id()));
    std::fs::create_dir_all(&arguments.out)?;
    let bar = if arguments.json { ProgressBar::hidden() } else { ProgressBar::new(work.puts()) };
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {human_pos}/{human_len} {eta}")?);
    let mut table = Table::new();
    table.set_header(["space target", "bytes written / user byte", "space / live", "at most"]);
    let mut points = Vec::new();
    for &target in &arguments.targets {
        bar.set_message(format!("target {target}"));
        let mut options = Options::default().space_target(target);
        if let Some(limit) = arguments.limit {
            options = options.space_limit(limit);
        }
        let cost = overwrite(&dir, options, work, |done| bar.set_position(done))?;
        points.push((cost.space, cost.amplification));
        if arguments.json {
            println!(
                "{}",
                serde_json::json!({
                    "target": target, "amplification": cost.amplification, "space": cost.space, "peak": cost.peak,
                })
            );
        }
        let figure = |value: f64| format!("{value:.2}");
        table.add_row(
            [target.to_string()]
                .into_iter()
                .chain([cost.amplification, cost.space, cost.peak].map(figure)),
        );
    }
    bar.finish_and_clear();
    let path = arguments.out.join("space-curve.svg");
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (x, y) = ("bytes on disk / live byte", "bytes written / user byte");
    plot::lines(&path, "What space buys", x, y, &[("overwriting".to_owned(), points)])?;
    if !arguments.json {
        println!("{table}\nThe curve: {}", path.display());
    }
    Ok(())
}
