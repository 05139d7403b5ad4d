//! `kill -9` in a storm of registrations: what was acknowledged is there, and no id is two schemas'.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Client, Program};

/// What was acknowledged: subject to id and text.
type Acknowledged = BTreeMap<String, (u64, String)>;

fn text(number: usize) -> String {
    format!(r#"{{"type":"fixed","name":"F","size":{number}}}"#)
}

/// Registers schemas under subjects of its own until the server is gone; half of the schemas are others', too.
fn storm(address: std::net::SocketAddr, round: usize, thread: usize) -> Acknowledged {
    let mut client = Client::new(address);
    let mut acknowledged = Acknowledged::new();
    for number in 0.. {
        let which = if number % 2 == 0 {
            round * 1_000_000 + number
        } else {
            round * 1_000_000 + thread * 100_000 + number
        };
        let subject = format!("r{round}-t{thread}-n{number}");
        let body = json!({"schema": text(which)}).to_string();
        let Ok(reply) = client.send("POST", &format!("/subjects/{subject}/versions"), Some(&body))
        else {
            break;
        };
        let reply = reply.ok();
        acknowledged.insert(subject, (reply["id"].as_u64().unwrap(), text(which)));
    }
    acknowledged
}

#[test]
fn nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = Acknowledged::new();
    for round in 0..4 {
        let program = Program::start(dir.path(), &[]);
        let address = program.address;
        let threads: Vec<_> = (0..8)
            .map(|thread| std::thread::spawn(move || storm(address, round, thread)))
            .collect();
        // Not a measurement: any moment will do, as long as something was registered.
        std::thread::sleep(Duration::from_millis(150 + 130 * round as u64));
        program.kill();
        let before = all.len();
        for thread in threads {
            all.extend(thread.join().unwrap());
        }
        assert!(all.len() > before, "nothing was registered in round {round}");

        let program = Program::start(dir.path(), &[]);
        let mut client = program.client();
        for (subject, (id, text)) in &all {
            let found = client.get(&format!("/subjects/{subject}/versions/latest")).ok();
            assert_eq!((&found["id"], &found["schema"]), (&json!(id), &json!(text)), "{subject}");
        }
        // Also what was registered and not acknowledged is one schema for an id, and one id for a schema.
        let mut ids = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for page in 0.. {
            let found = client.get(&format!("/schemas?offset={}", page * 1_000)).ok();
            let found = found.as_array().unwrap().clone();
            for it in &found {
                let text = it["schema"].clone();
                let before = ids.insert(it["id"].as_u64().unwrap(), text.clone());
                assert!(before.is_none_or(|it| it == text), "two schemas of one id: {it}");
                let before = texts.insert(text.to_string(), it["id"].clone());
                assert!(
                    before.is_none_or(|before| before == it["id"]),
                    "two ids of one schema: {it}"
                );
            }
            if found.len() < 1_000 {
                break;
            }
        }
        program.kill();
    }
}

#[test]
fn a_request_that_is_worked_on_is_answered_when_the_server_stops() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let address = program.address;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let body = json!({"schema": text(1)}).to_string();
    let length = body.len();
    let (begin, rest) = body.split_at(5);
    write!(
        stream,
        "POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    // A connection that waits to be accepted when the server stops is refused by the kernel; one whose
    // request's body was asked for is worked on.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(begin.as_bytes()).unwrap();
    let stopped = std::thread::spawn(move || program.terminate());
    // It takes nothing new once it has heard.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    stream.write_all(rest.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
    assert_eq!(stopped.join().unwrap(), Some(0));
    let program = Program::start(dir.path(), &["--profile", "java"]);
    let found: Value = program.client().get("/subjects/s/versions/1").ok();
    assert_eq!(found["id"], 1);
}

#[test]
fn two_servers_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let _program = Program::start(dir.path(), &[]);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_schema-registry"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("backend data store"), "{told}");
}

#[test]
fn what_other_machines_reach_takes_users_and_tls_or_a_word() {
    use std::io::BufRead as _;
    let dir = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_schema-registry"));
    command.args(["--listen", "0.0.0.0:0", "--data"]).arg(dir.path());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("takes users (--users) and TLS"), "{told}");
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing is made before");
    let mut child = command.arg("--insecure").stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("listening on 0.0.0.0:"), "{line}");
}

#[test]
fn users_by_the_program() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_schema-registry"))
        .args(["hash-password", "ada"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"secret\n").unwrap();
    let line = child.wait_with_output().unwrap().stdout;
    let users = dir.path().join("users");
    std::fs::write(&users, &line).unwrap();
    let program = Program::start(&dir.path().join("data"), &["--users", users.to_str().unwrap()]);
    program.client().get("/subjects").refused(401);
    // ada:secret
    program.client().header("Authorization", "Basic YWRhOnNlY3JldA==").get("/subjects").ok();
}
