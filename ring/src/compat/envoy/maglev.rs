//! Envoy's Maglev table.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use xxhash_rust::xxh64::xxh64;

use super::Hosts;
use crate::compat::Locate;
use crate::{Error, Result};

/// Numbers for the places of a table, two or four bytes each.
#[derive(Clone)]
enum Table {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Table {
    fn new(places: &[u32], hosts: usize) -> Self {
        if hosts <= 1 << 16 {
            Self::Narrow(places.iter().map(|place| *place as u16).collect())
        } else {
            Self::Wide(places.into())
        }
    }

    #[inline]
    fn get(&self, place: usize) -> u32 {
        match self {
            Self::Narrow(places) => u32::from(places[place]),
            Self::Wide(places) => places[place],
        }
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (places, width) = match self {
            Self::Narrow(places) => (places.len(), 2),
            Self::Wide(places) => (places.len(), 4),
        };
        write!(f, "{places} places of {width} bytes")
    }
}

/// Remainders without a division (Barrett 1986).
#[derive(Clone, Copy, Debug)]
struct Modulus {
    divisor: u64,
    /// 2^64 - 1 divided by the divisor.
    inverse: u64,
}

impl Modulus {
    fn new(divisor: u64) -> Self {
        Self { divisor, inverse: u64::MAX / divisor }
    }

    #[inline]
    fn of(self, number: u64) -> u64 {
        // Too low by 2 at most, since the inverse is too low by less than 1 + 1/divisor.
        let quotient = ((u128::from(number) * u128::from(self.inverse)) >> 64) as u64;
        let mut rest = number - quotient * self.divisor;
        if rest >= self.divisor {
            rest -= self.divisor;
        }
        if rest >= self.divisor {
            rest -= self.divisor;
        }
        rest
    }
}

/// The table of Envoy's `MAGLEV` (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", 2016).
///
/// ```
/// use hash_ring::compat::{EnvoyMaglev, Locate};
///
/// let table = EnvoyMaglev::new([("127.0.0.1:90", 1), ("127.0.0.1:91", 2)])?;
/// assert_eq!(table.locate(b"session-17"), Some("127.0.0.1:91"));
/// # Ok::<(), hash_ring::Error>(())
/// ```
///
/// A lookup takes XXH64 of the key, two multiplications and one load; the table takes 128 KiB (256 KiB above 65,536 hosts), however many
/// hosts there are. Removing a host moves its keys and a few others. The order in which hosts are given does not matter.
///
/// **Verified** with Envoy 1.40.0 (x86-64): 1,000 keys and all places of the table in each case of `tests/vectors/envoy.txt`, with equal
/// weights and others, and other sizes of the table; and with the tables in Envoy's own tests (envoyproxy/envoy,
/// test/extensions/load_balancing_policies/maglev/maglev_lb_test.cc).
///
/// **Not matched.** As for [`EnvoyRing`](crate::compat::EnvoyRing): localities and priorities, hosts that are not healthy, `hash_balance_factor`. The arithmetic
/// here rounds alike on every platform.
#[derive(Clone, Debug)]
pub struct EnvoyMaglev {
    names: Box<[Box<str>]>,
    table: Table,
    size: Modulus,
}

impl EnvoyMaglev {
    /// Envoy's default `table_size`.
    pub const DEFAULT_SIZE: u64 = 65_537;
    /// The largest `table_size` that Envoy allows.
    pub const MAX_SIZE: u64 = 5_000_011;

    /// The table of hosts and their weights, which go by the names of [`EnvoyRing::new`](crate::compat::EnvoyRing::new).
    ///
    /// # Errors
    /// As for [`with_size`](Self::with_size).
    pub fn new<'a>(hosts: impl IntoIterator<Item = (&'a str, u32)>) -> Result<Self> {
        Self::with_size(Self::DEFAULT_SIZE, hosts)
    }

    /// The same with another `table_size`. Takes O(`size` + hosts) if weights are equal, and O(`size` * hosts) where one host has nearly
    /// all the weight.
    ///
    /// # Errors
    /// [`DuplicateName`](Error::DuplicateName), [`NameLength`](Error::NameLength), [`TooManyNodes`](Error::TooManyNodes);
    /// [`InvalidWeight`](Error::InvalidWeight) for a weight of 0; [`InvalidParameter`](Error::InvalidParameter) for weights whose
    /// sum exceeds 32 bits, and a size that is not a prime of at most [`MAX_SIZE`](Self::MAX_SIZE).
    pub fn with_size<'a>(
        size: u64,
        hosts: impl IntoIterator<Item = (&'a str, u32)>,
    ) -> Result<Self> {
        if size > Self::MAX_SIZE || !is_prime(size) {
            return Err(Error::InvalidParameter {
                parameter: "the size of the table",
                found: size.to_string(),
                allowed: "a prime of at most 5000011",
            });
        }
        let Hosts { names, weights } = Hosts::new(hosts)?;
        let places = places(size, &names, &weights);
        Ok(Self { table: Table::new(&places, names.len()), names, size: Modulus::new(size) })
    }

    /// The owner of a hash (of what the route's `hash_policy` makes), as an index into [`nodes`](Locate::nodes).
    #[inline]
    #[must_use]
    pub fn locate_hash(&self, hash: u64) -> Option<usize> {
        if self.names.is_empty() {
            return None;
        }
        Some(self.table.get(self.size.of(hash) as usize) as usize)
    }

    /// The host of the `attempt`-th attempt to find one that a retry predicate admits. Attempt 0 is
    /// [`locate_hash`](Self::locate_hash).
    #[must_use]
    pub fn locate_attempt(&self, hash: u64, attempt: u32) -> Option<usize> {
        let flipped = if attempt == 0 { 0 } else { u64::MAX - u64::from(attempt) + 1 };
        self.locate_hash(hash ^ flipped)
    }

    /// The owners of all places of the table.
    pub fn table(&self) -> impl ExactSizeIterator<Item = usize> {
        let places = if self.names.is_empty() { 0 } else { self.size.divisor as usize };
        (0..places).map(|place| self.table.get(place) as usize)
    }
}

impl Locate for EnvoyMaglev {
    fn nodes(&self) -> &[Box<str>] {
        &self.names
    }

    /// The owner of what `hash_policy: { header }` makes of a header with the value `key`.
    fn locate_index(&self, key: &[u8]) -> Option<usize> {
        self.locate_hash(xxh64(key, 0))
    }

    fn heap_bytes(&self) -> usize {
        match &self.table {
            Table::Narrow(places) => size_of_val(&**places),
            Table::Wide(places) => size_of_val(&**places),
        }
    }
}

/// By trial division: 2^12 of them at most.
fn is_prime(number: u64) -> bool {
    number >= 2
        && (2..)
            .take_while(|divisor| divisor * divisor <= number)
            .all(|divisor| !number.is_multiple_of(divisor))
}

/// Lets hosts pick places in turn, in the order of their names: one a turn for those of the highest weight, less often for others.
fn places(size: u64, names: &[Box<str>], weights: &[f64]) -> Vec<u32> {
    const FREE: u32 = u32::MAX;
    struct Picker {
        index: u32,
        weight: f64,
        /// What its weight times the number of the turn must reach for its next pick.
        target: f64,
        next: u64,
        skip: u64,
    }
    let mut pickers: Vec<Picker> = names
        .iter()
        .zip(weights)
        .enumerate()
        .map(|(index, (name, weight))| Picker {
            index: index as u32,
            weight: *weight,
            target: 0.0,
            next: xxh64(name.as_bytes(), 0) % size,
            // A table of two places has one step, and Envoy's formula none.
            skip: xxh64(name.as_bytes(), 1) % (size - 1) + 1,
        })
        .collect();
    pickers.sort_by(|a, b| names[a.index as usize].cmp(&names[b.index as usize]));
    let heaviest = weights.iter().copied().fold(0.0, f64::max);

    let mut places = vec![FREE; if names.is_empty() { 0 } else { size as usize }];
    let mut free = places.len();
    let mut turn = 0u32;
    while free > 0 {
        turn += 1;
        for picker in &mut pickers {
            if f64::from(turn) * picker.weight < picker.target {
                continue;
            }
            picker.target += heaviest;
            while places[picker.next as usize] != FREE {
                picker.next = (picker.next + picker.skip) % size;
            }
            places[picker.next as usize] = picker.index;
            free -= 1;
            if free == 0 {
                break;
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn remainders(divisor in 1..=u64::MAX, shift in 0..64u32, number in any::<u64>()) {
            let divisor = (divisor >> shift).max(1);
            for number in [number, 0, 1, divisor - 1, divisor, u64::MAX, number / divisor * divisor] {
                prop_assert_eq!(Modulus::new(divisor).of(number), number % divisor);
            }
        }
    }

    #[test]
    fn primes() {
        let below: Vec<u64> = (0..32).filter(|number| is_prime(*number)).collect();
        assert_eq!(below, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31]);
        assert!(is_prime(EnvoyMaglev::DEFAULT_SIZE) && is_prime(EnvoyMaglev::MAX_SIZE));
    }
}
