//! The accounts, by id and in the order of their creation.

use super::{index::Index, seed::Seed};
use crate::{
    Error, Result,
    model::{Account, AccountFlags, Code},
};
use std::collections::BTreeSet;

/// All accounts.
#[derive(Debug)]
pub(super) struct Accounts {
    list: Vec<Account>,
    index: Index,
    seed: Seed,
    /// The places of those that were created closed. What is closed today says not whether it was so asked.
    born_closed: BTreeSet<u32>,
}

impl Accounts {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            list: Vec::new(),
            index: Index::with_capacity(0),
            seed,
            born_closed: BTreeSet::new(),
        }
    }

    /// Of an image's list.
    pub(super) fn from_list(
        list: Vec<Account>,
        born_closed: BTreeSet<u32>,
        seed: Seed,
    ) -> Result<Self> {
        let mut accounts = Self {
            index: Index::with_capacity(list.len()),
            list: Vec::with_capacity(list.len()),
            seed,
            born_closed,
        };
        for account in list {
            if accounts.find(account.id).is_some() {
                return Err(Error::Invariant(format!("account {} is there twice", account.id)));
            }
            if accounts.list.len() >= u32::MAX as usize {
                return Err(Error::Invariant(format!("more than {} accounts", u32::MAX)));
            }
            accounts.add(account);
        }
        Ok(accounts)
    }

    fn add(&mut self, account: Account) {
        self.index.insert(self.seed.tag(account.id), self.list.len() as u32);
        self.list.push(account);
    }

    pub(super) fn list(&self) -> &[Account] {
        &self.list
    }

    pub(super) fn born_closed(&self) -> &BTreeSet<u32> {
        &self.born_closed
    }

    /// The place of an account. Places never change.
    #[inline(always)]
    pub(super) fn find(&self, id: u128) -> Option<u32> {
        self.find_tagged(self.seed.tag(id), id)
    }

    #[inline(always)]
    fn find_tagged(&self, tag: u32, id: u128) -> Option<u32> {
        self.index.find(tag, |place| self.list[place as usize].id == id)
    }

    /// The account at a place that [`find`](Self::find) gave.
    #[inline(always)]
    pub(super) fn at(&self, place: u32) -> &Account {
        &self.list[place as usize]
    }

    /// As above.
    #[inline(always)]
    pub(super) fn at_mut(&mut self, place: u32) -> &mut Account {
        &mut self.list[place as usize]
    }

    /// Whether there is room for so many more.
    pub(super) fn have_room(&self, more: usize) -> bool {
        self.list.len() + more < u32::MAX as usize
    }

    /// Creates one whose ledger is defined, or says when it was created or why it is not.
    pub(super) fn create(
        &mut self,
        event: &Account,
        timestamp: u64,
        ledger_is_defined: bool,
    ) -> Result<u64, Code> {
        by_itself(event)?;
        if let Some(place) = self.find(event.id) {
            self.compare(place, event)?;
            return Ok(self.at(place).timestamp);
        }
        if !ledger_is_defined {
            return Err(Code::LedgerNotFound);
        }
        if event.flags.contains(AccountFlags::CLOSED) {
            self.born_closed.insert(self.list.len() as u32);
        }
        self.add(Account { timestamp, ..*event });
        Ok(timestamp)
    }

    /// Whether a request is that of the account that has its id.
    fn compare(&self, place: u32, event: &Account) -> Result<(), Code> {
        let known = self.at(place);
        let mut asked = known.flags.without(AccountFlags::CLOSED);
        if self.born_closed.contains(&place) {
            asked = asked | AccountFlags::CLOSED;
        }
        let same = [
            (asked == event.flags, Code::ExistsWithDifferentFlags),
            (known.user_data_128 == event.user_data_128, Code::ExistsWithDifferentUserData128),
            (known.user_data_64 == event.user_data_64, Code::ExistsWithDifferentUserData64),
            (known.user_data_32 == event.user_data_32, Code::ExistsWithDifferentUserData32),
            (known.ledger == event.ledger, Code::ExistsWithDifferentLedger),
            (known.code == event.code, Code::ExistsWithDifferentCode),
        ];
        same.into_iter().find(|(same, _)| !same).map_or(Ok(()), |(_, code)| Err(code))
    }

    /// Takes back what was created behind the first so many.
    pub(super) fn truncate(&mut self, keep: usize) {
        while self.list.len() > keep
            && let Some(account) = self.list.pop()
        {
            let place = self.list.len() as u32;
            self.index.remove(self.seed.tag(account.id), place);
            self.born_closed.remove(&place);
        }
    }

    /// Whether every account is found where it stands.
    pub(super) fn check(&self) -> Result<()> {
        for (place, account) in self.list.iter().enumerate() {
            if self.find(account.id) != Some(place as u32) {
                return Err(Error::Invariant(format!(
                    "account {} is not found at its place {place}",
                    account.id
                )));
            }
        }
        if self.index.len() != self.list.len() {
            return Err(Error::Invariant(format!(
                "{} accounts, {} in their index",
                self.list.len(),
                self.index.len()
            )));
        }
        Ok(())
    }
}

/// What a request is refused for whatever the state is.
fn by_itself(event: &Account) -> Result<(), Code> {
    let limits =
        AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS;
    let wrong = [
        (event.flags.unknown() != 0, Code::UnknownFlags),
        (event.timestamp != 0, Code::TimestampMustBeZero),
        (event.id == 0, Code::IdMustNotBeZero),
        (event.id == u128::MAX, Code::IdMustNotBeIntMax),
        (event.flags.contains(limits), Code::FlagsAreMutuallyExclusive),
        (event.balances != Default::default(), Code::BalancesMustBeZero),
        (event.ledger == 0, Code::LedgerMustNotBeZero),
        (event.code == 0, Code::CodeMustNotBeZero),
    ];
    wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, code)| Err(code))
}
