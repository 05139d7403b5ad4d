//! Which entries are meant.

use std::ops::RangeInclusive;

use crate::{
    model::{Entry, Leg, Side, Transfer, Value},
    money::Amount,
    state::State,
};

/// A condition on entries: all that is said holds (AND). Several filters of one [`Query`](super::Query) are alternatives (OR).
///
/// ```
/// use ledger::{model::Side, money::Amount, query::Filter};
///
/// let large_debits = Filter {
///     code: Some(7),
///     amount: Some(Amount::new(10_000).unwrap()..=Amount::MAX),
///     account: Some((42, Some(Side::Debit))),
///     ..Filter::default()
/// };
/// assert_eq!(large_debits.ledger, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Touches this account, on this side if one is given.
    pub account: Option<(u128, Option<Side>)>,
    /// Has this user data.
    pub user_data_128: Option<u128>,
    /// Has this user data.
    pub user_data_64: Option<u64>,
    /// Has this user data.
    pub user_data_32: Option<u32>,
    /// Has this code. Expiries have none.
    pub code: Option<u16>,
    /// Is of this ledger; of a transaction, one leg is.
    pub ledger: Option<u32>,
    /// Moves an amount within these bounds; of a transaction, one leg does.
    pub amount: Option<RangeInclusive<Amount>>,
    /// Has this among its metadata: only transactions do.
    pub metadata: Option<(String, Value)>,
    /// Whether it is a transfer that reserves.
    pub pending: Option<bool>,
}

impl Filter {
    /// Whether an entry is meant. Refusals never are: they moved nothing.
    #[must_use]
    pub fn matches(&self, entry: &Entry, state: &State) -> bool {
        match entry {
            Entry::Transfer(posted) => self.matches_transfer(&posted.transfer),
            Entry::Transaction(posted) => {
                let Self {
                    user_data_128, user_data_64, user_data_32, code, metadata, pending, ..
                } = self;
                let said = &posted.transaction;
                user_data_128.is_none_or(|wanted| wanted == said.user_data_128)
                    && user_data_64.is_none_or(|wanted| wanted == said.user_data_64)
                    && user_data_32.is_none_or(|wanted| wanted == said.user_data_32)
                    && code.is_none_or(|wanted| wanted == said.code)
                    && metadata
                        .as_ref()
                        .is_none_or(|(key, value)| said.metadata.get(key) == Some(value))
                    && *pending != Some(true)
                    && self.matches_legs(posted.legs.iter().map(|posted| &posted.leg), state)
            }
            Entry::Expiry { debit_account_id, credit_account_id, amount, .. } => {
                let ledger = state.account(*debit_account_id).map_or(0, |account| account.ledger);
                self.says_nothing_of_events()
                    && self.matches_pair(*debit_account_id, *credit_account_id, *amount, ledger)
            }
            Entry::Refusal { .. } => false,
        }
    }

    fn matches_transfer(&self, transfer: &Transfer) -> bool {
        self.user_data_128.is_none_or(|wanted| wanted == transfer.user_data_128)
            && self.user_data_64.is_none_or(|wanted| wanted == transfer.user_data_64)
            && self.user_data_32.is_none_or(|wanted| wanted == transfer.user_data_32)
            && self.code.is_none_or(|wanted| wanted == transfer.code)
            && self.metadata.is_none()
            && self.pending.is_none_or(|wanted| {
                wanted == transfer.flags.contains(crate::model::TransferFlags::PENDING)
            })
            && self.matches_pair(
                transfer.debit_account_id,
                transfer.credit_account_id,
                transfer.amount,
                transfer.ledger,
            )
    }

    /// Whether it asks for nothing that an expiry does not have.
    fn says_nothing_of_events(&self) -> bool {
        self.user_data_128.is_none()
            && self.user_data_64.is_none()
            && self.user_data_32.is_none()
            && self.code.is_none()
            && self.metadata.is_none()
            && self.pending != Some(true)
    }

    fn matches_pair(&self, debit: u128, credit: u128, amount: Amount, ledger: u32) -> bool {
        self.ledger.is_none_or(|wanted| wanted == ledger)
            && self.amount.as_ref().is_none_or(|bounds| bounds.contains(&amount))
            && self.account.is_none_or(|(id, side)| match side {
                Some(Side::Debit) => id == debit,
                Some(Side::Credit) => id == credit,
                None => id == debit || id == credit,
            })
    }

    /// Whether one leg is all that is said of legs: of this account and of that amount, not one leg here and another there.
    fn matches_legs<'l>(&self, mut legs: impl Iterator<Item = &'l Leg>, state: &State) -> bool {
        legs.any(|leg| {
            self.account.is_none_or(|(id, side)| {
                leg.account_id == id && side.is_none_or(|wanted| wanted == leg.side)
            }) && self.amount.as_ref().is_none_or(|bounds| bounds.contains(&leg.amount))
                && self.ledger.is_none_or(|wanted| {
                    state.account(leg.account_id).is_some_and(|account| account.ledger == wanted)
                })
        })
    }
}
