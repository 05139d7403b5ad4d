//! Where a node is found, and what stands in front of it.

use std::net::SocketAddr;

use crate::Result;
use crate::proxy::Proxy;
use crate::schedule::Link;

/// Where a node listens, or what it tells others that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    /// For clients.
    pub clients: SocketAddr,
    /// For other nodes that copy from it.
    pub replication: SocketAddr,
    /// For nodes that talk to it as a controller.
    pub controller: SocketAddr,
    /// For those who observe, past all proxies.
    pub direct: SocketAddr,
}

/// What stands in front of a node.
#[derive(Debug)]
pub(super) struct Proxies {
    clients: Proxy,
    replication: Proxy,
    controller: Proxy,
}

impl Proxies {
    /// One for each listener that others shall reach through one.
    pub fn in_front_of(node: &Addresses) -> Result<Self> {
        let before = |upstream| Proxy::listen(SocketAddr::from(([127, 0, 0, 1], 0)), upstream);
        Ok(Self {
            clients: before(node.clients)?,
            replication: before(node.replication)?,
            controller: before(node.controller)?,
        })
    }

    /// Where they listen.
    pub fn addresses(&self, direct: SocketAddr) -> Addresses {
        Addresses {
            clients: self.clients.local_addr(),
            replication: self.replication.local_addr(),
            controller: self.controller.local_addr(),
            direct,
        }
    }

    /// Those of a link.
    pub fn of(&self, link: Link) -> Vec<&Proxy> {
        match link {
            Link::Clients => vec![&self.clients],
            Link::Replication => vec![&self.replication],
            Link::Controller => vec![&self.controller],
            Link::All => vec![&self.clients, &self.replication, &self.controller],
        }
    }
}
