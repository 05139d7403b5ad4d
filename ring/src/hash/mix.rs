//! Fresh hashes from hashes.

/// 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A bijection of 64 bits that leaves no bit where it was: the finaliser of SplitMix64 (Steele, Lea and Flood 2014, with Stafford's
/// variant 13 of the constants).
#[inline]
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// The `index`-th hash that follows from `hash`: as good as independent for different indices. Index 0 is not `hash` itself.
#[inline]
pub(crate) const fn derive(hash: u64, index: u64) -> u64 {
    mix(hash ^ mix(index.wrapping_add(GOLDEN)))
}

/// `hash` scaled to `0..n`, in order: equal ranges of hashes give equal numbers. `n` is above 0.
#[inline]
pub(crate) const fn scale(hash: u64, n: u64) -> u64 {
    ((hash as u128 * n as u128) >> 64) as u64
}

/// The first hash that [`scale`] takes to `part`, for `part` in `0..=n`; 2^64 for `n` itself.
#[inline]
pub(crate) const fn first_of(part: u64, n: u64) -> u128 {
    ((part as u128) << 64).div_ceil(n as u128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scaling_and_its_inverse(n in 1..u64::MAX, at in any::<u64>()) {
            let part = scale(at, n);
            prop_assert!(part < n);
            prop_assert!(first_of(part, n) <= u128::from(at));
            prop_assert!(u128::from(at) < first_of(part + 1, n));
        }
    }

    /// Golden: placements on disks depend on them.
    #[test]
    fn golden() {
        assert_eq!(mix(1), 0x5692_161D_100B_05E5);
        assert_eq!(first_of(3, 3), 1 << 64);
    }
}
