//! Accounts, histories, statements, queries.

use ledger::model::Transfer;
use serde_json::{Value, json};

use crate::support::{Server, Setup, transfer};

fn ids(page: &Value) -> Vec<u64> {
    let id = |it: &Value| it["id"].as_str().unwrap().parse().unwrap();
    page["entries"].as_array().unwrap().iter().map(id).collect()
}

#[test]
fn histories_in_pages() {
    let server = Server::with_accounts(Setup::default());
    let all: Vec<Transfer> =
        (1..=25).map(|id| Transfer { credit_account_id: 2 + id % 2, ..transfer(id, id) }).collect();
    server.client().create_transfers(&all).unwrap();
    let mut web = server.web();
    let first = web.get("/v1/accounts/3/transfers?limit=5").ok();
    assert_eq!(ids(&first), [1, 3, 5, 7, 9]);
    let next = first["next"].as_str().unwrap();
    let second = web.get(&format!("/v1/accounts/3/transfers?limit=5&after={next}")).ok();
    assert_eq!(ids(&second), [11, 13, 15, 17, 19]);
    let newest = web.get("/v1/accounts/3/transfers?limit=2&newest_first=true").ok();
    assert_eq!(ids(&newest), [25, 23]);
    let found = web.post("/v1/query", &json!({"any_of": [{"amount_min": "24"}, {"amount_max": "2", "account_id": "1", "side": "debit"}]})).ok();
    assert_eq!(ids(&found), [1, 2, 24, 25]);
    let none =
        web.post("/v1/query", &json!({"any_of": [{"metadata": {"key": "k", "value": true}}]})).ok();
    assert_eq!((ids(&none), &none["next"]), (vec![], &Value::Null));
}

#[test]
fn balances_of_any_moment_and_statements() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    let times: Vec<u64> = (1..=5)
        .map(|id| client.create_transfers(&[transfer(id, 100)]).unwrap()[0].timestamp)
        .collect();
    let mut web = server.web();
    for (at, time) in times.iter().enumerate() {
        let then = web.get(&format!("/v1/accounts/2/balances?at={time}")).ok();
        assert_eq!(then["balances"]["credits_posted"], (100 * (at + 1)).to_string());
        assert_eq!(then["decimal"]["credits_posted"], format!("{}.00", at + 1));
    }
    assert_eq!(web.get("/v1/accounts/2/balances").ok()["balances"]["credits_posted"], "500");
    let path = format!("/v1/accounts/2/statement?from={}&through={}", times[1], times[3]);
    let statement = web.get(&path).ok();
    assert_eq!(statement["opening"]["credits_posted"], "100");
    assert_eq!(statement["closing"]["credits_posted"], "400");
    let lines: Vec<&str> = statement["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["balances"]["credits_posted"].as_str().unwrap())
        .collect();
    assert_eq!(lines, ["200", "300", "400"]);
    let part = web.get("/v1/accounts/2/statement?limit=2").ok();
    assert_eq!(
        (&part["truncated"], &part["closing"]["credits_posted"]),
        (&json!(true), &json!("200"))
    );
}

#[test]
fn the_list_of_accounts() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let first = web.get("/v1/accounts?limit=5").ok();
    assert_eq!(
        (first["accounts"].as_array().unwrap().len(), &first["next"], &first["count"]),
        (5, &json!(5), &json!(8))
    );
    let rest = web.get("/v1/accounts?limit=5&offset=5").ok();
    assert_eq!((rest["accounts"].as_array().unwrap().len(), &rest["next"]), (3, &Value::Null));
    assert_eq!(web.get("/v1/accounts?offset=99999999999").ok()["accounts"], json!([]));
    let status = web.get("/v1/status").ok();
    assert_eq!((&status["accounts"], &status["pending_transfers"]), (&json!(8), &json!(0)));
    assert_eq!(status["hash"].as_str().unwrap().len(), 64);
}
