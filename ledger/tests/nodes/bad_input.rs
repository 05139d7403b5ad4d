//! What is refused before anything happens.

use ledger::{
    Error, NodeOptions,
    model::{Batch, Exchange, Leg, MAX_EVENTS, Metadata, Posting, Side, Transaction, Value},
    money::{Amount, Rate, Rounding},
};

use crate::world::{NOW, World, options, send, transfer};

#[test]
fn batches_that_no_log_can_have() {
    let (_, mut node) = World::begin(options());
    let tail = node.tail();
    let empty = Batch::Transfers(Vec::new());
    let long = Batch::Transfers(vec![transfer(1, 2, 3, 1); MAX_EVENTS + 1]);
    let metadata = |key: usize| (format!("key {key}"), Value::Text("x".repeat(256)));
    let heavy = Transaction {
        id: 1,
        posting: Posting::Legs(vec![
            Leg { account_id: 2, side: Side::Debit, amount: Amount::ONE };
            128
        ]),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 1,
        linked: false,
        metadata: Metadata::new((0..16).map(metadata).collect()).unwrap(),
        timestamp: 0,
    };
    let heavy = Batch::Transactions(vec![heavy; 1000]);
    for (batch, says) in [(empty, "no events"), (long, "8191 events"), (heavy, "bytes")] {
        // With a good one before it: none of the group happens.
        let group = [Batch::Transfers(vec![transfer(9, 2, 3, 1)]), batch];
        let error = node.commit(NOW, &group).unwrap_err();
        assert!(matches!(&error, Error::Batch(why) if why.contains(says)), "{error}");
        assert_eq!(node.tail(), tail);
        assert_eq!(node.entry(9).unwrap(), None);
    }
    assert!(send(&mut node, NOW, &[transfer(9, 2, 3, 1)]).is_ok());
}

#[test]
fn an_exchange_keeps_its_residue() {
    let (_, mut node) = World::begin(options());
    let yen =
        |id| ledger::model::Account { id, ledger: 2, code: 1, ..ledger::model::Account::default() };
    node.commit(NOW, &[Batch::Accounts(vec![yen(20), yen(21)])]).unwrap();
    let exchange = Exchange {
        source: 2,
        source_liquidity: 3,
        target_liquidity: 20,
        target: 8,
        residue: 21,
        amount: Amount::new(1_01).unwrap(),
        rate: Rate { numerator: 16_333, denominator: 100 },
        rounding: Rounding::Down,
    };
    let transaction = Transaction {
        id: 5,
        posting: Posting::Exchange(exchange),
        user_data_128: 0,
        user_data_64: 0,
        user_data_32: 0,
        code: 1,
        linked: false,
        metadata: Metadata::default(),
        timestamp: 0,
    };
    node.commit(NOW, &[Batch::Transactions(vec![transaction])]).unwrap();
    // 1.01 euros at 163.33 are 164.9633 yen.
    let posted = |id: u128| node.state().account(id).unwrap().balances;
    assert_eq!(posted(20).debits_posted.get(), 165);
    assert_eq!(posted(8).credits_posted.get(), 164);
    assert_eq!(posted(21).credits_posted.get(), 1);
    node.state().check().unwrap();
}

#[test]
fn a_directory_has_one_ledger_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let held = ledger::disk::RealDisk::open(dir.path()).unwrap();
    let error = ledger::disk::RealDisk::open(dir.path()).unwrap_err();
    assert!(matches!(&error, Error::InUse(path) if path == dir.path()), "{error}");
    drop(held);
    ledger::disk::RealDisk::open(dir.path()).unwrap();
}
#[test]
fn a_real_directory_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let disk = ledger::disk::RealDisk::open(dir.path()).unwrap();
        let archive = ledger::archive::LsmArchive::open(
            dir.path().join("archive"),
            ledger::archive::LsmArchive::options(),
        )
        .unwrap();
        let options = NodeOptions {
            segment_bytes: 1 << 20,
            generation_entries: 100,
            ..NodeOptions::default()
        };
        ledger::Node::open(std::sync::Arc::new(disk), std::sync::Arc::new(archive), options)
            .unwrap()
    };
    let (mut node, recovery) = open();
    assert_eq!((recovery.replayed, recovery.snapshot), (0, None));
    let ledger =
        ledger::model::Ledger { id: 1, currency: ledger::money::Currency::new("EUR", 2).unwrap() };
    let account =
        |id| ledger::model::Account { id, ledger: 1, code: 1, ..ledger::model::Account::default() };
    node.commit(
        NOW,
        &[Batch::Ledgers(vec![ledger]), Batch::Accounts(vec![account(1), account(2)])],
    )
    .unwrap();
    for round in 0..20 {
        let transfers: Vec<_> = (1..=30).map(|n| transfer(round * 30 + n, 1, 2, 1)).collect();
        send(&mut node, NOW, &transfers).unwrap();
    }
    let (tail, digest) = (node.tail(), node.state().digest());
    node.close().unwrap();
    let (node, recovery) = open();
    assert_eq!(recovery.replayed, 0, "closing leaves nothing to replay");
    assert_eq!((node.tail(), node.state().digest()), (tail, digest));
    assert_eq!(node.entry(1).unwrap().unwrap().id(), Some(1));
}
