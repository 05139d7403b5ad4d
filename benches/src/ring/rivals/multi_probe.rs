//! Multi-probe consistent hashing: mpchash, hash-rings. Both hash keys themselves, with XXH3 and with SipHash.

use std::collections::hash_map::RandomState;

use super::address;
use crate::ring::Result;
use crate::ring::case::Case;
use crate::ring::contestant::{Contestant, Placed, bytes_of, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("mpchash", |case| Ok(Box::new(SkipList::new(case)))),
        one("hash-rings", |case| Ok(Box::new(Tree::new(case)))),
    ]
}

/// mpchash: 23 probes of a concurrent skip list.
struct SkipList(mpchash::HashRing<String>);

impl SkipList {
    fn new(case: &Case) -> Self {
        let ring = mpchash::HashRing::new();
        for name in &case.names {
            ring.add(name.clone());
        }
        Self(ring)
    }
}

impl<'c> Placed<'c> for SkipList {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.0.node(&hash).map_or(0, |token| address(token.node())))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.0.add(name.clone());
        Ok(())
    }
}

/// hash-rings: probes of a B-tree of borrowed nodes.
struct Tree<'c> {
    case: &'c Case,
    ring: hash_rings::mpc::Ring<'c, String, RandomState>,
}

impl<'c> Tree<'c> {
    fn new(case: &'c Case) -> Self {
        let mut ring = hash_rings::mpc::Ring::new(u64::from(case.probes));
        for name in &case.names {
            ring.insert_node(name);
        }
        Self { case, ring }
    }
}

impl<'c> Placed<'c> for Tree<'c> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| address(self.ring.get_node(&hash)))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.ring.insert_node(name);
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}
