//! The disk is full from some I/O on, until there is room again. Nothing of that may end the database's writing: a full
//! disk loses nothing and fails no sync.

use lsm::{
    Error,
    fs::sim::{FaultPlan, Operation, SimFs},
};

use crate::{
    session::{Session, Step, assert_named, run_case, script},
    workload::{Shape, machine},
};

/// Steps that are tried while the disk is full, before there is room again.
const STEPS_WITHOUT_ROOM: usize = 6;

/// Panics unless the error says that the disk is full, and which file wanted more of it.
fn assert_full(error: &Error, step: &Step) {
    assert_named(error);
    assert!(error.is_disk_full(), "{step:?}: {error}");
}

/// Carries the script out on a disk that becomes full: every step that fails is one that the full disk has to answer
/// for, and has no effect at all; what is there can be read all the time. Then there is room, and the same open database
/// goes on. Returns the steps that failed.
fn run(fs: &SimFs, shape: Shape, script: &[Step]) -> usize {
    let mut session = Session::new(fs, shape);
    let mut failed = 0;
    for step in script {
        let Err(error) = session.attempt(step) else { continue };
        assert_full(&error, step);
        failed += 1;
        if session.is_open() {
            session.look().unwrap();
        }
        if failed == STEPS_WITHOUT_ROOM {
            fs.set_plan(FaultPlan::new());
        }
        if failed >= STEPS_WITHOUT_ROOM || !session.is_open() {
            // One that could not be closed or opened goes on when there is room, and not before.
            fs.set_plan(FaultPlan::new());
            failed = failed.max(STEPS_WITHOUT_ROOM);
            session.attempt(step).unwrap();
        }
    }
    fs.set_plan(FaultPlan::new());
    if session.is_open() {
        session.attempt(&Step::Flush).unwrap();
        session.attempt(&Step::Compact(0)).unwrap();
        session.attempt(&Step::Compact(1)).unwrap();
    }
    session.finish();
    failed
}

/// Points of a script that is carried out on a disk with room for everything.
fn points(shape: Shape, script: &[Step], count: impl Fn(&SimFs) -> u64) -> u64 {
    let fs = machine();
    fs.start_trace();
    assert_eq!(run(&fs, shape, script), 0);
    count(&fs)
}

/// Has the disk full from each `stride`th I/O point on.
fn full_everywhere(shape: Shape, seed: u64, commits: u64, stride: u64) {
    let steps = script(seed, commits);
    let points = points(shape, &steps, SimFs::points);
    let (mut noticed, mut failed) = (0, 0);
    for point in (seed % stride..points).step_by(usize::try_from(stride).unwrap()) {
        let what = format!("seed {seed}, full from {point} of {points} on, {shape:?}");
        let steps = steps.clone();
        let steps = run_case(what, move || {
            let fs = machine();
            fs.set_plan(FaultPlan::new().seed(seed ^ point).full_from(point));
            run(&fs, shape, &steps)
        });
        failed += steps;
        noticed += usize::from(steps > 0);
    }
    println!("{shape:?}, seed {seed}: full from {noticed} I/O points on, {failed} steps failed");
    assert!(noticed as u64 * 3 > points / stride, "a full disk is noticed");
}

#[test]
fn from_every_io_on_mapped() {
    full_everywhere(Shape::MAPPED, 1, 24, 1);
}

#[test]
fn from_every_io_on_positioned() {
    full_everywhere(Shape::POSITIONED, 2, 24, 1);
}

#[test]
fn from_sampled_ios_of_a_larger_workload_on() {
    full_everywhere(Shape { mapped_log: true, mapped_tables: false }, 3, 90, 37);
    full_everywhere(Shape { mapped_log: false, mapped_tables: true }, 4, 90, 37);
}

/// Where nothing is overwritten in place, a write to what was allocated may find the disk full: the log's too.
#[test]
fn writes_to_allocated_space_fail_too() {
    let (shape, seed) = (Shape::POSITIONED, 6);
    let steps = script(seed, 24);
    let writes = points(shape, &steps, |fs| {
        fs.trace().iter().filter(|point| point.operation == Operation::Write).count() as u64
    });
    let mut failed = 0;
    for nth in 0..writes {
        let steps = steps.clone();
        failed += run_case(format!("no write from the {nth}th of {writes} on"), move || {
            let fs = machine();
            let full = std::io::ErrorKind::StorageFull;
            fs.set_plan(FaultPlan::new().seed(nth).fail_nth(Operation::Write, nth, full, u64::MAX));
            run(&fs, shape, &steps)
        });
    }
    println!("{writes} writes, {failed} steps failed");
    assert!(failed as u64 > writes);
}
