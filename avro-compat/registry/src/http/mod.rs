//! The registry over HTTP: Confluent's interface.
//!
//! Each route is thin: it reads the request, asks the [`Registry`], and writes the answer. [`router`] is all of it,
//! [`serve`] puts it on a socket.

mod associations;
mod auth;
mod body;
mod compatibility;
mod config;
mod contexts;
mod guard;
mod media;
mod mode;
mod openapi;
mod params;
mod problem;
mod reply;
mod routes;
mod schemas;
mod serve;
mod service;
mod shapes;
mod subjects;
#[cfg(feature = "tls")]
mod tls;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::Semaphore;

pub use self::auth::{AuthError, Users, hash_password};
use self::problem::Problem;
pub use self::routes::ROUTES;
pub use self::serve::{Server, ServerError, serve};
#[cfg(feature = "tls")]
pub use self::tls::{Tls, TlsError};
use crate::metrics::Metrics;
use crate::registry::Registry;

/// What the server lets clients do.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The longest body of a request, in bytes. 8 MiB by default.
    pub max_body_bytes: usize,
    /// How long a request may take, its body included. 30 s by default.
    pub timeout: Duration,
    /// How many requests are worked on at a time; others wait, for as long as the timeout lets them. 256 by default.
    pub max_requests: usize,
    /// Who may ask. Everybody, if there is none, which is the default.
    pub users: Option<Users>,
    /// Where errors of the server's own go, one line each. Nowhere, by default.
    pub log: fn(&str),
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 8 << 20,
            timeout: Duration::from_secs(30),
            max_requests: 256,
            users: None,
            log: |_| {},
        }
    }
}

/// What every route has at hand.
#[derive(Clone)]
struct App(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    options: HttpOptions,
    permits: Semaphore,
    /// For work that goes on although nobody waits for it any more.
    workers: Arc<Semaphore>,
    metrics: Metrics,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Runs what may wait for the disk, or takes long, where it keeps nobody waiting.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Registry) -> crate::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let Ok(permit) = Arc::clone(&self.workers).acquire_owned().await else {
            return Err(Problem::busy());
        };
        let registry = Arc::clone(&self.registry);
        let work = move || {
            let _permit = permit;
            work(&registry)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => Ok(result?),
            Err(error) => {
                (self.options.log)(&format!("a request failed inside: {error}"));
                let reason = "the server failed at this request: tell its maintainers".to_owned();
                Err(crate::Error::Internal { reason }.into())
            }
        }
    }
}

/// All routes, with what guards them.
pub fn router(registry: Arc<Registry>, options: HttpOptions) -> Router {
    let most = options.max_requests.clamp(1, Semaphore::MAX_PERMITS);
    let app = App(Arc::new(Inner {
        registry,
        options,
        permits: Semaphore::new(most),
        workers: Arc::new(Semaphore::new(most)),
        metrics: Metrics::default(),
    }));
    routes::api()
        .layer(from_fn(media::negotiate))
        .merge(routes::service())
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
