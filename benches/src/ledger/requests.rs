//! Transfers to ask for, and what they come to.

use ledger::model::{Account, Batch, Ledger, Reply, Transfer};
use ledger::money::{Amount, Currency};
use ledger_api::client::Connection;
use ledger_api::wire::{self, Kind};

use super::Result;
use crate::random::{Random, mix};

/// How many accounts there are: ids from 1 on.
pub const ACCOUNTS: u64 = 10_000;
/// The only ledger.
const LEDGER: u32 = 1;
/// Amounts are from 1 to this.
const MOST: u64 = 100;

/// Which accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// Any two.
    Uniform,
    /// The first is debited every time.
    Hot,
}

/// The transfers of one client, without end.
#[derive(Clone, Debug)]
pub struct Requests {
    accounts: Accounts,
    random: Random,
    client: u64,
    number: u64,
}

impl Requests {
    /// Those of a client: what its number is decides what they are.
    #[must_use]
    pub fn new(accounts: Accounts, client: u64) -> Self {
        Self { accounts, random: Random::new(client), client, number: 0 }
    }

    /// The next one. No id comes twice, whichever client asks, and ids are in no order.
    pub fn transfer(&mut self) -> Transfer {
        self.number += 1;
        let unique = self.client << 40 | self.number;
        let (debit, credit) = match self.accounts {
            Accounts::Hot => (1, 2 + self.random.below(ACCOUNTS - 1)),
            Accounts::Uniform => {
                let debit = 1 + self.random.below(ACCOUNTS);
                (debit, 1 + (debit + self.random.below(ACCOUNTS - 1)) % ACCOUNTS)
            }
        };
        Transfer {
            id: u128::from(mix(unique)) << 64 | u128::from(unique),
            debit_account_id: debit.into(),
            credit_account_id: credit.into(),
            amount: Amount::new((1 + self.random.below(MOST)).into()).unwrap_or(Amount::ONE),
            ledger: LEDGER,
            code: 1,
            ..Transfer::default()
        }
    }
}

/// Defines the ledger and its accounts.
///
/// # Errors
/// The connection's; an account that was refused.
pub fn open_books(connection: &mut Connection) -> Result<()> {
    let ledger = Ledger { id: LEDGER, currency: Currency::new("EUR", 2)? };
    let account =
        |id: u64| Account { id: id.into(), ledger: LEDGER, code: 1, ..Account::default() };
    let accounts: Vec<Account> = (1..=ACCOUNTS).map(account).collect();
    let ledgers = std::iter::once(Batch::Ledgers(vec![ledger]));
    for batch in ledgers.chain(accounts.chunks(5_000).map(|some| Batch::Accounts(some.to_vec()))) {
        let (Reply::Ledgers(outcomes) | Reply::Accounts(outcomes)) = connection.commit(&batch)?
        else {
            return Err("an answer of another kind".into());
        };
        if let Some(refused) = outcomes.iter().find(|it| !it.code.is_success()) {
            return Err(format!("the books cannot be opened: {}", refused.code).into());
        }
    }
    Ok(())
}

/// What all accounts of the ledger were debited, by its trial balance.
///
/// # Errors
/// The connection's; debits that are not credits.
pub fn debited(connection: &mut Connection) -> Result<u128> {
    let trials = connection.call(
        Kind::TrialBalance,
        0,
        |_| {},
        |header, body| wire::decode_trials(header.count, body),
    )?;
    let [trial] = trials.as_slice() else {
        return Err(format!("{} ledgers, there should be one", trials.len()).into());
    };
    let totals = trial.totals;
    if !totals.are_balanced() {
        return Err(format!("our books do not balance: {totals:?}").into());
    }
    Ok(totals.debits_posted.to_string().parse()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn transfers_are_between_two_accounts_and_never_the_same() {
        let mut ids = BTreeSet::new();
        for client in 0..3 {
            let mut requests = Requests::new(Accounts::Uniform, client);
            for _ in 0..5_000 {
                let one = requests.transfer();
                assert!(ids.insert(one.id));
                assert_ne!(one.debit_account_id, one.credit_account_id);
                let known = 1..=u128::from(ACCOUNTS);
                assert!(known.contains(&one.debit_account_id));
                assert!(known.contains(&one.credit_account_id));
                assert!((1..=100).contains(&one.amount.get()));
            }
        }
        let mut hot = Requests::new(Accounts::Hot, 7);
        let all: Vec<Transfer> = (0..100).map(|_| hot.transfer()).collect();
        assert!(all.iter().all(|it| it.debit_account_id == 1 && it.credit_account_id > 1));
    }
}
