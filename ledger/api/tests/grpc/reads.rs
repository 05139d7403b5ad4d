//! What is read is what the library has.

use ledger::model::{
    Exchange, Metadata, Posting, Side, Transaction, Transfer, TransferFlags, Value,
};
use ledger::money::{Rate, Rounding};
use ledger::query::{Filter, Query};
use ledger_api::grpc::v1;

use crate::messages::{balances, digits, entry};
use crate::rpc::Rpc;
use crate::support::{Server, Setup, transfer, units};

/// Two phases, a refusal, legs, an exchange; then payments of 1, 2, ... up to `more` from 1 to 2 or 3.
fn history(server: &Server, more: u128) {
    let client = server.client();
    let held = Transfer { flags: TransferFlags::PENDING, user_data_64: 7, ..transfer(1_001, 50) };
    let post = Transfer {
        id: 1_002,
        pending_id: 1_001,
        amount: units(20),
        flags: TransferFlags::POST_PENDING,
        ..Transfer::default()
    };
    let poor = Transfer { debit_account_id: 5, ..transfer(1_003, 1) };
    client.create_transfers(&[held, post, poor]).unwrap();
    let leg =
        |account_id, side, amount| ledger::model::Leg { account_id, side, amount: units(amount) };
    let note = Metadata::new(vec![
        ("note".to_owned(), Value::Text("rent".to_owned())),
        ("paid".to_owned(), Value::Bool(true)),
    ]);
    let legs = Transaction {
        id: 1_004,
        posting: Posting::Legs(vec![
            leg(1, Side::Debit, 30),
            leg(2, Side::Credit, 10),
            leg(3, Side::Credit, 20),
        ]),
        user_data_128: u128::MAX,
        user_data_64: u64::MAX,
        user_data_32: u32::MAX,
        code: u16::MAX,
        linked: false,
        metadata: note.unwrap(),
        timestamp: 0,
    };
    // The ledgers are of euros and of yen: 0.10 EUR at 150 are 15 JPY.
    let exchange = Posting::Exchange(Exchange {
        source: 1,
        source_liquidity: 2,
        target_liquidity: 21,
        target: 22,
        residue: 21,
        amount: units(10),
        rate: Rate { numerator: 150, denominator: 1 },
        rounding: Rounding::HalfEven,
    });
    let exchange = Transaction { id: 1_005, posting: exchange, ..legs.clone() };
    let done = client.create_transactions(&[legs, exchange]).unwrap();
    assert!(done.iter().all(|it| it.code.is_success()), "{done:?}");
    let all: Vec<Transfer> = (1..=more)
        .map(|id| Transfer { credit_account_id: 2 + id % 2, ..transfer(id, id) })
        .collect();
    client.create_transfers(&all).unwrap();
}

/// All pages.
fn pages(rpc: &mut Rpc, asked: &v1::QueryRequest) -> Vec<v1::Entry> {
    let mut asked = asked.clone();
    let mut all = Vec::new();
    loop {
        let page = rpc.query(asked.clone()).unwrap();
        all.extend(page.entries);
        if page.next == 0 {
            return all;
        }
        asked.after = page.next;
    }
}

#[test]
fn queries_and_look_ups() {
    let server = Server::with_accounts(Setup::default());
    history(&server, 25);
    let (client, mut rpc) = (server.client(), Rpc::new(server.grpc));
    let query = v1::QueryRequest::default;
    let ask = v1::Filter::default;
    let of = |number: u128| Some(digits(number));
    let one = |filter: Filter| vec![filter];
    for (asked, wanted) in [
        (query(), Query::default()),
        (
            v1::QueryRequest { limit: 4, newest_first: true, ..query() },
            Query { newest_first: true, ..Query::default() },
        ),
        (
            v1::QueryRequest { account_id: "3".into(), limit: 5, ..query() },
            Query { account: Some(3), ..Query::default() },
        ),
        (
            v1::QueryRequest {
                any_of: vec![
                    v1::Filter { amount_min: of(24), amount_max: of(29), ..ask() },
                    v1::Filter { amount_max: of(2), account_id: of(1), side: 1, ..ask() },
                    v1::Filter { pending: Some(true), ..ask() },
                ],
                ..query()
            },
            Query {
                any_of: vec![
                    Filter { amount: Some(units(24)..=units(29)), ..Filter::default() },
                    Filter {
                        amount: Some(units(0)..=units(2)),
                        account: Some((1, Some(Side::Debit))),
                        ..Filter::default()
                    },
                    Filter { pending: Some(true), ..Filter::default() },
                ],
                ..Query::default()
            },
        ),
        (
            v1::QueryRequest {
                any_of: vec![v1::Filter {
                    user_data_128: of(u128::MAX),
                    user_data_64: Some(u64::MAX),
                    user_data_32: Some(u32::MAX),
                    code: Some(65_535),
                    ledger: Some(2),
                    metadata: Some(v1::Metadatum {
                        key: "paid".into(),
                        value: Some(v1::Value { kind: Some(v1::value::Kind::Bool(true)) }),
                    }),
                    ..ask()
                }],
                ..query()
            },
            Query {
                any_of: one(Filter { ledger: Some(2), ..Filter::default() }),
                ..Query::default()
            },
        ),
    ] {
        let found = client.query(&wanted).unwrap().entries;
        assert!(!found.is_empty());
        let wanted: Vec<_> = found.iter().map(entry).collect();
        assert_eq!(pages(&mut rpc, &asked), wanted, "{asked:?}");
    }
    let times: Vec<u64> =
        client.query(&Query::default()).unwrap().entries.iter().map(|it| it.timestamp()).collect();
    let between = v1::QueryRequest { from: times[3], through: times[6], ..query() };
    assert_eq!(pages(&mut rpc, &between).len(), 4);

    let ids: Vec<u128> = vec![7, 9_999, 1_003, 1_004, 1_005, 1_001, 7];
    let wanted: Vec<_> = client.find_entries(&ids).unwrap().iter().map(entry).collect();
    assert_eq!(wanted.len(), 6);
    let ids = ids.iter().map(digits).collect();
    let found = rpc.lookup_entries(v1::LookupEntriesRequest { ids }).unwrap().entries;
    assert_eq!(found, wanted);
    let ids = vec!["2".into(), "99".into(), "6".into()];
    let found = rpc.lookup_accounts(v1::LookupAccountsRequest { ids }).unwrap().accounts;
    let wanted = client.find_accounts(&[2, 6]).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].flags, [i32::from(v1::AccountFlag::Closed)]);
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!((&found.id, found.timestamp), (&digits(wanted.id), wanted.timestamp));
        assert_eq!(found.balances.as_ref(), Some(&balances(&wanted.balances)));
    }
}

#[test]
fn balances_of_any_moment_statements_and_sums() {
    let server = Server::with_accounts(Setup::default());
    history(&server, 5);
    let (client, mut rpc) = (server.client(), Rpc::new(server.grpc));
    let of_two = client.query(&Query { account: Some(2), ..Query::default() }).unwrap().entries;
    let moment = |account: &str, timestamp| v1::Moment { account_id: account.into(), timestamp };
    let mut moments: Vec<_> = of_two.iter().map(|it| moment("2", it.timestamp())).collect();
    moments.extend([moment("2", 0), moment("2", 1), moment("99", 0)]);
    let found = rpc.balances_at(v1::BalancesAtRequest { moments }).unwrap().balances;
    let asked: Vec<_> = of_two.iter().map(|it| (2, it.timestamp())).collect();
    let wanted: Vec<_> = client.balances_at(&asked).unwrap();
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found.balances, wanted.as_ref().map(balances));
    }
    let now = &found[of_two.len()];
    assert_eq!(now.timestamp, client.status().unwrap().timestamp);
    assert_eq!(now.balances, found[of_two.len() - 1].balances);
    assert_eq!(
        (&found[of_two.len() + 1].balances, &found[of_two.len() + 2].balances),
        (&None, &None)
    );

    let asked = v1::StatementRequest {
        account_id: "2".into(),
        from: of_two[1].timestamp(),
        through: of_two[3].timestamp(),
        limit: 0,
    };
    let statement = rpc.statement(asked.clone()).unwrap();
    assert_eq!(statement.opening, found[0].balances);
    assert_eq!(statement.closing, found[3].balances);
    assert!(!statement.truncated);
    let lines: Vec<_> = statement.lines.iter().map(|it| it.entry.clone().unwrap()).collect();
    assert_eq!(lines, of_two[1..=3].iter().map(entry).collect::<Vec<_>>());
    let part = rpc.statement(v1::StatementRequest { limit: 2, ..asked }).unwrap();
    assert_eq!(
        (part.truncated, part.lines.len(), part.closing),
        (true, 2, found[2].balances.clone())
    );

    let sums = rpc.trial_balance(v1::TrialBalanceRequest {}).unwrap();
    assert!(sums.balanced && sums.ledgers.iter().all(|it| it.balanced));
    for (found, wanted) in sums.ledgers.iter().zip(client.trial_balance().unwrap()) {
        assert_eq!(found.debits_posted, digits(wanted.totals.debits_posted));
        assert_eq!(found.credits_pending, digits(wanted.totals.credits_pending));
        assert_eq!((found.ledger, found.timestamp), (wanted.ledger.id, wanted.timestamp));
    }
    let (found, wanted) = (rpc.status(v1::StatusRequest {}).unwrap(), client.status().unwrap());
    assert_eq!((found.op, found.hash, found.accounts), (wanted.op, wanted.hash.to_vec(), 8));
    rpc.checkpoint(v1::CheckpointRequest {}).unwrap();
}

#[test]
fn a_page_of_large_entries_is_shorter() {
    let server = Server::with_accounts(Setup::default());
    let client = server.client();
    // Each some 15 kB as a message.
    let leg = |at: u128| ledger::model::Leg {
        account_id: 1 + at % 2,
        side: if at.is_multiple_of(2) { Side::Debit } else { Side::Credit },
        amount: units(10_u128.pow(33) + at / 2),
    };
    let wide = |id| Transaction {
        id,
        posting: Posting::Legs((0..128).map(leg).collect()),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 1,
        linked: false,
        metadata: Metadata::default(),
        timestamp: 0,
    };
    for ids in [1..=200, 201..=400] {
        let all: Vec<Transaction> = ids.map(wide).collect();
        let done = client.create_transactions(&all).unwrap();
        assert!(done.iter().all(|it| it.code.is_success()));
    }
    let mut rpc = Rpc::new(server.grpc);
    // As most clients are by default.
    rpc.client = rpc.client.clone().max_decoding_message_size(4 << 20);
    let asked = v1::QueryRequest { limit: 1_000, ..Default::default() };
    let first = rpc.query(asked.clone()).unwrap();
    assert!(first.next != 0 && first.entries.len() > 10, "{}", first.entries.len());
    assert_eq!(pages(&mut rpc, &asked).len(), 400);
    let asked = v1::StatementRequest { account_id: "1".into(), limit: 1_000, ..Default::default() };
    let statement = rpc.statement(asked).unwrap();
    assert!(statement.truncated);
    assert_eq!(statement.closing, statement.lines.last().unwrap().balances);
}
