//! Jump hash: jumphash, jump-consistent-hash, hash-rings. All of them are loops as published.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::pass_through::{BuildPassThrough, PassThrough};
use crate::ring::Result;
use crate::ring::contestant::{Contestant, Placed, sum};

pub fn contestants() -> Vec<Contestant> {
    let one = |name, build| Contestant { name, build };
    vec![
        one("jumphash", |case| {
            let hasher = jumphash::JumpHasher::new_with_keys(1, 2);
            Ok(Box::new(Function(move |hash| hasher.slot(&hash, case.buckets()))))
        }),
        one("jumphash/hashed", |case| {
            let hasher = jumphash::CustomJumpHasher::new(PassThrough::default());
            Ok(Box::new(Function(move |hash| hasher.slot(&hash, case.buckets()))))
        }),
        one("jump-consistent-hash", |case| {
            Ok(Box::new(Function(|hash| jump_consistent_hash::hash(hash, case.nodes()))))
        }),
        one("hash-rings", |case| Ok(Box::new(of_hash_rings::<RandomState>(case.buckets())))),
        one("hash-rings/hashed", |case| {
            Ok(Box::new(of_hash_rings::<BuildPassThrough>(case.buckets())))
        }),
    ]
}

fn of_hash_rings<S: BuildHasher + Default>(buckets: u32) -> Function<impl Fn(u64) -> u32> {
    let ring = hash_rings::jump::Ring::with_hasher(S::default(), buckets);
    Function(move |hash| ring.get_node(&hash))
}

struct Function<F>(F);

impl<F: Fn(u64) -> u32> Placed<'_> for Function<F> {
    fn locate_all(&self, hashes: &[u64]) -> u64 {
        sum(hashes, |hash| (self.0)(hash) as usize)
    }

    fn add(&mut self, _: &String) -> Result<()> {
        Err("jump hash holds no nodes".into())
    }
}

#[cfg(test)]
mod tests {
    use crate::ring::case::{Case, Kind};
    use crate::ring::contestant::contestants;

    /// Those that are given hashes are one function.
    #[test]
    fn all_are_the_published_function() {
        let case = Case::new(Kind::Jump, 100).unwrap();
        let hashes: Vec<u64> = crate::ring::hashes(5, 10_000).collect();
        let of = |name: &str| {
            let all = contestants(Kind::Jump);
            let one = all.iter().find(|one| one.name == name).unwrap();
            (one.build)(&case).unwrap().locate_all(&hashes)
        };
        let published = of("jump-consistent-hash");
        for name in ["hash-ring", "hash-ring/batch", "jumphash/hashed", "hash-rings/hashed"] {
            assert_eq!(of(name), published, "{name}");
        }
    }
}
