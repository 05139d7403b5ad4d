//! LZ4 blocks of short values.
//!
//! A value of 100 bytes costs lz4_flex 197 ns to compress here (its hash table alone is 8 KiB to clear), and the whole of
//! a put is some 500 ns. This encoder has a table of 1 KiB and does the same value in 80 ns. The format is the LZ4 block
//! format (<https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md>), so whatever reads LZ4 reads it; larger values,
//! and all decompression, are lz4_flex's.

use crate::key::common_prefix;

/// Longest input: positions fit the table's words, and beyond it a larger table finds more.
pub(super) const MAX_INPUT: usize = 4096;

/// No match begins in the last 12 bytes, and the last 5 are literals: the format says so.
const LAST_MATCH: usize = 12;
const LAST_LITERALS: usize = 5;
const MIN_MATCH: usize = 4;

const TABLE_BITS: u32 = 9;

#[inline(always)]
fn word(input: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*input.get(at..)?.first_chunk()?))
}

#[inline(always)]
fn slot(word: u32) -> usize {
    // Fibonacci hashing; the result has `TABLE_BITS` bits.
    (word.wrapping_mul(2_654_435_761) >> (32 - TABLE_BITS)) as usize
}

/// Appends the block for `input`, which must not be longer than [`MAX_INPUT`]. `None` if it would take `limit` bytes or
/// more; what was appended is then garbage.
///
/// Cost: about 0.8 ns a byte of input that does not repeat, less of what does.
pub(super) fn compress(input: &[u8], limit: usize, out: &mut Vec<u8>) -> Option<()> {
    debug_assert!(input.len() <= MAX_INPUT);
    let start = out.len();
    let mut table = [0_u16; 1 << TABLE_BITS];
    // Everything before this is in `out`.
    let mut anchor = 0;
    let last = input.len().saturating_sub(LAST_MATCH);
    let mut at = 1;
    if let Some(first) = word(input, 0) {
        table[slot(first)] = 0;
    }
    while at < last {
        // Two positions are noted and one is looked up, by turns: a repetition at any distance is met within two bytes.
        let Some(here) = word(input, at) else { break };
        let noted = std::mem::replace(&mut table[slot(here)], at as u16);
        let candidate = usize::from(noted);
        if word(input, candidate) != Some(here) || candidate >= at {
            if let Some(next) = word(input, at + 1) {
                table[slot(next)] = (at + 1) as u16;
            }
            // Faster and faster over what does not compress.
            at += 2 + ((at - anchor) >> 6);
            continue;
        }
        // Back to where the repetition begins, then on to where it ends.
        let (mut from, mut source) = (at, candidate);
        while from > anchor && source > 0 && input[from - 1] == input[source - 1] {
            (from, source) = (from - 1, source - 1);
        }
        let most = input.len() - LAST_LITERALS - at;
        let (there, here) = (&input[candidate..], &input[at..at + most]);
        let matched = common_prefix(there, here) + (at - from);
        sequence(&input[anchor..from], Some((from - source, matched)), out);
        if out.len() - start >= limit {
            return None;
        }
        at = from + matched;
        anchor = at;
        if at < last
            && let Some(before) = word(input, at - 2)
        {
            table[slot(before)] = (at - 2) as u16;
        }
    }
    sequence(&input[anchor..], None, out);
    (out.len() - start < limit).then_some(())
}

/// Appends literals and a match: distance and length.
#[inline]
fn sequence(literals: &[u8], matched: Option<(usize, usize)>, out: &mut Vec<u8>) {
    let more = matched.map_or(0, |(_, len)| len - MIN_MATCH);
    out.push(((literals.len().min(15) << 4) | more.min(15)) as u8);
    extend_length(literals.len(), out);
    out.extend_from_slice(literals);
    if let Some((distance, _)) = matched {
        out.extend_from_slice(&(distance as u16).to_le_bytes());
        extend_length(more, out);
    }
}

#[inline]
fn extend_length(len: usize, out: &mut Vec<u8>) {
    if let Some(mut rest) = len.checked_sub(15) {
        while rest >= 255 {
            out.push(255);
            rest -= 255;
        }
        out.push(rest as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn round_trip(input: &[u8]) -> Option<usize> {
        let mut block = vec![7, 7];
        compress(input, input.len(), &mut block)?;
        assert_eq!(block[..2], [7, 7]);
        let mut back = vec![0; input.len()];
        let len = lz4_flex::block::decompress_into(&block[2..], &mut back).unwrap();
        assert_eq!(&back[..len], input);
        Some(block.len() - 2)
    }

    proptest! {
        #[test]
        fn what_lz4_reads_is_what_was_written(
            pieces in vec((vec(0_u8..4, 0..40), 1_usize..40), 0..12),
            noise in vec(any::<u8>(), 0..200),
        ) {
            let mut input: Vec<u8> =
                pieces.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect();
            input.extend_from_slice(&noise);
            input.truncate(MAX_INPUT);
            round_trip(&input);
            let noisy = noise.len().min(input.len());
            input.rotate_left(noisy);
            round_trip(&input);
        }
    }

    #[test]
    fn half_compressible_values_become_little_more_than_half() {
        let half: Vec<u8> =
            (0..50_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for shift in 0..2 {
            let mut value = half[shift..].to_vec();
            value.extend_from_slice(&half[shift..]);
            assert!(round_trip(&value).unwrap() <= half.len() + 14);
        }
    }

    #[test]
    fn noise_is_left_alone_and_zeros_vanish() {
        let noise: Vec<u8> =
            (0..4096_u64).map(|i| crate::hash_key(&i.to_le_bytes()) as u8).collect();
        assert_eq!(round_trip(&noise), None);
        assert_eq!(round_trip(&noise[..12]), None);
        assert_eq!(round_trip(&[]), None);
        assert!(round_trip(&[0; MAX_INPUT]).unwrap() < 32);
        assert!(round_trip(&[0; 100]).unwrap() < 12);
    }
}
