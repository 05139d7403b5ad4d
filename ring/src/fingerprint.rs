//! Whether two processes place alike: fingerprints, and stamps that say who is behind.
//!
//! A fingerprint is the XXH3 hash, 128 bits wide, of a placement's canonical description: with no adversary, two different
//! descriptions have the same one with a probability of 2^-128. It takes the description's time and memory; compare it, log it, send
//! it along with requests. The key or seed of the hash function goes into it through SipHash keyed with it, so that
//! whoever sees fingerprints does not find the key by them.

use core::fmt;

use crate::Description;
use crate::canonical::fingerprinted;

/// A digest of a placement: equal where keys go to the same nodes, by name, out of the same state.
///
/// ```
/// use hash_ring::{Algorithm, Description, KeyHash, Weight};
/// let of = |names: [&'static str; 2]| {
///     let nodes = names.map(|name| (name, Weight::ONE));
///     Description::new(Algorithm::Rendezvous, KeyHash::default(), nodes).map(|it| it.fingerprint())
/// };
/// assert_eq!(of(["a", "b"])?, of(["b", "a"])?);
/// assert_ne!(of(["a", "b"])?, of(["a", "c"])?);
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// That of a description.
    pub(crate) fn of(description: &Description) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(&fingerprinted(description)))
    }

    /// The fingerprint that another process told.
    #[must_use]
    pub const fn from_raw(raw: u128) -> Self {
        Self(raw)
    }

    /// As a number.
    #[must_use]
    pub const fn raw(self) -> u128 {
        self.0
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Which placement a process uses: what processes tell each other to find out whether they agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamp {
    /// How often the placement was changed, where all processes make the same changes in the same order.
    pub epoch: u64,
    /// What came of it.
    pub fingerprint: Fingerprint,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {} ({})", self.epoch, self.fingerprint)
    }
}

/// How the placement of this process compares with that of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// They place every key alike, whatever the epochs.
    Same,
    /// The other has seen changes that this one has not: fetch its placement, or wait.
    Behind,
    /// This one has seen changes that the other has not.
    Ahead,
    /// The same number of changes led to different placements: waiting will not help, someone has to decide.
    Diverged,
}

impl Stamp {
    /// How this compares with the stamp of another process, told by the two alone: whoever has made fewer changes is taken to be behind.
    /// A `Snapshot` (feature `shared`) knows its past and finds out more.
    #[must_use]
    pub fn compare(self, theirs: Self) -> Agreement {
        if self.fingerprint == theirs.fingerprint {
            return Agreement::Same;
        }
        match self.epoch.cmp(&theirs.epoch) {
            core::cmp::Ordering::Less => Agreement::Behind,
            core::cmp::Ordering::Equal => Agreement::Diverged,
            core::cmp::Ordering::Greater => Agreement::Ahead,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use crate::{Placement, toy::toy};

    fn stamp(epoch: u64, fingerprint: u128) -> Stamp {
        Stamp { epoch, fingerprint: Fingerprint(fingerprint) }
    }

    #[test]
    fn agreement() {
        let ours = stamp(5, 1);
        for (theirs, agreement) in [
            (stamp(5, 1), Agreement::Same),
            (stamp(9, 1), Agreement::Same),
            (stamp(9, 2), Agreement::Behind),
            (stamp(5, 2), Agreement::Diverged),
            (stamp(4, 2), Agreement::Ahead),
        ] {
            assert_eq!(ours.compare(theirs), agreement, "{theirs}");
        }
    }

    /// Golden: processes of different versions compare them.
    #[test]
    fn golden() {
        let stamp = Stamp { epoch: 7, fingerprint: toy(3).describe().fingerprint() };
        assert_eq!(stamp.to_string(), "epoch 7 (3e1470dc76cc05a1d3cf91158328a737)");
    }
}
