//! gRPC: `ledger.v1.Ledger`, described by `proto/ledger/v1/ledger.proto`, and `grpc.health.v1.Health`.
//!
//! [`Grpc`] is the face, [`serve`] puts it on a socket. [`v1`] is what the `.proto` makes, a client among it, which speaks over whatever transport it is given. Each call is thin: it
//! reads the request, asks the [`Desk`], and writes the answer; before it stands a guard, as before HTTP's routes.

mod asked;
mod bounds;
mod calls;
pub(crate) mod codec;
mod deadline;
mod feed;
mod guard;
mod hello;
mod outbox;
mod serve;
mod shown;
mod status;
#[allow(missing_docs, clippy::all, reason = "it is made: see the first line")]
#[rustfmt::skip]
pub mod v1;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub use self::serve::{Server, serve};
pub use self::status::PROBLEM;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::service::Desk;

/// What the server lets clients do.
#[derive(Clone)]
#[non_exhaustive]
pub struct GrpcOptions {
    /// The longest message of a request, in bytes. Default 4 MiB: what the ledger takes at a time fits.
    pub max_message_bytes: usize,
    /// How long a call may take, its message included; `grpc-timeout` can say less. Default 30 s.
    pub timeout: Duration,
    /// How many calls are worked on at a time, or have answers that were not fetched; others wait, for as long as the timeout lets them. Default 1,024.
    pub max_calls: usize,
    /// How many change feeds are sent at a time. Default 64.
    pub max_feeds: usize,
    /// Where errors of the server's own go, one line each: never a key, never an amount. Nowhere, by default.
    pub log: fn(&str),
}

impl Default for GrpcOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            timeout: Duration::from_secs(30),
            max_calls: 1_024,
            max_feeds: 64,
            log: |_| {},
        }
    }
}

/// The face, to be [served](serve). Cheap to clone.
#[derive(Clone)]
pub struct Grpc(Face);

/// What every call has at hand.
#[derive(Clone)]
struct Face(Arc<Inner>);

struct Inner {
    desk: Desk,
    keys: Keys,
    metrics: Arc<Metrics>,
    options: GrpcOptions,
    permits: Arc<Semaphore>,
    feeds: Arc<Semaphore>,
}

impl std::ops::Deref for Face {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Grpc {
    /// A face of this desk.
    #[must_use]
    pub fn new(desk: Desk, keys: Keys, metrics: Arc<Metrics>, options: GrpcOptions) -> Self {
        let semaphore = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self(Face(Arc::new(Inner {
            permits: semaphore(options.max_calls.max(1)),
            feeds: semaphore(options.max_feeds),
            desk,
            keys,
            metrics,
            options,
        })))
    }
}
