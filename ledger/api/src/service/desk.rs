//! Where requests are handed in.

use std::sync::Arc;
use std::time::Instant;

use ledger::Node;
use ledger::model::Batch;
use tokio::sync::{oneshot, watch};

use super::queue::Queue;
use super::{Answer, ReplyTo, Request};
use crate::Problem;
use crate::metrics::Metrics;

/// How far the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its last operation.
    pub op: u64,
    /// Its time.
    pub timestamp: u64,
    /// How many accounts there are.
    pub accounts: u64,
    /// How many transfers are pending.
    pub pending: u64,
    /// How many events this process has made happen or refused.
    pub events: u64,
}

impl Progress {
    pub(super) fn of(node: &Node, events: u64) -> Self {
        let state = node.state();
        Self {
            op: state.op(),
            timestamp: state.timestamp(),
            accounts: state.accounts().len() as u64,
            pending: state.pending_count() as u64,
            events,
        }
    }
}

/// Where requests are handed in. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    queue: Arc<Queue>,
    progress: watch::Receiver<Progress>,
    /// Closed when the thread ends.
    ended: watch::Receiver<()>,
    /// Whether whatever has no end shall end.
    draining: Arc<watch::Sender<bool>>,
    metrics: Arc<Metrics>,
}

impl Desk {
    pub(super) fn new(
        queue: Arc<Queue>,
        progress: watch::Receiver<Progress>,
        ended: watch::Receiver<()>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { queue, progress, ended, draining: Arc::new(watch::Sender::new(false)), metrics }
    }

    /// Hands requests in, all at once; those that there is no room for are answered so.
    pub fn submit(&self, requests: impl Iterator<Item = Request>) {
        let mut refused = Vec::new();
        self.queue.add(requests, &mut refused);
        for (request, problem) in refused {
            if problem == Problem::Busy {
                self.metrics.busy();
            }
            request.refuse(problem);
        }
    }

    /// Makes a batch happen, and waits for the answer until the deadline. `bytes` is what it takes in its encoding, roughly.
    ///
    /// # Errors
    ///
    /// [`Problem::Expired`] if nothing happened by the deadline and nothing will, [`Problem::Unknown`] if it was begun by then; what else the thread says.
    pub async fn commit(
        &self,
        batch: Batch,
        bytes: usize,
        deadline: Instant,
    ) -> Result<Answer, Problem> {
        let (sender, receiver) = oneshot::channel();
        let request = Request::commit(batch, bytes, Some(deadline), ReplyTo::Once(sender));
        let claim = request.claim.clone();
        self.submit(std::iter::once(request));
        match tokio::time::timeout_at(deadline.into(), receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.queue.closed().unwrap_or(Problem::Unknown)),
            Err(_) => Err(claim.give_up()),
        }
    }

    /// Reads from the ledger, between two groups of batches: whatever `read` does keeps everybody waiting.
    ///
    /// # Errors
    ///
    /// [`Problem::Expired`]; what `read` says.
    pub async fn read<T: Send + 'static>(
        &self,
        deadline: Instant,
        read: impl FnOnce(&Node) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (sender, receiver) = oneshot::channel();
        let reading = move |node: Result<&Node, Problem>| drop(sender.send(node.and_then(read)));
        let request = Request::read(Box::new(reading), Some(deadline));
        self.submit(std::iter::once(request));
        match tokio::time::timeout_at(deadline.into(), receiver).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(self.queue.closed().unwrap_or(Problem::Expired)),
            Err(_) => Err(Problem::Expired),
        }
    }

    /// Asks for a checkpoint, soon.
    pub fn checkpoint(&self) {
        self.queue.checkpoint();
    }

    /// Asks whoever serves something without an end, a feed, to end it: the first step of stopping.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Done when somebody has asked for that.
    pub async fn drained(&self) {
        let mut draining = self.draining.subscribe();
        // Its sender is here: it cannot be gone.
        let _ = draining.wait_for(|it| *it).await;
    }

    /// Takes nothing new from now on; what waits is answered, and the thread ends.
    pub fn close(&self) {
        self.queue.close(Problem::Closing);
    }

    /// Why nothing new is taken, if so.
    #[must_use]
    pub fn closed(&self) -> Option<Problem> {
        self.queue.closed()
    }

    /// Done when the ledger's thread has ended: because it was told to, or by an error.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// How far the ledger is; told whenever that changes.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
}
