//! Split-block Bloom filters, as the Parquet specification has them.
//!
//! One probe touches one 32-byte block: eight words of 32 bits, one bit each (Putze, Sanders and Singler, "Cache-, Hash- and
//! Space-Efficient Bloom Filters", 2007; salts and layout: <https://parquet.apache.org/docs/file-format/bloomfilter/>).

/// Bytes of a filter's block.
pub(crate) const BLOCK_LEN: usize = 32;

/// The specification's salts.
const SALTS: [u32; 8] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// The bit of each word that a hash sets.
#[inline]
fn mask(hash: u64) -> [u32; 8] {
    let low = hash as u32;
    SALTS.map(|salt| 1 << (low.wrapping_mul(salt) >> 27))
}

/// Which of `blocks` blocks a hash falls into.
#[inline]
fn block_of(hash: u64, blocks: u64) -> usize {
    // Below `blocks`, which is at most 2^27: lengths of blocks are 32-bit.
    (((hash >> 32) * blocks) >> 32) as usize
}

/// Whether a key with this hash may be among those that the filter was built from. `contents` that are no whole number of
/// blocks, or none, say yes: a filter may only ever save work.
#[inline]
pub(crate) fn may_contain(contents: &[u8], hash: u64) -> bool {
    let (blocks, _) = contents.as_chunks::<BLOCK_LEN>();
    let Some(block) = blocks.get(block_of(hash, blocks.len() as u64)) else {
        return true;
    };
    let (words, _) = block.as_chunks::<4>();
    // No early exit: the eight tests are two vector instructions.
    let missing = mask(hash)
        .iter()
        .zip(words)
        .fold(0, |missing, (bit, word)| missing | (bit & !u32::from_le_bytes(*word)));
    missing == 0
}

/// Blocks for a filter over `keys` keys.
pub(crate) fn blocks_for(keys: usize, bits_per_key: f32) -> usize {
    ((keys as f64 * f64::from(bits_per_key) / (BLOCK_LEN * 8) as f64).ceil() as usize).max(1)
}

/// Builds the filter over a set of hashes into `out` (cleared first).
pub(crate) fn build(hashes: &[u64], bits_per_key: f32, out: &mut Vec<u8>) {
    out.clear();
    out.resize(blocks_for(hashes.len(), bits_per_key) * BLOCK_LEN, 0);
    let (blocks, _) = out.as_chunks_mut::<BLOCK_LEN>();
    let count = blocks.len() as u64;
    for &hash in hashes {
        let (words, _) = blocks[block_of(hash, count)].as_chunks_mut::<4>();
        for (word, bit) in words.iter_mut().zip(mask(hash)) {
            *word = (u32::from_le_bytes(*word) | bit).to_le_bytes();
        }
    }
}

/// The share of absent keys that a filter of `blocks` blocks over `keys` keys lets pass.
///
/// A block's load is Poisson distributed; a block with `j` keys has each word's bit set with probability `1 - (31/32)^j`, and
/// all eight must be.
pub(crate) fn false_positive_rate(keys: usize, blocks: usize) -> f64 {
    let load = keys as f64 / blocks.max(1) as f64;
    // Loads that a table can ask for (1 bit a key or more) end far below; beyond, the answer is 1 to within the format's precision.
    if load > 512.0 {
        return 1.0;
    }
    let mut chance = (-load).exp();
    let mut rate = 0.0;
    for j in 1..2000 {
        chance *= load / f64::from(j);
        rate += chance * (1.0 - (31.0_f64 / 32.0).powi(j)).powi(8);
    }
    rate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_filled_as_the_specification_says() {
        // The specification's pseudo-code, spelled out: block_insert of x sets bit (x * salt[i]) >> 27 of word i.
        let hash = 0xdead_beef_0bad_cafe_u64;
        let mut contents = Vec::new();
        build(&[hash], 256.0 * 16.0, &mut contents);
        assert_eq!(contents.len(), 16 * BLOCK_LEN);
        // (0xdeadbeef * 16) >> 32 = 13.
        let block = &contents[13 * BLOCK_LEN..14 * BLOCK_LEN];
        let x = 0x0bad_cafe_u32;
        for (i, word) in block.chunks(4).enumerate() {
            let word = u32::from_le_bytes(word.try_into().unwrap());
            assert_eq!(word, 1 << (x.wrapping_mul(SALTS[i]) >> 27), "word {i}");
        }
        assert_eq!(contents.iter().map(|byte| byte.count_ones()).sum::<u32>(), 8);
        assert!(may_contain(&contents, hash));
    }

    #[test]
    #[cfg_attr(miri, ignore = "a statistic of millions of look-ups, and nothing unsafe")]
    fn measured_rate_is_the_stated_one() {
        for bits in [2.0_f32, 4.0, 8.0, 10.0, 12.0, 16.0] {
            let keys = 20_000_u64;
            let hashes: Vec<u64> = (0..keys).map(|i| crate::hash_key(&i.to_le_bytes())).collect();
            let mut contents = Vec::new();
            build(&hashes, bits, &mut contents);
            assert!(hashes.iter().all(|&hash| may_contain(&contents, hash)));
            let probes = 400_000_u64;
            let hits = (keys..keys + probes)
                .filter(|i| may_contain(&contents, crate::hash_key(&i.to_le_bytes())))
                .count();
            let measured = hits as f64 / probes as f64;
            let stated = false_positive_rate(hashes.len(), contents.len() / BLOCK_LEN);
            assert!(
                measured < stated * 1.3 && measured > stated / 1.3,
                "{bits} bits: {measured} against {stated}"
            );
        }
    }

    #[test]
    fn an_unusable_filter_says_yes() {
        assert!(may_contain(&[], 1));
        assert!(may_contain(&[0; 31], 1));
        assert!(!may_contain(&[0; 32], 1));
    }
}
