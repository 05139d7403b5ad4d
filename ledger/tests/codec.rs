//! Records and bytes: everything comes back, and nothing else does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ledger::{
    Error,
    codec::{self, decode, decode_reply, encode, encode_reply},
    model::*,
    money::{Amount, Currency, Rate, Rounding},
};
use proptest::{collection::vec, prelude::*};

fn amount() -> impl Strategy<Value = Amount> {
    (0..=Amount::MAX.get(), 0u32..127)
        .prop_map(|(units, shift)| Amount::new(units >> shift).unwrap())
}

fn balances() -> impl Strategy<Value = Balances> {
    (amount(), amount(), amount(), amount()).prop_map(
        |(debits_pending, debits_posted, credits_pending, credits_posted)| Balances {
            debits_pending,
            debits_posted,
            credits_pending,
            credits_posted,
        },
    )
}

fn ledger() -> impl Strategy<Value = Ledger> {
    (any::<u32>(), "[A-Z0-9]{1,8}", 0u8..=18).prop_map(|(id, code, exponent)| Ledger {
        id,
        currency: Currency::new(&code, exponent).unwrap(),
    })
}

fn account() -> impl Strategy<Value = Account> {
    (any::<(u128, u128, u64, u32, u32, u16, u16, u64)>(), balances()).prop_map(|(of, balances)| {
        Account {
            id: of.0,
            balances,
            user_data_128: of.1,
            user_data_64: of.2,
            user_data_32: of.3,
            ledger: of.4,
            code: of.5,
            flags: AccountFlags::from_bits(of.6),
            timestamp: of.7,
        }
    })
}

fn transfer() -> impl Strategy<Value = Transfer> {
    let ids = any::<(u128, u128, u128, u128)>();
    (ids, any::<(u128, u64, u32, u32, u32, u16, u16, u64)>(), amount()).prop_map(
        |(ids, of, amount)| Transfer {
            id: ids.0,
            debit_account_id: ids.1,
            credit_account_id: ids.2,
            amount,
            pending_id: ids.3,
            user_data_128: of.0,
            user_data_64: of.1,
            user_data_32: of.2,
            timeout: of.3,
            ledger: of.4,
            code: of.5,
            flags: TransferFlags::from_bits(of.6),
            timestamp: of.7,
        },
    )
}

fn leg() -> impl Strategy<Value = Leg> {
    (any::<u128>(), any::<bool>(), amount()).prop_map(|(account_id, debit, amount)| Leg {
        account_id,
        side: if debit { Side::Debit } else { Side::Credit },
        amount,
    })
}

fn posting() -> impl Strategy<Value = Posting> {
    let rounding = prop_oneof![Just(Rounding::Down), Just(Rounding::Up), Just(Rounding::HalfEven)];
    let exchange =
        (any::<(u128, u128, u128, u128, u128)>(), amount(), any::<(u64, u64)>(), rounding);
    prop_oneof![
        vec(leg(), 0..200).prop_map(Posting::Legs),
        exchange.prop_map(|(ids, amount, rate, rounding)| Posting::Exchange(Exchange {
            source: ids.0,
            source_liquidity: ids.1,
            target_liquidity: ids.2,
            target: ids.3,
            residue: ids.4,
            amount,
            rate: Rate { numerator: rate.0, denominator: rate.1 },
            rounding,
        }))
    ]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Integer),
        any::<u64>().prop_map(Value::Time),
        "\\PC{0,64}".prop_map(Value::Text),
    ];
    proptest::collection::btree_map("[a-zé]{1,16}", value, 0..=16)
        .prop_map(|entries| Metadata::new(entries.into_iter().collect()).unwrap())
}

fn transaction() -> impl Strategy<Value = Transaction> {
    (any::<(u128, u128, u64, u32, u16, bool, u64)>(), posting(), metadata()).prop_map(
        |(of, posting, metadata)| Transaction {
            id: of.0,
            posting,
            user_data_128: of.1,
            user_data_64: of.2,
            user_data_32: of.3,
            code: of.4,
            linked: of.5,
            metadata,
            timestamp: of.6,
        },
    )
}

fn batch() -> impl Strategy<Value = Batch> {
    prop_oneof![
        vec(ledger(), 0..6).prop_map(Batch::Ledgers),
        vec(account(), 0..6).prop_map(Batch::Accounts),
        vec(transfer(), 0..6).prop_map(Batch::Transfers),
        vec(transaction(), 0..4).prop_map(Batch::Transactions),
        Just(Batch::Tick),
    ]
}

fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(Code::ALL.to_vec())
}

fn reply() -> impl Strategy<Value = Reply> {
    let outcome =
        || (code(), any::<u64>()).prop_map(|(code, timestamp)| Outcome { code, timestamp });
    let of_transfer = (code(), any::<u64>(), amount(), balances(), balances()).prop_map(
        |(code, timestamp, amount, debit, credit)| TransferOutcome {
            code,
            timestamp,
            amount,
            debit,
            credit,
        },
    );
    let legs = vec(
        (leg(), balances()).prop_map(|(leg, balances)| PostedLeg { leg, balances }),
        0..=MAX_LEGS,
    );
    let of_transaction = (code(), any::<u64>(), legs)
        .prop_map(|(code, timestamp, legs)| TransactionOutcome { code, timestamp, legs });
    prop_oneof![
        vec(outcome(), 0..6).prop_map(Reply::Ledgers),
        vec(outcome(), 0..6).prop_map(Reply::Accounts),
        vec(of_transfer, 0..6).prop_map(Reply::Transfers),
        vec(of_transaction, 0..3).prop_map(Reply::Transactions),
        Just(Reply::Tick),
    ]
}

fn encoded(batch: &Batch) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(batch, &mut bytes);
    bytes
}

fn shape(reply: &Reply) -> (u16, u32) {
    match reply {
        Reply::Ledgers(outcomes) => (codec::KIND_LEDGERS, outcomes.len() as u32),
        Reply::Accounts(outcomes) => (codec::KIND_ACCOUNTS, outcomes.len() as u32),
        Reply::Transfers(outcomes) => (codec::KIND_TRANSFERS, outcomes.len() as u32),
        Reply::Transactions(outcomes) => (codec::KIND_TRANSACTIONS, outcomes.len() as u32),
        Reply::Tick => (codec::KIND_TICK, 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_batch_comes_back(batch in batch()) {
        let bytes = encoded(&batch);
        let count = batch.len() as u32;
        prop_assert_eq!(decode(batch.kind(), count, &bytes).unwrap(), batch.clone());
        if !matches!(batch, Batch::Tick) {
            prop_assert!(decode(batch.kind(), count + 1, &bytes).is_err());
        }
        for kind in 0..8 {
            // No record is of another kind by chance only; but none may panic.
            let _ = decode(kind, count, &bytes);
        }
    }

    #[test]
    fn a_batch_cut_short_or_with_more_is_refused(batch in batch(), cut in any::<prop::sample::Index>()) {
        let mut bytes = encoded(&batch);
        let (kind, count) = (batch.kind(), batch.len() as u32);
        if !bytes.is_empty() {
            prop_assert!(decode(kind, count, &bytes[..cut.index(bytes.len())]).is_err());
        }
        bytes.push(0);
        prop_assert!(decode(kind, count, &bytes).is_err());
    }

    // What is decoded has one encoding: that one. So a hash of a record is a hash of what it says.
    #[test]
    fn mutated_bytes_are_refused_or_say_something_else(batch in batch(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = encoded(&batch);
        prop_assume!(!bytes.is_empty());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        match decode(batch.kind(), batch.len() as u32, &bytes) {
            Ok(other) => {
                prop_assert_ne!(&other, &batch);
                prop_assert_eq!(encoded(&other), bytes);
            }
            Err(error) => prop_assert!(matches!(error, Error::Batch(_))),
        }
    }

    #[test]
    fn garbage_is_refused(kind in 0u16..8, count in 0u32..40, bytes in vec(any::<u8>(), 0..600)) {
        if let Ok(batch) = decode(kind, count, &bytes) {
            prop_assert_eq!(encoded(&batch), bytes.clone());
        }
        let _ = decode_reply(kind, count, &bytes);
    }

    #[test]
    fn a_reply_comes_back(reply in reply(), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = Vec::new();
        encode_reply(&reply, &mut bytes);
        let (kind, count) = shape(&reply);
        prop_assert_eq!(&decode_reply(kind, count, &bytes).unwrap(), &reply);
        prop_assume!(!bytes.is_empty());
        prop_assert!(decode_reply(kind, count, &bytes[1..]).is_err());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = decode_reply(kind, count, &bytes) {
            prop_assert_ne!(other, reply);
        }
    }
}

#[test]
fn the_layout_of_a_transaction() {
    let transaction = Transaction {
        id: 0x01,
        posting: Posting::Legs(vec![Leg {
            account_id: 0x08,
            side: Side::Credit,
            amount: Amount::new(0x09).unwrap(),
        }]),
        user_data_128: 0x02,
        user_data_64: 0x03,
        user_data_32: 0x05,
        code: 0x06,
        linked: true,
        metadata: Metadata::new(vec![("k".to_owned(), Value::Text("v".to_owned()))]).unwrap(),
        timestamp: 0x04,
    };
    let mut expected = vec![0; 4 + 56 + 4 + 33];
    for (at, byte) in [
        (0, 56 + 4 + 33 + 7),
        (4, 1),
        (20, 2),
        (36, 3),
        (44, 4),
        (52, 5),
        (56, 6),
        (58, 1),
        (59, 0),
        (60, 1),
        (64, 8),
        (80, 9),
        (96, 1),
    ] {
        expected[at] = byte;
    }
    expected.extend_from_slice(&[1, 1, b'k', 3, 1, 0, b'v']);
    assert_eq!(encoded(&Batch::Transactions(vec![transaction.clone()])), expected);
    assert_eq!(codec::transaction_from_bytes(&expected), Ok((transaction, expected.len())));
}

#[test]
fn a_huge_count_allocates_nothing() {
    // Four thousand million legs in no bytes.
    let mut bytes = vec![0; 4 + 56 + 4];
    bytes[0] = 60;
    bytes[60..64].fill(0xff);
    let error = decode(codec::KIND_TRANSACTIONS, 1, &bytes).unwrap_err();
    assert!(error.to_string().contains("event 0: 4294967295 legs"), "{error}");
    assert!(decode(codec::KIND_TRANSFERS, u32::MAX, &[]).is_err());
    assert!(
        decode(codec::KIND_TRANSFERS, MAX_EVENTS as u32 + 1, &vec![0; (MAX_EVENTS + 1) * 128])
            .is_err()
    );
}

#[test]
fn the_event_is_named() {
    let mut bytes = encoded(&Batch::Transfers(vec![Transfer::default(); 3]));
    bytes[2 * 128 + 63] = 0xff;
    let error = decode(codec::KIND_TRANSFERS, 3, &bytes).unwrap_err().to_string();
    assert!(error.contains("event 2: amount of ") && error.contains("above the limit"), "{error}");
    let error = decode(6, 0, &[]).unwrap_err().to_string();
    assert!(error.contains("kind 6"), "{error}");
    assert!(decode(codec::KIND_TICK, 1, &[]).is_err());
}

#[test]
fn digests_are_of_the_request() {
    let transfer = Transfer { id: 1, code: 2, ..Transfer::default() };
    let digest = codec::transfer_digest(&transfer);
    assert_eq!(digest, blake3::hash(&codec::transfer_bytes(&transfer)).as_bytes()[..16]);
    assert_eq!(digest, codec::transfer_digest(&Transfer { timestamp: 5, ..transfer }));
    assert_ne!(digest, codec::transfer_digest(&Transfer { code: 3, ..transfer }));
}
