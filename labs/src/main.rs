//! `labs`: runs the labs of the course and says whether they hold.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gates::measurement::Environment;
use gates::workspace_root;
use indicatif::{ProgressBar, ProgressStyle};
use labs::Result;
use labs::execution::run;
use labs::front_page;
use labs::protocol::Event;
use labs::registry::{self, Lab};
use labs::report::{self, Results};

const EXAMPLES: &str = "\
Examples:
  labs list              what is ready
  labs run 1-3           one lab
  labs run 1-3 --json    the same, results as JSON on standard output
  labs run --all         all that are ready
  labs module 1          the ready labs of module 1
  labs report            the page anew, without running anything

Exit code: 0 no check failed; 1 a check failed; 2 a lab could not be built or started, or the command line is wrong.
Reports: out/report/index.html, out/report/results.json.";

/// Runs the labs of the course, judges their checks, prints the acceptance table and writes the report.
#[derive(Debug, Parser)]
#[command(name = "labs", after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the ready labs and their checks.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Runs labs by their ids.
    #[command(after_help = EXAMPLES)]
    Run {
        /// Ids as the course writes them.
        #[arg(required_unless_present = "all", conflicts_with = "all", value_name = "ID")]
        ids: Vec<String>,
        /// All that are ready.
        #[arg(long)]
        all: bool,
        /// Results as JSON on standard output instead of the table.
        #[arg(long)]
        json: bool,
    },
    /// Writes the front page's table of crates with a number each, from what the gates have measured on this machine.
    Numbers,
    /// Renders the report anew, from what was kept of the last run of each lab and of the gates.
    Report,
    /// Runs the ready labs of a module.
    Module {
        /// Its number.
        module: String,
        /// Results as JSON on standard output instead of the table.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().action {
        Action::List { json } => list(json).map(|()| 0),
        Action::Run { all: true, json, .. } => {
            registry::labs().and_then(|labs| run_all(&labs, json))
        }
        Action::Run { ids, json, .. } => {
            registry::by_ids(&ids).and_then(|labs| run_all(&labs, json))
        }
        Action::Numbers => front_page::write(&workspace_root()).map(|changed| {
            say(&format!("README.md: {changed} rows have changed"));
            0
        }),
        Action::Report => report::render(&workspace_root()).map(|page| {
            say(&format!("Report: {}", page.display()));
            0
        }),
        Action::Module { module, json } => {
            registry::by_module(&module).and_then(|labs| run_all(&labs, json))
        }
    };
    ExitCode::from(done.unwrap_or_else(|error| {
        say(&format!("labs: {error}"));
        2
    }))
}

#[expect(clippy::print_stderr, reason = "what people read while a lab runs")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn output(text: &str) {
    println!("{text}");
}

fn list(json: bool) -> Result<()> {
    let labs = registry::labs()?;
    if json {
        let labs: Vec<_> = labs.iter().map(describe).collect();
        output(&serde_json::to_string_pretty(&labs)?);
        return Ok(());
    }
    for lab in &labs {
        output(&format!(
            "{}  {} (module {})\n     {}",
            lab.id, lab.title, lab.module, lab.objective
        ));
        for check in &lab.checks {
            output(&format!(
                "     - {}: {}: {} {}",
                check.measure, check.what, check.must, check.unit
            ));
        }
    }
    Ok(())
}

fn describe(lab: &Lab) -> serde_json::Value {
    let check = |check: &labs::check::Check| {
        serde_json::json!({
            "measure": check.measure,
            "what": check.what,
            "unit": check.unit,
            "required": check.must.to_string(),
        })
    };
    serde_json::json!({
        "id": lab.id,
        "title": lab.title,
        "module": lab.module,
        "objective": lab.objective,
        "command": lab.command.to_string(),
        "artefacts": lab.artefacts,
        "checks": lab.checks.iter().map(check).collect::<Vec<_>>(),
    })
}

fn run_all(labs: &[Lab], json: bool) -> Result<u8> {
    let root = workspace_root();
    let mut done = Vec::new();
    for lab in labs {
        say(&format!("Lab {}: {}\n$ {}", lab.id, lab.title, lab.command));
        let mut progress = Progress::default();
        let result = run(lab, &root, &mut |event| progress.see(event))?;
        progress.end();
        done.push(result);
    }
    let results = Results::new(Environment::here(), done);
    let page = report::save(&results, &root)?;
    if json {
        output(&serde_json::to_string_pretty(&results)?);
    } else {
        report::print(&results)?;
    }
    say(&format!("Report: {}", page.display()));
    for lab in &results.labs {
        if let labs::execution::End::NotStarted(why) = &lab.outcome.end {
            say(&format!("labs: lab {} could not be started: {why}", lab.id));
        }
    }
    Ok(results.exit_code())
}

/// A bar a phase on a terminal; elsewhere a line a phase.
#[derive(Default)]
struct Progress {
    phase: String,
    bar: Option<ProgressBar>,
}

impl Progress {
    fn see(&mut self, event: &Event) {
        let Event::Progress { done, total, what } = event else { return };
        if self.phase != *what || self.bar.is_none() {
            self.end();
            self.phase.clone_from(what);
            let bar =
                if *total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(*total) };
            if bar.is_hidden() {
                say(&format!("  {what}"));
            } else if *total > 0 {
                bar.set_style(style());
            }
            bar.set_message(what.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(*done);
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }
}

fn style() -> ProgressStyle {
    let template = "  {msg:24!} {bar:30} {human_pos:>9}/{human_len} {per_sec:>14} {elapsed:>4}";
    // A template is checked when it is set; should this one be wrong, the default shows the same facts.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
