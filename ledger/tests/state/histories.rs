//! Random histories: invariants hold after each operation, and no answer depends on where older entries are.

use crate::desk::*;
use ledger::{
    NoPast,
    model::*,
    money::{Amount, Currency, Rate, Rounding},
    state::{Generation, Image, State},
};
use proptest::{collection::vec, prelude::*};

/// Few ids, so that they meet; those of pending transfers are in a range of their own, so that others find them.
fn id(of: std::ops::Range<u128>) -> impl Strategy<Value = u128> {
    prop_oneof![60 => of, 1 => 0u128..400, 1 => Just(0), 1 => Just(u128::MAX)]
}

const PENDINGS: std::ops::Range<u128> = 300..312;

fn account_id() -> impl Strategy<Value = u128> {
    prop_oneof![60 => 1u128..10, 1 => Just(0), 1 => Just(u128::MAX), 1 => Just(99)]
}

/// Two accounts, mostly different ones of one ledger.
fn pair() -> impl Strategy<Value = (u128, u128)> {
    prop_oneof![
        6 => (1u128..7, 0u128..5).prop_map(|(one, other)| (one, 1 + (one + other) % 6)),
        2 => (7u128..10, 0u128..2).prop_map(|(one, other)| (one, 7 + (one + other) % 3)),
        1 => (account_id(), account_id()),
    ]
}

fn units() -> impl Strategy<Value = Amount> {
    let most = Amount::MAX.get();
    prop_oneof![30 => 1u128..60, 1 => Just(0), 1 => Just(most), 1 => Just(most - 30), 1 => Just(most / 2)]
        .prop_map(amount)
}

fn flags() -> impl Strategy<Value = TransferFlags> {
    let one = |bits: u32| {
        if bits == 0 { TransferFlags::NONE } else { TransferFlags::from_bits(1 << (bits - 1)) }
    };
    // Mostly sensible sets, sometimes any.
    let linked = prop_oneof![9 => Just(TransferFlags::NONE), 2 => Just(TransferFlags::LINKED)];
    let kind = prop_oneof![
        4 => Just(TransferFlags::NONE),
        4 => Just(TransferFlags::PENDING),
        3 => Just(TransferFlags::POST_PENDING),
        2 => Just(TransferFlags::VOID_PENDING),
        1 => (4u32..=8).prop_map(one),
        1 => (4u32..=8).prop_map(move |bits| one(bits) | TransferFlags::PENDING),
        1 => prop_oneof![Just(0u16), 0u16..1 << 9].prop_map(TransferFlags::from_bits),
    ];
    (linked, kind).prop_map(|(linked, kind)| linked | kind)
}

fn transfer() -> impl Strategy<Value = Transfer> {
    let rarely = || prop_oneof![20 => Just(0u32), 1 => 1u32..3];
    let ids = (id(1..200), id(PENDINGS), id(PENDINGS));
    (ids, pair(), units(), flags(), (rarely(), rarely(), rarely()), 0u32..4, any::<[bool; 4]>())
        .prop_map(|((id, own, pending), (debit, credit), amount, flags, data, timeout, keep)| {
            let ends = flags.intersects(TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING);
            let id = if flags.contains(TransferFlags::PENDING) { own } else { id };
            // What ends another says little by itself.
            let of = |at: usize, other: u128| if ends && (keep[at] || keep[3]) { 0 } else { other };
            Transfer {
                id,
                debit_account_id: of(0, debit),
                credit_account_id: of(1, credit),
                amount: if ends && keep[2] { Amount::ZERO } else { amount },
                pending_id: if ends { pending } else { 0 },
                user_data_128: data.0.into(),
                user_data_64: data.1.into(),
                user_data_32: data.2,
                timeout: if flags.contains(TransferFlags::PENDING) { timeout } else { 0 },
                ledger: of(2, if debit > 6 { 2 } else { 1 }) as u32,
                code: of(3, 1) as u16,
                flags,
                timestamp: 0,
            }
        })
}

fn any_transaction() -> impl Strategy<Value = Transaction> {
    let legs = vec((account_id(), any::<bool>(), units()), 0..6).prop_map(|legs| {
        let leg = |(account_id, debits, amount): (u128, bool, Amount)| Leg {
            account_id,
            side: if debits { Side::Debit } else { Side::Credit },
            amount,
        };
        Posting::Legs(legs.into_iter().map(leg).collect())
    });
    let balanced = vec((1u128..7, 1u128..7, 1u128..50), 1..4).prop_map(|pairs| {
        Posting::Legs(
            pairs
                .into_iter()
                .flat_map(|(from, to, units)| [debit(from, units), credit(to, units)])
                .collect(),
        )
    });
    let exchange = (vec(1u128..10, 5), units(), 0u64..5000, 0u64..7, 0usize..3).prop_map(
        |(ids, amount, numerator, denominator, rounding)| {
            let rounding = [Rounding::Down, Rounding::Up, Rounding::HalfEven][rounding];
            Posting::Exchange(Exchange {
                // Mostly from the first ledger to the second.
                source: ids[0],
                source_liquidity: 1 + ids[1] % 6,
                target_liquidity: 7 + ids[2] % 3,
                target: 7 + ids[3] % 3,
                residue: 7 + ids[4] % 3,
                amount,
                rate: Rate { numerator, denominator },
                rounding,
            })
        },
    );
    (
        id(1..200),
        prop_oneof![1 => legs, 3 => balanced, 3 => exchange],
        (0..5).prop_map(|dice| dice == 0),
        0u32..2,
    )
        .prop_map(|(id, posting, linked, data)| Transaction {
            linked,
            user_data_32: data,
            ..transaction(id, posting)
        })
}

fn new_account() -> impl Strategy<Value = Account> {
    let flags = prop_oneof![6 => 0u16..4, 1 => 0u16..64].prop_map(AccountFlags::from_bits);
    (account_id(), flags, 1u32..4).prop_map(|(id, flags, ledger)| Account {
        id,
        ledger: if ledger == 3 { 3 } else { 1 + u32::from(id > 6) },
        code: 1,
        flags,
        ..Account::default()
    })
}

fn batch() -> impl Strategy<Value = Batch> {
    prop_oneof![
        2 => vec(new_account(), 1..4).prop_map(Batch::Accounts),
        10 => vec(transfer(), 1..12).prop_map(Batch::Transfers),
        5 => vec(any_transaction(), 1..5).prop_map(Batch::Transactions),
        2 => Just(Batch::Tick),
    ]
}

/// A batch, how much time passes before it, and what is done with the generations after it. Some batches came before.
fn history() -> impl Strategy<Value = Vec<(Batch, u64, u8)>> {
    let step = (batch(), prop_oneof![Just(0), Just(1), 0..SECOND], 0u8..6, 0usize..40);
    vec(step, 1..40).prop_map(|steps| {
        let mut history: Vec<(Batch, u64, u8)> = Vec::new();
        for (batch, passes, then, before) in steps {
            // One in five or so.
            let batch = history
                .len()
                .checked_sub(1 + before % 20)
                .filter(|_| before < 10)
                .map_or(batch, |at| history[at].0.clone());
            history.push((batch, passes, then));
        }
        history
    })
}

/// The beginning of all: ledgers of 2 and of no places, and most accounts.
fn beginning() -> Vec<Batch> {
    let ledger = |id, exponent| Ledger { id, currency: Currency::new("XXX", exponent).unwrap() };
    let flags = |id| match id {
        3 => AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        4 => AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        _ => AccountFlags::NONE,
    };
    let account = |id| Account {
        id,
        ledger: 1 + u32::from(id > 6),
        code: 1,
        flags: flags(id),
        ..Account::default()
    };
    vec![
        Batch::Ledgers(vec![ledger(1, 2), ledger(2, 0)]),
        Batch::Accounts((1..9).map(account).collect()),
    ]
}

/// That links give what a scan gives.
fn links_are_right(generation: &Generation) {
    for account in 0..100 {
        let touches = |entry: &&Entry| entry.touched().any(|(id, _)| id == account);
        let scanned: Vec<_> = generation.entries().iter().rev().filter(touches).collect();
        assert_eq!(
            generation.of_account(account).collect::<Vec<_>>(),
            scanned,
            "account {account}"
        );
    }
}

/// That each entry's balances are those of before and what it moved: the last of each account are today's.
fn balances_are_the_last(state: &State, entries: &[Entry]) {
    for account in state.accounts() {
        let last = entries
            .iter()
            .rev()
            .find_map(|entry| entry.touched().filter(|(id, _)| *id == account.id).last());
        assert_eq!(
            last.map_or(Balances::default(), |(_, balances)| balances),
            account.balances,
            "account {}",
            account.id
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn where_entries_are_changes_nothing(history in history(), cut in any::<prop::sample::Index>()) {
        let steps: Vec<_> = beginning().into_iter().map(|batch| (batch, 0, 0)).chain(history).collect();
        // One that keeps everything, one that gives it away at any time.
        let mut whole = State::new();
        let mut given = Desk::empty();
        let mut log = Vec::new();
        let mut clock = SECOND;
        for (batch, passes, then) in steps {
            clock += passes;
            let timestamp = whole.next_timestamp(clock, &batch);
            prop_assert_eq!(given.state.next_timestamp(clock, &batch), timestamp);
            let op = whole.op() + 1;
            let reply = whole.apply(&NoPast, op, timestamp, &batch).unwrap();
            whole.check().unwrap();
            prop_assert_eq!(&given.state.apply(&given.past, op, timestamp, &batch).unwrap(), &reply);
            given.state.check().unwrap();
            prop_assert_eq!(given.state.digest(), whole.digest());
            log.push((timestamp, batch, reply, whole.image()));
            match then {
                0 | 1 => {
                    let generation = given.state.freeze();
                    links_are_right(&generation);
                    given.past.store(&generation);
                }
                // The past is told at the freeze; the state may forget later, or in part.
                2 => given.state.forget(timestamp),
                3 => given.state.forget(timestamp.saturating_sub(SECOND)),
                _ => {}
            }
        }
        links_are_right(whole.active());
        balances_are_the_last(&whole, whole.active().entries());
        for id in 0..61 {
            prop_assert_eq!(whole.entry(&NoPast, id).unwrap(), given.entry(id));
        }

        // From the image at any operation, through bytes, on a past that knows all that is still to come.
        let mut all = Shelf::default();
        all.store(whole.active());
        let cut = cut.index(log.len());
        let mut bytes = Vec::new();
        log[cut].3.encode(&mut bytes).unwrap();
        let mut again = State::from_image(Image::decode(&mut &bytes[..]).unwrap()).unwrap();
        for (timestamp, batch, reply, _) in &log[cut + 1..] {
            prop_assert_eq!(&again.apply(&all, again.op() + 1, *timestamp, batch).unwrap(), reply);
            again.check().unwrap();
        }
        prop_assert_eq!(again.digest(), whole.digest());
    }

    // A batch again has the answers that it had, or `Exists` where it had `Ok`: nobody can tell that it came twice.
    #[test]
    fn a_repeated_batch_moves_nothing(events in vec(transfer(), 1..20)) {
        let mut desk = Desk::empty();
        for batch in beginning() {
            desk.apply(&batch);
        }
        // Chains aside: there an event that is undone is free to happen the next time.
        let alone = |(id, event): (u128, &Transfer)| Transfer { id, flags: event.flags.without(TransferFlags::LINKED), ..*event };
        let events: Vec<_> = (PENDINGS.start..).zip(&events).map(alone).collect();
        let first = desk.transfers(events.clone());
        let balances: Vec<_> = desk.state.accounts().copied().collect();
        let again = desk.transfers(events);
        for (first, again) in first.iter().zip(&again) {
            match first.code {
                Code::Ok => prop_assert_eq!(again, &TransferOutcome { code: Code::Exists, ..*first }),
                code if code.is_remembered() => prop_assert_eq!(again, first),
                code => prop_assert_eq!(again.code, code),
            }
        }
        prop_assert!(desk.state.accounts().eq(balances.iter()));
    }
}
