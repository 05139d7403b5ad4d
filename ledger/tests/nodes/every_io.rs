//! One story, with generations, snapshots, expiries, chains and refusals in it, told again for every single operation of the disk: there it fails, or the
//! machine goes off, or the process dies. Whoever asks again afterwards gets the same answers, and the ledger is the same in the end.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use ledger::{
    Committed, Error, Node, NodeOptions,
    archive::Archive,
    disk::{
        MemoryDisk,
        memory::{Fault, Unsynced},
    },
    model::{
        Account, AccountFlags, Batch, Entry, Exchange, Ledger, Leg, Posting, Reply, Side,
        Transaction, Transfer, TransferFlags,
    },
    money::{Amount, Currency, Rate, Rounding},
    query::{Change, Query},
};

use crate::{
    failing_archive::{FailingArchive, Injury},
    world::{NOW, SECOND, options, pending, transfer},
};

/// What is done, and when.
#[derive(Debug, Clone)]
pub enum Step {
    Commit(u64, Vec<Batch>),
    Tick(u64),
    Checkpoint,
}

pub fn small(background: bool) -> NodeOptions {
    NodeOptions { segment_bytes: 16 << 10, generation_entries: 12, background, ..options() }
}

/// The story. Every step has a second of its own, so that times are the same however often a step is asked for.
pub fn story() -> Vec<Step> {
    let ledgers = [("EUR", 2), ("JPY", 0)].iter().zip(1..).map(|((code, exponent), id)| Ledger {
        id,
        currency: Currency::new(code, *exponent).unwrap(),
    });
    let account = |id: u128| Account {
        id,
        ledger: if id < 7 { 1 } else { 2 },
        code: 1,
        flags: if id == 1 {
            AccountFlags::DEBITS_MUST_NOT_EXCEED_CREDITS
        } else {
            AccountFlags::NONE
        },
        ..Account::default()
    };
    let mut steps = vec![Step::Commit(
        NOW,
        vec![Batch::Ledgers(ledgers.collect()), Batch::Accounts((1..=9).map(account).collect())],
    )];
    for round in 1..=14_u128 {
        let now = NOW + round as u64 * 10 * SECOND;
        let id = round * 1000;
        let linked = |one: Transfer| Transfer { flags: one.flags | TransferFlags::LINKED, ..one };
        let post = |id, pending_id| Transfer {
            id,
            pending_id,
            flags: TransferFlags::POST_PENDING,
            ..Transfer::default()
        };
        let close = Transfer {
            flags: TransferFlags::PENDING | TransferFlags::CLOSING_DEBIT,
            ..pending(id + 8, 6, 2, 1, 5)
        };
        steps.push(Step::Commit(
            now,
            vec![Batch::Transfers(vec![
                transfer(id + 1, 2, 3, 7),
                pending(id + 2, 3, 4, 20, 25),
                pending(id + 3, 4, 5, 30, 0),
                // Refused for ever.
                transfer(id + 4, 1, 2, 1_000_000),
                // A chain that breaks at its second.
                linked(transfer(id + 5, 2, 3, 5)),
                linked(transfer(id + 6, 1, 2, 2_000_000)),
                transfer(id + 7, 2, 3, 5),
                // A chain that holds.
                linked(close),
                transfer(id + 9, 2, 5, 1),
            ])],
        ));
        let before = id - 1000;
        let legs = [(2, Side::Debit, 9), (2, Side::Credit, 2), (3, Side::Credit, 7)];
        let transaction = |id, posting| Transaction {
            id,
            posting,
            code: 3,
            user_data_128: 0,
            user_data_64: 7,
            user_data_32: 0,
            linked: false,
            metadata: ledger::model::Metadata::default(),
            timestamp: 0,
        };
        let exchange = Exchange {
            source: 2,
            source_liquidity: 5,
            target_liquidity: 7,
            target: 8,
            residue: 9,
            amount: Amount::new(100 + round).unwrap(),
            rate: Rate { numerator: 163_525, denominator: 1000 },
            rounding: Rounding::HalfEven,
        };
        let legs = legs
            .into_iter()
            .map(|(account_id, side, amount)| Leg {
                account_id,
                side,
                amount: Amount::new(amount).unwrap(),
            })
            .collect();
        steps.push(Step::Commit(
            now + 2 * SECOND,
            vec![
                Batch::Transfers(vec![
                    post(id + 20, before + 2),
                    post(id + 21, before + 3),
                    post(id + 22, before + 3),
                ]),
                Batch::Transactions(vec![
                    transaction(id + 23, Posting::Legs(legs)),
                    transaction(id + 24, Posting::Exchange(exchange)),
                ]),
            ],
        ));
        match round % 5 {
            2 => steps.push(Step::Tick(now + 7 * SECOND)),
            4 => steps.push(Step::Checkpoint),
            _ => {}
        }
    }
    steps
}

pub fn take(node: &mut Node, step: &Step) -> ledger::Result<Vec<Committed>> {
    match step {
        Step::Commit(clock, batches) => node.commit(*clock, batches),
        Step::Tick(clock) => node.tick(*clock).map(|()| Vec::new()),
        Step::Checkpoint => node.checkpoint().map(|()| Vec::new()),
    }
}

/// An answer without what asking again may change: that it is there already, and times.
pub fn essence(committed: &[Committed]) -> Vec<String> {
    let code = |code: ledger::model::Code| match code {
        ledger::model::Code::Exists => ledger::model::Code::Ok,
        other => other,
    };
    committed
        .iter()
        .map(|one| match &one.reply {
            Reply::Ledgers(all) | Reply::Accounts(all) => {
                format!("{:?}", all.iter().map(|one| code(one.code)).collect::<Vec<_>>())
            }
            Reply::Transfers(all) => format!(
                "{:?}",
                all.iter()
                    .map(|one| (code(one.code), one.amount, one.debit, one.credit))
                    .collect::<Vec<_>>()
            ),
            Reply::Transactions(all) => {
                format!(
                    "{:?}",
                    all.iter().map(|one| (code(one.code), one.legs.clone())).collect::<Vec<_>>()
                )
            }
            Reply::Tick => String::new(),
        })
        .collect()
}

fn timeless(mut entry: Entry) -> Entry {
    match &mut entry {
        Entry::Transfer(posted) => posted.transfer.timestamp = 0,
        Entry::Transaction(posted) => posted.transaction.timestamp = 0,
        Entry::Expiry { timestamp, .. } | Entry::Refusal { timestamp, .. } => *timestamp = 0,
    }
    entry
}

/// Everything that happened, from wherever it is, by the feed; and by each account's index, both ways.
pub fn everything(node: &Node) -> (Vec<Entry>, Vec<Account>) {
    let changes = all_changes(node);
    for account in 1..=9 {
        let of = |newest_first| {
            let query = Query { account: Some(account), newest_first, ..Query::default() };
            node.query(&query).unwrap().entries
        };
        let (forward, mut back) = (of(false), of(true));
        back.reverse();
        assert_eq!(forward, back);
        let expected: Vec<_> = changes
            .iter()
            .map(|change| &change.entry)
            .filter(|entry| entry.touched().any(|(id, _)| id == account))
            .cloned()
            .collect();
        assert_eq!(forward, expected);
        let statement = node.statement(account, 0..=u64::MAX, usize::MAX).unwrap().unwrap();
        assert_eq!(statement.closing, node.state().account(account).unwrap().balances);
    }
    for change in &changes {
        if let Some(id) = change.entry.id() {
            assert_eq!(node.entry(id).unwrap().as_ref(), Some(&change.entry));
        }
    }
    let accounts = node.state().accounts().map(|one| Account { timestamp: 0, ..*one }).collect();
    (changes.into_iter().map(|change| timeless(change.entry)).collect(), accounts)
}

fn all_changes(node: &Node) -> Vec<Change> {
    node.changes(1, usize::MAX).unwrap().changes
}

/// How it goes when nothing goes wrong.
pub struct Expected {
    pub answers: Vec<Vec<String>>,
    changes: Vec<Change>,
    /// The digest after each operation.
    pub digests: Vec<[u8; 32]>,
    pub everything: (Vec<Entry>, Vec<Account>),
    disk_operations: u64,
    archive_calls: u64,
}

pub fn expected(background: bool) -> Expected {
    let (disk, archive) = (MemoryDisk::new(), Arc::new(FailingArchive::new()));
    let (mut node, _) =
        Node::open(Arc::new(disk.clone()), archive.clone(), small(background)).unwrap();
    let answers =
        story().iter().map(|step| essence(&take(&mut node, step).unwrap())).collect::<Vec<_>>();
    node.checkpoint().unwrap();
    let (disk_operations, archive_calls) = (disk.operations(), archive.calls());
    let mut digests = vec![ledger::state::State::new().digest()];
    let mut replayed = ledger::state::State::new();
    for record in node.log().read(1).unwrap() {
        let record = record.unwrap();
        let batch = ledger::codec::decode(record.kind, record.count, &record.body).unwrap();
        replayed.apply(&ledger::NoPast, record.mark.op, record.mark.timestamp, &batch).unwrap();
        digests.push(replayed.digest());
    }
    assert_eq!(digests.last(), Some(&node.state().digest()));
    let (changes, everything) = (all_changes(&node), everything(&node));
    Expected { answers, changes, digests, everything, disk_operations, archive_calls }
}

/// How the process ends after the fault.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// It goes on as long as it can, and then is killed.
    Kill,
    /// The machine goes off: of what was not synced nothing, everything, or some is there.
    PowerOff(u64),
}

pub fn next_disk(disk: &MemoryDisk, end: End) -> MemoryDisk {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    match end {
        End::Kill => disk.kill(),
        End::PowerOff(0) => disk.crash(512, &mut |_| 0),
        End::PowerOff(1) => disk.crash(512, &mut |unsynced| unsynced.versions),
        End::PowerOff(seed) => {
            random ^= seed;
            disk.crash(512, &mut |unsynced: &Unsynced<'_>| {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                (random >> 20) as usize % (unsynced.versions + 1)
            })
        }
    }
}

/// Tells the story with a fault in it, which `arm` prepares; what is acknowledged is there afterwards, and nothing else than what was asked for.
fn told_with_a_fault(
    expected: &Expected,
    end: End,
    background: bool,
    what: &str,
    arm: &dyn Fn(&MemoryDisk, &FailingArchive, Arc<AtomicBool>),
) {
    let (mut disk, archive) = (MemoryDisk::new(), Arc::new(FailingArchive::new()));
    // While it is looked at, nothing fails.
    let looking = Arc::new(AtomicBool::new(false));
    let look = |yes: bool| {
        looking.store(yes, Ordering::Relaxed);
        archive.pause(yes);
    };
    arm(&disk, &archive, looking.clone());
    let steps = story();
    let mut at = 0;
    let mut acknowledged = 0;
    let mut opened = 0;
    // Whether something was asked for again: from then on, operations have other numbers than when nothing goes wrong.
    let mut retried = false;
    'processes: loop {
        opened += 1;
        assert!(opened < 6, "{what}: it never gets through");
        let node = Node::open(Arc::new(disk.clone()), archive.clone(), small(background));
        let mut node = match node {
            Ok((node, _)) => node,
            Err(error) => {
                assert!(opened == 1, "{what}: opening again: {error}");
                disk = next_disk(&disk, end);
                archive.heal();
                continue;
            }
        };
        look(true);
        let op = node.state().op();
        assert!(op >= acknowledged, "{what}: {acknowledged} was acknowledged, {op} is there");
        if opened <= 2 && !retried {
            let digest = expected.digests.get(op as usize);
            assert_eq!(digest, Some(&node.state().digest()), "{what}: after op {op}");
            let until = |change: &&Change| change.op <= op;
            let changes: Vec<_> = expected.changes.iter().filter(until).cloned().collect();
            assert_eq!(all_changes(&node), changes, "{what}: after op {op}");
        }
        node.state().check().unwrap();
        node.log().verify().unwrap();
        look(false);
        while let Some(step) = steps.get(at) {
            match take(&mut node, step) {
                Ok(answers) => {
                    assert_eq!(essence(&answers), expected.answers[at], "{what}: step {at}");
                    acknowledged =
                        answers.last().map_or(acknowledged, |answer| answer.op.max(acknowledged));
                    at += 1;
                }
                Err(_) if node.stopped().is_none() => {
                    // Nothing happened, and it can be asked for again.
                    node.state().check().unwrap();
                    assert_eq!(node.log().durable(), node.log().tail(), "{what}");
                    retried = true;
                    disk.clear_hook();
                    archive.heal();
                }
                Err(_) => {
                    let op = node.state().op();
                    let again = take(&mut node, step).unwrap_err();
                    assert!(matches!(again, Error::Stopped(_)), "{what}: {again}");
                    assert_eq!(node.state().op(), op);
                    drop(node);
                    disk = next_disk(&disk, end);
                    archive.heal();
                    continue 'processes;
                }
            }
        }
        // What the archive met after the last answer is told of here.
        if node.checkpoint().is_err() || ledger::disk::Disk::names(&disk).is_err() {
            drop(node);
            disk = next_disk(&disk, end);
            archive.heal();
            continue;
        }
        look(true);
        assert_eq!(everything(&node), expected.everything, "{what}");
        let changes = all_changes(&node);
        look(false);
        let closed = node.close();
        // The fault may have been at the very end, of the archive's thread.
        if closed.is_err() {
            disk = next_disk(&disk, end);
            archive.heal();
        }
        let (node, _) =
            Node::open(Arc::new(disk.clone()), archive.clone(), small(background)).unwrap();
        assert_eq!(all_changes(&node), changes, "{what}: the feed has other keys after a restart");
        assert_eq!(everything(&node), expected.everything, "{what}");
        return;
    }
}

fn at_every_disk_operation(fault: Fault, end: End, background: bool, step: usize) {
    let expected = expected(background);
    assert!(expected.disk_operations > 150, "{}", expected.disk_operations);
    for nth in (0..expected.disk_operations).step_by(step) {
        let what = format!("operation {nth}: {fault:?}, {end:?}");
        told_with_a_fault(&expected, end, background, &what, &|disk, _, looking| {
            let left = AtomicU64::new(nth);
            disk.on_operation(move |_| {
                let counts = !looking.load(Ordering::Relaxed);
                (counts && left.fetch_sub(1, Ordering::Relaxed) == 0).then_some(fault)
            });
        });
    }
}

#[test]
fn the_machine_goes_off_at_every_operation() {
    for seed in [0, 7] {
        at_every_disk_operation(Fault::PowerOff, End::PowerOff(seed), false, 1);
    }
}

#[test]
fn the_process_dies_at_every_operation() {
    at_every_disk_operation(Fault::PowerOff, End::Kill, false, 1);
}

#[test]
fn every_operation_fails_and_the_process_dies() {
    at_every_disk_operation(Fault::Fail(std::io::ErrorKind::Other), End::Kill, false, 1);
}

#[test]
fn every_operation_fails_and_the_machine_goes_off() {
    let fault = Fault::Tear(100, std::io::ErrorKind::Other);
    for seed in [0, 9] {
        at_every_disk_operation(fault, End::PowerOff(seed), false, 1);
    }
}

#[test]
fn every_operation_finds_the_disk_full() {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    at_every_disk_operation(Fault::Fail(StorageFull), End::Kill, false, 1);
    at_every_disk_operation(Fault::Fail(QuotaExceeded), End::PowerOff(0), false, 1);
}

#[test]
fn with_a_thread_for_the_archive_it_is_the_same() {
    at_every_disk_operation(Fault::PowerOff, End::PowerOff(0), true, 3);
    at_every_disk_operation(Fault::Fail(std::io::ErrorKind::Other), End::Kill, true, 3);
}

#[test]
fn the_archive_fails_at_every_call() {
    for background in [false, true] {
        let expected = expected(background);
        let injuries = [Injury::Before, Injury::Within, Injury::After];
        for nth in 0..expected.archive_calls {
            for (injury, end) in injuries.into_iter().zip([End::Kill, End::PowerOff(0), End::Kill])
            {
                let what = format!("call {nth} of the archive: {injury:?}");
                told_with_a_fault(&expected, end, background, &what, &|_, archive, _| {
                    archive.fail_at(nth, injury);
                });
            }
        }
    }
}

#[test]
fn the_story_has_everything_in_it() {
    use ledger::disk::memory::OperationKind;
    let kinds = Arc::new(Mutex::new(std::collections::BTreeMap::new()));
    let (disk, archive) = (MemoryDisk::new(), Arc::new(FailingArchive::new()));
    let seen = kinds.clone();
    disk.on_operation(move |operation| {
        let what: String =
            operation.file.chars().take_while(|letter| letter.is_alphabetic()).collect();
        *seen.lock().unwrap().entry((operation.kind, what)).or_insert(0) += 1;
        None
    });
    let (mut node, _) = Node::open(Arc::new(disk), archive.clone(), small(false)).unwrap();
    for step in story() {
        take(&mut node, &step).unwrap();
    }
    let kinds = kinds.lock().unwrap().clone();
    for (kind, file) in [
        (OperationKind::Rename, "log"),
        (OperationKind::Sync, "log"),
        (OperationKind::Rename, "snapshot"),
        (OperationKind::Remove, "snapshot"),
    ] {
        assert!(kinds.get(&(kind, file.to_owned())).is_some_and(|times| *times >= 3), "{kinds:?}");
    }
    let expiries = all_changes(&node)
        .iter()
        .filter(|change| matches!(change.entry, Entry::Expiry { .. }))
        .count();
    assert!(expiries >= 10, "{expiries}");
    assert!(archive.through().unwrap().is_some());
    node.log().verify().unwrap();
}
