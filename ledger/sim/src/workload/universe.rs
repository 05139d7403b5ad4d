//! What clients know: few ids, what they asked for, and a guess of what came of it.

use ledger::{
    model::{Account, AccountFlags, Batch, Ledger, Transaction, Transfer, TransferFlags},
    money::{Amount, Currency},
};

use crate::{oracle::Oracle, random::Random};

/// The currencies of the ledgers 1 to 4; of none does the ledger number 9 exist.
const CURRENCIES: [(&str, u8); 4] = [("USD", 2), ("JPY", 0), ("BTC", 8), ("WEI", 18)];

/// How many accounts the first batch makes in each ledger.
const FIRST_ACCOUNTS: u128 = 5;

/// See the module.
pub(super) struct Universe {
    pub(super) random: Random,
    pub(super) guess: Oracle,
    clock: u64,
    /// Transfers and transactions are numbered from one row.
    next_id: u128,
    pub(super) transfers: Vec<Transfer>,
    pub(super) transactions: Vec<Transaction>,
    accounts: Vec<Account>,
}

impl Universe {
    pub(super) fn new(random: Random, clock: u64) -> Self {
        Self {
            random,
            guess: Oracle::new(),
            clock,
            next_id: 100,
            transfers: Vec::new(),
            transactions: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// Ledgers and accounts to begin with: in each ledger a bank that has no limit, and customers with limits.
    pub(super) fn first_batches(&mut self) -> Vec<Batch> {
        let ledgers = (1..).zip(CURRENCIES).filter_map(|(id, (code, exponent))| {
            Some(Ledger { id, currency: Currency::new(code, exponent).ok()? })
        });
        let mut accounts = Vec::new();
        for ledger in 1..=CURRENCIES.len() as u32 {
            for number in 0..FIRST_ACCOUNTS {
                let flags = match number {
                    0 | 1 => AccountFlags::NONE,
                    2 | 3 => AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
                    _ => AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
                };
                let id = u128::from(ledger) * 10 + number;
                accounts.push(Account { id, ledger, code: 1, flags, ..Account::default() });
            }
        }
        self.accounts.extend(&accounts);
        vec![Batch::Ledgers(ledgers.collect()), Batch::Accounts(accounts)]
    }

    /// Takes a request as done.
    pub(super) fn imagine(&mut self, batch: &Batch) {
        if self.guess.is_due(self.clock)
            && let Some(timestamp) = self.guess.next_timestamp(self.clock, &Batch::Tick)
        {
            self.guess.apply(timestamp, &Batch::Tick);
        }
        if let Some(timestamp) = self.guess.next_timestamp(self.clock, batch) {
            self.guess.apply(timestamp, batch);
        }
        match batch {
            Batch::Transfers(events) => self.transfers.extend(events),
            Batch::Transactions(events) => self.transactions.extend(events.iter().cloned()),
            Batch::Accounts(events) => self.accounts.extend(events),
            Batch::Ledgers(_) | Batch::Tick => {}
        }
    }

    pub(super) fn pass(&mut self, nanoseconds: u64) {
        self.clock = self.clock.saturating_add(nanoseconds);
    }

    /// How long it is until the next pending transfer runs out, or a nanosecond more or less.
    pub(super) fn until_due(&mut self) -> Option<u64> {
        let open = self.guess.books().pendings.values().filter(|pending| pending.end.is_none());
        let deadline = open.filter_map(|pending| pending.deadline).min()?;
        let left = deadline.checked_sub(self.clock)?;
        Some((left + self.random.below(3)).saturating_sub(1))
    }

    /// An id for something new, or, seldom, one that cannot be, or was used by something of another kind.
    pub(super) fn new_id(&mut self) -> u128 {
        match self.random.below(150) {
            0 => 0,
            1 => u128::MAX,
            2..=5 => 100 + u128::from(self.random.below(60)),
            // One that a client of the binary protocol would make: all its bits are in use.
            6 => u128::from(self.random.bits()) << 64 | u128::from(self.random.bits()),
            _ => {
                self.next_id += 1;
                self.next_id
            }
        }
    }

    /// A ledger that exists, mostly.
    pub(super) fn ledger_id(&mut self) -> u32 {
        match self.random.below(60) {
            0 => 0,
            1 => 9,
            _ => self.random.between(1, CURRENCIES.len() as u64) as u32,
        }
    }

    /// An account of a ledger, mostly.
    pub(super) fn account_id(&mut self, ledger: u32) -> u128 {
        match self.random.below(120) {
            0 => 0,
            1 => u128::MAX,
            2 => 5,
            3 => u128::from(self.random.between(10, 50)),
            4..=8 => u128::from(ledger) * 10 + u128::from(self.random.between(5, 6)),
            _ => u128::from(ledger) * 10 + u128::from(self.random.below(5)),
        }
    }

    /// An amount: small, or what an account has, or about the limit.
    pub(super) fn amount(&mut self, account: u128) -> Amount {
        let known = self.guess.books().accounts.get(&account);
        let balances = known.map(|known| known.now.balances).unwrap_or_default();
        let has = balances.net_posted().unsigned_abs();
        let reserved = balances.debits_pending.get().max(balances.credits_pending.get());
        let random = &mut self.random;
        // One overflow makes the next ones likely: mostly in one ledger, so that the others stay lively.
        let rich = account / 10 == 4 || random.below(40) == 0;
        let amount = match random.between(if rich { 0 } else { 4 }, 39) {
            0 => 0,
            1 => Amount::MAX.get(),
            2 => Amount::MAX.get() - u128::from(random.below(3)),
            3 => Amount::MAX.get() / 2 + u128::from(random.below(3)),
            4 if rich => Amount::MAX.get().saturating_sub(has),
            4 => 0,
            5..=9 => has,
            10 => has + 1,
            11 | 12 => has.saturating_sub(1),
            13..=15 => has.saturating_sub(reserved),
            16 => has.saturating_sub(reserved) + 1,
            17..=24 => u128::from(random.between(1, 5)),
            25..=35 => u128::from(random.between(1, 100)),
            _ => u128::from(random.between(1, 1_000_000)),
        };
        // Who has nothing still does something, mostly.
        let amount = if amount == 0 && random.percent(90) { 7 } else { amount };
        Amount::new(amount).unwrap_or(Amount::MAX)
    }

    /// A ledger to define: mostly one that is there.
    pub(super) fn ledger(&mut self) -> Ledger {
        let id = self.ledger_id();
        let random = &mut self.random;
        let at = (id as usize).wrapping_sub(1).min(CURRENCIES.len() - 1);
        let (mut code, mut exponent) = CURRENCIES[at];
        if random.percent(20) {
            code = "XAU";
        }
        if random.percent(20) {
            exponent = random.below(19) as u8;
        }
        // The ledger 9 shall stay unknown.
        let id = if id == 9 { 1 } else { id };
        let usual = Currency::new(code, exponent);
        Ledger { id, currency: usual.unwrap_or_else(|_| unreachable!("{code} is a code")) }
    }

    /// An account to make: new, or one that was asked for before, perhaps with a difference.
    pub(super) fn account(&mut self) -> Account {
        // The last ones are asked for again more often than those that were there from the beginning.
        let from = if self.random.percent(60) { self.accounts.len().saturating_sub(6) } else { 0 };
        if self.random.percent(40)
            && let Some(before) =
                self.random.one_of(self.accounts.get(from..).unwrap_or_default()).copied()
        {
            return if self.random.percent(50) { before } else { self.other_account(before) };
        }
        let ledger = self.ledger_id();
        let mut flags = AccountFlags::NONE;
        for (percent, flag) in [
            (25, AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS),
            (25, AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS),
            (10, AccountFlags::HISTORY),
            (12, AccountFlags::CLOSED),
            (25, AccountFlags::LINKED),
            (2, AccountFlags::from_bits(1 << 9)),
        ] {
            if self.random.percent(percent) {
                flags = flags | flag;
            }
        }
        let timestamp = u64::from(self.random.percent(2));
        let mut balances = ledger::model::Balances::default();
        if self.random.percent(2) {
            balances.credits_pending = Amount::ONE;
        }
        Account {
            id: self.account_id(ledger),
            balances,
            user_data_128: self.small().into(),
            user_data_64: self.small(),
            user_data_32: self.small() as u32,
            ledger,
            code: self.code(),
            flags,
            timestamp,
        }
    }

    fn other_account(&mut self, mut account: Account) -> Account {
        match self.random.below(6) {
            0 => account.flags = account.flags | AccountFlags::HISTORY,
            1 => account.user_data_128 ^= 1,
            2 => account.user_data_64 ^= 1,
            3 => account.user_data_32 ^= 1,
            4 => account.ledger = self.ledger_id(),
            _ => account.code = self.code(),
        }
        account
    }

    /// A code of the client's, seldom none.
    pub(super) fn code(&mut self) -> u16 {
        if self.random.percent(2) { 0 } else { self.random.between(1, 3) as u16 }
    }

    /// User data: mostly none.
    pub(super) fn small(&mut self) -> u64 {
        if self.random.percent(70) { 0 } else { self.random.below(3) }
    }

    /// A transfer that is pending as far as can be guessed, or was, or never was.
    pub(super) fn pending(&mut self) -> Option<Transfer> {
        let books = self.guess.books();
        if self.random.percent(75) {
            let open: Vec<Transfer> = books
                .pendings
                .values()
                .filter(|pending| pending.end.is_none())
                .map(|pending| pending.transfer)
                .collect();
            if let Some(transfer) = self.random.one_of(&open) {
                return Some(*transfer);
            }
        }
        let any = self.random.percent(20);
        let asked: Vec<&Transfer> = self
            .transfers
            .iter()
            .filter(|transfer| any || transfer.flags.contains(TransferFlags::PENDING))
            .collect();
        self.random.one_of(&asked).map(|transfer| **transfer)
    }
}
