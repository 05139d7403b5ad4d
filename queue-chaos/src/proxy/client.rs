//! Who speaks on a connection: the client id of its first Kafka request.
//!
//! A request begins with its size (i32), the API's key (i16) and version (i16), a correlation id (i32) and the client id, a string with
//! a length of 16 bits where -1 is none (Kafka protocol guide, request header v1 and v2: the client id is written the same in both).

use std::fmt;

use crate::id::NodeId;

/// A client id longer than this is not looked at.
const LONGEST: usize = 1024;

/// Bytes before the client id, with its length.
const HEADER: usize = 14;

/// What a broker accepts as a request at most (`socket.request.max.bytes`, by default).
const LARGEST_REQUEST: u32 = 104_857_600;

/// No API has such a key or version: what is larger is no Kafka request.
const LARGEST_KEY: u16 = 1_023;

/// Client ids of connections between nodes, as Apache Kafka 3.x and 4.x name them: what comes before the node's id, and whether something may follow it.
///
/// In this order: replica fetchers (`ReplicaFetcherManager`), transaction markers (`TransactionMarkerChannelManager`), the raft quorum
/// (`RaftManager`), verification of transactional writes and the state of share groups (`NetworkUtils.buildNetworkClient`).
const NODES: [(&str, &str); 5] = [
    ("broker-", "-fetcher-"),
    ("broker-", "-txn-marker-sender"),
    ("raft-client-", ""),
    ("AddPartitionsManager-client-", ""),
    ("Persister-client-", ""),
];

/// The client id that a Kafka connection began with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// A client id.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The node that names itself so when it connects to another one: `broker-2-fetcher-0`, `broker-2-txn-marker-sender`, `raft-client-2`,
    /// `AddPartitionsManager-client-2`, `Persister-client-2`, or `2` alone (heartbeats, registration, forwarded requests). None for all others.
    ///
    /// A client that is called `2` is taken for the node.
    #[must_use]
    pub fn node(&self) -> Option<NodeId> {
        NODES
            .iter()
            .find_map(|(before, after)| {
                let rest = self.0.strip_prefix(before)?;
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let (id, rest) = rest.split_at(end);
                let rest = rest.strip_prefix(after)?;
                // Of fetchers a node has many: they are numbered.
                let numbered = after.ends_with('-');
                let number = !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
                if numbered == number && (numbered || rest.is_empty()) { node(id) } else { None }
            })
            .or_else(|| node(&self.0))
    }

    /// Whether this node names itself so; see [`node`](Self::node).
    #[must_use]
    pub fn is_node(&self, node: NodeId) -> bool {
        self.node() == Some(node)
    }

    /// Looks for a client id in the first bytes that a client sends.
    ///
    /// Never panics; looks at 1,038 bytes at most. Public for fuzzing.
    #[doc(hidden)]
    #[must_use]
    pub fn sniff(bytes: &[u8]) -> Sniffed {
        match Self::read(bytes) {
            Ok(Some(id)) => Sniffed::Client(id),
            Ok(None) => Sniffed::Nobody,
            Err(More) => Sniffed::More,
        }
    }

    /// None if the bytes cannot be a request with a client id.
    fn read(bytes: &[u8]) -> Result<Option<Self>, More> {
        let word = |at: usize| bytes.get(at..).and_then(|b| b.first_chunk::<2>()).ok_or(More);
        let size = bytes.first_chunk::<4>().ok_or(More)?;
        let size = u32::from_be_bytes(*size);
        let key = u16::from_be_bytes(*word(4)?);
        let version = u16::from_be_bytes(*word(6)?);
        if size > LARGEST_REQUEST || key > LARGEST_KEY || version > LARGEST_KEY {
            return Ok(None);
        }
        // Less than nothing is none.
        let Ok(length) = usize::try_from(i16::from_be_bytes(*word(12)?)) else { return Ok(None) };
        if length > LONGEST || length + HEADER - 4 > size as usize {
            return Ok(None);
        }
        let id = bytes.get(HEADER..HEADER + length).ok_or(More)?;
        Ok(std::str::from_utf8(id).ok().map(Self::new))
    }
}

/// There are not enough bytes yet.
struct More;

/// A number as Java writes it, and nothing else.
fn node(text: &str) -> Option<NodeId> {
    let canonical =
        text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok().map(NodeId) } else { None }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the first bytes of a connection say.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// That more of them are needed.
    More,
    /// Nothing: no Kafka request, or one without a client id.
    Nobody,
    /// Who it is.
    Client(ClientId),
}

/// Keeps the first bytes of a connection until they say who speaks.
#[derive(Debug, Default)]
pub(super) struct Sniffer {
    seen: Vec<u8>,
}

impl Sniffer {
    /// Looks at the next bytes; never keeps more than a header with the longest client id.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Sniffed {
        if self.seen.is_empty() {
            let sniffed = ClientId::sniff(bytes);
            if sniffed != Sniffed::More {
                return sniffed;
            }
        }
        let room = HEADER + LONGEST - self.seen.len();
        self.seen.extend_from_slice(&bytes[..bytes.len().min(room)]);
        ClientId::sniff(&self.seen)
    }
}
