//! What placing keys on nodes does, in numbers: `cargo run -p ring_sim -- 3 4 1_000_000`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`studies`] | what can be asked, one file a question |
//! | [`cluster`], [`scheme`], [`mod@settings`] | nodes under an algorithm of the library, or under modulo hashing |
//! | [`sample`], [`theory`], [`balance`] | keys one by one, what arithmetic says before |
//! | [`zipf`], [`lru`], [`random`], [`keys`] | traffic and caches |
//! | [`report`], [`plots`], [`progress`] | what is shown |
//! | [`cli`], [`count`], [`error`] | the command line, its numbers, its messages |

mod balance;
mod cli;
mod cluster;
mod count;
mod error;
mod keys;
mod lru;
mod plots;
mod progress;
mod random;
mod report;
mod sample;
mod scheme;
mod settings;
mod studies;
mod theory;
mod zipf;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

use cli::{Arguments, Common, Placing, Study};
use error::{Error, Result};
use keys::Keys;
use progress::Progress;
use report::Report;
use scheme::Scheme;
use settings::Settings;
use studies::Context;

/// Where the lab's plots go unless told otherwise, from the root of the workspace.
const LAB_DIRECTORY: &str = "out/lab/1-6";

#[expect(clippy::print_stderr, reason = "what went wrong is for people")]
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ring_sim: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let common = &arguments.common;
    let is_lab = matches!(arguments.study, Some(Study::Lab(_)));
    let mut progress = if is_lab { Progress::events() } else { Progress::bar() };
    let report = study(arguments, &mut progress);
    progress.end();
    let report = report?;
    if is_lab {
        let directory = common.out.as_deref().unwrap_or(Path::new(LAB_DIRECTORY));
        let plots = plots::draw(directory, &report.plots)?;
        return written(report::emit(&report, &plots, &mut std::io::stdout().lock()));
    }
    let plots = match &common.out {
        Some(directory) => plots::draw(directory, &report.plots)?,
        None => Vec::new(),
    };
    let text = if common.json {
        format!("{:#}\n", report::json(&report, &plots))
    } else {
        report::text(&report, &plots)
    };
    written(std::io::stdout().lock().write_all(text.as_bytes()))
}

/// That the reader of a pipe has seen enough is no fault: `ring_sim 3 4 | head`.
fn written(result: std::io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::io(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

/// The answer to what the command line asks.
fn study(arguments: &Arguments, progress: &mut Progress) -> Result<Report> {
    let common = &arguments.common;
    let ring = [Scheme::RING];
    let mut ask = |placing: Option<&Placing>,
                   otherwise: &[Scheme],
                   study: &dyn Fn(&mut Context<'_>) -> Result<Report>| {
        let settings = settings(common, placing)?;
        let schemes = placing.map_or_else(Vec::new, |placing| placing.schemes(otherwise));
        study(&mut Context { schemes: &schemes, settings: &settings, progress })
    };
    match &arguments.study {
        None => {
            // Clap has seen to it that the numbers are there where there is no study.
            let Some(cli::Movement { before, after, keys }) = arguments.movement else {
                return Ok(Report::default());
            };
            let question = studies::movement::Question { before, after, keys };
            ask(Some(&arguments.placing), &ring, &|context| {
                studies::movement::run(question, context)
            })
        }
        Some(Study::Sweep(cli::Sweep { nodes, up_to, trials })) => {
            let question =
                studies::sweep::Question { nodes: *nodes, up_to: *up_to, trials: *trials };
            ask(None, &[], &|context| studies::sweep::run(question, context))
        }
        Some(Study::Failure(cli::Failure { nodes, failing, keys, placing })) => {
            let question =
                studies::failure::Question { nodes: *nodes, failing: *failing, keys: *keys };
            ask(Some(placing), &Scheme::all(), &|context| studies::failure::run(question, context))
        }
        Some(Study::Weights(cli::Weights { weights, keys, placing })) => {
            let question = studies::weights::Question { weights: weights.clone(), keys: *keys };
            ask(Some(placing), &Scheme::all(), &|context| studies::weights::run(&question, context))
        }
        Some(Study::Zones(zones)) => {
            let question = studies::zones::Question {
                zones: zones.zones,
                nodes_per_zone: zones.nodes_per_zone,
                replicas: zones.replicas,
                keys: zones.keys,
            };
            let placing = &zones.placing;
            ask(Some(placing), &Scheme::all(), &|context| studies::zones::run(question, context))
        }
        Some(Study::HotKeys(hot_keys)) => {
            let question = studies::hot_keys::Question {
                nodes: hot_keys.nodes,
                keys: hot_keys.keys,
                exponent: hot_keys.exponent,
                requests: hot_keys.requests,
                open: hot_keys.open,
                factors: hot_keys.factors.clone(),
            };
            let placing = &hot_keys.placing;
            ask(Some(placing), &ring, &|context| studies::hot_keys::run(&question, context))
        }
        Some(Study::WarmUp(warm_up)) => {
            let schemes = warm_up.placing.schemes(&Scheme::all());
            let question = studies::warm_up::Question {
                before: warm_up.before,
                after: warm_up.after,
                keys: warm_up.keys,
                capacity: warm_up.capacity,
                exponent: warm_up.exponent,
                requests: warm_up.requests,
                window: warm_up.window,
                peers: if warm_up.peers { schemes } else { Vec::new() },
            };
            let placing = &warm_up.placing;
            ask(Some(placing), &Scheme::all(), &|context| studies::warm_up::run(&question, context))
        }
        Some(Study::Lab(cli::Lab { keys })) => {
            ask(None, &[], &|context| studies::lab::run(*keys, context))
        }
    }
}

fn settings(common: &Common, placing: Option<&Placing>) -> Result<Settings> {
    let defaults = Settings::default();
    Ok(Settings {
        keys: Keys::new(common.seed),
        tokens: placing.map_or(Ok(defaults.tokens), Placing::tokens)?,
        seed: common.seed,
        max_memory: common.max_memory_mib.saturating_mul(1 << 20),
        ..defaults
    })
}
