//! What a contestant can do.

use super::Result;
use super::case::{Case, Kind};

/// A crate in one configuration.
#[derive(Clone, Copy, Debug)]
pub struct Contestant {
    /// As measurements name it: the crate, and after a `/` what is not its default. `hash-ring` is ours.
    pub name: &'static str,
    /// Makes it with all nodes of a case: this is what "build" measures.
    pub build: for<'c> fn(&'c Case) -> Result<Built<'c>>,
}

/// A contestant with its nodes.
pub type Built<'c> = Box<dyn Placed<'c> + 'c>;

/// Nodes that have been placed.
pub trait Placed<'c> {
    /// Looks all hashes up and adds up something of every owner, so that no lookup can be left out. One dynamic call for all of them: the
    /// loop is compiled for each contestant.
    fn locate_all(&self, hashes: &[u64]) -> u64;

    /// Adds a node. Contestants that cannot are built anew.
    ///
    /// # Errors
    /// Whatever the contestant says; jump hash holds no nodes.
    #[expect(clippy::ptr_arg, reason = "some contestants borrow the very `String`")]
    fn add(&mut self, name: &'c String) -> Result<()>;

    /// Bytes that it needs to be kept elsewhere: names that it borrows.
    fn elsewhere(&self) -> usize {
        0
    }
}

impl Contestant {
    /// Whether it is ours: alone in the gates as `hash-ring`, or beside them for comparison.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.name.split('/').next() == Some(super::ours::NAME)
    }
}

/// All contestants of a kind, ours first.
#[must_use]
pub fn contestants(kind: Kind) -> Vec<Contestant> {
    #[cfg(feature = "peer-rings")]
    let rivals = super::rivals::contestants(kind);
    #[cfg(not(feature = "peer-rings"))]
    let rivals = Vec::new();
    super::ours::contestants(kind).into_iter().chain(rivals).collect()
}

/// Sums up what `owner` finds.
#[inline(always)]
pub(super) fn sum(hashes: &[u64], mut owner: impl FnMut(u64) -> usize) -> u64 {
    hashes.iter().fold(0, |sum, hash| sum.wrapping_add(owner(*hash) as u64))
}

/// Names that someone borrows.
#[cfg(feature = "peer-rings")]
pub(super) fn bytes_of<'n>(names: impl IntoIterator<Item = &'n String>) -> usize {
    names.into_iter().map(|name| size_of::<String>() + name.len()).sum()
}
