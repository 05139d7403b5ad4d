//! Pages, blocks, commands, and what is said of them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// What introduces a comment about the next block.
const COMMENT: &str = "<!-- commands:";

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Below the root of the workspace.
    pub path: PathBuf,
    /// Its blocks of commands, in their order.
    pub blocks: Vec<Block>,
    /// Commands that are named in the text, in `code`.
    pub named: Vec<String>,
}

/// Commands that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line of the page on which it begins, from 1.
    pub line: usize,
    /// Below the root: a copy of it is where the commands are run. The root itself if there is none.
    pub within: Option<PathBuf>,
    /// The commands.
    pub commands: Vec<Command>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// As bash reads it; may have several lines.
    pub text: String,
    /// How it is run.
    pub way: Way,
    /// The code that it ends with.
    pub exits: i32,
    /// What has to be there.
    pub wants: Option<Want>,
}

/// How a command is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// To its end.
    Here,
    /// In the background, from when it has said this to the end of the block.
    Serves(String),
    /// Not here, and why.
    Elsewhere(String),
}

/// What a command needs that not every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Java 17 and Apache Kafka's jars.
    Kafka,
    /// An engine that runs containers.
    Docker,
}

/// All pages: the book's, and the front page, by their paths.
///
/// # Errors
/// [`Error::Io`] if one cannot be read, [`Error::Book`] for what is wrong in one.
pub fn pages(root: &Path) -> Result<Vec<Page>> {
    let mut paths = vec![root.join("README.md")];
    let mut directories = vec![root.join("docs/src")];
    while let Some(directory) = directories.pop() {
        let failed = |error| Error::io(&directory, error);
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        parse(path.strip_prefix(root).unwrap_or(path), &text)
    };
    paths.iter().map(read).collect()
}

/// One page.
///
/// # Errors
/// [`Error::Book`] with the line, for a comment that is not understood, or that is of no command.
pub fn parse(path: &Path, text: &str) -> Result<Page> {
    let mut page = Page { path: path.to_owned(), blocks: Vec::new(), named: Vec::new() };
    let wrong = |line: usize, what: &str| Error::Book {
        page: path.to_owned(),
        line,
        what: what.to_owned(),
    };
    let mut comment: Option<(usize, &str)> = None;
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    while let Some((number, line)) = lines.next() {
        if let Some(said) = line.trim().strip_prefix(COMMENT) {
            if comment.is_some() {
                return Err(wrong(number, "a second comment about the same block"));
            }
            let said = said
                .strip_suffix("-->")
                .ok_or_else(|| wrong(number, "a comment that does not end on its line"))?;
            comment = Some((number, said));
            continue;
        }
        let Some(language) = line.strip_prefix("```") else {
            if !line.trim().is_empty() && comment.is_some() {
                return Err(wrong(number, "a comment about commands that is not before a block"));
            }
            page.named.extend(named(line));
            continue;
        };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        if language != "console" {
            if comment.is_some() {
                return Err(wrong(
                    number,
                    "a comment about commands before a block of another language",
                ));
            }
            continue;
        }
        let mut block = Block { line: number, within: None, commands: commands(&body) };
        if block.commands.is_empty() {
            return Err(wrong(
                number,
                "a block of the language console without a command: it begins with `$ `",
            ));
        }
        if let Some((number, said)) = comment.take() {
            for rule in said.split(';') {
                apply(rule.trim(), &mut block).map_err(|what| wrong(number, &what))?;
            }
        }
        page.blocks.push(block);
    }
    match comment {
        Some((number, _)) => Err(wrong(number, "a comment about commands that is before no block")),
        None => Ok(page),
    }
}

/// The commands of a block; what is no command is their output.
fn commands(body: &[&str]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for line in body {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command { text: text.to_owned(), way: Way::Here, exits: 0, wants: None });
            goes_on = text.ends_with('\\');
        } else if goes_on && let Some(last) = commands.last_mut() {
            last.text = format!("{}\n{line}", last.text);
            goes_on = line.ends_with('\\');
        }
    }
    commands
}

/// What a line of text names in `code` that is a command of ours.
fn named(line: &str) -> Vec<String> {
    let code = line.split('`').skip(1).step_by(2);
    let ours = [
        "just ",
        "cargo run ",
        "cargo labs ",
        "cargo course ",
        "cargo bench ",
        "scripts/",
        "./dev_",
    ];
    code.filter(|code| ours.iter().any(|begin| code.starts_with(begin)))
        .map(str::to_owned)
        .collect()
}

fn apply(rule: &str, block: &mut Block) -> std::result::Result<(), String> {
    let (which, rest) = rule.split_once(' ').ok_or_else(|| format!("`{rule}` says nothing"))?;
    if which == "in" {
        block.within = Some(PathBuf::from(rest));
        return Ok(());
    }
    let count = block.commands.len();
    let chosen = if which == "all" {
        0..count
    } else {
        let number = which.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        let number = number.ok_or_else(|| {
            format!("`{which}` is no command: there are 1 to {count}, `all`, and `in`")
        })?;
        number - 1..number
    };
    let (verb, rest) = rest.split_once(' ').ok_or_else(|| format!("`{rule}` does not say what"))?;
    for command in &mut block.commands[chosen] {
        match (verb, rest) {
            ("exits", code) => {
                command.exits = code.parse().map_err(|_| format!("`{code}` is no exit code"))?;
            }
            ("serves", text) => {
                let text = text
                    .strip_prefix("until ")
                    .ok_or("a server serves `until` it has said something")?;
                command.way = Way::Serves(text.to_owned());
            }
            ("wants", "kafka") => command.wants = Some(Want::Kafka),
            ("wants", "docker") => command.wants = Some(Want::Docker),
            ("elsewhere", why) => command.way = Way::Elsewhere(why.to_owned()),
            _ => {
                return Err(format!(
                    "`{verb} {rest}` is not known; there are exits, serves, wants, elsewhere"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<Page> {
        parse(Path::new("page.md"), text)
    }

    #[test]
    fn commands_are_found_with_what_is_said_of_them() {
        let text = "Text with `just lab 1-3` and `let x = 1`.\n\n<!-- commands: in some/where; 2 exits 1; 3 serves until up and running; 4 wants kafka -->\n\
                    ```console\n$ one   # a comment\noutput\n$ two \\\n    goes on\n$ three\n$ four\n```\n\n```rust\n$ no\n```\n";
        let page = page(text).unwrap();
        assert_eq!(page.named, ["just lab 1-3"]);
        let block = &page.blocks[0];
        assert_eq!((block.line, block.within.as_deref()), (4, Some(Path::new("some/where"))));
        let texts: Vec<&str> = block.commands.iter().map(|command| command.text.as_str()).collect();
        assert_eq!(texts, ["one   # a comment", "two \\\n    goes on", "three", "four"]);
        assert_eq!(block.commands[1].exits, 1);
        assert_eq!(block.commands[2].way, Way::Serves("up and running".to_owned()));
        assert_eq!(block.commands[3].wants, Some(Want::Kafka));
        assert_eq!(page.blocks.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            (
                "<!-- commands: 3 exits 1 -->\n```console\n$ one\n```\n",
                "page.md:1: `3` is no command: there are 1 to 1",
            ),
            (
                "<!-- commands: 1 dances well -->\n```console\n$ one\n```\n",
                "page.md:1: `dances well` is not known",
            ),
            (
                "<!-- commands: 1 exits early -->\n```console\n$ one\n```\n",
                "page.md:1: `early` is no exit code",
            ),
            (
                "<!-- commands: 1 exits 1 -->\nText.\n",
                "page.md:2: a comment about commands that is not before a block",
            ),
            (
                "<!-- commands: 1 exits 1 -->\n```rust\n```\n",
                "page.md:2: a comment about commands before a block of another",
            ),
            (
                "<!-- commands: 1 exits 1 -->\n",
                "page.md:1: a comment about commands that is before no block",
            ),
            ("<!-- commands: 1 exits 1\n", "page.md:1: a comment that does not end on its line"),
            (
                "```console\nonly output\n```\n",
                "page.md:1: a block of the language console without a command",
            ),
        ] {
            let error = page(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
