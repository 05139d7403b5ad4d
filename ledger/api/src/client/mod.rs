//! Clients of the binary protocol.
//!
//! [`Connection`] is one connection of one thread: it sends requests and receives answers, pipelined as its owner likes. [`Client`] is shared by threads: it
//! makes one batch of what they ask at the same time, connects again, and asks again with the same ids until it knows what happened.

mod calls;
mod connection;
mod lanes;

use std::net::SocketAddr;
use std::time::Duration;

pub use connection::{Connection, Received};
pub use lanes::Client;

use crate::Problem;

/// How a client connects, and for how long it tries.
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientOptions {
    /// Where the server is.
    pub address: SocketAddr,
    /// The API key; empty where the server has none.
    pub key: String,
    /// How long the server may take to begin with a request. Default 5 s.
    pub deadline: Duration,
    /// How long a [`Client`] asks again before it gives up. Default 60 s.
    pub patience: Duration,
    /// How many connections a [`Client`] has, each with one batch under way. Default 2.
    pub connections: usize,
    /// Whom to trust; plain TCP if there is none.
    #[cfg(feature = "tls")]
    pub trust: Option<crate::Trust>,
}

impl ClientOptions {
    /// A server at this address, with defaults.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            key: String::new(),
            deadline: Duration::from_secs(5),
            patience: Duration::from_secs(60),
            connections: 2,
            #[cfg(feature = "tls")]
            trust: None,
        }
    }

    /// With this key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Which gives up after so long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whose requests must be begun within so long.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

/// Why a client has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server says so.
    #[error("{0}")]
    Problem(#[from] Problem),
    /// The connection could not be made, or was lost. Whether what was under way happened is unknown.
    #[error("the connection to {address} failed: {error}")]
    Connection {
        /// The server.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// The server answered something that is no answer.
    #[error("the server's answer makes no sense: {0}")]
    Answer(String),
}

impl ClientError {
    /// Whether asking again, with the same ids, may help.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        match self {
            Self::Problem(problem) => problem.is_retried(),
            // A certificate that nobody vouches for stays so.
            Self::Connection { error, .. } => error.kind() != std::io::ErrorKind::InvalidData,
            Self::Answer(_) => false,
        }
    }
}
