//! The algorithms by name.

use alloc::string::ToString;
use core::fmt;
use core::str::FromStr;

use crate::{Error, Result};

/// Which algorithm a placement follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// A ring of virtual nodes: [`Ring`](crate::Ring).
    Ring,
    /// Jump consistent hash as published: [`Jump`](crate::Jump).
    Jump,
    /// Jump hash in constant time: [`JumpBack`](crate::JumpBack).
    JumpBack,
    /// Highest random weight, every node asked: [`Rendezvous`](crate::Rendezvous).
    Rendezvous,
    /// Rendezvous over a tree of virtual groups: [`Skeleton`](crate::Skeleton).
    Skeleton,
    /// Maglev's lookup table: [`Maglev`](crate::Maglev).
    Maglev,
    /// AnchorHash: [`Anchor`](crate::Anchor).
    Anchor,
    /// MementoHash: [`Memento`](crate::Memento).
    Memento,
    /// DxHash: [`Dx`](crate::Dx).
    Dx,
    /// Multi-probe consistent hashing: [`MultiProbe`](crate::MultiProbe).
    MultiProbe,
    /// A fixed number of slots, assigned explicitly: [`Slots`](crate::Slots).
    Slots,
    /// CRUSH's straw2 choice down a topology: [`Straw2`](crate::Straw2).
    Straw2,
}

impl Algorithm {
    /// All of them, in the order of the front page's table.
    pub const ALL: [Self; 12] = [
        Self::Ring,
        Self::Jump,
        Self::JumpBack,
        Self::Rendezvous,
        Self::Skeleton,
        Self::Maglev,
        Self::Anchor,
        Self::Memento,
        Self::Dx,
        Self::MultiProbe,
        Self::Slots,
        Self::Straw2,
    ];

    /// Its name on a command line: lower case, words joined by `-`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Jump => "jump",
            Self::JumpBack => "jump-back",
            Self::Rendezvous => "rendezvous",
            Self::Skeleton => "skeleton",
            Self::Maglev => "maglev",
            Self::Anchor => "anchor",
            Self::Memento => "memento",
            Self::Dx => "dx",
            Self::MultiProbe => "multi-probe",
            Self::Slots => "slots",
            Self::Straw2 => "straw2",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
            Error::InvalidParameter {
                parameter: "algorithm",
                found: name.to_string(),
                allowed: "one of ring, jump, jump-back, rendezvous, skeleton, maglev, anchor, memento, dx, multi-probe, slots, \
                          straw2",
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_listed() {
        let unknown = "no-such".parse::<Algorithm>().unwrap_err().to_string();
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert!(unknown.contains(algorithm.name()), "{unknown}");
        }
    }
}
