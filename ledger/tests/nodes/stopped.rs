//! A node that has stopped: it shows nothing and takes nothing, whatever stopped it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use ledger::{
    Error, Node, NodeOptions,
    disk::{
        MemoryDisk,
        memory::{Fault, OperationKind},
    },
    model::{Code, Transfer},
    query::Query,
};

use crate::{
    failing_archive::{FailingArchive, Injury},
    world::{NOW, World, options, send, transfer},
};

/// So many that a thread syncs them meanwhile.
fn many(from: u128) -> Vec<Transfer> {
    (0..1500).map(|n| transfer(from + n, 2, 3, 1)).collect()
}

fn background() -> NodeOptions {
    NodeOptions { background: true, generation_entries: 5000, segment_bytes: 1 << 20, ..options() }
}

fn is_stopped<T: std::fmt::Debug>(result: ledger::Result<T>) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Stopped(_)), "{error}");
}

fn refuses_everything(node: &mut Node) {
    is_stopped(node.entry(100));
    is_stopped(node.query(&Query::default()));
    is_stopped(node.balances_at(2, u64::MAX));
    is_stopped(node.statement(2, 0..=u64::MAX, 10));
    is_stopped(node.changes(1, 10));
    is_stopped(send(node, NOW, &[transfer(7, 2, 3, 1)]));
    is_stopped(node.tick(NOW));
    is_stopped(node.checkpoint());
}

#[test]
fn what_was_applied_while_the_sync_failed_is_shown_to_nobody() {
    let (world, mut node) = World::begin(background());
    let (tail, digest) = (node.tail(), node.state().digest());
    world.disk.fault_at(OperationKind::Sync, 0, Fault::Fail(std::io::ErrorKind::Other));
    send(&mut node, NOW, &many(100)).unwrap_err();
    world.disk.clear_hook();
    refuses_everything(&mut node);
    drop(node);
    // A power failure takes it back.
    let after = World { disk: world.disk.crash(512, &mut |_| 0), archive: world.archive.clone() };
    let (mut node, _) = after.try_open(background()).unwrap();
    assert_eq!((node.tail(), node.state().digest()), (tail, digest));
    assert_eq!(node.entry(100).unwrap(), None);
    let outcomes = send(&mut node, NOW, &many(100)).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.code == Code::Ok));
}

/// A node with an archive that has something, so that it is asked.
fn with_a_past(options: NodeOptions) -> (MemoryDisk, Arc<FailingArchive>, Node) {
    let (world, node) = World::begin(options.clone());
    node.close().unwrap();
    let archive = Arc::new(FailingArchive::new());
    let (mut node, _) = Node::open(Arc::new(world.disk.clone()), archive.clone(), options).unwrap();
    send(&mut node, NOW, &[transfer(1, 2, 3, 1)]).unwrap();
    node.checkpoint().unwrap();
    (world.disk, archive, node)
}

#[test]
fn a_past_that_fails_or_panics_in_the_middle_stops_it() {
    for options in [NodeOptions { background: false, ..background() }, background()] {
        for injury in [Injury::Before, Injury::Panic] {
            for nth in [0, 700] {
                let (disk, archive, mut node) = with_a_past(options.clone());
                archive.fail_at(nth, injury);
                let group = [
                    ledger::model::Batch::Transfers(many(100)[..400].to_vec()),
                    ledger::model::Batch::Transfers(many(100)[400..].to_vec()),
                ];
                let sent = catch_unwind(AssertUnwindSafe(|| node.commit(NOW, &group)));
                assert_eq!(sent.is_err(), injury == Injury::Panic);
                assert!(sent.is_err() || sent.is_ok_and(|done| done.is_err()));
                refuses_everything(&mut node);
                drop(node);
                // It is in the log.
                let (mut node, recovery) =
                    Node::open(Arc::new(disk), archive, options.clone()).unwrap();
                assert_eq!(node.state().op(), recovery.tail.op);
                let outcomes = send(&mut node, NOW, &many(100)).unwrap();
                assert!(outcomes.iter().all(|outcome| outcome.code.is_success()));
                assert_eq!(node.state().account(3).unwrap().balances.credits_posted.get(), 1501);
                node.state().check().unwrap();
            }
        }
    }
}

#[test]
fn an_archive_that_panics_while_it_stores_loses_nothing() {
    for background in [false, true] {
        let options = NodeOptions { background, ..options() };
        let (disk, archive, mut node) = with_a_past(options.clone());
        let batch: Vec<_> = (0..60).map(|n| transfer(100 + n, 2, 3, 1)).collect();
        archive.panic_in_store();
        let sent = catch_unwind(AssertUnwindSafe(|| send(&mut node, NOW, &batch)));
        assert_eq!(sent.is_err(), !background);
        let mut id = 1000;
        while node.stopped().is_none() && node.entry(1).is_ok() {
            // It is found out by the next generation at the latest.
            let more: Vec<_> = (0..60).map(|n| transfer(id + n, 2, 3, 1)).collect();
            let _ = send(&mut node, NOW, &more);
            id += 60;
            assert!(id < 2000);
        }
        refuses_everything(&mut node);
        drop(node);
        archive.heal();
        let (node, _) = Node::open(Arc::new(disk), archive, options).unwrap();
        for one in &batch {
            assert_eq!(node.entry(one.id).unwrap().unwrap().id(), Some(one.id));
        }
    }
}

#[test]
fn a_quota_is_as_good_as_a_full_disk() {
    for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::QuotaExceeded] {
        let (world, mut node) = World::begin(options());
        world.disk.on_operation(move |operation| {
            let snapshot = operation.file.starts_with("snapshot");
            (snapshot && operation.kind == OperationKind::Write).then_some(Fault::Fail(kind))
        });
        node.checkpoint().unwrap();
        send(&mut node, NOW, &[transfer(1, 2, 3, 1)]).unwrap();
        world.disk.clear_hook();
        node.checkpoint().unwrap();
        drop(node);
        let (_, recovery) = world.open();
        assert!(recovery.snapshot.is_some());
    }
}
