//! `book_test`: executes the commands of the book.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use comfy_table::{Table, presets};
use gates::workspace_root;
use labs::book::known::Known;
use labs::book::page::{Page, pages};
use labs::book::play::{Played, Stage, Verdict, play};
use labs::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  book_test                        all pages
  book_test labs/1-4 crates/lsm    pages whose path has one of these in it
  book_test --list                 what would be run, and what would not

Programs are those of the release profile: build them first (`just book-test` does).
Exit code: 0 every command that was run ended as the book says; 1 one did not; 2 a page is wrong, or nothing could be run.";

/// Executes the commands of the book, so that it cannot rot.
#[derive(Debug, Parser)]
#[command(name = "book_test", after_help = EXAMPLES)]
struct Arguments {
    /// Parts of the paths of pages.
    #[arg(value_name = "PAGE")]
    pages: Vec<String>,
    /// Runs nothing, and says what would be run.
    #[arg(long)]
    list: bool,
    /// JSON on standard output instead of the table.
    #[arg(long)]
    json: bool,
    /// How long a command may take, in seconds.
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    limit: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say(&format!("book_test: {error}"));
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "what people read while it runs")]
fn say(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the program's output")]
fn output(text: &str) {
    println!("{text}");
}

fn run(arguments: &Arguments) -> Result<u8> {
    let root = workspace_root();
    let mut pages = pages(&root)?;
    let strangers = Known::of(&root)?.strangers(&pages);
    for stranger in &strangers {
        say(stranger);
    }
    let chosen = |page: &Page| {
        let path = page.path.to_string_lossy();
        arguments.pages.is_empty()
            || arguments.pages.iter().any(|part| path.contains(part.as_str()))
    };
    pages.retain(|page| chosen(page) && !page.blocks.is_empty());
    if pages.is_empty() {
        return Err(Error::NoPage { asked: arguments.pages.join(", ") });
    }
    if arguments.list {
        list(&pages);
        return Ok(u8::from(!strangers.is_empty()));
    }
    let stage = stage(root, Duration::from_secs(arguments.limit));
    let mut all = Vec::new();
    for page in &pages {
        let played = play(page, &stage, &mut say)?;
        // Not at the end alone: that may be half an hour away.
        for played in &played {
            if let Verdict::Failed(why) = &played.verdict {
                say(&format!("failed: {}\n$ {}\n{why}", played.place, played.command));
            }
        }
        all.extend(played);
    }
    if arguments.json {
        output(&serde_json::to_string_pretty(&all)?);
    } else {
        output(&table(&all));
    }
    let failed = all.iter().any(|played| matches!(played.verdict, Verdict::Failed(_)));
    Ok(u8::from(failed || !strangers.is_empty()))
}

fn stage(root: PathBuf, limit: Duration) -> Stage {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let place = doctor::place::Place::here(&root);
    let system = doctor::system::System::of(&place);
    let kafka =
        doctor::broker::examine(&place, &system).iter().all(|finding| finding.state.is_found());
    Stage { programs: target.join("release"), kafka, docker: place.has_docker(), limit, root }
}

fn list(pages: &[Page]) {
    for page in pages {
        for block in &page.blocks {
            output(&format!("{}:{}", page.path.display(), block.line));
            for command in &block.commands {
                let how = match &command.way {
                    labs::book::page::Way::Here => String::new(),
                    labs::book::page::Way::Serves(until) => {
                        format!("   [serves until it says `{until}`]")
                    }
                    labs::book::page::Way::Elsewhere(why) => format!("   [not run: {why}]"),
                };
                output(&format!("  $ {}{how}", command.text));
            }
        }
    }
}

fn table(all: &[Played]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(["verdict", "page", "command", "s"]);
    let mut failures = String::new();
    let mut counts = [0; 3];
    for played in all {
        let (at, verdict) = match &played.verdict {
            Verdict::Passed => (0, "pass".to_owned()),
            Verdict::Failed(why) => {
                failures = format!("{failures}\n{}\n$ {}\n{why}\n", played.place, played.command);
                (1, "fail".to_owned())
            }
            Verdict::NotRun(why) => (2, format!("not run: {why}")),
        };
        counts[at] += 1;
        let first: String =
            played.command.lines().next().unwrap_or_default().chars().take(60).collect();
        table.add_row([verdict, played.place.clone(), first, format!("{:.1}", played.seconds)]);
    }
    let [passed, failed, not_run] = counts;
    format!("{table}\n{failures}\n{passed} passed, {failed} failed, {not_run} not run")
}
