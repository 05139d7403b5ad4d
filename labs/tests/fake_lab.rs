//! The runner against labs that are shell scripts: good ones, and ones that break every rule.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy exempts the tests themselves only"
)]

use std::path::Path;
use std::time::Duration;

use gates::gate::Comparison;
use gates::measurement::Environment;
use labs::check::{Check, Must, Verdict};
use labs::execution::{End, LabResult, run};
use labs::protocol::Event;
use labs::registry::{Command, Lab};
use labs::report::{self, Results};

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><rect width=\"9\" height=\"9\"/><script>alert(1)</script></svg>";

/// What a good lab says; `out/lab/9-9` is its directory.
const GOOD: &str = r#"
cat >out/lab/9-9/plot.svg <<'SVG'
@SVG@
SVG
echo 'a,b' >out/lab/9-9/data.csv
echo 'a message for people' >&2
echo '{"event":"progress","done":0,"total":10,"what":"inserting"}'
echo '{"event":"progress","done":10,"total":10,"what":"inserting"}'
echo
echo '{"event":"measure","id":"seconds","value":0.5,"unit":"s"}'
echo '{"event":"measure","id":"records","value":10,"unit":"records"}'
echo '{"event":"not_measured","id":"kernel","reason":"no <counter> here"}'
echo '{"event":"artefact","path":"out/lab/9-9/plot.svg","title":"A plot"}'
echo '{"event":"artefact","path":"out/lab/9-9/data.csv","title":"Its data"}'
echo '{"event":"table","title":"Parts","columns":["part","bytes"],"rows":[["<log>",1234567]]}'
echo '{"event":"note","text":"fast & loose"}'
"#;

fn lab(script: &str) -> Lab {
    let below = Must::Compare { comparison: Comparison::LessThan, threshold: 1.0, gate: None };
    Lab {
        id: "9-9".into(),
        title: "Fake".into(),
        module: "9".into(),
        objective: "To be seen through.".into(),
        command: Command::Program {
            path: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.replace("@SVG@", SVG)],
        },
        artefacts: vec!["plot.svg".into()],
        checks: vec![
            Check::new("seconds", "is quick", "s", below),
            Check::new("records", "is complete", "records", Must::Equal(10.0)),
            Check::new("kernel", "agrees", "ratio", Must::Near { target: 1.0, tolerance: 0.1 }),
        ],
        time_limit: Duration::from_secs(60),
        rivals: None,
    }
}

fn run_script(root: &Path, script: &str) -> LabResult {
    run(&lab(script), root, &mut |_| {}).unwrap()
}

fn verdict<'a>(result: &'a LabResult, id: &str) -> &'a Verdict {
    &result.checks.iter().find(|judged| judged.id == id).unwrap().verdict
}

fn detail<'a>(result: &'a LabResult, id: &str) -> &'a str {
    result.checks.iter().find(|judged| judged.id == id).unwrap().detail.as_deref().unwrap_or("")
}

#[test]
fn a_good_lab_is_green_and_its_report_complete() {
    let root = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let result = run(&lab(GOOD), root.path(), &mut |event| {
        if let Event::Progress { done, .. } = event {
            seen.push(*done);
        }
    })
    .unwrap();
    assert_eq!(seen, [0, 10]);
    assert_eq!(result.counts(), (4, 0, 1), "{result:#?}");
    assert_eq!(verdict(&result, "kernel").to_string(), "not measured: no <counter> here");

    let results = Results::new(Environment::default(), vec![result]);
    assert_eq!(results.exit_code(), 0);
    assert_eq!(results.summary(), "green: 4 checks passed, 0 failed, 1 not measured");
    let page = report::save(&results, root.path()).unwrap();
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("data:image/svg+xml,%3Csvg"), "the plot is in the page");
    assert!(html.contains("href=\"../lab/9-9/data.csv\""));
    assert!(html.contains("<td>&lt;log&gt;</td><td class=\"number\">1,234,567</td>"));
    assert!(html.contains("fast &amp; loose") && html.contains("no &lt;counter&gt; here"));
    assert!(!html.contains("<script"), "nothing in a plot may run");
    assert!(!html.contains("=\"http"), "the page needs no network");

    let json = std::fs::read_to_string(page.with_file_name("results.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["labs"][0]["readings"]["seconds"]["value"], 0.5);
    assert_eq!(json["labs"][0]["checks"][2]["verdict"], "pass");
    assert!(report::table(&results).contains("not measured: no <counter> here"));
}

#[test]
fn a_check_that_does_not_hold_fails() {
    let root = tempfile::tempdir().unwrap();
    let result = run_script(root.path(), &GOOD.replace(":0.5,", ":1.5,"));
    assert_eq!(*verdict(&result, "seconds"), Verdict::Fail);
    let results = Results::new(Environment::default(), vec![result]);
    assert_eq!(results.exit_code(), 1);
    assert!(results.summary().starts_with("not green: 3 checks passed, 1 failed"));
}

#[test]
fn a_missing_measure_fails() {
    let root = tempfile::tempdir().unwrap();
    let result = run_script(root.path(), &GOOD.replace("\"id\":\"records\"", "\"id\":\"recrods\""));
    assert_eq!(*verdict(&result, "records"), Verdict::Fail);
    assert_eq!(detail(&result, "records"), "the command never reported `records`");
}

#[test]
fn lines_that_are_no_events_fail_the_command() {
    let root = tempfile::tempdir().unwrap();
    for (line, says) in [
        ("echo oops", "line 1 of its output: expected value"),
        ("echo '{\"event\":\"measure\"'", "line 1 of its output"),
        ("printf '\\377\\n'", "line 1 of its output: not UTF-8"),
        ("head -c 1100000 /dev/zero; echo", "line 1 of its output: longer than 1048576 bytes"),
        (
            "echo '{\"event\":\"measure\",\"id\":\"seconds\",\"value\":9,\"unit\":\"s\"}'",
            "a second reading of `seconds`",
        ),
        (
            "echo '{\"event\":\"artefact\",\"path\":\"/etc/passwd\",\"title\":\"x\"}'",
            "artefact /etc/passwd is not in",
        ),
        (
            "echo '{\"event\":\"artefact\",\"path\":\"out/lab/9-9/../../x\",\"title\":\"x\"}'",
            "artefact out/lab/9-9/../../x is not in",
        ),
    ] {
        let result = run_script(root.path(), &format!("{line}\n{GOOD}"));
        assert_eq!(*verdict(&result, "command"), Verdict::Fail, "{line}");
        assert!(
            detail(&result, "command").contains(says),
            "{line}: {}",
            detail(&result, "command")
        );
        // The rest of what it said still counts.
        assert_eq!(*verdict(&result, "records"), Verdict::Pass, "{line}");
    }
}

#[test]
fn complaints_are_bounded() {
    let root = tempfile::tempdir().unwrap();
    let result = run_script(root.path(), "yes nonsense | head -n 5000");
    assert_eq!(result.outcome.complaints.len(), 10);
    assert!(result.outcome.end.is_good());
}

#[test]
fn a_command_that_fails_leaves_the_rest_unmeasured() {
    let root = tempfile::tempdir().unwrap();
    let early =
        "echo '{\"event\":\"measure\",\"id\":\"seconds\",\"value\":0.5,\"unit\":\"s\"}'; exit 3";
    let result = run_script(root.path(), early);
    assert_eq!(result.outcome.end, End::Exited(3));
    assert_eq!(*verdict(&result, "command"), Verdict::Fail);
    assert_eq!(*verdict(&result, "seconds"), Verdict::Pass, "it was measured before");
    assert_eq!(
        verdict(&result, "records").to_string(),
        "not measured: the command ended with code 3"
    );
    assert_eq!(
        verdict(&result, "artefacts").to_string(),
        "not measured: the command ended with code 3"
    );
    assert_eq!(Results::new(Environment::default(), vec![result]).exit_code(), 1);

    let killed = run_script(root.path(), "kill -9 $$");
    assert_eq!(killed.outcome.end, End::Killed(9));
    assert_eq!(*verdict(&killed, "command"), Verdict::Fail);
}

#[test]
fn a_command_that_hangs_is_stopped() {
    let root = tempfile::tempdir().unwrap();
    for script in ["exec sleep 600", "sleep 600 & exec >&-; wait", "sleep 600; echo"] {
        let mut lab = lab(script);
        lab.time_limit = Duration::from_millis(300);
        let result = run(&lab, root.path(), &mut |_| {}).unwrap();
        assert!(matches!(result.outcome.end, End::TimedOut(_)), "{script}: {}", result.outcome.end);
        assert_eq!(*verdict(&result, "command"), Verdict::Fail);
    }
}

#[test]
fn a_command_that_cannot_start_is_not_the_labs_failure() {
    let root = tempfile::tempdir().unwrap();
    let mut lab = lab("");
    lab.command = Command::Program { path: "/nonexistent/lab".into(), arguments: vec![] };
    let result = run(&lab, root.path(), &mut |_| {}).unwrap();
    assert!(detail(&result, "command").contains("/nonexistent/lab"));
    let results = Results::new(Environment::default(), vec![result]);
    assert_eq!(results.exit_code(), 2);
    assert!(report::save(&results, root.path()).is_ok());
}

#[test]
fn files_of_an_earlier_run_do_not_count() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(*verdict(&run_script(root.path(), GOOD), "artefacts"), Verdict::Pass);
    let only_announced =
        "echo '{\"event\":\"artefact\",\"path\":\"out/lab/9-9/plot.svg\",\"title\":\"x\"}'";
    let result = run_script(root.path(), only_announced);
    assert_eq!(*verdict(&result, "artefacts"), Verdict::Fail);
    assert_eq!(detail(&result, "artefacts"), "missing: plot.svg");
}

#[test]
fn the_command_line_says_what_is_wrong_with_it() {
    let labs = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_labs")).args(arguments).output().unwrap()
    };
    for (arguments, code, says) in [
        (&["list"][..], 0, "1-3  Mini LSM-tree (module 1)"),
        (&["list", "--json"], 0, "\"write_amplification\""),
        (&["--help"], 0, "Exit code"),
        (&["run"], 2, "required"),
        (&["run", "9-9"], 2, "no ready lab `9-9`; ready: 00-A, 00-B, M0, 1-1, 1-2, 1-3"),
        (&["module", "7"], 2, "no ready lab in module 7"),
        (&["module"], 2, "required"),
        (&["run", "1-3", "--all"], 2, "cannot be used with"),
    ] {
        let output = labs(arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(says), "{arguments:?}: {text}");
    }
}
