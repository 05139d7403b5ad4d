//! What a bench with a main of its own is asked for on its command line, and the frame of such a main.

use std::process::ExitCode;

use crate::Fault;

/// What to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Only gates whose id contains one of these; all if there are none.
    pub filters: Vec<String>,
    /// Only contestants whose name contains one of these; all if there are none. Then no gate is judged.
    pub only: Vec<String>,
    /// How many rounds.
    pub rounds: usize,
}

impl Choice {
    /// Whether a gate was chosen.
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| id.contains(filter.as_str()))
    }

    /// From a command line: filters, `--rounds N`, `--only NAME`, and cargo's `--bench`.
    ///
    /// # Errors
    /// A sentence about what cannot be understood.
    pub fn parse(arguments: &[String], rounds: usize) -> Result<Self, Fault> {
        let mut choice = Self { rounds, ..Self::default() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--bench" => {}
                "--rounds" => choice.rounds = value()?.parse::<usize>()?.max(1),
                "--only" => choice.only.push(value()?.clone()),
                unknown if unknown.starts_with('-') => {
                    return Err(format!("unknown option {unknown}").into());
                }
                filter => choice.filters.push(filter.to_owned()),
            }
        }
        Ok(choice)
    }
}

/// The main of a bench: `drive` says whether every gate that was measured holds.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports to a terminal"
)]
pub fn bench(rounds: usize, drive: impl FnOnce(&Choice) -> Result<bool, Fault>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` starts benches without `--bench`, to see that they start.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("nothing measured: run it with `cargo bench`");
        return ExitCode::SUCCESS;
    }
    match Choice::parse(&arguments, rounds).and_then(|choice| drive(&choice)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Choice, Fault> {
        Choice::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>(), 7)
    }

    #[test]
    fn command_lines() {
        let all = parse("--bench").unwrap();
        assert_eq!((all.rounds, all.takes("any.gate")), (7, true));
        let some = parse("--bench ring.lookup --rounds 0 --only ours").unwrap();
        assert_eq!((some.rounds, &some.only[..]), (1, &["ours".to_owned()][..]));
        assert!(some.takes("ring.lookup.jump.ns") && !some.takes("ring.scaling.2t"));
        assert_eq!(parse("--rounds").unwrap_err().to_string(), "--rounds needs a value");
        assert_eq!(parse("--round 3").unwrap_err().to_string(), "unknown option --round");
    }
}
