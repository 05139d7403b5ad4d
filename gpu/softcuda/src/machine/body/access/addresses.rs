//! The lanes' addresses, looked at together.

use super::super::super::instruction::{FULL, LANES};

/// Addresses as distances from the first, moved up by 2^31; `None` where they lie farther apart than that.
#[inline(always)]
pub(super) fn nearby(at: &[u64; LANES]) -> Option<[u32; LANES]> {
    let start = at[0].wrapping_sub(1 << 31);
    let mut near = [0; LANES];
    let mut far = 0;
    for i in 0..LANES {
        let distance = at[i].wrapping_sub(start);
        far |= distance >> 32;
        near[i] = distance as u32;
    }
    (far == 0).then_some(near)
}

/// The lowest and highest, and all bits that are set in any.
#[inline(always)]
pub(super) fn extent(at: &[u32; LANES]) -> (u32, u32, u32) {
    let (mut low, mut high, mut bits) = (u32::MAX, 0, 0);
    for &address in at {
        low = low.min(address);
        high = high.max(address);
        bits |= address;
    }
    (low, high, bits)
}

/// Lanes that take no part get the address of one that does, so that what follows need not know of them.
#[inline(always)]
pub(super) fn fill_in<T: Copy>(at: &mut [T; LANES], mask: u32) {
    if mask != FULL {
        let one = at[mask.trailing_zeros() as usize & 31];
        for (lane, address) in at.iter_mut().enumerate() {
            *address = if mask & (1 << lane) != 0 { *address } else { one };
        }
    }
}

/// The first lane of the mask whose address is bad.
pub(super) fn first(mask: u32, at: &[u64; LANES], bad: impl Fn(u64) -> bool) -> Option<(u32, u64)> {
    let mut lanes = (0..LANES).filter(|&i| mask & (1 << i) != 0 && bad(at[i]));
    lanes.next().map(|i| (i as u32, at[i]))
}
