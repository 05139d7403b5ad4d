//! The checksum of records: CRC-32C over the record's own place and its bytes.
//!
//! Records are mostly short and never aligned. The `crc32c` crate steps byte by byte to an aligned address and interleaves
//! three streams above some hundred bytes; for short input a plain chain of unaligned 8-byte steps is faster,
//! so that is what short input gets here.

use crate::SegmentId;

/// Below this many bytes one chain of `crc32` instructions beats three interleaved ones and their combination.
#[cfg(all(target_arch = "x86_64", not(miri)))]
const SHORT: usize = 768;

/// What the checksums of a segment's records start from (`FORMAT.md`, "Records and segments"): whose record it is.
///
/// The segment's id tells the records of a recycled file from those of its earlier lives. It differs in at most 32 bits in a
/// row, which is a burst that CRC-32C never misses: an old record at its old place never checks. The database id is for bytes
/// that somebody chose: where the log ends in a recycled file, old values begin, and whoever stored them could have made
/// records of them had they known all that the checksum is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChecksumSeed(u64);

impl ChecksumSeed {
    /// For the records of a segment of a database.
    #[inline]
    #[must_use]
    pub const fn new(database_id: u64, segment: SegmentId) -> Self {
        Self(database_id ^ (segment.0 << 32))
    }

    /// For the one at `offset`.
    #[inline]
    const fn at(self, offset: u32) -> u64 {
        self.0 ^ offset as u64
    }
}

/// CRC-32C over `seed` (8 bytes, little-endian) and then `bytes`.
#[inline]
#[must_use]
pub fn seeded_crc(seed: u64, bytes: &[u8]) -> u32 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    if bytes.len() <= SHORT && std::arch::is_x86_feature_detected!("sse4.2") {
        // SAFETY: the processor has SSE 4.2, as was just asked.
        return unsafe { short(seed, bytes) };
    }
    crc32c::crc32c_append(crc32c::crc32c(&seed.to_le_bytes()), bytes)
}

/// A record's checksum word: zero means "end of log", so a checksum of zero is written as one.
#[inline]
#[must_use]
pub fn record_checksum(seed: ChecksumSeed, offset: u32, behind: &[u8]) -> u32 {
    seeded_crc(seed.at(offset), behind).max(1)
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[target_feature(enable = "sse4.2")]
fn short(seed: u64, bytes: &[u8]) -> u32 {
    use std::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u16, _mm_crc32_u32, _mm_crc32_u64};
    let mut crc = _mm_crc32_u64(u64::from(!0_u32), seed);
    let (words, mut rest) = bytes.as_chunks::<8>();
    for word in words {
        crc = _mm_crc32_u64(crc, u64::from_le_bytes(*word));
    }
    let mut crc = crc as u32;
    if let Some((word, behind)) = rest.split_first_chunk::<4>() {
        crc = _mm_crc32_u32(crc, u32::from_le_bytes(*word));
        rest = behind;
    }
    if let Some((word, behind)) = rest.split_first_chunk::<2>() {
        crc = _mm_crc32_u16(crc, u16::from_le_bytes(*word));
        rest = behind;
    }
    if let [byte] = rest {
        crc = _mm_crc32_u8(crc, *byte);
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        // RFC 3720, B.4: the seed takes the place of the first eight bytes.
        let ascending: Vec<u8> = (0..32).collect();
        let seed = u64::from_le_bytes(ascending[..8].try_into().unwrap());
        assert_eq!(seeded_crc(seed, &ascending[8..]), 0x46dd_794e);
        assert_eq!(seeded_crc(0, &[0; 24]), 0x8a91_36aa);
        assert_eq!(seeded_crc(u64::MAX, &[0xff; 24]), 0x62a8_ab43);
    }

    #[test]
    fn every_length_agrees_with_the_crate() {
        let bytes: Vec<u8> =
            (0..2_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8 ^ 0x5a).collect();
        for len in (0..800).chain([1_023, 1_999]) {
            for start in 0..2.min(bytes.len() - len) {
                let part = &bytes[start..start + len];
                let mut whole = 77_u64.to_le_bytes().to_vec();
                whole.extend_from_slice(part);
                assert_eq!(seeded_crc(77, part), crc32c::crc32c(&whole), "{len} bytes");
            }
        }
    }

    #[test]
    fn the_place_counts() {
        let at = |database, segment, offset| {
            record_checksum(ChecksumSeed::new(database, SegmentId(segment)), offset, b"abc")
        };
        assert_ne!(at(9, 1, 64), at(9, 1, 65));
        assert_ne!(at(9, 1, 64), at(9, 2, 64));
        assert_ne!(at(9, 1, 64), at(8, 1, 64));
    }
}
