//! The program as its users start it.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_queue-chaos"));
    program.stdin(Stdio::null());
    program
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = program().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A history with one message, which is there or not.
fn history(dir: &Path, there: bool) -> String {
    let read = if there {
        r#"{"t":5,"e":"poll","c":0,"to":0,"r":[[0,0,0]]}"#
    } else {
        r#"{"t":5,"e":"note","text":"-"}"#
    };
    let lines = [
        r#"{"t":0,"e":"run","version":1,"name":"a run","seed":1,"cluster":"kafka","started":0,"topics":[{"name":"t","partitions":1,"replicas":1}],"partitions":[[0,0]]}"#,
        r#"{"t":1,"e":"producer","p":0,"delivery":"idempotent","acks":"all"}"#,
        r#"{"t":2,"e":"send","p":0,"s":0,"to":0}"#,
        r#"{"t":3,"e":"ack","p":0,"s":0,"to":0,"o":0}"#,
        r#"{"t":4,"e":"watermarks","to":0,"low":0,"high":1}"#,
        r#"{"t":4,"e":"consumer","c":0,"isolation":"read_committed","commits":"never"}"#,
        r#"{"t":4,"e":"assign","c":0,"to":[[0,0]]}"#,
        read,
        r#"{"t":6,"e":"read_all","c":0,"to":0,"o":1}"#,
        r#"{"t":7,"e":"end","events":9}"#,
    ];
    let path = dir.join(if there { "there.jsonl" } else { "gone.jsonl" });
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn histories_are_judged_again_and_the_exit_code_tells() {
    let dir = tempfile::tempdir().unwrap();
    let (there, gone) = (history(dir.path(), true), history(dir.path(), false));
    let (code, out, _) = run(&["check", &there]);
    assert_eq!(code, 0, "{out}");
    let (code, out, _) = run(&["check", &gone]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("lost-write") && out.contains("message 0/0"), "{out}");
    let (code, out, _) = run(&["check", &gone, "--allow", "lost-write", "--json"]);
    let judgement: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, judgement["found"]["lost-write"].as_u64()), (0, Some(1)), "{out}");

    // One that was cut short cannot be ok.
    let text = std::fs::read_to_string(&there).unwrap();
    let cut = dir.path().join("cut.jsonl");
    std::fs::write(&cut, &text[..text.rfind("{\"t\":6").unwrap()]).unwrap();
    let (code, out, _) = run(&["check", cut.to_str().unwrap()]);
    assert_eq!(code, 2, "{out}");
    std::fs::write(&cut, text.replace("\"s\":0,\"to\":0}", "\"s\":zero}")).unwrap();
    let (code, _, error) = run(&["check", cut.to_str().unwrap()]);
    assert!(code == 2 && error.contains("line 3"), "{error}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("at/all");
    let place = place.to_str().unwrap();
    for (arguments, says) in [
        (&["run", "--steps", "at 3s kil 1"][..], "kill"),
        (&["run", "--steps", "at 3s pause 1", "--out", place], "pause"),
        (&["run", "--steps", "at 1s mark x", "--broker", "external"], "--bootstrap"),
        (&["run", "--plan", "/no/such/plan.toml"], "/no/such/plan.toml"),
        (&["run"], "--plan"),
        (&["run", "--steps", "at 1s mark x", "--duration", "2 parsecs"], "parsecs"),
        (&["check", "/no/such/history.jsonl"], "/no/such/history.jsonl"),
        (&["check", "x", "--allow", "everything"], "lost-write"),
        (&["hello", "--bootstrap", "localhost:9092"], "stops the broker"),
        (&["replicate", "--broker", "embedded"], "real brokers"),
        (&["lag"], "--bootstrap"),
        (&["movie", "/no/such/run.cast"], "/no/such/run.cast"),
        (&["cluster", "status", "--dir", "/no/such/cluster"], "cluster up"),
        (&["cluster", "do", "explode 1", "--dir", "/no/such/cluster"], "explode"),
        (&["proxy", "--upstream", "127.0.0.1:9", "--toxic", "latencie 3s"], "latency"),
        (&["proxy", "--upstream", "127.0.0.1:9", "--listen", "0.0.0.0:0"], "loopback"),
    ] {
        let (code, out, error) = run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {out}{error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    assert!(!dir.path().join("at").exists(), "nothing is made for a plan that cannot be run");
    for command in
        ["hello", "run", "check", "lag", "cluster", "proxy", "replicate", "movie", "completions"]
    {
        assert_eq!(run(&[command, "--help"]).0, 0, "{command}");
    }
    assert!(run(&["--help"]).1.contains("Exit codes"));
}

#[test]
fn a_plan_by_chance_is_the_same_for_the_same_seed() {
    let plan = |seed| run(&["run", "--seed", seed, "--duration", "40s", "--dry"]);
    let (code, first, error) = plan("7");
    assert_eq!(code, 0, "{error}");
    assert_eq!(plan("7").1, first);
    assert_ne!(plan("8").1, first);
    assert!(first.contains("seed = 7"), "{first}");
}

#[test]
fn a_run_tells_people_and_the_course_runner() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let steps = ["run", "--steps", "at 1s for 1s stop 1", "--duration", "4s", "--out", out];
    let (code, said, error) = run(&steps);
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains("messages lost") && error.contains("stop 1"), "{said}{error}");
    for file in ["history.jsonl", "report.html", "timeline.svg", "summary.json", "run.cast"] {
        assert!(std::fs::metadata(dir.path().join(file)).unwrap().len() > 0, "{file}");
    }
    let cast = std::fs::read_to_string(dir.path().join("run.cast")).unwrap();
    assert!(cast.starts_with("{\"version\":2") && cast.contains("stop 1"), "{cast}");
    let (recording, picture) = (dir.path().join("run.cast"), dir.path().join("run.svg"));
    let recording = recording.to_str().unwrap();
    let (code, movie, error) = run(&["movie", recording]);
    assert!(code == 0 && movie.contains("stop 1") && movie.contains("@keyframes"), "{error}");
    assert_eq!(run(&["movie", recording, "--out", picture.to_str().unwrap()]).0, 0);
    assert_eq!(std::fs::read_to_string(picture).unwrap(), movie);

    let (code, said, error) = run(&[&steps[..], &["--json"]].concat());
    assert_eq!(code, 0, "{said}{error}");
    let mut measures = Vec::new();
    for line in said.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["event"] == "measure" {
            measures
                .push((event["id"].as_str().unwrap().to_owned(), event["value"].as_f64().unwrap()));
        }
    }
    assert!(measures.contains(&("messages_lost".to_owned(), 0.0)), "{measures:?}");
    assert!(measures.contains(&("broker_stops".to_owned(), 1.0)), "{measures:?}");
}

#[test]
fn a_broker_that_forgets_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let (code, said, error) = run(&[
        "run",
        "--steps",
        "at 1s forget",
        "--duration",
        "3s",
        "--patience",
        "20s",
        "--out",
        out,
    ]);
    assert_eq!(code, 1, "{said}{error}");
    assert!(error.contains("lost-write"), "{said}{error}");
}

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_proxy_by_hand() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = server.local_addr().unwrap().to_string();
    let child = program()
        .args(["proxy", "--upstream", &upstream])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Killed(child);
    let mut said = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let first = said.next().unwrap().unwrap();
    let mut client = TcpStream::connect(first.split(' ').next().unwrap()).unwrap();
    let (mut served, _) = server.accept().unwrap();
    client.write_all(b"ping").unwrap();
    let mut four = [0; 4];
    served.read_exact(&mut four).unwrap();
    assert_eq!(&four, b"ping");

    let mut commands = child.0.stdin.take().unwrap();
    let mut ask = |command: &str| {
        writeln!(commands, "{command}").unwrap();
        said.next().unwrap().unwrap()
    };
    let rule = ask("add down latency 10ms");
    assert_eq!(ask("list"), format!("{rule}  down latency 10ms"));
    assert_eq!(ask(&rule.replace("rule", "remove")), "removed");
    // What has arrived is counted when the proxy's thread goes on.
    let begun = Instant::now();
    while !ask("statistics").contains("bytes_up: 4") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", ask("statistics"));
    }
    assert_eq!(ask("close"), "closed");
    assert_eq!(client.read(&mut four).unwrap_or(0), 0);
}
