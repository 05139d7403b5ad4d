//! Looking into a database, checking it, compacting it, measuring the engine.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use comfy_table::Table;
use lsm::{Db, KeyspaceOptions, Options, Statistics};
use lsm_tools::{
    Result,
    bench::{self, Outcome, Scale, Workload},
    dump::{self, Form},
    figures, parse_count,
};

/// Tools for databases of the engine `lsm`.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  lsm-tool stats DIR\n  lsm-tool verify DIR --json\n  lsm-tool dump DIR --keyspace default --limit 10\n  lsm-tool dump DIR/000007.log --json\n  lsm-tool dump DIR/MANIFEST-000001\n  lsm-tool bench fillseq readrandom ycsb-a --records 1_000_000 --threads 2\n  lsm-tool bench fillrandom readrandom --statistics\n\nExit codes: 0 done, and sound; 1 damage found, by verify or by whatever else met it; 2 wrong arguments, or the\ndatabase could not be read."
)]
struct Arguments {
    /// Prints JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Levels, segments, space. Opens read-only.
    Stats {
        /// The database.
        dir: PathBuf,
    },
    /// Reads all that the database consists of: the manifest, tables, values, the log. Opens read-only.
    Verify {
        /// The database.
        dir: PathBuf,
    },
    /// Merges everything into one level, values in key order.
    Compact {
        /// The database.
        dir: PathBuf,
        /// The keyspace.
        #[arg(long, default_value = "default")]
        keyspace: String,
    },
    /// What is in a database, or in one of its files: keys and values in order (a directory, opened read-only), a table's
    /// entries, the records of a segment of the log or of values, the edits of a manifest. Files are read without the
    /// database around them.
    Dump {
        /// A database, or a file of one.
        path: PathBuf,
        /// The keyspace, of a database.
        #[arg(long, default_value = "default")]
        keyspace: String,
        /// How many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Measures the engine with db_bench's and YCSB's workloads, one after the other on a database of their own.
    Bench {
        /// fillseq, fillrandom, overwrite, readrandom, readmissing, seekrandom, readwhilewriting, ycsb-a to ycsb-f.
        /// Those that read load their records first, if no earlier one has.
        #[arg(required = true, value_parser = Workload::parse)]
        names: Vec<Workload>,
        /// Where the database is made; it is removed afterwards. Default: a new directory below `out/`.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Records in the database.
        #[arg(long, default_value = "1_000_000", value_parser = parse_count)]
        records: u64,
        /// Operations of workloads that do not fill; as many as records by default.
        #[arg(long, value_parser = parse_count)]
        operations: Option<u64>,
        /// Threads.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
        threads: u64,
        /// Length of a value.
        #[arg(long, default_value_t = 100)]
        value_bytes: usize,
        /// Keeps values in the tables.
        #[arg(long)]
        leveled: bool,
        /// Also tells what the engine did: reads by level, bytes by purpose, waits, filters, the cache.
        #[arg(long)]
        statistics: bool,
    },
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        // The reader of a pipe has seen enough: `lsm-tool dump DIR | head`.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lsm-tool: {error}");
            let damage = error.downcast_ref::<lsm::Error>().is_some_and(lsm::Error::is_corruption);
            ExitCode::from(if damage { 1 } else { 2 })
        }
    }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let read_only = |dir: &PathBuf| Db::open(dir, Options::default().read_only(true));
    match &arguments.command {
        Command::Stats { dir } => {
            let statistics = read_only(dir)?.statistics();
            if arguments.json {
                writeln!(out, "{}", figures::json(&statistics))?;
            } else {
                writeln!(out, "{}", figures::contents(&statistics))?;
            }
        }
        Command::Verify { dir } => {
            let report = read_only(dir)?.verify()?;
            let damage: Vec<_> = report.damage.iter().map(ToString::to_string).collect();
            if arguments.json {
                writeln!(
                    out,
                    "{}",
                    serde_json::json!({"edits": report.edits, "tables": report.tables, "entries": report.entries,
                        "values": report.values, "segments": report.segments, "batches": report.batches,
                        "damage": damage})
                )?;
            } else {
                for damage in &damage {
                    writeln!(out, "{damage}")?;
                }
                writeln!(
                    out,
                    "{} edits of the manifest, {} tables with {} entries, {} separated values, {} segments, {} batches of the log read: {}",
                    report.edits,
                    report.tables,
                    report.entries,
                    report.values,
                    report.segments,
                    report.batches,
                    if damage.is_empty() {
                        "sound".to_owned()
                    } else {
                        format!("{} places damaged", damage.len())
                    }
                )?;
            }
            if !report.is_sound() {
                return Ok(ExitCode::from(1));
            }
        }
        Command::Compact { dir, keyspace } => {
            let db = Db::open(dir, Options::default().create_if_missing(false))?;
            let keyspace = db
                .find_keyspace(keyspace)
                .ok_or_else(|| format!("there is no keyspace {keyspace:?}"))?;
            keyspace.compact::<&[u8]>(..)?;
            db.wait_idle()?;
            let bytes = db.statistics().disk_bytes;
            if arguments.json {
                writeln!(out, "{}", serde_json::json!({"disk_bytes": bytes}))?;
            } else {
                writeln!(out, "compacted; now {bytes} bytes on disk")?;
            }
        }
        Command::Dump { path, keyspace, limit } => {
            let form = Form { json: arguments.json, limit: *limit };
            dump::dump(&mut out, path, keyspace, form)?;
        }
        Command::Bench {
            names,
            dir,
            records,
            operations,
            threads,
            value_bytes,
            leveled,
            statistics,
        } => {
            let keyspace =
                if *leveled { KeyspaceOptions::leveled() } else { KeyspaceOptions::default() };
            let scale = Scale {
                records: (*records).max(1),
                operations: operations.unwrap_or(*records),
                threads: *threads,
                value_bytes: *value_bytes,
                keyspace,
            };
            let dir = dir
                .clone()
                .unwrap_or_else(|| PathBuf::from(format!("out/bench-{}", std::process::id())));
            let (outcomes, done) = measure(&dir, &scale, names)?;
            if arguments.json {
                let outcomes = serde_json::Value::from_iter(outcomes.iter().map(in_json));
                let value = if *statistics {
                    serde_json::json!({"outcomes": outcomes, "statistics": figures::json(&done)})
                } else {
                    outcomes
                };
                writeln!(out, "{value}")?;
            } else {
                writeln!(out, "{}", in_table(&outcomes))?;
                if *statistics {
                    writeln!(out, "{}\n{}", figures::contents(&done), figures::work(&done))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the workloads on a new database, tells of each on standard error, and removes the database. Also what the engine did.
#[allow(clippy::print_stderr)]
fn measure(
    dir: &Path,
    scale: &Scale,
    workloads: &[Workload],
) -> Result<(Vec<Outcome>, Statistics)> {
    if dir.exists() {
        return Err(format!("{} exists; name a new directory", dir.display()).into());
    }
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut outcomes = Vec::new();
    let ran = bench::run(dir, scale, workloads, |outcome| {
        eprintln!("{}: {:.3} s", outcome.name, outcome.seconds);
        outcomes.push(outcome);
    });
    let removed = std::fs::remove_dir_all(dir);
    let statistics = ran?;
    removed?;
    Ok((outcomes, statistics))
}

#[allow(clippy::cast_precision_loss)] // to three digits
fn thousand_per_second(outcome: &Outcome) -> f64 {
    outcome.operations as f64 / outcome.seconds / 1000.0
}

fn in_json(outcome: &Outcome) -> serde_json::Value {
    serde_json::json!({"name": outcome.name, "operations": outcome.operations, "seconds": outcome.seconds,
        "thousand_per_second": thousand_per_second(outcome), "p50_us": outcome.latencies.micros(0.5),
        "p99_us": outcome.latencies.micros(0.99), "p999_us": outcome.latencies.micros(0.999), "found": outcome.found,
        "writes_beside": outcome.beside})
}

fn in_table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.set_header([
        "workload",
        "operations",
        "s",
        "k/s",
        "p50 us",
        "p99 us",
        "p99.9 us",
        "found",
        "writes beside",
    ]);
    for outcome in outcomes {
        table.add_row([
            outcome.name.to_owned(),
            outcome.operations.to_string(),
            format!("{:.3}", outcome.seconds),
            format!("{:.0}", thousand_per_second(outcome)),
            format!("{:.2}", outcome.latencies.micros(0.5)),
            format!("{:.2}", outcome.latencies.micros(0.99)),
            format!("{:.2}", outcome.latencies.micros(0.999)),
            outcome.found.to_string(),
            outcome.beside.to_string(),
        ]);
    }
    table
}
