//! Looks for bugs: random work, checked against what must be there, with `kill -9` if asked for.

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use clap::Parser;
use lsm_tools::{
    Result, parse_count,
    stress::{Failure, Plan, Report, kill, live},
};

/// Random operations on a database, every answer checked.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  lsm-stress --seconds 60\n  lsm-stress --kill --seconds 600 --seeds 10\n  lsm-stress --seed 42 --threads 1\n  lsm-stress --seeds 5 --json | jq .checkpoints\n\nExit codes: 0 all answers right, 1 a wrong answer (its seed is printed, its database kept), 2 the run could not go on.\nWith one thread and no --kill, a seed repeats the same operations, checks and reopenings; flushes and compactions run\nin the background all the same."
)]
struct Arguments {
    /// The first seed; from the clock if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds, one after the other, each on a new database.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Writing threads.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    threads: u64,
    /// Keys of each thread.
    #[arg(long, default_value = "500", value_parser = parse_count)]
    slots: u64,
    /// Seconds for each seed.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Writes in another process, which is killed with SIGKILL over and over.
    #[arg(long)]
    kill: bool,
    /// Where the databases are made. Default: `out/`.
    #[arg(long, default_value = "out")]
    dir: PathBuf,
    /// One JSON object a seed on standard output, instead of sentences.
    #[arg(long)]
    json: bool,
    /// The process that is killed: round, and the first operation of each thread.
    #[arg(long, hide = true, num_args = 1.., value_delimiter = ',')]
    child: Option<Vec<u64>>,
}

#[allow(clippy::print_stderr)]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let first = arguments.seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH.elapsed().map_or(1, |since| u64::from(since.subsec_nanos()))
    });
    for seed in first..first.saturating_add(arguments.seeds) {
        match run(&arguments, seed) {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                eprintln!("lsm-stress: seed {seed}: {failure}");
                return ExitCode::from(if matches!(failure, Failure::Mismatch(_)) { 1 } else { 2 });
            }
            Err(fault) => {
                eprintln!("lsm-stress: seed {seed}: {fault}");
                return ExitCode::from(2);
            }
        }
    }
    ExitCode::SUCCESS
}

#[allow(clippy::print_stdout, clippy::print_stderr)] // progress, and the result
fn run(arguments: &Arguments, seed: u64) -> Result<std::result::Result<(), Failure>> {
    let child = arguments.child.as_deref();
    let dir = match child {
        Some(_) => arguments.dir.clone(),
        None => arguments.dir.join(format!("stress-{seed}-{}", std::process::id())),
    };
    let plan = Plan {
        seed,
        threads: arguments.threads,
        slots: arguments.slots.max(1),
        duration: Duration::from_secs(arguments.seconds),
        dir,
    };
    if let Some([round, first @ ..]) = child {
        return Ok(kill::write_until_killed(&plan, *round, first));
    }
    if plan.dir.exists() {
        return Err(format!("{} exists; name a new directory", plan.dir.display()).into());
    }
    std::fs::create_dir_all(&arguments.dir)?;
    let mut told = std::time::Instant::now();
    let progress = |report: &Report| {
        if told.elapsed() >= Duration::from_secs(10) {
            told = std::time::Instant::now();
            eprintln!("seed {seed}: {}", sentence(report, arguments.kill));
        }
    };
    let outcome = if arguments.kill {
        let program = std::env::current_exe()?;
        kill::run(&plan, |round, first| child_command(&program, &plan, round, first), progress)
    } else {
        live::run(&plan, progress)
    };
    match outcome {
        Ok(report) => {
            if arguments.json {
                println!("{}", json(seed, &report, arguments.kill));
            } else {
                println!("seed {seed}: sound; {}", sentence(&report, arguments.kill));
            }
            std::fs::remove_dir_all(&plan.dir)?;
            Ok(Ok(()))
        }
        Err(failure) => {
            eprintln!(
                "to repeat: lsm-stress --seed {seed} --threads {} --slots {} --seconds {}{}; the database is kept in {}",
                plan.threads,
                plan.slots,
                arguments.seconds,
                if arguments.kill { " --kill" } else { "" },
                plan.dir.display()
            );
            Ok(Err(failure))
        }
    }
}

fn child_command(program: &std::path::Path, plan: &Plan, round: u64, first: &[u64]) -> Command {
    let numbers: Vec<String> =
        std::iter::once(&round).chain(first).map(ToString::to_string).collect();
    let mut command = Command::new(program);
    command
        .args(["--seed", &plan.seed.to_string(), "--threads", &plan.threads.to_string()])
        .args(["--slots", &plan.slots.to_string(), "--child", &numbers.join(",")])
        .arg("--dir")
        .arg(&plan.dir);
    command
}

fn sentence(report: &Report, kill: bool) -> String {
    let mut sentence = format!(
        "{} operations, {} answers checked, {} {}",
        report.writes,
        report.checks,
        report.rounds,
        rounds(kill)
    );
    if !kill {
        let Report { checkpoints, verifications, keyspaces, .. } = report;
        sentence += &format!(
            "; under way: {checkpoints} checkpoints, {verifications} verifications, {keyspaces} passing keyspaces"
        );
    }
    sentence
}

fn json(seed: u64, report: &Report, kill: bool) -> serde_json::Value {
    let mut object = serde_json::json!({
        "seed": seed,
        "operations": report.writes,
        "answers_checked": report.checks,
        rounds(kill): report.rounds,
    });
    if !kill {
        object["checkpoints"] = report.checkpoints.into();
        object["verifications"] = report.verifications.into();
        object["passing_keyspaces"] = report.keyspaces.into();
    }
    object
}

const fn rounds(kill: bool) -> &'static str {
    if kill { "kills" } else { "reopenings" }
}
