//! `doctor`: what this machine has for the course.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use doctor::{examine, place::Place, show};

const EXAMPLES: &str = "\
Examples:
  doctor          a table: what is there, what is missing, how to get it on this system
  doctor --json   the same for programs

Exit code: 0 all that is required is there; 1 something required is missing; 2 nothing can be written here, or the command line is wrong.";

/// Says what this machine has for the course, what it lacks, and how to get that here. Changes nothing.
#[derive(Debug, Parser)]
#[command(name = "doctor", after_help = EXAMPLES)]
struct Arguments {
    /// The root of the work tree.
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    workspace: PathBuf,
    /// JSON on standard output instead of the table.
    #[arg(long, conflicts_with = "events")]
    json: bool,
    /// Tells the course runner: JSON events, a line each, and exit code 0 whatever is missing.
    #[arg(long)]
    events: bool,
    /// Where to leave `machine.json` as well.
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "doctor: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let found = examine(&Place::here(&arguments.workspace))?;
    let written = arguments.out.as_deref().map(|out| write(out, &found)).transpose()?;
    let mut out = std::io::stdout().lock();
    if arguments.events {
        for event in show::events(&found) {
            writeln!(out, "{event}")?;
        }
        if let Some(path) = written {
            let title = "What this machine has";
            writeln!(
                out,
                "{}",
                serde_json::json!({ "event": "artefact", "path": path, "title": title })
            )?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.json {
        writeln!(out, "{:#}", show::json(&found))?;
    } else {
        // A pipe has no width of its own: what fits a page.
        let width = (!std::io::stdout().is_terminal()).then_some(110);
        writeln!(out, "{}", show::table(&found, width))?;
    }
    Ok(ExitCode::from(u8::from(found.lacking().next().is_some())))
}

fn write(directory: &Path, found: &doctor::finding::Examination) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(directory)?;
    let path = directory.join("machine.json");
    std::fs::write(&path, format!("{:#}\n", show::json(found)))?;
    Ok(path)
}
