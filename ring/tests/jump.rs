//! The functions behind `Jump` and `JumpBack`.

use hash_ring::{KeyHash, jump_back_hash, jump_hash, jump_hash_batch};
use proptest::prelude::*;

/// The paper's code.
fn paper(mut key: u64, buckets: u32) -> u32 {
    let (mut b, mut j) = (-1i64, 0i64);
    while j < i64::from(buckets) {
        b = j;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        j = ((b + 1) as f64 * ((1i64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    b as u32
}

/// What other implementations have in their tests.
#[test]
fn published_vectors() {
    let vectors = [
        (1, 1, 0),
        (42, 57, 43),
        (0xDEAD_10CC, 1, 0),
        (0xDEAD_10CC, 666, 361),
        (256, 1024, 520),
        (10_863_919_174_838_991, 11, 6),
        (2_016_238_256_797_177_309, 11, 3),
        (1_673_758_223_894_951_030, 11, 5),
        (2, 100_001, 80_343),
        (2201, 100_001, 22_152),
        (2202, 100_001, 15_018),
        (0, 60, 0),
        (1, 60, 55),
        (2, 60, 46),
    ];
    for (key, buckets, expected) in vectors {
        assert_eq!(jump_hash(key, buckets), expected, "{key} {buckets}");
    }
    let rows: [(u64, [u32; 19]); 3] = [
        (1, [0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17]),
        (0xDEAD_BEEF, [0, 1, 2, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 16, 16, 16]),
        (0x0DDC_0FFE_EBAD_F00D, [0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 15, 15, 15, 15]),
    ];
    for (key, row) in rows {
        for (buckets, expected) in (1..).zip(row) {
            assert_eq!(jump_hash(key, buckets), expected, "{key} {buckets}");
        }
    }
}

fn bucket_counts() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 1..160u32, 2 => 160..1100u32, 1 => 1..2_000_000u32, 1 => 1..=u32::MAX]
}

proptest! {
    #[test]
    fn jump_hash_is_the_papers(key in any::<u64>(), buckets in bucket_counts()) {
        for key in key..key.saturating_add(100) {
            prop_assert_eq!(jump_hash(key, buckets), paper(key, buckets));
        }
    }

    /// Also where the last block is not full.
    #[test]
    fn many_are_as_one_by_one(
        keys in prop::collection::vec(any::<u64>(), 0..300),
        buckets in bucket_counts(),
    ) {
        let mut batch = vec![u32::MAX; keys.len()];
        jump_hash_batch(&keys, buckets, &mut batch);
        for (key, bucket) in keys.iter().zip(batch) {
            prop_assert_eq!(bucket, paper(*key, buckets));
        }
    }

    /// One bucket more: a key stays or goes to it. Many more: it stays or goes to a new one.
    #[test]
    fn only_new_buckets_take_keys(key in any::<u64>(), buckets in bucket_counts(), more in 1..1000u32) {
        let after = buckets.saturating_add(more);
        for function in [jump_hash, jump_back_hash] {
            let (old, new) = (function(key, buckets), function(key, after));
            prop_assert!(old < buckets && new < after);
            prop_assert!(new == old || new >= buckets, "{old} among {buckets}, {new} among {after}");
        }
    }
}

/// Chi-square, in standard deviations above its mean.
fn excess(counts: &[u32]) -> f64 {
    let mean = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    let chi: f64 = counts.iter().map(|count| (f64::from(*count) - mean).powi(2) / mean).sum();
    let freedom = (counts.len() - 1) as f64;
    (chi - freedom) / (2.0 * freedom).sqrt()
}

/// The keys are fixed, so it passes always or never; of the 260 values, one above 4.5 would be expected in less than one of 100 functions
/// that are random.
#[test]
fn buckets_are_equally_likely() {
    for buckets in (2..130).chain([1000, 1024]) {
        for function in [jump_hash, jump_back_hash] {
            let mut counts = vec![0; buckets as usize];
            for key in 0..20_000u64 {
                counts[function(KeyHash::default().hash(&key.to_le_bytes()), buckets) as usize] +=
                    1;
            }
            assert!(excess(&counts) < 4.5, "{buckets}: {} {counts:?}", excess(&counts));
        }
    }
}

/// Not only hashes: consecutive numbers, and numbers that differ in their highest bits alone.
#[test]
fn jump_back_hash_mixes_its_keys() {
    for shift in [0, 20, 47] {
        let mut counts = [0; 100];
        for key in 0..100_000u64 {
            counts[jump_back_hash(key << shift, 100) as usize] += 1;
        }
        assert!(excess(&counts) < 4.5, "{shift}: {counts:?}");
    }
}

/// Where the keys of a bucket go when it is taken away: to all others, equally. For jump-back hash these are in the same level (97
/// among 98 buckets), and in all below it (64 among 65).
#[test]
fn a_lost_buckets_keys_spread_evenly() {
    for buckets in [10, 33, 65, 98] {
        for function in [jump_hash, jump_back_hash] {
            let mut counts = vec![0; buckets as usize - 1];
            for key in 0..400_000u64 {
                let key = KeyHash::default().hash(&key.to_le_bytes());
                if function(key, buckets) == buckets - 1 {
                    counts[function(key, buckets - 1) as usize] += 1;
                }
            }
            assert!(excess(&counts) < 4.5, "{buckets}: {counts:?}");
        }
    }
}

/// Halving the number of buckets: what the upper half had spreads over the whole lower half, bucket by bucket.
#[test]
fn draws_of_different_levels_are_independent() {
    let mut counts = vec![0; 16 * 16];
    for key in 0..400_000u64 {
        let key = KeyHash::default().hash(&key.to_le_bytes());
        let upper = jump_back_hash(key, 32);
        if upper >= 16 {
            counts[((upper - 16) * 16 + jump_back_hash(key, 16)) as usize] += 1;
        }
    }
    assert!(excess(&counts) < 4.5, "{}", excess(&counts));
}

#[test]
#[should_panic(expected = "among no buckets")]
fn no_buckets() {
    let _ = jump_hash(1, 0);
}

#[test]
#[should_panic(expected = "among no buckets")]
fn no_buckets_to_jump_back_to() {
    let _ = jump_back_hash(1, 0);
}

#[test]
#[should_panic(expected = "2 keys, 3 places")]
fn places_for_other_keys() {
    jump_hash_batch(&[1, 2], 10, &mut [0; 3]);
}
