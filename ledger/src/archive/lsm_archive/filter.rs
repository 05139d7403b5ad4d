//! Which ids are certainly not in the archive, by one cache line of memory.
//!
//! Every new transfer is asked for before it happens, and nearly none is there: what answers that has to be cheaper than a look-up. A split block Bloom filter
//! (Putze, Sanders, Singler 2007; as in Parquet) of a fixed size: with 10 bits an id one look-up in 100 is made in vain, with 5 one in 8.

use std::sync::atomic::{AtomicU64, Ordering};

/// Words of a block: one cache line.
const WORDS: usize = 8;
/// One for each word: odd, from the digits of pi.
const SALTS: [u64; WORDS] = [
    0x243f_6a88_85a3_08d3,
    0x1319_8a2e_0370_7345,
    0xa409_3822_299f_31d1,
    0x082e_fa98_ec4e_6c89,
    0x4528_21e6_38d0_1377,
    0xbe54_66cf_34e9_0c6d,
    0xc0ac_29b7_c97c_50dd,
    0x3f84_d5b5_b547_0917,
];

#[repr(align(64))]
#[derive(Default)]
struct Block([AtomicU64; WORDS]);

/// A filter that is read by any number of threads, and added to by whoever has its [`Adder`].
pub(super) struct Filter {
    blocks: Box<[Block]>,
}

/// There is one for each filter: who has it is the only one who adds, and can do without locked instructions, each of which would wait for the cache line of the one
/// before.
pub(super) struct Adder(());

impl Filter {
    /// An empty one of about so many bytes, at least one block and at most 2^32.
    pub(super) fn new(bytes: usize) -> (Self, Adder) {
        let blocks = (bytes / size_of::<Block>()).clamp(1, u32::MAX as usize);
        (Self { blocks: (0..blocks).map(|_| Block::default()).collect() }, Adder(()))
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.len() * size_of::<Block>()
    }

    /// The block of an id, and what the bits in it follow from.
    fn place(&self, id: u128) -> (&Block, u64) {
        let folded = (id as u64 ^ 0x9e37_79b9_7f4a_7c15) as u128
            * ((id >> 64) as u64 ^ 0xd6e8_feb8_6659_fd93) as u128;
        let hash = (folded as u64 ^ (folded >> 64) as u64 ^ (id as u64).rotate_left(23))
            .wrapping_mul(0xff51_afd7_ed55_8ccd);
        let hash = hash ^ (hash >> 32);
        // Below the number of blocks.
        let at = ((u128::from(hash) * self.blocks.len() as u128) >> 64) as usize;
        (&self.blocks[at], hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53) | 1)
    }

    pub(super) fn insert(&self, _: &mut Adder, id: u128) {
        let (block, hash) = self.place(id);
        for (word, salt) in block.0.iter().zip(SALTS) {
            let bit = 1 << (hash.wrapping_mul(salt) >> 58);
            word.store(word.load(Ordering::Relaxed) | bit, Ordering::Relaxed);
        }
    }

    /// False only if it was never inserted.
    pub(super) fn may_contain(&self, id: u128) -> bool {
        let (block, hash) = self.place(id);
        block.0.iter().zip(SALTS).all(|(word, salt)| {
            word.load(Ordering::Relaxed) >> (hash.wrapping_mul(salt) >> 58) & 1 == 1
        })
    }

    /// Its bytes from an offset on, both multiples of 64.
    pub(super) fn part(&self, offset: usize, length: usize) -> Vec<u8> {
        let mut part = Vec::with_capacity(length);
        let from = offset / size_of::<Block>();
        for block in self.blocks.iter().skip(from).take(length / size_of::<Block>()) {
            for word in &block.0 {
                part.extend_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
            }
        }
        part
    }

    /// Adds what [`part`](Self::part) gave. Whether it lies within the filter.
    pub(super) fn add_part(&self, _: &mut Adder, offset: usize, part: &[u8]) -> bool {
        let (words, rest) = part.as_chunks::<8>();
        if !rest.is_empty() || offset + part.len() > self.bytes() {
            return false;
        }
        let places = self.blocks.iter().flat_map(|block| &block.0).skip(offset / 8);
        for (place, word) in places.zip(words) {
            let bits = place.load(Ordering::Relaxed) | u64::from_le_bytes(*word);
            place.store(bits, Ordering::Relaxed);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(from: u64, count: u64) -> impl Iterator<Item = u128> {
        // Consecutive, as many clients have them, in all three places.
        (from..from + count).flat_map(|n| {
            let n = u128::from(n);
            [n, n << 64, n << 64 | 0xabcd]
        })
    }

    #[test]
    fn what_was_inserted_is_found_and_little_else() {
        let (filter, mut adder) = Filter::new(150_000 * 10 / 8);
        ids(0, 50_000).for_each(|id| filter.insert(&mut adder, id));
        assert!(ids(0, 50_000).all(|id| filter.may_contain(id)));
        let found = ids(1 << 40, 50_000).filter(|id| filter.may_contain(*id)).count();
        assert!(found < 4500, "{found} of 150000");
    }

    #[test]
    fn parts_make_the_whole() {
        let (filter, mut adder) = Filter::new(4096);
        ids(0, 500).for_each(|id| filter.insert(&mut adder, id));
        let (other, mut adder) = Filter::new(4096);
        for offset in (0..4096).step_by(1024) {
            assert!(other.add_part(&mut adder, offset, &filter.part(offset, 1024)));
        }
        assert_eq!(other.part(0, 4096), filter.part(0, 4096));
        assert!(!other.add_part(&mut adder, 4000, &[0; 104]));
        assert!(!other.add_part(&mut adder, 0, &[0; 9]));
    }
}
