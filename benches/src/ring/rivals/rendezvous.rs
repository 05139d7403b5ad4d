//! Highest random weight: rendezvous_hash, hrw-hash, hash-rings (plain, and CARP).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

use rendezvous_hash::{DefaultNodeHasher, IdNode, NodeHasher, RendezvousNodes};
use xxhash_rust::xxh3::xxh3_64;

use super::address;
use super::pass_through::{BuildPassThrough, PassThrough};
use crate::ring::Result;
use crate::ring::case::Case;
use crate::ring::contestant::{Contestant, Placed, bytes_of, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("rendezvous_hash", |case| {
            Ok(Box::new(List::<String, DefaultNodeHasher>::new(case, String::clone)))
        }),
        one("rendezvous_hash/hashed", |case| {
            Ok(Box::new(List::<Named, Merging>::new(case, Named::new)))
        }),
        one("hrw-hash", |case| {
            Ok(Box::new(Table::<BuildHasherDefault<hrw_hash::DefaultHasher>>::new(case, None)))
        }),
        one("hrw-hash/hashed", |case| Ok(Box::new(Table::<BuildPassThrough>::new(case, None)))),
        one("hash-rings", |case| Ok(Box::new(Borrowed::<RandomState>::new(case)))),
        one("hash-rings/hashed", |case| Ok(Box::new(Borrowed::<BuildPassThrough>::new(case)))),
        one("hash-rings/carp", |case| Ok(Box::new(Carp::<RandomState>::new(case)))),
        one("hash-rings/carp+hashed", |case| Ok(Box::new(Carp::<BuildPassThrough>::new(case)))),
    ]
}

/// rendezvous_hash: a vector of nodes, all of them sorted by score for each key.
struct List<I: Hash + PartialEq + Ord, H> {
    nodes: RendezvousNodes<IdNode<I>, H>,
    make: fn(&String) -> I,
}

/// A name with its hash, so that it need not be hashed for each key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    hash: u64,
    name: String,
}

impl Named {
    fn new(name: &String) -> Self {
        Self { hash: xxh3_64(name.as_bytes()), name: name.clone() }
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

#[derive(Clone, Copy, Default)]
struct Merging;

impl<N: Hash> NodeHasher<N> for Merging {
    #[inline]
    fn hash<T: Hash>(&self, node: &N, item: &T) -> u64 {
        let mut hasher = PassThrough::default();
        node.hash(&mut hasher);
        item.hash(&mut hasher);
        hasher.finish()
    }
}

impl<I: Hash + PartialEq + Ord, H: NodeHasher<I> + Default> List<I, H> {
    fn new(case: &Case, make: fn(&String) -> I) -> Self {
        let mut nodes = RendezvousNodes::new(H::default());
        for name in &case.names {
            nodes.insert(IdNode::new(make(name)));
        }
        Self { nodes, make }
    }
}

impl<'c, I: Hash + PartialEq + Ord, H: NodeHasher<I>> Placed<'c> for List<I, H> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.nodes.calc_candidates(&hash).next().map_or(0, address))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.nodes.insert(IdNode::new((self.make)(name)));
        Ok(())
    }
}

/// hrw-hash: a hash table of nodes with their hashes, all of them sorted by score for each key. It cannot be changed.
struct Table<'c, S> {
    case: &'c Case,
    nodes: hrw_hash::HrwNodes<String, S>,
}

impl<'c, S: BuildHasher + Default> Table<'c, S> {
    fn new(case: &'c Case, newcomer: Option<&'c String>) -> Self {
        let names = case.names.iter().chain(newcomer).cloned();
        Self { case, nodes: hrw_hash::HrwNodes::with_build_hasher(S::default(), names) }
    }
}

impl<'c, S: BuildHasher + Default> Placed<'c> for Table<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.nodes.sorted(&hash).next().map_or(0, address))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        *self = Self::new(self.case, Some(name));
        Ok(())
    }
}

/// hash-rings: a hash table of borrowed nodes with their hashes.
struct Borrowed<'c, S> {
    case: &'c Case,
    nodes: hash_rings::rendezvous::Ring<'c, String, S>,
}

impl<'c, S: BuildHasher + Default> Borrowed<'c, S> {
    fn new(case: &'c Case) -> Self {
        let mut nodes = hash_rings::rendezvous::Ring::with_hasher(S::default());
        for name in &case.names {
            nodes.insert_node(name, 1);
        }
        Self { case, nodes }
    }
}

impl<'c, S: BuildHasher> Placed<'c> for Borrowed<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| address(self.nodes.get_node(&hash)))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.nodes.insert_node(name, 1);
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}

/// hash-rings: CARP, a vector of borrowed nodes with their hashes and factors.
struct Carp<'c, S> {
    case: &'c Case,
    nodes: hash_rings::carp::Ring<'c, String, S>,
}

impl<'c, S: BuildHasher + Default> Carp<'c, S> {
    fn new(case: &'c Case) -> Self {
        let nodes = case.names.iter().map(|name| hash_rings::carp::Node::new(name, 1.0));
        let nodes = hash_rings::carp::Ring::with_hasher(S::default(), nodes.collect());
        Self { case, nodes }
    }
}

impl<'c, S: BuildHasher> Placed<'c> for Carp<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| address(self.nodes.get_node(&hash)))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.nodes.insert_node(hash_rings::carp::Node::new(name, 1.0));
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}
