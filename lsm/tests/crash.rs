//! A crash at every I/O of a workload: of the process, and of the machine. What was promised is there, batches are
//! whole, and what is found is a prefix of the commits.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

mod workload;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use lsm::{
    Db, Durability, Event,
    fs::sim::{CrashMode, FaultPlan, SimFs},
};
use workload::{
    Commit, DIR, Shape, State, apply, commits, keyspace_options, keyspaces, machine, read, write,
};

/// What a run had come to when it ended, by itself or by a crash.
#[derive(Default)]
struct Progress {
    /// Commits that were begun.
    begun: usize,
    /// Commits that were acknowledged while the machine was up.
    acknowledged: usize,
    /// Commits that were known to be durable.
    durable: usize,
    /// Segments that were made in the files of others.
    recycled: Arc<AtomicUsize>,
}

fn run(fs: &SimFs, shape: Shape, commits: &[(Commit, Durability)]) -> Progress {
    let mut progress = Progress::default();
    let _ = try_run(fs, shape, commits, &mut progress);
    progress
}

fn try_run(
    fs: &SimFs,
    shape: Shape,
    commits: &[(Commit, Durability)],
    progress: &mut Progress,
) -> lsm::Result<()> {
    let recycled = Arc::clone(&progress.recycled);
    let count = move |event: &Event| {
        if matches!(event, Event::SegmentRecycled { .. }) {
            recycled.fetch_add(1, Ordering::Relaxed);
        }
    };
    let db = Db::open(DIR, shape.options(fs).listener(Arc::new(count)))?;
    let keyspaces = keyspaces(&db)?;
    for (number, (commit, durability)) in commits.iter().enumerate() {
        progress.begun = number + 1;
        write(&db, &keyspaces, commit, *durability)?;
        // A store to mapped memory cannot fail: what the dead machine "acknowledges" nobody hears.
        if fs.is_dead() {
            return Ok(());
        }
        progress.acknowledged = number + 1;
        if *durability == Durability::Sync {
            progress.durable = number + 1;
        }
        match number % 23 {
            4 => pass_by(&db, number)?,
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

/// A keyspace that comes and goes, with records that nothing syncs and writes that are in no log: no part of what is checked,
/// but of the log and the manifest in which the rest is.
fn pass_by(db: &Db, number: usize) -> lsm::Result<()> {
    let passing = db.keyspace("passing", keyspace_options(number % 2))?;
    for key in 0..3_u8 {
        passing.put(&[key], &[number as u8; 900])?;
    }
    passing.put_with(b"unlogged", &[1; 900], Durability::None)?;
    if number.is_multiple_of(2) {
        passing.flush()?;
    }
    db.drop_keyspace("passing")
}

fn states(commits: &[(Commit, Durability)]) -> Vec<State> {
    let mut states = vec![State::new()];
    for (commit, _) in commits {
        let mut state = states.last().unwrap().clone();
        apply(&mut state, commit);
        states.push(state);
    }
    states
}

/// Opens what a crash left, and checks it; then goes on with it, and checks that.
fn check(after: &SimFs, shape: Shape, states: &[State], least: usize, most: usize, what: &str) {
    let db = match Db::open(DIR, shape.options(after)) {
        Ok(db) => db,
        Err(error) => panic!("{what}: {error}"),
    };
    let found = read(&db).unwrap();
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
    let db = Db::open(DIR, shape.options(after)).unwrap();
    let mut expected = found;
    expected.insert((0, b"later".to_vec()), vec![7; 100]);
    expected.insert((0, b"last".to_vec()), vec![8; 100]);
    assert_eq!(read(&db).unwrap(), expected, "{what}: after going on");
}

fn crash_everywhere(shape: Shape, seed: u64, count: u64, stride: u64) {
    crash_in(shape, seed, &commits(seed, count), stride);
}

/// Returns how many segments were recycled in the runs that crashed.
fn crash_in(shape: Shape, seed: u64, commits: &[(Commit, Durability)], stride: u64) -> usize {
    let states = states(commits);
    let whole = machine();
    let progress = run(&whole, shape, commits);
    assert_eq!(progress.durable, commits.len());
    let points = whole.points();
    assert!(points > commits.len() as u64, "the workload does I/O");
    let mut all_recycled = 0;
    for point in (seed % stride..points).step_by(usize::try_from(stride).unwrap()) {
        let fs = machine();
        fs.set_plan(FaultPlan::new().seed(seed ^ point).crash_at(point));
        let Progress { begun, acknowledged, durable, recycled } = run(&fs, shape, commits);
        all_recycled += recycled.load(Ordering::Relaxed);
        let mut modes = vec![(CrashMode::Process, acknowledged, 0)];
        modes.push((CrashMode::PowerLoseAll, durable, 0));
        modes.extend((0..2).map(|draw| (CrashMode::Power, durable, draw)));
        for (mode, least, draw) in modes {
            let after = fs.crash(mode, point.wrapping_mul(31) + draw);
            let what = format!(
                "seed {seed}, crash at {point} of {points}, {mode:?}, draw {draw}, {shape:?}"
            );
            check(&after, shape, &states, least, begun, &what);
        }
    }
    all_recycled
}

/// No value stays in the log once its memtable was flushed, so that segments become others over and over: what their files held
/// before is there for every crash to bring to light.
fn commits_that_leave_the_log(seed: u64, count: u64) -> Vec<(Commit, Durability)> {
    let mut commits = commits(seed, count);
    for (commit, _) in &mut commits {
        for (keyspace, ..) in commit {
            *keyspace = 1;
        }
    }
    commits
}

#[test]
fn a_small_workload_crashes_at_every_io() {
    for seed in 1..6 {
        crash_everywhere(Shape::MAPPED, seed, 12, 1);
    }
}

#[test]
fn a_larger_workload_crashes_at_sampled_ios() {
    crash_everywhere(Shape::MAPPED, 2, 70, 2);
    crash_everywhere(Shape::MAPPED, 7, 150, 13);
}

#[test]
fn without_mappings_too() {
    crash_everywhere(Shape::POSITIONED, 3, 30, 1);
}

#[test]
fn recycled_segments_crash_like_fresh_ones() {
    for (shape, seed, stride) in [(Shape::MAPPED, 4, 3), (Shape::POSITIONED, 9, 7)] {
        let recycled = crash_in(shape, seed, &commits_that_leave_the_log(seed, 120), stride);
        assert!(recycled > 20, "{recycled} segments were recycled in all runs");
    }
}
