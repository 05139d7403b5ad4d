//! The cheapest hasher that is right for rivals.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

use crate::random::mix;

/// Passes a hash through, hashes strings with XXH3, and mixes what is written after something else into it.
///
/// The `maglev` crate writes a seed of 32 bits before nodes and keys: it is left out. The byte that ends a string is left out, too.
#[derive(Clone, Copy, Debug, Default)]
pub struct PassThrough(u64);

/// Makes [`PassThrough`]s.
pub type BuildPassThrough = BuildHasherDefault<PassThrough>;

impl Hasher for PassThrough {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.write_u64(xxh3_64(bytes));
    }

    #[inline]
    fn write_u8(&mut self, _: u8) {}

    #[inline]
    fn write_u32(&mut self, _: u32) {}

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = if self.0 == 0 { hash } else { mix(self.0 ^ hash) };
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher as _;

    use super::*;

    #[test]
    fn hashes_pass_and_everything_else_is_hashed() {
        let hash = |value: &dyn Fn(&mut PassThrough)| {
            let mut hasher = PassThrough::default();
            value(&mut hasher);
            hasher.finish()
        };
        assert_eq!(BuildPassThrough::default().hash_one(77_u64), 77);
        assert_eq!(BuildPassThrough::default().hash_one("name"), xxh3_64(b"name"));
        let pair = |a, b| {
            hash(&|hasher| {
                hasher.write_u64(a);
                hasher.write_u64(b);
            })
        };
        assert_ne!(pair(1, 2), pair(1, 3));
        assert_ne!(pair(1, 2), pair(2, 2));
    }
}
