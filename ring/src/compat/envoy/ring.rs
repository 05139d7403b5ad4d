//! Envoy's ring.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::RangeInclusive;

use xxhash_rust::xxh64::xxh64;

use super::Hosts;
use crate::compat::Locate;
use crate::compat::murmur2::murmur2_64;
use crate::compat::points::{Points, Ties};
use crate::{Error, Result};

/// The function that makes the points of an [`EnvoyRing`]. Keys are hashed with XXH64 whichever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnvoyHash {
    /// `XX_HASH`: the default.
    #[default]
    XxHash,
    /// `MURMUR_HASH_2`: that of `std::hash<std::string>` in libstdc++.
    Murmur2,
}

impl EnvoyHash {
    fn hash(self, text: &[u8]) -> u64 {
        match self {
            Self::XxHash => xxh64(text, 0),
            Self::Murmur2 => murmur2_64(text, 0xC70F_6907),
        }
    }
}

/// The ring of Envoy's `RING_HASH`.
///
/// ```
/// use hash_ring::compat::{EnvoyRing, Locate};
///
/// let ring = EnvoyRing::new([("127.0.0.1:90", 1), ("127.0.0.1:91", 2)])?;
/// assert_eq!(ring.locate(b"session-17"), Some("127.0.0.1:90"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes XXH64 of the key and some 5 ns; a point takes some 24 bytes. Removing a host moves its keys and, where weights or
/// the sizes of the ring make the hosts' numbers of points change, others.
///
/// **Verified** with Envoy 1.40.0 (x86-64): 1,000 keys and all points of each case of `tests/vectors/envoy.txt`: equal weights and others,
/// sizes of the ring that divide and that do not, both hash functions; and with the rings in Envoy's own tests (envoyproxy/envoy,
/// test/extensions/load_balancing_policies/ring_hash/ring_hash_lb_test.cc).
///
/// **Not matched.** Localities and priorities: give the hosts of one priority, and if it balances by locality weights too, see there how
/// it multiplies them. Hosts that are not healthy: leave them out. `hash_balance_factor`. Where a compiler contracts a
/// multiplication and an addition to one operation (Envoy for ARM may be built so), weights that divide nothing evenly may give a host
/// a point more or less than here.
#[derive(Clone, Debug)]
pub struct EnvoyRing {
    names: Box<[Box<str>]>,
    points: Points<u64>,
}

impl EnvoyRing {
    /// Envoy's default `minimum_ring_size` and `maximum_ring_size`.
    pub const DEFAULT_SIZES: RangeInclusive<u64> = 1024..=Self::MAX_SIZE;
    /// The largest ring that Envoy allows.
    pub const MAX_SIZE: u64 = 8 * 1024 * 1024;

    /// The ring of hosts and their weights (`load_balancing_weight`, 1 if there is none), in the order in which Envoy has them, with
    /// Envoy's defaults.
    ///
    /// A host goes by what Envoy hashes: its address (`10.0.0.1:8080`, `[::1]:8080`, the path of a socket), with
    /// `use_hostname_for_hashing` its hostname, or its `hash_key` in the metadata `envoy.lb` if it has one.
    ///
    /// # Errors
    /// As for [`with_sizes`](Self::with_sizes).
    pub fn new<'a>(hosts: impl IntoIterator<Item = (&'a str, u32)>) -> Result<Self> {
        Self::with_sizes(EnvoyHash::XxHash, Self::DEFAULT_SIZES, hosts)
    }

    /// The same with another `hash_function`, and with `sizes` from `minimum_ring_size` to `maximum_ring_size`.
    ///
    /// # Errors
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes);
    /// [`InvalidWeight`](Error::InvalidWeight) for a weight of 0; [`InvalidParameter`](Error::InvalidParameter) for weights whose
    /// sum exceeds 32 bits, and sizes that are 0, above [`MAX_SIZE`](Self::MAX_SIZE), or the wrong way around.
    pub fn with_sizes<'a>(
        hash: EnvoyHash,
        sizes: RangeInclusive<u64>,
        hosts: impl IntoIterator<Item = (&'a str, u32)>,
    ) -> Result<Self> {
        let (minimum, maximum) = (*sizes.start(), *sizes.end());
        if minimum == 0 || maximum > Self::MAX_SIZE || sizes.is_empty() {
            return Err(Error::InvalidParameter {
                parameter: "sizes of the ring",
                found: format!("{minimum} to {maximum}"),
                allowed: "1 to 8388608, the lower one first",
            });
        }
        let Hosts { names, weights } = Hosts::new(hosts)?;
        let lightest = weights.iter().copied().fold(1.0, f64::min);
        // So many points in all that the lightest host has a whole number of them.
        let scale = (ceil(lightest * minimum as f64) / lightest).min(maximum as f64);

        let mut points = Vec::with_capacity(ceil(scale) as usize);
        let (mut made, mut due) = (0.0, 0.0);
        let mut text = String::new();
        for (index, (name, weight)) in names.iter().zip(&weights).enumerate() {
            text.clear();
            text.push_str(name);
            text.push('_');
            let start = text.len();
            due += scale * weight;
            let mut number = 0u64;
            while made < due {
                text.truncate(start);
                // Writing to a string cannot fail.
                let _ = write!(text, "{number}");
                points.push((hash.hash(text.as_bytes()), index as u32));
                number += 1;
                made += 1.0;
            }
        }
        Ok(Self { names, points: Points::new(points, Ties::First) })
    }

    /// The owner of a hash (of what the route's `hash_policy` makes), as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_hash(&self, hash: u64) -> Option<usize> {
        self.points.owner(hash).map(|owner| owner as usize)
    }

    /// The host of the `attempt`-th attempt to find one that a retry predicate admits: the owner of a point further on. Attempt 0 is
    /// [`locate_hash`](Self::locate_hash).
    #[must_use]
    pub fn locate_attempt(&self, hash: u64, attempt: u32) -> Option<usize> {
        let position = self.points.position(hash)?;
        Some(self.points.further(position, attempt as usize) as usize)
    }

    /// The points of the ring in ascending order, each with the index of its owner.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (u64, usize)> {
        self.points.iter().map(|(point, owner)| (point, owner as usize))
    }
}

impl Locate for EnvoyRing {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    /// The owner of what `hash_policy: { header }` makes of a header with the value `key`.
    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        self.locate_hash(xxh64(key, 0))
    }

    fn heap_bytes(&self) -> usize {
        self.points.heap_bytes()
    }
}

/// `x` rounded up; `x` is from 0 to 2^52.
fn ceil(x: f64) -> f64 {
    let down = x as u64 as f64;
    if down < x { down + 1.0 } else { down }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_up() {
        for (x, up) in
            [(0.0, 0.0), (0.1, 1.0), (1.0, 1.0), (1023.999, 1024.0), (8_388_608.0, 8_388_608.0)]
        {
            assert_eq!(ceil(x), up);
        }
    }
}
