//! Logarithms of hashes in integers, so that weighted choices are the same on every machine.

/// Bits behind the point of what [`negative_log2`] returns.
pub(crate) const FRACTION_BITS: u32 = 57;

/// log2(1 + i/256) with 63 bits behind the point.
const TABLE: [u64; 257] = {
    let mut table = [0; 257];
    let mut i = 0;
    while i < 256 {
        // Bit by bit: squaring a number doubles its logarithm, and the integer part of that is the next bit.
        let mut x = (256 + i as u128) << 55; // in [1, 2), 63 bits behind the point
        let mut log = 0u64;
        let mut bit = 0;
        while bit < 63 {
            x = (x * x) >> 63;
            log <<= 1;
            if x >= 1 << 64 {
                x >>= 1;
                log |= 1;
            }
            bit += 1;
        }
        table[i] = log;
        i += 1;
    }
    table[256] = 1 << 63;
    table
};

/// 1 / ln 2 with 62 bits behind the point.
const LOG2_E: u64 = 0x5C55_1D94_AE0B_F85D;

/// -log2((hash + 1/2) / 2^64), rounded down to 57 bits behind the point: from just above 0 for the highest hash to 65 for 0.
///
/// Off by less than 2^-36; where hashes rise it falls, but for steps of at most 2^-57 (both tested). Costs some 5 ns.
#[inline]
pub(crate) fn negative_log2(hash: u64) -> u64 {
    // (2 hash + 1) / 2^65: an odd numerator, so never 0, and never 1.
    let odd = u128::from(hash) << 1 | 1;
    let zeros = odd.leading_zeros() - 63; // of 65 bits
    let mantissa = odd << zeros; // bit 64 is set: in [1, 2), 64 bits behind the point
    let index = (mantissa >> 56) as usize & 0xFF;
    // mantissa = base (1 + e), base = 1 + index/256, e < 1/256.
    let base = 256 + index as u64;
    let rest = (mantissa as u64) & ((1 << 56) - 1); // numerator of the rest, 64 bits behind the point
    let e = (rest << 7) / base; // e = rest/2^64 * 256/base, 63 bits behind the point
    // ln(1 + e) = e - e^2/2 + e^3/3 - e^4/4 + ...: six terms leave less than 2^-58.
    let times = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) >> 63) as u64;
    let e2 = times(e, e);
    let e3 = times(e2, e);
    let e4 = times(e3, e);
    let e5 = times(e4, e);
    let e6 = times(e5, e);
    let ln = e - e2 / 2 + e3 / 3 - e4 / 4 + e5 / 5 - e6 / 6;
    let log = TABLE[index] + ((u128::from(ln) * u128::from(LOG2_E)) >> 62) as u64;
    // -log2 = zeros + 1 - log, since the mantissa is in [1, 2) and stands for [1/2, 1) shifted by `zeros`.
    ((u64::from(zeros) + 1) << FRACTION_BITS) - (log.min(1 << 63) >> (63 - FRACTION_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn float(hash: u64) -> f64 {
        -((hash as f64 + 0.5) / 2f64.powi(64)).log2()
    }

    fn ours(hash: u64) -> f64 {
        negative_log2(hash) as f64 / (1u64 << FRACTION_BITS) as f64
    }

    proptest! {
        #[test]
        fn near_the_truth(hash in any::<u64>(), shift in 0..64u32) {
            let hash = hash >> shift;
            prop_assert!((ours(hash) - float(hash)).abs() < 1e-11, "{hash}: {} {}", ours(hash), float(hash));
        }

        #[test]
        fn falls_where_hashes_rise(hash in any::<u64>(), shift in 0..64u32, step in 1..1u64 << 40) {
            let low = hash >> shift;
            let high = low.saturating_add(step);
            prop_assert!(negative_log2(low) + 1 >= negative_log2(high), "{low} {high}");
        }
    }

    #[test]
    fn ends_and_seams() {
        assert_eq!(ours(0), 65.0);
        assert!(ours(u64::MAX) >= 0.0 && ours(u64::MAX) < 1e-15);
        assert!((ours(u64::MAX / 2) - 1.0).abs() < 1e-15);
        // Where the table's index and the number of leading zeros change.
        for power in 0..64 {
            let middle = 1u64 << power;
            for part in 0..256u64 {
                let seam = middle.wrapping_add((middle as u128 * u128::from(part) / 256) as u64);
                let around =
                    [seam.wrapping_sub(2), seam.wrapping_sub(1), seam, seam.wrapping_add(1)];
                for pair in around.windows(2).filter(|pair| pair[0] < pair[1]) {
                    assert!(negative_log2(pair[0]) + 1 >= negative_log2(pair[1]), "{pair:?}");
                }
            }
        }
    }

    /// Golden: placements depend on every bit.
    #[test]
    fn golden() {
        let sum = (0..1000u64)
            .map(|i| negative_log2(super::super::mix::mix(i)))
            .fold(0, u64::wrapping_add);
        assert_eq!(sum, GOLDEN_SUM);
    }
    const GOLDEN_SUM: u64 = 351_459_369_205_679_066;
}
