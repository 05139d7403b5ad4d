//! How many transfers a second the state machine does, by itself: no log, no disk, no network.
//!
//! ```text
//! cargo run --release -p ledger --example throughput [-- transfers]
//! ```

#![allow(clippy::print_stdout, clippy::expect_used)]

use ledger::{
    NoPast,
    model::{Account, Batch, Code, Ledger, MAX_EVENTS, Reply, Transfer, TransferFlags},
    money::{Amount, Currency},
    state::State,
};
use std::time::{Duration, Instant};

const ACCOUNTS: u64 = 10_000;

/// Numbers that look random and are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Which accounts, and what kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// Any two, random ids.
    Uniform,
    /// As above, the ids in order.
    Sequential,
    /// One of them is the same in every transfer.
    Hot,
    /// As uniform; every other transfer posts the one before.
    TwoPhase,
    /// As uniform, in chains of four.
    Chains,
}

fn transfer(profile: Profile, number: u64, numbers: &mut Numbers) -> Transfer {
    let debit = 1 + numbers.next() % ACCOUNTS;
    let credit = match profile {
        Profile::Hot => 1,
        _ => 1 + numbers.next() % ACCOUNTS,
    };
    let debit = if debit == credit { 1 + debit % ACCOUNTS } else { debit };
    let id = match profile {
        Profile::Sequential => u128::from(number + 1),
        // Half of it counts, so that none comes twice and the second phase knows the first.
        _ => u128::from(Numbers(number).next()) << 64 | u128::from(number + 1),
    };
    let mut transfer = Transfer {
        id,
        debit_account_id: debit.into(),
        credit_account_id: credit.into(),
        amount: Amount::new(u128::from(1 + numbers.next() % 1000)).expect("below the limit"),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    };
    match profile {
        Profile::TwoPhase if number.is_multiple_of(2) => transfer.flags = TransferFlags::PENDING,
        Profile::TwoPhase => {
            let pending_id = u128::from(Numbers(number - 1).next()) << 64 | u128::from(number);
            transfer = Transfer {
                id,
                pending_id,
                flags: TransferFlags::POST_PENDING,
                ..Transfer::default()
            };
        }
        Profile::Chains if number % 4 != 3 && !number.is_multiple_of(MAX_EVENTS as u64) => {
            transfer.flags = TransferFlags::LINKED
        }
        _ => {}
    }
    transfer
}

/// Transfers a second.
fn run(profile: Profile, transfers: u64) -> u128 {
    let mut state = State::new();
    let mut apply = |batch: &Batch| {
        let timestamp = state.next_timestamp(1_000_000_000, batch);
        state
            .apply(&NoPast, state.op() + 1, timestamp, batch)
            .expect("there is no past that could fail")
    };
    apply(&Batch::Ledgers(vec![Ledger {
        id: 1,
        currency: Currency::new("EUR", 2).expect("a currency"),
    }]));
    let accounts: Vec<Account> = (1..=ACCOUNTS)
        .map(|id| Account { id: id.into(), ledger: 1, code: 1, ..Account::default() })
        .collect();
    for accounts in accounts.chunks(MAX_EVENTS) {
        apply(&Batch::Accounts(accounts.to_vec()));
    }
    let mut numbers = Numbers(7);
    let mut elapsed = Duration::ZERO;
    let mut done = 0;
    while done < transfers {
        // Not part of what is measured. The last of a batch ends its chain.
        let mut events: Vec<Transfer> = (done..done + MAX_EVENTS as u64)
            .map(|number| transfer(profile, number, &mut numbers))
            .collect();
        if let Some(last) = events.last_mut() {
            last.flags = last.flags.without(TransferFlags::LINKED);
        }
        let batch = Batch::Transfers(events);
        let start = Instant::now();
        let reply = apply(&batch);
        elapsed += start.elapsed();
        let Reply::Transfers(outcomes) = reply else { return 0 };
        assert!(outcomes.iter().all(|outcome| outcome.code == Code::Ok), "a transfer was refused");
        done += MAX_EVENTS as u64;
    }
    state.check().expect("all invariants hold");
    u128::from(done) * 1_000_000_000 / elapsed.as_nanos().max(1)
}

fn main() {
    let transfers =
        std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(2_000_000);
    for profile in
        [Profile::Uniform, Profile::Sequential, Profile::Hot, Profile::TwoPhase, Profile::Chains]
    {
        let mut runs: Vec<u128> = (0..3).map(|_| run(profile, transfers)).collect();
        runs.sort_unstable();
        println!(
            "{:>10}  {:?} transfers/s of {transfers}",
            format!("{profile:?}").to_lowercase(),
            runs
        );
    }
}
