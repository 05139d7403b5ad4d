//! A thread that does something again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{Error, Result};

/// Such a thread. Dropping it ends it: it waits for what it does just then.
#[derive(Debug)]
pub struct Paced {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Paced {
    /// Calls `work` every so often with the number of the call, from 0. One that takes longer is followed at once by the next, and nothing is made up for.
    pub fn start(
        name: &str,
        every: Duration,
        mut work: impl FnMut(u64) + Send + 'static,
    ) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let mut next = Instant::now();
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                work(number);
                number += 1;
                next = (next + every).max(Instant::now());
                while Instant::now() < next && !stopped.load(Ordering::Relaxed) {
                    std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
                }
            }
        });
        Ok(Self { stop, thread: Some(thread.map_err(Error::io("start a thread"))?) })
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
