//! What all threads of a workload share.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::{Ids, Partitions, Settings};
use crate::history::Sink;
use crate::{Error, Result};

/// Where a workload runs.
pub struct Site {
    /// The cluster: `bootstrap.servers`.
    pub bootstrap: String,
    /// What librdkafka is told besides, for all clients.
    pub client: Settings,
    /// The topics.
    pub partitions: Partitions,
    /// Where the numbers of producers and consumers come from.
    pub ids: Arc<Ids>,
    /// Where what happens is written down.
    pub sink: Arc<dyn Sink>,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings can hold passwords.
        f.debug_struct("Site")
            .field("bootstrap", &self.bootstrap)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map_err(|source| Error::Network {
        what: format!("starting a thread for a {name}"),
        source,
    })
}
