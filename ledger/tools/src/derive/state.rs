//! The ledger's own word.

use ledger::{Node, model::Balances};

use super::{Books, Sums};
use crate::Result;

impl From<Balances> for Sums {
    fn from(balances: Balances) -> Self {
        // Amounts are below 10^38 < 2^127.
        let signed = |amount: ledger::money::Amount| amount.get() as i128;
        Self {
            debits_pending: signed(balances.debits_pending),
            debits_posted: signed(balances.debits_posted),
            credits_pending: signed(balances.credits_pending),
            credits_posted: signed(balances.credits_posted),
        }
    }
}

/// What every account had after operation `cut`; those that had nothing are left out.
///
/// # Errors
///
/// What the ledger's files say.
pub fn books(node: &Node, cut: u64) -> Result<Books> {
    let last = cut == node.state().op();
    let timestamp = if cut == 0 { 0 } else { node.log().mark(cut)?.timestamp };
    let mut books = Books::new();
    for account in node.state().accounts() {
        let sums = if last {
            Sums::from(account.balances)
        } else {
            node.balances_at(account.id, timestamp)?.map(Sums::from).unwrap_or_default()
        };
        if sums != Sums::default() {
            books.insert(account.id, sums);
        }
    }
    Ok(books)
}
