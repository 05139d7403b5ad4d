//! `ledger_sim`: runs of the simulator from the command line.

mod cli;

use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser as _;
use ledger_sim::{
    Outcome,
    broken::Broken,
    plan::{self, Plan},
    run, shrink,
    workload::{self, Options},
    world::{Opener, Real},
};

use cli::Arguments;

/// The most runs that making a failing one short may take.
const SHRINK_RUNS: usize = 3000;

#[expect(clippy::print_stderr, reason = "what went wrong is for people")]
fn main() -> ExitCode {
    // A panic within a run is a failure of that run, and told as such.
    std::panic::set_hook(Box::new(|_| {}));
    match simulate(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // That the reader of a pipe has seen enough is no fault.
        Err(Trouble::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            eprintln!("ledger_sim: {trouble}");
            ExitCode::from(2)
        }
    }
}

/// What keeps the program from its work.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("could not read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("could not write {}: {source}; choose another directory with --out", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is no trace: {source}", path.display())]
    Trace { path: PathBuf, source: plan::ParseError },
    #[error("could not write to standard output: {0}")]
    Output(#[from] io::Error),
}

/// Whether all runs kept all promises.
fn simulate(arguments: &Arguments) -> Result<bool, Trouble> {
    let broken = arguments.broken.map(Broken);
    let opener: &dyn Opener = match &broken {
        Some(broken) => broken,
        None => &Real,
    };
    let mut session = Session::new(arguments, opener);
    if let Some(path) = &arguments.trace {
        let text = fs::read_to_string(path)
            .map_err(|source| Trouble::Read { path: path.clone(), source })?;
        let plan =
            plan::parse(&text).map_err(|source| Trouble::Trace { path: path.clone(), source })?;
        session.run(&plan)?;
        return session.end();
    }
    let options = Options { steps: arguments.steps, profile: arguments.profile };
    if let Some(seconds) = arguments.duration {
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end && !session.is_over() {
            session.run(&workload::plan(fresh_seed(), options))?;
        }
        return session.end();
    }
    let first = arguments.seed.unwrap_or(0);
    let alone = u64::from(arguments.seed.is_some() || arguments.story);
    let count = arguments.seeds.unwrap_or(if alone == 1 { 1 } else { 100 });
    for seed in first..first.saturating_add(count) {
        if session.is_over() {
            break;
        }
        session.run(&workload::plan(seed, options))?;
    }
    session.end()
}

/// A seed that nobody has seen: the standard library's random keys are its only source of entropy.
fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish() >> 16
}

/// All runs of one call.
struct Session<'a> {
    arguments: &'a Arguments,
    opener: &'a dyn Opener,
    begun: Instant,
    shown: Instant,
    runs: u64,
    failures: u64,
    ops: u64,
    events: u64,
    power_failures: u64,
    device_errors: u64,
    damages: u64,
}

impl<'a> Session<'a> {
    fn new(arguments: &'a Arguments, opener: &'a dyn Opener) -> Self {
        let now = Instant::now();
        Self {
            arguments,
            opener,
            begun: now,
            shown: now,
            runs: 0,
            failures: 0,
            ops: 0,
            events: 0,
            power_failures: 0,
            device_errors: 0,
            damages: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.arguments.first && self.failures > 0
    }

    fn run(&mut self, plan: &Plan) -> Result<(), Trouble> {
        let outcome = run(plan, self.opener, self.arguments.story);
        self.runs += 1;
        self.ops += outcome.statistics.ops;
        self.events += outcome.statistics.events;
        self.power_failures += outcome.statistics.power_failures;
        self.device_errors += outcome.statistics.device_errors;
        self.damages += outcome.statistics.damages;
        let mut out = io::stdout().lock();
        if self.arguments.json {
            writeln!(out, "{}", json(plan, &outcome))?;
        } else if self.arguments.story {
            for line in &outcome.story {
                writeln!(out, "{line}")?;
            }
            writeln!(out, "seed {}: digest {}", plan.seed, hex(&outcome.digest))?;
        }
        drop(out);
        if outcome.failure.is_some() {
            self.failures += 1;
            self.failed(plan, &outcome)?;
        }
        self.progress();
        Ok(())
    }

    /// Tells of a run that failed, makes it short, and keeps it.
    fn failed(&self, plan: &Plan, outcome: &Outcome) -> Result<(), Trouble> {
        let Some((step, failure)) = &outcome.failure else { return Ok(()) };
        let mut out = io::stdout().lock();
        if !self.arguments.json {
            writeln!(out, "seed {} fails in step {step}: {failure}", plan.seed)?;
        }
        let (short, runs) = if self.arguments.no_shrink {
            (plan.clone(), 0)
        } else {
            let shrunk = shrink(plan, self.opener, SHRINK_RUNS);
            (shrunk.plan, shrunk.runs)
        };
        let path = self.arguments.out.join(format!("{}.trace", plan.seed));
        keep(&path, &plan::print(&short))?;
        if self.arguments.json {
            return Ok(());
        }
        if !self.arguments.no_shrink {
            let told = run(&short, self.opener, true);
            writeln!(
                out,
                "  {} of {} steps and events are enough ({runs} runs):",
                short.size(),
                plan.size()
            )?;
            for line in &told.story {
                writeln!(out, "  {line}")?;
            }
        }
        let broken = self.arguments.broken.and_then(|defect| {
            use clap::ValueEnum as _;
            Some(format!(" --broken {}", defect.to_possible_value()?.get_name()))
        });
        writeln!(
            out,
            "  again: ledger_sim --trace {} --story{}",
            path.display(),
            broken.unwrap_or_default()
        )?;
        Ok(())
    }

    /// A line that replaces itself, for people.
    #[expect(clippy::print_stderr, reason = "progress is for people")]
    fn progress(&mut self) {
        if !io::stderr().is_terminal() || self.shown.elapsed() < Duration::from_millis(200) {
            return;
        }
        self.shown = Instant::now();
        eprint!("\r{} ", self.summary());
        // Whether people see it does not matter to the runs.
        let _ = io::stderr().flush();
    }

    fn summary(&self) -> String {
        format!(
            "{} runs, {} ops, {} events, {} power failures, {} device errors, {} damages, {} failed, {} s",
            self.runs,
            self.ops,
            self.events,
            self.power_failures,
            self.device_errors,
            self.damages,
            self.failures,
            self.begun.elapsed().as_secs()
        )
    }

    fn end(&self) -> Result<bool, Trouble> {
        let mut out = io::stdout().lock();
        if self.arguments.json {
            let total = serde_json::json!({
                "runs": self.runs,
                "failures": self.failures,
                "ops": self.ops,
                "events": self.events,
                "power_failures": self.power_failures,
                "device_errors": self.device_errors,
                "damages": self.damages,
            });
            writeln!(out, "{total}")?;
        } else {
            if io::stderr().is_terminal() {
                writeln!(io::stderr())?;
            }
            writeln!(out, "{}", self.summary())?;
        }
        Ok(self.failures == 0)
    }
}

fn json(plan: &Plan, outcome: &Outcome) -> serde_json::Value {
    let numbers = &outcome.statistics;
    serde_json::json!({
        "seed": plan.seed,
        "steps": plan.steps.len(),
        "digest": hex(&outcome.digest),
        "ops": numbers.ops,
        "events": numbers.events,
        "entries": numbers.entries,
        "opened": numbers.opened,
        "power_failures": numbers.power_failures,
        "device_errors": numbers.device_errors,
        "damages": numbers.damages,
        "refused": numbers.refused,
        "cut": numbers.cut,
        "inspections": numbers.inspections,
        "failure": outcome.failure.as_ref().map(|(step, failure)| serde_json::json!({
            "step": step,
            "promise": failure.promise,
            "found": failure.found,
        })),
    })
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keep(path: &Path, text: &str) -> Result<(), Trouble> {
    let wrote =
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    wrote.map_err(|source| Trouble::Write { path: path.to_owned(), source })
}
