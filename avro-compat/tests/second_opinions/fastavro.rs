//! Asking Python's `fastavro`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::case::{self, Pair, told};
use super::deviations::FASTAVRO;
use super::{Tally, generate};

/// A Python that has it, or why there is none.
fn python() -> Result<PathBuf, String> {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().unwrap_or(temporary);
    let venv = target.join("fastavro/bin/python");
    let given = std::env::var_os("AVRO_COMPAT_PYTHON").map(PathBuf::from);
    let candidates = given.into_iter().chain([venv.clone(), PathBuf::from("python3")]);
    for python in candidates {
        let output = Command::new(&python).args(["-c", "import fastavro"]).output();
        if output.is_ok_and(|it| it.status.success()) {
            return Ok(python);
        }
    }
    Err(format!("no python3 with fastavro, not {} either: run scripts/fastavro.sh", venv.display()))
}

/// What it says of each pair; none if it cannot be asked here.
fn ask(pairs: &[Pair]) -> Option<Vec<Json>> {
    let python = match python() {
        Ok(it) => it,
        Err(reason) => {
            let required = std::env::var("AVRO_COMPAT_FASTAVRO").is_ok_and(|it| it == "require");
            assert!(!required, "fastavro is required, and cannot be asked: {reason}");
            eprintln!("SKIPPED: not compared with fastavro: {reason}");
            return None;
        }
    };
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_opinions/oracle.py");
    let mut child = Command::new(python)
        .arg(oracle)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let hex = |it: &Vec<u8>| it.iter().map(|it| format!("{it:02x}")).collect::<String>();
    let lines: Vec<_> = pairs
        .iter()
        .map(|it| {
            let data: Vec<_> = it.data.iter().map(hex).collect();
            json!({"reader": it.reader_text, "writer": it.writer_text, "data": data}).to_string()
        })
        .collect();
    let feeder =
        std::thread::spawn(move || lines.iter().for_each(|it| writeln!(input, "{it}").unwrap()));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|it| serde_json::from_str(it).unwrap()).collect())
}

#[test]
fn fastavro_differs_in_ways_that_are_known() {
    let pairs = case::pairs(generate::pairs(12_000));
    let Some(answers) = ask(&pairs) else { return };
    assert_eq!(answers.len(), pairs.len());
    let mut tally = Tally { pairs: pairs.len(), ..Tally::default() };
    for (pair, answer) in pairs.iter().zip(answers) {
        let Some(answers) = answer["answers"].as_array() else {
            tally.refused += 1;
            continue;
        };
        for ((answer, value), expected) in answers.iter().zip(&pair.values).zip(&pair.read) {
            let expected = expected.as_ref().map(|it| told(&pair.reader, pair.reader.root(), it));
            let found = match answer.get("value") {
                Some(found) => Ok(found.clone()),
                None => Err(answer["error"].as_str().unwrap_or_default().to_owned()),
            };
            tally.take(pair, value, expected, found, FASTAVRO);
        }
    }
    tally.judge("fastavro", FASTAVRO);
}
