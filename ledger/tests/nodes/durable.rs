//! What is durable after crashes and errors.

use std::sync::Arc;

use ledger::{
    Error,
    archive::MemoryArchive,
    disk::memory::{Fault, OperationKind},
    model::Code,
};

use crate::world::{NOW, SECOND, World, options, pending, send, transfer};

#[test]
fn what_was_answered_survives_a_power_failure() {
    let (mut world, mut node) = World::begin(options());
    for round in 0..40_u128 {
        let outcomes = send(
            &mut node,
            NOW,
            &[transfer(100 + round, 2, 3, 10), transfer(200 + round, 3, 4, 5)],
        )
        .unwrap();
        let before = (node.tail(), node.state().digest());
        drop(node);
        // Nothing that was not synced is kept.
        world.disk = world.disk.crash(512, &mut |_| 0);
        let (again, _) = world.open();
        assert_eq!((again.tail(), again.state().digest()), before);
        node = again;
        // The same question has the same answer, whatever happened in between.
        let repeated = send(&mut node, NOW + SECOND, &[transfer(100 + round, 2, 3, 10)]).unwrap();
        assert_eq!(repeated[0].code, Code::Exists);
        assert_eq!(
            (repeated[0].timestamp, repeated[0].debit, repeated[0].credit),
            (outcomes[0].timestamp, outcomes[0].debit, outcomes[0].credit)
        );
    }
    node.log().verify().unwrap();
}

#[test]
fn a_sync_that_fails_stops_it_for_good() {
    let (world, mut node) = World::begin(options());
    world.disk.fault_at(OperationKind::Sync, 0, Fault::Fail(std::io::ErrorKind::Other));
    send(&mut node, NOW, &[transfer(1, 2, 3, 10)]).unwrap_err();
    world.disk.clear_hook();
    for _ in 0..2 {
        let error = send(&mut node, NOW, &[transfer(2, 2, 3, 10)]).unwrap_err();
        assert!(matches!(error, Error::Stopped(_)), "{error}");
    }
    assert!(node.stopped().is_some());
    drop(node);
    let (mut node, _) = world.open();
    let outcomes = send(&mut node, NOW, &[transfer(1, 2, 3, 10)]).unwrap();
    assert!(outcomes[0].code.is_success());
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let (world, mut node) = World::begin(options());
    let big: Vec<_> = (0..200).map(|n| transfer(1000 + n, 2, 3, 1)).collect();
    world.disk.set_capacity(Some(world.disk.used()));
    let mut refused = None;
    for round in 0..10_u128 {
        let batch: Vec<_> = big
            .iter()
            .map(|one| ledger::model::Transfer { id: one.id + round * 1000, ..*one })
            .collect();
        let before = (node.tail(), node.state().digest());
        if let Err(error) = send(&mut node, NOW, &batch) {
            assert_eq!((node.tail(), node.state().digest()), before, "{error}");
            refused = Some(batch);
            break;
        }
    }
    let refused = refused.expect("a segment has no room for all of them");
    assert_eq!(node.stopped(), None, "snapshots found no room either, and were left for later");
    world.disk.set_capacity(None);
    let outcomes = send(&mut node, NOW, &refused).unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.code.is_success()), "there is room again");
    node.state().check().unwrap();
}

#[test]
fn what_is_due_expires_before_the_next_batch() {
    let (_, mut node) = World::begin(options());
    send(&mut node, NOW, &[pending(1, 2, 3, 100, 5), pending(2, 2, 3, 50, 0)]).unwrap();
    let op = node.state().op();
    send(&mut node, NOW + 4 * SECOND, &[transfer(3, 2, 3, 1)]).unwrap();
    assert_eq!(node.state().op(), op + 1);
    // An operation of its own, before the batch.
    let outcomes = send(&mut node, NOW + 6 * SECOND, &[transfer(4, 2, 3, 1)]).unwrap();
    assert_eq!(node.state().op(), op + 3);
    assert_eq!(
        (outcomes[0].debit.debits_pending.get(), outcomes[0].debit.debits_posted.get()),
        (50, 2)
    );
    node.tick(NOW + 100 * SECOND).unwrap();
    assert_eq!(node.state().op(), op + 3, "nothing else is due");
    assert!(node.state().is_pending(2) && !node.state().is_pending(1));
}

#[test]
fn a_clock_that_goes_back_stops_time_and_nothing_else() {
    let (_, mut node) = World::begin(options());
    let first = send(&mut node, NOW + 10 * SECOND, &[transfer(1, 2, 3, 1)]).unwrap();
    let second = send(&mut node, NOW, &[transfer(2, 2, 3, 1), transfer(3, 2, 3, 1)]).unwrap();
    assert_eq!(second[0].timestamp, first[0].timestamp + 1);
    assert_eq!(second[1].timestamp, first[0].timestamp + 2);
}

#[test]
fn damaged_snapshots_are_made_up_for_by_the_log() {
    let (world, mut node) = World::begin(options());
    for round in 0..30_u128 {
        send(&mut node, NOW, &[transfer(1 + round, 2, 3, 10), transfer(1000 + round, 3, 4, 5)])
            .unwrap();
    }
    node.checkpoint().unwrap();
    send(&mut node, NOW, &[transfer(5000, 2, 3, 10)]).unwrap();
    node.checkpoint().unwrap();
    let (tail, digest) = (node.tail(), node.state().digest());
    drop(node);
    let names = ledger::disk::Disk::names(&world.disk).unwrap();
    let snapshots: Vec<_> = names.iter().filter(|name| name.starts_with("snapshot-")).collect();
    assert_eq!(snapshots.len(), 2, "{names:?}");
    for damaged in 1..=2 {
        for name in snapshots.iter().rev().take(damaged) {
            // Only the first time: the second flip of the same bit would mend it.
            if damaged == 1 || **name == *snapshots[0] {
                assert!(world.disk.flip(name, 200, 3));
            }
        }
        let (node, recovery) = world.open();
        assert_eq!(recovery.passed_over.len(), damaged, "{recovery:?}");
        assert_eq!(recovery.snapshot.is_some(), damaged == 1);
        assert_eq!((node.tail(), node.state().digest()), (tail, digest));
    }
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (world, mut node) = World::begin(options());
    let early = world.disk.fork();
    for round in 0..60_u128 {
        send(&mut node, NOW, &[transfer(1 + round, 2, 3, 10)]).unwrap();
    }
    assert!(ledger::archive::Archive::through(&*world.archive).unwrap().is_some());
    drop(node);
    // An older log beside the archive: what it lost would be answered as existing.
    let rolled_back = World { disk: early, archive: world.archive.clone() };
    let error = rolled_back.try_open(options()).unwrap_err();
    assert!(
        matches!(&error, Error::Corruption { found, .. } if found.contains("an older copy")),
        "{error}"
    );
    // The archive of another ledger.
    let (other, mut node) = World::begin(options());
    for round in 0..60_u128 {
        send(&mut node, NOW, &[transfer(1 + round, 2, 3, 11)]).unwrap();
    }
    drop(node);
    let mixed = World { disk: other.disk.clone(), archive: world.archive.clone() };
    let error = mixed.try_open(options()).unwrap_err();
    assert!(matches!(&error, Error::Mismatch(_)), "{error}");
}

#[test]
fn an_archive_that_is_gone_is_made_again_from_the_log() {
    let (world, mut node) = World::begin(options());
    for round in 0..150_u128 {
        send(&mut node, NOW, &[transfer(1 + round, 2, 3, 10)]).unwrap();
    }
    let (tail, digest, changes) =
        (node.tail(), node.state().digest(), node.changes(1, usize::MAX).unwrap());
    drop(node);
    let bare = World { disk: world.disk.kill(), archive: Arc::new(MemoryArchive::new()) };
    let (mut node, recovery) = bare.open();
    assert_eq!((recovery.snapshot, recovery.replayed), (None, tail.op));
    assert!(!recovery.passed_over.is_empty());
    assert_eq!((node.tail(), node.state().digest()), (tail, digest));
    assert_eq!(node.changes(1, usize::MAX).unwrap(), changes);
    let repeated = send(&mut node, NOW, &[transfer(1, 2, 3, 10)]).unwrap();
    assert_eq!(repeated[0].code, Code::Exists);
}
