//! One flipped bit anywhere: an error, a report of `verify`, or an answer that is right all the same. Never a wrong
//! value, never a missing key, never a panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::print_stdout)] // helpers of tests too

mod crash_copy;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crash_copy::crash_copy;
use lsm::{
    Batch, Compression, Db, Durability, Error, Event, Keyspace, KeyspaceOptions, Layout, Options,
    ReadMode,
};
use parking_lot::Mutex;

const KEYSPACES: [&str; 2] = ["separated", "leveled"];
/// Operations that are in compacted tables; then those in tables of level 0; then those whose log was synced.
const COMPACTED: usize = 120;
const FLUSHED: usize = 180;
const SYNCED: usize = 220;
const OPERATIONS: usize = 260;
/// Files up to this size have a bit flipped in every byte.
const SMALL: usize = 4096;
/// Bytes of a larger file that are tried.
const SAMPLES: usize = 400;

fn options(mode: ReadMode) -> Options {
    Options::default()
        .segment_bytes(16 << 10)
        .write_buffer_bytes(1 << 20)
        .cache_bytes(64 << 10)
        .read_mode(mode)
}

/// Contents of all keyspaces.
type State = [BTreeMap<Vec<u8>, Vec<u8>>; 2];

fn key(number: usize) -> Vec<u8> {
    format!("key {:03}", number * 7 % 150).into_bytes()
}

fn value(number: usize) -> Vec<u8> {
    let len = 20 + number * 31 % 160;
    (0..len).map(|at| b'A' + ((number * 13 + at / 3) % 57) as u8).collect()
}

/// The puts and deletes of an operation; several are a batch.
fn operation(number: usize) -> Vec<(usize, Vec<u8>, Option<Vec<u8>>)> {
    match number % 6 {
        0 | 3 => vec![(0, key(number), Some(value(number)))],
        1 => vec![(1, key(number), Some(value(number)))],
        2 => vec![(number / 6 % 2, key(number / 3), None)],
        _ => (0..3).map(|at| (at % 2, key(number + at), Some(value(number + at)))).collect(),
    }
}

/// The states after 0, 1, ... operations.
fn states() -> Vec<State> {
    let mut state = State::default();
    let mut states = vec![state.clone()];
    for number in 0..OPERATIONS {
        for (keyspace, key, value) in operation(number) {
            match value {
                Some(value) => drop(state[keyspace].insert(key, value)),
                None => drop(state[keyspace].remove(&key)),
            }
        }
        states.push(state.clone());
    }
    states
}

fn keyspaces(db: &Db) -> Option<[Keyspace; 2]> {
    Some([db.find_keyspace(KEYSPACES[0])?, db.find_keyspace(KEYSPACES[1])?])
}

/// Writes everything, and copies the directory before the database is closed.
fn build(dir: &Path, crashed: &Path) {
    let db = Db::open(dir, options(ReadMode::Mapped)).unwrap();
    for (name, layout) in
        KEYSPACES.into_iter().zip([Layout::Separated { from: 32 }, Layout::Leveled])
    {
        let options = KeyspaceOptions {
            layout,
            compression: Compression::Lz4,
            block_bytes: 512,
            ..KeyspaceOptions::default()
        };
        db.keyspace(name, options).unwrap();
    }
    let both = keyspaces(&db).unwrap();
    for number in 0..OPERATIONS {
        match number {
            COMPACTED => both.iter().for_each(|keyspace| keyspace.compact::<&[u8]>(..).unwrap()),
            FLUSHED => db.flush().unwrap(),
            SYNCED => db.sync().unwrap(),
            _ => {}
        }
        let mut batch = Batch::new();
        for (keyspace, key, value) in operation(number) {
            match value {
                Some(value) => batch.put(&both[keyspace], &key, &value).unwrap(),
                None => batch.delete(&both[keyspace], &key).unwrap(),
            }
        }
        db.write(batch, Durability::Buffered).unwrap();
    }
    crash_copy(&db, dir, crashed);
    db.close().unwrap();
}

/// Makes `to` the same as `from`.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(to).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn file_names(dir: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| PathBuf::from(entry.unwrap().file_name())).collect();
    names.sort();
    names
}

/// Says which case it was when the test fails.
#[derive(Debug)]
#[allow(dead_code)] // fields that are only printed
struct Case<'a> {
    file: &'a Path,
    byte: usize,
    bit: usize,
    crashed: bool,
    read_only: bool,
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the case was {self:?}");
        }
    }
}

/// What came of a flipped bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    FailedReads,
    Reported,
    TailDropped,
    Harmless,
}

impl Case<'_> {
    /// That an error is of a kind that says what is wrong with the files, and which file it is.
    fn check_error(&self, error: &Error) {
        let named = match error {
            Error::Corruption { path, .. }
            | Error::MissingFile { path }
            | Error::NewerFormat { path, .. } => path,
            error => panic!("not an error about damage: {error}"),
        };
        let name = Path::new(named.file_name().unwrap());
        let is_log = |name: &Path| name.extension().is_some_and(|extension| extension == "log");
        // CURRENT may name what does not exist, a manifest without its last edit may name segments that were removed,
        // and a log that does not go on is told by the place where it stops.
        let by_another = self.file == Path::new("CURRENT")
            || self.file.to_string_lossy().starts_with("MANIFEST")
            || (is_log(self.file) && is_log(name));
        assert!(name == self.file || by_another, "{error}");
    }

    /// Opens and reads everything.
    fn run(&self, dir: &Path, states: &[State], mode: ReadMode) -> Outcome {
        let tail_dropped = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&tail_dropped);
        let listener = move |event: &Event| {
            if let Event::TailDropped { segment, bytes, .. } = event {
                assert!(*bytes > 0);
                hears.lock().push(format!("{:06}.log", segment.0));
            }
        };
        let options = options(mode).read_only(self.read_only).listener(Arc::new(listener));
        let db = match Db::open(dir, options.clone()) {
            Ok(db) => db,
            Err(error) => {
                self.check_error(&error);
                return Outcome::Refused;
            }
        };
        let (found, failed) = self.read(&db, &states[OPERATIONS]);
        let report = db.verify().unwrap();
        for error in &report.damage {
            self.check_error(error);
        }
        let mut outcome = if failed {
            assert!(!report.is_sound(), "reads fail, and verify finds nothing");
            Outcome::FailedReads
        } else if !report.is_sound() {
            Outcome::Reported
        } else {
            Outcome::Harmless
        };
        if let Some(found) = found {
            if found != states[OPERATIONS] {
                assert!(self.crashed, "a closed database lost or changed something");
                let dropped = tail_dropped.lock().clone();
                assert!(
                    dropped.iter().any(|name| self.file == Path::new(name)),
                    "writes are missing, and no tail of the file was reported: {dropped:?}"
                );
                let prefix = states.iter().rposition(|state| *state == found);
                let prefix = prefix.expect("what is left is a prefix of the writes");
                assert!(prefix >= SYNCED, "synced writes are missing: only {prefix} are left");
                assert_eq!(outcome, Outcome::Harmless);
                outcome = Outcome::TailDropped;
            }
            db.close().unwrap();
            if !self.read_only {
                // What this open made of it is what the next finds.
                let again = Db::open(dir, self::options(mode)).unwrap();
                assert!(
                    self.read(&again, &found).0.is_some_and(|again| again == found),
                    "another open finds something else"
                );
            }
        }
        outcome
    }

    /// All contents, if no read fails; whether one failed. A read that does not fail tells the truth, unless all of them
    /// together say that the end of the log is missing.
    fn read(&self, db: &Db, truth: &State) -> (Option<State>, bool) {
        let both = keyspaces(db).expect("the keyspaces");
        let mut state = State::default();
        let mut failed = false;
        let mut wrong = Vec::new();
        for (index, keyspace) in both.iter().enumerate() {
            for number in 0..150 {
                let key = key(number);
                match keyspace.get(&key) {
                    Ok(found) => {
                        if found.as_deref() != truth[index].get(&key).map(Vec::as_slice) {
                            wrong.push(String::from_utf8_lossy(&key).into_owned());
                        }
                        if let Some(found) = found {
                            state[index].insert(key, found.to_vec());
                        }
                    }
                    Err(error) => {
                        self.check_error(&error);
                        failed = true;
                    }
                }
            }
            let mut scanned = BTreeMap::new();
            let mut cut = false;
            for item in keyspace.range::<&[u8]>(..) {
                match item {
                    Ok((key, value)) => drop(scanned.insert(key, value.to_vec())),
                    Err(error) => {
                        self.check_error(&error);
                        cut = true;
                        break;
                    }
                }
            }
            if cut {
                failed = true;
                let expected = truth[index].iter().take(scanned.len());
                assert!(scanned.iter().eq(expected), "a scan is wrong before it fails");
            } else if !failed {
                assert_eq!(scanned, state[index], "a scan and gets differ");
            }
        }
        assert!(!failed || wrong.is_empty(), "wrong answers: {wrong:?}");
        ((!failed).then_some(state), failed)
    }
}

fn flip_everywhere(crashed: bool) {
    let (closed, copied) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    build(closed.path(), copied.path());
    let original = if crashed { copied.path() } else { closed.path() };
    let states = states();
    let names = file_names(original);
    for extension in ["sst", "log", "val"] {
        assert!(
            names.iter().any(|name| name.extension().is_some_and(|found| found == extension)),
            "no .{extension} among {names:?}"
        );
    }
    let work = tempfile::tempdir().unwrap();
    copy(original, work.path());
    let mut outcomes = BTreeMap::new();
    let mut cases = 0_usize;
    for name in &names {
        let bytes = fs::read(original.join(name)).unwrap();
        // A crash leaves tables as a close does.
        let samples = if crashed && name.extension().is_some_and(|found| found == "sst") {
            SAMPLES / 2
        } else if bytes.len() <= SMALL {
            SMALL
        } else {
            SAMPLES
        };
        // Odd, so that flipped bits rotate through all places of a word.
        let step = (bytes.len() / samples) | 1;
        for byte in (0..bytes.len()).step_by(step) {
            cases += 1;
            let case = Case {
                file: name,
                byte,
                bit: cases % 8,
                crashed,
                read_only: !cases.is_multiple_of(4),
            };
            let mut damaged = bytes.clone();
            damaged[byte] ^= 1 << case.bit;
            let path = work.path().join(name);
            fs::write(&path, damaged).unwrap();
            let mode =
                if cases.is_multiple_of(3) { ReadMode::Positioned } else { ReadMode::Mapped };
            let outcome = case.run(work.path(), &states, mode);
            let kind = name.extension().map_or("manifest", |extension| extension.to_str().unwrap());
            *outcomes.entry((kind.to_owned(), outcome)).or_insert(0_usize) += 1;
            if case.read_only {
                fs::write(&path, &bytes).unwrap();
            } else {
                copy(original, work.path());
            }
        }
    }
    println!("{cases} cases, {outcomes:?}");
    // The test would prove nothing if damage did no harm.
    let count = |outcome| -> usize {
        outcomes.iter().filter(|((_, found), _)| *found == outcome).map(|(_, count)| count).sum()
    };
    assert!(count(Outcome::Refused) > 100 && count(Outcome::FailedReads) > 100);
    assert_eq!(count(Outcome::TailDropped) > 0, crashed);
}

#[test]
fn a_flipped_bit_in_a_closed_database() {
    flip_everywhere(false);
}

#[test]
fn a_flipped_bit_in_what_a_crash_left() {
    flip_everywhere(true);
}
