//! What went wrong at others, by name.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use ledger::{
    Committed, Error, Node, NodeOptions, Recovery, Result,
    archive::MemoryArchive,
    disk::{Disk as _, MemoryDisk, memory::Fault, memory::OperationKind},
    model::{
        Account, AccountFlags, Batch, Code, Ledger, Reply, Transfer, TransferFlags, TransferOutcome,
    },
    money::{Amount, Currency},
};

const NOW: u64 = 1_800_000_000_000_000_000;
const SEGMENT: u64 = 32 << 10;

/// A machine: what lies on it while nothing runs.
struct Machine {
    disk: MemoryDisk,
    archive: Arc<MemoryArchive>,
}

impl Machine {
    fn new() -> Self {
        Self { disk: MemoryDisk::new(), archive: Arc::new(MemoryArchive::new()) }
    }

    fn open(&self) -> Result<(Node, Recovery)> {
        let options = NodeOptions {
            segment_bytes: SEGMENT,
            generation_entries: 64,
            background: false,
            check: true,
            log_id: Some([3; 16]),
        };
        Node::open(Arc::new(self.disk.clone()), Arc::clone(&self.archive) as _, options)
    }

    /// The same content on another machine.
    fn copy(&self) -> Self {
        Self { disk: self.disk.fork(), archive: Arc::new(self.archive.fork()) }
    }

    /// The power fails: nothing that was not synced survives.
    fn power_failure(&self) -> Self {
        Self { disk: self.disk.crash(512, &mut |_| 0), archive: Arc::clone(&self.archive) }
    }
}

fn amount(units: u128) -> Amount {
    Amount::new(units).unwrap()
}

/// A bank, 1, and customers from 2 on that cannot be overdrawn.
fn accounts(count: u128) -> [Batch; 2] {
    let dollars = Ledger { id: 1, currency: Currency::new("USD", 2).unwrap() };
    let account = |id| Account {
        id,
        ledger: 1,
        code: 1,
        flags: if id == 1 {
            AccountFlags::NONE
        } else {
            AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS
        },
        ..Account::default()
    };
    [Batch::Ledgers(vec![dollars]), Batch::Accounts((1..=count).map(account).collect())]
}

fn transfer(id: u128, from: u128, to: u128, units: u128) -> Transfer {
    Transfer {
        id,
        debit_account_id: from,
        credit_account_id: to,
        amount: amount(units),
        ledger: 1,
        code: 1,
        ..Transfer::default()
    }
}

fn outcomes(committed: &[Committed]) -> Vec<TransferOutcome> {
    let of = |done: &Committed| match &done.reply {
        Reply::Transfers(outcomes) => outcomes.clone(),
        _ => Vec::new(),
    };
    committed.iter().flat_map(of).collect()
}

fn commit(node: &mut Node, transfers: &[Transfer]) -> Vec<TransferOutcome> {
    outcomes(&node.commit(NOW, &[Batch::Transfers(transfers.to_vec())]).unwrap())
}

/// Formance #364: fifty concurrent posts of one id answered with errors about duplicate keys. Here one happens, and the others hear of it; in whatever
/// groups they come, and whatever happens in between.
#[test]
fn formance_364_fifty_posts_of_one_id() {
    for group in [1, 7, 50] {
        let mut machine = Machine::new();
        let (mut node, _) = machine.open().unwrap();
        node.commit(NOW, &accounts(3)).unwrap();
        commit(&mut node, &[transfer(1, 1, 2, 1000)]);
        let post = Batch::Transfers(vec![transfer(2, 2, 3, 100)]);
        let mut all = Vec::new();
        while all.len() < 50 {
            let together = vec![post.clone(); group.min(50 - all.len())];
            all.extend(outcomes(&node.commit(NOW, &together).unwrap()));
            drop(node);
            machine = machine.power_failure();
            node = machine.open().unwrap().0;
        }
        assert_eq!(all[0].code, Code::Ok);
        for again in &all[1..] {
            assert_eq!(*again, TransferOutcome { code: Code::Exists, ..all[0] });
        }
        let balances = node.state().account(3).unwrap().balances;
        assert_eq!(balances.credits_posted, amount(100), "in groups of {group}");
        let other = commit(&mut node, &[transfer(2, 2, 3, 101)]);
        assert_eq!(other[0].code, Code::ExistsWithDifferentAmount);
    }
}

/// five-bells-ledger #402: transfers that contend for one account were refused for insufficient funds that were there. Here all that the account has
/// can be moved by a thousand transfers at once, and the one after that is refused.
#[test]
fn five_bells_402_contention_is_not_insufficient_funds() {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(12)).unwrap();
    commit(&mut node, &[transfer(1, 1, 2, 1000)]);
    let single =
        |number: u128| Batch::Transfers(vec![transfer(100 + number, 2, 3 + number % 10, 1)]);
    for first in (0..1000).step_by(50) {
        let group: Vec<Batch> = (first..first + 50).map(single).collect();
        let answers = outcomes(&node.commit(NOW, &group).unwrap());
        assert!(answers.iter().all(|outcome| outcome.code == Code::Ok), "{answers:?}");
    }
    let more = outcomes(&node.commit(NOW, &[single(1000)]).unwrap());
    assert_eq!(more[0].code, Code::ExceedsCredits);
    assert_eq!(node.state().account(2).unwrap().balances.net_posted(), 0);
}

/// blnk #181: holds were not counted against the balance, so that more was reserved than there was. Six holds of 1000 on 5000: the sixth is refused,
/// whether they come together or one by one.
#[test]
fn blnk_181_holds_count() {
    for together in [true, false] {
        let machine = Machine::new();
        let (mut node, _) = machine.open().unwrap();
        node.commit(NOW, &accounts(3)).unwrap();
        commit(&mut node, &[transfer(1, 1, 2, 5000)]);
        let hold = |id| Transfer { flags: TransferFlags::PENDING, ..transfer(id, 2, 3, 1000) };
        let holds: Vec<Transfer> = (10..16).map(hold).collect();
        let answers = if together {
            commit(&mut node, &holds)
        } else {
            holds.iter().flat_map(|hold| commit(&mut node, std::slice::from_ref(hold))).collect()
        };
        let codes: Vec<Code> = answers.iter().map(|outcome| outcome.code).collect();
        assert_eq!(codes[..5], [Code::Ok; 5]);
        assert_eq!(codes[5], Code::ExceedsCredits);
        let balances = node.state().account(2).unwrap().balances;
        assert_eq!((balances.debits_pending, balances.debits_posted), (amount(5000), Amount::ZERO));
        // What is released can be reserved again; what was refused stays refused under its id.
        let void = Transfer {
            id: 20,
            pending_id: 10,
            flags: TransferFlags::VOID_PENDING,
            ..Transfer::default()
        };
        assert_eq!(commit(&mut node, &[void])[0].code, Code::Ok);
        assert_eq!(commit(&mut node, &[hold(15)])[0].code, Code::ExceedsCredits);
        assert_eq!(commit(&mut node, &[hold(16)])[0].code, Code::Ok);
    }
}

/// A ledger with several segments, snapshots and an archive, and copies of it from before.
fn grown() -> (Machine, Vec<Machine>, Vec<TransferOutcome>) {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(5)).unwrap();
    commit(&mut node, &[transfer(1, 1, 2, 1_000_000)]);
    let mut copies = Vec::new();
    let mut answers = Vec::new();
    for round in 0..10 {
        for number in 0..20 {
            let id = 100 + round * 100 + number * 3;
            let three: Vec<Transfer> =
                (id..id + 3).map(|id| transfer(id, 2, 3 + id % 3, id)).collect();
            answers.extend(commit(&mut node, &three));
        }
        if round % 4 == 2 {
            node.checkpoint().unwrap();
        }
        copies.push(machine.copy());
    }
    drop(node);
    (machine, copies, answers)
}

fn snapshots(disk: &MemoryDisk) -> Vec<String> {
    disk.names().unwrap().into_iter().filter(|name| name.starts_with("snapshot-")).collect()
}

fn segments(disk: &MemoryDisk) -> Vec<String> {
    let mut names = disk.names().unwrap();
    names.retain(|name| name.strip_prefix("log-").is_some_and(|rest| rest.starts_with('0')));
    names
}

/// Everything that was answered is answered again, and nothing else is there.
fn is_whole(machine: &Machine, answers: &[TransferOutcome]) {
    let (mut node, _) = machine.open().unwrap();
    let digest = node.state().digest();
    node.state().check().unwrap();
    let mut all = answers.iter();
    for round in 0..10 {
        for number in 0..20 {
            let id = 100 + round * 100 + number * 3;
            let three: Vec<Transfer> =
                (id..id + 3).map(|id| transfer(id, 2, 3 + id % 3, id)).collect();
            for again in commit(&mut node, &three) {
                let first = all.next().unwrap();
                assert_eq!(again, TransferOutcome { code: Code::Exists, ..*first });
            }
        }
    }
    let mut fresh = ledger::state::State::new();
    for record in node.log().read(1).unwrap() {
        let record = record.unwrap();
        let batch = ledger::codec::decode(record.kind, record.count, &record.body).unwrap();
        fresh.apply(&ledger::NoPast, record.mark.op, record.mark.timestamp, &batch).unwrap();
    }
    assert_eq!(fresh.digest(), node.state().digest());
    assert_ne!(digest, [0; 32]);
}

fn refused(machine: &Machine) -> Error {
    let before: Vec<_> =
        segments(&machine.disk).into_iter().map(|name| machine.disk.bytes(&name)).collect();
    let error = machine.open().unwrap_err();
    assert!(matches!(error, Error::Corruption { .. } | Error::Mismatch(_)), "{error}");
    // What a person could still read is not destroyed.
    let after: Vec<_> =
        segments(&machine.disk).into_iter().map(|name| machine.disk.bytes(&name)).collect();
    assert_eq!(before, after, "{error}");
    error
}

/// TigerBeetle could not start after its superblock went back (Jepsen's suite). Here a snapshot is a shortcut: an older one, or none, or a damaged one leads to
/// the same ledger.
#[test]
fn an_older_snapshot_beside_a_newer_log_works() {
    let (machine, copies, answers) = grown();
    is_whole(&machine.copy(), &answers);
    for older in &copies {
        let replaced = machine.copy();
        for name in snapshots(&replaced.disk) {
            replaced.disk.take_away(&name);
        }
        for name in snapshots(&older.disk) {
            replaced.disk.set_bytes(&name, older.disk.bytes(&name).unwrap());
        }
        is_whole(&replaced, &answers);
    }
    let damaged = machine.copy();
    let newest = snapshots(&damaged.disk).pop().unwrap();
    assert!(damaged.disk.flip(&newest, 5000, 3) || damaged.disk.flip(&newest, 200, 3));
    let (_, recovery) = damaged.open().unwrap();
    assert!(recovery.passed_over.iter().any(|told| told.contains(&newest)), "{recovery:?}");
    is_whole(&damaged, &answers);
}

/// The log is the truth: an old one beside a newer archive, or a newer snapshot, would forget what was acknowledged, and is refused.
#[test]
fn an_older_log_is_refused() {
    let (machine, copies, _) = grown();
    for older in &copies[..copies.len() - 1] {
        let replaced = machine.copy();
        for name in segments(&replaced.disk) {
            replaced.disk.take_away(&name);
        }
        for name in segments(&older.disk) {
            replaced.disk.set_bytes(&name, older.disk.bytes(&name).unwrap());
        }
        // With the newer snapshots, and without them: the archive knows as much.
        refused(&replaced.copy());
        for name in snapshots(&replaced.disk) {
            replaced.disk.take_away(&name);
        }
        let error = refused(&replaced);
        assert!(error.to_string().contains("archive"), "{error}");
    }
}

/// An archive of before, beside a newer log: what it lacks is made again from the log.
#[test]
fn an_older_archive_is_filled_again() {
    let (machine, copies, answers) = grown();
    for older in &copies {
        let replaced =
            Machine { disk: machine.disk.fork(), archive: Arc::new(older.archive.fork()) };
        is_whole(&replaced, &answers);
    }
    let lost = Machine { disk: machine.disk.fork(), archive: Arc::new(MemoryArchive::new()) };
    is_whole(&lost, &answers);
}

/// The files of another ledger are no part of this one.
#[test]
fn files_of_another_ledger_are_refused() {
    let (machine, ..) = grown();
    let other = Machine::new();
    let (mut node, _) = other.open().unwrap();
    node.commit(NOW + 1, &accounts(9)).unwrap();
    for id in 1..400 {
        commit(&mut node, &[transfer(id, 1, 2 + id % 8, 5)]);
    }
    node.close().unwrap();

    let archive = Machine { disk: machine.disk.fork(), archive: Arc::clone(&other.archive) };
    refused(&archive);
    let snapshot = machine.copy();
    for name in snapshots(&other.disk) {
        snapshot.disk.set_bytes(&name, other.disk.bytes(&name).unwrap());
    }
    // It lies in between: either it is passed over, or all is refused.
    match snapshot.open() {
        Ok((node, _)) => assert!(node.state().account(9).is_none()),
        Err(error) => {
            assert!(matches!(error, Error::Mismatch(_) | Error::Corruption { .. }), "{error}");
        }
    }
}

/// Holes in the log, wherever they are (TigerBeetle's helical faults could stop a cluster for good): the first one is named with its file and its place, and
/// nothing is cut off.
#[test]
fn holes_in_the_log_are_named() {
    let (machine, ..) = grown();
    let names = segments(&machine.disk);
    assert!(names.len() >= 3, "{names:?}");
    let newest_mark = snapshots(&machine.disk).len();
    assert_eq!(newest_mark, 2);
    for name in &names {
        let bytes = machine.disk.bytes(name).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        for at in (0..end).step_by(4096) {
            let holed = machine.copy();
            let mut changed = bytes.clone();
            let to = (at + 512).min(changed.len());
            changed[at..to].fill(0);
            if changed == bytes {
                continue;
            }
            holed.disk.set_bytes(name, changed);
            match holed.open() {
                // Before the snapshot the log is trusted until somebody reads it.
                Ok((node, recovery))
                    if recovery.snapshot.is_some() && recovery.trimmed.is_none() =>
                {
                    let error = node.log().verify().unwrap_err();
                    assert!(error.to_string().contains(name.as_str()), "{at} of {name}: {error}");
                }
                Ok((node, recovery)) => {
                    // The last group looks like a torn one.
                    assert_eq!(Some(name), names.last(), "{at} of {name}: {recovery:?}");
                    assert!(node.log().tail().op > 200, "{at} of {name}: {recovery:?}");
                }
                Err(Error::Corruption { path, .. }) => assert!(path.ends_with(name)),
                Err(error) => panic!("{at} of {name}: {error}"),
            }
        }
        if Some(name) != names.last() {
            let without = machine.copy();
            without.disk.take_away(name);
            match without.open() {
                Err(error) => {
                    assert!(
                        matches!(error, Error::Corruption { .. } | Error::Mismatch(_)),
                        "{error}"
                    );
                }
                Ok((node, _)) => {
                    node.log().verify().unwrap_err();
                }
            }
        }
    }
}

/// Found by this simulator: a bit that flips in the last group looks like the end of a crash, and was cut off, although the archive knew that the group
/// had been durable.
#[test]
fn damage_that_the_archive_knows_of_is_not_cut_off() {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(3)).unwrap();
    let many: Vec<Transfer> = (100..170).map(|id| transfer(id, 1, 2, 1)).collect();
    // More than a generation: it goes to the archive within this commit, and no snapshot is written.
    commit(&mut node, &many);
    drop(node);
    for name in snapshots(&machine.disk) {
        machine.disk.take_away(&name);
    }
    let name = segments(&machine.disk).pop().unwrap();
    let bytes = machine.disk.bytes(&name).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    assert!(machine.disk.flip(&name, last as u64, 0));
    let error = refused(&machine);
    assert!(matches!(error, Error::Corruption { .. }), "{error}");
    assert!(machine.disk.flip(&name, last as u64, 0));
    machine.open().unwrap();
}

/// Found by this simulator: a store that a crash had broken off left entries behind its mark, damage then took their operation out of the log, and the entries of
/// what no longer was stayed in the archive between those of what came after.
#[test]
fn entries_of_a_store_that_broke_off_know_that_their_operation_was_durable() {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(3)).unwrap();
    let many: Vec<Transfer> = (100..130).map(|id| transfer(id, 1, 2, 1)).collect();
    commit(&mut node, &many);
    let entries = node.state().active().entries().to_vec();
    machine.archive.store_partly(&entries, node.tail(), 7).unwrap();
    drop(node);
    let name = segments(&machine.disk).pop().unwrap();
    let bytes = machine.disk.bytes(&name).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    assert!(machine.disk.flip(&name, last as u64, 0));
    let error = refused(&machine);
    assert!(matches!(error, Error::Corruption { .. }), "{error}");
    assert!(machine.disk.flip(&name, last as u64, 0));
    let (mut node, _) = machine.open().unwrap();
    node.checkpoint().unwrap();
    assert_eq!(machine.archive.len(), 30);
}

/// Found by this simulator: a node that goes on after a full disk showed expiries that no sync had covered.
#[test]
fn what_expired_before_the_disk_was_full_is_durable() {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(3)).unwrap();
    let pending = Transfer { flags: TransferFlags::PENDING, timeout: 1, ..transfer(1, 1, 2, 5) };
    commit(&mut node, &[pending]);
    let room = |node: &Node| node.log().room();
    // Fill the segment until the next batch does not fit.
    let mut id = 100;
    while room(&node) > 8 << 10 {
        let batch: Vec<Transfer> = (id..id + 20).map(|id| transfer(id, 1, 3, 1)).collect();
        commit(&mut node, &batch);
        id += 20;
    }
    machine.disk.set_capacity(Some(machine.disk.used()));
    let late = NOW + 5_000_000_000;
    let large: Vec<Transfer> = (id..id + 100).map(|id| transfer(id, 1, 3, 1)).collect();
    let error = node.commit(late, &[Batch::Transfers(large)]).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(node.stopped().is_none());
    assert!(!node.state().is_pending(1));
    let op = node.state().op();
    drop(node);
    machine.disk.set_capacity(None);
    let (node, _) = machine.power_failure().open().unwrap();
    assert_eq!(node.state().op(), op);
    assert!(!node.state().is_pending(1));
}

/// An error of `fdatasync` is not tried again: whoever was not answered asks again after a restart, and hears the truth.
#[test]
fn a_failed_sync_is_never_tried_again() {
    let machine = Machine::new();
    let (mut node, _) = machine.open().unwrap();
    node.commit(NOW, &accounts(3)).unwrap();
    machine.disk.fault_at(OperationKind::Sync, 0, Fault::Fail(std::io::ErrorKind::Other));
    let payment = Batch::Transfers(vec![transfer(7, 1, 2, 5)]);
    node.commit(NOW, std::slice::from_ref(&payment)).unwrap_err();
    machine.disk.clear_hook();
    assert!(matches!(node.commit(NOW, std::slice::from_ref(&payment)), Err(Error::Stopped(_))));
    drop(node);
    // The process starts again on the same machine, whose memory shows more than its disk has; then the power fails.
    let alive = Machine { disk: machine.disk.kill(), archive: Arc::clone(&machine.archive) };
    let (mut node, _) = alive.open().unwrap();
    let code = outcomes(&node.commit(NOW, &[payment]).unwrap())[0].code;
    assert!(code.is_success());
    drop(node);
    let (node, _) = alive.power_failure().open().unwrap();
    assert_eq!(node.state().account(2).unwrap().balances.credits_posted, amount(5));
}
