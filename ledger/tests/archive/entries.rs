//! Entries of all kinds, by chance and by seed.

use ledger::{
    model::{
        Asked, Balances, Code, Entry, Exchange, Leg, Metadata, PostedLeg, PostedTransaction,
        PostedTransfer, Posting, Side, Transaction, Transfer, TransferFlags, Value,
    },
    money::{Amount, Rate, Rounding},
};
use proptest::prelude::*;

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        Just(Amount::ZERO),
        Just(Amount::MAX),
        (0..1_000_000_u128).prop_map(|units| Amount::new(units).unwrap()),
        (any::<u128>(), 2_u32..128)
            .prop_map(|(units, shift)| { Amount::new(units >> shift).unwrap_or(Amount::MAX) }),
    ]
}

fn balances() -> impl Strategy<Value = Balances> {
    [amount(), amount(), amount(), amount()].prop_map(|[a, b, c, d]| Balances {
        debits_pending: a,
        debits_posted: b,
        credits_pending: c,
        credits_posted: d,
    })
}

/// Few accounts, so that they meet.
fn account() -> impl Strategy<Value = u128> {
    prop_oneof![1..6_u128, Just(u128::MAX - 1)]
}

fn transfer() -> impl Strategy<Value = Entry> {
    let ids = (account(), account(), any::<u128>(), any::<u128>());
    let small = (any::<u64>(), any::<u32>(), any::<u32>(), any::<u32>(), any::<u16>());
    let rest = (prop_oneof![Just(0), 0..256_u16], amount(), 0..128_u8);
    (ids, small, rest, amount(), balances(), balances()).prop_map(
        |(ids, small, (flags, asked, zeros), moved, debit, credit)| {
            Entry::Transfer(PostedTransfer {
                transfer: Transfer {
                    id: 0,
                    debit_account_id: ids.0,
                    credit_account_id: ids.1,
                    amount: moved,
                    pending_id: ids.2,
                    user_data_128: ids.3,
                    user_data_64: small.0,
                    user_data_32: small.1,
                    timeout: small.2,
                    ledger: small.3,
                    code: small.4,
                    flags: TransferFlags::from_bits(flags),
                    timestamp: 0,
                },
                asked: Asked { amount: asked, zeros },
                debit,
                credit,
            })
        },
    )
}

fn leg() -> impl Strategy<Value = Leg> {
    (account(), any::<bool>(), amount()).prop_map(|(account_id, debit, amount)| Leg {
        account_id,
        side: if debit { Side::Debit } else { Side::Credit },
        amount,
    })
}

fn posting() -> impl Strategy<Value = Posting> {
    let exchange = (any::<[u128; 5]>(), amount(), any::<[u64; 2]>(), 0..3_usize).prop_map(
        |(
            [source, source_liquidity, target_liquidity, target, residue],
            amount,
            rate,
            rounding,
        )| {
            Posting::Exchange(Exchange {
                source,
                source_liquidity,
                target_liquidity,
                target,
                residue,
                amount,
                rate: Rate { numerator: rate[0], denominator: rate[1] },
                rounding: [Rounding::Down, Rounding::Up, Rounding::HalfEven][rounding],
            })
        },
    );
    prop_oneof![prop::collection::vec(leg(), 0..4).prop_map(Posting::Legs), exchange]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::Time),
        ".{0,40}".prop_map(Value::Text),
    ];
    prop::collection::btree_map("[a-zé]{1,8}", value, 0..4)
        .prop_map(|entries| Metadata::new(entries.into_iter().collect()).unwrap())
}

fn transaction() -> impl Strategy<Value = Entry> {
    let small = (any::<u128>(), any::<u64>(), any::<u32>(), any::<u16>(), any::<bool>());
    let legs = prop::collection::vec((leg(), balances()), 0..4);
    (posting(), any::<bool>(), legs, metadata(), small).prop_map(
        |(posting, as_asked, legs, metadata, small)| {
            let mut legs: Vec<PostedLeg> =
                legs.into_iter().map(|(leg, balances)| PostedLeg { leg, balances }).collect();
            if as_asked && let Posting::Legs(asked) = &posting {
                legs = asked
                    .iter()
                    .map(|leg| PostedLeg { leg: *leg, balances: Balances::default() })
                    .collect();
            }
            let transaction = Transaction {
                id: 0,
                posting,
                user_data_128: small.0,
                user_data_64: small.1,
                user_data_32: small.2,
                code: small.3,
                linked: small.4,
                metadata,
                timestamp: 0,
            };
            Entry::Transaction(Box::new(PostedTransaction { transaction, legs }))
        },
    )
}

fn expiry() -> impl Strategy<Value = Entry> {
    (any::<u128>(), account(), account(), amount(), balances(), balances()).prop_map(
        |(pending_id, debit_account_id, credit_account_id, amount, debit, credit)| Entry::Expiry {
            timestamp: 0,
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            debit,
            credit,
        },
    )
}

fn refusal() -> impl Strategy<Value = Entry> {
    (any::<prop::sample::Index>(), any::<[u8; 16]>()).prop_map(|(code, digest)| Entry::Refusal {
        timestamp: 0,
        id: 0,
        code: Code::ALL[code.index(Code::ALL.len())],
        digest,
    })
}

/// An entry of any kind, with this id and timestamp where it has them.
pub fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![6 => transfer(), 3 => transaction(), 1 => expiry(), 1 => refusal()]
}

/// The same entry with another timestamp and id.
pub fn at(mut entry: Entry, new_timestamp: u64, new_id: u128) -> Entry {
    match &mut entry {
        Entry::Transfer(posted) => {
            posted.transfer.timestamp = new_timestamp;
            posted.transfer.id = new_id;
        }
        Entry::Transaction(posted) => {
            posted.transaction.timestamp = new_timestamp;
            posted.transaction.id = new_id;
        }
        Entry::Expiry { timestamp, .. } => *timestamp = new_timestamp,
        Entry::Refusal { timestamp, id, .. } => (*timestamp, *id) = (new_timestamp, new_id),
    }
    entry
}

/// So many entries with timestamps that ascend by steps, and ids that are all different.
pub fn history(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let steps = prop_oneof![Just(1_u64), 1..1000_u64, Just(1 << 40)];
    prop::collection::vec((entry(), steps, any::<u64>()), 0..most).prop_map(|entries| {
        let mut timestamp = 0;
        entries
            .into_iter()
            .enumerate()
            .map(|(number, (entry, step, id))| {
                timestamp += step;
                at(entry, timestamp, u128::from(id) << 64 | number as u128)
            })
            .collect()
    })
}

/// Plain transfers with consecutive timestamps, for tests that are about something else. Every fifth posts the one before it.
pub fn plain(count: u64, step: u64) -> Vec<Entry> {
    (1..=count)
        .map(|number| {
            let amount = Amount::new(u128::from(number) * 1000).unwrap();
            let posting = number % 5 == 0;
            let balances = Balances { debits_posted: amount, ..Balances::default() };
            Entry::Transfer(PostedTransfer {
                transfer: Transfer {
                    id: u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c_c060,
                    debit_account_id: u128::from(number % 3 + 1),
                    credit_account_id: u128::from(number % 4 + 5),
                    amount,
                    pending_id: if posting { u128::from(number - 1) } else { 0 },
                    flags: if posting { TransferFlags::POST_PENDING } else { TransferFlags::NONE },
                    timestamp: number * step,
                    ..Transfer::default()
                },
                asked: Asked { amount, zeros: 0 },
                debit: balances,
                credit: Balances::default(),
            })
        })
        .collect()
}
