//! Which accounts a portion's entries touch: the timestamps of each, from the entries in their order.
//!
//! Two passes instead of a list for each account: there are thousands, and every entry would meet two of them that no cache has. The first pass numbers the accounts and counts; the
//! second puts each timestamp where its account's are.

use std::{collections::HashMap, ops::Range};

use crate::{model::Entry, state::seed::Seed};

/// An account, by the number that it has in a portion.
struct Account {
    id: u128,
    /// The last timestamp that was counted.
    last: u64,
    /// How many there are; then, where the next one goes.
    count: usize,
}

/// The accounts of one portion; kept for its memory.
pub(super) struct Touches {
    numbers: HashMap<u128, u32, Seed>,
    accounts: Vec<Account>,
    /// In the order of the entries: the account's number, and when.
    seen: Vec<(u32, u64)>,
    /// By account.
    timestamps: Vec<u64>,
}

impl Default for Touches {
    fn default() -> Self {
        Self {
            numbers: HashMap::with_hasher(Seed::new()),
            accounts: Vec::new(),
            seen: Vec::new(),
            timestamps: Vec::new(),
        }
    }
}

impl Touches {
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.accounts.clear();
        self.seen.clear();
    }

    /// Adds an entry that is newer than those before.
    pub(super) fn add(&mut self, entry: &Entry) {
        let timestamp = entry.timestamp();
        for (id, _) in entry.touched() {
            // No portion has 2^32 accounts.
            let next = self.accounts.len() as u32;
            let number = *self.numbers.entry(id).or_insert(next);
            if number == next {
                self.accounts.push(Account { id, last: 0, count: 0 });
            }
            let account = &mut self.accounts[number as usize];
            // A transaction may touch one several times. No timestamp is 0.
            if account.last != timestamp {
                account.last = timestamp;
                account.count += 1;
                self.seen.push((number, timestamp));
            }
        }
    }

    /// Every account in the order of their ids, with its timestamps in theirs.
    pub(super) fn by_account(&mut self) -> impl Iterator<Item = (u128, &[u64])> {
        let mut ranges: Vec<(u128, Range<usize>)> = Vec::with_capacity(self.accounts.len());
        let mut end = 0;
        for account in &mut self.accounts {
            let begin = end;
            end += account.count;
            account.count = begin;
            ranges.push((account.id, begin..end));
        }
        self.timestamps.clear();
        self.timestamps.resize(end, 0);
        for (number, timestamp) in &self.seen {
            let account = &mut self.accounts[*number as usize];
            self.timestamps[account.count] = *timestamp;
            account.count += 1;
        }
        ranges.sort_unstable_by_key(|(id, _)| *id);
        let timestamps = &self.timestamps;
        ranges.into_iter().map(move |(id, range)| (id, &timestamps[range]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        model::{Asked, Balances, PostedTransfer, Transfer},
        money::Amount,
    };

    fn transfer(timestamp: u64, debit: u128, credit: u128) -> Entry {
        let transfer = Transfer {
            debit_account_id: debit,
            credit_account_id: credit,
            timestamp,
            ..Transfer::default()
        };
        let asked = Asked { amount: Amount::ZERO, zeros: 0 };
        let (debit, credit) = (Balances::default(), Balances::default());
        Entry::Transfer(PostedTransfer { transfer, asked, debit, credit })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_is_a_list_for_each_account(pairs in prop::collection::vec((1_u128..9, 1_u128..9), 0..60)) {
            let mut touches = Touches::default();
            // What was there before leaves nothing.
            touches.add(&transfer(3, 2, 100));
            touches.clear();
            let mut model = BTreeMap::<u128, Vec<u64>>::new();
            for (timestamp, (debit, credit)) in (1..).zip(pairs) {
                touches.add(&transfer(timestamp, debit, credit));
                for account in [Some(debit), (debit != credit).then_some(credit)].into_iter().flatten() {
                    model.entry(account).or_default().push(timestamp);
                }
            }
            let found: Vec<_> = touches.by_account().map(|(id, all)| (id, all.to_vec())).collect();
            prop_assert_eq!(found, model.into_iter().collect::<Vec<_>>());
        }
    }
}
