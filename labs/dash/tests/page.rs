//! The page's server, over real sockets, with our own servers under load behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails shall fail the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// When something counts as hanging.
const DEADLINE: Duration = Duration::from_secs(300);

/// The program, killed when it is dropped.
struct Program {
    child: Child,
    address: String,
    targets: Vec<(String, String)>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dash"))
            .args(["--listen", "127.0.0.1:0", "--every", "200"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut targets = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(target) = line.strip_prefix("target ") {
                let (name, url) = target.split_once(' ').unwrap();
                targets.push((name.to_owned(), url.to_owned()));
            } else if let Some(rest) = line.strip_prefix("http://") {
                let address = rest.split('/').next().unwrap().to_owned();
                return Self { child, address, targets };
            }
        }
        panic!("it did not start: {:?}", child.wait());
    }

    fn get(&self, path: &str) -> (u16, String, String) {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        ))
    }

    fn send(&self, request: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_ascii_lowercase(), body.to_owned())
    }

    fn json(&self, path: &str) -> Value {
        let (status, _, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        // In chunks or not: what counts is between the braces.
        serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap()
    }
}

#[test]
fn the_demo_fills_every_panel_and_ends_in_order() {
    let mut program = Program::start(&["--demo", "--any-port"]);
    let names: Vec<&str> = program.targets.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(names, ["ledger", "registry", "queue"]);
    let begun = Instant::now();
    loop {
        let all = program.json("/api/history?since=0");
        let panels = all["history"]["panels"].as_array().unwrap();
        assert_eq!(
            panels.len(),
            program.json("/api/dashboard")["panels"].as_array().unwrap().len()
        );
        let dark: Vec<&Value> =
            panels.iter().filter(|it| it["lines"].as_array().unwrap().is_empty()).collect();
        if dark.is_empty() {
            assert!(
                all["targets"].as_array().unwrap().iter().all(|it| it["up"] == true),
                "{}",
                all["targets"]
            );
            break;
        }
        assert!(begun.elapsed() < DEADLINE, "no data: {dark:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    // What ctrl-C does.
    kill_process(Pid::from_child(&program.child), Signal::INT).unwrap();
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    for (name, url) in &program.targets {
        let address = url.split('/').nth(2).unwrap();
        assert!(TcpStream::connect(address).is_err(), "{name} is still there");
    }
}

#[test]
fn files_policy_and_who_may_ask() {
    let program = Program::start(&["--target", "nobody=http://127.0.0.1:9/metrics"]);
    for (path, media) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/app.css", "text/css"),
        ("/uplot.js", "text/javascript"),
        ("/uplot.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/api/dashboard", "application/json"),
        ("/api/history", "application/json"),
    ] {
        let (status, head, body) = program.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(head.contains(&format!("content-type: {media}")), "{path}: {head}");
        assert!(head.contains("content-security-policy: default-src 'none';"), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}");
        assert!(!body.contains("https://cdn") && !body.contains("src=\"http"), "{path}");
    }
    assert_eq!(program.get("/nothing").0, 404);
    assert_eq!(program.get("/api/history?since=yesterday").0, 400);
    // A name that leads here is not this machine's.
    let asked = |host: &str| {
        program
            .send(&format!(
                "GET /api/history HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            ))
            .0
    };
    assert_eq!(asked("evil.example:7000"), 421);
    assert_eq!(asked("127.0.0.1.evil.example"), 421);
    assert_eq!(asked("localhost:7000"), 200);
    assert_eq!(asked("[::1]:7000"), 200);
    // Who is away is down, with a reason.
    let begun = Instant::now();
    loop {
        let target = program.json("/api/history")["targets"][0].clone();
        if target["up"] == false {
            assert!(!target["error"].as_str().unwrap().is_empty());
            break;
        }
        assert!(begun.elapsed() < DEADLINE);
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn wrong_arguments_and_a_port_that_is_taken() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_dash")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(&["--target", "x"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("expected NAME=http://HOST:PORT/metrics"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = run(&["--listen", &address]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("listen on {address}")), "{said}");
    let (code, said) = run(&["--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("--insecure"), "{said}");
}
