//! A transaction that happened.

use std::collections::BTreeMap;

use ledger::{
    model::{
        Exchange, Leg, MAX_LEGS, Metadata, PostedLeg, PostedTransaction, Posting, Side,
        Transaction, Value,
    },
    money::{Amount, Rate, Rounding},
};
use serde::{Deserialize, Serialize};

use crate::{entry::Sums, numbers::Text};

#[derive(Serialize, Deserialize)]
pub(crate) struct TransactionForm {
    id: Text<u128>,
    code: u16,
    linked: bool,
    #[serde(default)]
    exchange: Option<ExchangeForm>,
    legs: Vec<PostedLegForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_legs: Option<Vec<LegForm>>,
    #[serde(default)]
    metadata: BTreeMap<String, ValueForm>,
    user_data_128: Text<u128>,
    user_data_64: Text<u64>,
    user_data_32: u32,
    timestamp: Text<u64>,
}

#[derive(Serialize, Deserialize)]
struct ExchangeForm {
    source: Text<u128>,
    source_liquidity: Text<u128>,
    target_liquidity: Text<u128>,
    target: Text<u128>,
    residue: Text<u128>,
    amount: Text<Amount>,
    rate: RateForm,
    rounding: RoundingForm,
}

#[derive(Serialize, Deserialize)]
struct RateForm {
    numerator: Text<u64>,
    denominator: Text<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoundingForm {
    Down,
    Up,
    HalfEven,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SideForm {
    Debit,
    Credit,
}

#[derive(Serialize, Deserialize)]
struct LegForm {
    account_id: Text<u128>,
    side: SideForm,
    amount: Text<Amount>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct PostedLegForm {
    account_id: Text<u128>,
    side: SideForm,
    amount: Text<Amount>,
    balances: Sums,
}

#[derive(Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a value of metadata is a text, a boolean, a whole number below 2^63, or {\"time\": nanoseconds in a string}"
)]
enum ValueForm {
    Bool(bool),
    Integer(i64),
    Text(String),
    Time { time: Text<u64> },
}

impl From<&PostedTransaction> for TransactionForm {
    fn from(posted: &PostedTransaction) -> Self {
        let said = &posted.transaction;
        let (exchange, asked_legs) = match &said.posting {
            Posting::Exchange(exchange) => (Some(exchange.into()), None),
            Posting::Legs(asked) => {
                let same = asked.iter().eq(posted.legs.iter().map(|posted| &posted.leg));
                (None, (!same).then(|| asked.iter().map(LegForm::from).collect()))
            }
        };
        Self {
            id: Text(said.id),
            code: said.code,
            linked: said.linked,
            exchange,
            legs: posted.legs.iter().map(PostedLegForm::from).collect(),
            asked_legs,
            metadata: said
                .metadata
                .entries()
                .iter()
                .map(|(key, value)| (key.clone(), value.into()))
                .collect(),
            user_data_128: Text(said.user_data_128),
            user_data_64: Text(said.user_data_64),
            user_data_32: said.user_data_32,
            timestamp: Text(said.timestamp),
        }
    }
}

impl TryFrom<TransactionForm> for PostedTransaction {
    type Error = String;

    fn try_from(form: TransactionForm) -> Result<Self, String> {
        let asked = form.asked_legs.as_ref().map_or(0, Vec::len);
        if form.legs.len().max(asked) > MAX_LEGS {
            return Err(format!("{} legs, at most {MAX_LEGS}", form.legs.len().max(asked)));
        }
        let legs: Vec<PostedLeg> = form.legs.into_iter().map(PostedLeg::from).collect();
        let posting = match (form.exchange, form.asked_legs) {
            (Some(_), Some(_)) => return Err("an exchange has no asked_legs".to_owned()),
            (Some(exchange), None) => Posting::Exchange(exchange.into()),
            (None, Some(asked)) => Posting::Legs(asked.into_iter().map(Leg::from).collect()),
            (None, None) => Posting::Legs(legs.iter().map(|posted| posted.leg).collect()),
        };
        let metadata = form.metadata.into_iter().map(|(key, it)| (key, it.into())).collect();
        let transaction = Transaction {
            id: form.id.0,
            posting,
            user_data_128: form.user_data_128.0,
            user_data_64: form.user_data_64.0,
            user_data_32: form.user_data_32,
            code: form.code,
            linked: form.linked,
            metadata: Metadata::new(metadata).map_err(|it| it.to_string())?,
            timestamp: form.timestamp.0,
        };
        Ok(Self { transaction, legs })
    }
}

impl From<&Exchange> for ExchangeForm {
    fn from(it: &Exchange) -> Self {
        Self {
            source: Text(it.source),
            source_liquidity: Text(it.source_liquidity),
            target_liquidity: Text(it.target_liquidity),
            target: Text(it.target),
            residue: Text(it.residue),
            amount: Text(it.amount),
            rate: RateForm {
                numerator: Text(it.rate.numerator),
                denominator: Text(it.rate.denominator),
            },
            rounding: match it.rounding {
                Rounding::Down => RoundingForm::Down,
                Rounding::Up => RoundingForm::Up,
                Rounding::HalfEven => RoundingForm::HalfEven,
            },
        }
    }
}

impl From<ExchangeForm> for Exchange {
    fn from(form: ExchangeForm) -> Self {
        Self {
            source: form.source.0,
            source_liquidity: form.source_liquidity.0,
            target_liquidity: form.target_liquidity.0,
            target: form.target.0,
            residue: form.residue.0,
            amount: form.amount.0,
            rate: Rate { numerator: form.rate.numerator.0, denominator: form.rate.denominator.0 },
            rounding: match form.rounding {
                RoundingForm::Down => Rounding::Down,
                RoundingForm::Up => Rounding::Up,
                RoundingForm::HalfEven => Rounding::HalfEven,
            },
        }
    }
}

impl From<Side> for SideForm {
    fn from(side: Side) -> Self {
        match side {
            Side::Debit => Self::Debit,
            Side::Credit => Self::Credit,
        }
    }
}

impl From<SideForm> for Side {
    fn from(form: SideForm) -> Self {
        match form {
            SideForm::Debit => Self::Debit,
            SideForm::Credit => Self::Credit,
        }
    }
}

impl From<&Leg> for LegForm {
    fn from(leg: &Leg) -> Self {
        Self { account_id: Text(leg.account_id), side: leg.side.into(), amount: Text(leg.amount) }
    }
}

impl From<LegForm> for Leg {
    fn from(form: LegForm) -> Self {
        Self { account_id: form.account_id.0, side: form.side.into(), amount: form.amount.0 }
    }
}

impl From<&PostedLeg> for PostedLegForm {
    fn from(posted: &PostedLeg) -> Self {
        let PostedLeg { leg, balances } = posted;
        Self {
            account_id: Text(leg.account_id),
            side: leg.side.into(),
            amount: Text(leg.amount),
            balances: balances.into(),
        }
    }
}

impl From<PostedLegForm> for PostedLeg {
    fn from(form: PostedLegForm) -> Self {
        Self {
            leg: Leg {
                account_id: form.account_id.0,
                side: form.side.into(),
                amount: form.amount.0,
            },
            balances: form.balances.into(),
        }
    }
}

impl From<&Value> for ValueForm {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Integer(number) => Self::Integer(*number),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Time(nanoseconds) => Self::Time { time: Text(*nanoseconds) },
        }
    }
}

impl From<ValueForm> for Value {
    fn from(form: ValueForm) -> Self {
        match form {
            ValueForm::Bool(yes) => Self::Bool(yes),
            ValueForm::Integer(number) => Self::Integer(number),
            ValueForm::Text(text) => Self::Text(text),
            ValueForm::Time { time } => Self::Time(time.0),
        }
    }
}
