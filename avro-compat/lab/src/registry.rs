//! The registry, in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use schema_registry::http::{self, HttpOptions};
use schema_registry::registry::{Registry, RegistryOptions};
use schema_registry::store::Store;

use crate::Result;

/// Where the course has it.
const PORT: u16 = 8081;

/// A running registry; killed when it is dropped.
pub struct Server {
    child: Child,
    /// Open as long as it shall run.
    stop: Option<ChildStdin>,
    url: String,
}

impl Server {
    /// Starts one on an empty directory.
    pub fn start(dir: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--child-serve")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stop = child.stdin.take();
        let output = child.stdout.take();
        let mut server = Self { child, stop, url: String::new() };
        let mut line = String::new();
        BufReader::new(output.ok_or("the registry has no output")?).read_line(&mut line)?;
        let address: SocketAddr =
            line.trim().parse().map_err(|_| "the registry did not start; its message is above")?;
        server.url = format!("http://{address}");
        Ok(server)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops it, and waits until its directory is closed.
    pub fn stop(mut self) -> Result<()> {
        drop(self.stop.take());
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the registry ended: {status}").into()) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until standard input ends, so that no registry outlives its lab. Takes the course's port, or any that is free.
#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub fn serve(dir: &Path) -> Result<()> {
    let (store, state) = Store::open(dir)?;
    let registry = Registry::new(store.clone(), state, RegistryOptions::default());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listen = |port| tokio::net::TcpListener::bind(("127.0.0.1", port));
        let listener = match listen(PORT).await {
            Ok(listener) => listener,
            Err(_) => listen(0).await?,
        };
        println!("{}", listener.local_addr()?);
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        let router = http::router(Arc::new(registry), HttpOptions::default());
        http::serve(listener, router, http::Server::default(), async { drop(ended.await) }).await;
        Ok::<_, std::io::Error>(())
    })?;
    drop(runtime);
    Ok(store.close()?)
}
