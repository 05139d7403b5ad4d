//! What every kind of change looks like: other programs read this.

use ledger::{
    model::{
        Asked, Balances, Code, Entry, Exchange, Leg, Metadata, PostedLeg, PostedTransaction,
        PostedTransfer, Posting, Side, Transaction, Transfer, TransferFlags, Value,
    },
    money::{Amount, Rate, Rounding},
    query::Change,
};
use serde_json::{Value as Json, json};

fn units(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

fn posted(debits: u128, credits: u128) -> Balances {
    Balances { debits_posted: units(debits), credits_posted: units(credits), ..Balances::default() }
}

fn shown(debits: &str, credits: &str) -> Json {
    json!({"debits_pending": "0", "debits_posted": debits, "credits_pending": "0", "credits_posted": credits})
}

#[track_caller]
fn is(entry: Entry, form: &Json) {
    let change = Change { op: u64::MAX, index: 2, entry };
    let text = ledger_json::write(&change);
    assert_eq!(&serde_json::from_str::<Json>(&text).unwrap(), form);
    assert_eq!(ledger_json::read(&text).unwrap(), change);
    assert_eq!(ledger_json::read(&form.to_string()).unwrap(), change);
}

#[test]
fn a_transfer() {
    let transfer = Transfer {
        id: u128::MAX - 1,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: Amount::MAX,
        pending_id: 9,
        user_data_128: 3,
        user_data_64: 4,
        user_data_32: 5,
        timeout: 6,
        ledger: 7,
        code: 8,
        flags: TransferFlags::LINKED | TransferFlags::POST_PENDING,
        timestamp: 1_700_000_000_000_000_001,
    };
    let asked = Asked { amount: Amount::ZERO, zeros: 0b110_0001 };
    let entry = PostedTransfer { transfer, asked, debit: posted(1, 2), credit: posted(3, 4) };
    is(
        Entry::Transfer(entry),
        &json!({
            "op": "18446744073709551615", "index": 2, "kind": "transfer", "id": "340282366920938463463374607431768211454",
            "debit_account_id": "1", "credit_account_id": "2", "amount": "99999999999999999999999999999999999999",
            "ledger": 7, "code": 8, "flags": ["linked", "post_pending"], "pending_id": "9", "timeout": 6,
            "user_data_128": "3", "user_data_64": "4", "user_data_32": 5,
            "asked": {"amount": "0", "zeros": ["debit_account_id", "ledger", "code"]},
            "debit": shown("1", "2"), "credit": shown("3", "4"), "timestamp": "1700000000000000001",
        }),
    );
}

#[test]
fn a_transaction() {
    let leg = |account_id, side, amount: u128| Leg { account_id, side, amount: units(amount) };
    let metadata = Metadata::new(vec![
        ("at".to_owned(), Value::Time(u64::MAX)),
        ("no".to_owned(), Value::Integer(-1)),
        ("ok".to_owned(), Value::Bool(true)),
        ("what".to_owned(), Value::Text("rent \"May\"\n".to_owned())),
    ]);
    let transaction = Transaction {
        id: 7,
        posting: Posting::Exchange(Exchange {
            source: 1,
            source_liquidity: 2,
            target_liquidity: 3,
            target: 4,
            residue: 5,
            amount: units(100),
            rate: Rate { numerator: u64::MAX, denominator: 3 },
            rounding: Rounding::HalfEven,
        }),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 1,
        linked: true,
        metadata: metadata.unwrap(),
        timestamp: 5,
    };
    let legs = vec![
        PostedLeg { leg: leg(1, Side::Debit, 100), balances: posted(100, 0) },
        PostedLeg { leg: leg(2, Side::Credit, 100), balances: posted(0, 100) },
    ];
    is(
        Entry::Transaction(Box::new(PostedTransaction { transaction, legs })),
        &json!({
            "op": "18446744073709551615", "index": 2, "kind": "transaction", "id": "7", "code": 1, "linked": true,
            "exchange": {
                "source": "1", "source_liquidity": "2", "target_liquidity": "3", "target": "4", "residue": "5", "amount": "100",
                "rate": {"numerator": "18446744073709551615", "denominator": "3"}, "rounding": "half_even",
            },
            "legs": [
                {"account_id": "1", "side": "debit", "amount": "100", "balances": shown("100", "0")},
                {"account_id": "2", "side": "credit", "amount": "100", "balances": shown("0", "100")},
            ],
            "metadata": {"at": {"time": "18446744073709551615"}, "no": -1, "ok": true, "what": "rent \"May\"\n"},
            "user_data_128": "0", "user_data_64": "0", "user_data_32": 0, "timestamp": "5",
        }),
    );
}

#[test]
fn an_expiry_and_a_refusal() {
    let entry = Entry::Expiry {
        timestamp: 5,
        pending_id: 7,
        debit_account_id: 1,
        credit_account_id: 2,
        amount: units(3),
        debit: posted(1, 2),
        credit: posted(3, 4),
    };
    is(
        entry,
        &json!({
            "op": "18446744073709551615", "index": 2, "kind": "expiry", "pending_id": "7", "debit_account_id": "1",
            "credit_account_id": "2", "amount": "3", "debit": shown("1", "2"), "credit": shown("3", "4"), "timestamp": "5",
        }),
    );
    let digest = *b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff";
    is(
        Entry::Refusal { timestamp: 5, id: 7, code: Code::ExceedsCredits, digest },
        &json!({
            "op": "18446744073709551615", "index": 2, "kind": "refusal", "id": "7", "code": "exceeds_credits", "number": 108,
            "says": Code::ExceedsCredits.says(), "digest": "00112233445566778899aabbccddeeff", "timestamp": "5",
        }),
    );
}
