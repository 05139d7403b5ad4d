//! One thread that owns the ledger, and a bounded queue before it.
//!
//! Every face of the server gives its requests to a [`Desk`]; the thread takes all that wait, makes one group of the batches (one write, one
//! sync), answers, then lets those read who want to read. What it promises:
//!
//! - **Bounded.** A full queue refuses with [`Problem::Busy`](crate::Problem::Busy); nothing is ever kept that nobody asked for.
//! - **A deadline is a deadline.** What was not begun by then is answered [`Problem::Expired`](crate::Problem::Expired), and nothing happened. Whoever waits for
//!   something that was begun, and gives up, knows by its [`Claim`] that the outcome is unknown.
//! - **Answered is durable**, and a read that begins after an answer sees what was answered.
//! - **An error is the end.** If the ledger stops, everybody who waits is told why, and so is [`Service::join`]'s caller.

mod desk;
mod queue;
mod reply;
mod request;
mod run;

use std::sync::Arc;

use ledger::Node;
use tokio::sync::watch;

pub use desk::{Desk, Progress};
pub use reply::{Completion, Port};
pub use request::{Answer, Claim, Reading, ReplyTo, Request, Work};

use self::queue::Queue;
use crate::metrics::Metrics;

/// How much the queue holds, and how much is done at a time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServiceOptions {
    /// How many requests wait at the most. Default 8,192.
    pub max_requests: usize,
    /// How many bytes of batches wait at the most, roughly. Default 64 MiB.
    pub max_bytes: usize,
    /// How many bytes of batches go into one group. Default 4 MiB: more would make everybody wait for the slowest, and win nothing.
    pub group_bytes: usize,
    /// How many reads are done between two groups. Default 64.
    pub reads_at_a_time: usize,
}

impl Default for ServiceOptions {
    fn default() -> Self {
        Self { max_requests: 8_192, max_bytes: 64 << 20, group_bytes: 4 << 20, reads_at_a_time: 64 }
    }
}

/// A ledger that is being served. Dropping it stops it, as [`stop`](Self::stop) does.
pub struct Service {
    desk: Desk,
    thread: Option<std::thread::JoinHandle<Result<(), ledger::Error>>>,
}

impl Service {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// [`ledger::Error::Io`] if the system has no thread.
    pub fn start(
        node: Node,
        options: ServiceOptions,
        metrics: Arc<Metrics>,
    ) -> ledger::Result<Self> {
        let queue = Arc::new(Queue::new(&options));
        let (progress, seen) = watch::channel(Progress::of(&node, 0));
        let (alive, ended) = watch::channel(());
        let desk = Desk::new(Arc::clone(&queue), seen, ended, Arc::clone(&metrics));
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                let _alive = alive;
                run::run(node, &queue, &options, &progress, &metrics)
            })
            .map_err(|error| ledger::Error::io("start a thread for", "the ledger", error))?;
        Ok(Self { desk, thread: Some(thread) })
    }

    /// Where requests are given to it.
    #[must_use]
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Takes nothing new, answers what waits, writes a checkpoint, and ends.
    ///
    /// # Errors
    ///
    /// Why the ledger had stopped before, or could not write its checkpoint.
    pub fn stop(mut self) -> ledger::Result<()> {
        self.desk.close();
        self.join()
    }

    /// Waits until it has ended: by [`Desk::close`], or by an error of the ledger.
    ///
    /// # Errors
    ///
    /// Why the ledger stopped.
    pub fn join(&mut self) -> ledger::Result<()> {
        match self.thread.take().map(std::thread::JoinHandle::join) {
            None => Ok(()),
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(ledger::Error::Stopped("its thread panicked".to_owned())),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.desk.close();
        // Whoever wanted to know has joined before.
        let _ = self.join();
    }
}
