//! Ledgers, accounts, transfers and transactions over HTTP.

use serde_json::{Value, json};

use crate::support::{Server, Setup};

fn payment(id: &str, amount: &str) -> Value {
    json!({"id": id, "debit_account_id": "1", "credit_account_id": "2", "amount": amount, "ledger": 1, "code": 1})
}

#[test]
fn from_nothing_to_a_trial_balance() {
    let server = Server::start();
    let mut web = server.web();
    let ledger = json!({"id": 1, "currency": "EUR", "exponent": 2});
    let made = web.post("/v1/ledgers", &ledger);
    assert_eq!((made.status, &made.ok()["code"]), (201, &json!("ok")));
    assert_eq!(web.post("/v1/ledgers", &ledger).status, 200);
    web.post("/v1/ledgers", &json!({"id": 1, "currency": "USD", "exponent": 2}))
        .refused(409, "exists_with_different_currency");
    let accounts = json!([
        {"id": "1", "ledger": 1, "code": 7, "flags": ["debits_must_not_exceed_credits", "history"], "user_data_128": "0xff",
         "user_data_64": "18446744073709551615", "user_data_32": 9},
        {"id": "00000000-0000-0000-0000-000000000002", "ledger": 1, "code": 7},
    ]);
    let made = web.post("/v1/accounts", &accounts).ok();
    assert_eq!((&made[0]["code"], &made[1]["id"]), (&json!("ok"), &json!("2")));
    let account = web.get("/v1/accounts/1").ok();
    assert_eq!(account["flags"], json!(["debits_must_not_exceed_credits", "history"]));
    assert_eq!(account["user_data_128"], "255");
    assert_eq!(account["user_data_64"], "18446744073709551615");

    let deposit = json!({"id": "0x10", "debit_account_id": "2", "credit_account_id": "1", "decimal": "10.50", "ledger": 1, "code": 1});
    let made = web.post("/v1/transfers", &deposit);
    let first = made.ok();
    assert_eq!((made.status, &first["amount"], &first["id"]), (201, &json!("1050"), &json!("16")));
    assert_eq!(first["credit"]["credits_posted"], "1050");
    // The id is the key of its idempotency: the same answer, and nothing more happens.
    let again = web.post("/v1/transfers", &deposit);
    assert_eq!((again.status, &again.ok()["code"]), (200, &json!("exists")));
    assert_eq!(
        (&again.ok()["timestamp"], &again.ok()["credit"]),
        (&first["timestamp"], &first["credit"])
    );
    assert!(again.header("x-ledger-op").is_some());
    let mut other = deposit.clone();
    other["decimal"] = "10.51".into();
    web.post("/v1/transfers", &other).refused(409, "exists_with_different_amount");

    let trial = web.get("/v1/trial-balance").ok();
    assert_eq!(trial["balanced"], true);
    assert_eq!(trial["ledgers"][0]["decimal"]["debits_posted"], "10.50");
    let ledgers = web.get("/v1/ledgers").ok();
    assert_eq!((&ledgers[0]["currency"], &ledgers[0]["exponent"]), (&json!("EUR"), &json!(2)));
    assert_eq!(web.post("/v1/checkpoint", &json!({})).status, 202);
    assert_eq!(web.get("/v1/accounts/1").ok()["decimal"]["credits_posted"], "10.50");
}

#[test]
fn amounts_are_exact_to_the_last_digit() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let most = "9".repeat(38);
    assert_eq!(
        web.post("/v1/transfers", &payment("1", &most)).ok()["debit"]["debits_posted"],
        most.as_str()
    );
    web.post("/v1/transfers", &payment("2", "1")).refused(422, "overflows_debits_posted");
    // As a rival's bug had it: 10.85 is 1085, and never 1084.
    let exact = json!({"id": "3", "debit_account_id": "3", "credit_account_id": "4", "decimal": "10.85", "ledger": 1, "code": 1});
    assert_eq!(web.post("/v1/transfers", &exact).ok()["amount"], "1085");
    let mut yen = exact.clone();
    yen["id"] = "4".into();
    yen["ledger"] = 2.into();
    let told = web.post("/v1/transfers", &yen).problem(400, "bad_request");
    assert!(told.contains("decimal places"), "{told}");
}

#[test]
fn two_phases() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let mut hold = payment("1", "100");
    hold["flags"] = json!(["pending"]);
    hold["timeout"] = 3_600.into();
    assert_eq!(web.post("/v1/transfers", &hold).ok()["debit"]["debits_pending"], "100");
    let post = json!({"id": "2", "pending_id": "1", "amount": "60", "flags": ["post_pending"]});
    let posted = web.post("/v1/transfers", &post).ok();
    assert_eq!(
        (&posted["debit"]["debits_posted"], &posted["debit"]["debits_pending"]),
        (&json!("60"), &json!("0"))
    );
    let void = json!({"id": "3", "pending_id": "1", "flags": ["void_pending"]});
    web.post("/v1/transfers", &void).refused(422, "pending_transfer_already_posted");
    // The id keeps its answer.
    web.post("/v1/transfers", &void).refused(422, "pending_transfer_already_posted");
    assert_eq!(web.get("/v1/transfers/3").ok()["kind"], "refusal");
    let found = web.get("/v1/transfers/2").ok();
    assert_eq!(
        (&found["debit_account_id"], &found["flags"]),
        (&json!("1"), &json!(["post_pending"]))
    );
}

#[test]
fn transactions_and_exchanges() {
    let server = Server::with_accounts(Setup::default());
    let mut web = server.web();
    let split = json!({
        "id": "1", "code": 5,
        "legs": [
            {"account_id": "1", "side": "debit", "decimal": "3.00"},
            {"account_id": "2", "side": "credit", "amount": "100"},
            {"account_id": "3", "side": "credit", "amount": "200"},
        ],
        "metadata": {"invoice": "2026-11", "final": true, "number": -7, "due": {"time": "1800000000000000000"}},
    });
    let done = web.post("/v1/transactions", &split);
    assert_eq!((done.status, &done.ok()["legs"][0]["amount"]), (201, &json!("300")));
    assert_eq!(web.post("/v1/transactions", &split).status, 200);
    assert_eq!(web.get("/v1/transfers/1").ok()["metadata"], split["metadata"]);
    let mut uneven = split.clone();
    uneven["id"] = "2".into();
    uneven["legs"][1]["amount"] = "99".into();
    web.post("/v1/transactions", &uneven).refused(422, "legs_are_not_balanced");
    let exchange = json!({
        "id": "3", "code": 5,
        "exchange": {
            "source": "1", "source_liquidity": "2", "target_liquidity": "21", "target": "22", "residue": "21",
            "decimal": "10.00", "rate": {"numerator": "16011", "denominator": "100"}, "rounding": "half_even",
        },
    });
    let done = web.post("/v1/transactions", &exchange).ok();
    // 1601.1 yen: 1602 are paid, 1601 arrive, 1 is the residue.
    let amounts: Vec<&str> =
        done["legs"].as_array().unwrap().iter().map(|it| it["amount"].as_str().unwrap()).collect();
    assert_eq!(amounts, ["1000", "1000", "1602", "1601", "1"]);
    assert_eq!(web.get("/v1/transfers/3").ok()["exchange"]["rounding"], "half_even");
    assert_eq!(web.get("/v1/trial-balance").ok()["balanced"], true);
}
