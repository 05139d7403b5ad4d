//! The keys of all studies.

use hash_ring::KeyHash;

/// Numbers as keys: key `i` is the number `i` in eight bytes, little-endian, as ids of users and rows are. They are hashed one by one and
/// never stored, so any number of them fits.
#[derive(Clone, Copy, Debug)]
pub struct Keys(KeyHash);

impl Keys {
    /// Keys whose hashes come from that seed.
    pub const fn new(seed: u64) -> Self {
        Self(KeyHash::Xxh3 { seed })
    }

    /// The function that hashes them.
    pub const fn key_hash(self) -> KeyHash {
        self.0
    }

    /// The hash of a key.
    pub fn hash(self, key: u64) -> u64 {
        self.0.hash(&key.to_le_bytes())
    }
}
