//! HTTPS, as another program sees it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "what fails shall fail the test, and what does not run shall say so"
)]

#[path = "support/mod.rs"]
mod support;

use std::path::Path;
use std::process::{Command, Output};

use schema_registry::http::Tls;
use support::Program;

/// A certificate for 127.0.0.1 and its key; none, if nobody can make one here.
fn certificate(dir: &Path) -> Option<(String, String)> {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl.args([
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    let made = openssl.args(["-keyout", &key, "-out", &certificate]).output();
    let curl = Command::new("curl").arg("--version").output();
    if made.as_ref().is_ok_and(|it| it.status.success()) && curl.is_ok() {
        return Some((certificate, key));
    }
    let required = std::env::var("SCHEMA_REGISTRY_CLIENTS").is_ok_and(|it| it == "require");
    assert!(!required, "the clients are required, and there is no openssl or no curl: {made:?}");
    eprintln!("SKIPPED: no openssl to make a certificate, or no curl to ask with");
    None
}

fn curl(arguments: &[&str]) -> Output {
    Command::new("curl").args(["-sS", "--max-time", "30"]).args(arguments).output().unwrap()
}

#[test]
fn https_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = certificate(dir.path()) else { return };
    let data = dir.path().join("data");
    let program = Program::start(&data, &["--tls-certificate", &certificate, "--tls-key", &key]);
    let url = format!("https://{}/subjects", program.address);
    let answer = curl(&["--cacert", &certificate, &url]);
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "[]", "{answer:?}");
    assert!(!curl(&[&url]).status.success(), "a certificate that nobody vouches for");
    assert!(!curl(&[&url.replace("https", "http")]).status.success(), "plain HTTP");
    let old = curl(&["--cacert", &certificate, "--tls-max", "1.1", &url]);
    assert!(!old.status.success(), "an old version of TLS");
    // It goes on.
    assert!(curl(&["--cacert", &certificate, &url]).status.success());
}

#[test]
fn files_that_are_no_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("empty.pem");
    let told = |it: Result<Tls, _>| {
        it.err().map(|it: schema_registry::http::TlsError| it.to_string()).unwrap()
    };
    let missing = told(Tls::read(&path, &path));
    assert!(
        missing.starts_with("cannot read a certificate from") && missing.contains("empty.pem"),
        "{missing}"
    );
    std::fs::write(&path, "").unwrap();
    assert!(told(Tls::read(&path, &path)).contains("there is none in it"));
    let Some((certificate, _)) = certificate(dir.path()) else { return };
    assert!(
        told(Tls::read(Path::new(&certificate), &path))
            .starts_with("cannot read a private key from")
    );
}
