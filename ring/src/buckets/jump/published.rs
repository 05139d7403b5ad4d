//! The function as published.

/// 2^31: the numerator of a jump's quotient, of which the denominator is 1 to 2^31.
pub(super) const NUMERATOR: f64 = 2_147_483_648.0;

/// The generator's next state.
#[inline]
pub(super) const fn next(state: u64) -> u64 {
    state.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1)
}

/// One jump after the other. `buckets` is above 0.
#[inline]
pub(super) fn bucket(key: u64, buckets: u32) -> u32 {
    resume(key, 1, buckets)
}

/// The same from a state on, being in bucket `from` - 1.
#[inline]
pub(super) fn resume(mut state: u64, mut from: u64, buckets: u32) -> u32 {
    loop {
        state = next(state);
        let target = from as f64 * (NUMERATOR / ((state >> 33) + 1) as f64);
        // Below 2^32 times 2^31. Signed, since machines convert those faster.
        let target = (target as i64).cast_unsigned();
        if target >= u64::from(buckets) {
            return (from - 1) as u32;
        }
        from = target + 1;
    }
}
