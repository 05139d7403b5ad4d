//! Clients: each has one request at a time, and repeats it until it is answered.

use std::{collections::VecDeque, sync::Arc};

use ledger::model::Batch;

use crate::plan::CLIENTS;

/// A request that a client has no answer to.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// Of all requests, which.
    pub number: u64,
    pub batch: Arc<Batch>,
    /// The largest op that anybody had an answer of when it was made: it comes behind that.
    pub floor: u64,
}

/// A request on its way to the node.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub client: u8,
    pub number: u64,
    pub batch: Arc<Batch>,
}

/// All clients, and the node's queue.
#[derive(Debug, Default)]
pub(super) struct Clients {
    requests: [Option<Request>; CLIENTS as usize],
    queue: VecDeque<Waiting>,
    asked: u64,
}

impl Clients {
    pub(super) fn ask(&mut self, client: u8, batch: Batch, floor: u64) {
        let number = self.asked;
        self.asked += 1;
        let batch = Arc::new(batch);
        if let Some(slot) = self.requests.get_mut(usize::from(client % CLIENTS)) {
            *slot = Some(Request { number, batch: Arc::clone(&batch), floor });
        }
        self.queue.push_back(Waiting { client: client % CLIENTS, number, batch });
    }

    /// Sends a request again; it may be in the queue still, and is then there twice. Whether there was one.
    pub(super) fn repeat(&mut self, client: u8) -> bool {
        let client = client % CLIENTS;
        let Some(Some(request)) = self.requests.get(usize::from(client)) else { return false };
        let (number, batch) = (request.number, Arc::clone(&request.batch));
        self.queue.push_back(Waiting { client, number, batch });
        true
    }

    /// The next requests.
    pub(super) fn take(&mut self, most: u8) -> Vec<Waiting> {
        let most = usize::from(most).min(self.queue.len());
        self.queue.drain(..most).collect()
    }

    /// Puts back what could not be done.
    pub(super) fn put_back(&mut self, group: Vec<Waiting>) {
        for waiting in group.into_iter().rev() {
            self.queue.push_front(waiting);
        }
    }

    /// An answer arrives. The request's floor, if it is the one that the client waits for.
    pub(super) fn answer(&mut self, waiting: &Waiting) -> Option<u64> {
        let slot = self.requests.get_mut(usize::from(waiting.client))?;
        let request = slot.take_if(|request| request.number == waiting.number)?;
        Some(request.floor)
    }

    /// The node died, and with it its queue.
    pub(super) fn disconnect(&mut self) {
        self.queue.clear();
    }

    /// Operations were lost: nobody knows of any beyond `op`.
    pub(super) fn lower(&mut self, op: u64) {
        for request in self.requests.iter_mut().flatten() {
            request.floor = request.floor.min(op);
        }
    }

    pub(super) fn unanswered(&self) -> usize {
        self.requests.iter().flatten().count()
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }
}
