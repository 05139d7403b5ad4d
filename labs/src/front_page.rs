//! The front page's table of crates with a number each, made from what the gates have measured.
//!
//! It stands in `README.md` between two comments. `labs numbers` writes it anew: a crate's row changes when its gate was measured here and passed, and stays as it is otherwise, so that
//! the table can be brought up to date area by area. A test of every run of CI holds that it has this form, with the gates that are named here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gates::gate::{Gate, Gates};
use gates::judge::{Judged, Judgement, Verdict};
use gates::report::{self, figure};

use crate::{Error, Result};

/// What the table stands between.
const BEGIN: &str = "<!-- numbers: written by `labs numbers` -->";
const END: &str = "<!-- /numbers -->";
const HEAD: &str = "| crate | one number of many | gate | measured |\n|---|---|---|---|\n";
/// What a row says whose gate was never measured.
const NEVER: &str = "not measured yet";

/// A crate, where it is, and the gate whose number stands for it.
const ROWS: [(&str, &str, &str); 7] = [
    ("lsm", "lsm", "lsm.fillrandom.1w"),
    ("hash-ring", "ring", "ring.lookup.ring.100"),
    ("avro-compat", "avro-compat", "avro.decode.ref"),
    ("queue-chaos", "queue-chaos", "queue.overhead.kafka"),
    ("ledger", "ledger", "ledger.batch.rows"),
    ("gpu-kernels", "gpu", "gpu.bytes.matmul"),
    ("softcuda", "gpu/softcuda", "gpu.speed.vec-add"),
];

/// Writes the table in `README.md` anew, and says how many rows have changed.
///
/// # Errors
/// [`Error::Io`]; [`Error::FrontPage`] if there is no table to write over.
pub fn write(root: &Path) -> Result<usize> {
    let path = root.join("README.md");
    let text = fs::read_to_string(&path).map_err(|error| Error::io(&path, error))?;
    let judgement = report::load(&root.join("out/gates.json")).ok();
    let (before, old, after) = parts(&text)?;
    let old = measured(old);
    let gates = Gates::embedded()?;
    let mut changed = 0;
    let mut table = HEAD.to_owned();
    for (name, directory, id) in ROWS {
        let gate = gate(&gates, id)?;
        let kept = old.get(id).cloned().unwrap_or_else(|| NEVER.to_owned());
        let now = judgement.as_ref().and_then(|judgement| now(judgement, gate));
        let now = now.unwrap_or_else(|| kept.clone());
        changed += usize::from(now != kept);
        table += &format!("| [`{name}`]({directory}) | {} | `{id}` | {now} |\n", what(gate));
    }
    fs::write(&path, format!("{before}{BEGIN}\n{table}{END}{after}"))
        .map_err(|error| Error::io(&path, error))?;
    Ok(changed)
}

/// What is wrong with the form of the table in a front page; nothing, if it is as [`write()`] makes it.
///
/// # Errors
/// [`Error::FrontPage`] if there is no table.
pub fn wrong(text: &str) -> Result<Vec<String>> {
    let (_, table, _) = parts(text)?;
    let gates = Gates::embedded()?;
    let mut wrong = Vec::new();
    let mut expected = HEAD.to_owned();
    let found = measured(table);
    for (name, directory, id) in ROWS {
        let gate = gate(&gates, id)?;
        let measured = found.get(id).map_or(NEVER, String::as_str);
        expected +=
            &format!("| [`{name}`]({directory}) | {} | `{id}` | {measured} |\n", what(gate));
        if measured != NEVER {
            let value = measured
                .split(['x', ' '])
                .next()
                .and_then(|value| value.replace(',', "").parse::<f64>().ok());
            if !value.is_some_and(|value| gate.comparison.holds(value, gate.threshold)) {
                wrong.push(format!(
                    "{id}: `{measured}` does not hold {} {}",
                    gate.comparison, gate.threshold
                ));
            }
        }
    }
    if table.trim() != expected.trim() {
        wrong.push("the table is not as `labs numbers` writes it: run it".to_owned());
    }
    Ok(wrong)
}

fn gate<'g>(gates: &'g Gates, id: &str) -> Result<&'g Gate> {
    gates
        .get(id)
        .ok_or_else(|| Error::UnknownGate { lab: "README.md".to_owned(), gate: id.to_owned() })
}

/// What is measured, and what is required of it.
fn what(gate: &Gate) -> String {
    let rivals = gate.rivals.join(", ");
    let required = format!("{} {}", gate.comparison, figure(gate.threshold));
    if rivals.is_empty() {
        format!("{}, in {} ({required})", gate.what, gate.unit)
    } else {
        format!("{}: times {rivals} ({required})", gate.what)
    }
    .replace('|', "/")
}

/// What was measured last, if it passed: a number that does not hold is no advertisement, and the row stays.
fn now(judgement: &Judgement, gate: &Gate) -> Option<String> {
    let passed = |judged: &&Judged| judged.gate.id == gate.id && judged.verdict == Verdict::Pass;
    let figure_of = judgement.gates.iter().find(passed)?.decisive()?;
    let environment = judgement.environments.get(&format!("{}.json", gate.area()))?;
    let value = match &figure_of.rival {
        Some(rival) => format!("{}x {rival}", figure(figure_of.value)),
        None => format!("{} {}", figure(figure_of.value), gate.unit),
    };
    let commit: String = environment.commit.chars().take(8).collect();
    let day = crate::report::day(environment.measured_at);
    Some(format!("{value}, {day}, {commit}, {} cores", environment.cores))
}

/// What is before, in, and behind the table.
fn parts(text: &str) -> Result<(&str, &str, &str)> {
    let missing = || Error::FrontPage { begin: BEGIN, end: END };
    let (before, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
    let (table, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok((before, table, after))
}

/// What the rows of a table say was measured, by gate.
fn measured(table: &str) -> BTreeMap<String, String> {
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let gate = cells.get(3)?.strip_prefix('`')?.strip_suffix('`')?;
        Some((gate.to_owned(), (*cells.get(4)?).to_owned()))
    });
    rows.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it stands")]
mod tests {
    use gates::judge::judge_all;
    use gates::measurement::{Environment, Measurement, MeasurementFile, Round};

    use super::*;

    #[test]
    fn rows_change_with_what_was_measured_and_stay_otherwise() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("README.md");
        fs::write(&path, format!("Before.\n{BEGIN}\n{END}\nBehind.\n")).unwrap();
        assert_eq!(write(root.path()).unwrap(), 0);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(wrong(&text).unwrap(), Vec::<String>::new());
        assert!(
            text.starts_with("Before.\n") && text.ends_with("\nBehind.\n") && text.contains(NEVER)
        );

        let judged = |times: f64| {
            let rounds = (0..3).map(|_| Round::against(times, [("postgres", 1.0)])).collect();
            let environment = Environment {
                cores: 2,
                commit: "0123456789abcdef".to_owned(),
                measured_at: 1_795_449_600,
                ..Environment::default()
            };
            let measured = Measurement::measured("ledger.batch.rows", "transfers/s", rounds);
            let files = [("ledger.json".into(), MeasurementFile::new(environment, vec![measured]))];
            let judgement = judge_all(&Gates::embedded().unwrap(), &files, None).unwrap();
            report::save(&judgement, &root.path().join("out/gates.json")).unwrap();
        };
        judged(21.0);
        assert_eq!(write(root.path()).unwrap(), 1);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("| 21x postgres, 2026-11-23, 01234567, 2 cores |"), "{text}");
        assert_eq!(wrong(&text).unwrap(), Vec::<String>::new());

        // What does not hold changes nothing, and somebody's own improvement is noticed.
        judged(2.0);
        assert_eq!(write(root.path()).unwrap(), 0);
        assert_eq!(wrong(&text.replace("21x", "2x")).unwrap().len(), 1);
        assert_eq!(wrong(&text.replace("`ledger`", "`Ledger`")).unwrap().len(), 1);
        assert!(wrong("no table").unwrap_err().to_string().contains("README.md"));
    }
}
