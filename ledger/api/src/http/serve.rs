//! From a socket to the routes.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::accept::{Accept, Speak};

/// How connections are handled.
#[non_exhaustive]
pub struct Server {
    /// How many there are at a time; others wait to be accepted. 1,024 by default.
    pub max_connections: usize,
    /// How long a client may take for the head of a request, and be silent between two. 30 s by default.
    pub head_timeout: Duration,
    /// How long requests that are worked on may take when the server stops. 10 s by default.
    pub stop_timeout: Duration,
    /// With which certificate; plain HTTP, if there is none.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::Tls>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            head_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// Serves until `stop` is done; then takes no more requests, and returns when those that are worked on are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    server: Server,
    stop: impl Future<Output = ()>,
) {
    let accept = Accept {
        max_connections: server.max_connections,
        #[cfg(feature = "tls")]
        handshake_timeout: server.head_timeout,
        stop_timeout: server.stop_timeout,
        #[cfg(feature = "tls")]
        tls: server.tls.as_ref().map(crate::Tls::acceptor),
    };
    let connection = Connection { router, head_timeout: server.head_timeout };
    accept.serve(listener, connection, stop).await;
}

#[derive(Clone)]
struct Connection {
    router: Router,
    head_timeout: Duration,
}

impl Speak for Connection {
    async fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: Watcher,
    ) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        // What goes wrong is the client's business: it is gone, or does not speak HTTP.
        let _ = watcher.watch(connection).await;
    }
}
