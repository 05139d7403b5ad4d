//! How the addresses of neighbouring lanes lie to each other.

use crate::machine::Access;

/// A bit is set for each lane that does not go on from the lane before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// It is at another address.
    pub other: u32,
    /// It is not at the address behind that of the lane before.
    pub apart: u32,
}

impl Shape {
    /// Lanes that take no part count too, with whatever address they have.
    #[inline(always)]
    pub(super) fn of(access: &Access<'_>) -> Self {
        let at = access.addresses;
        let size = u64::from(access.size);
        let (mut other, mut apart) = ([1; 32], [1; 32]);
        for i in 1..32 {
            let step = at[i].wrapping_sub(at[i - 1]);
            other[i] = u32::from(step != 0);
            apart[i] = u32::from(step != size);
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

/// Runs of lanes that begin at the bits: the first lane and how many.
#[inline]
pub(super) fn runs(mut starts: u32) -> impl Iterator<Item = (u32, u32)> {
    std::iter::from_fn(move || {
        (starts != 0).then(|| {
            let first = starts.trailing_zeros();
            starts &= starts - 1;
            // 32 where there is none.
            (first, starts.trailing_zeros() - first)
        })
    })
}

/// The lanes of a run.
#[inline]
pub(super) fn lanes((first, count): (u32, u32)) -> u32 {
    (((1_u64 << count) - 1) << first) as u32
}
