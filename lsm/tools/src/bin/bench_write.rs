//! How fast the engine takes writes: `cargo run --release --bin bench_write 1_000_000`.

use std::path::PathBuf;

use clap::Parser;
use comfy_table::Table;
use indicatif::{ProgressBar, ProgressStyle};
use lsm::{Db, Options};
use lsm_tools::{Result, fill, parse_count};

/// Inserts records, one put each, and says what that cost.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  bench_write 1_000_000\n  bench_write 200_000 --value-bytes 1024 --json\n  bench_write 4_000_000 --threads 4"
)]
struct Arguments {
    /// How many records.
    #[arg(default_value = "1_000_000", value_parser = parse_count)]
    records: u64,
    /// Length of a value.
    #[arg(long, default_value_t = 100)]
    value_bytes: usize,
    /// Threads that share the records.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: u64,
    /// Where the database is made; it is removed afterwards. Default: a new directory below `out/`.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[allow(clippy::print_stdout)] // the result is what it is for
fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let dir = arguments
        .dir
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("out/bench_write-{}", std::process::id())));
    if dir.exists() {
        return Err(format!("{} exists; name a new directory", dir.display()).into());
    }
    let bar =
        if arguments.json { ProgressBar::hidden() } else { ProgressBar::new(arguments.records) };
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {human_pos}/{human_len} {per_sec} {eta}",
    )?);
    let outcome = run(&arguments, &dir, &bar);
    bar.finish_and_clear();
    let removed = std::fs::remove_dir_all(&dir);
    let (filled, statistics) = outcome?;
    removed?;
    #[allow(clippy::cast_precision_loss)]
    let rate = arguments.records as f64 / filled.seconds / 1000.0;
    let micros = |quantile| filled.latencies.micros(quantile);
    let parts = fill::parts(&statistics);
    if arguments.json {
        let parts: serde_json::Map<_, _> =
            parts.iter().map(|(name, bytes)| ((*name).to_owned(), (*bytes).into())).collect();
        println!(
            "{}",
            serde_json::json!({
                "records": arguments.records, "threads": arguments.threads, "seconds": filled.seconds, "thousand_per_second": rate,
                "write_amplification": statistics.write_amplification(), "bytes_written": parts,
                "p50_us": micros(0.5), "p99_us": micros(0.99), "p999_us": micros(0.999),
            })
        );
        return Ok(());
    }
    let mut table = Table::new();
    table.set_header(["what", "value"]);
    table.add_row(["records".to_owned(), arguments.records.to_string()]);
    table.add_row(["time".to_owned(), format!("{:.3} s", filled.seconds)]);
    table.add_row(["rate".to_owned(), format!("{rate:.0} k/s")]);
    table.add_row([
        "latency p50, p99, p99.9".to_owned(),
        format!("{:.2}, {:.2}, {:.2} us", micros(0.5), micros(0.99), micros(0.999)),
    ]);
    table.add_row([
        "write amplification".to_owned(),
        format!("{:.3}", statistics.write_amplification()),
    ]);
    for (name, bytes) in parts.iter().filter(|part| part.1 > 0) {
        table.add_row([format!("  bytes of {name}"), bytes.to_string()]);
    }
    println!("{table}\nNext: `just lab 1-3` shows the same with plots, and after a kill -9.");
    Ok(())
}

fn run(
    arguments: &Arguments,
    dir: &std::path::Path,
    bar: &ProgressBar,
) -> Result<(fill::Fill, lsm::Statistics)> {
    let db = Db::open(dir, Options::default())?;
    let keyspace = db.default_keyspace();
    let (records, value_bytes) = (arguments.records, arguments.value_bytes);
    let progress = |done| bar.set_position(done);
    let filled = if arguments.threads == 1 {
        fill::fill(&db, &keyspace, records, value_bytes, 0, progress)?
    } else {
        fill::fill_with_threads(&keyspace, records, value_bytes, arguments.threads, progress)?
    };
    // What the last memtable still owes belongs to what the fill costs.
    db.flush()?;
    db.wait_idle()?;
    let statistics = db.statistics();
    drop(keyspace);
    db.close()?;
    Ok((filled, statistics))
}
