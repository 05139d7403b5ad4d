//! The binary face: frames over TCP, answered in the order in which they are done.
//!
//! One thread has all connections: it reads what has arrived on any of them, hands it to the ledger's thread in one piece, and writes the answers
//! while that thread works on the next group. Events are decoded from where they were read to; answers are encoded where they are sent from.
//!
//! What a client cannot do: send garbage (it is told why, and cut), be slow in the middle of a frame or not fetch its answers (it is cut), have
//! more under way than [`TcpOptions`] allow (it is not read from until there is less), or make the server allocate more than it has sent.

mod admission;
mod connection;
mod event_loop;
mod flights;
mod intake;
mod requests;
mod transport;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::service::Desk;

/// What the binary face lets clients do.
#[derive(Clone)]
#[non_exhaustive]
pub struct TcpOptions {
    /// How many connections there are at a time; others are told that the server is busy. Default 1,024.
    pub max_connections: usize,
    /// How many requests of one connection are under way; more are not read. Default 1,024.
    pub max_flights: usize,
    /// How many bytes of requests of one connection are under way, roughly. Default 16 MiB.
    pub max_flight_bytes: usize,
    /// How many bytes of answers wait to be fetched before nothing more is read. Default 8 MiB.
    pub max_unsent_bytes: usize,
    /// How long a client may take for a frame it has begun, for its hello, and to fetch answers. Default 20 s.
    pub patience: Duration,
    /// The deadline of requests that say none. Default 30 s.
    pub deadline: Duration,
    /// How long requests that are under way may take when the server stops. Default 10 s.
    pub stop_timeout: Duration,
    /// With which certificate; plain TCP if there is none.
    #[cfg(feature = "tls")]
    pub tls: Option<crate::Tls>,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            max_connections: 1_024,
            max_flights: 1_024,
            max_flight_bytes: 16 << 20,
            max_unsent_bytes: 8 << 20,
            patience: Duration::from_secs(20),
            deadline: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(10),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

/// The binary face of a server, until it is dropped.
pub struct TcpServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    waker: Arc<mio::Waker>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl TcpServer {
    /// Serves on a socket that listens.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(
        listener: TcpListener,
        desk: Desk,
        keys: Keys,
        metrics: Arc<Metrics>,
        options: TcpOptions,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (event_loop, waker) =
            event_loop::EventLoop::new(listener, desk, keys, metrics, options, Arc::clone(&stop))?;
        let thread =
            std::thread::Builder::new().name("tcp".to_owned()).spawn(move || event_loop.run())?;
        Ok(Self { address, stop, waker, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes nothing new, sends the answers to what is under way, and ends.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        // A loop that cannot be woken has ended, or looks within a second.
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // A panic was printed by the thread itself.
            let _ = thread.join();
        }
    }
}
