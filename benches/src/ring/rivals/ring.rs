//! Rings of virtual nodes: hashring, conhash, consistent_hash, hash-rings, consistent_hash_ring, ketama.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::address;
use super::pass_through::{BuildPassThrough, PassThrough};
use crate::random::mix;
use crate::ring::Result;
use crate::ring::case::Case;
use crate::ring::contestant::{Contestant, Placed, bytes_of, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("hashring", |case| Ok(Box::new(Hashring::<hashring::DefaultHashBuilder>::new(case)))),
        one("hashring/hashed", |case| Ok(Box::new(Hashring::<BuildPassThrough>::new(case)))),
        one("conhash", |case| {
            Ok(Box::new(Conhash::new(conhash::ConsistentHash::new(), case, case.random_points)))
        }),
        one("conhash/hashed", |case| {
            let ring = conhash::ConsistentHash::with_hash(first_eight_bytes);
            Ok(Box::new(Conhash::new(ring, case, case.random_points)))
        }),
        one("consistent_hash", |case| {
            Ok(Box::new(Static::new(case, consistent_hash::DefaultHash)))
        }),
        one("consistent_hash/hashed", |case| Ok(Box::new(Static::new(case, Passing)))),
        one("hash-rings", |case| Ok(Box::new(Tree::<RandomState>::new(case)))),
        one("hash-rings/hashed", |case| Ok(Box::new(Tree::<BuildPassThrough>::new(case)))),
        one("consistent_hash_ring", |case| Ok(Box::new(Sorted::<BuildFnv>::new(case)))),
        one("consistent_hash_ring/hashed", |case| Ok(Box::new(Sorted::<BuildChaining>::new(case)))),
        one("ketama", |case| Ok(Box::new(Ketama::new(case, None)))),
    ]
}

/// A virtual node: which of a node's, and which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    node: u32,
    number: u32,
}

impl Point {
    fn of_node(node: usize, points: u32) -> impl Iterator<Item = Self> {
        (0..points).map(move |number| Self { node: node as u32, number })
    }

    fn of_nodes(nodes: usize, points: u32) -> impl Iterator<Item = Self> {
        (0..nodes).flat_map(move |node| Self::of_node(node, points))
    }
}

impl Hash for Point {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Above 0, since 0 is what `mix` does not change.
        state.write_u64(mix((u64::from(self.node) << 32 | u64::from(self.number)) + 1));
    }
}

/// hashring: a sorted vector of clones of the node, searched by halving. It knows no virtual nodes: each is a node of its own.
struct Hashring<'c, S> {
    case: &'c Case,
    ring: hashring::HashRing<Point, S>,
    names: Vec<String>,
}

impl<'c, S: BuildHasher + Fresh> Hashring<'c, S> {
    fn new(case: &'c Case) -> Self {
        let mut ring = hashring::HashRing::with_hasher(S::fresh());
        ring.batch_add(Point::of_nodes(case.nodes(), case.random_points).collect());
        Self { case, ring, names: case.names.clone() }
    }
}

/// What hashring's own builder of hashers lacks: a default.
trait Fresh {
    fn fresh() -> Self;
}

impl Fresh for hashring::DefaultHashBuilder {
    fn fresh() -> Self {
        Self
    }
}

impl Fresh for BuildPassThrough {
    fn fresh() -> Self {
        Self::default()
    }
}

impl<'c, S: BuildHasher> Placed<'c> for Hashring<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.ring.get(&hash).map_or(0, |point| point.node as usize))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        let points = Point::of_node(self.names.len(), self.case.random_points).collect();
        self.ring.batch_add(points);
        self.names.push(name.clone());
        Ok(())
    }
}

/// conhash: a B-tree from digests in vectors to clones of the node.
struct Conhash {
    ring: conhash::ConsistentHash<Shared>,
    points: usize,
}

#[derive(Clone)]
struct Shared(Arc<str>);

impl conhash::Node for Shared {
    fn name(&self) -> String {
        self.0.to_string()
    }
}

/// Eight bytes are a hash already; virtual nodes have longer names.
fn first_eight_bytes(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() == 8 { bytes.to_vec() } else { xxh3_64(bytes).to_be_bytes().to_vec() }
}

impl Conhash {
    fn new(mut ring: conhash::ConsistentHash<Shared>, case: &Case, points: u32) -> Self {
        let points = points as usize;
        for name in &case.names {
            ring.add(&Shared(name.as_str().into()), points);
        }
        Self { ring, points }
    }
}

impl<'c> Placed<'c> for Conhash {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| {
            self.ring.get(&hash.to_be_bytes()).map_or(0, |Shared(name)| address(&**name))
        })
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.ring.add(&Shared(name.as_str().into()), self.points);
        Ok(())
    }
}

/// consistent_hash: a sorted vector of references to nodes, searched by halving. It cannot be changed but by taking nodes out.
struct Static<'c, H> {
    case: &'c Case,
    ring: consistent_hash::StaticHashRing<'c, String, (), H>,
    hash: H,
}

/// With hashes passed through.
#[derive(Clone, Copy)]
struct Passing;

impl consistent_hash::RingHash for Passing {
    fn hash_item<T: Hash>(&self, item: &T) -> u64 {
        let mut hasher = PassThrough::default();
        item.hash(&mut hasher);
        hasher.finish()
    }
}

impl<'c, H: consistent_hash::RingHash + Copy> Static<'c, H> {
    fn new(case: &'c Case, hash: H) -> Self {
        Self { case, ring: Self::ring(case, hash, None), hash }
    }

    fn ring(
        case: &'c Case,
        hash: H,
        newcomer: Option<&'c String>,
    ) -> consistent_hash::StaticHashRing<'c, String, (), H> {
        let points = case.random_points as usize;
        let nodes = case.names.iter().chain(newcomer);
        let nodes = nodes.map(|name| consistent_hash::Node::new(name.clone()).quantity(points));
        consistent_hash::StaticHashRing::new(hash, nodes)
    }
}

impl<'c, H: consistent_hash::RingHash + Copy> Placed<'c> for Static<'c, H> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.ring.calc_candidates(&hash).next().map_or(0, address))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.ring = Self::ring(self.case, self.hash, Some(name));
        Ok(())
    }
}

/// hash-rings: a B-tree from hashes to borrowed nodes.
struct Tree<'c, S> {
    case: &'c Case,
    ring: hash_rings::consistent::Ring<'c, String, S>,
}

impl<'c, S: BuildHasher + Default> Tree<'c, S> {
    fn new(case: &'c Case) -> Self {
        let mut ring = hash_rings::consistent::Ring::with_hasher(S::default());
        for name in &case.names {
            ring.insert_node(name, case.random_points as usize);
        }
        Self { case, ring }
    }
}

impl<'c, S: BuildHasher> Placed<'c> for Tree<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| address(self.ring.get_node(&hash)))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.ring.insert_node(name, self.case.random_points as usize);
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}

/// consistent_hash_ring: a sorted vector of clones of the node, searched by halving.
///
/// It inserts points one by one, each with a move of all that are behind, which takes hours for the four million points of 1000
/// nodes. So its virtual nodes are not used: each point is a node of its own, and they are inserted in ascending order of their
/// hashes, which moves nothing. To add a node is to begin anew, since it is the faster way.
struct Sorted<'c, S> {
    case: &'c Case,
    ring: consistent_hash_ring::Ring<Point, S>,
    names: Vec<String>,
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): what consistent_hash_ring hashes with unless told otherwise.
#[derive(Clone, Copy)]
struct Fnv(u64);

#[derive(Clone, Copy, Default)]
struct BuildFnv;

impl BuildHasher for BuildFnv {
    type Hasher = Fnv;

    fn build_hasher(&self) -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Passes through what is a hash (signed, so that they can be told apart) and mixes what consistent_hash_ring makes of hashes: were they passed
/// through, too, it would take the first virtual node for the second, and remove it.
#[derive(Clone, Copy, Default)]
struct Chaining(u64);

#[derive(Clone, Copy, Default)]
struct BuildChaining;

impl BuildHasher for BuildChaining {
    type Hasher = Chaining;

    fn build_hasher(&self) -> Chaining {
        Chaining(0)
    }
}

impl Hasher for Chaining {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = mix(hash);
    }

    #[inline]
    fn write_i64(&mut self, hash: i64) {
        self.0 = hash.cast_unsigned();
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

impl<'c, S: BuildHasher + Default> Sorted<'c, S> {
    fn new(case: &'c Case) -> Self {
        let ring = Self::ring(case, case.nodes());
        Self { case, ring, names: case.names.clone() }
    }

    fn ring(case: &Case, nodes: usize) -> consistent_hash_ring::Ring<Point, S> {
        let hasher = S::default();
        let mut points: Vec<(u64, Point)> = Point::of_nodes(nodes, case.random_points)
            .map(|point| (hasher.hash_one(point), point))
            .collect();
        points.sort_unstable_by_key(|(hash, _)| *hash);
        let mut ring = consistent_hash_ring::RingBuilder::new(hasher).vnodes(1).build();
        ring.extend(points.into_iter().map(|(_, point)| point));
        ring
    }
}

impl<'c, S: BuildHasher + Default> Placed<'c> for Sorted<'c, S> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| {
            self.ring.try_get(hash.cast_signed()).map_or(0, |point| point.node as usize)
        })
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        self.names.push(name.clone());
        self.ring = Self::ring(self.case, self.names.len());
        Ok(())
    }
}

/// ketama: a sorted slice of 32-bit positions, searched by halving; keys are hashed with MD5. It returns the number of the node and keeps
/// no names. Points come in multiples of 160.
struct Ketama<'c> {
    case: &'c Case,
    ring: ketama::Ring,
}

impl<'c> Ketama<'c> {
    fn new(case: &'c Case, newcomer: Option<&'c String>) -> Self {
        let weight = case.random_points.div_ceil(160);
        let nodes = case.names.iter().chain(newcomer);
        let builder = nodes.fold(ketama::RingBuilder::new(), |all, name| all.node(name, weight));
        Self { case, ring: builder.build() }
    }
}

impl<'c> Placed<'c> for Ketama<'c> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| self.ring.route(&hash.to_le_bytes()))
    }

    fn add(&mut self, name: &'c String) -> Result<()> {
        *self = Self::new(self.case, Some(name));
        Ok(())
    }

    fn elsewhere(&self) -> usize {
        bytes_of(&self.case.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::case::Kind;

    /// The hasher that stands in for consistent_hash_ring's own gives what that gives, and points that were inserted in order are all
    /// there.
    #[test]
    fn consistent_hash_ring_is_what_it_was() {
        let mut case = Case::new(Kind::Ring, 10).unwrap();
        case.random_points = 7;
        let ours = Sorted::<BuildFnv>::new(&case);
        let mut theirs = consistent_hash_ring::RingBuilder::default().vnodes(1).build();
        theirs.extend(Point::of_nodes(10, 7));
        assert_eq!(ours.ring.vnodes(), 70);
        assert_eq!(theirs.vnodes(), 70);
        let chained = Sorted::<BuildChaining>::new(&case);
        assert_eq!(chained.ring.vnodes(), 70);
        for hash in crate::ring::hashes(1, 1000) {
            let hash = hash.cast_signed();
            assert_eq!(ours.ring.try_get(hash), theirs.try_get(hash));
        }
    }
}
