//! Uninitialised reads: which bytes of shared and local memory the threads of a block have written. Global memory keeps its own
//! account ([`track_writes`](crate::memory::AddressSpace::track_writes)).

use super::order::each;
use super::shape::{Shape, lanes, runs};
use crate::machine::{Access, AccessKind};
use crate::memory::{CHUNK, Region, Regions, chunks};
use std::sync::Arc;

/// Lanes' accesses as ranges: those that touch the same bytes as the lane before, or the bytes behind it, are one.
#[inline(always)]
pub(super) fn ranges(access: &Access<'_>, shape: Shape, mut each_range: impl FnMut(u64, u64, u32)) {
    let (at, size) = (access.addresses, u64::from(access.size));
    for run in runs(access.mask, shape.other & shape.apart) {
        let (first, last) = (at[run.0 as usize], at[(run.0 + run.1 - 1) as usize & 31]);
        each_range(first, last + size - first, lanes(run));
    }
}

/// The first lane of the mask that touches a byte.
pub(super) fn who(access: &Access<'_>, mask: u32, byte: u64) -> u32 {
    let size = u64::from(access.size);
    let touches = |&lane: &usize| byte.wrapping_sub(access.addresses[lane]) < size;
    each(mask).find(touches).unwrap_or(mask.trailing_zeros() as usize & 31) as u32
}

/// A bit for each byte.
#[derive(Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn new(bytes: u64) -> Self {
        Self(vec![0; bytes.div_ceil(CHUNK) as usize])
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    #[inline]
    pub(super) fn set(&mut self, start: u64, len: u64) {
        for (chunk, bits) in chunks(start, len) {
            let Some(word) = self.0.get_mut(chunk) else { return };
            *word |= bits;
        }
    }

    /// The first byte of a range that is not set.
    #[inline]
    pub(super) fn first_unset(&self, start: u64, len: u64) -> Option<u64> {
        chunks(start, len).find_map(|(chunk, bits)| {
            let missing = bits & !self.0.get(chunk)?;
            (missing != 0).then(|| chunk as u64 * CHUNK + u64::from(missing.trailing_zeros()))
        })
    }
}

/// What a byte that was not written is reported by: the lane, the byte.
pub(super) type Missing = (u32, u64);

/// An access to shared memory: what it reads must be written, what it writes is.
#[inline]
pub(super) fn shared(
    bits: &mut Bits,
    access: &Access<'_>,
    shape: Shape,
    mut missing: impl FnMut(Missing),
) {
    ranges(access, shape, |start, len, mask| {
        if matches!(access.kind, AccessKind::Load | AccessKind::Atomic)
            && let Some(byte) = bits.first_unset(start, len)
        {
            missing((who(access, mask, byte), byte));
        }
        if matches!(access.kind, AccessKind::Store | AccessKind::Atomic) {
            bits.set(start, len);
        }
    });
}

/// The local memory of a block's threads.
#[derive(Debug)]
pub(super) struct Local {
    bytes: u64,
    warps: Vec<Option<Bits>>,
}

impl Local {
    pub(super) fn new(bytes: u32, warps: u32) -> Self {
        Self {
            bytes: u64::from(bytes).next_multiple_of(CHUNK),
            warps: (0..warps).map(|_| None).collect(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.warps.iter_mut().flatten().for_each(Bits::clear);
    }

    pub(super) fn access(&mut self, access: &Access<'_>, mut missing: impl FnMut(Missing)) {
        let (bytes, size) = (self.bytes, u64::from(access.size));
        let Some(bits) = self.warps.get_mut(access.warp as usize) else { return };
        let bits = bits.get_or_insert_with(|| Bits::new(bytes * 32));
        for lane in each(access.mask) {
            let base = lane as u64 * bytes;
            let at = base + access.addresses[lane];
            if access.kind != AccessKind::Load {
                bits.set(at, size);
            } else if let Some(byte) = bits.first_unset(at, size) {
                missing((lane as u32, byte - base));
            }
        }
    }
}

/// Finds the allocations that accesses lie in.
#[derive(Debug)]
pub(super) struct Global {
    regions: Arc<Regions>,
    /// The last one of each instruction.
    last: Vec<Option<Arc<Region>>>,
}

impl Global {
    pub(super) fn new(regions: Arc<Regions>) -> Self {
        Self { regions, last: Vec::new() }
    }

    /// The allocation of a range.
    #[inline]
    pub(super) fn find(&mut self, pc: u32, start: u64, len: u64) -> Option<&Arc<Region>> {
        let pc = pc as usize;
        if pc >= self.last.len() {
            self.last.resize(pc + 1, None);
        }
        let last = &mut self.last[pc];
        if last.as_ref().is_none_or(|region| !region.contains(start, len)) {
            *last = self.regions.find_range(start, len).cloned();
        }
        last.as_ref()
    }

    #[inline]
    pub(super) fn access(
        &mut self,
        access: &Access<'_>,
        shape: Shape,
        mut missing: impl FnMut(Missing),
    ) {
        ranges(access, shape, |start, len, mask| {
            let Some(region) = self.find(access.pc, start, len) else { return };
            let Some(written) = region.written() else { return };
            let offset = start - region.base();
            if matches!(access.kind, AccessKind::Load | AccessKind::Atomic)
                && let Some(byte) = written.first_unset(offset, len)
            {
                let byte = byte + region.base();
                missing((who(access, mask, byte), byte));
            }
            if matches!(access.kind, AccessKind::Store | AccessKind::Atomic) {
                written.set(offset, len);
            }
        });
    }
}
