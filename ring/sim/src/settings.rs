//! What the command line sets for all studies.

use hash_ring::{
    Algorithm, Anchor, Dx, Jump, JumpBack, Maglev, MaglevBuild, Memento, MultiProbe, Placement,
    Rendezvous, Ring, Roster, Skeleton, Slots, Straw2, Tokens, Weight,
};

use crate::keys::Keys;
use crate::scheme::Scheme;
use crate::{Error, Result};

/// Points of a node on a ring, if they are allocated.
pub const ALLOCATED: u32 = 32;
/// Points of a node on a ring, if they are random: as many as ketama has.
pub const RANDOM: u32 = 160;

/// Bytes of a point on a ring, and of what it takes to build it.
const POINT_BYTES: u64 = 48;

/// What the placements of a study are built with, and what a study may take.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What is placed.
    pub keys: Keys,
    /// The points of a ring.
    pub tokens: Tokens,
    /// The most nodes that there will be, if that is more than at first.
    pub most_nodes: u64,
    /// Levels of failure domains, for the algorithm that places keys by them; names of nodes are paths then.
    pub levels: &'static [&'static str],
    /// The seed of keys and of all that is random.
    pub seed: u64,
    /// How much memory a study may take, in bytes.
    pub max_memory: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keys: Keys::new(0),
            tokens: Tokens::Allocated(ALLOCATED),
            most_nodes: 0,
            levels: &[],
            seed: 0,
            max_memory: 1 << 30,
        }
    }
}

impl Settings {
    /// A placement of nodes that join one after the other.
    ///
    /// # Errors
    /// When the library does not take the settings or the nodes.
    pub fn build(
        &self,
        algorithm: Algorithm,
        nodes: &[(String, Weight)],
    ) -> Result<Box<dyn Placement>> {
        let key_hash = self.keys.key_hash();
        // Room for the nodes to double, for algorithms whose buckets are decided on when they are built.
        let most = self.most_nodes.max(nodes.len() as u64);
        let capacity = (2 * most).clamp(16, Roster::MAX_NODES as u64) as usize;
        let nodes = nodes.iter().map(|(name, weight)| (name.as_str(), *weight));
        Ok(match algorithm {
            // At once: one after the other costs the whole ring each time.
            Algorithm::Ring => Box::new(Ring::with_nodes(self.tokens, key_hash, nodes)?),
            Algorithm::Jump => with(Jump::new(key_hash), nodes)?,
            Algorithm::JumpBack => with(JumpBack::new(key_hash), nodes)?,
            Algorithm::Anchor => with(Anchor::new(capacity, key_hash)?, nodes)?,
            Algorithm::Memento => with(Memento::new(key_hash), nodes)?,
            Algorithm::Dx => with(Dx::with_capacity(capacity, key_hash)?, nodes)?,
            Algorithm::Rendezvous => with(Rendezvous::new(key_hash), nodes)?,
            Algorithm::Skeleton => with(Skeleton::new(key_hash), nodes)?,
            Algorithm::Maglev => {
                let (size, build) = (Maglev::SIZE, MaglevBuild::default());
                Box::new(Maglev::of_nodes(size, build, key_hash, nodes)?)
            }
            Algorithm::MultiProbe => with(MultiProbe::new(key_hash), nodes)?,
            Algorithm::Slots => with(Slots::new(key_hash), nodes)?,
            Algorithm::Straw2 => with(Straw2::with_levels(self.levels, key_hash)?, nodes)?,
            newer => return Err(Error::NotKnownHere { algorithm: newer }),
        })
    }

    /// Refuses no nodes, and more than a placement or the memory holds.
    ///
    /// # Errors
    /// [`Error::NoNodes`], [`Error::OutOfRange`], [`Error::Memory`].
    pub fn check_nodes(&self, what: &'static str, nodes: u64, schemes: &[Scheme]) -> Result<()> {
        if nodes == 0 {
            return Err(Error::NoNodes { what });
        }
        at_most(what, nodes, Roster::MAX_NODES as u64)?;
        let points = match self.tokens {
            Tokens::Random(count) | Tokens::Allocated(count) => u64::from(count) * nodes,
            _ => 0,
        };
        if schemes.contains(&Scheme::RING) {
            self.check_points(points, &format!("{points} points of two rings of {nodes} nodes"))?;
        }
        Ok(())
    }

    /// Refuses more points than two rings may have.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn check_points(&self, points: u64, what: &str) -> Result<()> {
        let bytes = points.saturating_mul(2 * POINT_BYTES);
        self.check_memory("this study", &[(what.to_owned(), bytes)])
    }

    /// Refuses what would take more memory than allowed: the sum of named parts, in bytes.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn check_memory(&self, what: &'static str, parts: &[(String, u64)]) -> Result<()> {
        let needed = parts.iter().fold(0_u64, |sum, (_, bytes)| sum.saturating_add(*bytes));
        if needed <= self.max_memory {
            return Ok(());
        }
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        let part = |(name, bytes): &(String, u64)| format!("{name}: {} MiB", mib(*bytes));
        Err(Error::Memory {
            what,
            needed: mib(needed),
            limit: self.max_memory >> 20,
            made_of: parts.iter().map(part).collect::<Vec<_>>().join(", "),
        })
    }
}

/// A placement that nodes have joined.
fn with<'n, P: Placement + Clone + 'static>(
    mut placement: P,
    nodes: impl Iterator<Item = (&'n str, Weight)>,
) -> Result<Box<dyn Placement>> {
    for (name, weight) in nodes {
        placement.add(name, weight)?;
    }
    Ok(Box::new(placement))
}

/// A number from 1 to `most`.
///
/// # Errors
/// [`Error::OutOfRange`].
pub fn at_most(what: &'static str, found: u64, most: u64) -> Result<u64> {
    if (1..=most).contains(&found) {
        return Ok(found);
    }
    Err(Error::OutOfRange { what, found: found.to_string(), allowed: format!("1 to {most}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_built() {
        let nodes = [("a".to_owned(), Weight::ONE), ("b".to_owned(), Weight::ONE)];
        for algorithm in Algorithm::ALL {
            let placement = Settings::default().build(algorithm, &nodes).unwrap();
            assert_eq!((placement.algorithm(), placement.roster().len()), (algorithm, 2));
        }
    }

    #[test]
    fn memory_is_refused_with_its_parts() {
        let settings = Settings { max_memory: 2 << 20, ..Settings::default() };
        let parts = |a, b| [("caches".to_owned(), a), ("owners".to_owned(), b)];
        settings.check_memory("it", &parts(1 << 20, 1 << 20)).unwrap();
        let why = settings.check_memory("it", &parts(1 << 20, (1 << 20) + 1)).unwrap_err();
        assert_eq!(
            why.to_string(),
            "it would take some 3 MiB of memory (caches: 1 MiB, owners: 2 MiB), more than 2 MiB; ask for fewer, or raise --max-memory-mib"
        );
        assert!(settings.check_memory("it", &parts(u64::MAX, u64::MAX)).is_err());
    }
}
