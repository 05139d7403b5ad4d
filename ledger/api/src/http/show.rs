//! What the ledger holds and answers, as JSON.

use axum::http::StatusCode;
use axum::response::Response;
use ledger::model::{
    Account, AccountFlags, Balances, Code, Entry, PostedLeg, PostedTransaction, PostedTransfer,
    Posting, Resolution, Side, TransferFlags, Value as Metadatum,
};
use ledger::money::{Currency, Rounding};
use ledger::query::Page;
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
    json!({
        "debits_pending": balances.debits_pending.to_string(),
        "debits_posted": balances.debits_posted.to_string(),
        "credits_pending": balances.credits_pending.to_string(),
        "credits_posted": balances.credits_posted.to_string(),
    })
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

fn names<T: Copy>(names: &[(&str, T)], contains: impl Fn(T) -> bool) -> Vec<String> {
    names.iter().filter(|it| contains(it.1)).map(|it| it.0.to_ascii_lowercase()).collect()
}

/// An account.
pub(super) fn account(account: &Account) -> Value {
    json!({
        "id": account.id.to_string(),
        "ledger": account.ledger,
        "code": account.code,
        "flags": names(AccountFlags::NAMES, |it| account.flags.contains(it)),
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

/// What kind of entry it is.
pub(super) fn kind(entry: &Entry) -> &'static str {
    match entry {
        Entry::Transfer(_) => "transfer",
        Entry::Transaction(_) => "transaction",
        Entry::Expiry { .. } => "expiry",
        Entry::Refusal { .. } => "refusal",
    }
}

/// Something that happened.
pub(super) fn entry(entry: &Entry) -> Value {
    match entry {
        Entry::Transfer(posted) => transfer(posted),
        Entry::Transaction(posted) => transaction(posted),
        Entry::Expiry {
            timestamp,
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            debit,
            credit,
        } => json!({
            "kind": "expiry",
            "resolution": resolution(Resolution::Expired),
            "pending_id": pending_id.to_string(),
            "debit_account_id": debit_account_id.to_string(),
            "credit_account_id": credit_account_id.to_string(),
            "amount": amount.to_string(),
            "debit": balances(debit),
            "credit": balances(credit),
            "timestamp": timestamp.to_string(),
        }),
        Entry::Refusal { timestamp, id, code, .. } => json!({
            "kind": "refusal",
            "id": id.to_string(),
            "code": code.name(),
            "number": code.number(),
            "says": code.says(),
            "do": reply::advice(*code),
            "timestamp": timestamp.to_string(),
        }),
    }
}

fn resolution(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Posted => "posted",
        Resolution::Voided => "voided",
        Resolution::Expired => "expired",
    }
}

fn transfer(posted: &PostedTransfer) -> Value {
    let PostedTransfer { transfer, debit, credit, .. } = posted;
    json!({
        "kind": "transfer",
        "id": transfer.id.to_string(),
        "debit_account_id": transfer.debit_account_id.to_string(),
        "credit_account_id": transfer.credit_account_id.to_string(),
        "amount": transfer.amount.to_string(),
        "ledger": transfer.ledger,
        "code": transfer.code,
        "flags": names(TransferFlags::NAMES, |it| transfer.flags.contains(it)),
        "pending_id": transfer.pending_id.to_string(),
        "timeout": transfer.timeout,
        "user_data_128": transfer.user_data_128.to_string(),
        "user_data_64": transfer.user_data_64.to_string(),
        "user_data_32": transfer.user_data_32,
        "debit": balances(debit),
        "credit": balances(credit),
        "timestamp": transfer.timestamp.to_string(),
    })
}

/// Legs with their accounts' balances.
pub(super) fn legs(legs: &[PostedLeg]) -> Value {
    let leg = |posted: &PostedLeg| {
        json!({
            "account_id": posted.leg.account_id.to_string(),
            "side": side(posted.leg.side),
            "amount": posted.leg.amount.to_string(),
            "balances": balances(&posted.balances),
        })
    };
    legs.iter().map(leg).collect()
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Debit => "debit",
        Side::Credit => "credit",
    }
}

fn transaction(posted: &PostedTransaction) -> Value {
    let said = &posted.transaction;
    let exchange = match &said.posting {
        Posting::Legs(_) => Value::Null,
        Posting::Exchange(it) => json!({
            "source": it.source.to_string(),
            "source_liquidity": it.source_liquidity.to_string(),
            "target_liquidity": it.target_liquidity.to_string(),
            "target": it.target.to_string(),
            "residue": it.residue.to_string(),
            "amount": it.amount.to_string(),
            "rate": {"numerator": it.rate.numerator.to_string(), "denominator": it.rate.denominator.to_string()},
            "rounding": match it.rounding {
                Rounding::Down => "down",
                Rounding::Up => "up",
                Rounding::HalfEven => "half_even",
            },
        }),
    };
    let metadata: Map<String, Value> = said
        .metadata
        .entries()
        .iter()
        .map(|(key, value)| (key.clone(), metadatum(value)))
        .collect();
    json!({
        "kind": "transaction",
        "id": said.id.to_string(),
        "code": said.code,
        "linked": said.linked,
        "exchange": exchange,
        "legs": legs(&posted.legs),
        "metadata": metadata,
        "user_data_128": said.user_data_128.to_string(),
        "user_data_64": said.user_data_64.to_string(),
        "user_data_32": said.user_data_32,
        "timestamp": said.timestamp.to_string(),
    })
}

fn metadatum(value: &Metadatum) -> Value {
    match value {
        Metadatum::Bool(yes) => (*yes).into(),
        Metadatum::Integer(number) => (*number).into(),
        Metadatum::Text(text) => text.as_str().into(),
        Metadatum::Time(nanoseconds) => json!({"time": nanoseconds.to_string()}),
    }
}
