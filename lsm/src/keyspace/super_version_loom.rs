//! The model of the super version: a reader, a writer, and a thread that rotates the memtable, flushes it and merges tables,
//! in every interleaving (up to a bound on preemptions). Run it with
//! `RUSTFLAGS="--cfg loom" cargo test -p lsm --release --lib loom`, or `just models`.
//!
//! Real are [`Current`], with a lock in place of `arc_swap`, and the [`Publisher`]. Memtables and tables are small: one key, which
//! every commit writes, so that a commit's number is its value and a read at `n` has to find exactly `n`. The steps of
//! commit, flush and merge are those of `db/commit.rs` (and, under the lock, `db/commit/`), `db/flush.rs` and `compaction/job.rs`,
//! in their order.

use std::sync::Arc;

use ::loom::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use super::super_version::{Current, SuperVersion};
use crate::{SequenceNumber, log::Publisher};

/// Commits of a run; they are numbered from 1.
const COMMITS: usize = 2;

/// The versions of the one key: which commits are in it.
#[derive(Debug)]
struct Memtable([AtomicBool; COMMITS]);

impl Memtable {
    fn new() -> Arc<Self> {
        Arc::new(Self(std::array::from_fn(|_| AtomicBool::new(false))))
    }

    fn insert(&self, sequence: SequenceNumber) {
        self.0[sequence as usize - 1].store(true, Ordering::Release);
    }

    fn get(&self, read: SequenceNumber) -> Option<SequenceNumber> {
        let visible = (1..=read.min(COMMITS as u64)).rev();
        visible.into_iter().find(|sequence| self.0[*sequence as usize - 1].load(Ordering::Acquire))
    }
}

/// A file: goes with the last user after it became obsolete.
#[derive(Debug)]
struct Table {
    /// The newest commit in it: an entry without a sequence number, which whoever finds it takes.
    newest: SequenceNumber,
    obsolete: AtomicBool,
    removed: Arc<AtomicBool>,
}

impl Table {
    fn new(newest: SequenceNumber) -> Arc<Self> {
        let removed = Arc::new(AtomicBool::new(false));
        Arc::new(Self { newest, obsolete: AtomicBool::new(false), removed })
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // A model that failed is over: its atomics are of no more use.
        if !std::thread::panicking() && self.obsolete.load(Ordering::Acquire) {
            self.removed.store(true, Ordering::Release);
        }
    }
}

/// Newest first.
type Version = Vec<Arc<Table>>;

struct Keyspace {
    current: Current<Memtable, Version>,
    publisher: Publisher,
    /// What the commit lock protects: the last number given out, and the memtable that commits go to.
    commit: Mutex<(SequenceNumber, Arc<Memtable>)>,
    /// The newest commit that a writer was told of.
    acknowledged: AtomicU64,
    /// Orders nothing. Loom tries the other order of two accesses only if they are neighbours on their object, and a commit
    /// loads the visible number before it moves it: without this, a reader is never interrupted just before its own load.
    races: AtomicU64,
}

impl Keyspace {
    fn new() -> Arc<Self> {
        let active = Memtable::new();
        let first = SuperVersion {
            active: Arc::clone(&active),
            immutables: Vec::new(),
            version: Arc::new(Vec::new()),
        };
        Arc::new(Self {
            current: Current::new(first),
            publisher: Publisher::new(0),
            commit: Mutex::new((0, active)),
            acknowledged: AtomicU64::new(0),
            races: AtomicU64::new(0),
        })
    }

    /// As `Core::write_one`.
    fn put(&self) {
        let (sequence, memtable) = {
            let mut commit = self.commit.lock().unwrap();
            commit.0 += 1;
            (commit.0, Arc::clone(&commit.1))
        };
        memtable.insert(sequence);
        self.races.fetch_add(1, Ordering::Relaxed);
        self.publisher.complete(sequence);
        self.publisher.wait_visible(sequence).unwrap();
        self.acknowledged.fetch_max(sequence, Ordering::AcqRel);
    }

    fn visible(&self) -> SequenceNumber {
        self.races.fetch_add(1, Ordering::Relaxed);
        self.publisher.visible()
    }

    /// As `Core::rotate_memtable`. Returns the last number that can be in the memtable that was closed.
    fn rotate(&self) -> SequenceNumber {
        let mut commit = self.commit.lock().unwrap();
        let next = Memtable::new();
        self.current.rotate(Arc::clone(&next));
        commit.1 = next;
        commit.0
    }

    /// As `Core::flush_memtable`.
    fn flush(&self, last: SequenceNumber) {
        let memtable = Arc::clone(self.current.load().immutables.last().unwrap());
        self.publisher.wait_visible(last).unwrap();
        let table = memtable.get(last).map(Table::new);
        self.current.install(Some(&memtable), |version| {
            table.into_iter().chain(version.iter().cloned()).collect()
        });
    }

    /// As a compaction of all tables into one.
    fn merge(&self) {
        let inputs = Version::clone(&self.current.load().version);
        let Some(newest) = inputs.first().map(|table| table.newest) else { return };
        self.current.install(None, |_| vec![Table::new(newest)]);
        for table in &inputs {
            table.obsolete.store(true, Ordering::Release);
        }
    }
}

fn look_up(
    current: &SuperVersion<Memtable, Version>,
    read: SequenceNumber,
) -> Option<SequenceNumber> {
    for memtable in current.memtables() {
        if let Some(found) = memtable.get(read) {
            return Some(found);
        }
    }
    current.version.first().map(|table| table.newest)
}

fn files_are_there(current: &SuperVersion<Memtable, Version>) {
    for table in current.version.iter() {
        assert!(!table.removed.load(Ordering::Acquire), "a file that is in use was removed");
    }
}

/// A reader of one moment, as cursors and `multi_get` are: what was acknowledged is in it, and it is the state at exactly its
/// number, before and after whatever happens meanwhile.
fn read_a_moment(keyspace: &Keyspace) {
    let acknowledged = keyspace.acknowledged.load(Ordering::Acquire);
    let (current, read) = keyspace.current.load_at(|| keyspace.visible());
    assert!(read >= acknowledged);
    for _ in 0..2 {
        assert_eq!(look_up(&current, read), (read > 0).then_some(read));
        files_are_there(&current);
    }
}

/// A point read: at least what was acknowledged, and nothing that is not visible.
fn read_now(keyspace: &Keyspace) {
    let acknowledged = keyspace.acknowledged.load(Ordering::Acquire);
    let current = keyspace.current.load();
    let read = keyspace.visible();
    let found = look_up(&current, read).unwrap_or(0);
    assert!((acknowledged..=read).contains(&found), "{acknowledged} <= {found} <= {read}");
    files_are_there(&current);
}

/// Runs `reader` beside a writer and a thread that changes the structure, both of which have something to do at any moment.
fn model(preemptions: usize, structure: fn(&Keyspace), reader: fn(&Keyspace)) {
    let mut model = ::loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.check(move || {
        let keyspace = Keyspace::new();
        keyspace.put();
        let writer = {
            let keyspace = Arc::clone(&keyspace);
            thread::spawn(move || keyspace.put())
        };
        let structure = {
            let keyspace = Arc::clone(&keyspace);
            thread::spawn(move || structure(&keyspace))
        };
        reader(&keyspace);
        writer.join().unwrap();
        structure.join().unwrap();
        assert_eq!(look_up(&keyspace.current.load(), u64::MAX), Some(2));
    });
}

fn rotate_and_flush(keyspace: &Keyspace) {
    let last = keyspace.rotate();
    keyspace.flush(last);
}

/// Two flushes, so that there are tables of both commits to merge, or an empty memtable was flushed.
fn flush_twice_and_merge(keyspace: &Keyspace) {
    rotate_and_flush(keyspace);
    rotate_and_flush(keyspace);
    keyspace.merge();
}

#[test]
fn a_moment_is_whole_while_a_memtable_is_flushed() {
    model(3, rotate_and_flush, read_a_moment);
}

#[test]
fn a_moment_is_whole_while_tables_are_merged() {
    model(3, flush_twice_and_merge, read_a_moment);
}

#[test]
fn a_point_read_finds_what_was_acknowledged() {
    model(3, rotate_and_flush, read_now);
    model(3, flush_twice_and_merge, read_now);
}

/// The model is able to fail: a reader that takes the number first meets entries of tables that are newer.
#[test]
#[should_panic(expected = "<=")]
fn the_number_before_the_super_version_is_wrong() {
    model(3, rotate_and_flush, |keyspace| {
        let read = keyspace.visible();
        let found = look_up(&keyspace.current.load(), read).unwrap_or(0);
        assert!(found <= read, "{found} <= {read}");
    });
}

/// A reader that does not look again misses commits at or below its number.
#[test]
#[should_panic(expected = "one moment")]
fn a_super_version_that_was_replaced_meanwhile_is_wrong() {
    model(3, rotate_and_flush, |keyspace| {
        let current = keyspace.current.load_full();
        let read = keyspace.visible();
        assert_eq!(look_up(&current, read), Some(read), "one moment");
    });
}

/// Commits that get a memtable before readers do are not found.
#[test]
#[should_panic(expected = "<=")]
fn a_memtable_that_is_written_before_it_is_installed_is_wrong() {
    let structure = |keyspace: &Keyspace| {
        let next = Memtable::new();
        keyspace.commit.lock().unwrap().1 = Arc::clone(&next);
        keyspace.current.rotate(next);
    };
    model(3, structure, read_now);
}

/// Files that are marked before the version without them is installed, and let go of, are missing.
#[test]
#[should_panic(expected = "was removed")]
fn a_file_that_is_removed_before_its_version_is_replaced_is_wrong() {
    let structure = |keyspace: &Keyspace| {
        rotate_and_flush(keyspace);
        let current = keyspace.current.load();
        for table in current.version.iter() {
            table.removed.store(true, Ordering::Release);
        }
        drop(current);
        keyspace.merge();
    };
    model(3, structure, read_a_moment);
}
