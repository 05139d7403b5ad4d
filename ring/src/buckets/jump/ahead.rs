//! Jump hash without waiting: a fixed number of jumps, all computed before the first comparison.
//!
//! The published loop is slow since nobody can tell how often it runs: each lookup ends in a mispredicted branch, and until that is
//! found out, nothing after it counts. Here the generator's states do not wait for each other (powers of its multiplier are
//! constants), nor do the divisions; only a multiplication, a shift and an addition are left to do one after the other; and the last
//! bucket below the end is selected without a branch. The few keys that need more jumps go on in the published loop.
//!
//! **Why it is exact.** A jump goes from bucket s - 1 to bucket floor(y), y = 2^31 s / d, where d in 1..=2^31 is drawn. Published,
//! y is a product of floats; here, of s and of q = 2^31 / d rounded to [`FRACTION`] bits behind the point. With s and y below 1024,
//! both are off by less than 2^-31, and a y that is no integer is at least 1/d >= 2^-31 away from one, so that both round down to the
//! same. (q is rounded upwards by what it can be off, so that an integer stays one.) If y is an integer, then d is a multiple of 2^31
//! / 1024, and the published product can fall below it: first for y = 64 = 49 * 64/49 (1/49 times 49 is less than 1 in floats). So from 64
//! buckets on, such d (one of 2^21) are left to the published loop. A test compares both at each d where either changes.

use super::float::denominator;
use super::published::{NUMERATOR, next, resume};

/// Bits behind the point of a quotient.
const FRACTION: u32 = 42;

/// 2^10: a float from here to 2^11 has [`FRACTION`] bits behind the point, in the lowest bits of its representation.
const BASE: f64 = (1u64 << (52 - FRACTION)) as f64;

/// Above, it is not exact.
pub(super) const MAX_BUCKETS: u32 = 1 << (52 - FRACTION);

/// Above, denominators have to be checked.
pub(super) const MAX_UNCHECKED: u32 = 63;

/// The bits behind a state's upper 31 that are all ones if the denominator is a multiple of 2^21.
const LOW: u64 = (1 << 21) - 1;

/// What the generator does in a number of steps: a multiplier and an increment.
const STEPS: [(u64, u64); 11] = {
    let mut steps = [(1, 0); 11];
    let mut i = 1;
    while i < steps.len() {
        // The step itself adds 1, which is not part of the multiplier.
        steps[i] = (next(steps[i - 1].0).wrapping_sub(1), next(steps[i - 1].1));
        i += 1;
    }
    steps
};

#[inline]
const fn state(key: u64, steps: usize) -> u64 {
    key.wrapping_mul(STEPS[steps].0).wrapping_add(STEPS[steps].1)
}

/// 2^31 / denominator with [`FRACTION`] bits behind the point, rounded up; from 2^10 on, some number above, below 2^57.
#[inline]
fn quotient(state: u64) -> u64 {
    // As integers, the representations of floats rise with them.
    (NUMERATOR / denominator(state) + BASE).to_bits().wrapping_sub(BASE.to_bits() - 1)
}

/// The bucket that bucket `from` - 1 jumps to, or some number from [`MAX_BUCKETS`] on.
#[inline]
fn jump<const CHECK: bool>(from: u64, quotient: u64) -> u64 {
    if CHECK {
        ((u128::from(from << (64 - FRACTION)) * u128::from(quotient)) >> 64) as u64
    } else {
        // Up to MAX_UNCHECKED it does not overflow.
        from.wrapping_mul(quotient) >> FRACTION
    }
}

/// The bucket of `key`, from 2 to [`MAX_BUCKETS`] buckets, without `CHECK` to [`MAX_UNCHECKED`]. Fast if `JUMPS` are enough.
#[inline]
pub(super) fn bucket<const JUMPS: usize, const CHECK: bool>(key: u64, buckets: u32) -> u32 {
    debug_assert!(buckets <= if CHECK { MAX_BUCKETS } else { MAX_UNCHECKED });
    let end = u64::from(buckets);
    let mut states = [0; JUMPS];
    for (i, state_of) in states.iter_mut().enumerate() {
        *state_of = state(key, i + 1);
    }
    let mut low = 0;
    if CHECK {
        for state in states {
            low |= (state >> 33 & LOW) + 1;
        }
    }
    // Since they have to be in memory, the compiler computes two of them at a time, divisions included.
    let quotients = core::hint::black_box(states.map(quotient));
    // In two halves, for which there are registers enough.
    let (first, second) = quotients.split_at(JUMPS / 2);
    let (middle, bucket) = follow::<CHECK>(first, 0, end);
    let (at, behind) = follow::<CHECK>(second, middle, end);
    let bucket = if middle >= end { bucket } else { behind };
    if CHECK && low > LOW {
        return go_on(key, 1, buckets);
    }
    if bucket == end {
        return go_on(state(key, JUMPS), at + 1, buckets);
    }
    bucket as u32
}

/// Where the last of some jumps ends, the first one of which starts from bucket `start`; and the last bucket before that of the first
/// jump that goes to or beyond the end, or `end` if none does.
#[inline]
fn follow<const CHECK: bool>(quotients: &[u64], start: u64, end: u64) -> (u64, u64) {
    let mut at = [0; 6];
    at[0] = start;
    for (i, quotient) in quotients.iter().enumerate() {
        at[i + 1] = jump::<CHECK>(at[i].wrapping_add(1), *quotient);
    }
    // What follows the first beyond the end can be anything.
    let mut bucket = end;
    for i in (0..quotients.len()).rev() {
        bucket = if at[i + 1] >= end { at[i] } else { bucket };
    }
    (at[quotients.len()], bucket)
}

#[cold]
#[inline(never)]
fn go_on(state: u64, from: u64, buckets: u32) -> u32 {
    resume(state, from, buckets)
}

#[cfg(test)]
mod tests {
    use super::super::published::bucket as published;
    use super::*;

    /// A state of that denominator.
    fn of(denominator: u64) -> u64 {
        (denominator - 1) << 33 | 0x1_2345_6789
    }

    /// Both round y = 2^31 from / denominator down, and both fall where the denominator rises: so they are the same for all
    /// denominators if they are around each where y falls below an integer.
    #[test]
    fn same_as_floats_wherever_a_jump_changes() {
        let mut left_to_floats = 0;
        for from in 1..=u64::from(MAX_BUCKETS) {
            for target in from..=u64::from(MAX_BUCKETS) {
                let last = (from << 31) / target;
                for denominator in last.saturating_sub(1).max(1)..=(last + 1).min(1 << 31) {
                    let float = (from as f64 * (NUMERATOR / denominator as f64)) as u64;
                    let quotient = quotient(of(denominator));
                    let wide = jump::<true>(from, quotient);
                    if denominator % (LOW + 1) == 0 {
                        left_to_floats += u32::from(wide != float);
                    } else {
                        let end = u64::from(MAX_BUCKETS);
                        assert_eq!(wide.min(end), float.min(end), "{from} {denominator}");
                    }
                    if from.max(target) <= u64::from(MAX_UNCHECKED) {
                        let (narrow, end) = (jump::<false>(from, quotient), target + 1);
                        assert_eq!(narrow.min(end), float.min(end), "{from} {denominator}");
                    }
                }
            }
        }
        // If it were none, there would be nothing to check.
        assert!(left_to_floats > 0);
    }

    /// From the least to the greatest quotient, where products could overflow.
    #[test]
    fn nothing_overflows_to_a_bucket() {
        for denominator in (0..31).flat_map(|bits| [1 << bits, (1 << bits) + 1]) {
            for from in 1..=u64::from(MAX_UNCHECKED) {
                let exact = (from << 31) / denominator;
                let (wide, narrow) = (
                    jump::<true>(from, quotient(of(denominator))),
                    jump::<false>(from, quotient(of(denominator))),
                );
                assert!(wide >= exact.min(MAX_BUCKETS.into()), "{from} {denominator}");
                assert!(narrow >= exact.min(MAX_UNCHECKED.into()), "{from} {denominator}");
            }
        }
    }

    /// Keys whose k-th denominator is a given one: all that are left to the published loop, and their neighbours.
    #[test]
    fn same_as_published_for_chosen_denominators() {
        // The inverse of the generator's multiplier modulo 2^64, by Newton's iteration.
        let multiplier = STEPS[1].0;
        let mut inverse = multiplier;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(multiplier.wrapping_mul(inverse)));
        }
        for step in 1..11 {
            for multiple in 1..=1 << 10 {
                for denominator in [(multiple << 21) - 1, multiple << 21, (multiple << 21) + 1] {
                    let mut key = of(denominator.min(1 << 31));
                    for _ in 0..step {
                        key = key.wrapping_sub(1).wrapping_mul(inverse);
                    }
                    for buckets in [50, 64, 65, 100, 129, 1000, 1024] {
                        assert_eq!(super::super::jump_hash(key, buckets), published(key, buckets));
                    }
                }
            }
        }
    }
}
