//! Plans as text: a line a step, batches in the encoding of the log.
//!
//! Lines that begin with `#` say in words what the next one does; they are not read.

use std::{fmt::Write as _, str::FromStr};

use ledger::{codec, model::Batch};

use super::{Failing, Plan, Setup, Step, describe};

/// The first line of every file.
const TITLE: &str = "ledger_sim trace 1";

/// Why something is no trace.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ParseError {
    /// Where.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Writes a plan.
#[must_use]
pub fn print(plan: &Plan) -> String {
    let mut out = String::new();
    let Setup { segment_bytes, generation_entries, clock } = plan.setup;
    // A String takes whatever is written to it.
    let _ = writeln!(out, "{TITLE}");
    let _ = writeln!(out, "seed {}", plan.seed);
    let _ = writeln!(out, "setup {segment_bytes} {generation_entries} {clock}");
    for step in &plan.steps {
        for line in describe(step).lines() {
            let _ = writeln!(out, "# {line}");
        }
        let _ = match step {
            Step::Ask { client, batch } => {
                let mut body = Vec::new();
                codec::encode(batch, &mut body);
                let (kind, count) = (batch.kind(), batch.len());
                write!(out, "ask {client} {kind} {count} ").and_then(|()| hex(&body, &mut out))
            }
            Step::Repeat { client } => write!(out, "repeat {client}"),
            Step::Commit { take, lost } => write!(out, "commit {take} {lost}"),
            Step::Pass { nanoseconds } => write!(out, "pass {nanoseconds}"),
            Step::Jump { nanoseconds } => write!(out, "jump {nanoseconds}"),
            Step::Tick => write!(out, "tick"),
            Step::Checkpoint => write!(out, "checkpoint"),
            Step::Nonsense { large } => write!(out, "nonsense {}", u8::from(*large)),
            Step::Restart => write!(out, "restart"),
            Step::Kill => write!(out, "kill"),
            Step::PowerFailure { fate } => write!(out, "power {fate}"),
            Step::PowerFailureIn { operations, fate } => {
                write!(out, "power-in {operations} {fate}")
            }
            Step::Fails { what, after } => write!(out, "fails {} {after}", what.name()),
            Step::Full { room } => write!(out, "full {room}"),
            Step::Space => write!(out, "space"),
            Step::Rot { fate } => write!(out, "rot {fate}"),
            Step::Astray { after, fate } => write!(out, "astray {after} {fate}"),
            Step::Inspect => write!(out, "inspect"),
        };
        out.push('\n');
    }
    out
}

/// Reads what [`print()`] wrote.
///
/// # Errors
///
/// The first line that says nothing known.
pub fn parse(text: &str) -> Result<Plan, ParseError> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(at, line)| Words { line: at + 1, words: line.split_whitespace(), all: line })
        .filter(|words| !words.all.trim().is_empty() && !words.all.starts_with('#'));
    let mut next = |what: &str| {
        let end = ParseError { line: text.lines().count(), what: format!("{what} is missing") };
        lines.next().ok_or(end)
    };
    let title = next("the title")?;
    if title.all != TITLE {
        return Err(title.wrong(&format!("the file does not begin with {TITLE:?}")));
    }
    let mut words = next("the seed")?;
    words.verb("seed")?;
    let seed = words.number()?;
    let mut words = next("the setup")?;
    words.verb("setup")?;
    let setup = Setup {
        segment_bytes: words.number()?,
        generation_entries: words.number()?,
        clock: words.number()?,
    };
    let steps = lines.map(step).collect::<Result<_, _>>()?;
    Ok(Plan { seed, setup, steps })
}

fn step(mut words: Words<'_>) -> Result<Step, ParseError> {
    let verb = words.words.next().unwrap_or_default();
    let step = match verb {
        "ask" => Step::Ask { client: words.number()?, batch: batch(&mut words)? },
        "repeat" => Step::Repeat { client: words.number()? },
        "commit" => Step::Commit { take: words.number()?, lost: words.number()? },
        "pass" => Step::Pass { nanoseconds: words.number()? },
        "jump" => Step::Jump { nanoseconds: words.number()? },
        "tick" => Step::Tick,
        "checkpoint" => Step::Checkpoint,
        "nonsense" => Step::Nonsense { large: words.number::<u8>()? != 0 },
        "restart" => Step::Restart,
        "kill" => Step::Kill,
        "power" => Step::PowerFailure { fate: words.number()? },
        "power-in" => Step::PowerFailureIn { operations: words.number()?, fate: words.number()? },
        "fails" => {
            let name = words.words.next().unwrap_or_default();
            let what = Failing::ALL.into_iter().find(|what| what.name() == name);
            let what = what.ok_or_else(|| words.wrong("nothing that can fail"))?;
            Step::Fails { what, after: words.number()? }
        }
        "full" => Step::Full { room: words.number()? },
        "space" => Step::Space,
        "rot" => Step::Rot { fate: words.number()? },
        "astray" => Step::Astray { after: words.number()?, fate: words.number()? },
        "inspect" => Step::Inspect,
        _ => return Err(words.wrong(&format!("{verb:?} is no step"))),
    };
    match words.words.next() {
        None => Ok(step),
        Some(more) => Err(words.wrong(&format!("{more:?} is too much"))),
    }
}

fn batch(words: &mut Words<'_>) -> Result<Batch, ParseError> {
    let (kind, count) = (words.number()?, words.number()?);
    let text = words.words.next().unwrap_or_default();
    let body = unhex(text).ok_or_else(|| words.wrong("the batch is not in hexadecimal digits"))?;
    codec::decode(kind, count, &body).map_err(|error| words.wrong(&error.to_string()))
}

/// One line.
struct Words<'a> {
    line: usize,
    words: std::str::SplitWhitespace<'a>,
    all: &'a str,
}

impl Words<'_> {
    fn wrong(&self, what: &str) -> ParseError {
        ParseError { line: self.line, what: what.to_owned() }
    }

    fn verb(&mut self, verb: &str) -> Result<(), ParseError> {
        if self.words.next() == Some(verb) {
            Ok(())
        } else {
            Err(self.wrong(&format!("expected {verb}")))
        }
    }

    fn number<T: FromStr>(&mut self) -> Result<T, ParseError> {
        let word = self.words.next().unwrap_or_default();
        word.parse().map_err(|_| self.wrong(&format!("{word:?} is no number that fits here")))
    }
}

/// Pairs of digits; a run of zero bytes is `z` and its length and a dot, as most of a batch is zeros.
fn hex(bytes: &[u8], out: &mut String) -> std::fmt::Result {
    let mut rest = bytes;
    while let Some((first, more)) = rest.split_first() {
        let zeros = rest.iter().take_while(|byte| **byte == 0).count();
        if zeros > 2 {
            write!(out, "z{zeros}.")?;
            rest = rest.get(zeros..).unwrap_or_default();
        } else {
            write!(out, "{first:02x}")?;
            rest = more;
        }
    }
    Ok(())
}

/// The longest run of zeros that is believed: a batch has at most some mebibytes.
const MAX_ZEROS: usize = 1 << 24;

fn unhex(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(run) = rest.strip_prefix('z') {
            let (length, more) = run.split_once('.')?;
            let length: usize = length.parse().ok()?;
            if length > MAX_ZEROS || bytes.len() > MAX_ZEROS {
                return None;
            }
            bytes.resize(bytes.len() + length, 0);
            rest = more;
        } else {
            bytes.push(u8::from_str_radix(rest.get(..2)?, 16).ok()?);
            rest = rest.get(2..)?;
        }
    }
    Some(bytes)
}
