//! Events through gRPC have the outcomes that the library gives them.

use ledger::Node;
use ledger::archive::MemoryArchive;
use ledger::disk::MemoryDisk;
use ledger::model::{
    Account, AccountFlags, Batch, Code, Exchange, Ledger, Leg, Metadata, Posting, Reply, Side,
    Transaction, Transfer, TransferFlags, Value,
};
use ledger::money::{Currency, Rate, Rounding};
use ledger_api::grpc::v1;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;

use crate::messages::{self, balances, digits, payment};
use crate::rpc::Rpc;
use crate::support::{Server, Setup, node_options, units};

const ACCOUNTS: u128 = 6;

fn flags() -> impl Strategy<Value = TransferFlags> {
    let one = TransferFlags::NAMES.iter().map(|it| it.1).collect::<Vec<_>>();
    prop_oneof![
        4 => Just(TransferFlags::NONE),
        3 => Just(TransferFlags::PENDING),
        2 => Just(TransferFlags::POST_PENDING),
        2 => Just(TransferFlags::VOID_PENDING),
        2 => Just(TransferFlags::LINKED),
        3 => prop::collection::vec(prop::sample::select(one), 0..3)
            .prop_map(|all| all.into_iter().fold(TransferFlags::NONE, |a, b| a | b)),
    ]
}

fn transfer() -> impl Strategy<Value = Transfer> {
    let id = 0..30_u128;
    let amount = prop_oneof![8 => 0..100_u128, 1 => Just(10_u128.pow(38) - 1)];
    let account = || 0..ACCOUNTS + 2;
    (id, account(), account(), amount, flags(), 0..30_u128, 0..3_u16, any::<(u64, u32)>()).prop_map(
        |(id, debit, credit, amount, flags, pending_id, code, (long, short))| {
            let resolves =
                flags.intersects(TransferFlags::POST_PENDING | TransferFlags::VOID_PENDING);
            Transfer {
                id: if id == 29 { u128::MAX } else { id },
                debit_account_id: if resolves { 0 } else { debit },
                credit_account_id: if resolves { 0 } else { credit },
                // Only where it need not be said can it be 0 by being left out; 0 that is said is an amount like others.
                amount: units(amount),
                pending_id: if resolves { pending_id } else { 0 },
                user_data_128: u128::from(long) << 64 | u128::from(short),
                user_data_64: long % 3,
                user_data_32: short % 2,
                timeout: 0,
                ledger: u32::from(!resolves),
                code: if resolves { 0 } else { code },
                flags,
                timestamp: 0,
            }
        },
    )
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let leg = (0..ACCOUNTS + 1, any::<bool>(), 0..20_u128).prop_map(|(account, debit, amount)| {
        let side = if debit { Side::Debit } else { Side::Credit };
        Leg { account_id: account, side, amount: units(amount) }
    });
    let balanced = (1..ACCOUNTS, 1..ACCOUNTS, 1..50_u128).prop_map(|(from, to, amount)| {
        let leg = |account_id, side| Leg { account_id, side, amount: units(amount) };
        vec![leg(from, Side::Debit), leg(to, Side::Credit)]
    });
    let legs = prop_oneof![prop::collection::vec(leg, 0..5), balanced].prop_map(Posting::Legs);
    let exchange = (1..60_u128, 1..5_u64, 0..5_u64, 0..3_usize).prop_map(|(amount, n, d, r)| {
        Posting::Exchange(Exchange {
            source: 1,
            source_liquidity: 2,
            target_liquidity: 101,
            target: 102,
            residue: 103,
            amount: units(amount),
            rate: Rate { numerator: n, denominator: d },
            rounding: [Rounding::Down, Rounding::Up, Rounding::HalfEven][r],
        })
    });
    let metadata = prop_oneof![
        Just(vec![]),
        any::<(bool, i64, u64)>().prop_map(|(yes, number, time)| vec![
            ("yes".to_owned(), Value::Bool(yes)),
            ("number".to_owned(), Value::Integer(number)),
            ("time".to_owned(), Value::Time(time)),
            ("text".to_owned(), Value::Text("Straße".to_owned())),
        ]),
    ];
    (40..60_u128, prop_oneof![legs, exchange], any::<bool>(), 0..3_u16, metadata).prop_map(
        |(id, posting, linked, code, metadata)| Transaction {
            id,
            posting,
            user_data_128: 7,
            user_data_64: 8,
            user_data_32: 9,
            code,
            linked,
            metadata: Metadata::new(metadata).unwrap(),
            timestamp: 0,
        },
    )
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let batch = prop_oneof![
        3 => prop::collection::vec(transfer(), 1..20).prop_map(Batch::Transfers),
        1 => prop::collection::vec(transaction(), 1..8).prop_map(Batch::Transactions),
    ];
    prop::collection::vec(batch, 1..6)
}

fn ledgers() -> Vec<Ledger> {
    vec![
        Ledger { id: 1, currency: Currency::new("EUR", 2).unwrap() },
        Ledger { id: 2, currency: Currency::new("JPY", 0).unwrap() },
    ]
}

fn accounts() -> Vec<Account> {
    let flags = [
        AccountFlags::NONE,
        AccountFlags::NONE,
        AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS,
        AccountFlags::CREDITS_MUST_NOT_EXCEED_DEBITS,
        AccountFlags::CLOSED,
        AccountFlags::HISTORY,
    ];
    let euros = (1..=ACCOUNTS).zip(flags).map(|(id, flags)| (id, 1, flags));
    let yen = (101..=103).map(|id| (id, 2, AccountFlags::NONE));
    let all = euros.chain(yen);
    all.map(|(id, ledger, flags)| Account { id, ledger, code: 1, flags, ..Account::default() })
        .collect()
}

fn account(it: &Account) -> v1::Account {
    let bits = it.flags.bits();
    v1::Account {
        id: digits(it.id),
        ledger: it.ledger,
        code: it.code.into(),
        flags: (0..5).filter(|at| bits & (1 << at) != 0).map(|at| at + 1).collect(),
        user_data_128: digits(it.user_data_128),
        user_data_64: it.user_data_64,
        user_data_32: it.user_data_32,
        balances: Some(balances(&it.balances)),
        timestamp: it.timestamp,
    }
}

fn furnish(rpc: &mut Rpc, node: &mut Node) {
    let asked = ledgers().into_iter().map(|it| v1::NewLedger {
        id: it.id,
        currency: it.currency.code().to_owned(),
        exponent: it.currency.exponent().into(),
    });
    let asked = v1::CreateLedgersRequest { ledgers: asked.collect() };
    let done = rpc.create_ledgers(asked).unwrap().outcomes;
    let asked = accounts().iter().map(account).collect();
    let made = rpc.create_accounts(v1::CreateAccountsRequest { accounts: asked }).unwrap().outcomes;
    assert!(done.iter().chain(&made).all(|it| it.code == 0), "{done:?} {made:?}");
    node.commit(1, &[Batch::Ledgers(ledgers()), Batch::Accounts(accounts())]).unwrap();
}

/// Outcomes without the time, which is each server's own.
fn through_grpc(
    rpc: &mut Rpc,
    batch: &Batch,
) -> (Vec<v1::TransferOutcome>, Vec<v1::TransactionOutcome>) {
    match batch {
        Batch::Transfers(all) => {
            let asked = messages::transfers(all.iter().map(messages::transfer).collect());
            let mut outcomes = rpc.create_transfers(asked).unwrap().outcomes;
            outcomes.iter_mut().for_each(|it| it.timestamp = 0);
            (outcomes, Vec::new())
        }
        Batch::Transactions(all) => {
            let transactions = all.iter().map(messages::transaction).collect();
            let asked = v1::CreateTransactionsRequest { transactions };
            let mut outcomes = rpc.create_transactions(asked).unwrap().outcomes;
            outcomes.iter_mut().for_each(|it| it.timestamp = 0);
            (Vec::new(), outcomes)
        }
        _ => unreachable!(),
    }
}

fn through_the_library(
    node: &mut Node,
    batch: &Batch,
) -> (Vec<v1::TransferOutcome>, Vec<v1::TransactionOutcome>) {
    let committed = node.commit(1, std::slice::from_ref(batch)).unwrap().remove(0);
    match committed.reply {
        Reply::Transfers(all) => {
            let outcome = |it: &ledger::model::TransferOutcome| {
                let code = it.code.number().into();
                if !it.code.is_success() {
                    return v1::TransferOutcome { code, ..Default::default() };
                }
                v1::TransferOutcome {
                    code,
                    timestamp: 0,
                    amount: digits(it.amount),
                    debit: Some(balances(&it.debit)),
                    credit: Some(balances(&it.credit)),
                }
            };
            (all.iter().map(outcome).collect(), Vec::new())
        }
        Reply::Transactions(all) => {
            let outcome = |it: &ledger::model::TransactionOutcome| v1::TransactionOutcome {
                code: it.code.number().into(),
                timestamp: 0,
                legs: it.legs.iter().map(messages::leg).collect(),
            };
            (Vec::new(), all.iter().map(outcome).collect())
        }
        _ => unreachable!(),
    }
}

#[test]
fn random_batches_have_the_librarys_outcomes() {
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 48, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    runner
        .run(&batches(), |batches| {
            let server = Server::start();
            let mut rpc = Rpc::new(server.grpc);
            let (disk, archive) = (Arc::new(MemoryDisk::new()), Arc::new(MemoryArchive::new()));
            let (mut node, _) = Node::open(disk, archive, node_options()).unwrap();
            furnish(&mut rpc, &mut node);
            for batch in &batches {
                prop_assert_eq!(
                    through_grpc(&mut rpc, batch),
                    through_the_library(&mut node, batch)
                );
            }
            let ids = accounts().iter().map(|it| digits(it.id)).collect();
            let found = rpc.lookup_accounts(v1::LookupAccountsRequest { ids }).unwrap().accounts;
            let found: Vec<_> =
                found.into_iter().map(|it| v1::Account { timestamp: 0, ..it }).collect();
            let wanted: Vec<_> = node
                .state()
                .accounts()
                .map(|it| account(&Account { timestamp: 0, ..*it }))
                .collect();
            prop_assert_eq!(found, wanted);
            Ok(())
        })
        .unwrap();
}

#[test]
fn an_id_is_the_key_of_idempotency() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let first = rpc.transfer(payment(1)).unwrap();
    assert_eq!(first.code(), v1::Code::Ok);
    assert_eq!(first.debit.as_ref().unwrap().debits_posted, "1");
    rpc.transfer(payment(2)).unwrap();
    let again = rpc.transfer(payment(1)).unwrap();
    assert_eq!(again, v1::TransferOutcome { code: v1::Code::Exists.into(), ..first });
    let other = rpc.transfer(v1::Transfer { amount: "2".into(), ..payment(1) }).unwrap();
    assert_eq!(other.code(), v1::Code::ExistsWithDifferentAmount);
    assert_eq!((other.amount.as_str(), other.debit), ("", None));
    // A UUID and hexadecimal digits are ids, too.
    let uuid = "00000000-0000-0000-0000-0000000000ff".to_owned();
    assert_eq!(rpc.transfer(v1::Transfer { id: uuid, ..payment(0) }).unwrap().code, 0);
    let same = v1::Transfer { id: "0xff".into(), ..payment(0) };
    assert_eq!(rpc.transfer(same).unwrap().code(), v1::Code::Exists);
}

#[test]
fn what_is_left_out_and_what_a_request_must_not_say() {
    let server = Server::with_accounts(Setup::default());
    let mut rpc = Rpc::new(server.grpc);
    let held = v1::Transfer { flags: vec![v1::TransferFlag::Pending.into()], ..payment(1) };
    rpc.transfer(held).unwrap();
    let post = v1::Transfer {
        id: "2".into(),
        pending_id: "1".into(),
        flags: vec![v1::TransferFlag::PostPending.into()],
        ..Default::default()
    };
    let posted = rpc.transfer(post).unwrap();
    assert_eq!((posted.code(), posted.amount.as_str()), (v1::Code::Ok, "1"));
    let refused = rpc.transfer(v1::Transfer { timestamp: 1, ..payment(3) }).unwrap();
    assert_eq!(refused.code(), v1::Code::TimestampMustBeZero);
    let rich = v1::Account {
        id: "99".into(),
        ledger: 1,
        code: 1,
        balances: Some(v1::Balances { credits_posted: "5".into(), ..Default::default() }),
        ..Default::default()
    };
    let asked = v1::CreateAccountsRequest { accounts: vec![rich] };
    let outcome = rpc.create_accounts(asked).unwrap().outcomes.remove(0);
    assert_eq!(outcome.code(), v1::Code::BalancesMustBeZero);
    assert_eq!(Code::BalancesMustBeZero.number(), 15);
}
