//! What waits for the thread.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::{Request, ServiceOptions, Work};
use crate::Problem;

/// Two queues, of batches and of reads, bounded together.
pub(super) struct Queue {
    inner: Mutex<Inner>,
    arrived: Condvar,
    max_requests: usize,
    max_bytes: usize,
}

#[derive(Default)]
struct Inner {
    commits: VecDeque<Request>,
    reads: VecDeque<Request>,
    bytes: usize,
    /// Whether the thread waits, so that whoever brings something wakes it.
    sleeps: bool,
    closed: Option<Problem>,
    checkpoints: u64,
}

/// What the thread takes at a time.
#[derive(Default)]
pub(super) struct Taken {
    pub commits: Vec<Request>,
    pub reads: Vec<Request>,
    /// Whether somebody wants a checkpoint.
    pub checkpoint: bool,
    /// Nothing is left, and nothing will come.
    pub ended: bool,
}

impl Queue {
    pub fn new(options: &ServiceOptions) -> Self {
        Self {
            inner: Mutex::default(),
            arrived: Condvar::new(),
            max_requests: options.max_requests,
            max_bytes: options.max_bytes,
        }
    }

    /// Adds requests, in their order; those that there is no room for come back.
    pub fn add(
        &self,
        requests: impl Iterator<Item = Request>,
        refused: &mut Vec<(Request, Problem)>,
    ) {
        let mut inner = self.inner.lock();
        let mut any = false;
        for request in requests {
            if let Some(problem) = &inner.closed {
                let problem = problem.clone();
                refused.push((request, problem));
                continue;
            }
            // One alone always fits: a limit below a batch would refuse it for ever.
            let waiting = inner.commits.len() + inner.reads.len();
            let full = waiting >= self.max_requests || inner.bytes + request.bytes > self.max_bytes;
            if full && waiting > 0 {
                refused.push((request, Problem::Busy));
                continue;
            }
            any = true;
            inner.bytes += request.bytes;
            match request.work {
                Work::Commit(..) => inner.commits.push_back(request),
                Work::Read(_) => inner.reads.push_back(request),
            }
        }
        let wake = any && std::mem::take(&mut inner.sleeps);
        drop(inner);
        if wake {
            self.arrived.notify_one();
        }
    }

    /// Takes what waits, as far as the limits say; waits for it, but no longer than `patience`.
    pub fn take(&self, options: &ServiceOptions, patience: Duration, taken: &mut Taken) {
        let mut inner = self.inner.lock();
        if inner.is_idle() && inner.closed.is_none() {
            inner.sleeps = true;
            // That it woke for nothing, or too late, is found out by looking.
            let _ = self.arrived.wait_for(&mut inner, patience);
            inner.sleeps = false;
        }
        let mut bytes = 0;
        while let Some(next) = inner.commits.front() {
            if bytes > 0 && bytes + next.bytes > options.group_bytes {
                break;
            }
            bytes += next.bytes.max(1);
            if let Some(next) = inner.commits.pop_front() {
                inner.bytes -= next.bytes;
                taken.commits.push(next);
            }
        }
        let reads = inner.reads.len().min(options.reads_at_a_time);
        taken.reads.extend(inner.reads.drain(..reads));
        taken.checkpoint = std::mem::take(&mut inner.checkpoints) > 0;
        taken.ended = inner.closed.is_some()
            && inner.is_idle()
            && taken.commits.is_empty()
            && taken.reads.is_empty();
    }

    /// Takes nothing new from now on. The first reason stays.
    pub fn close(&self, problem: Problem) {
        let mut inner = self.inner.lock();
        inner.closed.get_or_insert(problem);
        drop(inner);
        self.arrived.notify_one();
    }

    /// Wants a checkpoint.
    pub fn checkpoint(&self) {
        let mut inner = self.inner.lock();
        inner.checkpoints += 1;
        drop(inner);
        self.arrived.notify_one();
    }

    /// Refuses everything that waits.
    pub fn refuse_all(&self, problem: &Problem) {
        let mut inner = self.inner.lock();
        inner.bytes = 0;
        let Inner { commits, reads, .. } = &mut *inner;
        let all: Vec<Request> = commits.drain(..).chain(reads.drain(..)).collect();
        drop(inner);
        for request in all {
            if request.claim.take() {
                request.refuse(problem.clone());
            }
        }
    }

    /// Why nothing new is taken, if so.
    pub fn closed(&self) -> Option<Problem> {
        self.inner.lock().closed.clone()
    }

    /// How many requests wait.
    pub fn len(&self) -> usize {
        let inner = self.inner.lock();
        inner.commits.len() + inner.reads.len()
    }
}

impl Inner {
    fn is_idle(&self) -> bool {
        self.commits.is_empty() && self.reads.is_empty() && self.checkpoints == 0
    }
}
