//! The program as people and the course runner start it.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::path::Path;
use std::process::Command;

use serde_json::Value;

struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(arguments: &str) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_ring_sim"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn json(arguments: &str) -> Value {
    let outcome = run(&format!("{arguments} --json"));
    assert_eq!(outcome.code, Some(0), "{arguments}: {}", outcome.err);
    serde_json::from_str(&outcome.out).unwrap()
}

fn measure(report: &Value, id: &str) -> f64 {
    report["measures"][id]["value"].as_f64().unwrap_or_else(|| panic!("no {id} in {report}"))
}

/// What every study is asked in the tests below: little enough to be quick.
const STUDIES: [&str; 7] = [
    "3 4 10_000 --algo all",
    "sweep --nodes 5 --up-to 16 --trials 3",
    "failure --nodes 5 --keys 5_000",
    "weights --keys 5_000",
    "zones --keys 500",
    "hot-keys --keys 1000 --requests 5_000 --open 50 --algo ring,modulo",
    "warm-up --keys 2000 --capacity 100 --requests 8000 --window 500 --peers",
];

/// Placements are stored and shared: a change of any of these numbers is a change of where keys go.
#[test]
fn golden() {
    let moved = |arguments: &str| -> Vec<(String, u64)> {
        json(arguments)["tables"]["moved"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["algorithm"].as_str().unwrap().into(), row["moved"].as_u64().unwrap()))
            .collect()
    };
    for (arguments, expected) in [
        ("3 4 10_000 --algo all", GOLDEN),
        ("3 4 10_000 --seed 7 --algo ring,modulo", &[("ring", 2525), ("modulo", 7436)]),
        ("3 4 10_000 --tokens random", &[("ring", 2594)]),
    ] {
        let found = moved(arguments);
        let found: Vec<_> = found.iter().map(|(name, moved)| (name.as_str(), *moved)).collect();
        assert_eq!(found, expected, "{arguments}");
    }
}

const GOLDEN: &[(&str, u64)] = &[
    ("ring", 2432),
    ("jump", 2560),
    ("jump-back", 2538),
    ("rendezvous", 2514),
    ("skeleton", 2545),
    ("maglev", 2514),
    ("anchor", 2494),
    ("memento", 2538),
    ("dx", 2537),
    ("multi-probe", 2171),
    ("slots", 2469),
    ("straw2", 2514),
    ("modulo", 7548),
];

#[test]
fn a_million_keys() {
    let report = json("3 4 1_000_000");
    assert!((measure(&report, "moved_sampled_percent") - 25.0).abs() < 0.2);
    assert!((measure(&report, "moved_exact_percent") - 25.0).abs() < 0.1);
    assert!(measure(&report, "difference_points") <= 0.5);
    assert_eq!(measure(&report, "minimum_percent"), 25.0);
    let random = json("3 4 1_000_000 --tokens random --virtual-nodes 160");
    assert!((measure(&random, "moved_sampled_percent") - 25.0).abs() < 5.2);
    assert!(measure(&random, "difference_points") <= 0.5);
}

#[test]
fn the_same_nodes_move_nothing() {
    for algorithms in ["ring", "all"] {
        let report = json(&format!("4 4 2000 --algo {algorithms}"));
        for row in report["tables"]["moved"].as_array().unwrap() {
            assert_eq!((&row["moved"], &row["times_minimum"]), (&0.into(), &Value::Null), "{row}");
        }
    }
}

/// Fewer nodes are as good a change as more: nobody moves for nothing but under modulo.
#[test]
fn nobody_moves_for_nothing() {
    for change in ["5 8", "8 5"] {
        for row in
            json(&format!("{change} 5_000 --algo all"))["tables"]["moved"].as_array().unwrap()
        {
            let for_nothing = row["for_nothing_percent"].as_f64().unwrap();
            assert_eq!(for_nothing > 0.0, row["algorithm"] == "modulo", "{row}");
        }
    }
}

/// The rows of a table by algorithm, and what else tells them apart.
fn rows<'a>(report: &'a Value, table: &str, algorithm: &str) -> Vec<&'a Value> {
    let rows = report["tables"][table].as_array().unwrap();
    rows.iter().filter(|row| row["algorithm"] == algorithm).collect()
}

#[test]
fn heirs_of_a_failed_node() {
    let heirs = |arguments: &str, algorithm: &str| {
        let report =
            json(&format!("failure --nodes 6 --keys 20_000 --algo {algorithm} {arguments}"));
        let row = rows(&report, "failure", algorithm)[0].clone();
        let taken = rows(&report, "heirs", algorithm)[0].as_object().unwrap().clone();
        let sum: f64 = taken.values().filter_map(Value::as_f64).sum();
        assert!((sum - 100.0).abs() < 1e-6, "{taken:?}");
        (row["heirs"].as_u64().unwrap(), row["for_nothing_percent"].as_f64().unwrap())
    };
    assert_eq!(heirs("--tokens random --virtual-nodes 1", "ring"), (1, 0.0));
    assert_eq!(heirs("", "rendezvous"), (5, 0.0));
    assert_eq!(heirs("", "anchor"), (5, 0.0));
    let (all, for_nothing) = heirs("", "modulo");
    assert!(all == 5 && for_nothing > 50.0);
}

#[test]
fn weights_are_kept_or_said_not_to_be_known() {
    let report = json("weights --weights 1,2,4 --keys 50_000");
    for row in report["tables"]["weights"].as_array().unwrap() {
        if row["remark"] == "knows no weights" {
            assert_eq!(row["most"], Value::Null, "{row}");
        } else if row["algorithm"] != "multi-probe" {
            assert!(row["most"].as_f64().unwrap() < 1.05, "{row}");
        }
    }
    assert_eq!(rows(&report, "weights", "jump")[0]["remark"], "knows no weights");
    assert_eq!(rows(&report, "weights", "ring")[0]["remark"], "");
}

#[test]
fn copies_over_zones_outlive_a_zone() {
    let report = json("zones --keys 3_000 --algo ring,rendezvous,straw2");
    for algorithm in ["ring", "rendezvous", "straw2"] {
        let [anywhere, spread] = rows(&report, "zones", algorithm)[..] else { panic!("{report}") };
        assert!(anywhere["without_majority_percent"].as_f64().unwrap() > 10.0, "{anywhere}");
        assert!(anywhere["lost_percent"].as_f64().unwrap() > 0.1, "{anywhere}");
        assert_eq!(spread["without_majority_percent"], 0.0, "{spread}");
    }
    let two = json("zones --zones 2 --keys 3_000 --algo rendezvous");
    let spread = rows(&two, "zones", "rendezvous")[1];
    assert_eq!(spread["lost_percent"], 0.0, "{spread}");
    assert!(spread["without_majority_percent"].as_f64().unwrap() > 40.0, "{spread}");
    assert!(two["notes"].to_string().contains("2 zones cannot hold 3 copies apart"));
}

#[test]
fn more_virtual_nodes_are_more_even_and_take_more_memory() {
    let report = json("sweep --nodes 5 --up-to 256 --trials 30");
    let rows = report["tables"]["sweep"].as_array().unwrap();
    let random: Vec<&Value> = rows.iter().filter(|row| row["tokens"] == "random").collect();
    assert_eq!(random.len(), 9);
    for pair in random.windows(2) {
        let of = |row: &Value, column: &str| row[column].as_f64().unwrap();
        assert!(of(pair[0], "bytes_per_node") < of(pair[1], "bytes_per_node"));
        assert!(of(pair[0], "theory_percent") > of(pair[1], "theory_percent"));
        assert!(
            (of(pair[0], "deviation_percent") / of(pair[0], "theory_percent") - 1.0).abs() < 0.3
        );
    }
    assert!((measure(&report, "deviation_over_theory") - 1.0).abs() < 0.1);
}

#[test]
fn caches_feel_what_moves() {
    let report = json(
        "warm-up --keys 20_000 --capacity 1000 --requests 200_000 --window 1000 --algo ring,jump,modulo",
    );
    let peak = |algorithm: &str| measure(&report, &format!("origin_peak_{algorithm}"));
    assert!(peak("modulo") > 1.3 * peak("ring") && peak("ring") > 1.1, "{report}");
    assert!((peak("jump") / peak("ring") - 1.0).abs() < 0.1);
}

#[test]
fn a_seed_gives_the_same_again() {
    // Of the sweep all but the times.
    for study in STUDIES.iter().filter(|study| !study.starts_with("sweep")) {
        let with = |seed| run(&format!("{study} --seed {seed}")).out;
        assert_eq!(with(1), with(1), "{study}");
        assert_ne!(with(1), with(2), "{study}");
    }
}

#[test]
fn every_study_shows_a_table_a_plot_and_what_is_next() {
    let dir = tempfile::tempdir().unwrap();
    for study in STUDIES {
        let out = dir.path().join(study.split(' ').next().unwrap());
        let outcome = run(&format!("{study} --out {}", out.display()));
        assert_eq!(outcome.code, Some(0), "{study}: {}", outcome.err);
        assert!(outcome.err.is_empty(), "a bar where there is no terminal: {}", outcome.err);
        assert!(outcome.out.contains("cargo run --release -p ring_sim -- "), "{study}");
        let report = json(&format!("{study} --out {}", out.display()));
        assert!(!report["tables"].as_object().unwrap().is_empty());
        let plots = report["plots"].as_array().unwrap();
        assert!(!plots.is_empty(), "{study}");
        for plot in plots {
            assert!(std::fs::read_to_string(plot.as_str().unwrap()).unwrap().ends_with("</svg>\n"));
        }
    }
}

#[test]
fn bad_input_is_told_what_is_wrong() {
    for (arguments, says) in [
        ("", "required arguments were not provided"),
        ("3", "<AFTER>"),
        ("0 4 1000", "the number of nodes before is 0"),
        ("3 0 1000", "the number of nodes after is 0"),
        ("3 4 0", "the number of keys is 0"),
        ("3 4 abc", "not a whole number"),
        ("3 4 1e6", "not a whole number"),
        ("3 4 1.5", "not a whole number"),
        ("-3 4 1000", "not negative"),
        ("3 4 -1000", "not negative"),
        ("3 4 99999999999999999999", "more than 64 bits hold"),
        ("3 4 10_000_000_000_000", "never stored"),
        ("2_000_000 4 1000", "must be 1 to 1048576"),
        ("1_000_000 4 1000 --virtual-nodes 65_536", "MiB of memory"),
        ("3 4 1000 --virtual-nodes 0", "the number of virtual nodes is 0"),
        ("3 4 1000 --virtual-nodes 100_000", "must be 1 to 65536"),
        ("3 4 1000 --algo rings", "\"rings\" is no algorithm; known: all"),
        ("3 4 1000 --algo", "a value is required"),
        ("3 4 1000 --tokens few", "possible values: random, allocated"),
        ("3 4 1000 --no-such-flag", "unexpected argument"),
        ("sweep --nodes 0", "the number of nodes is 0"),
        ("sweep --up-to 100_000", "must be 1 to 65536"),
        ("sweep --nodes 100_000 --up-to 65_536", "MiB of memory"),
        ("sweep --algo jump", "unexpected argument '--algo'"),
        ("failure --nodes 1", "2 or more"),
        ("failure --nodes 3 --failing 3", "the failing node is 3, must be 0 to 2"),
        ("weights --weights 1,0", "weight 0"),
        ("weights --weights 1,-2", "weight -2"),
        ("weights --weights 1,x", "invalid float literal"),
        ("zones --zones 0", "the number of zones is 0"),
        ("zones --replicas 10", "10 replicas do not fit on 9 nodes"),
        ("zones --replicas 0", "the number of replicas is 0"),
        ("hot-keys --open 0", "the number of open requests is 0"),
        ("hot-keys --factors 1", "capacity factor is 1"),
        ("hot-keys --exponent -1", "the exponent is -1"),
        ("warm-up 3 4 --capacity 1_000_000_000", "caches of 1000000000 entries on 4 nodes"),
        ("warm-up 3 4 --keys 4_000_000_000", "two owners for each of 4000000000 keys"),
        ("warm-up 3 4 --keys 1000 --capacity 100 --max-memory-mib 0", "more than 0 MiB"),
        ("warm-up 3 4 --window 0", "the window is 0"),
        ("lab --keys 0", "the number of keys is 0"),
    ] {
        let outcome = run(arguments);
        assert_eq!(outcome.code, Some(2), "{arguments}: {}", outcome.err);
        assert!(outcome.err.contains(says), "{arguments}: {}", outcome.err);
        assert!(outcome.out.is_empty(), "{arguments}: {}", outcome.out);
    }
}

#[test]
fn results_that_cannot_be_written_are_another_failure() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let outcome = run(&format!("3 4 1000 --out {}", file.path().join("below").display()));
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.err.contains("below"), "{}", outcome.err);
}

#[test]
fn help_has_examples_and_exit_codes() {
    let outcome = run("--help");
    assert_eq!(outcome.code, Some(0));
    for part in ["ring_sim 3 4 1_000_000", "Exit codes: 0 done", "warm-up", "--algo"] {
        assert!(outcome.out.contains(part), "{}", outcome.out);
    }
}

/// Every line is an event of `labs/src/protocol.rs`, and what the registry checks is measured.
#[test]
fn the_lab_measures_everything_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = run(&format!("lab --keys 20_000 --json --out {}", dir.path().display()));
    assert_eq!(outcome.code, Some(0), "{}", outcome.err);
    let mut measures = Vec::new();
    for line in outcome.out.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let fields: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
        match event["event"].as_str().unwrap() {
            "progress" => {
                assert_eq!(fields, ["done", "event", "total", "what"]);
                assert!(event["done"].as_u64() <= event["total"].as_u64(), "{line}");
            }
            "measure" => {
                assert_eq!(fields, ["event", "id", "unit", "value"]);
                assert!(event["value"].as_f64().unwrap().is_finite());
                measures.push((
                    event["id"].as_str().unwrap().to_owned(),
                    event["value"].as_f64().unwrap(),
                ));
            }
            "artefact" => {
                assert_eq!(fields, ["event", "path", "title"]);
                assert!(Path::new(event["path"].as_str().unwrap()).starts_with(dir.path()));
            }
            "table" => {
                assert_eq!(fields, ["columns", "event", "rows", "title"]);
                let columns = event["columns"].as_array().unwrap().len();
                for row in event["rows"].as_array().unwrap() {
                    assert_eq!(row.as_array().unwrap().len(), columns, "{line}");
                    assert!(
                        row.as_array()
                            .unwrap()
                            .iter()
                            .all(|cell| cell.is_number() || cell.is_string())
                    );
                }
            }
            "note" => assert_eq!(fields, ["event", "text"]),
            other => panic!("{other} is no event"),
        }
    }
    let measure = |id: &str| {
        let found: Vec<_> = measures.iter().filter(|(name, _)| name == id).collect();
        assert_eq!(found.len(), 1, "{id}");
        found[0].1
    };
    assert!((measure("moved_sampled_percent") - 25.0).abs() < 2.0);
    assert!((measure("times_minimum") - 1.0).abs() < 0.1);
    assert!((measure("deviation_over_theory") - 1.0).abs() < 0.1);
    assert!(measure("imbalance_allocated_32") < 1.05);
    assert!(measure("origin_peak_ring_over_modulo") < 0.9);
    for id in ["difference_points", "moved_sampled_percent_random", "difference_points_random"] {
        measure(id);
    }
    for name in ["load", "moved-keys", "virtual-nodes", "warm-up"] {
        let svg = std::fs::read_to_string(dir.path().join(format!("{name}.svg"))).unwrap();
        assert!(svg.contains("<svg"), "{name}");
    }
}
