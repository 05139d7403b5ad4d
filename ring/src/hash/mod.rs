//! From keys to 64-bit hashes.
//!
//! Every placement works on hashes, not on keys: who has one hashes nothing twice. All functions give the same numbers on every
//! platform and in every version of this crate.

pub(crate) mod crc16;
pub(crate) mod log2;
pub(crate) mod mix;
pub(crate) mod murmur3;

use core::fmt;

use md5::Digest;

/// The function that turns keys into hashes, and its seed.
///
/// Part of a placement: processes that place the same keys must agree on it.
///
/// **Chosen keys.** Who can choose keys and knows the function can choose the node that they fall on. Where that matters,
/// use [`SipHash13`](Self::SipHash13) with a secret key; a secret seed of the others only makes it harder.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyHash {
    /// XXH3, 64 bits: the fastest for keys of any length. The default, with seed 0.
    Xxh3 {
        /// The seed.
        seed: u64,
    },
    /// XXH64: what Envoy hashes hosts and keys with.
    Xxh64 {
        /// The seed.
        seed: u64,
    },
    /// The first half of MurmurHash3 x64 128: what Cassandra's `Murmur3Partitioner` starts from.
    Murmur3 {
        /// The seed.
        seed: u32,
    },
    /// SipHash-1-3 with a secret key of 128 bits: for keys that an adversary may choose.
    SipHash13 {
        /// The secret key, as two little-endian halves.
        key: [u64; 2],
    },
    /// SipHash-2-4, the slower and more conservative of the two.
    SipHash24 {
        /// The secret key, as two little-endian halves.
        key: [u64; 2],
    },
    /// The first eight bytes of MD5, little-endian: its low half is what ketama hashes keys to.
    Md5,
    /// The 14 bits of CRC-16/XMODEM that Redis Cluster calls a slot, hash tags honoured, as the *highest* bits: a placement
    /// that divides the space of hashes into 16,384 equal ranges then has Redis's slots.
    RedisSlot,
}

impl KeyHash {
    /// The hash of a key.
    #[inline]
    #[must_use]
    pub fn hash(self, key: &[u8]) -> u64 {
        match self {
            Self::Xxh3 { seed } => xxhash_rust::xxh3::xxh3_64_with_seed(key, seed),
            Self::Xxh64 { seed } => xxhash_rust::xxh64::xxh64(key, seed),
            Self::Murmur3 { seed } => murmur3::x64_128(key, seed).0,
            Self::SipHash13 { key: [a, b] } => {
                siphasher::sip::SipHasher13::new_with_keys(a, b).hash(key)
            }
            Self::SipHash24 { key: [a, b] } => {
                siphasher::sip::SipHasher24::new_with_keys(a, b).hash(key)
            }
            Self::Md5 => {
                let [a, b, c, d, e, f, g, h, ..] = md5(key);
                u64::from_le_bytes([a, b, c, d, e, f, g, h])
            }
            Self::RedisSlot => u64::from(crc16::redis_slot(key)) << 50,
        }
    }
}

impl KeyHash {
    /// What it is called where placements are written down: `xxh3`, `xxh64`, `murmur3`, `siphash-1-3`, `siphash-2-4`, `md5` or
    /// `redis-slot`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xxh3 { .. } => "xxh3",
            Self::Xxh64 { .. } => "xxh64",
            Self::Murmur3 { .. } => "murmur3",
            Self::SipHash13 { .. } => "siphash-1-3",
            Self::SipHash24 { .. } => "siphash-2-4",
            Self::Md5 => "md5",
            Self::RedisSlot => "redis-slot",
        }
    }
}

/// Without secret keys, so that they do not end up in logs: `SipHash13 { key: .. }`.
impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = format_args!("..");
        match self {
            Self::Xxh3 { seed } => f.debug_struct("Xxh3").field("seed", seed).finish(),
            Self::Xxh64 { seed } => f.debug_struct("Xxh64").field("seed", seed).finish(),
            Self::Murmur3 { seed } => f.debug_struct("Murmur3").field("seed", seed).finish(),
            Self::SipHash13 { .. } => f.debug_struct("SipHash13").field("key", &secret).finish(),
            Self::SipHash24 { .. } => f.debug_struct("SipHash24").field("key", &secret).finish(),
            Self::Md5 => f.write_str("Md5"),
            Self::RedisSlot => f.write_str("RedisSlot"),
        }
    }
}

impl Default for KeyHash {
    fn default() -> Self {
        Self::Xxh3 { seed: 0 }
    }
}

/// The MD5 digest of `bytes`.
pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    md5::Md5::digest(bytes).into()
}

/// A digest of the seed or key: another one for another seed, and no way back but to try them all.
pub(crate) fn key_check(key_hash: KeyHash) -> u64 {
    let (low, high) = match key_hash {
        KeyHash::Xxh3 { seed } | KeyHash::Xxh64 { seed } => (seed, 0),
        KeyHash::Murmur3 { seed } => (u64::from(seed), 0),
        KeyHash::SipHash13 { key: [low, high] } | KeyHash::SipHash24 { key: [low, high] } => {
            (low, high)
        }
        KeyHash::Md5 | KeyHash::RedisSlot => return 0,
    };
    siphasher::sip::SipHasher24::new_with_keys(low, high).hash(b"hash-ring: digest of a key")
}

/// The hash of a node's name, from which all that an algorithm draws for a node derives. The same whatever the keys are hashed with.
pub(crate) fn node_hash(name: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(name.as_bytes(), 0x6E6F_6465)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published vectors where there are any: the functions are other people's, the seeds and byte orders ours.
    #[test]
    fn vectors() {
        assert_eq!(KeyHash::Xxh3 { seed: 0 }.hash(b""), 0x2D06_8005_38D3_94C2);
        assert_eq!(KeyHash::Xxh64 { seed: 0 }.hash(b""), 0xEF46_DB37_51D8_E999);
        assert_eq!(KeyHash::Xxh64 { seed: 0 }.hash(b"abc"), 0x44BC_2CF5_AD77_0999);
        // MD5("") = d41d8cd98f00b204e9800998ecf8427e (RFC 1321, A.5)
        assert_eq!(
            KeyHash::Md5.hash(b""),
            u64::from_le_bytes([0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4])
        );
        // The SipHash paper's test: key 00..0f, message 00..0e.
        let key = [0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908];
        let message: [u8; 15] = core::array::from_fn(|i| i as u8);
        assert_eq!(KeyHash::SipHash24 { key }.hash(&message), 0xA129_CA61_49BE_45E5);
        // CRC-16/XMODEM's check value is 0x31C3.
        assert_eq!(KeyHash::RedisSlot.hash(b"123456789") >> 50, 0x31C3 & 0x3FFF);
    }

    #[test]
    fn keys_are_not_shown() {
        let key = [0xFACE, 12_345];
        assert_eq!(format!("{:?}", KeyHash::SipHash13 { key }), "SipHash13 { key: .. }");
        let of_a_placement = crate::Rendezvous::new(KeyHash::SipHash24 { key });
        for shown in [format!("{of_a_placement:?}"), format!("{of_a_placement:#?}")] {
            assert!(shown.contains("SipHash24"), "{shown}");
            assert!(!shown.contains("64206") && !shown.contains("12345"), "{shown}");
        }
        assert_eq!(format!("{:?}", KeyHash::Xxh3 { seed: 7 }), "Xxh3 { seed: 7 }");
        assert_eq!(format!("{:?}", KeyHash::Md5), "Md5");
    }

    #[test]
    fn seeds_and_keys_matter() {
        let variants = |n: u64| {
            [
                KeyHash::Xxh3 { seed: n },
                KeyHash::Xxh64 { seed: n },
                KeyHash::Murmur3 { seed: n as u32 },
                KeyHash::SipHash13 { key: [n, 7] },
                KeyHash::SipHash24 { key: [n, 7] },
            ]
        };
        for (a, b) in variants(1).into_iter().zip(variants(2)) {
            assert_ne!(a.hash(b"key"), b.hash(b"key"), "{a:?}");
        }
    }
}
