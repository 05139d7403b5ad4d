//! HAProxy: `hash-type consistent`.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::crc32::crc32;
use super::points::{Points, Ties};
use super::{Locate, checked_names};
use crate::{Error, Result};

/// The function of `hash-type consistent FUNCTION`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HaproxyHash {
    /// `sdbm`: the default.
    #[default]
    Sdbm,
    /// `djb2`.
    Djb2,
    /// `wt6`.
    Wt6,
    /// `crc32`.
    Crc32,
}

impl HaproxyHash {
    fn hash(self, key: &[u8]) -> u32 {
        match self {
            Self::Sdbm => key.iter().fold(0, |hash: u32, byte| {
                hash.wrapping_mul(65_599).wrapping_add(u32::from(*byte))
            }),
            Self::Djb2 => key
                .iter()
                .fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte))),
            Self::Wt6 => wt6(key),
            Self::Crc32 => crc32(key),
        }
    }
}

/// Tarreau's hash of two halves that turn each other.
fn wt6(key: &[u8]) -> u32 {
    let (mut a, mut b) = (0xA53C_965A_u32, 0x5CA6_953A_u32);
    let (mut first, mut second) = (6, 18);
    for byte in key {
        let byte = u32::from(*byte);
        a = !(a ^ byte);
        b = !b.wrapping_add(byte);
        (a, b) = (b.rotate_left(first), a.rotate_left(second));
        let turns = (a >> 16 ^ b) & 0xFFFF;
        (first, second) = (turns & 31, turns >> 11);
    }
    a ^ b
}

/// One of Jenkins's 32-bit integer hashes with full avalanche, times 3 * 2^30 + 1.
fn avalanche(a: u32) -> u32 {
    let a = a.wrapping_add(0x7ED5_5D16).wrapping_add(a << 12);
    let a = a ^ 0xC761_C23C ^ a >> 19;
    let a = a.wrapping_add(0x1656_67B1).wrapping_add(a << 5);
    let a = a.wrapping_add(0xD3A2_646C) ^ a << 9;
    let a = a.wrapping_add(0xFD70_46C5).wrapping_add(a << 3);
    let a = a ^ 0xB55A_4F09 ^ a >> 16;
    a.wrapping_mul(3_221_225_473)
}

/// A server of a HAProxy backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HaproxyServer<'a> {
    /// What it is called. Not hashed.
    pub name: &'a str,
    /// Its `id`: if none is configured, the number of its line among the backend's `server` lines, from 1 (if no other line claims that
    /// number). This is what is hashed.
    pub id: u32,
    /// Its `weight`: 0 to 256, 1 if none is configured. One of 0 gets no keys.
    pub weight: u32,
}

/// The ring of HAProxy's `hash-type consistent`, with `hash-key id` (the default, and before 3.0 all there was).
///
/// A server has 16 points for each unit of weight. A key belongs to the *nearest* point, before or behind it.
///
/// ```
/// use hash_ring::compat::{HaproxyRing, HaproxyServer, Locate};
///
/// let servers = [("s1", 1), ("s2", 2)].map(|(name, id)| HaproxyServer { name, id, weight: 100 });
/// let ring = HaproxyRing::new(&servers)?;
/// assert_eq!(ring.locate(b"/index.html"), Some("s2"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes the hash of the key and some 5 ns; a unit of weight takes some 200 bytes: give each server a weight of 100 for a good
/// balance. Removing a server moves its keys alone, if the others keep their ids.
///
/// **Verified** with HAProxy 2.6.12: 1,000 keys and more in each case of `tests/vectors/haproxy.txt`: all functions, with and without
/// avalanche, weights, ids. Keys were hashed by `balance hdr`, which hashes all bytes of a header.
///
/// **Not matched.** `balance source`, which hashes addresses in a way of its own; `balance uri`, unless the caller cuts the URI where
/// HAProxy does; other `hash-key`s; `hash-balance-factor`; backup servers; servers whose weight was changed while HAProxy ran are matched,
/// those in slow start are not. With one server HAProxy does not hash.
#[derive(Clone, Debug)]
pub struct HaproxyRing {
    names: Box<[Box<str>]>,
    points: Points<u32>,
    hash: HaproxyHash,
    avalanche: bool,
}

impl HaproxyRing {
    /// Points of a unit of weight.
    const SCALE: u32 = 16;
    const MAX_WEIGHT: u32 = 256;

    /// The ring of `hash-type consistent` alone: SDBM with avalanche.
    ///
    /// # Errors
    /// As for [`with_hash`](Self::with_hash).
    pub fn new(servers: &[HaproxyServer<'_>]) -> Result<Self> {
        Self::with_hash(HaproxyHash::Sdbm, true, servers)
    }

    /// The ring of `hash-type consistent FUNCTION`, with or without `avalanche` behind it.
    ///
    /// # Errors
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes);
    /// [`InvalidParameter`](Error::InvalidParameter) for a weight above 256, an id of 0, or one that two servers have.
    pub fn with_hash(
        hash: HaproxyHash,
        avalanche: bool,
        servers: &[HaproxyServer<'_>],
    ) -> Result<Self> {
        let names = checked_names(servers.iter().map(|server| server.name))?;
        let mut ids = BTreeSet::new();
        let mut points = Vec::new();
        for (index, server) in servers.iter().enumerate() {
            if server.weight > Self::MAX_WEIGHT {
                return Err(Error::InvalidParameter {
                    parameter: "weight",
                    found: server.weight.to_string(),
                    allowed: "0 to 256",
                });
            }
            if server.id == 0 || !ids.insert(server.id) {
                return Err(Error::InvalidParameter {
                    parameter: "id",
                    found: server.id.to_string(),
                    allowed: "above 0, and no other server's",
                });
            }
            let base = server.id.wrapping_mul(Self::MAX_WEIGHT * Self::SCALE);
            points.extend(
                (0..server.weight * Self::SCALE)
                    .map(|point| (self::avalanche(base.wrapping_add(point)), index as u32)),
            );
        }
        super::checked_points(points.len() as u64)?;
        Ok(Self { names, points: Points::new(points, Ties::First), hash, avalanche })
    }

    /// The owner of a place on the ring, as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_hash(&self, hash: u32) -> Option<usize> {
        let position = self.points.position(hash)?;
        let [(previous, before), (next, after)] = self.points.around(position);
        let nearest =
            if hash.wrapping_sub(previous) <= next.wrapping_sub(hash) { before } else { after };
        Some(nearest as usize)
    }
}

impl Locate for HaproxyRing {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        let hash = self.hash.hash(key);
        self.locate_hash(if self.avalanche { avalanche(hash) } else { hash })
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}
