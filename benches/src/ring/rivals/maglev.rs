//! Maglev tables: maglev, hash-rings. Neither can be changed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasher, BuildHasherDefault};

use maglev::ConsistentHasher as _;

use super::address;
use super::pass_through::BuildPassThrough;
use crate::ring::Result;
use crate::ring::case::Case;
use crate::ring::contestant::{Contestant, Placed, bytes_of, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("maglev", |case| {
            Ok(Box::new(Maglev::<BuildHasherDefault<DefaultHasher>>::new(case, None)))
        }),
        one("maglev/hashed", |case| Ok(Box::new(Maglev::<BuildPassThrough>::new(case, None)))),
        one("hash-rings", |case| Ok(Box::new(OfHashRings::new(case, None)))),
    ]
}

struct Maglev<'c, S> {
    case: &'c Case,
    table: maglev::Maglev<String, S>,
}

impl<'c, S: BuildHasher + Default> Maglev<'c, S> {
    fn new(case: &'c Case, newcomer: Option<&'c String>) -> Self {
        let names = case.names.iter().chain(newcomer).cloned();
        let slots = case.slots as usize;
        let table = maglev::Maglev::with_capacity_and_hasher(names, slots, S::default());
        Self { case, table }
    }
}

impl<'c, S: BuildHasher + Default> Placed<'c> for Maglev<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.table.get(&hash).map_or(0, address))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        *self = Self::new(self.case, Some(name));
        Ok(())
    }
}

/// Hashes keys with SipHash whatever they are.
struct OfHashRings<'c> {
    case: &'c Case,
    table: hash_rings::maglev::Ring<'c, String>,
}

impl<'c> OfHashRings<'c> {
    fn new(case: &'c Case, newcomer: Option<&'c String>) -> Self {
        let names = case.names.iter().chain(newcomer).collect();
        let slots = case.slots as usize;
        Self { case, table: hash_rings::maglev::Ring::with_capacity_hint(names, slots) }
    }
}

impl<'c> Placed<'c> for OfHashRings<'c> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| address(self.table.get_node(&hash)))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        *self = Self::new(self.case, Some(name));
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}
