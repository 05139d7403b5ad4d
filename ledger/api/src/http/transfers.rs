//! `/v1/transfers`.

use axum::extract::{Path, State};
use ledger::model::{Batch, Reply as Answers, Transfer, TransferFlags};
use ledger::money::Amount;
use serde::Deserialize;
use serde_json::json;

use super::accounts::{flag, id};
use super::amounts::{self, Currencies, Of};
use super::body::Events;
use super::reply::{self, Reply};
use super::show;
use super::{App, Deadline};
use crate::numbers::{Id, Long, Units};
use crate::{Problem, writes};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    id: Id,
    #[serde(default)]
    debit_account_id: Id,
    #[serde(default)]
    credit_account_id: Id,
    amount: Option<Units>,
    decimal: Option<String>,
    #[serde(default)]
    ledger: u32,
    #[serde(default)]
    code: u16,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    pending_id: Id,
    #[serde(default)]
    timeout: u32,
    #[serde(default)]
    user_data_128: Id,
    #[serde(default)]
    user_data_64: Long,
    #[serde(default)]
    user_data_32: u32,
}

impl Asked {
    fn transfer(&self, at: usize, currencies: &Currencies) -> Result<Transfer, Problem> {
        let mut flags = TransferFlags::NONE;
        for name in &self.flags {
            let flag = flag(name, TransferFlags::NAMES);
            flags = flags | flag.map_err(|it| Problem::BadRequest(format!("event {at}: {it}")))?;
        }
        let default = writes::amount_is_implied(flags).then_some(Amount::ZERO);
        let asked = amounts::Asked {
            amount: self.amount,
            decimal: self.decimal.as_deref(),
            of: Of::Ledger(self.ledger),
        };
        Ok(Transfer {
            id: self.id.0,
            debit_account_id: self.debit_account_id.0,
            credit_account_id: self.credit_account_id.0,
            amount: currencies.amount(&asked, at, default)?,
            pending_id: self.pending_id.0,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            timeout: self.timeout,
            ledger: self.ledger,
            code: self.code,
            flags,
            timestamp: 0,
        })
    }
}

/// `POST /v1/transfers`
pub(super) async fn create(
    State(app): State<App>,
    deadline: Deadline,
    Events { all, single }: Events<Asked>,
) -> Reply {
    let decimals = all.iter().filter(|it| it.decimal.is_some()).map(|it| Of::Ledger(it.ledger));
    let currencies = Currencies::find(&app, deadline, decimals).await?;
    let mut events = Vec::with_capacity(all.len());
    for (at, asked) in all.iter().enumerate() {
        events.push(asked.transfer(at, &currencies)?);
    }
    let ids: Vec<u128> = events.iter().map(|it| it.id).collect();
    let answer = app.commit(Batch::Transfers(events), deadline).await?;
    let Answers::Transfers(outcomes) = &answer.reply else { return Err(Problem::Unknown) };
    Ok(show::outcomes(&answer, single, &ids, outcomes, |it| {
        let more = if it.code.is_success() {
            json!({
                "amount": it.amount.to_string(),
                "debit": show::balances(&it.debit),
                "credit": show::balances(&it.credit),
            })
        } else {
            json!({})
        };
        (it.code, it.timestamp, more)
    }))
}

/// `GET /v1/transfers/{id}`
pub(super) async fn one(
    State(app): State<App>,
    deadline: Deadline,
    Path(text): Path<String>,
) -> Reply {
    let id = id(&text)?;
    let found = app.desk.read(deadline.0, move |node| {
        node.entry(id)?.ok_or_else(|| Problem::NotFound(format!("transfer or transaction {id}")))
    });
    reply::ok(&show::entry(&found.await?))
}
