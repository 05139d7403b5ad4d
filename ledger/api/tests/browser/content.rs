//! What the scripts expect to see: the numbers here are those there.

use ledger::model::{
    Account, AccountFlags, Exchange, Ledger, Leg, Metadata, Posting, Side, Transaction, Transfer,
    TransferFlags, Value,
};
use ledger::money::{Amount, Currency, Rate, Rounding};
use ledger_api::client::Client;

use crate::support::units;

/// What somebody who means harm would write.
const HOSTILE: &str = "<img src=x onerror=alert(1)><script>alert(2)</script>";

fn account(id: u128, ledger: u32) -> Account {
    Account { id, ledger, code: 7, ..Account::default() }
}

fn transfer(id: u128, from: u128, to: u128, ledger: u32, amount: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: from,
        credit_account_id: to,
        amount: units(amount),
        ledger,
        code: 3,
        ..Transfer::default()
    }
}

fn transaction(id: u128) -> Transaction {
    Transaction {
        id,
        posting: Posting::Legs(Vec::new()),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 9,
        linked: false,
        metadata: Metadata::default(),
        timestamp: 0,
    }
}

/// Euros (1) with accounts 1, 2 and 101 to 160, yen (2) with 21 to 23, and a currency with 18 places (3) with 31 and the greatest id that there is.
pub fn fill(client: &Client) {
    let ledgers = [(1, "EUR", 2), (2, "JPY", 0), (3, "WEI18", 18)];
    let ledgers = ledgers.map(|(id, code, exponent)| Ledger {
        id,
        currency: Currency::new(code, exponent).unwrap(),
    });
    for outcome in client.create_ledgers(&ledgers).unwrap() {
        assert!(outcome.code.is_success(), "{outcome:?}");
    }
    let mut accounts = vec![
        account(1, 1),
        account(2, 1),
        account(21, 2),
        account(22, 2),
        account(23, 2),
        account(31, 3),
    ];
    // All bits but the last: 2^128 - 1 is no id.
    accounts.push(account(u128::MAX - 1, 3));
    accounts.extend((101..=160).map(|id| account(id, 1)));
    accounts[0].user_data_64 = u64::MAX;
    accounts[1].flags = AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS;
    for outcome in client.create_accounts(&accounts).unwrap() {
        assert!(outcome.code.is_success(), "{outcome:?}");
    }
    // More than one part of account 1's statement; together 7,260.00.
    let mut transfers: Vec<Transfer> =
        (1..=120).map(|it| transfer(1_000 + it, 1, 101 + (it - 1) % 60, 1, it * 100)).collect();
    // The greatest amount that there is.
    transfers.push(transfer(2_000, u128::MAX - 1, 31, 3, Amount::MAX.get()));
    transfers.push(transfer(2_001, 21, 22, 2, 1_234_567));
    // 12,345,678.91 from 2, which has nothing: refused, and remembered.
    transfers.push(transfer(2_002, 2, 1, 1, 1_234_567_891));
    transfers.push(transfer(2_003, 1, 2, 1, 9_007_199_254_740_993));
    let pending = Transfer { flags: TransferFlags::PENDING, ..transfer(2_004, 1, 2, 1, 5_005) };
    transfers.push(pending);
    for outcome in client.create_transfers(&transfers).unwrap() {
        assert!(outcome.code.is_success() || outcome.code.is_remembered(), "{outcome:?}");
    }
    let leg = |account_id, side, amount| Leg { account_id, side, amount: units(amount) };
    let metadata = Metadata::new(vec![
        ("order".to_owned(), Value::Integer(i64::MAX)),
        ("<b>key</b>".to_owned(), Value::Text(HOSTILE.to_owned())),
        ("paid".to_owned(), Value::Bool(true)),
    ]);
    let legs = Transaction {
        posting: Posting::Legs(vec![
            leg(1, Side::Debit, 300),
            leg(101, Side::Credit, 200),
            leg(102, Side::Credit, 100),
            leg(21, Side::Debit, 50),
            leg(22, Side::Credit, 50),
        ]),
        metadata: metadata.unwrap(),
        ..transaction(3_000)
    };
    let exchange = Transaction {
        posting: Posting::Exchange(Exchange {
            source: 1,
            source_liquidity: 103,
            target_liquidity: 21,
            target: 22,
            residue: 23,
            amount: units(1_000),
            rate: Rate { numerator: 3, denominator: 7 },
            rounding: Rounding::Down,
        }),
        ..transaction(3_001)
    };
    for outcome in client.create_transactions(&[legs, exchange]).unwrap() {
        assert!(outcome.code.is_success(), "{outcome:?}");
    }
}

/// What happens while somebody looks: 0.07 from 1 to 101.
pub fn one_more(client: &Client) {
    let outcome = client.create_transfers(&[transfer(4_000, 1, 101, 1, 7)]).unwrap()[0];
    assert!(outcome.code.is_success(), "{outcome:?}");
}
