//! A crash at every I/O of a workload: of the process, and of the machine. What was promised is there, batches are
//! whole, and what is found is a prefix of the commits.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::{collections::BTreeMap, sync::Arc};

use lsm::{
    Batch, Db, Durability, KeyspaceOptions, Layout, Options,
    fs::{
        FileSystem,
        sim::{CrashMode, FaultPlan, SimFs},
    },
};

const DIR: &str = "/data/db";

/// Both keyspaces, as `(keyspace, key) -> value`.
type State = BTreeMap<(usize, Vec<u8>), Vec<u8>>;
/// Writes that belong together; no value is a delete.
type Commit = Vec<(usize, Vec<u8>, Option<Vec<u8>>)>;

/// A small generator, so that a run is told by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below
    }
}

fn commits(seed: u64, count: u64) -> Vec<(Commit, Durability)> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..count)
        .map(|number| {
            let size = if random.next(4) == 0 { 1 + random.next(5) } else { 1 };
            let commit = (0..size)
                .map(|part| {
                    let key = vec![b'a' + random.next(9) as u8; 1 + random.next(3) as usize];
                    let len = [3, 40, 120, 900][random.next(4) as usize];
                    let mut value = vec![number as u8; len];
                    value[0] = part as u8;
                    let keep = random.next(5) != 0;
                    (random.next(2) as usize, key, keep.then_some(value))
                })
                .collect();
            let durability =
                if random.next(5) == 0 { Durability::Sync } else { Durability::Buffered };
            (commit, durability)
        })
        .collect()
}

fn options(fs: &SimFs, mapped: bool) -> Options {
    Options::default()
        .file_system(Arc::new(fs.clone()))
        .write_buffer_bytes(4096)
        .segment_bytes(4096)
        .cache_bytes(16 << 10)
        .mapped_log(mapped)
        .space_target(1.1)
}

fn keyspace_options(index: usize) -> KeyspaceOptions {
    KeyspaceOptions {
        layout: if index == 0 { Layout::Separated { from: 32 } } else { Layout::Leveled },
        block_bytes: 256,
        level0_tables: 2,
        level1_bytes: 8192,
        level_ratio: 2,
        table_bytes: 4096,
        ..KeyspaceOptions::default()
    }
}

/// What a run had come to when it ended, by itself or by a crash.
#[derive(Default)]
struct Progress {
    /// Commits that were begun.
    begun: usize,
    /// Commits that were acknowledged while the machine was up.
    acknowledged: usize,
    /// Commits that were known to be durable.
    durable: usize,
}

fn run(fs: &SimFs, mapped: bool, commits: &[(Commit, Durability)]) -> Progress {
    let mut progress = Progress::default();
    let _ = try_run(fs, mapped, commits, &mut progress);
    progress
}

fn try_run(
    fs: &SimFs,
    mapped: bool,
    commits: &[(Commit, Durability)],
    progress: &mut Progress,
) -> lsm::Result<()> {
    let db = Db::open(DIR, options(fs, mapped))?;
    let keyspaces =
        [db.keyspace("k0", keyspace_options(0))?, db.keyspace("k1", keyspace_options(1))?];
    for (number, (commit, durability)) in commits.iter().enumerate() {
        let mut batch = Batch::new();
        for (keyspace, key, value) in commit {
            match value {
                Some(value) => batch.put(&keyspaces[*keyspace], key, value)?,
                None => batch.delete(&keyspaces[*keyspace], key)?,
            }
        }
        progress.begun = number + 1;
        db.write(batch, *durability)?;
        // A store to mapped memory cannot fail: what the dead machine "acknowledges" nobody hears.
        if fs.is_dead() {
            return Ok(());
        }
        progress.acknowledged = number + 1;
        if *durability == Durability::Sync {
            progress.durable = number + 1;
        }
        match number % 23 {
            9 => keyspaces[0].flush()?,
            15 => db.flush()?,
            20 => keyspaces[number % 2].compact::<&[u8]>(..)?,
            _ => {}
        }
    }
    drop(keyspaces);
    db.close()?;
    if !fs.is_dead() {
        progress.durable = commits.len();
    }
    Ok(())
}

fn states(commits: &[(Commit, Durability)]) -> Vec<State> {
    let mut states = vec![State::new()];
    for (commit, _) in commits {
        let mut state = states.last().unwrap().clone();
        for (keyspace, key, value) in commit {
            match value {
                Some(value) => state.insert((*keyspace, key.clone()), value.clone()),
                None => state.remove(&(*keyspace, key.clone())),
            };
        }
        states.push(state);
    }
    states
}

fn read(db: &Db) -> State {
    let mut state = State::new();
    for index in 0..2 {
        let Some(keyspace) = db.find_keyspace(&format!("k{index}")) else { continue };
        for item in keyspace.range::<&[u8]>(..) {
            let (key, value) = item.unwrap();
            assert_eq!(keyspace.get(&key).unwrap().as_deref(), Some(&*value));
            state.insert((index, key), value.to_vec());
        }
    }
    state
}

/// Opens what a crash left, and checks it; then goes on with it, and checks that.
fn check(after: &SimFs, mapped: bool, states: &[State], least: usize, most: usize, what: &str) {
    let db = match Db::open(DIR, options(after, mapped)) {
        Ok(db) => db,
        Err(error) => panic!("{what}: {error}"),
    };
    let found = read(&db);
    let prefix = (least..=most).find(|number| states[*number] == found);
    assert!(
        prefix.is_some(),
        "{what}: no state of commits {least}..={most}; {} keys found",
        found.len()
    );
    let report = db.verify().unwrap();
    assert!(report.is_sound(), "{what}: {:?}", report.damage);
    let keyspace = db.keyspace("k0", keyspace_options(0)).unwrap();
    keyspace.put(b"later", &[7; 100]).unwrap();
    db.flush().unwrap();
    keyspace.put(b"last", &[8; 100]).unwrap();
    drop(keyspace);
    db.close().unwrap();
    let db = Db::open(DIR, options(after, mapped)).unwrap();
    let mut expected = found;
    expected.insert((0, b"later".to_vec()), vec![7; 100]);
    expected.insert((0, b"last".to_vec()), vec![8; 100]);
    assert_eq!(read(&db), expected, "{what}: after going on");
}

fn machine() -> SimFs {
    let fs = SimFs::new();
    fs.create_dir_all("/data".as_ref()).unwrap();
    fs.sync_all();
    fs
}

fn crash_everywhere(mapped: bool, seed: u64, count: u64, stride: u64) {
    let commits = commits(seed, count);
    let states = states(&commits);
    let whole = machine();
    let progress = run(&whole, mapped, &commits);
    assert_eq!(progress.durable, commits.len());
    let points = whole.points();
    assert!(points > count, "the workload does I/O");
    for point in (seed % stride..points).step_by(usize::try_from(stride).unwrap()) {
        let fs = machine();
        fs.set_plan(FaultPlan::new().seed(seed ^ point).crash_at(point));
        let progress = run(&fs, mapped, &commits);
        let Progress { begun, acknowledged, durable } = progress;
        let mut modes = vec![(CrashMode::Process, acknowledged, 0)];
        modes.push((CrashMode::PowerLoseAll, durable, 0));
        modes.extend((0..2).map(|draw| (CrashMode::Power, durable, draw)));
        for (mode, least, draw) in modes {
            let after = fs.crash(mode, point.wrapping_mul(31) + draw);
            let what = format!(
                "seed {seed}, crash at {point} of {points}, {mode:?}, draw {draw}, mapped {mapped}"
            );
            check(&after, mapped, &states, least, begun, &what);
        }
    }
}

#[test]
fn a_small_workload_crashes_at_every_io() {
    for seed in 1..6 {
        crash_everywhere(true, seed, 12, 1);
    }
}

#[test]
fn a_larger_workload_crashes_at_sampled_ios() {
    crash_everywhere(true, 2, 70, 2);
    crash_everywhere(true, 7, 150, 13);
}

#[test]
fn without_mappings_too() {
    crash_everywhere(false, 3, 30, 1);
}
