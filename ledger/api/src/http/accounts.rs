//! `/v1/accounts`.

use axum::extract::{Path, Query, State};
use ledger::model::{Account, AccountFlags, Batch, Reply as Answers};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Events;
use super::query::Span;
use super::reply::{self, Reply};
use super::show;
use super::{App, Deadline};
use crate::Problem;
use crate::numbers::{Id, Long};

/// The most accounts of one list.
const MOST: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    id: Id,
    ledger: u32,
    code: u16,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    user_data_128: Id,
    #[serde(default)]
    user_data_64: Long,
    #[serde(default)]
    user_data_32: u32,
}

impl Asked {
    fn account(&self) -> Result<Account, String> {
        let mut flags = AccountFlags::NONE;
        for name in &self.flags {
            flags = flags | flag(name, AccountFlags::NAMES)?;
        }
        Ok(Account {
            id: self.id.0,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            ledger: self.ledger,
            code: self.code,
            flags,
            ..Account::default()
        })
    }
}

/// The flag of a name, in small letters.
pub(super) fn flag<T: Copy>(name: &str, names: &[(&str, T)]) -> Result<T, String> {
    let found = names.iter().find(|it| {
        it.0.eq_ignore_ascii_case(name) && !name.bytes().any(|it| it.is_ascii_uppercase())
    });
    found.map(|it| it.1).ok_or_else(|| {
        let known: Vec<String> = names.iter().map(|it| it.0.to_ascii_lowercase()).collect();
        let shown: String = name.chars().take(48).collect();
        format!("there is no flag {shown:?}: one of {}", known.join(", "))
    })
}

/// `POST /v1/accounts`
pub(super) async fn create(
    State(app): State<App>,
    deadline: Deadline,
    Events { all, single }: Events<Asked>,
) -> Reply {
    let mut events = Vec::with_capacity(all.len());
    for (at, asked) in all.iter().enumerate() {
        let account = asked.account();
        events.push(account.map_err(|it| Problem::BadRequest(format!("event {at}: {it}")))?);
    }
    let ids: Vec<u128> = events.iter().map(|it| it.id).collect();
    let answer = app.commit(Batch::Accounts(events), deadline).await?;
    let Answers::Accounts(outcomes) = &answer.reply else { return Err(Problem::Unknown) };
    Ok(show::outcomes(&answer, single, &ids, outcomes, |it| (it.code, it.timestamp, json!({}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
}

/// `GET /v1/accounts`
pub(super) async fn list(State(app): State<App>, deadline: Deadline, part: Params<Part>) -> Reply {
    let Part { offset, limit } = part.0;
    let limit = limit.unwrap_or(100).min(MOST);
    let (all, count) = app
        .desk
        .read(deadline.0, move |node| {
            let accounts = node.state().accounts();
            let count = accounts.len();
            Ok((accounts.skip(offset).take(limit).copied().collect::<Vec<_>>(), count))
        })
        .await?;
    let shown: Vec<Value> = all.iter().map(show::account).collect();
    let next = offset.saturating_add(all.len());
    let next = (next < count && !all.is_empty()).then_some(next);
    reply::ok(&json!({"accounts": shown, "count": count, "next": next}))
}

/// Parameters behind a path.
pub(super) struct Params<T>(pub T);

impl<T: serde::de::DeserializeOwned> axum::extract::FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        app: &App,
    ) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(found)) => Ok(Self(found)),
            Err(error) => Err(Problem::BadRequest(format!("parameters: {}", error.body_text()))),
        }
    }
}

/// The id of a path.
pub(super) fn id(text: &str) -> Result<u128, Problem> {
    Id::parse(text).map(|it| it.0).map_err(Problem::BadRequest)
}

fn missing(id: u128) -> Problem {
    Problem::NotFound(format!("account {id}"))
}

/// `GET /v1/accounts/{id}`
pub(super) async fn one(
    State(app): State<App>,
    deadline: Deadline,
    Path(text): Path<String>,
) -> Reply {
    let id = id(&text)?;
    let found = app.desk.read(deadline.0, move |node| {
        let account = node.state().account(id).copied().ok_or_else(|| missing(id))?;
        Ok((account, node.state().ledger(account.ledger).map(|it| it.currency)))
    });
    let (account, currency) = found.await?;
    let mut shown = show::account(&account);
    if let (Some(currency), Some(fields)) = (currency, shown.as_object_mut()) {
        fields.insert("currency".to_owned(), currency.code().into());
        fields.insert("decimal".to_owned(), show::decimal_balances(&account.balances, currency));
    }
    reply::ok(&shown)
}

/// `GET /v1/accounts/{id}/transfers`
pub(super) async fn transfers(
    State(app): State<App>,
    deadline: Deadline,
    Path(text): Path<String>,
    span: Params<Span>,
) -> Reply {
    let id = id(&text)?;
    let query = span.0.query(Some(id))?;
    let page = app
        .desk
        .read(deadline.0, move |node| {
            node.state().account(id).ok_or_else(|| missing(id))?;
            Ok(node.query(&query)?)
        })
        .await?;
    reply::ok(&show::page(&page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    at: Option<Long>,
}

/// `GET /v1/accounts/{id}/balances`
pub(super) async fn balances(
    State(app): State<App>,
    deadline: Deadline,
    Path(text): Path<String>,
    moment: Params<Moment>,
) -> Reply {
    let id = id(&text)?;
    let at = moment.0.at;
    let found = app.desk.read(deadline.0, move |node| {
        let state = node.state();
        let account = state.account(id).copied().ok_or_else(|| missing(id))?;
        let at = at.map_or(state.timestamp(), |it| it.0);
        let then = node.balances_at(id, at)?;
        let then = then.ok_or_else(|| Problem::NotFound(format!("account {id} at {at}")))?;
        Ok((at, then, state.ledger(account.ledger).map(|it| it.currency)))
    });
    let (at, then, currency) = found.await?;
    let decimal = currency.map(|it| show::decimal_balances(&then, it));
    reply::ok(&json!({
        "account_id": id.to_string(),
        "at": at.to_string(),
        "balances": show::balances(&then),
        "currency": currency.map(|it| it.code().to_owned()),
        "decimal": decimal,
    }))
}

/// `GET /v1/accounts/{id}/statement`
pub(super) async fn statement(
    State(app): State<App>,
    deadline: Deadline,
    Path(text): Path<String>,
    span: Params<Span>,
) -> Reply {
    let id = id(&text)?;
    let query = span.0.query(Some(id))?;
    if query.newest_first || query.after.is_some() {
        let says =
            "a statement goes from the oldest to the newest: narrow it with from and through";
        return Err(Problem::BadRequest(says.to_owned()));
    }
    let found = app.desk.read(deadline.0, move |node| {
        let statement =
            node.statement(id, query.timestamps, query.limit)?.ok_or_else(|| missing(id))?;
        let account = node.state().account(id).copied().ok_or_else(|| missing(id))?;
        Ok((statement, node.state().ledger(account.ledger).map(|it| it.currency)))
    });
    let (statement, currency) = found.await?;
    let lines: Vec<Value> = statement
        .lines
        .iter()
        .map(|line| json!({"entry": show::entry(&line.entry), "balances": show::balances(&line.balances)}))
        .collect();
    reply::ok(&json!({
        "account_id": id.to_string(),
        "currency": currency.map(|it| it.code().to_owned()),
        "opening": show::balances(&statement.opening),
        "lines": lines,
        "closing": show::balances(&statement.closing),
        "truncated": statement.truncated,
    }))
}
