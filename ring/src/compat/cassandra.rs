//! Cassandra: the tokens of `Murmur3Partitioner`.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::points::{Points, Ties};
use super::{Locate, checked_names, checked_points};
use crate::hash::murmur3;
use crate::{Error, Result};

/// The token ring of Cassandra and ScyllaDB with `Murmur3Partitioner`.
///
/// Keys are partition keys as they are serialised: the bytes of the one column, or for several of them each with its length as two
/// bytes, big-endian, before and a zero byte behind it.
///
/// ```
/// use hash_ring::compat::{CassandraRing, Locate};
///
/// let ring = CassandraRing::new([("a", [-3_000_000_000_000_000_000, 5]), ("b", [-17, 4_000_000_000_000_000_000])])?;
/// assert_eq!(CassandraRing::token(b"123"), -7_468_325_962_851_647_638);
/// assert_eq!(ring.locate(b"123"), Some("a"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A node owns the tokens from just above the one before to its own. A lookup takes the hash of the key and some 5 ns; a token takes some
/// 24 bytes.
///
/// **Verified** with the `Murmur3Partitioner` of Cassandra 4.1.8: 1,000 keys of 0 to 60 bytes and more in `tests/vectors/cassandra.txt`,
/// bytes from 128 on in every place among them, which Cassandra's MurmurHash3 takes for negative numbers in the last block (so that
/// it is not [`KeyHash::Murmur3`](crate::KeyHash::Murmur3)), and chosen keys that hash to the lowest number.
///
/// **Not matched.** Replicas: [`CassandraRing`] tells the node of the token, where `SimpleStrategy` puts the first replica;
/// `NetworkTopologyStrategy` picks by data centre and rack from there. ScyllaDB's tablets, which have no ring.
#[derive(Clone, Debug)]
pub struct CassandraRing {
    names: Box<[Box<str>]>,
    points: Points<u64>,
}

impl CassandraRing {
    /// From nodes and their tokens.
    ///
    /// # Errors
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes);
    /// [`InvalidParameter`](Error::InvalidParameter) for a token that two nodes have, or more than 2^28 tokens.
    pub fn new<'a, T: IntoIterator<Item = i64>>(
        nodes: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Result<Self> {
        let (names, tokens): (Vec<&str>, Vec<T>) = nodes.into_iter().unzip();
        let names = checked_names(names)?;
        let mut owners = BTreeMap::new();
        for (index, tokens) in tokens.into_iter().enumerate() {
            for token in tokens {
                if owners.insert(token, index as u32).is_some() {
                    return Err(Error::InvalidParameter {
                        parameter: "token",
                        found: token.to_string(),
                        allowed: "given once, to one node",
                    });
                }
            }
        }
        checked_points(owners.len() as u64)?;
        let points = owners.into_iter().map(|(token, owner)| (place(token), owner)).collect();
        Ok(Self { names, points: Points::new(points, Ties::First) })
    }

    /// The token of a partition key: the first half of Cassandra's MurmurHash3, but the highest token in place of the lowest, which
    /// is that of the empty key alone.
    #[must_use]
    pub fn token(key: &[u8]) -> i64 {
        if key.is_empty() {
            return i64::MIN;
        }
        match murmur3::x64_128_signed_tail(key).0 as i64 {
            i64::MIN => i64::MAX,
            token => token,
        }
    }

    /// The owner of a token, as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_token(&self, token: i64) -> Option<usize> {
        self.points.owner(place(token)).map(|owner| owner as usize)
    }
}

/// Tokens in their order as unsigned numbers.
fn place(token: i64) -> u64 {
    token as u64 ^ 1 << 63
}

impl Locate for CassandraRing {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        self.locate_token(Self::token(key))
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}
