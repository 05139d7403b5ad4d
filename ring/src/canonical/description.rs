//! Descriptions as values.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Part;
use crate::{Algorithm, Error, Fingerprint, KeyHash, Node, Result, Roster, Weight};

/// Everything that decides where a placement puts keys, by names.
///
/// [`Placement::describe`](crate::Placement::describe) makes one, [`build`](Self::build) makes a placement of it;
/// [`encode`](Self::encode) and [`decode`](Self::decode) go to bytes and back, and with feature `serde` it is also JSON, TOML or what
/// else speaks serde. One can be written out by hand, too:
///
/// ```
/// use hash_ring::{Algorithm, Description, KeyHash, Part, Weight};
///
/// // Names are in order whatever order they are given in; parts tell nodes by their place in it.
/// let nodes = [("cache-b", Weight::ONE), ("cache-a", Weight::new(2.0)?)];
/// let description = Description::new(Algorithm::Jump, KeyHash::default(), nodes)?
///     .with_part(Part::Buckets(vec![Some(1), Some(0)]))?;
/// assert_eq!(description.nodes()[0].name(), "cache-a");
///
/// let bytes = description.encode();
/// assert_eq!(Description::decode(&bytes)?, description);
/// assert_eq!(Description::decode(&bytes)?.fingerprint(), description.fingerprint());
/// assert!(Description::decode(&bytes[1..]).is_err());
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub(super) algorithm: Algorithm,
    pub(super) key_hash: KeyHash,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) nodes: Vec<Node>,
    pub(super) parts: Vec<Part>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A number: virtual nodes, the size of a table, probes.
    Number(u64),
    /// A word: one of several ways to do something.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl Description {
    /// Of an algorithm without parameters that remembers nothing.
    ///
    /// # Errors
    /// [`Error::NameLength`], [`Error::DuplicateName`], [`Error::TooManyNodes`].
    pub fn new<N: Into<String>>(
        algorithm: Algorithm,
        key_hash: KeyHash,
        nodes: impl IntoIterator<Item = (N, Weight)>,
    ) -> Result<Self> {
        let mut nodes: Vec<Node> = nodes
            .into_iter()
            .map(|(name, weight)| Node::new(name.into().into_boxed_str(), weight))
            .collect();
        nodes.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        if nodes.len() > Roster::MAX_NODES {
            return Err(Error::TooManyNodes { max: Roster::MAX_NODES });
        }
        for node in &nodes {
            Roster::check_name(node.name())?;
        }
        if let Some(pair) = nodes.windows(2).find(|pair| pair[0].name() == pair[1].name()) {
            return Err(Error::DuplicateName { name: pair[0].name().to_string() });
        }
        Ok(Self { algorithm, key_hash, parameters: BTreeMap::new(), nodes, parts: Vec::new() })
    }

    /// With a parameter more.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if it has no name or has one already.
    pub fn with_parameter(mut self, name: impl Into<String>, value: Value) -> Result<Self> {
        match self.parameters.entry(name.into()) {
            Entry::Vacant(place) if !place.key().is_empty() => {
                place.insert(value);
                Ok(self)
            }
            entry => Err(Error::InvalidParameter {
                parameter: "parameter of a description",
                found: format!("{:?}", entry.key()),
                allowed: "a name that no other has",
            }),
        }
    }

    /// With a part more.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if it has one of the kind already, or what [`Part`] asks for does not hold.
    pub fn with_part(mut self, part: Part) -> Result<Self> {
        let wrong = |found| Error::InvalidParameter {
            parameter: part.name(),
            found,
            allowed: "what fits the nodes and other parts of the description",
        };
        let buckets = match &part {
            // Given in either order.
            Part::Buckets(owners) => {
                self.part(3).map_or(Ok(()), |removed| removed.check(0, owners)).map_err(wrong)?;
                &[]
            }
            _ => self.buckets(),
        };
        part.check(self.nodes.len(), buckets).map_err(wrong)?;
        match self.parts.binary_search_by_key(&part.kind(), Part::kind) {
            Ok(_) => Err(wrong("there already".to_string())),
            Err(place) => {
                self.parts.insert(place, part);
                Ok(self)
            }
        }
    }

    /// Which algorithm it is.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What turns keys into hashes.
    #[must_use]
    pub fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// The parameters of the algorithm, in the order of their names.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The nodes, in the order of their names.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What the algorithm remembers beyond that.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// A digest of it: equal for equal descriptions, different for different ones.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    fn part(&self, kind: u8) -> Option<&Part> {
        let place = self.parts.binary_search_by_key(&kind, Part::kind).ok()?;
        self.parts.get(place)
    }

    /// The owners of buckets; none if there is no such part.
    pub(super) fn buckets(&self) -> &[Option<u32>] {
        match self.part(2) {
            Some(Part::Buckets(owners)) => owners,
            _ => &[],
        }
    }
}
