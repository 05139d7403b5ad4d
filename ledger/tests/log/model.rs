//! The log against a list, through crashes.

use std::sync::Arc;

use ledger::{
    disk::MemoryDisk,
    log::{Log, prepare},
};
use proptest::prelude::*;

use crate::common::{Event, SEGMENT, append, chooser, contents, create, open};

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(usize, u8)>),
    Sync,
    Seal,
    Prepare,
    /// The process is killed.
    Kill,
    /// The machine goes off: by which seed, and what is written as one.
    Crash(u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec((0_usize..3500, any::<u8>()), 1..5).prop_map(Step::Append),
        4 => Just(Step::Sync),
        1 => Just(Step::Seal),
        1 => Just(Step::Prepare),
        1 => Just(Step::Kill),
        3 => (any::<u64>(), any::<bool>()).prop_map(|(seed, fine)| Step::Crash(seed, fine)),
    ]
}

struct Model {
    all: Vec<Event>,
    durable: usize,
}

fn check(log: &Log, model: &mut Model, least: usize) {
    let found = contents(log);
    assert!(found.len() >= least, "{} of {least} durable records are there", found.len());
    assert!(found.len() <= model.all.len(), "a record that nobody appended");
    assert!(found == model.all[..found.len()], "a record that is another");
    assert_eq!(log.tail().op, found.len() as u64);
    assert_eq!(log.verify().unwrap(), log.tail());
    model.all.truncate(found.len());
    model.durable = found.len();
}

fn run(steps: &[Step]) {
    let mut disk = MemoryDisk::new();
    let mut log = create(&disk);
    let mut model = Model { all: Vec::new(), durable: 0 };
    for step in steps {
        match step {
            Step::Append(bodies) => {
                let first = model.all.len() as u64 + 1;
                let events: Vec<Event> = bodies
                    .iter()
                    .zip(first..)
                    .map(|((length, byte), op)| Event::of(op, vec![*byte; *length]))
                    .collect();
                let mark = append(&mut log, &events).unwrap();
                model.all.extend(events);
                assert_eq!(mark.op, model.all.len() as u64);
            }
            Step::Sync | Step::Seal => {
                if matches!(step, Step::Seal) { log.seal() } else { log.sync() }.unwrap();
                model.durable = model.all.len();
                assert_eq!(log.durable(), log.tail());
            }
            Step::Prepare => prepare(&disk, SEGMENT).unwrap(),
            Step::Kill => {
                disk = disk.kill();
                let tail;
                (log, tail) = open(&disk).unwrap();
                assert_eq!(tail.trimmed, None);
                let all = model.all.len();
                check(&log, &mut model, all);
            }
            Step::Crash(seed, fine) => {
                disk = disk.crash(if *fine { 16 } else { 512 }, &mut chooser(*seed));
                (log, _) = open(&disk).unwrap();
                let durable = model.durable;
                check(&log, &mut model, durable);
            }
        }
        let durable = contents(&log);
        assert!(durable == model.all[..model.durable], "what is durable can be read");
    }
    // Opening made everything durable that it found, and trimmed the rest for good.
    let found = log.tail();
    drop(log);
    let after = disk.kill().crash(512, &mut |_| 0);
    let (log, _) = open(&after).unwrap();
    assert!(log.tail().op >= model.durable as u64 && log.tail().op <= found.op);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn what_was_durable_is_there_and_the_rest_is_a_prefix(
        steps in prop::collection::vec(step(), 1..24)
    ) {
        run(&steps);
    }
}

/// A crash at every single operation on the disk.
#[test]
fn a_crash_at_every_operation() {
    let work = |disk: &MemoryDisk| -> (usize, usize) {
        let mut appended = 0;
        let mut durable = 0;
        let mut body = || -> ledger::Result<()> {
            let mut log = Log::create(Arc::new(disk.clone()), crate::common::ID, SEGMENT)?;
            for (number, lengths) in
                [&[100, 3000][..], &[2000, 3000, 3900], &[10], &[700, 700, 700]].iter().enumerate()
            {
                let events = crate::common::events(appended as u64 + 1, lengths);
                appended += events.len();
                append(&mut log, &events)?;
                log.sync()?;
                durable = appended;
                if number == 1 {
                    prepare(disk, SEGMENT)?;
                }
            }
            log.seal()
        };
        let _ = body();
        (appended, durable)
    };
    let whole = MemoryDisk::new();
    work(&whole);
    let lengths = [100, 3000, 2000, 3000, 3900, 10, 700, 700, 700];
    let all: Vec<Event> = (1..)
        .zip([2, 3, 1, 3])
        .fold((Vec::new(), 0), |(mut all, at), (_, count): (u64, usize)| {
            all.extend(crate::common::events(at as u64 + 1, &lengths[at..at + count]));
            (all, at + count)
        })
        .0;
    for point in 0..whole.operations() {
        for seed in 0..12 {
            let disk = MemoryDisk::new();
            disk.on_operation(move |operation| {
                (operation.number == point).then_some(ledger::disk::memory::Fault::PowerOff)
            });
            let (appended, durable) = work(&disk);
            let after =
                disk.crash(if seed % 2 == 0 { 512 } else { 16 }, &mut chooser(seed * 7 + point));
            if !Log::exists(&after).unwrap() {
                assert_eq!(durable, 0, "the log is gone after a crash at {point}");
                continue;
            }
            let (log, _) = open(&after).unwrap();
            let found = contents(&log);
            assert!((durable..=appended).contains(&found.len()), "crash at {point}, seed {seed}");
            assert!(found == all[..found.len()], "crash at {point}, seed {seed}");
            assert_eq!(log.verify().unwrap().op, found.len() as u64);
        }
    }
}

/// Recovery itself may crash, at each of its operations, and again.
#[test]
fn a_crash_at_every_operation_of_recovery() {
    for seed in 0..40 {
        let disk = MemoryDisk::new();
        let mut log = create(&disk);
        let durable = crate::common::events(1, &[500, 3000]);
        append(&mut log, &durable).unwrap();
        log.sync().unwrap();
        let torn = crate::common::events(3, &[900, 2500, 3000, 100]);
        append(&mut log, &torn).unwrap();
        let mut all = durable.clone();
        all.extend(torn);
        let crashed = disk.crash(64, &mut chooser(seed));
        let before = crashed.operations();
        let (_, tail) = open(&crashed.fork()).unwrap();
        for point in 0..80 {
            let again = crashed.fork();
            again.on_operation(move |operation| {
                (operation.number == before + point)
                    .then_some(ledger::disk::memory::Fault::PowerOff)
            });
            if open(&again).is_ok() {
                break;
            }
            let after = again.crash(16, &mut chooser(seed * 100 + point));
            let (log, _) = open(&after).unwrap();
            assert_eq!(log.tail(), tail.mark, "what was seen once stays what it is");
            assert!(contents(&log) == all[..tail.mark.op as usize]);
        }
    }
}
