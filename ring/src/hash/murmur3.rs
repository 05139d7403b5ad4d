//! MurmurHash3 x64 128 (Appleby, public domain).

const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

fn finalise(mut k: u64) -> u64 {
    k = (k ^ k >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    k = (k ^ k >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    k ^ k >> 33
}

fn half(k: u64, first: u64, turn: u32, second: u64) -> u64 {
    k.wrapping_mul(first).rotate_left(turn).wrapping_mul(second)
}

/// Up to eight bytes, little-endian, filled up with zeros.
fn word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// [`word`] with each byte taken for a signed number.
fn signed_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 ^ *byte as i8 as u64)
}

/// Both halves of the hash.
#[inline]
pub(crate) fn x64_128(bytes: &[u8], seed: u32) -> (u64, u64) {
    with_tail(bytes, seed, word)
}

/// Both halves of Cassandra's variant, with seed 0: the bytes of the last, incomplete block are sign-extended.
pub(crate) fn x64_128_signed_tail(bytes: &[u8]) -> (u64, u64) {
    with_tail(bytes, 0, signed_word)
}

#[inline]
fn with_tail(bytes: &[u8], seed: u32, tail_word: impl Fn(&[u8]) -> u64) -> (u64, u64) {
    let (mut h1, mut h2) = (u64::from(seed), u64::from(seed));
    let mut blocks = bytes.chunks_exact(16);
    for block in &mut blocks {
        h1 ^= half(word(&block[..8]), C1, 31, C2);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52DC_E729);
        h2 ^= half(word(&block[8..]), C2, 33, C1);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5AB5);
    }
    let tail = blocks.remainder();
    let (low, high) = tail.split_at(tail.len().min(8));
    h2 ^= half(tail_word(high), C2, 33, C1);
    h1 ^= half(tail_word(low), C1, 31, C2);
    h1 ^= bytes.len() as u64;
    h2 ^= bytes.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finalise(h1);
    h2 = finalise(h2);
    h1 = h1.wrapping_add(h2);
    (h1, h2.wrapping_add(h1))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// The verification value of SMHasher: hashes of 256 prefixes of 0, 1, 2, ..., each with its own seed, hashed once more.
    #[test]
    fn smhasher_verification() {
        let key: [u8; 256] = core::array::from_fn(|i| i as u8);
        let mut hashes = Vec::new();
        for length in 0..256 {
            let (low, high) = x64_128(&key[..length], 256 - length as u32);
            hashes.extend(low.to_le_bytes());
            hashes.extend(high.to_le_bytes());
        }
        assert_eq!(x64_128(&hashes, 0).0 as u32, 0x6384_BA69);
    }
}
