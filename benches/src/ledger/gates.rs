//! Which reading answers which gate.
//!
//! [`PLAN`] holds the gates, [`run`] does what the chosen ones need, and [`measurements`] turns what came of it into what the judge reads. Thresholds are in
//! `gates.toml` and nowhere here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use comfy_table::{Table, presets};

use super::Result;
use super::books::{self, Found};
use super::load::{self, Shape, Tally};
use super::postgres::{Cluster, Script};
use super::requests::{Accounts, debited, open_books};
use super::server::{Books, Server};
use crate::choice::Choice;
use crate::judge::quantile;
use crate::measurement::{Measurement, Round};
use crate::report::figure;

/// Our contestant.
pub const OURS: &str = "ledger";
/// The rival.
pub const POSTGRES: &str = "postgres";
/// How long a reading takes.
pub const SECONDS: u64 = 5;
/// Books are filled in at most so many rounds: each takes a minute and some gigabytes.
const FILLS: usize = 3;
/// Why there are no ratios.
const NO_POSTGRES: &str = "PostgreSQL is not there (apt: postgresql)";

/// What a gate needs to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Batches.
    Batch,
    /// One transfer at a time, any accounts.
    Uniform,
    /// One transfer at a time, one account in all of them.
    Hot,
    /// One transfer at a time over HTTP.
    Http,
    /// Twenty million transfers.
    Fill,
}

/// Every gate of the area: its id and its unit in `gates.toml`, and what it needs.
pub const PLAN: [(&str, &str, Work); 8] = [
    ("ledger.batch.rows", "transfers/s", Work::Batch),
    ("ledger.batch.rate", "transfers/s", Work::Batch),
    ("ledger.single.uniform", "transfers/s", Work::Uniform),
    ("ledger.single.hot", "transfers/s", Work::Hot),
    ("ledger.http.uniform", "transfers/s", Work::Http),
    ("ledger.recovery.seconds", "s", Work::Fill),
    ("ledger.memory.peak", "MiB", Work::Fill),
    ("ledger.memory.flat", "bytes/transfer", Work::Fill),
];

/// The works of a round.
const WORKS: [Work; 4] = [Work::Batch, Work::Uniform, Work::Hot, Work::Http];

impl Work {
    fn ours(self) -> (Shape, Accounts) {
        match self {
            Self::Batch | Self::Fill => (Shape::Batches, Accounts::Uniform),
            Self::Uniform => (Shape::Singles, Accounts::Uniform),
            Self::Hot => (Shape::Singles, Accounts::Hot),
            Self::Http => (Shape::Http, Accounts::Uniform),
        }
    }

    fn theirs(self) -> Script {
        match self {
            Self::Batch | Self::Fill => Script::Batch,
            Self::Uniform | Self::Http => Script::Uniform,
            Self::Hot => Script::Hot,
        }
    }

    /// The gate that compares, and one that does not.
    fn gates(self) -> (Option<&'static str>, Option<&'static str>) {
        match self {
            Self::Batch => (Some("ledger.batch.rows"), Some("ledger.batch.rate")),
            Self::Uniform => (Some("ledger.single.uniform"), None),
            Self::Hot => (Some("ledger.single.hot"), None),
            Self::Http => (Some("ledger.http.uniform"), None),
            Self::Fill => (None, None),
        }
    }
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Rounds by gate.
    pub rounds: BTreeMap<&'static str, Vec<Round>>,
    /// Why a gate could not be measured.
    pub absent: BTreeMap<&'static str, String>,
    /// What belongs to the numbers.
    pub notes: BTreeMap<String, String>,
}

impl Outcomes {
    fn add(&mut self, gate: &'static str, round: Round) {
        self.rounds.entry(gate).or_default().push(round);
    }

    fn note(&mut self, name: &str, what: impl Into<String>) {
        self.notes.insert(name.to_owned(), what.into());
    }

    /// Why gates could not be measured, each reason once.
    #[must_use]
    pub fn reasons(&self) -> BTreeSet<&str> {
        self.absent.values().map(String::as_str).collect()
    }

    fn add_fill(&mut self, found: &Found) {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        self.add("ledger.recovery.seconds", Round::absolute(found.recovery));
        self.add("ledger.memory.peak", Round::absolute(mebibytes(found.peak())));
        self.add("ledger.memory.flat", Round::absolute(found.flat(books::TRANSFERS)));
        let what = format!(
            "{} transfers/s; anonymous memory at most {:.0} MiB in the first half and {:.0} MiB in the second, VmHWM {:.0} MiB; {} operations replayed after the kill",
            figure(found.rate),
            mebibytes(found.first),
            mebibytes(found.second),
            mebibytes(found.peak_resident),
            found.replayed
        );
        self.note("the last twenty million", what);
    }
}

fn needs(choice: &Choice, work: Work) -> bool {
    PLAN.iter().any(|(id, _, needs)| *needs == work && choice.takes(id))
}

/// Who takes part: all, or those that were asked for by name.
fn plays(choice: &Choice, name: &str) -> bool {
    choice.only.is_empty() || choice.only.iter().any(|only| name.contains(only.as_str()))
}

/// Does all the work that the chosen gates need, in files below `files`, and says on `progress` what it is at.
///
/// # Errors
/// Books that do not balance, on either side; a server that fails. That PostgreSQL is not there is none.
pub fn run(choice: &Choice, files: &Path, progress: impl Fn(&str)) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    let works: Vec<Work> = WORKS.into_iter().filter(|work| needs(choice, *work)).collect();
    let cluster = match works.is_empty() || !plays(choice, POSTGRES) {
        true => None,
        false => Cluster::start(files)?,
    };
    if let Some(cluster) = &cluster {
        outcomes.note(POSTGRES, cluster.version());
    }
    let mut netted = Vec::new();
    for round in 0..choice.rounds {
        for at in 0..works.len() {
            let work = works[(at + round) % works.len()];
            let time = Duration::from_secs(SECONDS);
            // Who is first takes turns, too.
            let (mut ours, mut theirs) = (None, None);
            for turn in [round, round + 1] {
                if turn.is_multiple_of(2) && plays(choice, OURS) {
                    let (tally, processor) = ask(files, work, time)?;
                    ours = Some(tally.rate());
                    outcomes.note(&format!("processor, {work:?}"), processor);
                } else if !turn.is_multiple_of(2)
                    && let Some(cluster) = &cluster
                {
                    theirs = Some(cluster.measure(work.theirs(), time)?);
                    // Empty books: nothing is left for it to tidy up while others are measured.
                    cluster.reset()?;
                    if work == Work::Batch {
                        netted.push(cluster.measure(Script::Netted, time)?);
                        cluster.reset()?;
                    }
                }
            }
            let told = |it: Option<f64>| it.map_or("-".to_owned(), figure);
            progress(&format!(
                "round {}, {work:?}: {OURS} {}, {POSTGRES} {}",
                round + 1,
                told(ours),
                told(theirs)
            ));
            let (ratio, absolute) = work.gates();
            if let (Some(gate), Some(ours), Some(theirs)) = (ratio, ours, theirs) {
                outcomes.add(gate, Round::against(ours, [(POSTGRES, theirs)]));
            }
            if let (Some(gate), Some(ours)) = (absolute, ours) {
                outcomes.add(gate, Round::absolute(ours));
            }
        }
    }
    if cluster.is_none() && plays(choice, POSTGRES) {
        for gate in WORKS.into_iter().filter_map(|work| work.gates().0) {
            outcomes.absent.insert(gate, NO_POSTGRES.to_owned());
        }
    }
    if !netted.is_empty() {
        let what = format!("{} transfers/s, not judged", figure(quantile(&netted, 0.5)));
        outcomes.note("postgres, netted batches of 8,190", what);
    }
    drop(cluster);
    if needs(choice, Work::Fill) && plays(choice, OURS) {
        for round in 1..=choice.rounds.min(FILLS) {
            let found = books::fill(files, books::TRANSFERS)?;
            progress(&format!("round {round}, {} transfers: {found:?}", books::TRANSFERS));
            outcomes.add_fill(&found);
        }
    }
    Ok(outcomes)
}

/// What ours does in new books, and where its processor time goes.
fn ask(files: &Path, work: Work, time: Duration) -> Result<(Tally, String)> {
    let books = Books::new(files)?;
    let server = Server::start(books.path())?;
    let mut connection = server.connect()?;
    open_books(&mut connection)?;
    let (shape, accounts) = work.ours();
    let tally = load::run(&server, shape, accounts, 0, load::for_a_while(time))?;
    let each = |ns: u64| ns as f64 / tally.transfers.max(1) as f64;
    let threads = server.processor()?.into_iter().map(|(name, ns)| (name, each(ns)));
    let processor: Vec<String> = threads
        .filter(|(_, each)| *each >= 1.0)
        .map(|(name, each)| format!("{name} {each:.0}"))
        .collect();
    let processor = format!("{} ns a transfer", processor.join(", "));
    let there = debited(&mut connection)?;
    if there != tally.amount {
        return Err(format!("{} was acknowledged, the books have {there}", tally.amount).into());
    }
    drop(connection);
    server.stop()?;
    Ok((tally, processor))
}

/// What the judge reads: a measurement for each chosen gate.
#[must_use]
pub fn measurements(outcomes: &Outcomes, choice: &Choice) -> Vec<Measurement> {
    let chosen = PLAN.into_iter().filter(|(id, ..)| choice.takes(id));
    chosen
        .map(|(id, unit, _)| match (outcomes.rounds.get(id), outcomes.absent.get(id)) {
            (Some(rounds), _) => Measurement::measured(id, unit, rounds.clone()),
            (None, Some(reason)) => Measurement::missing(id, unit, reason),
            (None, None) => Measurement::missing(id, unit, "was not run"),
        })
        .collect()
}

/// A table of medians.
#[must_use]
pub fn table(outcomes: &Outcomes) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header([
        "gate",
        OURS,
        POSTGRES,
        "unit",
        "ours to it",
    ]);
    for (id, unit, _) in PLAN {
        let Some(rounds) = outcomes.rounds.get(id) else { continue };
        let ours: Vec<f64> = rounds.iter().map(|round| round.ours).collect();
        let of = |round: &Round| round.rivals.get(POSTGRES).copied();
        let theirs: Vec<f64> = rounds.iter().filter_map(of).collect();
        let ratios: Vec<f64> = rounds.iter().filter_map(|it| Some(it.ours / of(it)?)).collect();
        let median = |all: &[f64]| match all {
            [] => String::new(),
            all => figure(quantile(all, 0.5)),
        };
        let times = if ratios.is_empty() { "" } else { "x" };
        let to = format!("{}{times}", median(&ratios));
        table.add_row([id.to_owned(), median(&ours), median(&theirs), unit.to_owned(), to]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Gates, Kind};

    #[test]
    fn every_gate_of_the_area_is_planned_in_its_unit() {
        let gates = Gates::embedded().unwrap();
        let compared: BTreeSet<&str> = WORKS.into_iter().filter_map(|it| it.gates().0).collect();
        for (id, unit, _) in PLAN {
            let gate = gates.get(id).unwrap_or_else(|| panic!("no gate {id}"));
            assert_eq!(gate.unit, unit, "{id}");
            assert_eq!(gate.kind == Kind::Ratio, compared.contains(id), "{id}");
            let rivals: &[String] =
                if compared.contains(id) { &[POSTGRES.to_owned()] } else { &[] };
            assert_eq!(gate.rivals, rivals, "{id}");
        }
        let planned: BTreeSet<&str> = PLAN.iter().map(|it| it.0).collect();
        let listed: BTreeSet<&str> =
            gates.iter().filter(|g| g.area() == "ledger").map(|g| g.id.as_str()).collect();
        assert_eq!(planned, listed);
    }

    #[test]
    fn what_was_not_run_or_cannot_be_says_so() {
        let mut outcomes = Outcomes::default();
        outcomes.add("ledger.batch.rate", Round::absolute(500_000.0));
        outcomes.absent.insert("ledger.batch.rows", NO_POSTGRES.to_owned());
        let found = measurements(&outcomes, &Choice::default());
        assert_eq!(found.len(), PLAN.len());
        let one = |id: &str| found.iter().find(|it| it.gate == id).unwrap();
        assert_eq!(one("ledger.batch.rate").rounds, [Round::absolute(500_000.0)]);
        assert_eq!(one("ledger.batch.rows").not_measured.as_deref(), Some(NO_POSTGRES));
        assert_eq!(one("ledger.memory.flat").not_measured.as_deref(), Some("was not run"));
        let choice = Choice { filters: vec!["single".to_owned()], ..Choice::default() };
        assert_eq!(measurements(&outcomes, &choice).len(), 2);
    }

    #[test]
    fn the_table_has_both_and_their_ratio() {
        let mut outcomes = Outcomes::default();
        let round = Round::against(20_000.0, [(POSTGRES, 10_000.0)]);
        outcomes.add("ledger.single.uniform", round);
        let found =
            Found { first: 200 << 20, second: 210 << 20, recovery: 1.5, ..Found::default() };
        outcomes.add_fill(&found);
        let text = table(&outcomes);
        assert!(text.contains("2x") && text.contains("210") && text.contains("1.5"), "{text}");
        assert_eq!(outcomes.rounds["ledger.memory.flat"][0].ours, 1.048576);
    }
}
