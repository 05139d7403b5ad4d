//! What is refused, and how that is said.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::support::{Server, Setup};

fn payment() -> Value {
    json!({"id": "1", "debit_account_id": "1", "credit_account_id": "2", "amount": "5", "ledger": 1, "code": 1})
}

fn with(field: &str, value: Value) -> Value {
    let mut payment = payment();
    payment[field] = value;
    payment
}

#[test]
fn every_bad_transfer_has_its_code() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let cases = [
        (with("debit_account_id", json!("99")), "debit_account_not_found"),
        (with("credit_account_id", json!("99")), "credit_account_not_found"),
        (with("credit_account_id", json!("21")), "accounts_must_have_the_same_ledger"),
        (with("ledger", json!(2)), "transfer_must_have_the_same_ledger_as_accounts"),
        (with("amount", json!("0")), "amount_must_not_be_zero"),
        (with("debit_account_id", json!("5")), "exceeds_credits"),
        (with("debit_account_id", json!("6")), "debit_account_already_closed"),
        (with("credit_account_id", json!("6")), "credit_account_already_closed"),
        (with("flags", json!(["linked"])), "linked_event_chain_open"),
        (with("timeout", json!(5)), "timeout_reserved_for_pending"),
    ];
    for (at, (mut body, code)) in cases.into_iter().enumerate() {
        body["id"] = (100 + at).to_string().into();
        web.post("/v1/transfers", &body).refused(422, code);
    }
    web.post("/v1/transfers", &with("id", json!("0"))).refused(422, "id_must_not_be_zero");
    let chain = json!([with("flags", json!(["linked"])), with("amount", json!("0"))]);
    let mut chain = chain;
    chain[1]["id"] = "2".into();
    let outcomes = web.post("/v1/transfers", &chain).ok();
    assert_eq!(outcomes[0]["code"], "linked_event_failed");
    assert_eq!(outcomes[1]["code"], "amount_must_not_be_zero");
    assert_eq!(web.get("/v1/accounts/1").ok()["balances"]["debits_posted"], "0");
    web.post("/v1/accounts", &json!({"id": "50", "ledger": 9, "code": 1}))
        .refused(422, "ledger_not_found");
    web.post("/v1/accounts", &json!({"id": "1", "ledger": 1, "code": 2}))
        .refused(409, "exists_with_different_code");
}

#[test]
fn bodies_that_say_nothing_that_can_be_done() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let bad = |web: &mut crate::support::web::Web, path: &str, body: &str, says: &str| {
        let told = web.send("POST", path, Some(body)).problem(400, "bad_request");
        assert!(told.contains(says), "{}: {told}", body.chars().take(80).collect::<String>());
    };
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{{\"id\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let without = |field: &str| {
        let mut body = payment();
        body.as_object_mut().unwrap().remove(field);
        body.to_string()
    };
    for (body, says) in [
        ("", "EOF"),
        ("null", "null"),
        ("{", "EOF"),
        ("[]", "no events"),
        ("[1]", "integer `1`"),
        ("{}", "missing field `id`"),
        (&deep, "expected an object"),
        (r#"[["1", "1", "2", "5", null, 1, 1]]"#, "expected an object"),
        (&deep_object, "an id in a string"),
        ("{\"id\": \"1\", \"id\": \"2\"}", "duplicate field `id`"),
        (&without("amount"), "neither amount nor decimal"),
        (&with("amount", json!(5)).to_string(), "in a string"),
        (&with("amount", json!(10.85)).to_string(), "in a string"),
        (&with("amount", json!("10.85")).to_string(), "no amount of minor units"),
        (&with("amount", json!("-5")).to_string(), "no amount of minor units"),
        (
            &with("amount", json!(format!("1{}", "0".repeat(38)))).to_string(),
            "no amount of minor units",
        ),
        (&with("decimal", json!("1")).to_string(), "both amount and decimal"),
        (&with("id", json!(1)).to_string(), "an id in a string"),
        (&with("id", json!("x")).to_string(), "no id"),
        (&with("ledger", json!(4_294_967_296_u64)).to_string(), "u32"),
        (&with("code", json!(65_536)).to_string(), "u16"),
        (&with("flags", json!(["pendign"])).to_string(), "no flag \"pendign\""),
        (&with("flags", json!("pending")).to_string(), "sequence"),
        (&with("ammount", json!("5")).to_string(), "unknown field `ammount`"),
        ("{\"id\": \"1\"} {}", "trailing"),
    ] {
        bad(&mut web, "/v1/transfers", body, says);
    }
    let mut decimal = payment();
    decimal.as_object_mut().unwrap().remove("amount");
    for (text, says) in
        [("1.005", "decimal places"), ("1e2", "no amount"), ("-1", "no amount"), ("", "no amount")]
    {
        decimal["decimal"] = text.into();
        bad(&mut web, "/v1/transfers", &decimal.to_string(), says);
    }
    decimal["decimal"] = "1".into();
    decimal["ledger"] = 9.into();
    bad(&mut web, "/v1/transfers", &decimal.to_string(), "ledger 9, which is not defined");
    bad(
        &mut web,
        "/v1/ledgers",
        r#"{"id": 1, "currency": "eur", "exponent": 2}"#,
        "no currency's code",
    );
    bad(
        &mut web,
        "/v1/ledgers",
        r#"{"id": 1, "currency": "EUR", "exponent": 19}"#,
        "18 decimal places",
    );
    bad(&mut web, "/v1/transactions", r#"{"id": "1", "code": 1}"#, "either legs or an exchange");
    let leg = r#"{"id": "1", "code": 1, "legs": [{"account_id": "98", "side": "debit", "decimal": "1"}]}"#;
    bad(&mut web, "/v1/transactions", leg, "account 98, which does not exist");
    let metadata = r#"{"id": "1", "code": 1, "legs": [], "metadata": {"k": 1.5}}"#;
    bad(&mut web, "/v1/transactions", metadata, "a text, a boolean");
    bad(&mut web, "/v1/query", r#"{"limit": 0}"#, "from 1 to 1000");
    bad(&mut web, "/v1/query", r#"{"from": "2", "through": "1"}"#, "later than");
    bad(&mut web, "/v1/query", r#"{"any_of": [{"side": "debit"}]}"#, "a side of no account");
    // After all that, money has not moved.
    assert_eq!(web.get("/v1/trial-balance").ok()["ledgers"][0]["debits_posted"], "0");
}

#[test]
fn an_oversized_batch() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let all: Vec<Value> = (1..=8_191).map(|id: u32| with("id", json!(id.to_string()))).collect();
    let told = web.post("/v1/transfers", &all.clone().into()).problem(413, "too_large");
    assert!(told.contains("8191 events"), "{told}");
    let outcomes = web.post("/v1/transfers", &all[1..].into()).ok();
    assert!(outcomes.as_array().unwrap().iter().all(|it| it["code"] == "ok"));
}

#[test]
fn paths_parameters_and_methods() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    web.get("/v1/accounts/99").problem(404, "not_found");
    web.get("/v1/transfers/99").problem(404, "not_found");
    web.get("/v1/nothing").problem(404, "not_found");
    for path in [
        "/v1/accounts/x",
        "/v1/accounts/-1",
        "/v1/accounts/%00",
        "/v1/accounts/1/transfers?limit=0",
        "/v1/accounts/1/transfers?limit=x",
        "/v1/accounts/1/transfers?lmit=5",
        "/v1/accounts/1/balances?at=yesterday",
        "/v1/accounts/1/statement?from=2&through=1",
        "/v1/accounts/1/statement?newest_first=true",
        "/v1/feed?after=x",
        "/v1/feed?after=1.0&from=2",
    ] {
        web.get(path).problem(400, "bad_request");
    }
    for path in [
        "/v1/accounts/99/transfers",
        "/v1/accounts/99/balances",
        "/v1/accounts/99/statement",
        "/v1/accounts/1/balances?at=1",
    ] {
        web.get(path).problem(404, "not_found");
    }
    web.send("DELETE", "/v1/accounts/1", None).problem(405, "method_not_allowed");
    web.send("GET", "/v1/query", None).problem(405, "method_not_allowed");
}

#[test]
fn a_foreign_web_page_cannot_ask() {
    let server = Server::with_accounts(Setup::default());
    // What a form can post without being asked.
    let plain = server.web().header("Content-Type", "text/plain").post("/v1/transfers", &payment());
    assert!(plain.problem(400, "bad_request").contains("Content-Type"));
    // A name that was made to point here.
    let told = server
        .web()
        .header("Host", "evil.example")
        .get("/v1/accounts/1")
        .problem(400, "bad_request");
    assert!(told.contains("local host name"), "{told}");
}

#[test]
fn garbage_instead_of_http() {
    let server = Server::with_accounts(Setup::default());
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&prop::collection::vec(any::<u8>(), 1..200), |bytes| {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(server.http).unwrap();
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            prop_assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"));
            Ok(())
        })
        .unwrap();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    let paths = prop::sample::select(vec![
        "/v1/ledgers",
        "/v1/accounts",
        "/v1/transfers",
        "/v1/transactions",
        "/v1/query",
    ]);
    runner
        .run(&(paths, "[\\[\\]{}\":,0-9a-z \\\\.-]{0,60}"), |(path, body)| {
            let reply = server.web().send("POST", path, Some(&body));
            // A query that happens to be one is answered.
            prop_assert!(reply.status == 400 || path == "/v1/query", "{:?}", reply);
            Ok(())
        })
        .unwrap();
    server.web().get("/v1/status").ok();
}
