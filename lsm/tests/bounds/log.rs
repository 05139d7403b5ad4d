//! How much log a keyspace keeps that is not written to any more.

use std::sync::{Arc, Mutex};

use lsm::{Db, Durability, Event, EventListener, Keyspace, KeyspaceOptions, fs::Purpose};

use crate::{
    DIR,
    gate::{Gate, GatedFs},
    machine, options, random_bytes,
};

/// Hears of flushes: of which keyspace, and of how many entries.
#[derive(Clone, Default)]
struct Flushes(Arc<Mutex<Vec<(String, u64)>>>);

impl EventListener for Flushes {
    fn event(&self, event: &Event) {
        if let Event::Flushed { keyspace, entries, .. } = event {
            self.0.lock().unwrap().push((keyspace.clone(), *entries));
        }
    }
}

impl Flushes {
    fn of(&self, keyspace: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|(name, _)| name == keyspace).count()
    }
}

fn put(keyspace: &Keyspace, number: u64) {
    keyspace.put(&(number % 50).to_be_bytes(), &random_bytes(number, 200)).unwrap();
}

/// Writes until at most so much of the log is in no table.
fn write_until(db: &Db, keyspace: &Keyspace, most: u64) {
    for number in 0.. {
        if db.statistics().unflushed_log_bytes <= most {
            return;
        }
        assert!(number < 100_000, "{} bytes are kept", db.statistics().unflushed_log_bytes);
        put(keyspace, number);
    }
}

/// Four write buffers of two memtables.
const DEFAULT: u64 = 4096 * 4 * 2;

#[test]
fn an_idle_keyspace_does_not_keep_the_log() {
    let flushes = Flushes::default();
    let db = Db::open(DIR, options(machine()).listener(Arc::new(flushes.clone()))).unwrap();
    let (idle, busy) = (
        db.keyspace("idle", KeyspaceOptions::default()).unwrap(),
        db.keyspace("busy", KeyspaceOptions::default()).unwrap(),
    );
    idle.put(b"once", &[7; 100]).unwrap();
    for number in 0..DEFAULT / 2 / 200 {
        put(&busy, number);
    }
    assert_eq!(flushes.of("idle"), 0, "it keeps less than it may");
    for number in 0..4_000 {
        put(&busy, number);
    }
    write_until(&db, &busy, DEFAULT);
    assert_eq!(flushes.of("idle"), 1);
    db.wait_idle().unwrap();
    let statistics = db.statistics();
    assert!(statistics.segments < 30, "{} segments", statistics.segments);
    assert_eq!(idle.get(b"once").unwrap().as_deref(), Some(&[7; 100][..]));
}

/// What replay put into a memtable counts from where its record is, not from the opening.
#[test]
fn also_when_it_is_opened_again_and_again() {
    let fs = machine();
    let options = || options(fs.clone()).max_log_bytes(64 << 10);
    let kept = |lives: u64| {
        let flushes = Flushes::default();
        let db = Db::open(DIR, options().listener(Arc::new(flushes.clone()))).unwrap();
        let busy = db.keyspace("busy", KeyspaceOptions::default()).unwrap();
        if lives == 0 {
            let idle = db.keyspace("idle", KeyspaceOptions::default()).unwrap();
            idle.put(b"once", &[7; 100]).unwrap();
        }
        for number in 0..80 {
            put(&busy, number);
        }
        let kept = db.statistics().unflushed_log_bytes;
        drop(busy);
        db.close().unwrap();
        (kept, flushes.of("idle"))
    };
    let mut flushed = 0;
    for life in 0..20 {
        let (kept, flushes) = kept(life);
        flushed += flushes;
        assert!(kept <= (64 << 10) + 80 * 300, "{kept} in life {life}");
    }
    assert_eq!(flushed, 1);
    let db = Db::open(DIR, options()).unwrap();
    let idle = db.find_keyspace("idle").unwrap();
    assert_eq!(idle.get(b"once").unwrap().as_deref(), Some(&[7; 100][..]));
}

/// Many keyspaces that are written to now and then are flushed as seldom as the bound allows.
#[test]
fn it_makes_no_storm_of_small_flushes() {
    const IDLE: usize = 40;
    let flushes = Flushes::default();
    let db = Db::open(DIR, options(machine()).listener(Arc::new(flushes.clone()))).unwrap();
    let busy = db.keyspace("busy", KeyspaceOptions::default()).unwrap();
    let name = |number: usize| format!("idle{number}");
    let idle: Vec<_> = (0..IDLE)
        .map(|number| db.keyspace(&name(number), KeyspaceOptions::default()).unwrap())
        .collect();
    const ROUNDS: u64 = 3;
    for round in 0..ROUNDS {
        for keyspace in &idle {
            keyspace.put(&round.to_be_bytes(), b"seldom").unwrap();
        }
        for number in 0..DEFAULT / 200 * 3 {
            put(&busy, number);
        }
        write_until(&db, &busy, DEFAULT);
    }
    for (number, keyspace) in idle.iter().enumerate() {
        assert!(flushes.of(&name(number)) as u64 <= ROUNDS, "{number}");
        for round in 0..ROUNDS {
            assert!(keyspace.contains(&round.to_be_bytes()).unwrap());
        }
    }
}

/// The bound is beyond what one keyspace comes to by itself: it flushes full memtables only.
#[test]
fn one_keyspace_alone_never_comes_to_it() {
    let flushes = Flushes::default();
    let options = options(machine()).write_buffer_bytes(64 << 10).segment_bytes(16 << 10);
    let db = Db::open(DIR, options.listener(Arc::new(flushes.clone()))).unwrap();
    for number in 0..20_000 {
        put(&db.default_keyspace(), number);
    }
    db.flush().unwrap();
    let flushes = flushes.0.lock().unwrap();
    let (last, full) = flushes.split_last().unwrap();
    assert_eq!(full.iter().map(|flush| flush.1).sum::<u64>() + last.1, 20_000);
    // Two buffers of log, by records of some 220 bytes.
    assert!(full.len() > 20 && full.iter().all(|flush| flush.1 > 500), "{full:?}");
}

/// The flush that would free the log fails for ever, or takes for ever: whoever writes, be it to another keyspace with much room in its
/// own memtable, is told, or waits, before twice the bound is exceeded.
#[test]
fn a_flush_that_does_not_come_stops_writers() {
    const BOUND: u64 = 32 << 10;
    /// A look in every sixteenth of the bound, and the commit that comes to it.
    const MOST: u64 = 2 * BOUND + BOUND / 16 + 300;
    let fs = GatedFs::before(Purpose::Flush, &machine(), Gate::Broken(5.into()));
    let options = options(fs.clone()).write_buffer_bytes(1 << 20).max_log_bytes(BOUND);
    let db = Db::open(DIR, options).unwrap();
    let (idle, busy) = (
        db.keyspace("idle", KeyspaceOptions::default()).unwrap(),
        db.keyspace("busy", KeyspaceOptions::default()).unwrap(),
    );
    idle.put(b"once", &[7; 100]).unwrap();
    let mut written = 0;
    let write = |number: u64| busy.put(&number.to_be_bytes(), &random_bytes(number, 200));
    let error = loop {
        match write(written) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 5_000, "{} bytes are kept", db.statistics().unflushed_log_bytes);
    };
    assert!(matches!(&error, lsm::Error::Io { source, .. } if source.raw_os_error() == Some(5)));
    let reached = db.statistics().unflushed_log_bytes;
    assert!((2 * BOUND..=MOST).contains(&reached), "{reached}");
    // Also of one that writes what no log has.
    assert!(busy.put_with(b"unlogged", b"", Durability::None).is_err());

    // It takes long: they wait, and go on.
    fs.set(Gate::Closed);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut retries = 0_u64;
            // The attempt that was under way when the gate was closed may still fail.
            while let Err(error) = write(written) {
                assert!(matches!(error, lsm::Error::Io { .. }), "{error}");
                retries += 1;
                assert!(retries < 100_000, "it does not wait");
            }
        });
        for _ in 0..2_000 {
            assert!(db.statistics().unflushed_log_bytes <= MOST);
            std::thread::yield_now();
        }
        assert!(!writer.is_finished());
        fs.set(Gate::Open);
        writer.join().unwrap();
    });
    for number in 0..=written {
        assert!(busy.contains(&number.to_be_bytes()).unwrap(), "{number}");
    }
    assert_eq!(idle.get(b"once").unwrap().as_deref(), Some(&[7; 100][..]));
    db.flush().unwrap();
    assert!(db.verify().unwrap().is_sound());
}

/// A bound that is smaller than everything else makes for small flushes, and for no deadlock.
#[test]
fn the_least_bound_under_many_writers() {
    let options = options(machine()).write_buffer_bytes(64 << 10).max_log_bytes(4096);
    let db = Db::open(DIR, options).unwrap();
    let keyspaces: Vec<_> = (0..4)
        .map(|number| db.keyspace(&format!("k{number}"), KeyspaceOptions::default()).unwrap())
        .collect();
    std::thread::scope(|scope| {
        for (keyspace, durability) in keyspaces.iter().zip([
            Durability::Buffered,
            Durability::Sync,
            Durability::None,
            Durability::Buffered,
        ]) {
            scope.spawn(move || {
                for number in 0..500_u64 {
                    keyspace.put_with(&number.to_be_bytes(), &[1; 200], durability).unwrap();
                }
            });
        }
    });
    db.flush().unwrap();
    for keyspace in &keyspaces {
        assert_eq!(keyspace.range::<&[u8]>(..).count(), 500);
    }
    assert!(db.verify().unwrap().is_sound());
}

#[test]
fn too_small_a_bound_is_refused() {
    let error = options(machine()).max_log_bytes(4095).validate().unwrap_err();
    assert!(error.to_string().contains("max_log_bytes"), "{error}");
}
