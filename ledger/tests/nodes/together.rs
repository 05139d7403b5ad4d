//! A log, an archive and snapshots that are not of one moment: parts that were lost, or brought back from an older copy.

use std::sync::Arc;

use ledger::{
    Error,
    archive::{Archive, MemoryArchive},
    disk::{Disk, MemoryDisk},
};

use crate::world::{NOW, World, options, send, transfer};

fn worked(rounds: std::ops::Range<u128>, node: &mut ledger::Node) {
    for round in rounds {
        send(node, NOW, &[transfer(1 + round, 2, 3, 10)]).unwrap();
    }
}

fn logs(disk: &MemoryDisk) -> Vec<String> {
    disk.names().unwrap().into_iter().filter(|name| name.starts_with("log-")).collect()
}

#[test]
fn without_its_log_nothing_is_begun() {
    let (world, mut node) = World::begin(options());
    worked(0..120, &mut node);
    node.close().unwrap();
    for name in logs(&world.disk) {
        world.disk.take_away(&name);
    }
    let without_snapshots = MemoryDisk::new();
    for (disk, archive) in [
        (world.disk.fork(), world.archive.clone()),
        // The archive alone; snapshots alone.
        (without_snapshots, world.archive.clone()),
        (world.disk.fork(), Arc::new(MemoryArchive::new())),
    ] {
        let before = disk.names().unwrap();
        let world = World { disk, archive };
        for _ in 0..2 {
            let error = world.try_open(options()).unwrap_err();
            assert!(matches!(&error, Error::Mismatch(why) if why.contains("no log")), "{error}");
            assert_eq!(world.disk.names().unwrap(), before, "nothing was made");
        }
    }
}

#[test]
fn an_older_log_under_newer_snapshots_is_found_out_without_the_archive() {
    let (world, mut node) = World::begin(options());
    worked(0..30, &mut node);
    let older = world.disk.kill();
    let world = World { disk: older.fork(), archive: world.archive.clone() };
    drop(node);
    let (mut node, _) = world.open();
    worked(30..90, &mut node);
    node.checkpoint().unwrap();
    drop(node);
    // The log of before, with the snapshots of now; the archive is gone.
    let mixed = older.fork();
    for name in world.disk.names().unwrap() {
        if name.starts_with("snapshot-") {
            mixed.set_bytes(&name, world.disk.bytes(&name).unwrap());
        }
    }
    let bytes = |disk: &MemoryDisk| {
        logs(disk).into_iter().map(|name| disk.bytes(&name).unwrap()).collect::<Vec<_>>()
    };
    let before = bytes(&mixed);
    let mixed = World { disk: mixed, archive: Arc::new(MemoryArchive::new()) };
    let error = mixed.try_open(options()).unwrap_err();
    let says = |why: &str| why.contains("older");
    assert!(
        matches!(&error, Error::Mismatch(why) | Error::Corruption { found: why, .. } if says(why)),
        "{error}"
    );
    assert!(before == bytes(&mixed.disk), "the log is as it was");
}

#[test]
fn a_snapshot_of_another_history_is_found_out_without_the_archive() {
    let (one, mut node) = World::begin(options());
    worked(0..90, &mut node);
    node.checkpoint().unwrap();
    drop(node);
    let (other, mut node) = World::begin(options());
    worked(1000..1100, &mut node);
    drop(node);
    for name in one.disk.names().unwrap() {
        if name.starts_with("snapshot-") {
            other.disk.set_bytes(&name, one.disk.bytes(&name).unwrap());
        }
    }
    let mixed = World { disk: other.disk.kill(), archive: Arc::new(MemoryArchive::new()) };
    let error = mixed.try_open(options()).unwrap_err();
    assert!(matches!(error, Error::Mismatch(_)), "{error}");
}

#[test]
fn a_last_group_that_only_an_interrupted_store_knows_is_damage_and_not_cut() {
    let (world, mut node) = World::begin(options());
    let mark = node.tail();
    node.checkpoint().unwrap();
    assert_eq!(world.archive.through().unwrap(), Some(mark));
    worked(0..20, &mut node);
    // A crash within a store: the entries are there, and no mark.
    let entries = node.state().active().entries().to_vec();
    world.archive.store_partly(&entries, node.tail(), entries.len()).unwrap();
    let newest = logs(&world.disk).pop().unwrap();
    let bytes = world.disk.bytes(&newest).unwrap();
    drop(node);
    let (node, _) = World { disk: world.disk.kill(), archive: world.archive.clone() }.open();
    assert_eq!(node.state().active().len(), 20, "all is well");
    drop(node);
    // The last record rots.
    let damaged = World { disk: world.disk.fork(), archive: Arc::new(world.archive.fork()) };
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    let damaged = World { disk: damaged.disk.kill(), ..damaged };
    damaged.disk.flip(&newest, last, 0);
    let before = damaged.disk.bytes(&newest);
    for _ in 0..2 {
        let error = damaged.try_open(options()).unwrap_err();
        assert!(matches!(error, Error::Corruption { .. }), "{error}");
        assert_eq!(damaged.disk.bytes(&newest), before, "what is left of it is kept");
    }
}
