//! From a socket to the routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

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
    let mut stop = std::pin::pin!(stop);
    let graceful = GracefulShutdown::new();
    let most = server.max_connections.clamp(1, Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(most));
    #[cfg(feature = "tls")]
    let acceptor = server.tls.as_ref().map(crate::Tls::acceptor);
    loop {
        let accepted = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely: some will be given back.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Small answers should not wait for more.
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            router: router.clone(),
            head_timeout: server.head_timeout,
            watcher: graceful.watcher(),
            #[cfg(feature = "tls")]
            tls: acceptor.clone(),
        };
        tokio::spawn(async move {
            let _permit = permit;
            connection.run(stream).await;
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(server.stop_timeout, graceful.shutdown()).await;
}

struct Connection {
    router: Router,
    head_timeout: Duration,
    watcher: hyper_util::server::graceful::Watcher,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

impl Connection {
    #[cfg(feature = "tls")]
    async fn run(self, stream: TcpStream) {
        let Some(tls) = self.tls.clone() else { return self.speak(stream).await };
        if let Ok(Ok(stream)) = tokio::time::timeout(self.head_timeout, tls.accept(stream)).await {
            self.speak(stream).await;
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn run(self, stream: TcpStream) {
        self.speak(stream).await;
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_timeout)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        // What goes wrong is the client's business: it is gone, or does not speak HTTP.
        let _ = self.watcher.watch(connection).await;
    }
}
