//! `/v1/transactions`.

use std::collections::BTreeMap;

use axum::extract::State;
use ledger::model::{
    Batch, Exchange, Leg, Metadata, Posting, Reply as Answers, Side, Transaction, Value,
};
use ledger::money::{Rate, Rounding};
use serde::Deserialize;
use serde_json::json;

use super::amounts::{self, Currencies, Of};
use super::body::Events;
use super::object::Object;
use super::reply::Reply;
use super::show;
use super::{App, Deadline};
use crate::Problem;
use crate::numbers::{Id, Long, Units};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    id: Id,
    code: u16,
    #[serde(default)]
    linked: bool,
    legs: Option<Vec<Object<AskedLeg>>>,
    exchange: Option<Object<AskedExchange>>,
    #[serde(default)]
    metadata: BTreeMap<String, AskedValue>,
    #[serde(default)]
    user_data_128: Id,
    #[serde(default)]
    user_data_64: Long,
    #[serde(default)]
    user_data_32: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedLeg {
    account_id: Id,
    side: AskedSide,
    amount: Option<Units>,
    decimal: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskedSide {
    Debit,
    Credit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedExchange {
    source: Id,
    source_liquidity: Id,
    target_liquidity: Id,
    target: Id,
    residue: Id,
    amount: Option<Units>,
    decimal: Option<String>,
    rate: Object<AskedRate>,
    #[serde(default)]
    rounding: AskedRounding,
}

/// Major units of the second currency for one of the first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedRate {
    numerator: Long,
    denominator: Long,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskedRounding {
    #[default]
    Down,
    Up,
    HalfEven,
}

/// Typed: a text, a boolean, a whole number, or a time in nanoseconds since 1970.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a text, a boolean, a whole number below 2^63, or {\"time\": nanoseconds in a string}"
)]
pub(super) enum AskedValue {
    Bool(bool),
    Integer(i64),
    Text(String),
    Time(AskedTime),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedTime {
    time: Long,
}

impl From<AskedValue> for Value {
    fn from(asked: AskedValue) -> Self {
        match asked {
            AskedValue::Bool(yes) => Self::Bool(yes),
            AskedValue::Integer(number) => Self::Integer(number),
            AskedValue::Text(text) => Self::Text(text),
            AskedValue::Time(time) => Self::Time(time.time.0),
        }
    }
}

impl AskedLeg {
    fn asked(&self) -> amounts::Asked<'_> {
        amounts::Asked {
            amount: self.amount,
            decimal: self.decimal.as_deref(),
            of: Of::Account(self.account_id.0),
        }
    }
}

impl AskedExchange {
    fn asked(&self) -> amounts::Asked<'_> {
        amounts::Asked {
            amount: self.amount,
            decimal: self.decimal.as_deref(),
            of: Of::Account(self.source.0),
        }
    }

    fn exchange(&self, at: usize, currencies: &Currencies) -> Result<Exchange, Problem> {
        Ok(Exchange {
            source: self.source.0,
            source_liquidity: self.source_liquidity.0,
            target_liquidity: self.target_liquidity.0,
            target: self.target.0,
            residue: self.residue.0,
            amount: currencies.amount(&self.asked(), at, None)?,
            rate: Rate {
                numerator: self.rate.0.numerator.0,
                denominator: self.rate.0.denominator.0,
            },
            rounding: match self.rounding {
                AskedRounding::Down => Rounding::Down,
                AskedRounding::Up => Rounding::Up,
                AskedRounding::HalfEven => Rounding::HalfEven,
            },
        })
    }
}

impl Asked {
    /// Whose currencies its decimal amounts are of.
    fn decimals(&self) -> impl Iterator<Item = Of> + '_ {
        let legs = self
            .legs
            .iter()
            .flatten()
            .map(|it| &it.0)
            .filter(|it| it.decimal.is_some())
            .map(|it| it.asked().of);
        legs.chain(
            self.exchange
                .iter()
                .map(|it| &it.0)
                .filter(|it| it.decimal.is_some())
                .map(|it| it.asked().of),
        )
    }

    fn transaction(self, at: usize, currencies: &Currencies) -> Result<Transaction, Problem> {
        let bad = |says: String| Problem::BadRequest(format!("event {at}: {says}"));
        let posting = match (&self.legs, &self.exchange) {
            (Some(legs), None) => {
                let leg = |Object(it): &Object<AskedLeg>| {
                    let side = match it.side {
                        AskedSide::Debit => Side::Debit,
                        AskedSide::Credit => Side::Credit,
                    };
                    let amount = currencies.amount(&it.asked(), at, None)?;
                    Ok(Leg { account_id: it.account_id.0, side, amount })
                };
                Posting::Legs(legs.iter().map(leg).collect::<Result<_, Problem>>()?)
            }
            (None, Some(exchange)) => Posting::Exchange(exchange.0.exchange(at, currencies)?),
            _ => return Err(bad("a transaction has either legs or an exchange".to_owned())),
        };
        let metadata = self.metadata.into_iter().map(|(key, it)| (key, it.into())).collect();
        Ok(Transaction {
            id: self.id.0,
            posting,
            user_data_128: self.user_data_128.0,
            user_data_64: self.user_data_64.0,
            user_data_32: self.user_data_32,
            code: self.code,
            linked: self.linked,
            metadata: Metadata::new(metadata).map_err(|it| bad(it.to_string()))?,
            timestamp: 0,
        })
    }
}

/// `POST /v1/transactions`
pub(super) async fn create(
    State(app): State<App>,
    deadline: Deadline,
    Events { all, single }: Events<Asked>,
) -> Reply {
    let decimals: Vec<Of> = all.iter().flat_map(Asked::decimals).collect();
    let currencies = Currencies::find(&app, deadline, decimals.into_iter()).await?;
    let mut events = Vec::with_capacity(all.len());
    for (at, asked) in all.into_iter().enumerate() {
        events.push(asked.transaction(at, &currencies)?);
    }
    let ids: Vec<u128> = events.iter().map(|it| it.id).collect();
    let answer = app.commit(Batch::Transactions(events), deadline).await?;
    let Answers::Transactions(outcomes) = &answer.reply else { return Err(Problem::Unknown) };
    Ok(show::outcomes(&answer, single, &ids, outcomes, |it| {
        let more =
            if it.code.is_success() { json!({"legs": show::legs(&it.legs)}) } else { json!({}) };
        (it.code, it.timestamp, more)
    }))
}
