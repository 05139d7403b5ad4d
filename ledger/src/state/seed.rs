//! How ids are hashed: fast, and so that nobody outside can choose ids that collide. No result ever depends on it.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Random numbers of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    low: u64,
    high: u64,
}

impl Seed {
    pub(crate) fn new() -> Self {
        let random = RandomState::new();
        Self { low: random.hash_one(1u64), high: random.hash_one(2u64) }
    }

    /// 64 bits of an id: two multiplications, folded.
    #[inline(always)]
    pub(crate) fn hash(self, id: u128) -> u64 {
        let first = fold(id as u64 ^ self.low, 0x9e37_79b9_7f4a_7c15);
        fold(first ^ (id >> 64) as u64 ^ self.high, self.low | 1)
    }

    /// 32 bits of it: what an [`Index`](super::index::Index) keeps.
    #[inline(always)]
    pub(crate) fn tag(self, id: u128) -> u32 {
        (self.hash(id) >> 32) as u32
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl BuildHasher for Seed {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { seed: *self, state: 0 }
    }
}

/// For the standard library's maps with ids as keys.
#[derive(Debug)]
pub(crate) struct IdHasher {
    seed: Seed,
    state: u64,
}

impl Hasher for IdHasher {
    fn write_u128(&mut self, id: u128) {
        self.state = self.seed.hash(id ^ u128::from(self.state));
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(*byte));
        }
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
