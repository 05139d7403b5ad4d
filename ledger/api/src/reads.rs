//! Reads that several faces offer.

use ledger::Node;
use ledger::model::{Account, Balances, Entry, Side};
use ledger::money::Amount;
use ledger::query::{Filter, Query};

use crate::Problem;
use crate::wire::{Status, Trial};

/// The most entries of a page, where they are written as texts.
const MOST: usize = 1_000;
/// How many entries a page has if nobody says.
const USUAL: usize = 100;
/// The most filters of a query.
const MAX_FILTERS: usize = 64;

/// A span of time and a page of it, as somebody asked for it.
#[derive(Default)]
pub(crate) struct Span {
    pub from: Option<u64>,
    pub through: Option<u64>,
    pub newest_first: bool,
    pub limit: Option<usize>,
    pub after: Option<u64>,
}

impl Span {
    /// A query of this span.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] where it makes no sense, [`Problem::TooLarge`] of too many filters.
    pub fn query(self, account: Option<u128>, any_of: Vec<Filter>) -> Result<Query, Problem> {
        let Self { from, through, newest_first, limit, after } = self;
        let (from, through) = (from.unwrap_or(0), through.unwrap_or(u64::MAX));
        if from > through {
            return Err(Problem::BadRequest("from is later than through".to_owned()));
        }
        let limit = limit.unwrap_or(USUAL);
        if limit == 0 || limit > MOST {
            return Err(Problem::BadRequest(format!(
                "a limit of {limit}: from 1 to {MOST} are possible"
            )));
        }
        if any_of.len() > MAX_FILTERS {
            return Err(Problem::TooLarge(format!(
                "{} filters, at most {MAX_FILTERS} are possible",
                any_of.len()
            )));
        }
        Ok(Query { account, any_of, timestamps: from..=through, newest_first, limit, after })
    }
}

/// What a filter says of accounts.
///
/// # Errors
///
/// [`Problem::BadRequest`] of a side of nothing.
pub(crate) fn touches(
    account: Option<u128>,
    side: Option<Side>,
) -> Result<Option<(u128, Option<Side>)>, Problem> {
    match (account, side) {
        (None, Some(_)) => {
            Err(Problem::BadRequest("a filter with a side of no account_id".to_owned()))
        }
        (account, side) => Ok(account.map(|it| (it, side))),
    }
}

/// The amounts between two bounds; none if there are none.
pub(crate) fn amounts(
    least: Option<Amount>,
    most: Option<Amount>,
) -> Option<std::ops::RangeInclusive<Amount>> {
    (least.is_some() || most.is_some())
        .then(|| least.unwrap_or(Amount::ZERO)..=most.unwrap_or(Amount::MAX))
}

/// The accounts that there are among these, in their order.
pub(crate) fn accounts(node: &Node, ids: &[u128]) -> Vec<Account> {
    ids.iter().filter_map(|id| node.state().account(*id).copied()).collect()
}

/// What happened under these ids, as far as something did, in their order.
pub(crate) fn entries(node: &Node, ids: &[u128]) -> Result<Vec<Entry>, Problem> {
    let mut found = Vec::new();
    for id in ids {
        found.extend(node.entry(*id)?);
    }
    Ok(found)
}

/// Balances of accounts, each at a moment.
pub(crate) fn balances_at(
    node: &Node,
    moments: &[(u128, u64)],
) -> Result<Vec<Option<Balances>>, Problem> {
    let one = |(account, timestamp): &(u128, u64)| Ok(node.balances_at(*account, *timestamp)?);
    moments.iter().map(one).collect()
}

/// Every ledger with the sums over its accounts, in the order of their definition.
pub(crate) fn trial_balance(node: &Node) -> Vec<Trial> {
    let state = node.state();
    let totals: std::collections::HashMap<_, _> =
        state.totals().map(|it| (it.ledger, it)).collect();
    let trial = |(ledger, timestamp): (&ledger::model::Ledger, u64)| {
        let totals = totals.get(&ledger.id).copied()?;
        Some(Trial { ledger: *ledger, timestamp, totals })
    };
    state.ledgers().filter_map(trial).collect()
}

/// How far the ledger is.
pub(crate) fn status(node: &Node) -> Status {
    let (state, tail) = (node.state(), node.tail());
    Status {
        op: tail.op,
        timestamp: state.timestamp(),
        hash: tail.hash,
        accounts: state.accounts().len() as u64,
        pending: state.pending_count() as u64,
    }
}
