//! What a contestant is, and how it is timed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::Result;

/// Whose name ours has.
pub const OURS: &str = "avro-compat";

/// Somebody who does a piece of work.
pub struct Contestant {
    /// As measurements name it: the crate or program, and after a `/` in which way.
    pub name: &'static str,
    /// Does it for a while: nanoseconds for each of the things that are done.
    pub read: Box<dyn FnMut() -> Result<f64>>,
}

impl Contestant {
    /// One in this process. `work` does `things` at once and says whether it went well.
    pub fn timed(
        name: &'static str,
        things: usize,
        mut work: impl FnMut() -> bool + 'static,
    ) -> Self {
        let read = move || best(name, things, &mut work);
        Self { name, read: Box::new(read) }
    }
}

/// A pass takes about so long: less than the scheduler's time slice, so that some passes are not interrupted.
const PASS: Duration = Duration::from_millis(4);
/// Passes of which the best is the reading, at least and at most.
const PASSES: std::ops::Range<usize> = 3..12;
/// When there are no more passes than must be.
const ENOUGH: Duration = Duration::from_millis(80);

fn best(name: &str, things: usize, work: &mut dyn FnMut() -> bool) -> Result<f64> {
    let mut pass = |calls: usize| {
        let begun = Instant::now();
        let well = (0..calls).all(|_| black_box(work()));
        let elapsed = begun.elapsed();
        if well { Ok(elapsed) } else { Err(format!("{name} could not do its work")) }
    };
    let mut calls = 1;
    loop {
        let elapsed = pass(calls)?;
        if elapsed * 4 >= PASS {
            calls = (calls as f64 * PASS.as_secs_f64() / elapsed.as_secs_f64()).max(1.0) as usize;
            break;
        }
        calls *= 2;
    }
    let begun = Instant::now();
    let mut best = Duration::MAX;
    for done in 0..PASSES.end {
        if done >= PASSES.start && begun.elapsed() > ENOUGH {
            break;
        }
        best = best.min(pass(calls)?);
    }
    Ok(best.as_secs_f64() * 1e9 / calls as f64 / things as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_of_one_thing() {
        let sleep = || {
            std::thread::sleep(Duration::from_millis(2));
            true
        };
        let found = (Contestant::timed("x", 2, sleep).read)().unwrap();
        // Never less than it slept.
        assert!(found >= 1e6, "{found}");
    }

    #[test]
    fn work_that_fails_is_no_reading() {
        let error = (Contestant::timed("x", 1, || false).read)().unwrap_err();
        assert_eq!(error.to_string(), "x could not do its work");
    }
}
