//! The binaries as the course runner and a person start them.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::process::Command;

use serde_json::Value;

#[test]
fn the_lab_measures_everything_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lab-lsm"))
        .args(["--records", "20_000", "--json", "--out"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let events: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let measure = |id: &str| {
        events
            .iter()
            .find(|event| event["event"] == "measure" && event["id"] == id)
            .map(|event| event["value"].as_f64().unwrap())
    };
    assert_eq!(measure("records_read_back"), Some(20_000.0));
    assert!(measure("insert_seconds").unwrap() > 0.0);
    assert!((0.6..2.0).contains(&measure("write_amplification").unwrap()));
    for name in
        ["amplification-over-time", "amplification-by-strategy", "latency", "levels-over-time"]
    {
        let svg = std::fs::read_to_string(dir.path().join(format!("{name}.svg"))).unwrap();
        assert!(svg.contains("<svg"), "{name}");
    }
    assert!(!dir.path().join("db").exists());
}

#[test]
fn bench_write_reports_its_parts() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bench_write"))
        .args(["5_000", "--json", "--dir"])
        .arg(dir.path().join("db"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["records"], 5000);
    assert!(report["bytes_written"]["log"].as_u64().unwrap() >= 5000 * 66);
}

#[test]
fn lsm_tool_looks_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let db = lsm::Db::open(&path, lsm::Options::default()).unwrap();
    db.default_keyspace().put(b"key", &incompressible()).unwrap();
    db.flush().unwrap();
    db.close().unwrap();
    let tool = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_lsm-tool"))
            .args(arguments)
            .arg(&path)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = tool(&["verify"]);
    assert!(code == Some(0) && text.contains("sound"), "{text}");
    assert!(tool(&["dump"]).1.starts_with("key => "));
    files_are_dumped(&path);
    assert!(tool(&["stats", "--json"]).1.contains("\"levels\""));
    let table = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "sst"));
    let table = table.unwrap();
    let mut bytes = std::fs::read(&table).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&table, bytes).unwrap();
    let (code, text) = tool(&["verify"]);
    assert!(code == Some(1) && text.contains(".sst"), "{text}");
}

/// A value that stays in the log.
fn incompressible() -> Vec<u8> {
    (0..100_u32).map(|i| (i.wrapping_mul(0x9E37_79B1) >> 13) as u8).collect()
}

/// A table, a segment and the manifest of a database with one key.
fn files_are_dumped(dir: &std::path::Path) {
    let mut kinds = std::collections::BTreeMap::<String, Vec<Value>>::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let kind = name.split(['.', '-']).find(|part| matches!(*part, "sst" | "log" | "MANIFEST"));
        let output = |json: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_lsm-tool"))
                .arg("dump")
                .arg(&path)
                .args(json)
                .output()
                .unwrap()
        };
        let Some(kind) = kind else {
            assert_eq!(output(&[]).status.code(), Some(2), "{name} is nothing that can be dumped");
            continue;
        };
        assert!(output(&[]).status.success());
        let lines = String::from_utf8(output(&["--json"]).stdout).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
        kinds.entry(kind.to_owned()).or_default().extend(lines);
    }
    let table = &kinds["sst"];
    assert_eq!((&table[0]["entries"], &table[1]["key"]), (&1.into(), &"6b6579".into()));
    let pointer = &table[1]["pointer"];
    let record = kinds["log"].iter().find(|line| line["kind"] == "put").unwrap();
    assert_eq!((&record["offset"], &record["len"]), (&pointer["offset"], &pointer["len"]));
    assert_eq!(record["value"].as_str().unwrap().len(), 200, "{record}");
    assert!(
        kinds["MANIFEST"].iter().any(|edit| edit["edit"].as_str().unwrap().contains("default"))
    );
}

#[test]
fn threads_share_the_records() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bench_write"))
        .args(["10_001", "--threads", "3", "--json", "--dir"])
        .arg(dir.path().join("db"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["records"], &report["threads"]), (&10_001.into(), &3.into()));
    assert!(report["bytes_written"]["log"].as_u64().unwrap() >= 10_001 * 66);
}

#[test]
fn lsm_tool_bench_reports_each_workload() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lsm-tool"))
        .args(["bench", "fillseq", "readrandom", "ycsb-b", "--records", "3_000", "--json", "--dir"])
        .arg(dir.path().join("db"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = report
        .as_array()
        .unwrap()
        .iter()
        .map(|outcome| outcome["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["fillseq", "readrandom", "load", "ycsb-b"]);
    assert_eq!(report[1]["found"], 3000);
    assert!(!dir.path().join("db").exists());
}

#[test]
fn exit_codes_tell_damage_from_mistakes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let code = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_lsm-tool"))
            .args(arguments)
            .arg(&path)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(code(&["frobnicate"]), Some(2));
    assert_eq!(code(&["bench", "fillnothing", "--dir"]), Some(2));
    assert_eq!(code(&["verify"]), Some(2), "there is no database");
    let db = lsm::Db::open(&path, lsm::Options::default()).unwrap();
    db.default_keyspace().put(b"key", &[7; 100]).unwrap();
    db.flush().unwrap();
    db.close().unwrap();
    assert_eq!(code(&["compact", "--json"]), Some(0));
    assert_eq!(code(&["stats", "--keyspace"]), Some(2));
    // A table that the manifest names is gone: not even opening succeeds.
    for entry in std::fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "sst") {
            std::fs::remove_file(file).unwrap();
        }
    }
    assert_eq!(code(&["verify"]), Some(1));
}
