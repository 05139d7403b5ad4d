//! Clients that others wrote, as they are.
//!
//! They run where `scripts/registry_clients.sh` has put them; elsewhere the tests say what is missing and pass, unless `SCHEMA_REGISTRY_CLIENTS=require`
//! is in the environment.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what fails shall fail the test, and what does not run shall say so"
)]

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use avro_compat::{Resolver, Schema, Value};
use support::Server;

/// Where the clients are.
fn clients() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap_or(temporary).join("registry-clients")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// A path that a test cannot do without; none, if it need not run.
fn needed(path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let reason = format!("no {}: run scripts/registry_clients.sh", path.display());
    let required = std::env::var("SCHEMA_REGISTRY_CLIENTS").is_ok_and(|it| it == "require");
    assert!(!required, "the clients are required, and {reason}");
    eprintln!("SKIPPED: {reason}");
    None
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What a message says, by the schema that the registry has for it.
fn read(server: &Server, message: &[u8]) -> Value {
    assert_eq!(message[0], 0);
    let id = u32::from_be_bytes(message[1..5].try_into().unwrap());
    let text = server.client().get(&format!("/schemas/ids/{id}/schema")).body;
    let schema = Schema::parse(&text).unwrap();
    Resolver::new(&schema, &schema).unwrap().decode(&message[5..]).unwrap()
}

#[test]
fn python_and_javascript() {
    let server = Server::start();
    let url = format!("http://{}", server.address);
    let Some(python) = needed(clients().join("python/bin/python")) else { return };
    let message = run(Command::new(python).arg(scripts().join("exchange.py")).arg(&url));
    let text = format!("{:?}", read(&server, &bytes(&message)));
    assert!(text.contains("ho") && text.contains("de"), "{text}");

    let Some(modules) = needed(clients().join("node/node_modules")) else { return };
    let mut node = Command::new("node");
    let message = run(node
        .env("NODE_PATH", modules)
        .arg(scripts().join("exchange.js"))
        .args([&url, &message]));
    let text = format!("{:?}", read(&server, &bytes(&message)));
    assert!(text.contains("thanks"), "{text}");
}

#[test]
fn whatever_the_description_allows() {
    let Some(fuzzer) = needed(clients().join("python/bin/st")) else { return };
    let server = Server::start();
    let url = format!("http://{}/openapi.json", server.address);
    let dir = tempfile::tempdir().unwrap();
    // That a request of the right form may be refused is known, and that others may be taken.
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method";
    run(Command::new(fuzzer)
        .current_dir(dir.path())
        .args(["run", &url, "--checks", checks, "--phases", "examples,fuzzing,stateful"])
        .args(["--max-examples", "4", "--seed", "1", "--suppress-health-check", "all"]));
}
