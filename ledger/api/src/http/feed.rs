//! `/v1/feed`: the change feed as server-sent events.
//!
//! An event's id is `op.index`: its place in the log, unique and for ever. Whoever connects again says the last one that it has seen
//! (`Last-Event-ID`, or `?after=`), and gets what comes behind it; seen twice, an event is told by its id. Its data are a line of `ledger_json`, so that a
//! recorded feed can be reconciled. With `?follow=false` the feed ends at what there was when it began, with an event `end`: whoever did not hear that did not hear all.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use hyper::body::Frame;
use ledger::query::Change;
use ledger_json::Key;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::App;
use super::accounts::Params;
use super::reply::Reply;
use crate::Problem;

/// How many changes are read at a time.
const AT_A_TIME: usize = 512;
/// How often a feed says that it lives when nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The first operation that is sent.
    from: Option<u64>,
    /// The id of the last event that was seen.
    after: Option<String>,
    /// Whether it goes on with what is new; it does if it is not said.
    follow: Option<bool>,
}

/// Where a feed begins: an operation, and how many of its changes were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    op: u64,
    seen: u32,
}

impl Place {
    fn after(id: &str) -> Result<Self, Problem> {
        let key: Key = id.parse().map_err(|it: ledger_json::BadKey| bad(&it))?;
        let seen = key.index.checked_add(1).ok_or_else(|| bad(&"no operation has so many"))?;
        Ok(Self { op: key.op, seen })
    }
}

fn bad(says: &dyn std::fmt::Display) -> Problem {
    Problem::BadRequest(says.to_string())
}

/// `GET /v1/feed`
pub(super) async fn feed(
    State(app): State<App>,
    headers: HeaderMap,
    asked: Params<Asked>,
) -> Reply {
    let last = headers.get("last-event-id").and_then(|it| it.to_str().ok());
    let place = match (last, &asked.0.after, asked.0.from) {
        (Some(id), _, _) => Place::after(id)?,
        (None, Some(id), None) => Place::after(id)?,
        (None, None, from) => Place { op: from.unwrap_or(1).max(1), seen: 0 },
        (None, Some(_), Some(_)) => {
            return Err(Problem::BadRequest("both from and after; say one of them".to_owned()));
        }
    };
    let follow = asked.0.follow.unwrap_or(true);
    let permit = app.feeds.clone().try_acquire_owned().map_err(|_| Problem::Busy)?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        let _permit = permit;
        send(&app, place, follow, &sender).await;
    });
    let mut response = Response::new(Body::new(Chunks(receiver)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Sends changes until the client is gone, the server stops, or all was sent and it shall not follow.
async fn send(app: &App, mut place: Place, follow: bool, sender: &mpsc::Sender<Bytes>) {
    let mut progress = app.desk.progress();
    // Where it ends, if it shall not follow: at what there was when it began.
    let mut through = None;
    loop {
        // Before the read: what happens after it is news.
        let _ = progress.borrow_and_update();
        let from = place.op;
        let deadline = Instant::now() + app.options.timeout;
        let read = app
            .desk
            .read(deadline, move |node| Ok((node.changes(from, AT_A_TIME)?, node.state().op())));
        let (changes, tail) = match read.await {
            Ok(found) => found,
            Err(problem) => {
                let text = format!("event: error\ndata: {}\n\n", problem.name());
                let _ = sender.send(Bytes::from(text)).await;
                return;
            }
        };
        let mut text = String::new();
        for change in &changes.changes {
            if change.op > place.op || change.index >= place.seen {
                write(change, &mut text);
            }
        }
        let more = changes.next_op > place.op;
        if more {
            place = Place { op: changes.next_op, seen: 0 };
        }
        if !text.is_empty() {
            tokio::select! {
                sent = sender.send(Bytes::from(text)) => if sent.is_err() { return },
                () = app.desk.drained() => return,
            }
        }
        if !follow && place.op > *through.get_or_insert(tail) {
            let text = format!("event: end\ndata: {{\"next_op\":\"{}\"}}\n\n", place.op);
            let _ = sender.send(Bytes::from(text)).await;
            return;
        }
        if more {
            continue;
        }
        tokio::select! {
            changed = progress.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
            () = app.desk.drained() => return,
            () = tokio::time::sleep(KEEP_ALIVE) => {
                if sender.send(Bytes::from_static(b": nothing new\n\n")).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn write(change: &Change, text: &mut String) {
    use std::fmt::Write as _;

    let (key, kind) = (Key::of(change), ledger_json::kind(&change.entry));
    let data = ledger_json::write(change);
    // A string takes whatever is written.
    let _ = write!(text, "id: {key}\nevent: {kind}\ndata: {data}\n\n");
}

/// A body of what comes through a channel.
struct Chunks(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|it| it.map(|bytes| Ok(Frame::data(bytes))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        assert_eq!(Place::after("7.2"), Ok(Place { op: 7, seen: 3 }));
        for bad in ["", "7", "7.4294967295"] {
            assert!(Place::after(bad).is_err(), "{bad}");
        }
    }
}
