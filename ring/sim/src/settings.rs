//! What the command line sets for all studies.

use hash_ring::{Algorithm, Placement, Roster};

use crate::keys::Keys;
use crate::scheme::Scheme;
use crate::{Error, Result};

/// What the placements of a study are built with, and what a study may take.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What is placed.
    pub keys: Keys,
    /// The seed of keys and of all that is random.
    pub seed: u64,
    /// How much memory a study may take, in bytes.
    pub max_memory: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { keys: Keys::new(0), seed: 0, max_memory: 1 << 30 }
    }
}

impl Settings {
    /// A placement without nodes.
    ///
    /// # Errors
    /// When the library does not take the settings.
    pub fn build(&self, _algorithm: Algorithm) -> Result<Box<dyn Placement>> {
        Err(hash_ring::Error::TooManyNodes { max: 0 }.into())
    }

    /// Refuses no nodes, and more than a placement or the memory holds.
    ///
    /// # Errors
    /// [`Error::NoNodes`], [`Error::OutOfRange`], [`Error::Memory`].
    pub fn check_nodes(&self, what: &'static str, nodes: u64, _schemes: &[Scheme]) -> Result<()> {
        if nodes == 0 {
            return Err(Error::NoNodes { what });
        }
        if nodes > Roster::MAX_NODES as u64 {
            let allowed = format!("at most {}, which is what a placement holds", Roster::MAX_NODES);
            return Err(Error::OutOfRange { what, found: nodes.to_string(), allowed });
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

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
