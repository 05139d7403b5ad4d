//! Judges what the benches measured: `cargo run -p gates --bin judge`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use gates::gate::Gates;
use gates::judge::judge_all;
use gates::measurement::load_dir;
use gates::{Error, history, measurements_dir, report, workspace_root};

/// Compares measurements with gates, prints one table and writes one JSON file.
///
/// Exit code: 0 no gate failed; 1 a gate failed (with --strict: did not pass); 2 nothing could be judged.
#[derive(Debug, Parser)]
#[command(name = "judge", after_help = "Examples:\n  judge\n  judge lsm\n  judge --strict --json")]
struct Arguments {
    /// Judge only the gates of this area (the first part of their ids).
    area: Option<String>,
    /// Directory of measurements [default: out/measurements of the workspace].
    #[arg(long, value_name = "DIR")]
    measurements: Option<PathBuf>,
    /// Gates to judge by [default: benches/gates.toml as it was when this program was built].
    #[arg(long, value_name = "FILE")]
    gates: Option<PathBuf>,
    /// Where the verdicts are written [default: out/gates.json of the workspace].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the verdicts as JSON instead of the table.
    #[arg(long)]
    json: bool,
    /// Gates that were too noisy or not measured count as failed.
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    match judge(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a program's last word")]
            {
                eprintln!("judge: {error}");
            }
            ExitCode::from(2)
        }
    }
}

fn judge(arguments: &Arguments) -> Result<ExitCode, Error> {
    let gates = match &arguments.gates {
        None => Gates::embedded()?,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| Error::Io { path: path.clone(), source })?;
            Gates::parse(&text)?
        }
    };
    let dir = arguments.measurements.clone().unwrap_or_else(measurements_dir);
    let files = load_dir(&dir)?;
    let judgement = judge_all(&gates, &files, arguments.area.as_deref())?;
    let out = arguments.out.clone().unwrap_or_else(|| workspace_root().join("out/gates.json"));
    report::save(&judgement, &out)?;
    // Of this workspace's own runs, judged by its own gates.
    if arguments.measurements.is_none() && arguments.gates.is_none() {
        history::record(&files, &judgement, &history::path(&workspace_root()))?;
    }
    if arguments.json {
        #[expect(clippy::print_stdout, reason = "this is the program's output")]
        {
            println!("{}", report::json(&judgement)?);
        }
    } else {
        report::print(&judgement)?;
    }
    let short =
        judgement.failed() > 0 || (arguments.strict && judgement.passed() < judgement.gates.len());
    Ok(ExitCode::from(u8::from(short)))
}
