//! Servers, and who asks them.
#![allow(dead_code, reason = "not every test needs all of it")]
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

mod client;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use schema_registry::http::{self, HttpOptions};
use schema_registry::registry::{Registry, RegistryOptions};
use schema_registry::store::Store;

pub use client::Client;

/// A server in this process, which stops when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub registry: Arc<Registry>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// What it stores, unless that is the test's business.
    dir: Option<tempfile::TempDir>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(HttpOptions::default(), RegistryOptions::default())
    }

    pub fn with(http: HttpOptions, registry: RegistryOptions) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, state) = Store::open(dir.path()).unwrap();
        let registry = Registry::new(store, state, registry);
        let mut server = Self::of(registry, http, http::Server::default());
        server.dir = Some(dir);
        server
    }

    pub fn of(registry: Registry, options: HttpOptions, server: http::Server) -> Self {
        let registry = Arc::new(registry);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let router = http::router(Arc::clone(&registry), options);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                http::serve(listener, router, server, async { drop(stopped.await) }).await;
            });
        });
        let address = told.recv().unwrap();
        Self { address, registry, stop: Some(stop), thread: Some(thread), dir: None }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The program as a child process, which is killed when it is dropped.
pub struct Program {
    pub child: Child,
    pub address: SocketAddr,
}

impl Program {
    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_schema-registry"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(dir)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| {
            panic!("the server says {line:?}");
        });
        Self { address: address.parse().unwrap(), child }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// `SIGKILL`, and what is left behind is the kernel's.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// `SIGTERM`; returns when it is gone, with its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
