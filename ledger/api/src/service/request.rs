//! What is asked of the thread that owns the ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ledger::Node;
use ledger::model::{Batch, Reply};
use tokio::sync::oneshot;

use super::reply::Port;
use crate::Problem;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its number in the log.
    pub op: u64,
    /// Its time, by the log.
    pub timestamp: u64,
    /// The answers to its events.
    pub reply: Reply,
}

/// A read: it is given the ledger, or why it cannot have it, and answers whoever asked itself.
pub type Reading = Box<dyn FnOnce(Result<&Node, Problem>) + Send>;

/// What is to be done.
pub enum Work {
    /// Make this happen.
    Commit(Batch, ReplyTo),
    /// Let this read.
    Read(Reading),
}

/// Where the answer to a batch goes.
pub enum ReplyTo {
    /// To somebody who waits for this alone.
    Once(oneshot::Sender<Result<Answer, Problem>>),
    /// To somebody who waits for many, under a number of its own.
    Port(Arc<Port>, u64),
}

/// Who has a request: the thread, once it has begun with it, or whoever gave up waiting before that. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Takes the request; false if somebody has.
    #[must_use]
    pub fn take(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    /// Gives up waiting: what can be said about the request. If it was begun, that is unknown; otherwise it never will be.
    #[must_use]
    pub fn give_up(&self) -> Problem {
        if self.take() { Problem::Expired } else { Problem::Unknown }
    }
}

/// A piece of work in the queue.
pub struct Request {
    /// What is to be done.
    pub work: Work,
    /// Until when it must be begun.
    pub deadline: Option<Instant>,
    /// Who has it.
    pub claim: Claim,
    /// How much memory it takes, roughly.
    pub bytes: usize,
}

impl Request {
    /// A batch. `bytes` is what it takes in its encoding.
    #[must_use]
    pub fn commit(batch: Batch, bytes: usize, deadline: Option<Instant>, reply: ReplyTo) -> Self {
        Self { work: Work::Commit(batch, reply), deadline, claim: Claim::default(), bytes }
    }

    /// A read.
    #[must_use]
    pub fn read(reading: Reading, deadline: Option<Instant>) -> Self {
        Self { work: Work::Read(reading), deadline, claim: Claim::default(), bytes: 0 }
    }

    /// Answers with a problem instead of doing it.
    pub fn refuse(self, problem: Problem) {
        match self.work {
            Work::Commit(_, reply) => reply.send(Err(problem)),
            Work::Read(reading) => reading(Err(problem)),
        }
    }
}

impl ReplyTo {
    /// Sends the answer. Whoever does not wait any more does not hear it.
    pub fn send(self, answer: Result<Answer, Problem>) {
        match self {
            Self::Once(sender) => drop(sender.send(answer)),
            Self::Port(port, tag) => {
                port.put([super::Completion::Committed(tag, answer)]);
            }
        }
    }
}
