//! The placements that other programs make, bit by bit.
//!
//! Each type here answers what another program would answer: where it keeps a key, given the nodes that it was configured with. For
//! clients that share a cluster with those programs, for moving off them without losing a cache, and for checking them.
//!
//! | type | program | ring | keys hashed with | weights | lookup |
//! |---|---|---|---|---|---|
//! | [`Ketama`] | libketama, libmemcached, spymemcached, twemproxy | 160 points a node | MD5, or one of [`MemcachedHash`] | yes | hash + O(1) |
//! | [`EnvoyRing`] | Envoy, `RING_HASH` | 1,024 points or more in all | XXH64 | yes | hash + O(1) |
//! | [`EnvoyMaglev`] | Envoy, `MAGLEV` | a table of 65,537 | XXH64 | yes | hash + one load |
//! | [`NginxRing`] | nginx, `hash ... consistent` | 160 points a unit of weight | CRC-32 | yes | hash + O(1) |
//! | [`HaproxyRing`] | HAProxy, `hash-type consistent` | 16 points a unit of weight | SDBM and others | yes | hash + O(1) |
//! | [`RedisSlots`] | Redis Cluster | a table of 16,384 | CRC-16, hash tags | by ranges | hash + one load |
//! | [`CassandraRing`] | Cassandra, ScyllaDB: `Murmur3Partitioner` | the nodes' tokens | its own MurmurHash3 | by tokens | hash + O(1) |
//! | [`guava_consistent_hash`] | Guava, `Hashing.consistentHash` | none | up to the caller | no | O(log n) |
//!
//! **How much is verified.** Each type's page says which version of which program its answers were compared with. The program itself
//! made the vectors in `tests/vectors/`, by the script beside them; expectations from the programs' own tests are used where they exist.
//!
//! **What is not here.** These types know the nodes that a program was configured with, not which of them it thinks alive: ejection,
//! health checks, retries and connection limits are up to the caller, who builds another ring of the nodes that are left. Nor do they
//! change: a ring of some thousand points takes less than a millisecond to build anew.
//!
//! For a new cluster none of these is the best choice: see [`Placement`](crate::Placement).

mod cassandra;
mod crc32;
mod envoy;
mod guava;
mod haproxy;
mod ketama;
mod memcached_hash;
mod murmur2;
mod nginx;
mod points;
mod redis;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

pub use cassandra::CassandraRing;
pub use envoy::{EnvoyHash, EnvoyMaglev, EnvoyRing};
pub use guava::{guava_consistent_hash, guava_pad_to_long};
pub use haproxy::{HaproxyHash, HaproxyRing, HaproxyServer};
pub use ketama::{Ketama, KetamaDialect, KetamaServer};
pub use memcached_hash::MemcachedHash;
pub use nginx::NginxRing;
pub use redis::RedisSlots;

use crate::{Error, Result, Roster};

/// Where another program keeps keys.
pub trait Locate: fmt::Debug + Send + Sync {
    /// The names of the nodes, in the order in which they were given.
    fn nodes(&self) -> &[Box<str>];

    /// Which of the [`nodes`](Self::nodes) owns a key, if any does.
    fn locate_index(&self, key: &[u8]) -> Option<usize>;

    /// The name of the node that owns a key, if any does.
    fn locate(&self, key: &[u8]) -> Option<&str> {
        self.nodes().get(self.locate_index(key)?).map(|name| &**name)
    }

    /// Bytes that it holds on the heap for lookups: all but the names.
    fn heap_bytes(&self) -> usize;
}

/// The names of nodes, checked like those of a [`Roster`].
fn checked_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Box<[Box<str>]>> {
    let names: Vec<Box<str>> = names.into_iter().map(Box::from).collect();
    if names.len() > Roster::MAX_NODES {
        return Err(Error::TooManyNodes { max: Roster::MAX_NODES });
    }
    let mut seen = BTreeSet::new();
    for name in &names {
        if name.is_empty() || name.len() > Roster::MAX_NAME_LEN {
            return Err(Error::NameLength { found: name.len() });
        }
        if !seen.insert(name) {
            return Err(Error::DuplicateName { name: name.to_string() });
        }
    }
    Ok(names.into())
}

/// The sum of weights that are all above 0, if it is at most `max`.
fn checked_total(weights: impl IntoIterator<Item = u64>, max: u64) -> Result<u64> {
    let mut total = 0u64;
    for weight in weights {
        if weight == 0 {
            return Err(Error::InvalidWeight { found: "0".to_string() });
        }
        total = total.saturating_add(weight);
    }
    if total > max {
        return Err(Error::InvalidParameter {
            parameter: "the sum of all weights",
            found: total.to_string(),
            allowed: "what the other program can count up to",
        });
    }
    Ok(total)
}

/// As many points as a ring may have.
const MAX_POINTS: u64 = 1 << 28;

/// `points`, if a ring may have that many.
fn checked_points(points: u64) -> Result<usize> {
    if points > MAX_POINTS {
        return Err(Error::InvalidParameter {
            parameter: "the number of points on the ring",
            found: points.to_string(),
            allowed: "at most 268435456: give lower weights in the same proportion, if the other program has them too",
        });
    }
    Ok(points as usize)
}
