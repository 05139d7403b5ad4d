//! A change as one line of JSON: what `ledger feed` writes, and what streams are read from.
//!
//! Numbers that can exceed 2^53 are strings, as everywhere in the ledger's JSON.

use std::{fmt::Display, str::FromStr};

use ledger::{
    model::{Balances, Entry, Side, TransferFlags},
    query::Change,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<T>(pub T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|e| serde::de::Error::custom(format!("{text:?}: {e}")))
    }
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The operation: the offset of the feed.
    pub op: u64,
    /// Which of its entries.
    pub index: u32,
    /// When, in nanoseconds since 1970 by the log.
    pub timestamp: Text<u64>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// A transfer, posted at once.
    Transfer(Moved),
    /// A transfer that reserves.
    Pending(Moved),
    /// Posts what was reserved, or a part.
    Post(Moved),
    /// Gives back what was reserved.
    Void(Moved),
    /// Gives back what was reserved: its time ran out.
    Expiry(Moved),
    /// Legs, all of them.
    Transaction {
        /// Its id.
        id: Text<u128>,
        /// Why, for the client.
        code: u16,
        /// Its legs.
        legs: Vec<MovedLeg>,
    },
    /// Nothing moved.
    Refusal {
        /// The event's id.
        id: Text<u128>,
        /// Why, by the code's name.
        reason: String,
    },
}

/// What moved between two accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The transfer; of an expiry, the pending one.
    pub id: Text<u128>,
    /// The transfer that is posted or given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_id: Option<Text<u128>>,
    /// Debited.
    pub debit_account_id: Text<u128>,
    /// Credited.
    pub credit_account_id: Text<u128>,
    /// Minor units: moved, reserved, or given back.
    pub amount: Text<u128>,
    /// Why, for the client; 0 of an expiry.
    pub code: u16,
    /// The debited account right after it.
    pub debit: Sums,
    /// The credited account right after it.
    pub credit: Sums,
}

/// A leg of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedLeg {
    /// The account.
    pub account_id: Text<u128>,
    /// `debit` or `credit`.
    pub side: SideName,
    /// Minor units.
    pub amount: Text<u128>,
    /// The account right after the whole.
    pub after: Sums,
}

/// A side by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideName {
    /// The left one.
    Debit,
    /// The right one.
    Credit,
}

/// The four sums of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// As in [`Balances`].
    pub debits_pending: Text<u128>,
    /// As in [`Balances`].
    pub debits_posted: Text<u128>,
    /// As in [`Balances`].
    pub credits_pending: Text<u128>,
    /// As in [`Balances`].
    pub credits_posted: Text<u128>,
}

impl From<Balances> for Sums {
    fn from(balances: Balances) -> Self {
        Self {
            debits_pending: Text(balances.debits_pending.get()),
            debits_posted: Text(balances.debits_posted.get()),
            credits_pending: Text(balances.credits_pending.get()),
            credits_posted: Text(balances.credits_posted.get()),
        }
    }
}

impl From<&Change> for Line {
    fn from(change: &Change) -> Self {
        let what = match &change.entry {
            Entry::Transfer(posted) => {
                let transfer = &posted.transfer;
                let resolves = transfer
                    .flags
                    .intersects(TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING);
                let moved = Moved {
                    id: Text(transfer.id),
                    pending_id: resolves.then_some(Text(transfer.pending_id)),
                    debit_account_id: Text(transfer.debit_account_id),
                    credit_account_id: Text(transfer.credit_account_id),
                    amount: Text(transfer.amount.get()),
                    code: transfer.code,
                    debit: posted.debit.into(),
                    credit: posted.credit.into(),
                };
                if transfer.flags.contains(TransferFlags::POST_PENDING) {
                    What::Post(moved)
                } else if transfer.flags.contains(TransferFlags::VOID_PENDING) {
                    What::Void(moved)
                } else if transfer.flags.contains(TransferFlags::PENDING) {
                    What::Pending(moved)
                } else {
                    What::Transfer(moved)
                }
            }
            Entry::Expiry {
                pending_id,
                debit_account_id,
                credit_account_id,
                amount,
                debit,
                credit,
                ..
            } => What::Expiry(Moved {
                id: Text(*pending_id),
                pending_id: Some(Text(*pending_id)),
                debit_account_id: Text(*debit_account_id),
                credit_account_id: Text(*credit_account_id),
                amount: Text(amount.get()),
                code: 0,
                debit: (*debit).into(),
                credit: (*credit).into(),
            }),
            Entry::Transaction(posted) => What::Transaction {
                id: Text(posted.transaction.id),
                code: posted.transaction.code,
                legs: posted
                    .legs
                    .iter()
                    .map(|posted| MovedLeg {
                        account_id: Text(posted.leg.account_id),
                        side: match posted.leg.side {
                            Side::Debit => SideName::Debit,
                            Side::Credit => SideName::Credit,
                        },
                        amount: Text(posted.leg.amount.get()),
                        after: posted.balances.into(),
                    })
                    .collect(),
            },
            Entry::Refusal { id, code, .. } => What::Refusal { id: Text(*id), reason: code.name() },
        };
        Self { op: change.op, index: change.index, timestamp: Text(change.entry.timestamp()), what }
    }
}
