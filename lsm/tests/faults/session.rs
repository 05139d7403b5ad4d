//! A workload that touches everything, step by step, with a model of what must be there; and what every step must hold
//! to, whatever fails in it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use lsm::{
    Batch, Db, Durability, Error, Event, Keyspace, KeyspaceOptions, Result, Snapshot,
    fs::sim::SimFs,
};

use crate::workload::{self, Commit, DIR, Shape, State};

/// What the workload consists of.
#[derive(Debug, Clone)]
pub enum Step {
    Commit(Commit, Durability),
    /// Reads everything in several ways.
    Look,
    TakeSnapshot,
    ReadSnapshot,
    Flush,
    /// Flushes one keyspace and merges it.
    Compact(usize),
    Sync,
    Checkpoint,
    Reopen,
}

/// As many commits, with everything else in between.
pub fn script(seed: u64, count: u64) -> Vec<Step> {
    // A value that is not overwritten, so that there is always one to be collected and linked.
    let kept = (0, b"zz".to_vec(), Some(random_bytes(300)));
    let mut steps = vec![Step::Commit(vec![kept], Durability::Buffered)];
    for (number, (commit, durability)) in workload::commits(seed, count).into_iter().enumerate() {
        steps.push(Step::Commit(commit, durability));
        steps.extend(match number % 24 {
            2 => vec![Step::TakeSnapshot],
            4 | 16 => vec![Step::Flush],
            5 => vec![Step::Look],
            7 => vec![Step::Compact(0), Step::Checkpoint, Step::Look],
            10 => vec![Step::ReadSnapshot],
            11 => vec![Step::Compact(1), Step::Sync],
            13 | 21 => vec![Step::Reopen, Step::Look],
            18 => vec![Step::Compact(1), Step::Compact(0)],
            _ => vec![],
        });
    }
    steps
}

/// An open database.
struct Open {
    db: Db,
    keyspaces: [Keyspace; 2],
}

/// The workload under way.
pub struct Session {
    pub fs: SimFs,
    shape: Shape,
    open: Option<Open>,
    /// What is there.
    pub model: State,
    snapshot: Option<(Snapshot, State)>,
    checkpoints: Vec<(String, State)>,
    /// Errors that nobody waited for.
    background: Arc<Mutex<Vec<Error>>>,
}

impl Session {
    pub fn new(fs: &SimFs, shape: Shape) -> Self {
        count_panics();
        Self {
            fs: fs.clone(),
            shape,
            open: None,
            model: State::new(),
            snapshot: None,
            checkpoints: Vec::new(),
            background: Arc::default(),
        }
    }

    fn open(&mut self) -> Result<&Open> {
        if self.open.is_none() {
            let errors = Arc::clone(&self.background);
            let listener = move |event: &Event| {
                if let Event::BackgroundError { error } = event {
                    errors.lock().unwrap().push(error.clone());
                }
            };
            let options = self.shape.options(&self.fs).listener(Arc::new(listener));
            let db = Db::open(DIR, options)?;
            let keyspaces = workload::keyspaces(&db)?;
            self.open = Some(Open { db, keyspaces });
        }
        Ok(self.open.as_ref().unwrap())
    }

    pub fn db(&mut self) -> Result<&Db> {
        Ok(&self.open()?.db)
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Closes the database, if it is open.
    pub fn close(&mut self) -> Result<()> {
        self.snapshot = None;
        self.open.take().map_or(Ok(()), |open| open.db.close())
    }

    /// Tries a step once. A commit that succeeds is in the model; what is read must agree with it.
    pub fn attempt(&mut self, step: &Step) -> Result<()> {
        if let Step::Reopen = step {
            self.close()?;
            return self.open().map(drop);
        }
        self.open()?;
        let Open { db, keyspaces } = self.open.as_ref().unwrap();
        match step {
            Step::Commit(commit, durability) => {
                workload::write(db, keyspaces, commit, *durability)?;
                workload::apply(&mut self.model, commit);
            }
            Step::Look => return self.look(),
            Step::TakeSnapshot => self.snapshot = Some((db.snapshot(), self.model.clone())),
            Step::ReadSnapshot => {
                let Some((snapshot, expected)) = &self.snapshot else { return Ok(()) };
                let mut found = State::new();
                for (index, keyspace) in keyspaces.iter().enumerate() {
                    for item in keyspace.range_at::<&[u8]>(snapshot, ..) {
                        let (key, value) = item?;
                        found.insert((index, key), value.to_vec());
                    }
                }
                assert_eq!(found, *expected, "what the snapshot saw");
            }
            Step::Flush => db.flush()?,
            Step::Compact(index) => keyspaces[*index].compact::<&[u8]>(..)?,
            Step::Sync => db.sync()?,
            Step::Checkpoint => {
                let dir = format!("/data/copy-{}", self.checkpoints.len());
                db.checkpoint(&dir)?;
                self.checkpoints.push((dir, self.model.clone()));
            }
            Step::Reopen => unreachable!(),
        }
        Ok(())
    }

    /// Reads everything: forward with point reads, backward, with a cursor that jumps, many keys at once.
    pub fn look(&mut self) -> Result<()> {
        self.open()?;
        let Open { db, keyspaces } = self.open.as_ref().unwrap();
        assert_eq!(workload::read(db)?, self.model, "scan");
        for (index, keyspace) in keyspaces.iter().enumerate() {
            let expected: BTreeMap<&[u8], &[u8]> = self
                .model
                .iter()
                .filter(|((of, _), _)| *of == index)
                .map(|((_, key), value)| (&key[..], &value[..]))
                .collect();
            let backward = keyspace.range::<&[u8]>(..).rev().collect::<Result<Vec<_>>>()?;
            let backward: Vec<_> =
                backward.iter().rev().map(|(key, value)| (&key[..], &**value)).collect();
            assert_eq!(backward, expected.clone().into_iter().collect::<Vec<_>>(), "backward");
            let mut cursor = keyspace.cursor();
            for start in [b"b", b"e", b"h"] {
                cursor.seek(start)?;
                let first = expected.range(&start[..]..).next();
                assert_eq!(cursor.valid(), first.is_some(), "seek");
                if let Some((key, value)) = first {
                    assert_eq!((cursor.key(), &*cursor.value()?), (*key, *value), "seek");
                }
            }
            let keys: Vec<Vec<u8>> =
                (b'a'..=b'i').flat_map(|c| (1..=3).map(move |len| vec![c; len])).collect();
            for (key, found) in keys.iter().zip(keyspace.multi_get(&keys)?) {
                assert_eq!(found.as_deref(), expected.get(&key[..]).copied(), "multi_get");
            }
        }
        Ok(())
    }

    /// After a commit that failed: it is there as a whole, or not at all, and the model says which.
    pub fn settle(&mut self, commit: &Commit) {
        let found = workload::read(self.db().unwrap()).unwrap();
        if found != self.model {
            workload::apply(&mut self.model, commit);
            assert_eq!(found, self.model, "neither with nor without the commit that failed");
        }
    }

    /// What must hold while the database takes no more writes: it says so, every time, and why, and what to do; and
    /// what was there can be read.
    pub fn check_poisoned(&mut self) {
        self.look().unwrap();
        let Open { db, keyspaces } = self.open.as_ref().unwrap();
        let key = b"refused";
        let mut batch = Batch::new();
        for keyspace in keyspaces {
            batch.put(keyspace, key, b"x").unwrap();
        }
        let refused = [
            keyspaces[0].put_with(key, b"x", Durability::None),
            keyspaces[0].put_with(key, b"x", Durability::Buffered),
            keyspaces[0].put_with(key, &[7; 100], Durability::Sync),
            keyspaces[1].delete_with(key, Durability::Buffered),
            db.write(batch, Durability::Buffered),
            db.sync(),
            keyspaces[0].compact::<&[u8]>(..),
            db.flush(),
            db.wait_idle(),
            db.keyspace("another", KeyspaceOptions::default()).map(drop),
            db.drop_keyspace("k1"),
            db.checkpoint("/data/refused"),
        ];
        for (index, outcome) in refused.into_iter().enumerate() {
            let error = outcome.expect_err(&format!("call {index} on a poisoned database"));
            assert!(is_poisoned(&error), "call {index}: {error}");
            assert_named(&error);
        }
        self.look().unwrap();
        assert!(self.open.as_ref().unwrap().db.verify().unwrap().is_sound());
    }

    /// The end, with no faults any more: what was acknowledged is there, now and after opening again; background work
    /// succeeds; nothing is left lying about.
    pub fn finish(&mut self) {
        self.look().unwrap();
        for turn in 0..2 {
            let db = self.db().unwrap();
            db.flush().unwrap();
            db.wait_idle().unwrap();
            let report = db.verify().unwrap();
            assert!(report.is_sound(), "turn {turn}: {:?}", report.damage);
            self.look().unwrap();
            self.attempt(&Step::Compact(turn)).unwrap();
            self.close().unwrap();
            self.look().unwrap();
        }
        let tables: usize =
            self.db().unwrap().statistics().levels.iter().map(|level| level.tables).sum();
        self.close().unwrap();
        let files = self.fs.paths();
        let in_dir = |extension: &str| {
            let ours = files.iter().filter(|path| path.starts_with(DIR));
            ours.filter(|path| path.extension().is_some_and(|found| found == extension)).count()
        };
        // Opened and closed twice: whatever failed to be removed was removed.
        assert_eq!((in_dir("sst"), in_dir("tmp")), (tables, 0), "left behind: {files:?}");
        for (dir, expected) in std::mem::take(&mut self.checkpoints) {
            let db = Db::open(&dir, self.shape.options(&self.fs)).unwrap();
            assert_eq!(workload::read(&db).unwrap(), expected, "checkpoint");
            assert!(db.verify().unwrap().is_sound());
        }
        for error in &*self.background.lock().unwrap() {
            assert_named(error);
        }
        assert_eq!(PANICS.load(Ordering::SeqCst), 0, "a thread of the engine panicked, see above");
    }
}

/// What no compression makes shorter.
pub fn random_bytes(len: usize) -> Vec<u8> {
    let mut random = workload::Random::new(len as u64);
    (0..len).map(|_| random.next(256) as u8).collect()
}

pub fn is_poisoned(error: &Error) -> bool {
    matches!(error, Error::Poisoned { .. })
}

/// Panics unless the error says what failed and on which file, and that it is the disk that failed.
pub fn assert_named(error: &Error) {
    let text = error.to_string();
    let io = match error {
        Error::Poisoned { cause } => {
            assert!(text.contains("open it again"), "says what to do: {text}");
            cause
        }
        other => other,
    };
    let Error::Io { path, operation, .. } = io else { panic!("not the disk's fault: {text}") };
    // Below the directory, or above it: its name and theirs have to be durable, too.
    let is_ours = path.starts_with("/data") || std::path::Path::new("/data").starts_with(path);
    assert!(is_ours && !operation.is_empty(), "says where: {text}");
    assert!(text.contains(&path.display().to_string()), "{text}");
}

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics of the engine's own threads from now on: they would take them to the grave.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name().is_some_and(|name| name.starts_with("lsm-")) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            usual(info);
        }));
    });
}

/// Runs one case; a hang is a failure, and not the end of all tests.
pub fn run_case<T: Send + 'static>(what: String, case: impl FnOnce() -> T + Send + 'static) -> T {
    /// Cases take milliseconds.
    const HANGS: Duration = Duration::from_secs(180);
    let (done, outcome) = mpsc::channel();
    let thread = std::thread::spawn(move || done.send(case()));
    match outcome.recv_timeout(HANGS) {
        Ok(value) => {
            let _ = thread.join();
            value
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("{what}: failed, see above"),
    }
}
