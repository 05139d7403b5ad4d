//! From a listening socket to connections, for the faces that are asynchronous: how many at a time, TLS, and the end.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How connections are taken.
pub(crate) struct Accept {
    /// How many there are at a time; others wait to be accepted.
    pub max_connections: usize,
    /// How long TLS may take until it is agreed on.
    #[cfg(feature = "tls")]
    pub handshake_timeout: Duration,
    /// How long requests that are worked on may take when the server stops.
    pub stop_timeout: Duration,
    /// TLS, if it is spoken.
    #[cfg(feature = "tls")]
    pub tls: Option<tokio_rustls::TlsAcceptor>,
}

/// Whoever speaks on a connection that was taken.
pub(crate) trait Speak: Clone + Send + 'static {
    /// Speaks until the connection ends; `watcher` tells the connection when it should.
    fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send;
}

impl Accept {
    /// Takes connections until `stop` is done; then takes no more, and returns when those that there are have ended.
    pub async fn serve(
        self,
        listener: TcpListener,
        speaker: impl Speak,
        stop: impl Future<Output = ()>,
    ) {
        let mut stop = std::pin::pin!(stop);
        let graceful = GracefulShutdown::new();
        let most = self.max_connections.clamp(1, Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(most));
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
            let (speaker, watcher) = (speaker.clone(), graceful.watcher());
            let spoken = self.spoken(stream, speaker, watcher);
            tokio::spawn(async move {
                let _permit = permit;
                spoken.await;
            });
        }
        drop(listener);
        let _ = tokio::time::timeout(self.stop_timeout, graceful.shutdown()).await;
    }

    #[cfg(feature = "tls")]
    fn spoken<S: Speak>(
        &self,
        stream: TcpStream,
        speaker: S,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send + use<S> {
        let (tls, limit) = (self.tls.clone(), self.handshake_timeout);
        async move {
            let Some(tls) = tls else { return speaker.speak(stream, watcher).await };
            if let Ok(Ok(stream)) = tokio::time::timeout(limit, tls.accept(stream)).await {
                speaker.speak(stream, watcher).await;
            }
        }
    }

    #[cfg(not(feature = "tls"))]
    fn spoken<S: Speak>(
        &self,
        stream: TcpStream,
        speaker: S,
        watcher: Watcher,
    ) -> impl Future<Output = ()> + Send + use<S> {
        speaker.speak(stream, watcher)
    }
}
