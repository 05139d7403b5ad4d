//! What is asked.

use ledger::model::{Batch, Exchange, Metadata, Posting, Transaction, Transfer, TransferFlags};
use ledger::money::{Amount, Rate, Rounding};

use crate::accounts::{self, LEDGERS};
use crate::arguments::{Arguments, Profile};
use crate::random::{IdSource, Random};

/// The most transactions of a batch: one mebibyte of them.
const MOST_TRANSACTIONS: usize = 4_000;

/// Makes the requests of one worker.
pub struct Requests {
    profile: Profile,
    random: Random,
    ids: IdSource,
    accounts: u64,
    batch: usize,
    /// Zipf: how much of all falls to the accounts up to each.
    shares: Vec<f64>,
    /// Two phases: what was reserved, and is to be resolved by the next request.
    reserved: Vec<u128>,
}

impl Requests {
    /// The requests of a worker.
    pub fn new(arguments: &Arguments, worker: u64) -> Self {
        let accounts = u64::from(arguments.accounts);
        let shares = match arguments.profile {
            Profile::Zipf => shares(accounts),
            _ => Vec::new(),
        };
        let most = match arguments.profile {
            Profile::MultiCurrency => MOST_TRANSACTIONS,
            _ => usize::MAX,
        };
        Self {
            profile: arguments.profile,
            random: Random::new(arguments.seed ^ (worker << 32)),
            ids: IdSource::new(arguments.ids, worker),
            accounts,
            batch: (arguments.batch as usize).min(most),
            shares,
            reserved: Vec::new(),
        }
    }

    /// The next request.
    pub fn next(&mut self) -> Batch {
        match self.profile {
            Profile::TwoPhase => Batch::Transfers(self.two_phase()),
            Profile::MultiCurrency => {
                Batch::Transactions((0..self.batch).map(|_| self.exchange()).collect())
            }
            _ => Batch::Transfers((0..self.batch).map(|_| self.transfer()).collect()),
        }
    }

    fn pair(&mut self) -> (u128, u128) {
        let one = match self.profile {
            Profile::Hot => 0,
            Profile::Zipf => self.zipf(),
            _ => self.random.below(self.accounts),
        };
        let other = match self.profile {
            Profile::Zipf => self.zipf(),
            Profile::Hot => 1 + self.random.below(self.accounts - 1),
            _ => self.random.below(self.accounts),
        };
        let other = if other == one { (other + 1) % self.accounts } else { other };
        let (one, other) = (accounts::id(LEDGERS[0].0, one), accounts::id(LEDGERS[0].0, other));
        if self.random.next() & 1 == 0 { (one, other) } else { (other, one) }
    }

    fn zipf(&mut self) -> u64 {
        let at = self.random.fraction();
        (self.shares.partition_point(|it| *it < at) as u64).min(self.accounts - 1)
    }

    fn transfer(&mut self) -> Transfer {
        let (debit_account_id, credit_account_id) = self.pair();
        Transfer {
            id: self.ids.next(),
            debit_account_id,
            credit_account_id,
            amount: amount(1 + self.random.below(1_000)),
            ledger: LEDGERS[0].0,
            code: 1,
            ..Transfer::default()
        }
    }

    /// A request that reserves, or one that resolves what the last one reserved.
    fn two_phase(&mut self) -> Vec<Transfer> {
        if !self.reserved.is_empty() {
            let reserved = std::mem::take(&mut self.reserved);
            return reserved.into_iter().map(|it| self.resolve(it)).collect();
        }
        let all: Vec<Transfer> = (0..self.batch)
            .map(|_| Transfer { flags: TransferFlags::PENDING, timeout: 3_600, ..self.transfer() })
            .collect();
        self.reserved = all.iter().map(|it| it.id).collect();
        all
    }

    fn resolve(&mut self, pending_id: u128) -> Transfer {
        let (flags, least) = match self.random.below(4) {
            0 => (TransferFlags::VOID_PENDING, 0),
            // Less than the least that is reserved.
            1 => (TransferFlags::POST_PENDING, 1),
            _ => (TransferFlags::POST_PENDING, 0),
        };
        Transfer {
            id: self.ids.next(),
            pending_id,
            amount: amount(least),
            flags,
            ..Transfer::default()
        }
    }

    fn exchange(&mut self) -> Transaction {
        let from = self.random.below(LEDGERS.len() as u64) as usize;
        let to = (from + 1 + self.random.below(LEDGERS.len() as u64 - 1) as usize) % LEDGERS.len();
        let (from, to) = (LEDGERS[from].0, LEDGERS[to].0);
        // The first accounts are the dealer's.
        let customer = accounts::FIRST + self.random.below(self.accounts - accounts::FIRST);
        let rate = Rate { numerator: 900 + self.random.below(200), denominator: 1_000 };
        let exchange = Exchange {
            source: accounts::id(from, customer),
            source_liquidity: accounts::id(from, 0),
            target_liquidity: accounts::id(to, 0),
            target: accounts::id(to, customer),
            residue: accounts::id(to, 1),
            // Large enough to be worth a yen.
            amount: amount(1_000 + self.random.below(100_000)),
            rate,
            rounding: Rounding::Down,
        };
        Transaction {
            id: self.ids.next(),
            posting: Posting::Exchange(exchange),
            user_data_128: 0,
            user_data_64: 0,
            user_data_32: 0,
            code: 1,
            linked: false,
            metadata: Metadata::default(),
            timestamp: 0,
        }
    }
}

/// So many minor units.
pub fn amount(units: u64) -> Amount {
    // Every 64 bits are below 10^38.
    Amount::new(u128::from(units)).unwrap_or(Amount::MAX)
}

/// How much of all falls to the accounts up to each: the n-th gets 1/n of what the first gets.
fn shares(accounts: u64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut shares: Vec<f64> = (1..=accounts)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    shares.iter_mut().for_each(|it| *it /= sum);
    shares
}
