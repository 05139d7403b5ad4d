//! AnchorHash: anchorhash.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use anchorhash::{AnchorHash, Builder};

use super::address;
use super::pass_through::BuildPassThrough;
use crate::ring::Result;
use crate::ring::case::Case;
use crate::ring::contestant::{Contestant, Placed, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("anchorhash", |case| Ok(Box::new(Anchor::<RandomState>::new(case)))),
        one("anchorhash/hashed", |case| Ok(Box::new(Anchor::<BuildPassThrough>::new(case)))),
    ]
}

/// The bucket is looked up in a hash table of its own to find the node.
struct Anchor<S: BuildHasher>(AnchorHash<u64, String, S>);

impl<S: BuildHasher + Default> Anchor<S> {
    fn new(case: &Case) -> Self {
        let names = case.names.iter().cloned();
        Self(Builder::with_hasher(S::default()).with_resources(names).build(case.capacity))
    }
}

impl<'c, S: BuildHasher> Placed<'c> for Anchor<S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.0.get_resource(hash).map_or(0, address))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        Ok(self.0.add_resource(name.clone())?)
    }
}
