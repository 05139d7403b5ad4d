//! What is done to which connections.

use std::fmt;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::client::ClientId;
use super::random::Random;
use super::{Direction, Toxic};
use crate::id::NodeId;

/// Whose connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientPattern {
    /// Those that began with exactly this client id.
    Exactly(ClientId),
    /// Those of a node, as [`ClientId::is_node`] tells.
    Node(NodeId),
    /// Those of any node.
    AnyNode,
    /// Those of clients and of all nodes but this one. A node connects to itself as well: who cuts it off by a rule for everybody cuts its broker off from its own controller.
    AnyBut(NodeId),
}

impl ClientPattern {
    /// Whether a connection is meant.
    #[must_use]
    pub fn matches(&self, client: &ClientId) -> bool {
        match self {
            Self::Exactly(id) => id == client,
            Self::Node(node) => client.is_node(*node),
            Self::AnyNode => client.node().is_some(),
            Self::AnyBut(node) => !client.is_node(*node),
        }
    }
}

/// A toxic, and the connections that it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What is done to them.
    pub toxic: Toxic,
    /// In which direction.
    pub direction: Direction,
    /// Whose connections; all if none. Until a connection has told who it is, its bytes flow.
    pub from: Option<ClientPattern>,
    /// How many of these connections, from 0 (none) to 1 (all). Each is chosen or not for as long as it lives; the same seed
    /// chooses the same ones, by the order in which they came.
    pub fraction: f64,
}

impl Rule {
    /// For all connections.
    #[must_use]
    pub fn new(toxic: Toxic, direction: Direction) -> Self {
        Self { toxic, direction, from: None, fraction: 1.0 }
    }

    /// For the connections of some.
    #[must_use]
    pub fn from(self, clients: ClientPattern) -> Self {
        Self { from: Some(clients), ..self }
    }

    /// For this fraction of the connections.
    #[must_use]
    pub fn fraction(self, fraction: f64) -> Self {
        Self { fraction, ..self }
    }
}

/// Names a rule of a proxy. Rules work in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(pub(super) u64);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.0)
    }
}

/// Which of the two ways a byte goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up = 0,
    Down = 1,
}

/// A rule at work, with what its connections share.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) id: RuleId,
    pub(super) rule: Rule,
    /// The two ways of a link do not take bandwidth from each other.
    buckets: [Mutex<Bucket>; 2],
}

impl Active {
    pub(super) fn new(id: RuleId, rule: Rule, now: Instant) -> Self {
        let rate = match rule.toxic {
            Toxic::Bandwidth { bits_per_second } => bits_per_second,
            _ => 0,
        };
        let bucket = || Mutex::new(Bucket { rate, empty_until: now });
        Self { id, rule, buckets: [bucket(), bucket()] }
    }

    pub(super) fn is_for(&self, way: Way) -> bool {
        match self.rule.direction {
            Direction::Up => way == Way::Up,
            Direction::Down => way == Way::Down,
            Direction::Both => true,
        }
    }

    /// Whether a connection is under this rule: its number, and who it is as far as that is known.
    pub(super) fn covers(&self, seed: u64, connection: u64, client: Option<&ClientId>) -> bool {
        let meant = match &self.rule.from {
            None => true,
            Some(pattern) => client.is_some_and(|client| pattern.matches(client)),
        };
        meant
            && (self.rule.fraction >= 1.0
                || Random::new([seed, self.id.0, connection]).fraction() < self.rule.fraction)
    }

    /// How many bytes are sent at once under a bandwidth: those of 10 ms.
    pub(super) fn quantum(bits_per_second: u64) -> usize {
        usize::try_from(bits_per_second / 800).unwrap_or(usize::MAX).clamp(1, 64 * 1024)
    }

    /// When so many bytes will have been sent, behind those of all other connections; never, if that is out of sight.
    pub(super) fn reserve(&self, way: Way, bytes: usize, now: Instant) -> Option<Instant> {
        self.buckets[way as usize].lock().reserve(bytes, now)
    }
}

/// A token bucket, kept as the time when it will have paid for all that has been promised (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug)]
struct Bucket {
    /// Bits a second.
    rate: u64,
    empty_until: Instant,
}

/// Who wakes up later than it should must not lose bandwidth by that.
const BURST: Duration = Duration::from_millis(10);

impl Bucket {
    fn reserve(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        let nanos = (bytes as u128 * 8 * 1_000_000_000).checked_div(u128::from(self.rate))?;
        let from = now
            .checked_sub(BURST)
            .map_or(self.empty_until, |earliest| self.empty_until.max(earliest));
        let until = from.checked_add(Duration::from_nanos(u64::try_from(nanos).ok()?))?;
        self.empty_until = until;
        Some(until)
    }
}
