//! Small workloads on our own servers, so that there is something to see at once.
//!
//! Servers and load run in this process, on threads: real ports, real disks (in a directory that goes with them), librdkafka's in-process cluster. So nothing can be
//! left behind, however this process ends, but a temporary directory after `kill -9`.

mod ledger;
mod queue;
mod registry;
mod serve;

use std::net::SocketAddr;
use std::path::Path;

use crate::target::Target;
use crate::{Error, Result};

/// Where the demo's servers listen. Port 0 is any that is free.
#[derive(Clone, Copy, Debug)]
pub struct DemoOptions {
    /// The ledger's HTTP.
    pub ledger: SocketAddr,
    /// The schema registry.
    pub registry: SocketAddr,
    /// The queue's exporter.
    pub queue: SocketAddr,
    /// Whether a node of the queue's cluster is away for some seconds now and then.
    pub faults: bool,
}

impl DemoOptions {
    /// At free ports of this machine: for tests.
    #[must_use]
    pub fn anywhere() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { ledger: any, registry: any, queue: any, faults: false }
    }
}

impl Default for DemoOptions {
    /// Where our servers are if nobody says otherwise; with faults.
    fn default() -> Self {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self { ledger: at(7080), registry: at(8081), queue: at(9308), faults: true }
    }
}

/// Servers under load. Dropping it stops them and removes what they wrote.
pub struct Demo {
    queue: queue::Queue,
    registry: registry::Registry,
    ledger: ledger::Ledger,
    /// After all that writes into it.
    directory: tempfile::TempDir,
}

impl Demo {
    /// Starts everything; load is there when this returns, and figures soon after.
    ///
    /// # Errors
    /// [`Error::Demo`], as when a port is taken.
    pub fn start(options: &DemoOptions) -> Result<Self> {
        let directory = tempfile::tempdir().map_err(Error::io("make a temporary directory"))?;
        let ledger = ledger::Ledger::start(options.ledger, &directory.path().join("ledger"))?;
        let registry =
            registry::Registry::start(options.registry, &directory.path().join("registry"))?;
        let queue = queue::Queue::start(options.queue, options.faults)?;
        Ok(Self { queue, registry, ledger, directory })
    }

    /// The servers, as targets.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let at = |name: &str, address: SocketAddr| Target {
            name: name.to_owned(),
            url: format!("http://{address}/metrics"),
            instance: address.to_string(),
        };
        vec![
            at("ledger", self.ledger.address()),
            at("registry", self.registry.address()),
            at("queue", self.queue.address()),
        ]
    }

    /// Where its servers write.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}
