//! How the addresses of neighbouring lanes lie to each other.

/// A bit is set for each lane that does not go on from the lane before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// It is at another address.
    pub other: u32,
    /// It is not at the address behind that of the lane before.
    pub apart: u32,
}

impl Shape {
    /// Of lanes' addresses, and bytes a lane. Lanes that take no part count too, with whatever address they have.
    #[inline(always)]
    pub(super) fn of<T: Copy + Into<u64>>(at: &[T; 32], size: u32) -> Self {
        let (mut other, mut apart) = ([1; 32], [1; 32]);
        for i in 1..32 {
            let step = at[i].into().wrapping_sub(at[i - 1].into());
            other[i] = u32::from(step != 0);
            apart[i] = u32::from(step != u64::from(size));
        }
        let bits = |flags: [u32; 32]| {
            let mut bits = 0;
            for (i, flag) in flags.iter().enumerate() {
                bits |= flag << i;
            }
            bits
        };
        Self { other: bits(other), apart: bits(apart) }
    }
}

/// Runs of neighbouring lanes of the mask, of which only the first is among `starts`: it, and how many.
#[inline(always)]
pub(super) fn runs(mask: u32, starts: u32) -> impl Iterator<Item = (u32, u32)> {
    let ends = starts | !mask;
    let mut left = mask;
    std::iter::from_fn(move || {
        (left != 0).then(|| {
            let first = left.trailing_zeros();
            // 32 where there is none.
            let end = (ends & !(u32::MAX >> (31 - first))).trailing_zeros();
            left &= !lanes((first, end - first));
            (first, end - first)
        })
    })
}

/// The lanes of a run.
#[inline]
pub(super) fn lanes((first, count): (u32, u32)) -> u32 {
    (((1_u64 << count) - 1) << first) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_are_the_lanes_and_begin_at_starts_and_gaps(mask: u32, starts: u32, all: bool) {
            let mask = if all { u32::MAX } else { mask };
            let mut seen = 0;
            for run in runs(mask, starts) {
                let (first, of) = (1_u32 << run.0, lanes(run));
                prop_assert!(run.1 != 0 && of & seen == 0 && of & mask == of);
                prop_assert_eq!(of & starts & !first, 0);
                // Else it would go on from a run before.
                prop_assert!(first & starts != 0 || run.0 == 0 || seen & first >> 1 == 0);
                seen |= of;
            }
            prop_assert_eq!(seen, mask);
        }
    }
}
