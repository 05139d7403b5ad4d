//! A server on a thread of its own.

use std::net::SocketAddr;
use std::pin::Pin;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::{Error, Result};

/// Done when a server is to end.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server that ends when it is dropped.
#[derive(Debug)]
pub struct Serving {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Serving {
    /// Listens there, and runs `serve` with the socket.
    pub fn start<F>(
        part: &'static str,
        address: SocketAddr,
        serve: impl FnOnce(TcpListener, Stop) -> F + Send + 'static,
    ) -> Result<Self>
    where
        F: Future<Output = ()>,
    {
        let taken =
            |error| Error::Demo { part, what: format!("cannot listen on {address}: {error}") };
        let socket = std::net::TcpListener::bind(address).map_err(taken)?;
        socket.set_nonblocking(true).map_err(taken)?;
        let address = socket.local_addr().map_err(taken)?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(Error::demo(part))?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name(part.to_owned()).spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = TcpListener::from_std(socket) {
                    serve(listener, Box::pin(async { drop(stopped.await) })).await;
                }
            });
        });
        let thread = thread.map_err(Error::io("start a thread"))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
