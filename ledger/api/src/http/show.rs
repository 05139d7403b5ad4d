//! What the ledger holds and answers, as JSON.

use axum::http::StatusCode;
use axum::response::Response;
use ledger::model::{Account, AccountFlags, Balances, Code, Entry, PostedLeg};
use ledger::money::Currency;
use ledger::query::Page;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::reply;
use crate::service::Answer;

/// The outcomes of events: of one alone, or of an array.
pub(super) fn outcomes<T>(
    answer: &Answer,
    single: bool,
    ids: &[u128],
    outcomes: &[T],
    show: impl Fn(&T) -> (Code, u64, Value),
) -> Response {
    let mut all = Vec::with_capacity(outcomes.len());
    let mut last = StatusCode::OK;
    for (id, outcome) in ids.iter().zip(outcomes) {
        let (code, timestamp, more) = show(outcome);
        last = reply::status(code);
        let mut shown = Map::new();
        shown.insert("id".to_owned(), id.to_string().into());
        shown.insert("code".to_owned(), code.name().into());
        shown.insert("number".to_owned(), code.number().into());
        shown.insert("timestamp".to_owned(), timestamp.to_string().into());
        if !code.is_success() {
            shown.insert("says".to_owned(), code.says().into());
            shown.insert("do".to_owned(), reply::advice(code).into());
        }
        if let Value::Object(more) = more {
            shown.extend(more);
        }
        all.push(Value::Object(shown));
    }
    let mut response = match (single, all.pop()) {
        (true, Some(one)) => reply::json(last, &one),
        (_, one) => {
            all.extend(one);
            reply::json(StatusCode::OK, &all)
        }
    };
    if let Ok(op) = answer.op.to_string().parse() {
        response.headers_mut().insert("x-ledger-op", op);
    }
    response
}

/// Four sums.
pub(super) fn balances(balances: &Balances) -> Value {
    value(ledger_json::balances(balances))
}

/// Four sums in major units.
pub(super) fn decimal_balances(balances: &Balances, currency: Currency) -> Value {
    let major = |it: ledger::money::Amount| it.display(&currency).to_string();
    json!({
        "debits_pending": major(balances.debits_pending),
        "debits_posted": major(balances.debits_posted),
        "credits_pending": major(balances.credits_pending),
        "credits_posted": major(balances.credits_posted),
    })
}

/// An account.
pub(super) fn account(account: &Account) -> Value {
    let flags = AccountFlags::NAMES.iter().filter(|it| account.flags.contains(it.1));
    json!({
        "id": account.id.to_string(),
        "ledger": account.ledger,
        "code": account.code,
        "flags": flags.map(|it| it.0.to_ascii_lowercase()).collect::<Vec<_>>(),
        "balances": balances(&account.balances),
        "user_data_128": account.user_data_128.to_string(),
        "user_data_64": account.user_data_64.to_string(),
        "user_data_32": account.user_data_32,
        "timestamp": account.timestamp.to_string(),
    })
}

/// A page of entries.
pub(super) fn page(page: &Page) -> Value {
    let entries: Vec<Value> = page.entries.iter().map(entry).collect();
    json!({"entries": entries, "next": page.next.map(|it| it.to_string())})
}

/// Something that happened: as in the feed, and what to do about a refusal.
pub(super) fn entry(entry: &Entry) -> Value {
    let mut shown = value(ledger_json::entry(entry));
    if let (Entry::Refusal { code, .. }, Some(fields)) = (entry, shown.as_object_mut()) {
        fields.insert("do".to_owned(), reply::advice(*code).into());
    }
    shown
}

/// Maps with text keys, lists, texts and numbers: nothing that JSON could not hold.
fn value(shown: impl Serialize) -> Value {
    serde_json::to_value(shown).unwrap_or_default()
}

/// Legs with their accounts' balances.
pub(super) fn legs(legs: &[PostedLeg]) -> Value {
    value(ledger_json::legs(legs))
}
