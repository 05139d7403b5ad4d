//! The change feed: pieces of it, in order, as fast as the client takes them.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use ledger::query::{Change, Changes};
use prost::Message;
use tokio::sync::mpsc;
use tonic::Status;
use tonic::codegen::tokio_stream::Stream;

use super::deadline::Deadline;
use super::{Face, shown, v1};
use crate::Problem;

/// How many changes are read, and sent, at a time.
const AT_A_TIME: usize = 512;
/// How many bytes are sent at a time, roughly.
const BYTES: usize = 1 << 20;
/// How many pieces wait for the client.
const AHEAD: usize = 2;

/// A feed, as it is sent.
pub(super) struct Feed(mpsc::Receiver<Result<v1::FeedResponse, Status>>);

impl Stream for Feed {
    type Item = Result<v1::FeedResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Where a feed begins: an operation, and how many of its changes were seen.
#[derive(Clone, Copy)]
struct Place {
    op: u64,
    seen: u32,
}

impl Feed {
    /// Begins one.
    ///
    /// # Errors
    ///
    /// [`Problem::Busy`] if there are too many; [`Problem::BadRequest`].
    pub fn begin(face: &Face, asked: v1::FeedRequest, deadline: Deadline) -> Result<Self, Problem> {
        use v1::feed_request::Begin;
        let place = match asked.begin {
            None => Place { op: 1, seen: 0 },
            Some(Begin::FromOp(op)) => Place { op: op.max(1), seen: 0 },
            Some(Begin::After(v1::Place { op, index })) => {
                let seen = index.checked_add(1);
                let seen = seen.ok_or_else(|| {
                    Problem::BadRequest(format!("after: no operation has a change {index}"))
                })?;
                Place { op, seen }
            }
        };
        let permit = face.feeds.clone().try_acquire_owned().map_err(|_| Problem::Busy)?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let face = face.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let ended = tokio::select! {
                ended = send(&face, place, &sender) => ended,
                () = face.desk.drained() => Some(Problem::Closing),
                () = at(deadline.stream) => Some(Problem::Expired),
                () = sender.closed() => None,
            };
            if let Some(problem) = ended {
                // There may be no room for it: then the stream just ends, which it never does by itself.
                let _ = sender.try_send(Err(problem.into()));
            }
        });
        Ok(Self(receiver))
    }
}

/// Done at a moment; never, if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// Sends changes until the client is gone, or something is wrong.
async fn send(
    face: &Face,
    mut place: Place,
    sender: &mpsc::Sender<Result<v1::FeedResponse, Status>>,
) -> Option<Problem> {
    let mut progress = face.desk.progress();
    loop {
        // Before the read: what happens after it is news.
        let _ = progress.borrow_and_update();
        let from = place.op;
        let deadline = Instant::now() + face.options.timeout;
        let read = face.desk.read(deadline, move |node| Ok(node.changes(from, AT_A_TIME)?));
        let Changes { changes, next_op } = match read.await {
            Ok(changes) => changes,
            Err(problem) => return Some(problem),
        };
        let unseen = changes.into_iter().filter(|it| it.op > place.op || it.index >= place.seen);
        for piece in pieces(unseen, next_op) {
            sender.send(Ok(piece)).await.ok()?;
        }
        if next_op > place.op {
            place = Place { op: next_op, seen: 0 };
            continue;
        }
        progress.changed().await.ok()?;
    }
}

/// Changes in messages of bounded size. Only the last one is behind everything.
fn pieces(
    changes: impl Iterator<Item = Change>,
    next_op: u64,
) -> impl Iterator<Item = v1::FeedResponse> {
    let mut changes = changes.peekable();
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let mut piece = v1::FeedResponse::default();
        while piece.changes.len() < AT_A_TIME && bytes < BYTES {
            let Some(Change { op, index, entry }) = changes.next() else { break };
            let place = Some(v1::Place { op, index });
            let change = v1::Change { place, entry: Some(shown::entry(&entry)) };
            bytes += change.encoded_len();
            piece.changes.push(change);
        }
        let last = piece.changes.last()?.place?.op;
        piece.next_op = if changes.peek().is_some() { last } else { next_op };
        Some(piece)
    })
}
