//! Reads that several faces offer.

use ledger::Node;
use ledger::model::{Account, Balances, Entry};

use crate::Problem;
use crate::wire::{Status, Trial};

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
