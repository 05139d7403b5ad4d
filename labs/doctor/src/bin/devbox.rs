//! `devbox`: is the dev container what the scripts make of any machine?

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use comfy_table::{Table, presets};
use doctor::{
    devbox::{DevBox, Verdict, examine},
    place::Place,
};
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  devbox           checks files; where a Docker engine runs, builds the image and starts it
  devbox --json    the same for programs

Exit code: 0 all that could be checked held; 1 something did not; 2 nothing could be written, or the command line is wrong.";

/// Checks the dev container against the scripts, builds it where Docker runs, and says `DevBox ready` if everything held.
#[derive(Debug, Parser)]
#[command(name = "devbox", after_help = EXAMPLES)]
struct Arguments {
    /// The root of the work tree.
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    workspace: PathBuf,
    /// JSON on standard output instead of the table.
    #[arg(long, conflicts_with = "events")]
    json: bool,
    /// Tells the course runner: JSON events, a line each, and exit code 0 whatever was found.
    #[arg(long)]
    events: bool,
    /// Where to leave `devbox.json` as well.
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "devbox: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> std::io::Result<ExitCode> {
    let found = examine(&Place::here(&arguments.workspace));
    let json = format!("{:#}\n", json!(found));
    let mut written = None;
    if let Some(directory) = &arguments.out {
        std::fs::create_dir_all(directory)?;
        let path = directory.join("devbox.json");
        std::fs::write(&path, &json)?;
        written = Some(path);
    }
    let text = if arguments.events {
        let mut text = events(&found);
        if let Some(path) = written {
            let event = json!({ "event": "artefact", "path": path, "title": "What was checked of the dev container" });
            text = format!("{text}{event}\n");
        }
        text
    } else if arguments.json {
        json
    } else {
        table(&found)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(u8::from(!found.is_ready() && !arguments.events)))
}

fn told(verdict: &Verdict) -> (&'static str, &str) {
    match verdict {
        Verdict::Pass(detail) => ("pass", detail),
        Verdict::Fail(why) => ("fail", why),
        Verdict::NotMeasured(why) => ("not measured", why),
    }
}

fn table(found: &DevBox) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if !std::io::stdout().is_terminal() {
        table.set_width(110);
    }
    table.set_header(["verdict", "what", ""]);
    for checked in &found.checks {
        let (verdict, detail) = told(&checked.verdict);
        table.add_row([verdict, checked.what, detail]);
    }
    let last = if found.is_ready() {
        "DevBox ready"
    } else {
        "DevBox is not ready: see what failed above"
    };
    format!("{table}\n{last}\n")
}

fn events(found: &DevBox) -> String {
    let failed =
        found.checks.iter().filter(|checked| matches!(checked.verdict, Verdict::Fail(_))).count();
    let held =
        found.checks.iter().filter(|checked| matches!(checked.verdict, Verdict::Pass(_))).count();
    let rows: Vec<_> = found
        .checks
        .iter()
        .map(|checked| {
            let (verdict, detail) = told(&checked.verdict);
            json!([checked.what, verdict, detail])
        })
        .collect();
    let measure = |id: &str, value: f64, unit: &str| json!({ "event": "measure", "id": id, "value": value, "unit": unit });
    let mut events =
        vec![measure("failed", failed as f64, "checks"), measure("held", held as f64, "checks")];
    match found.image {
        Some(image) => {
            events.push(measure("image_mib", (image.bytes >> 20) as f64, "MiB"));
            events.push(measure("start_seconds", image.start_seconds, "s"));
        }
        None => {
            let why = found.checks.last().map_or("", |checked| told(&checked.verdict).1);
            for id in ["image_mib", "start_seconds"] {
                events.push(json!({ "event": "not_measured", "id": id, "reason": why }));
            }
        }
    }
    events.push(json!({ "event": "table", "title": "The dev container", "columns": ["what", "verdict", ""], "rows": rows }));
    if found.is_ready() {
        events.push(json!({ "event": "note", "text": "DevBox ready" }));
    }
    events.iter().map(|event| format!("{event}\n")).collect()
}
