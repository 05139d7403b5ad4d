//! Records of real size: 16-byte keys in random order, half-compressible values that say which record they belong to.

/// Length of a key in bytes.
pub const KEY_LEN: usize = 16;

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection, so that different records have different keys.
#[must_use]
pub const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of record `index`.
#[must_use]
pub fn key(index: u64) -> [u8; KEY_LEN] {
    let mut key = [0; KEY_LEN];
    key[..8].copy_from_slice(&mix(index).to_be_bytes());
    key[8..].copy_from_slice(&mix(index ^ u64::MAX).to_be_bytes());
    key
}

/// Fills `value` with what version `version` of record `index` has: a random half, and the same once more. So do the gates and
/// `db_bench`.
pub fn fill_value(value: &mut [u8], index: u64, version: u64) {
    let seed = mix(index).wrapping_add(mix(version).rotate_left(17));
    let (first, second) = value.split_at_mut(value.len().div_ceil(2));
    for (number, chunk) in first.chunks_mut(8).enumerate() {
        let random = mix(seed.wrapping_add(number as u64)).to_le_bytes();
        chunk.copy_from_slice(&random[..chunk.len()]);
    }
    second.copy_from_slice(&first[..second.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_differ_and_values_repeat_their_first_half() {
        let keys: std::collections::BTreeSet<_> = (0..10_000).map(key).collect();
        assert_eq!(keys.len(), 10_000);
        let (mut a, mut b) = ([0; 100], [0; 100]);
        fill_value(&mut a, 1, 0);
        fill_value(&mut b, 1, 1);
        assert_ne!(a, b);
        assert_eq!(a[..50], a[50..]);
        assert!(a[..50].iter().collect::<std::collections::BTreeSet<_>>().len() > 30);
    }
}
