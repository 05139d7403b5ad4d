//! What is refused, and how that is said.

use ledger::model::TransferFlags;
use ledger_api::grpc::v1;
use tonic::Code as Grpc;

use crate::messages::{flags, payment, transfers};
use crate::rpc::{Rpc, problem};
use crate::support::{Server, Setup};

#[test]
fn every_bad_transfer_has_its_code() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let most = format!("{}", 10_u128.pow(38) - 1);
    let full = v1::Transfer {
        amount: most,
        debit_account_id: "4".into(),
        credit_account_id: "3".into(),
        ..payment(1)
    };
    assert_eq!(rpc.transfer(full).unwrap().code(), v1::Code::Ok);
    let with = |change: &dyn Fn(&mut v1::Transfer)| {
        let mut transfer = payment(0);
        change(&mut transfer);
        transfer
    };
    let cases = [
        (with(&|it| it.debit_account_id = "99".into()), v1::Code::DebitAccountNotFound),
        (with(&|it| it.credit_account_id = "99".into()), v1::Code::CreditAccountNotFound),
        (with(&|it| it.credit_account_id = "21".into()), v1::Code::AccountsMustHaveTheSameLedger),
        (with(&|it| it.ledger = 2), v1::Code::TransferMustHaveTheSameLedgerAsAccounts),
        (with(&|it| it.amount = "0".into()), v1::Code::AmountMustNotBeZero),
        (with(&|it| it.debit_account_id = "5".into()), v1::Code::ExceedsCredits),
        (with(&|it| it.debit_account_id = "6".into()), v1::Code::DebitAccountAlreadyClosed),
        (with(&|it| it.credit_account_id = "6".into()), v1::Code::CreditAccountAlreadyClosed),
        (with(&|it| it.flags = flags(TransferFlags::LINKED)), v1::Code::LinkedEventChainOpen),
        (with(&|it| it.timeout = 5), v1::Code::TimeoutReservedForPending),
        (with(&|it| it.code = 0), v1::Code::CodeMustNotBeZero),
        // One more than account 3 can ever be credited.
        (with(&|it| it.credit_account_id = "3".into()), v1::Code::OverflowsCreditsPosted),
    ];
    for (at, (transfer, code)) in cases.into_iter().enumerate() {
        let transfer = v1::Transfer { id: (100 + at).to_string(), ..transfer };
        assert_eq!(rpc.transfer(transfer).unwrap().code(), code);
    }
    let nobody = v1::Transfer { id: String::new(), ..payment(0) };
    assert_eq!(rpc.transfer(nobody).unwrap().code(), v1::Code::IdMustNotBeZero);
    let first = v1::Transfer { flags: flags(TransferFlags::LINKED), ..payment(200) };
    let second = v1::Transfer { amount: "0".into(), ..payment(201) };
    let chain = rpc.create_transfers(transfers(vec![first, second])).unwrap().outcomes;
    let codes: Vec<_> = chain.iter().map(v1::TransferOutcome::code).collect();
    assert_eq!(codes, [v1::Code::LinkedEventFailed, v1::Code::AmountMustNotBeZero]);
    let account = |id: &str, ledger, code| v1::Account {
        id: id.into(),
        ledger,
        code,
        ..v1::Account::default()
    };
    let accounts = vec![account("50", 9, 1), account("1", 1, 2)];
    let made = rpc.create_accounts(v1::CreateAccountsRequest { accounts }).unwrap().outcomes;
    let codes: Vec<_> = made.iter().map(v1::Outcome::code).collect();
    assert_eq!(codes, [v1::Code::LedgerNotFound, v1::Code::ExistsWithDifferentCode]);
}

#[test]
fn requests_that_can_never_succeed_name_event_and_field() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let over = format!("1{}", "0".repeat(38));
    let huge = "9".repeat(100_000);
    type Change<'a> = (&'a dyn Fn(&mut v1::Transfer), &'a str);
    let cases: [Change<'_>; 12] = [
        (&|it| it.amount = String::new(), "event 1: amount: there is none"),
        (&|it| it.amount = "10.85".into(), "event 1: amount: \"10.85\" is no amount"),
        (&|it| it.amount = "-5".into(), "event 1: amount:"),
        (&|it| it.amount = "1e2".into(), "event 1: amount:"),
        (&|it| it.amount = over.clone(), "event 1: amount:"),
        (&|it| it.amount = huge.clone(), "event 1: amount:"),
        (&|it| it.id = "x".into(), "event 1: id: \"x\" is no id"),
        (&|it| it.debit_account_id = " 1".into(), "event 1: debit_account_id:"),
        (&|it| it.user_data_128 = "1.0".into(), "event 1: user_data_128:"),
        (&|it| it.code = 65_536, "event 1: code: 65536 is more than 65535"),
        (&|it| it.flags = vec![9], "event 1: flags: there is no flag 9"),
        (&|it| it.flags = vec![0], "event 1: flags: there is no flag 0"),
    ];
    for (change, says) in cases {
        let mut bad = payment(2);
        change(&mut bad);
        let answer = rpc.create_transfers(transfers(vec![payment(1), bad]));
        let told = problem(answer, Grpc::InvalidArgument, "bad_request");
        assert!(told.contains(says) && told.len() < 300, "{told}");
    }
    let nothing = rpc.create_transfers(transfers(Vec::new()));
    problem(nothing, Grpc::InvalidArgument, "bad_request");
    let many = rpc.create_transfers(transfers((1..=8_191).map(payment).collect()));
    let told = problem(many, Grpc::InvalidArgument, "too_large");
    assert!(told.contains("8191 events, at most 8190"), "{told}");
    assert_eq!(server.client().status().unwrap().op, 2, "nothing happened");
}

#[test]
fn ledgers_transactions_and_reads_too() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let mut bad = |says: &str, answer: &mut dyn FnMut(&mut Rpc) -> Result<(), tonic::Status>| {
        let told = problem(answer(&mut rpc), Grpc::InvalidArgument, "bad_request");
        assert!(told.contains(says), "{told}");
    };
    let long = "X".repeat(1 << 20);
    for (currency, exponent, says) in [
        ("eur", 2, "event 0: currency: \"eur\" is no currency's code"),
        (&long, 2, "event 0: currency"),
        ("EUR", 19, "19"),
        ("EUR", 256, "event 0: exponent: 256 is more than 255"),
    ] {
        bad(says, &mut |rpc| {
            let ledgers = vec![v1::NewLedger { id: 3, currency: currency.into(), exponent }];
            rpc.create_ledgers(v1::CreateLedgersRequest { ledgers }).map(drop)
        });
    }
    let leg = |side| v1::Leg { account_id: "1".into(), side, amount: "1".into() };
    let legs =
        |side| Some(v1::transaction::Posting::Legs(v1::Legs { legs: vec![leg(1), leg(side)] }));
    let exchange = |rate, rounding| {
        Some(v1::transaction::Posting::Exchange(v1::Exchange {
            amount: "1".into(),
            rate,
            rounding,
            ..v1::Exchange::default()
        }))
    };
    let rate = Some(v1::Rate { numerator: 1, denominator: 1 });
    let unsaid = [("k".to_owned(), v1::Value { kind: None })].into();
    let long = [("k".repeat(33), v1::Value { kind: Some(v1::value::Kind::Bool(true)) })].into();
    for (posting, metadata, says) in [
        (None, Default::default(), "event 0: a transaction has either legs or an exchange"),
        (legs(0), Default::default(), "event 0: legs[1].side: there is none"),
        (legs(3), Default::default(), "event 0: side: there is no side 3"),
        (exchange(None, 0), Default::default(), "event 0: exchange.rate: there is none"),
        (exchange(rate, 3), Default::default(), "event 0: exchange.rounding: there is no 3"),
        (legs(2), unsaid, "event 0: metadata: \"k\" has no value"),
        (legs(2), long, "event 0: metadata: a key of metadata has 33 bytes"),
    ] {
        let transaction = v1::Transaction { posting, metadata, ..v1::Transaction::default() };
        bad(says, &mut |rpc| {
            let transactions = vec![transaction.clone()];
            rpc.create_transactions(v1::CreateTransactionsRequest { transactions }).map(drop)
        });
    }
    bad("id 1: \"x\" is no id", &mut |rpc| {
        let ids = vec!["1".into(), "x".into()];
        rpc.lookup_accounts(v1::LookupAccountsRequest { ids }).map(drop)
    });
    bad("no ids", &mut |rpc| rpc.lookup_entries(v1::LookupEntriesRequest::default()).map(drop));
    bad("no moments", &mut |rpc| rpc.balances_at(v1::BalancesAtRequest::default()).map(drop));
    bad("account_id", &mut |rpc| rpc.statement(v1::StatementRequest::default()).map(drop));
    let query = v1::QueryRequest::default;
    let filter = v1::Filter::default;
    for (asked, says) in [
        (v1::QueryRequest { limit: 1_001, ..query() }, "a limit of 1001"),
        (v1::QueryRequest { from: 2, through: 1, ..query() }, "from is later than through"),
        (v1::QueryRequest { account_id: "x".into(), ..query() }, "account_id"),
        (
            v1::QueryRequest {
                any_of: vec![filter(), v1::Filter { side: 1, ..filter() }],
                ..query()
            },
            "a side of no account_id",
        ),
        (
            v1::QueryRequest {
                any_of: vec![v1::Filter { amount_min: Some("1.5".into()), ..filter() }],
                ..query()
            },
            "filter 0: amount_min",
        ),
        (
            v1::QueryRequest {
                any_of: vec![v1::Filter { metadata: Some(Default::default()), ..filter() }],
                ..query()
            },
            "has no value",
        ),
    ] {
        bad(says, &mut |rpc| rpc.query(asked.clone()).map(drop));
    }
    let asked = v1::QueryRequest { any_of: vec![filter(); 65], ..query() };
    problem(rpc.query(asked), Grpc::InvalidArgument, "too_large");
    let nobody = v1::StatementRequest { account_id: "99".into(), ..Default::default() };
    let told = problem(rpc.statement(nobody), Grpc::NotFound, "not_found");
    assert!(told.contains("account 99"), "{told}");
    let after = v1::Place { op: 1, index: u32::MAX };
    let answer = rpc.feed(Some(v1::feed_request::Begin::After(after))).map(drop);
    problem(answer, Grpc::InvalidArgument, "bad_request");
}
