//! MurmurHash2 and MurmurHash64A (Appleby, public domain).

fn le_word(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// MurmurHash2, 32 bits.
pub(crate) fn murmur2_32(bytes: &[u8], seed: u32) -> u32 {
    const M: u32 = 0x5BD1_E995;
    let mut h = seed ^ bytes.len() as u32;
    let (blocks, tail) = bytes.as_chunks::<4>();
    for block in blocks {
        let k = u32::from_le_bytes(*block).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ (k ^ k >> 24).wrapping_mul(M);
    }
    if !tail.is_empty() {
        h = (h ^ le_word(tail) as u32).wrapping_mul(M);
    }
    h = (h ^ h >> 13).wrapping_mul(M);
    h ^ h >> 15
}

/// MurmurHash64A: what `std::hash<std::string>` of libstdc++ is on 64-bit machines, with the seed `0xC70F6907`.
pub(crate) fn murmur2_64(bytes: &[u8], seed: u64) -> u64 {
    const M: u64 = 0xC6A4_A793_5BD1_E995;
    let mut h = seed ^ (bytes.len() as u64).wrapping_mul(M);
    let (blocks, tail) = bytes.as_chunks::<8>();
    for block in blocks {
        let k = u64::from_le_bytes(*block).wrapping_mul(M);
        h = (h ^ (k ^ k >> 47).wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        h = (h ^ le_word(tail)).wrapping_mul(M);
    }
    h = (h ^ h >> 47).wrapping_mul(M);
    h ^ h >> 47
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// The verification values of SMHasher for Murmur2 and Murmur2B: hashes of 256 prefixes of 0, 1, 2, ..., each with its own seed,
    /// hashed once more.
    #[test]
    fn smhasher_verification() {
        let key: [u8; 256] = core::array::from_fn(|i| i as u8);
        let (mut narrow, mut wide) = (Vec::new(), Vec::new());
        for length in 0..256 {
            narrow.extend(murmur2_32(&key[..length], 256 - length as u32).to_le_bytes());
            wide.extend(murmur2_64(&key[..length], 256 - length as u64).to_le_bytes());
        }
        assert_eq!(murmur2_32(&narrow, 0), 0x2786_4C1E);
        assert_eq!(murmur2_64(&wide, 0) as u32, 0x1F0D_3804);
    }
}
