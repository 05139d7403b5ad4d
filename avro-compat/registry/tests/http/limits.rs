//! Bodies, heads and clients that are not as they should be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use schema_registry::http::{self, HttpOptions};
use schema_registry::registry::{Registry, RegistryOptions};
use schema_registry::store::Store;
use serde_json::json;

use super::schema;
use super::support::{Client, Server};

fn limited() -> Server {
    let mut options = HttpOptions::default();
    options.max_body_bytes = 1_000;
    options.timeout = Duration::from_millis(300);
    Server::with(options, RegistryOptions::default())
}

#[test]
fn bodies_have_a_limit() {
    let server = limited();
    let mut client = server.client();
    let long = "x".repeat(2_000);
    client.post("/subjects/s/versions", &schema(&long)).refused(413);
    // Without saying so first.
    let chunk = format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len());
    let request = format!(
        "POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"
    );
    server.client().raw(&request, false).unwrap().refused(413);
    client.get("/subjects").ok();
}

#[test]
fn bodies_that_are_none() {
    let server = Server::start();
    let path = "/subjects/s/versions";
    for (body, code) in [
        ("", 422),
        ("  ", 422),
        ("null", 422),
        ("{", 400),
        ("[]", 400),
        (r#"{"schema": 1}"#, 400),
        ("\u{1}", 400),
    ] {
        server.client().send("POST", path, Some(body)).unwrap().refused(code);
    }
    let deep = "[".repeat(100_000);
    server.client().send("POST", path, Some(&deep)).unwrap().refused(400);
    // What clients send beside what is known here is their business.
    let body = json!({"schema": "\"int\"", "something": {"else": 1}, "references": null, "id": -1});
    server.client().post(path, &body).ok();
}

#[test]
fn media_types() {
    let server = Server::start();
    let body = schema("\"int\"").to_string();
    for ty in [
        "application/json",
        "application/vnd.schemaregistry+json",
        "application/vnd.schemaregistry.v1+json; charset=utf-8",
        "application/octet-stream",
    ] {
        let mut client = server.client().header("Content-Type", ty);
        client.send("POST", "/subjects/s/versions", Some(&body)).unwrap().ok();
    }
    for ty in ["application/x-www-form-urlencoded", "text/plain", "application/xml"] {
        let mut client = server.client().header("Content-Type", ty);
        client.send("POST", "/subjects/s/versions", Some(&body)).unwrap().refused(415);
    }
    for (accept, sent) in [
        ("application/json", "application/json"),
        ("*/*", "application/vnd.schemaregistry.v1+json"),
    ] {
        let reply = server.client().header("Accept", accept).get("/subjects");
        assert_eq!(reply.header("content-type"), Some(sent));
        let reply = server.client().header("Accept", accept).get("/subjects/none/versions");
        assert_eq!(reply.header("content-type"), Some(sent));
    }
    server.client().header("Accept", "text/html").get("/subjects").refused(406);
}

#[test]
fn requests_take_no_longer_than_they_may() {
    let server = limited();
    // The head promises a body that does not come.
    let request = "POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
    server.client().raw(request, false).unwrap().refused(50002);
    server.client().get("/subjects").ok();
}

#[test]
fn heads_take_no_longer_than_they_may() {
    let dir = tempfile::tempdir().unwrap();
    let (store, state) = Store::open(dir.path()).unwrap();
    let registry = Registry::new(store, state, RegistryOptions::default());
    let mut connections = http::Server::default();
    connections.head_timeout = Duration::from_millis(200);
    connections.max_connections = 2;
    let server = Server::of(registry, HttpOptions::default(), connections);
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(b"GET /subjects HTTP/1.1\r\nHost:").unwrap();
            stream
        })
        .collect();
    // A third has to wait until those are given up.
    server.client().get("/subjects").ok();
    for mut stream in slow {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut rest = Vec::new();
        // Closed, with or without an answer.
        let _ = stream.read_to_end(&mut rest);
    }
}

#[test]
fn one_at_a_time_and_others_wait() {
    let mut options = HttpOptions::default();
    options.max_requests = 1;
    options.timeout = Duration::from_millis(500);
    let server = Server::with(options, RegistryOptions::default());
    let mut slow = TcpStream::connect(server.address).unwrap();
    slow.write_all(b"POST /subjects/s/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        .unwrap();
    // Whoever is first, all are answered, and that it lives can be asked meanwhile.
    server.client().get("/health").ok();
    let reply = server.client().get("/subjects");
    assert!(reply.status == 200 || reply.json()["error_code"] == 50002, "{reply:?}");
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 500");
    server.client().get("/subjects").ok();
}

#[test]
fn what_is_no_http() {
    let server = Server::start();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"HELLO\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        &[0xff; 100_000],
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    Client::new(server.address).get("/subjects").ok();
}
