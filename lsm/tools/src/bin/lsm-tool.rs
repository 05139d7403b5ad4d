//! Looking into a database, checking it, compacting it.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use comfy_table::Table;
use lsm::{Db, Options};
use lsm_tools::Result;

/// Tools for databases of the engine `lsm`.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  lsm-tool stats DIR\n  lsm-tool verify DIR --json\n  lsm-tool dump DIR --keyspace default --limit 10\n  lsm-tool manifest DIR/MANIFEST-000001\n\nExit codes: 0 sound, 1 damage found, 2 the database could not be read."
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
    /// Reads every byte: all checksums, orders, pointers. Opens read-only.
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
    /// Keys and values in order. Opens read-only.
    Dump {
        /// The database.
        dir: PathBuf,
        /// The keyspace.
        #[arg(long, default_value = "default")]
        keyspace: String,
        /// How many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// The edits in a manifest file.
    Manifest {
        /// The file.
        file: PathBuf,
    },
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lsm-tool: {error}");
            ExitCode::from(2)
        }
    }
}

#[allow(clippy::print_stdout)] // the result is what it is for
fn run(arguments: &Arguments) -> Result<ExitCode> {
    let read_only = |dir: &PathBuf| Db::open(dir, Options::default().read_only(true));
    match &arguments.command {
        Command::Stats { dir } => {
            let statistics = read_only(dir)?.statistics();
            if arguments.json {
                let levels: Vec<_> = statistics
                    .levels
                    .iter()
                    .map(|level| {
                        serde_json::json!({"keyspace": level.keyspace, "level": level.level, "tables": level.tables,
                            "bytes": level.bytes, "entries": level.entries})
                    })
                    .collect();
                println!(
                    "{}",
                    serde_json::json!({"levels": levels, "segments": statistics.segments,
                        "segment_bytes": statistics.segment_bytes, "live_bytes": statistics.live_bytes,
                        "disk_bytes": statistics.disk_bytes})
                );
            } else {
                let mut table = Table::new();
                table.set_header(["keyspace", "level", "tables", "bytes", "entries"]);
                for level in &statistics.levels {
                    table.add_row([
                        level.keyspace.clone(),
                        level.level.to_string(),
                        level.tables.to_string(),
                        level.bytes.to_string(),
                        level.entries.to_string(),
                    ]);
                }
                println!("{table}");
                println!(
                    "{} segments with {} bytes, {} of them referred to by tables; {} bytes on disk in all",
                    statistics.segments,
                    statistics.segment_bytes,
                    statistics.live_bytes,
                    statistics.disk_bytes
                );
            }
        }
        Command::Verify { dir } => {
            let report = read_only(dir)?.verify()?;
            let damage: Vec<_> = report.damage.iter().map(ToString::to_string).collect();
            if arguments.json {
                println!(
                    "{}",
                    serde_json::json!({"tables": report.tables, "entries": report.entries, "values": report.values,
                        "damage": damage})
                );
            } else {
                damage.iter().for_each(|damage| println!("{damage}"));
                println!(
                    "{} tables, {} entries, {} separated values read: {}",
                    report.tables,
                    report.entries,
                    report.values,
                    if damage.is_empty() {
                        "sound".to_owned()
                    } else {
                        format!("{} places damaged", damage.len())
                    }
                );
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
            println!("compacted; now {} bytes on disk", db.statistics().disk_bytes);
        }
        Command::Dump { dir, keyspace, limit } => {
            let db = read_only(dir)?;
            let keyspace = db
                .find_keyspace(keyspace)
                .ok_or_else(|| format!("there is no keyspace {keyspace:?}"))?;
            for item in keyspace.range::<&[u8]>(..).take(*limit) {
                let (key, value) = item?;
                if arguments.json {
                    println!("{}", serde_json::json!({"key": hex(&key), "value": hex(&value)}));
                } else {
                    println!("{} => {}", key.escape_ascii(), value.escape_ascii());
                }
            }
        }
        Command::Manifest { file } => {
            for (offset, edit) in lsm::inspect::manifest_edits(file)? {
                println!("{offset:>8} {edit}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
