//! A registry, played by a server of a few lines.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod run;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use run::{Outcome, Place, tweets};
use serde_json::{Value, json};

/// A request as the server saw it.
#[derive(Clone, Debug)]
struct Request {
    line: String,
    auth: Option<String>,
    body: String,
}

/// Answers requests by their first lines, until the test ends.
struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn new(answers: &[(&str, u16, Value)]) -> Self {
        let answers = answers
            .iter()
            .map(|(line, status, body)| ((*line).to_owned(), *status, body.to_string()));
        Self::raw(answers.collect())
    }

    fn raw(answers: Vec<(String, u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut lines = Vec::new();
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                        break;
                    }
                    lines.push(line.trim_end().to_owned());
                }
                let Some(first) = lines.first() else { continue };
                let line = first.trim_end_matches(" HTTP/1.1").to_owned();
                let header = |name: &str| {
                    let mut pairs = lines.iter().filter_map(|it| it.split_once(": "));
                    pairs.find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1.to_owned())
                };
                let length = header("content-length").map_or(0, |it| it.parse().unwrap());
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let body = String::from_utf8(body).unwrap();
                let found = answers.iter().find(|it| it.0 == line);
                let missing = r#"{"error_code": 404, "message": "HTTP 404 Not Found"}"#;
                let (status, answer) = found.map_or((404, missing), |it| (it.1, &it.2));
                log.lock().unwrap().push(Request { line, auth: header("authorization"), body });
                let mut stream = stream.into_inner();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\nConnection: close\r\nLocation: /elsewhere\r\n\r\n{answer}",
                    answer.len()
                );
            }
        });
        Self { address, seen }
    }

    fn run(&self, place: &Place, arguments: &str) -> Outcome {
        place.run(&format!("registry {} {arguments}", self.address))
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|it| it.line.clone()).collect()
    }
}

fn version(number: u32, schema: &str) -> Value {
    json!({"subject": "tweets-value", "version": number, "id": 100 + number, "schema": schema})
}

fn tweets_server() -> Server {
    Server::new(&[
        (
            "GET /config/tweets-value?defaultToGlobal=true",
            200,
            json!({"compatibilityLevel": "BACKWARD"}),
        ),
        ("GET /subjects/tweets-value/versions", 200, json!([1, 2])),
        ("GET /subjects/tweets-value/versions/1", 200, version(1, "\"string\"")),
        ("GET /subjects/tweets-value/versions/2", 200, version(2, run::OLD)),
        ("POST /subjects/tweets-value/versions", 200, json!({"id": 103})),
    ])
}

#[test]
fn the_registrys_mode_and_last_version_count() {
    let (server, place) = (tweets_server(), tweets());
    let outcome = server.run(&place, "tweets-value new.avsc --register").exits(1);
    let old = format!("{}/subjects/tweets-value/versions/2", server.address);
    outcome
        .says(&format!("tweets-value: new.avsc reads what {old} wrote: 2 errors, 1 hazard\n"))
        .says(&format!("  --> {old}:3:13 (/fields)"))
        .says("= witness: {\"id\":0,\"lang\":\"DE\",\"at\":0} (000200)")
        .complains("nothing is registered");
    let expected = [
        "GET /config/tweets-value?defaultToGlobal=true",
        "GET /subjects/tweets-value/versions",
        "GET /subjects/tweets-value/versions/2",
    ];
    assert_eq!(server.seen(), expected);
}

#[test]
fn what_is_compatible_is_registered_when_asked_for() {
    let (server, place) = (tweets_server(), tweets());
    server
        .run(&place, "tweets-value old.avsc")
        .exits(0)
        .says("compatible (BACKWARD, 1 comparison)");
    assert!(!server.seen().iter().any(|it| it.starts_with("POST")));
    let outcome = server.run(&place, "tweets-value old.avsc --register").exits(0);
    outcome.complains("old.avsc is registered as tweets-value with id 103");
    let last = server.seen.lock().unwrap().last().unwrap().clone();
    assert_eq!(last.line, "POST /subjects/tweets-value/versions");
    let body: Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(body, json!({"schema": run::OLD}));
}

#[test]
fn a_mode_may_be_given() {
    let (server, place) = (tweets_server(), tweets());
    let arguments = "tweets-value old.avsc --mode FULL_TRANSITIVE --format json";
    let json = server.run(&place, arguments).exits(1).json();
    assert_eq!(json["comparisons"].as_array().unwrap().len(), 4);
    server.run(&place, "tweets-value new.avsc --mode NONE").exits(0);
    assert!(!server.seen().iter().any(|it| it.contains("config")));
}

#[test]
fn a_new_subject_has_no_versions() {
    let unknown = json!({"error_code": 40401, "message": "Subject 'a/b c' not found."});
    let server = Server::new(&[
        (
            "GET /config/a%2Fb%20c?defaultToGlobal=true",
            404,
            json!({"error_code": 40408, "message": "none"}),
        ),
        ("GET /config", 200, json!({"compatibilityLevel": "FULL"})),
        ("GET /subjects/a%2Fb%20c/versions", 404, unknown),
        ("POST /subjects/a%2Fb%20c/versions", 200, json!({"id": 1})),
    ]);
    let place = tweets();
    let mut command =
        place.command(&["registry", &server.address, "a/b c", "new.avsc", "--register"]);
    let outcome = run::outcome(&mut command).exits(0);
    assert_eq!(outcome.out, "compatible (FULL, 0 comparisons)\n");
}

#[test]
fn references_are_fetched() {
    let address = r#"{"type": "record", "name": "ex.Address", "fields": [{"name": "zip", "type": "ex.Zip"}]}"#;
    let zip = r#"{"type": "fixed", "name": "ex.Zip", "size": 5}"#;
    let user = |ty: &str| {
        format!(
            r#"{{"type": "record", "name": "ex.User", "fields": [{{"name": "home", "type": {ty}}}]}}"#
        )
    };
    let reference =
        |name: &str, subject: &str| json!([{"name": name, "subject": subject, "version": 1}]);
    let registered = |schema: &str, references: Value| json!({"subject": "s", "version": 1, "id": 1, "schema": schema, "references": references});
    let server = Server::new(&[
        ("GET /subjects/users/versions", 200, json!([1])),
        (
            "GET /subjects/users/versions/1",
            200,
            registered(&user("\"Address\""), reference("ex.Address", "addresses")),
        ),
        (
            "GET /subjects/addresses/versions/1",
            200,
            registered(address, reference("ex.Zip", "zips")),
        ),
        ("GET /subjects/zips/versions/1", 200, registered(zip, Value::Null)),
        ("POST /subjects/users/versions", 200, json!({"id": 9})),
    ]);
    let place = Place::with(&[("user.avsc", &user("[\"null\", \"Address\"]"))]);
    place.write("other.avsc", user("\"string\""));
    server
        .run(&place, "users user.avsc --mode BACKWARD")
        .exits(2)
        .complains("unknown type \"ex.Address\"");
    let arguments = "users user.avsc --mode BACKWARD --reference ex.Address=addresses:1 --register";
    server.run(&place, arguments).exits(0);
    let last = server.seen.lock().unwrap().last().unwrap().clone();
    let body: Value = serde_json::from_str(&last.body).unwrap();
    assert_eq!(body["references"], reference("ex.Address", "addresses"));
    server.run(&place, "users other.avsc --mode BACKWARD").exits(1).says("error[type]");
}

#[test]
fn the_password_is_sent_and_never_told() {
    let (server, place) = (tweets_server(), tweets());
    let run = |auth: &str, subject: &str| {
        let mut command = place.command(&["registry", &server.address, subject, "new.avsc"]);
        run::outcome(command.env("SCHEMA_REGISTRY_AUTH", auth))
    };
    let outcome = run("user:pass:word", "tweets-value").exits(1);
    for request in server.seen.lock().unwrap().iter() {
        // "user:pass:word" in Base64.
        assert_eq!(request.auth.as_deref(), Some("Basic dXNlcjpwYXNzOndvcmQ="), "{request:?}");
    }
    assert!(!format!("{outcome:?}").contains("word"), "{outcome:?}");
    let outcome = run("user:pass:word", "unknown")
        .exits(2)
        .complains("the registry answers 404: HTTP 404 Not Found");
    assert!(!format!("{outcome:?}").contains("word"), "{outcome:?}");
    let outcome = run("password", "tweets-value").exits(2);
    let outcome = outcome.complains("SCHEMA_REGISTRY_AUTH is not USER:PASSWORD");
    assert!(!outcome.err.contains("password"), "{outcome:?}");
    let outcome = place.run("registry http://user:secret@localhost:1 s new.avsc").exits(2);
    let outcome = outcome.complains("has a user in it: set SCHEMA_REGISTRY_AUTH");
    assert!(!outcome.err.contains("secret"), "{outcome:?}");
}

#[test]
fn what_a_registry_may_say_otherwise() {
    let place = tweets();
    let answer = |line: &str, status, body: &str| {
        let server = Server::raw(vec![(line.to_owned(), status, body.to_owned())]);
        server.run(&place, "s new.avsc --mode BACKWARD --register")
    };
    let versions = "GET /subjects/s/versions";
    answer(versions, 500, r#"{"error_code": 50001, "message": "Error in the backend data store"}"#)
        .exits(2)
        .complains(
            "/subjects/s/versions: the registry answers 500: Error in the backend data store",
        );
    answer(versions, 401, "<html>no</html>").exits(2).complains("the registry answers 401\n");
    let orders =
        answer(versions, 500, r#"{"message": "\u001b[2Jred"}"#).exits(2).complains(" [2Jred");
    assert!(!orders.err.contains('\u{1b}'), "{orders:?}");
    answer(versions, 302, "").exits(2).complains("the registry answers 302");
    answer(versions, 200, "<html>hello</html>")
        .exits(2)
        .complains("not the answer of a schema registry");
    answer(versions, 200, "{}").exits(2).complains("expected an array of numbers");
    answer(versions, 200, "[-1]").exits(2).complains("expected an array of numbers");

    let server = |registered: Value, post: u16| {
        Server::new(&[
            (versions, 200, json!([3])),
            ("GET /subjects/s/versions/3", 200, registered),
            (
                "POST /subjects/s/versions",
                post,
                json!({"error_code": 409, "message": "Schema being registered is incompatible"}),
            ),
        ])
    };
    let run = |server: &Server| server.run(&place, "s new.avsc --mode BACKWARD --register");
    run(&server(json!({"schema": "syntax = ...", "schemaType": "PROTOBUF"}), 200))
        .exits(2)
        .complains("the schema is one of PROTOBUF");
    run(&server(json!({"version": 3}), 200)).exits(2).complains("it has no \"schema\"");
    run(&server(json!({"schema": "\"integer\""}), 200))
        .exits(2)
        .complains("/subjects/s/versions/3:1:1");
    run(&server(json!({"schema": "\"int\"", "references": [{}]}), 200))
        .exits(2)
        .complains("reference");
    // Its own check may be another.
    run(&server(json!({"schema": run::NEW}), 409))
        .exits(1)
        .complains("409: Schema being registered is incompatible");
    run(&server(json!({"schema": run::NEW}), 200)).exits(2).complains("it has no \"id\"");
    place
        .run("registry http://127.0.0.1:1 s new.avsc")
        .exits(2)
        .complains("http://127.0.0.1:1/config/s");
    if cfg!(not(feature = "tls")) {
        place.run("registry https://localhost:1 s new.avsc").exits(2).complains("--features tls");
    }
}
