//! What programs read: JSON, SARIF and GitHub's workflow commands.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use run::{Place, tweets};
use serde_json::Value;

#[test]
fn json() {
    let json = tweets().run("check old.avsc new.avsc --format json").exits(1).json();
    assert_eq!((&json["compatible"], &json["passed"]), (&false.into(), &false.into()));
    let comparison = &json["comparisons"][0];
    assert_eq!((&comparison["errors"], &comparison["hazards"]), (&2.into(), &1.into()));
    let finding = &comparison["findings"][0];
    assert_eq!(finding["kind"], "missing-field");
    let reader =
        serde_json::json!({"source": "new.avsc", "pointer": "/fields/3", "line": 7, "column": 5});
    assert_eq!(finding["reader"], reader);
    assert_eq!(finding["witness"]["hex"], "000000");
    assert_eq!(finding["fixes"][0]["edits"][0]["path"], "/fields/3/default");
    let failed = tweets().run("check old.avsc none.avsc --format json").exits(2).json();
    assert!(failed["error"]["message"].as_str().unwrap().starts_with("none.avsc: "), "{failed}");
}

#[test]
fn what_is_inside_of_unions_is_said_to_be() {
    let place = Place::with(&[
        ("old.avsc", r#"["null", {"type": "record", "name": "A", "fields": []}]"#),
        (
            "new.avsc",
            r#"["null", {"type": "record", "name": "A", "fields": [{"name": "n", "type": "int"}]}]"#,
        ),
    ]);
    let json = place.run("check old.avsc new.avsc --format json").exits(1).json();
    let inside = &json["comparisons"][0]["findings"][0]["inside"][0];
    assert!(inside.as_str().unwrap().contains("branch 1 of the writer's union"), "{json}");
}

#[test]
fn github() {
    let outcome = tweets().run("check old.avsc new.avsc --format github").exits(1);
    let lines: Vec<_> = outcome.out.lines().collect();
    assert_eq!(lines.len(), 3);
    let first = "::error file=new.avsc,line=7,col=5,title=missing-field::new.avsc reads what old.avsc wrote: field \"retweets\" of record \"example.Tweet\" has no default, and the writer's record has no such field%0Aagainst old.avsc:3:13%0Awitness: {\"id\":0,\"lang\":\"EN\",\"at\":0} (000000)%0A";
    assert!(lines[0].starts_with(first), "{}", lines[0]);
    assert!(
        lines[2].starts_with("::warning file=new.avsc,line=6,col=28,title=time-unit::"),
        "{}",
        lines[2]
    );
    // An old reader is annotated in the new schema, too.
    let outcome = tweets().run("check old.avsc new.avsc --mode FORWARD --format github").exits(0);
    outcome.says(
        "::warning file=new.avsc,line=6,col=28,title=time-unit::old.avsc reads what new.avsc wrote",
    );
}

#[test]
fn github_names_are_escaped_and_errors_are_annotations() {
    let place =
        Place::with(&[("a,b:c%.avsc", "{\"type\":\n \"integer\"}"), ("ok.avsc", "\"int\"")]);
    let outcome = run::outcome(&mut place.command(&[
        "check",
        "ok.avsc",
        "a,b:c%.avsc",
        "--format",
        "github",
    ]));
    let outcome = outcome.exits(2);
    assert_eq!(
        outcome.out,
        "::error file=a%2Cb%3Ac%25.avsc,line=2,col=2,title=schema::unknown type \"integer\": did you mean \"int\"?\n"
    );
    outcome.complains("error[schema]: unknown type");
}

#[test]
fn sarif() {
    let outcome = tweets().run("check old.avsc new.avsc --mode FULL --format sarif").exits(1);
    let log = outcome.json();
    valid_sarif(&log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    assert_eq!(
        (&results[0]["ruleId"], &results[0]["level"]),
        (&"missing-field".into(), &"error".into())
    );
    let physical = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "new.avsc");
    let region =
        serde_json::json!({"startLine": 7, "startColumn": 5, "endLine": 7, "endColumn": 40});
    assert_eq!(physical["region"], region);
    assert_eq!(
        results[0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "old.avsc"
    );
    let replacement = &results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], ", \"default\": 0");
    assert_eq!(
        (&results[2]["level"], &results[3]["level"]),
        (&"warning".into(), &"warning".into())
    );
    assert_eq!(results[3]["properties"]["direction"], "forward");
    assert_eq!(
        results[3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "new.avsc"
    );
    // Rules are told once each.
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 3);
    assert_eq!(results[2]["ruleIndex"], results[3]["ruleIndex"]);
}

#[test]
fn sarif_of_nothing_and_of_errors() {
    let place = Place::with(&[("int.avsc", "\"int\""), ("my schema.avsc", "\"integer\"")]);
    let log = place.run("check int.avsc int.avsc --format sarif").exits(0).json();
    valid_sarif(&log);
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
    let outcome = run::outcome(&mut place.command(&[
        "check",
        "int.avsc",
        "my schema.avsc",
        "--format",
        "sarif",
    ]));
    let log = outcome.exits(2).json();
    valid_sarif(&log);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let physical = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "my%20schema.avsc");
    valid_sarif(&place.run("check int.avsc none.avsc --format sarif").exits(2).json());
}

/// The members that the schema of SARIF 2.1.0 requires, and the values that it allows for them, of all objects that are used here.
fn valid_sarif(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    for run in log["runs"].as_array().unwrap() {
        let driver = &run["tool"]["driver"];
        assert!(driver["name"].is_string());
        assert_eq!(run["columnKind"], "unicodeCodePoints");
        for invocation in run["invocations"].as_array().unwrap() {
            assert!(invocation["executionSuccessful"].is_boolean());
        }
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string());
            level(&rule["defaultConfiguration"]["level"]);
        }
        for result in run["results"].as_array().unwrap() {
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            level(&result["level"]);
            let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            let related = result["relatedLocations"].as_array().into_iter().flatten();
            for location in result["locations"].as_array().unwrap().iter().chain(related) {
                let physical = &location["physicalLocation"];
                uri(&physical["artifactLocation"]["uri"]);
                region(&physical["region"]);
            }
            for fix in result["fixes"].as_array().into_iter().flatten() {
                let changes = fix["artifactChanges"].as_array().unwrap();
                assert!(!changes.is_empty());
                for change in changes {
                    uri(&change["artifactLocation"]["uri"]);
                    let replacements = change["replacements"].as_array().unwrap();
                    assert!(!replacements.is_empty());
                    replacements.iter().for_each(|it| region(&it["deletedRegion"]));
                }
            }
        }
    }
}

fn level(level: &Value) {
    assert!(["none", "note", "warning", "error"].contains(&level.as_str().unwrap()));
}

fn uri(uri: &Value) {
    let uri = uri.as_str().unwrap();
    assert!(!uri.is_empty() && uri.is_ascii() && !uri.contains([' ', '"', '\\']), "{uri}");
}

fn region(region: &Value) {
    let number = |name: &str| region[name].as_u64();
    let (line, column) = (number("startLine").unwrap(), number("startColumn").unwrap());
    assert!(line >= 1 && column >= 1);
    if let (Some(end), Some(end_column)) = (number("endLine"), number("endColumn")) {
        assert!((end, end_column) >= (line, column));
    }
}
