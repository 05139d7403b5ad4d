//! The thread that owns the ledger.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ledger::Committed;
use ledger::Node;
use ledger::model::Batch;
use tokio::sync::watch;

use super::queue::{Queue, Taken};
use super::{Answer, Completion, Port, Progress, ReplyTo, Request, ServiceOptions, Work};
use crate::Problem;
use crate::metrics::Metrics;

/// How long it sleeps at the most when nobody asks: what is due expires so much late.
const IDLE: Duration = Duration::from_secs(1);

/// Serves until the queue is closed and empty, or the ledger stops.
pub(super) fn run(
    mut node: Node,
    queue: &Queue,
    options: &ServiceOptions,
    progress: &watch::Sender<Progress>,
    metrics: &Metrics,
) -> ledger::Result<()> {
    // Also if this thread panics nobody waits for ever.
    let _last = LastWord(queue);
    let mut taken = Taken::default();
    let mut events = 0;
    let ended = loop {
        taken.commits.clear();
        taken.reads.clear();
        let patience = patience(&node);
        queue.take(options, patience, &mut taken);
        if taken.ended {
            break Ok(());
        }
        let begun = Instant::now();
        let done = if taken.commits.is_empty() {
            tick(&mut node)
        } else {
            commit(&mut node, taken.commits.drain(..), begun, metrics, &mut events)
        };
        if let Err(error) = done {
            break Err(error);
        }
        if progress.borrow().op != node.state().op() || progress.borrow().events != events {
            progress.send_replace(Progress::of(&node, events));
        }
        for read in taken.reads.drain(..) {
            serve(&node, read, begun);
        }
        if taken.checkpoint
            && let Err(error) = node.checkpoint()
        {
            break Err(error);
        }
    };
    match ended {
        Ok(()) => node.close(),
        Err(error) => {
            let problem = Problem::from_stop(&error);
            queue.close(problem.clone());
            for request in taken.reads.drain(..) {
                if request.claim.take() {
                    request.refuse(problem.clone());
                }
            }
            queue.refuse_all(&problem);
            Err(error)
        }
    }
}

/// Refuses everything that waits when it is dropped, and all that would come.
struct LastWord<'q>(&'q Queue);

impl Drop for LastWord<'_> {
    fn drop(&mut self) {
        self.0.close(Problem::Stopped("its thread ended".to_owned()));
        let problem = self.0.closed().unwrap_or(Problem::Closing);
        self.0.refuse_all(&problem);
    }
}

/// Nanoseconds since 1970.
fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// How long there is nothing to do if nobody asks.
fn patience(node: &Node) -> Duration {
    match node.state().next_due() {
        Some(due) => Duration::from_nanos(due.saturating_sub(clock())).min(IDLE),
        None => IDLE,
    }
}

/// Lets time pass. A disk without room is no end: what is due expires later.
fn tick(node: &mut Node) -> ledger::Result<()> {
    match node.tick(clock()) {
        Err(error) if node.stopped().is_some() => Err(error),
        _ => Ok(()),
    }
}

fn serve(node: &Node, request: Request, now: Instant) {
    if !request.claim.take() {
        return;
    }
    if request.deadline.is_some_and(|it| it <= now) {
        return request.refuse(Problem::Expired);
    }
    if let Work::Read(reading) = request.work {
        reading(Ok(node));
    }
}

/// Makes a group happen, and answers. An error is the end of the ledger; whoever waited for this group has been told.
fn commit(
    node: &mut Node,
    requests: impl Iterator<Item = Request>,
    now: Instant,
    metrics: &Metrics,
    events: &mut u64,
) -> ledger::Result<()> {
    let mut answers = Answers::default();
    let (mut batches, mut replies): (Vec<Batch>, Vec<ReplyTo>) = (Vec::new(), Vec::new());
    for request in requests {
        if !request.claim.take() {
            continue;
        }
        let expired = request.deadline.is_some_and(|it| it <= now);
        let Work::Commit(batch, reply) = request.work else { continue };
        if expired {
            metrics.expired();
            answers.add(reply, Err(Problem::Expired));
        } else {
            batches.push(batch);
            replies.push(reply);
        }
    }
    if batches.is_empty() {
        answers.send();
        return tick(node);
    }
    let done = match node.commit(clock(), &batches) {
        Ok(committed) => {
            for (reply, committed) in replies.into_iter().zip(committed) {
                answers.add(reply, Ok(answer(committed, events, metrics)));
            }
            Ok(())
        }
        // One that cannot be logged keeps none of the others from it.
        Err(ledger::Error::Batch(_)) => {
            one_by_one(node, &batches, replies, &mut answers, metrics, events)
        }
        Err(error) => refuse(node, replies, error, &mut answers),
    };
    metrics.committed(batches.len(), now.elapsed());
    answers.send();
    done
}

fn one_by_one(
    node: &mut Node,
    batches: &[Batch],
    replies: Vec<ReplyTo>,
    answers: &mut Answers,
    metrics: &Metrics,
    events: &mut u64,
) -> ledger::Result<()> {
    let mut replies = replies.into_iter();
    for batch in batches {
        let Some(reply) = replies.next() else { break };
        match node.commit(clock(), std::slice::from_ref(batch)) {
            Ok(committed) => {
                // One batch, one answer.
                let found = committed.into_iter().next().map(|it| answer(it, events, metrics));
                answers.add(reply, found.ok_or(Problem::Unknown));
            }
            Err(ledger::Error::Batch(found)) => answers.add(reply, Err(Problem::BadRequest(found))),
            Err(error) => {
                let all = std::iter::once(reply).chain(replies).collect();
                return refuse(node, all, error, answers);
            }
        }
    }
    Ok(())
}

/// Tells everybody of an error: it is the end, unless the ledger says that it goes on.
fn refuse(
    node: &Node,
    replies: Vec<ReplyTo>,
    error: ledger::Error,
    answers: &mut Answers,
) -> ledger::Result<()> {
    let stopped = node.stopped().is_some();
    let problem =
        if stopped { Problem::from_stop(&error) } else { Problem::NoRoom(error.to_string()) };
    for reply in replies {
        answers.add(reply, Err(problem.clone()));
    }
    if stopped { Err(error) } else { Ok(()) }
}

fn answer(committed: Committed, events: &mut u64, metrics: &Metrics) -> Answer {
    let Committed { op, timestamp, reply } = committed;
    *events += metrics.replied(&reply);
    Answer { op, timestamp, reply }
}

/// Answers that are sent together: one wake for an event loop, however many it gets.
#[derive(Default)]
struct Answers {
    port: Option<Arc<Port>>,
    completions: Vec<Completion>,
}

impl Answers {
    fn add(&mut self, reply: ReplyTo, answer: Result<Answer, Problem>) {
        match reply {
            ReplyTo::Once(_) => reply.send(answer),
            ReplyTo::Port(port, tag) => {
                if self.port.as_ref().is_none_or(|it| !Arc::ptr_eq(it, &port)) {
                    self.send();
                    self.port = Some(port);
                }
                self.completions.push(Completion::Committed(tag, answer));
            }
        }
    }

    fn send(&mut self) {
        if let Some(port) = &self.port {
            port.put(self.completions.drain(..));
        }
    }
}
