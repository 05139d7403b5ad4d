//! HTTP with JSON.
//!
//! Ids and amounts are strings, since programs that read JSON numbers as floating point would change them. Each route is thin: it reads the request,
//! asks the [`Desk`], and writes the answer. [`router`] is all of it, [`serve`] puts it on a socket.

mod accounts;
mod amounts;
mod body;
mod decimal;
mod feed;
mod guard;
mod ledgers;
mod object;
mod page;
mod query;
mod reply;
mod routes;
mod serve;
mod service;
mod show;
mod transactions;
mod transfers;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use ledger::model::Batch;
use ledger::money::Currency;
use parking_lot::RwLock;
use tokio::sync::Semaphore;

pub use self::routes::ROUTES;
pub use self::serve::{Server, serve};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::service::{Answer, Desk};
use crate::{Problem, writes};

/// What the server lets clients do.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The longest body of a request, in bytes. Default 8 MiB: 8190 transfers fit.
    pub max_body_bytes: usize,
    /// How long a request may take, its body included; `X-Deadline-Ms` can say less. Default 30 s.
    pub timeout: Duration,
    /// How many requests are worked on at a time; others wait, for as long as the timeout lets them. Default 1,024.
    pub max_requests: usize,
    /// How many change feeds are sent at a time. Default 64.
    pub max_feeds: usize,
    /// Where errors of the server's own go, one line each: never a key, never an amount. Nowhere, by default.
    pub log: fn(&str),
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 8 << 20,
            timeout: Duration::from_secs(30),
            max_requests: 1_024,
            max_feeds: 64,
            log: |_| {},
        }
    }
}

/// What every route has at hand.
#[derive(Clone)]
struct App(Arc<Inner>);

struct Inner {
    desk: Desk,
    keys: Keys,
    metrics: Arc<Metrics>,
    options: HttpOptions,
    permits: Semaphore,
    feeds: Arc<Semaphore>,
    /// A ledger's currency never changes.
    currencies: RwLock<HashMap<u32, Currency>>,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Until when a request must be answered; the guard puts it there.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl<S: Sync> axum::extract::FromRequestParts<S> for Deadline {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &S,
    ) -> Result<Self, Problem> {
        // Without the guard there is no server.
        parts.extensions.get::<Self>().copied().ok_or(Problem::Expired)
    }
}

impl App {
    /// Makes a batch happen.
    async fn commit(&self, batch: Batch, deadline: Deadline) -> Result<Answer, Problem> {
        writes::commit(&self.desk, batch, deadline.0).await
    }
}

/// All routes, with what guards them.
pub fn router(desk: Desk, keys: Keys, metrics: Arc<Metrics>, options: HttpOptions) -> Router {
    let app = App(Arc::new(Inner {
        desk,
        keys,
        metrics,
        permits: Semaphore::new(options.max_requests.clamp(1, Semaphore::MAX_PERMITS)),
        feeds: Arc::new(Semaphore::new(options.max_feeds)),
        options,
        currencies: RwLock::default(),
    }));
    routes::all()
        .fallback(|| async { Problem::NotFound("route: see /openapi.json".to_owned()) })
        .method_not_allowed_fallback(|| async { reply::method_not_allowed() })
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
