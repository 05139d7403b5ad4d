//! Answers on their way to clients that may not fetch them.
//!
//! HTTP/2 lets a client keep its connection alive and yet never make room for an answer. An answer is handed over in small pieces, so that what was not fetched stays here and
//! is counted; and who fetches nothing of one for too long is cut off.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use prost::bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::body::Body;

/// The largest piece.
const PIECE: usize = 16 << 10;

/// The answers of one connection that wait for the client, and since when.
#[derive(Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    next: u64,
    since: BTreeMap<u64, Instant>,
}

impl Outbox {
    /// An answer with what is given back when it was fetched.
    pub fn send(
        &self,
        response: Response<Body>,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Response<Sent> {
        let mut waiting = self.0.lock();
        let id = waiting.next;
        waiting.next += 1;
        waiting.since.insert(id, Instant::now());
        drop(waiting);
        response.map(|body| Sent {
            body,
            rest: Bytes::new(),
            id,
            outbox: self.clone(),
            _permit: permit,
        })
    }

    /// Done when the client has fetched nothing of an answer for so long.
    pub async fn stalled(&self, limit: Duration) {
        loop {
            tokio::time::sleep(limit / 4).await;
            let oldest = self.0.lock().since.values().min().copied();
            if oldest.is_some_and(|it| it.elapsed() > limit) {
                return;
            }
        }
    }
}

/// The body of an answer.
pub(super) struct Sent {
    body: Body,
    rest: Bytes,
    id: u64,
    outbox: Outbox,
    _permit: Option<OwnedSemaphorePermit>,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        // Whoever asks for more has had the last piece. While there is none it is not the client who keeps it waiting.
        this.outbox.0.lock().since.remove(&this.id);
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                ended => return Poll::Ready(ended),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.outbox.0.lock().since.insert(this.id, Instant::now());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.outbox.0.lock().since.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use hyper::body::Body as _;

    use super::*;

    #[test]
    fn pieces_are_small_and_whoever_waits_is_known() {
        let outbox = Outbox::default();
        let long = Bytes::from(vec![7; 2 * PIECE + 1]);
        let body = Body::new(http_body_util::Full::new(long.clone()));
        let mut sent = outbox.send(Response::new(body), None).into_body();
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut whole = Vec::new();
        for size in [PIECE, PIECE, 1] {
            assert_eq!(outbox.0.lock().since.len(), 1);
            assert!(!sent.is_end_stream());
            let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut sent).poll_frame(&mut context) else {
                panic!("no piece");
            };
            let piece = frame.into_data().unwrap();
            assert_eq!(piece.len(), size);
            whole.extend_from_slice(&piece);
        }
        assert_eq!(whole, long);
        assert!(matches!(Pin::new(&mut sent).poll_frame(&mut context), Poll::Ready(None)));
        assert!(outbox.0.lock().since.is_empty());
        let other = outbox.send(Response::new(Body::empty()), None);
        drop(other);
        assert!(outbox.0.lock().since.is_empty());
    }
}
