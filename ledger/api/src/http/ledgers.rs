//! `/v1/ledgers` and the trial balance.

use axum::extract::State;
use axum::response::Response;
use ledger::model::{Batch, Ledger, Reply as Answers};
use ledger::money::Currency;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Events;
use super::decimal;
use super::reply::{self, Reply};
use super::show;
use super::{App, Deadline};
use crate::wire::Trial;
use crate::{Problem, reads};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    id: u32,
    currency: String,
    exponent: u8,
}

/// `POST /v1/ledgers`
pub(super) async fn create(
    State(app): State<App>,
    deadline: Deadline,
    Events { all, single }: Events<Asked>,
) -> Reply {
    let mut events = Vec::with_capacity(all.len());
    for (at, asked) in all.iter().enumerate() {
        let currency = Currency::new(&asked.currency, asked.exponent)
            .map_err(|error| Problem::BadRequest(format!("event {at}: {error}")))?;
        events.push(Ledger { id: asked.id, currency });
    }
    let ids: Vec<u128> = events.iter().map(|it| it.id.into()).collect();
    let answer = app.commit(Batch::Ledgers(events), deadline).await?;
    let Answers::Ledgers(outcomes) = &answer.reply else { return Err(Problem::Unknown) };
    Ok(show::outcomes(&answer, single, &ids, outcomes, |it| (it.code, it.timestamp, json!({}))))
}

/// `GET /v1/ledgers`
pub(super) async fn list(State(app): State<App>, deadline: Deadline) -> Reply {
    let trials = app.desk.read(deadline.0, |node| Ok(reads::trial_balance(node))).await?;
    let all: Vec<Value> = trials
        .iter()
        .map(|Trial { ledger, timestamp, .. }| {
            json!({
                "id": ledger.id,
                "currency": ledger.currency.code(),
                "exponent": ledger.currency.exponent(),
                "timestamp": timestamp.to_string(),
            })
        })
        .collect();
    reply::ok(&all)
}

/// `GET /v1/trial-balance`
pub(super) async fn trial_balance(State(app): State<App>, deadline: Deadline) -> Reply {
    let (op, trials) = app
        .desk
        .read(deadline.0, |node| Ok((node.state().op(), reads::trial_balance(node))))
        .await?;
    let all: Vec<Value> = trials.iter().map(show_trial).collect();
    let balanced = trials.iter().all(|it| it.totals.are_balanced());
    reply::ok(&json!({"op": op.to_string(), "balanced": balanced, "ledgers": all}))
}

fn show_trial(trial: &Trial) -> Value {
    let Trial { ledger, totals, .. } = trial;
    let currency = ledger.currency;
    let decimal = |it| decimal::format_sum(it, currency);
    json!({
        "ledger": ledger.id,
        "currency": currency.code(),
        "exponent": currency.exponent(),
        "balanced": totals.are_balanced(),
        "debits_pending": totals.debits_pending.to_string(),
        "debits_posted": totals.debits_posted.to_string(),
        "credits_pending": totals.credits_pending.to_string(),
        "credits_posted": totals.credits_posted.to_string(),
        "decimal": {
            "debits_pending": decimal(totals.debits_pending),
            "debits_posted": decimal(totals.debits_posted),
            "credits_pending": decimal(totals.credits_pending),
            "credits_posted": decimal(totals.credits_posted),
        },
    })
}

/// `POST /v1/checkpoint`
pub(super) async fn checkpoint(State(app): State<App>) -> Response {
    app.desk.checkpoint();
    reply::json(axum::http::StatusCode::ACCEPTED, &json!({"checkpoint": "begins soon"}))
}
