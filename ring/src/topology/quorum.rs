//! How many copies must answer.

use alloc::format;

use super::PreferenceList;
use crate::{Error, Result};

/// `n` copies, of which `w` must confirm a write and `r` must answer a read.
///
/// Gifford, "Weighted Voting for Replicated Data" (SOSP 1979), with one vote a copy; the N, R and W of Amazon's Dynamo (DeCandia
/// et al., SOSP 2007).
///
/// ```
/// use hash_ring::Quorum;
///
/// let quorum = Quorum::majority(3)?;
/// assert!(quorum.reads_see_writes() && quorum.writes_meet());
/// assert_eq!(quorum.failures(), 1);
/// assert!(!Quorum::new(3, 1, 1)?.reads_see_writes());
/// # Ok::<(), hash_ring::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quorum {
    n: usize,
    r: usize,
    w: usize,
}

/// What still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Survives {
    /// Reads find `r` copies.
    pub reads: bool,
    /// Writes find `w` copies.
    pub writes: bool,
}

impl Quorum {
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) unless `r` and `w` are from 1 to `n`.
    pub fn new(n: usize, r: usize, w: usize) -> Result<Self> {
        for (parameter, value) in [("r", r), ("w", w)] {
            if value == 0 || value > n {
                return Err(Error::InvalidParameter {
                    parameter,
                    found: format!("{value}, of n = {n} copies"),
                    allowed: "from 1 to n",
                });
            }
        }
        Ok(Self { n, r, w })
    }

    /// More than half of the copies, for reads and for writes.
    ///
    /// # Errors
    /// [`InvalidParameter`](Error::InvalidParameter) if `n` is 0.
    pub fn majority(n: usize) -> Result<Self> {
        let more_than_half = n / 2 + 1;
        Self::new(n, more_than_half, more_than_half)
    }

    /// How many copies there are.
    #[must_use]
    pub fn n(self) -> usize {
        self.n
    }

    /// How many copies must answer a read.
    #[must_use]
    pub fn r(self) -> usize {
        self.r
    }

    /// How many copies must confirm a write.
    #[must_use]
    pub fn w(self) -> usize {
        self.w
    }

    /// Whether every read has a copy among its answers that confirmed the last write: `r + w > n`.
    #[must_use]
    pub fn reads_see_writes(self) -> bool {
        self.r > self.n - self.w
    }

    /// Whether any two writes have a copy in common that can tell their order: `2 w > n`.
    #[must_use]
    pub fn writes_meet(self) -> bool {
        self.w > self.n - self.w
    }

    /// How many copies may be lost with reads still answered: `n - r`.
    #[must_use]
    pub fn read_failures(self) -> usize {
        self.n - self.r
    }

    /// How many copies may be lost with writes still confirmed: `n - w`.
    #[must_use]
    pub fn write_failures(self) -> usize {
        self.n - self.w
    }

    /// How many copies may be lost with all still working.
    #[must_use]
    pub fn failures(self) -> usize {
        self.read_failures().min(self.write_failures())
    }

    /// What works with `up` copies left.
    #[must_use]
    pub fn with(self, up: usize) -> Survives {
        Survives { reads: up >= self.r, writes: up >= self.w }
    }

    /// What works for a key whose copies are `list` when the domain of `level` is lost that has most of them; copies that are
    /// missing from the list count as lost.
    #[must_use]
    pub fn without_a_domain(self, list: &PreferenceList, level: usize) -> Survives {
        self.with(list.nodes().len().min(self.n) - list.worst_loss(level).min(self.n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By asking every set of copies.
    #[test]
    fn as_sets_say() {
        for n in 1..=5usize {
            for r in 1..=n {
                for w in 1..=n {
                    let quorum = Quorum::new(n, r, w).unwrap();
                    let sets = |size: usize| {
                        (0..1u32 << n).filter(move |set| set.count_ones() as usize == size)
                    };
                    let meet = |a: usize, b: usize| sets(a).all(|a| sets(b).all(|b| a & b != 0));
                    assert_eq!(quorum.reads_see_writes(), meet(r, w), "{quorum:?}");
                    assert_eq!(quorum.writes_meet(), meet(w, w), "{quorum:?}");
                    for up in 0..=n {
                        let survives = quorum.with(up);
                        assert_eq!(
                            survives.reads,
                            sets(up).all(|set| set.count_ones() as usize >= r)
                        );
                        assert_eq!(survives.reads, n - up <= quorum.read_failures());
                        assert_eq!(survives.writes, n - up <= quorum.write_failures());
                        let both = survives.reads && survives.writes;
                        assert_eq!(both, n - up <= quorum.failures());
                    }
                }
            }
        }
    }

    #[test]
    fn bad_numbers() {
        for (n, r, w) in [(0, 0, 0), (3, 0, 1), (3, 1, 0), (3, 4, 1), (3, 1, 4)] {
            assert!(Quorum::new(n, r, w).is_err());
        }
        assert!(Quorum::majority(0).is_err());
        assert_eq!(Quorum::majority(4).unwrap().w(), 3);
    }
}
