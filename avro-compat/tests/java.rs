//! The profile `java` against Java's Avro itself.
//!
//! Runs where `java` and `javac` and the jars of `scripts/avro_jars.sh` are. Elsewhere it says what is missing and passes; with `AVRO_COMPAT_JAVA=require` in the
//! environment it fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "it is a test, and says why it does not run"
)]

mod generate;
mod pairs;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use avro_compat::Schema;
use avro_compat::check::java::{Outcome, compatibility};
use avro_compat::check::{CheckOptions, check};
use serde_json::{Value, json};

/// How often Java has been asked, so that each has a directory of its own.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Where the jars are, or why there is no comparison.
fn class_path() -> Result<String, String> {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = temporary.parent().unwrap_or(temporary);
    let jars = target.join("avro-jars");
    let mut found: Vec<PathBuf> = std::fs::read_dir(&jars)
        .map(|all| all.flatten().map(|it| it.path()).collect())
        .unwrap_or_default();
    found.retain(|it| it.extension().is_some_and(|it| it == "jar"));
    if !found.iter().any(|it| it.ends_with("avro-1.12.1.jar")) {
        return Err(format!("no avro-1.12.1.jar in {}: run scripts/avro_jars.sh", jars.display()));
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let classes = temporary.join(format!("oracle-{}-{count}", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/Oracle.java");
    let join = |all: &[PathBuf]| {
        std::env::join_paths(all).map(|it| it.to_string_lossy().into_owned()).unwrap()
    };
    let output = Command::new("javac")
        .args(["-cp", &join(&found), "-d"])
        .arg(&classes)
        .arg(source)
        .output()
        .map_err(|it| format!("javac does not run ({it}): install a JDK"))?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    found.push(classes);
    Ok(join(&found))
}

/// What Java says of each pair; none if it cannot be asked here.
fn ask(pairs: &[(String, String)]) -> Option<Vec<Value>> {
    let class_path = match class_path() {
        Ok(it) => it,
        Err(reason) => {
            let required = std::env::var("AVRO_COMPAT_JAVA").is_ok_and(|it| it == "require");
            assert!(!required, "Java is required, and cannot be asked: {reason}");
            eprintln!("SKIPPED: not compared with Java: {reason}");
            return None;
        }
    };
    let mut java = Command::new("java")
        .args(["-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xss64m", "-cp", &class_path, "Oracle"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java runs where javac does");
    let mut input = java.stdin.take().unwrap();
    let lines: Vec<String> = pairs
        .iter()
        .map(|(reader, writer)| json!({"reader": reader, "writer": writer}).to_string())
        .collect();
    let feeder = std::thread::spawn(move || {
        lines.iter().for_each(|it| writeln!(input, "{it}").unwrap());
    });
    let output = java.wait_with_output().unwrap();
    feeder.join().unwrap();
    assert!(output.status.success());
    for part in class_path.split(':').filter(|it| it.contains("oracle-")) {
        let _ = std::fs::remove_dir_all(part);
    }
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|it| serde_json::from_str(it).unwrap()).collect())
}

/// Ours as Java's is printed.
fn ours(reader: &Schema, writer: &Schema) -> Value {
    let mut answer = match compatibility(reader, writer, usize::MAX) {
        Outcome::Compatible => json!({"found": []}),
        Outcome::Incompatible(all) => {
            let all: Vec<_> = all
                .iter()
                .map(|it| {
                    json!({
                        "type": it.ty.as_str(),
                        "location": it.location,
                        "message": it.message,
                        "reader": reader.at(it.reader).canonical_form(),
                        "writer": writer.at(it.writer).canonical_form(),
                    })
                })
                .collect();
            json!({"found": all})
        }
        Outcome::Throws(message) => json!({"throws": message}),
        Outcome::TooLarge => json!({"throws": "too large"}),
    };
    answer["reader"] = reader.canonical_form().into();
    answer["writer"] = writer.canonical_form().into();
    answer
}

/// The message of an exception without the schema in it, which Java spells in its own way.
fn without_schema(mut answer: Value) -> Value {
    if let Some(Value::String(message)) = answer.get_mut("throws") {
        let end = message.find(" in writer record schema ").unwrap_or(message.len());
        message.truncate(end);
    }
    answer
}

#[derive(Debug, Default)]
struct Tally {
    pairs: usize,
    refused: usize,
    parsed_differently: usize,
    compatible: usize,
    throws: usize,
    /// Exceptions whose messages are the same to the last character.
    exact: usize,
    incompatibilities: usize,
    /// Where the specification says otherwise.
    spec_differs: usize,
}

fn compare(pairs: &[(String, String)]) -> Option<Tally> {
    let answers = ask(pairs)?;
    assert_eq!(answers.len(), pairs.len());
    let mut tally = Tally { pairs: pairs.len(), ..Tally::default() };
    for ((reader_text, writer_text), java) in pairs.iter().zip(answers) {
        if java.get("refused").is_some() {
            tally.refused += 1;
            continue;
        }
        let (reader, writer) =
            (Schema::parse(reader_text).unwrap(), Schema::parse(writer_text).unwrap());
        let ours = ours(&reader, &writer);
        // A name that is being defined is not known to Java yet: inside of it, it takes a type of the null namespace for it, if there is one.
        if ["reader", "writer"].iter().any(|it| ours[it] != java[it]) {
            tally.parsed_differently += 1;
            continue;
        }
        tally.exact += usize::from(java.get("throws").is_some() && ours == java);
        assert_eq!(
            without_schema(ours),
            without_schema(java.clone()),
            "left ours, right Java's\nreader {reader_text}\nwriter {writer_text}"
        );
        let found = java.get("found").and_then(Value::as_array).map(Vec::len);
        tally.compatible += usize::from(found == Some(0));
        tally.throws += usize::from(found.is_none());
        tally.incompatibilities += found.unwrap_or(0);
        let spec = check(&reader, &writer, &CheckOptions::default()).is_compatible();
        tally.spec_differs += usize::from(spec != (found == Some(0)));
        let report = check(&reader, &writer, &CheckOptions::java());
        assert_eq!(report.is_compatible(), found == Some(0));
        assert_eq!(report.findings().len(), found.unwrap_or(1));
    }
    Some(tally)
}

#[test]
fn the_profile_is_what_java_says_over_thousands_of_pairs() {
    let pairs: Vec<_> = (0..generate::pairs(20_000))
        .map(|seed| {
            let (reader, writer) = generate::pair_of(seed);
            (reader.text(), writer.text())
        })
        .collect();
    let Some(tally) = compare(&pairs) else { return };
    println!("{tally:?}");
    assert!(tally.refused * 10 < tally.pairs, "{tally:?}");
    assert!(tally.compatible > 2_000 && tally.throws > 200 && tally.incompatibilities > 10_000);
}

#[test]
fn the_profile_is_what_java_says_of_pairs_from_the_other_generator() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = generate::pair();
    let pairs: Vec<_> = (0..4_000)
        .map(|_| {
            let (reader, writer) = strategy.new_tree(&mut runner).unwrap().current();
            (reader.text(), writer.text())
        })
        .collect();
    let Some(tally) = compare(&pairs) else { return };
    println!("{tally:?}");
    assert!(tally.pairs - tally.refused > 1_500 && tally.incompatibilities > 1_000, "{tally:?}");
}

#[test]
fn java_is_as_wrong_as_it_is_told_to_be() {
    let pairs: Vec<_> = pairs::ALL.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
    let Some(tally) = compare(&pairs) else { return };
    assert_eq!((tally.refused, tally.parsed_differently), (0, 0), "{tally:?}");
    assert_eq!((tally.compatible, tally.throws, tally.exact), (4, 2, 2), "{tally:?}");
    assert_eq!(tally.spec_differs, 4, "{tally:?}");
}

/// A pair of records that is compared first inside of a union, where Java begins a location anew, keeps the locations from there wherever it is met again.
#[test]
fn locations_from_inside_of_unions_are_kept() {
    let schema = |x: &str| {
        let r = format!(
            r#"{{"type": "record", "name": "R", "fields": [{{"name": "x", "type": "{x}"}}]}}"#
        );
        format!(
            r#"{{"type": "record", "name": "S", "fields": [{{"name": "first", "type": "int"}},
            {{"name": "a", "type": ["null", {r}]}}, {{"name": "b", "type": "R"}}]}}"#
        )
    };
    let (reader, writer) = (schema("string"), schema("int"));
    let found = ours(&Schema::parse(&reader).unwrap(), &Schema::parse(&writer).unwrap());
    let locations: Vec<_> =
        found["found"].as_array().unwrap().iter().map(|it| &it["location"]).collect();
    assert_eq!(locations, ["/fields/1/type/1", "/fields/0/type"]);
    compare(&[(reader, writer)]);
}
