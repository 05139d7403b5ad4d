//! Guava: `Hashing.consistentHash`.

/// The bucket that Guava's `Hashing.consistentHash(input, buckets)` gives; `None` unless there are 1 to 2^31 - 1 buckets.
///
/// Jump consistent hash (Lamping and Veach 2014) but for its rounding: where the paper divides and multiplies, Guava divides once, so
/// that a few answers differ. Takes O(log `buckets`), some 20 ns for 10 and 70 ns for 1,000.
///
/// ```
/// use hash_ring::compat::guava_consistent_hash;
///
/// assert_eq!(guava_consistent_hash(1, 100), Some(55));
/// ```
///
/// **Verified** with Guava 33.4.8: 4,000 inputs with buckets from 1 to 2^31 - 1 in `tests/vectors/guava.txt`, chosen ones at which
/// its arithmetic overflows among them, and the expectations of Guava's own test (google/guava,
/// guava-tests/test/com/google/common/hash/HashingTest.java).
#[must_use]
pub fn guava_consistent_hash(input: u64, buckets: u32) -> Option<u32> {
    if buckets == 0 || buckets > i32::MAX as u32 {
        return None;
    }
    let mut state = input;
    let mut candidate = 0u32;
    loop {
        state = state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        // 31 bits and 1, as Java's `int`: the highest becomes the lowest.
        let drawn = ((state >> 33) as i32).wrapping_add(1);
        let next = f64::from(candidate + 1) / (f64::from(drawn) / 2_147_483_648.0);
        // A conversion to `int` that saturates, in Rust as in Java.
        match u32::try_from(next as i32) {
            Ok(next) if next < buckets => candidate = next,
            _ => return Some(candidate),
        }
    }
}

/// What Guava's `HashCode.padToLong` makes of the bytes of a hash, for `consistentHash(HashCode, int)`: the first eight of them,
/// little-endian, filled up with zeros.
///
/// ```
/// use hash_ring::compat::guava_pad_to_long;
///
/// assert_eq!(guava_pad_to_long(&[0x99; 4]), 0x0000_0000_9999_9999);
/// ```
#[must_use]
pub fn guava_pad_to_long(hash: &[u8]) -> u64 {
    hash.iter().take(8).rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}
