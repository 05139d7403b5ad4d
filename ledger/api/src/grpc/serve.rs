//! From a socket to the calls.

use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use super::guard::Guard;
use super::hello::Hello;
use super::outbox::Outbox;
use super::v1::ledger_server::SERVICE_NAME;
use super::{Face, Grpc};
use crate::accept::{Accept, Speak};

/// The largest metadata of a call, in bytes.
const MAX_METADATA: u32 = 16 << 10;
/// What a client may send of a call's message before it is read, and of all calls' messages on its connection, in bytes.
const WINDOWS: [u32; 2] = [256 << 10, 1 << 20];

/// How connections are handled.
#[derive(Clone)]
#[non_exhaustive]
pub struct Server {
    /// How many there are at a time; others wait to be accepted. 256 by default: one carries many calls.
    pub max_connections: usize,
    /// How many calls there are on one connection at a time; others wait at the client. 256 by default.
    pub max_streams: u32,
    /// How long a client may take to begin, and to fetch a piece of an answer. 20 s by default.
    pub patience: Duration,
    /// After how much silence a client is pinged, and how long it may take to answer that. 20 s by default.
    pub ping: Duration,
    /// How long calls that are worked on may take when the server stops. 10 s by default.
    pub stop_timeout: Duration,
    /// With which certificate; plain HTTP/2, if there is none.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::Tls>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            max_connections: 256,
            max_streams: 256,
            patience: Duration::from_secs(20),
            ping: Duration::from_secs(20),
            stop_timeout: Duration::from_secs(10),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// Serves until `stop` is done; then takes no more calls, and returns when those that are worked on are answered. Feeds end when the desk is
/// [drained](crate::service::Desk::drain).
pub async fn serve(
    listener: TcpListener,
    face: Grpc,
    server: Server,
    stop: impl Future<Output = ()>,
) {
    let Grpc(face) = face;
    let accept = Accept {
        max_connections: server.max_connections,
        #[cfg(feature = "tls")]
        handshake_timeout: server.patience,
        stop_timeout: server.stop_timeout,
        #[cfg(feature = "tls")]
        tls: server.tls.as_ref().map(crate::Tls::http2_acceptor),
    };
    let reporter = HealthReporter::new();
    reporter.set_service_status(SERVICE_NAME, ServingStatus::Serving).await;
    let health = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    let ends = end_health(face.clone(), reporter);
    let connection = Connection { face, server, health };
    let ends = tokio::spawn(ends);
    accept.serve(listener, connection, stop).await;
    ends.abort();
}

/// Says that the ledger takes no requests any more as soon as that is so, and then nothing more: who watches need not keep the server from stopping.
async fn end_health(face: Face, mut reporter: HealthReporter) {
    tokio::select! {
        () = face.desk.drained() => {}
        () = face.desk.ended() => {}
    }
    for name in ["", SERVICE_NAME] {
        reporter.set_service_status(name, ServingStatus::NotServing).await;
    }
    face.desk.drained().await;
    for name in ["", SERVICE_NAME] {
        reporter.clear_service_status(name).await;
    }
}

#[derive(Clone)]
struct Connection {
    face: Face,
    server: Server,
    health: HealthServer<HealthService>,
}

impl Speak for Connection {
    async fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: Watcher,
    ) {
        let Self { face, server, health } = self;
        let metrics = face.metrics.clone();
        metrics.connected("grpc");
        let outbox = Outbox::default();
        let guard = Guard::new(face, health, outbox.clone());
        let [of_stream, of_connection] = WINDOWS;
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(server.ping)
            .keep_alive_timeout(server.ping)
            .max_concurrent_streams(server.max_streams)
            .max_header_list_size(MAX_METADATA)
            .initial_stream_window_size(of_stream)
            .initial_connection_window_size(of_connection)
            .serve_connection(
                TokioIo::new(Hello::new(stream, server.patience)),
                service_fn(move |request| guard.clone().answer(request)),
            );
        tokio::select! {
            // What goes wrong is the client's business: it is gone, or does not speak HTTP/2.
            _ = watcher.watch(connection) => {}
            () = outbox.stalled(server.patience) => metrics.cut("grpc"),
        }
        metrics.disconnected("grpc");
    }
}
