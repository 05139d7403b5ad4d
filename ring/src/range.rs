//! Ranges of hashes, and who owns them.

use alloc::boxed::Box;
use core::fmt;

use crate::NodeId;

/// The hashes from `first` to `last`, both included. Never empty; does not wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashRange {
    first: u64,
    last: u64,
}

impl HashRange {
    /// All hashes.
    pub const FULL: Self = Self { first: 0, last: u64::MAX };

    /// The hashes from `first` to `last`, or nothing if `last` lies before `first`.
    #[must_use]
    pub const fn new(first: u64, last: u64) -> Option<Self> {
        if first <= last { Some(Self { first, last }) } else { None }
    }

    /// The lowest hash in it.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.first
    }

    /// The highest hash in it.
    #[must_use]
    pub const fn last(self) -> u64 {
        self.last
    }

    /// How many hashes are in it: 1 to 2^64.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    #[must_use]
    pub const fn len(self) -> u128 {
        (self.last - self.first) as u128 + 1
    }

    /// Which part of all hashes that is, above 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.len() as f64 / SPACE
    }

    /// Whether `hash` is in it.
    #[must_use]
    pub const fn contains(self, hash: u64) -> bool {
        self.first <= hash && hash <= self.last
    }
}

/// How many hashes there are.
pub(crate) const SPACE: f64 = 18_446_744_073_709_551_616.0;

impl fmt::Display for HashRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}..={:016x}", self.first, self.last)
    }
}

/// A range of hashes that one node owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arc {
    /// The range.
    pub range: HashRange,
    /// Its owner.
    pub owner: NodeId,
}

/// What [`Placement::arcs`](crate::Placement::arcs) returns: arcs in ascending order that cover every hash once.
pub type Arcs<'a> = Box<dyn Iterator<Item = Arc> + 'a>;
