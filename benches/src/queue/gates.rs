//! Which reading answers which gate.
//!
//! [`PLAN`] holds the gates, [`run`] does what the chosen ones need, and [`measurements`] turns what came of it into what the judge reads. Thresholds are in
//! `gates.toml` and nowhere here.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{Table, presets};

use super::child::{Outcome, Spec, spawn};
use super::places::Places;
use super::{Result, proxy, record};
use crate::choice::Choice;
use crate::judge::quantile;
use crate::measurement::{Measurement, Round};
use crate::report::figure;

/// Our contestant.
pub const OURS: &str = "queue-chaos";
/// A rival: rdkafka's producer that is polled by who sends.
pub const BASE: &str = "rdkafka/base";
/// A rival: rdkafka's producer with a thread that polls.
pub const THREADED: &str = "rdkafka/threaded";
/// Ours through no proxy.
const DIRECT: &str = "direct";
/// Ours with a shorter history.
const MILLION: &str = "one-million";

/// What is reported and judged by nobody. The name is for choosing it.
pub const RECOVERY: &str = "queue.recovery";

/// Histories of at most so many rounds: each is some gigabytes.
const HISTORIES: usize = 3;

/// What a gate needs to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Messages through a real node.
    Kafka,
    /// Messages through librdkafka's in-process cluster.
    Embedded,
    /// Histories of one million messages and of ten, written and judged.
    Histories,
    /// Events recorded.
    Record,
    /// A stream through the proxy.
    Stream,
    /// Messages to and fro through the proxy.
    PingPong,
}

/// Every gate of the area: its id and its unit in `gates.toml`, and what it needs.
pub const PLAN: [(&str, &str, Work); 12] = [
    ("queue.overhead.kafka", "messages/s", Work::Kafka),
    ("queue.overhead.embedded", "messages/s", Work::Embedded),
    ("queue.overhead.processor", "ns/message", Work::Embedded),
    ("queue.checker.course", "s", Work::Histories),
    ("queue.checker.seconds", "s", Work::Histories),
    ("queue.checker.linear", "ns/event", Work::Histories),
    ("queue.checker.memory", "bytes/message", Work::Histories),
    ("queue.history.peak", "MiB", Work::Histories),
    ("queue.history.flat", "bytes/message", Work::Histories),
    ("queue.record.ns", "ns", Work::Record),
    ("queue.proxy.stream", "MB/s", Work::Stream),
    ("queue.proxy.pingpong-us", "us", Work::PingPong),
];

/// After a restart: seconds from when the start was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// Until the node answers.
    pub answers: f64,
    /// Until the first message is acknowledged.
    pub acknowledged: f64,
    /// Until the group has committed what had piled up.
    pub caught_up: f64,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Rounds by gate.
    pub rounds: BTreeMap<&'static str, Vec<Round>>,
    /// Why a gate could not be measured.
    pub absent: BTreeMap<&'static str, String>,
    /// By cluster and what had ended the node.
    pub recoveries: BTreeMap<(&'static str, &'static str), Vec<Recovery>>,
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
}

fn needs(choice: &Choice, work: Work) -> bool {
    PLAN.iter().any(|(id, _, needs)| *needs == work && choice.takes(id))
}

/// Does all the work that the chosen gates need, and says on `progress` what it is at.
///
/// # Errors
/// That of the library: what cannot be measured here is none.
pub fn run(choice: &Choice, places: &Places, progress: impl Fn(&str)) -> Result<Outcomes> {
    let mut outcomes = Outcomes::default();
    let rounds = choice.rounds;
    if needs(choice, Work::Record) {
        progress("events recorded");
        for _ in 0..rounds {
            outcomes.add("queue.record.ns", Round::absolute(record::nanoseconds(&places.files)?));
        }
    }
    if needs(choice, Work::Stream) {
        progress("a stream through the proxy");
        for _ in 0..rounds {
            let [ours, direct] = proxy::streams()?;
            outcomes.add("queue.proxy.stream", Round::against(ours, [(DIRECT, direct)]));
        }
    }
    if needs(choice, Work::PingPong) {
        progress("messages to and fro through the proxy");
        let mut told = Vec::new();
        for _ in 0..rounds {
            let [ours, direct] = proxy::pings()?;
            told.push(direct);
            let added = (ours - direct).max(0.0);
            outcomes.add("queue.proxy.pingpong-us", Round::absolute(added));
        }
        outcomes.note("to and fro without the proxy", format!("{:.1} us", quantile(&told, 0.5)));
    }
    if needs(choice, Work::Histories) {
        for round in 1..=rounds.min(HISTORIES) {
            progress(&format!("histories, round {round}"));
            histories(&mut outcomes, places)?;
        }
    }
    clusters(&mut outcomes, choice, places, &progress)?;
    Ok(outcomes)
}

fn histories(outcomes: &mut Outcomes, places: &Places) -> Result<()> {
    let path = places.files.join("history.jsonl");
    let both = |messages| -> Result<(Outcome, Outcome)> {
        let written = spawn(&Spec::Write(messages, path.clone()))?;
        let judged = spawn(&Spec::Check(path.clone()))?;
        std::fs::remove_file(&path)?;
        if judged.messages != messages {
            return Err(format!("{} of {messages} messages were judged", judged.messages).into());
        }
        Ok((written, judged))
    };
    let (short, short_judged) = both(1_000_000)?;
    let (long, judged) = both(10_000_000)?;
    let mebibytes = |it: &Outcome| it.peak as f64 / f64::from(1 << 20);
    // Of ten million events, as the course counts.
    let seconds = judged.nanoseconds() / 100.0;
    outcomes.add("queue.checker.course", Round::absolute(seconds));
    outcomes.add("queue.checker.seconds", Round::absolute(seconds));
    let linear = Round::against(judged.nanoseconds(), [(MILLION, short_judged.nanoseconds())]);
    outcomes.add("queue.checker.linear", linear);
    let bytes = judged.peak.saturating_sub(judged.before) as f64 / judged.messages as f64;
    outcomes.add("queue.checker.memory", Round::absolute(bytes));
    outcomes.add("queue.history.peak", Round::absolute(mebibytes(&long)));
    let more = long.peak.saturating_sub(short.peak) as f64;
    let flat = more / (long.messages - short.messages) as f64;
    outcomes.add("queue.history.flat", Round::absolute(flat));
    let gigabytes = long.bytes as f64 / 1e9;
    let what = format!(
        "{} events, {gigabytes:.2} GB, written in {:.1} s, judged in {:.1} s",
        long.events, long.seconds, judged.seconds
    );
    outcomes.note("the last history of ten million messages", what);
    Ok(())
}

#[cfg(not(feature = "queue"))]
fn clusters(outcomes: &mut Outcomes, choice: &Choice, _: &Places, _: &impl Fn(&str)) -> Result<()> {
    let reason = "this build has no librdkafka: --features queue";
    for (id, _, work) in PLAN {
        if matches!(work, Work::Kafka | Work::Embedded) && choice.takes(id) {
            outcomes.absent.insert(id, reason.to_owned());
        }
    }
    if choice.takes(RECOVERY) {
        outcomes.absent.insert(RECOVERY, reason.to_owned());
    }
    Ok(())
}

#[cfg(feature = "queue")]
fn clusters(
    outcomes: &mut Outcomes,
    choice: &Choice,
    places: &Places,
    progress: &impl Fn(&str),
) -> Result<()> {
    use queue_chaos::broker::embedded::Embedded;

    use super::produce::{self, Arena};

    let recovery = choice.takes(RECOVERY);
    outcomes.note("librdkafka", rdkafka::util::get_rdkafka_version().1);
    if needs(choice, Work::Embedded) {
        let arena = Arena::embedded()?;
        for (rates, processor) in overhead(&arena, choice, places, "embedded", progress)? {
            outcomes.add("queue.overhead.embedded", rates);
            outcomes.add("queue.overhead.processor", Round::absolute(processor));
        }
    }
    if recovery {
        let mut cluster = Embedded::start(1)?;
        recoveries(outcomes, &mut cluster, "embedded", choice, places, progress)?;
    }
    if !needs(choice, Work::Kafka) && !recovery {
        return Ok(());
    }
    let distribution = match produce::distribution(places) {
        Ok(distribution) => distribution,
        Err(reason) => {
            if needs(choice, Work::Kafka) {
                outcomes.absent.insert("queue.overhead.kafka", reason.clone());
            }
            if recovery {
                outcomes.absent.insert(RECOVERY, reason);
            }
            return Ok(());
        }
    };
    outcomes.note("kafka", distribution.version());
    if needs(choice, Work::Kafka) {
        let arena = Arena::kafka(places, distribution.clone())?;
        for (rates, _) in overhead(&arena, choice, places, "kafka", progress)? {
            outcomes.add("queue.overhead.kafka", rates);
        }
    }
    if recovery {
        // Another one: what the first has been sent would be looked through when it starts after a kill.
        let mut cluster = produce::kafka(places, distribution)?;
        recoveries(outcomes, &mut cluster, "kafka", choice, places, progress)?;
    }
    Ok(())
}

/// Rounds of all contestants on a cluster: rates, and the processor time that ours takes more than the rival with a thread that polls (the other one spins while it waits).
/// The first one, in which connections and Java are cold, does not count.
#[cfg(feature = "queue")]
fn overhead(
    arena: &super::produce::Arena,
    choice: &Choice,
    places: &Places,
    cluster: &str,
    progress: &impl Fn(&str),
) -> Result<Vec<(Round, f64)>> {
    /// Messages of a pass: three times as many as librdkafka keeps. Short, so that some passes are not disturbed.
    const MESSAGES: u64 = 600_000;
    /// Passes of a contestant in a round, of which the best is its reading.
    const PASSES: usize = 5;

    let mut all = vec![OURS, BASE, THREADED];
    all.retain(|it| choice.only.is_empty() || choice.only.iter().any(|o| it.contains(o.as_str())));
    let mut rounds = Vec::new();
    for number in 0..=choice.rounds {
        // The highest rate, and the least processor time.
        let mut best: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for turn in 0..PASSES * all.len() {
            let contestant = all[(turn + number) % all.len()];
            let pass = arena.pass(contestant, MESSAGES, &places.files)?;
            let (rate, processor) = best.entry(contestant).or_insert((0.0, f64::INFINITY));
            *rate = rate.max(pass.rate);
            *processor = processor.min(pass.processor);
        }
        let mut line = format!("messages/s (ns of a processor each), {cluster}, round {number}:");
        let mut round = Round::default();
        for (contestant, (rate, processor)) in &best {
            line += &format!(" {contestant} {} ({processor:.0})", figure(*rate));
            match *contestant {
                OURS => round.ours = *rate,
                rival => drop(round.rivals.insert(rival.to_owned(), *rate)),
            }
        }
        progress(&line);
        let processor = |name| best.get(name).map_or(0.0, |it| it.1);
        if number > 0 {
            rounds.push((round, (processor(OURS) - processor(THREADED)).max(0.0)));
        }
    }
    Ok(rounds)
}

#[cfg(feature = "queue")]
fn recoveries(
    outcomes: &mut Outcomes,
    cluster: &mut dyn queue_chaos::broker::Cluster,
    name: &'static str,
    choice: &Choice,
    places: &Places,
    progress: &impl Fn(&str),
) -> Result<()> {
    use super::recovery::{WAYS, recover};

    let mut number = 0;
    for round in 1..=choice.rounds.min(3) {
        progress(&format!("recovery, {name}, round {round}"));
        for way in WAYS {
            let recovery = recover(cluster, way, number, &places.files)?;
            outcomes.recoveries.entry((name, way)).or_default().push(recovery);
            number += 1;
        }
    }
    for ((of, way), all) in outcomes.recoveries.clone() {
        if of == name {
            let [answers, acknowledged, caught_up] = medians(&all);
            let what = format!(
                "answers after {answers:.2} s, acknowledges after {acknowledged:.2} s, caught up after {caught_up:.2} s"
            );
            outcomes.note(&format!("recovery, {name}, {way}"), what);
        }
    }
    Ok(())
}

fn medians(all: &[Recovery]) -> [f64; 3] {
    let of = |it: fn(&Recovery) -> f64| quantile(&all.iter().map(it).collect::<Vec<_>>(), 0.5);
    [of(|it| it.answers), of(|it| it.acknowledged), of(|it| it.caught_up)]
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
    let header = ["gate", "who", "median", "unit", "ours to it"];
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header);
    for (id, unit, _) in PLAN {
        let Some(rounds) = outcomes.rounds.get(id) else { continue };
        let ours: Vec<f64> = rounds.iter().map(|round| round.ours).collect();
        let row = [id, OURS, &figure(quantile(&ours, 0.5)), unit, ""].map(str::to_owned);
        table.add_row(row);
        let names: BTreeSet<&String> = rounds.iter().flat_map(|it| it.rivals.keys()).collect();
        for name in names {
            let of = |round: &Round| round.rivals.get(name).copied();
            let theirs: Vec<f64> = rounds.iter().filter_map(of).collect();
            let ratios: Vec<f64> = rounds.iter().filter_map(|it| Some(it.ours / of(it)?)).collect();
            let to = format!("{}x", figure(quantile(&ratios, 0.5)));
            let row = [id, name, &figure(quantile(&theirs, 0.5)), unit, &to].map(str::to_owned);
            table.add_row(row);
        }
    }
    table.to_string()
}

/// A table of recoveries: median, and the longest.
#[must_use]
pub fn recoveries_table(outcomes: &Outcomes) -> String {
    let mut table = Table::new();
    let header = ["cluster", "ended by", "rounds", "answers", "first acknowledged", "caught up"];
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(header);
    for ((cluster, way), all) in &outcomes.recoveries {
        let longest = |it: fn(&Recovery) -> f64| all.iter().map(it).fold(0.0, f64::max);
        let [answers, acknowledged, caught_up] = medians(all);
        table.add_row([
            (*cluster).to_owned(),
            (*way).to_owned(),
            all.len().to_string(),
            format!("{answers:.2} (at most {:.2})", longest(|it| it.answers)),
            format!("{acknowledged:.2} (at most {:.2})", longest(|it| it.acknowledged)),
            format!("{caught_up:.2} (at most {:.2})", longest(|it| it.caught_up)),
        ]);
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
        for (id, unit, work) in PLAN {
            let gate = gates.get(id).unwrap_or_else(|| panic!("no gate {id}"));
            assert_eq!(gate.unit, unit, "{id}");
            // The third of these gates is of time, not of rates.
            if matches!(work, Work::Kafka | Work::Embedded) && unit == "messages/s" {
                assert_eq!(
                    (gate.kind, &gate.rivals[..]),
                    (Kind::Ratio, &["rdkafka".to_owned()][..])
                );
            }
        }
        let planned: BTreeSet<&str> = PLAN.iter().map(|it| it.0).collect();
        let listed: BTreeSet<&str> =
            gates.iter().filter(|g| g.area() == "queue").map(|g| g.id.as_str()).collect();
        assert_eq!(planned, listed);
        // It is chosen as a gate is, and is none.
        assert!(gates.get(RECOVERY).is_none());
        // The course's own number may be undercut, never exceeded.
        let threshold = |id| gates.get(id).unwrap().threshold;
        assert_eq!(threshold("queue.checker.course"), 60.0);
        assert!(threshold("queue.checker.seconds") <= threshold("queue.checker.course"));
    }

    #[test]
    fn what_was_not_run_or_cannot_be_says_so() {
        let mut outcomes = Outcomes::default();
        outcomes.add("queue.record.ns", Round::absolute(100.0));
        outcomes.absent.insert("queue.overhead.kafka", "no Java".to_owned());
        let found = measurements(&outcomes, &Choice::default());
        assert_eq!(found.len(), PLAN.len());
        let one = |id: &str| found.iter().find(|it| it.gate == id).unwrap();
        assert_eq!(one("queue.record.ns").rounds, [Round::absolute(100.0)]);
        assert_eq!(one("queue.overhead.kafka").not_measured.as_deref(), Some("no Java"));
        assert_eq!(one("queue.proxy.stream").not_measured.as_deref(), Some("was not run"));
        let choice = Choice { filters: vec!["record".to_owned()], ..Choice::default() };
        assert_eq!(measurements(&outcomes, &choice).len(), 1);
        assert_eq!(outcomes.reasons().into_iter().collect::<Vec<_>>(), ["no Java"]);
    }

    #[test]
    fn tables_have_a_row_for_each() {
        let mut outcomes = Outcomes::default();
        let round = Round::against(80.0, [(BASE, 100.0), (THREADED, 160.0)]);
        outcomes.add("queue.overhead.embedded", round);
        let text = table(&outcomes);
        assert!(text.contains("0.8x") && text.contains("0.5x"), "{text}");
        let recovery = Recovery { answers: 1.0, acknowledged: 1.5, caught_up: 2.0 };
        outcomes.recoveries.insert(("kafka", "kill"), vec![recovery]);
        assert!(recoveries_table(&outcomes).contains("2.00 (at most 2.00)"));
    }
}
