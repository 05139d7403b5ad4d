//! Which bytes of an allocation were ever written: for the check of uninitialised reads.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Bytes that a word of bits stands for.
pub(crate) const CHUNK: u64 = 64;

/// A bit for each byte of an allocation, set where the byte was written.
#[derive(Debug)]
pub(crate) struct Written {
    bits: Box<[AtomicU64]>,
    /// A launch may have written to it unseen: all bytes count as written.
    unseen: AtomicBool,
}

/// The words of bits of a range: which, and the bits.
#[inline(always)]
pub(crate) fn chunks(start: u64, len: u64) -> impl Iterator<Item = (usize, u64)> {
    let end = start + len;
    let mut at = start;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let chunk = at / CHUNK;
            let next = (chunk + 1) * CHUNK;
            let bits = u64::MAX << (at % CHUNK) & u64::MAX >> next.saturating_sub(end);
            at = next;
            (chunk as usize, bits)
        })
    })
}

impl Written {
    /// No byte is written. `None` where the host has no memory for it.
    pub(crate) fn new(len: u64) -> Option<Self> {
        let words = usize::try_from(len.div_ceil(CHUNK)).ok()?.max(1);
        let layout = Layout::array::<AtomicU64>(words).ok()?;
        // SAFETY: the layout's size is not zero. Zeroed pages of the system are not touched until they are used.
        let bytes = unsafe { alloc_zeroed(layout) }.cast::<AtomicU64>();
        if bytes.is_null() {
            return None;
        }
        // SAFETY: allocated just now by the global allocator with the layout of this slice; zero is a value of its elements.
        let bits = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes, words)) };
        Some(Self { bits, unseen: AtomicBool::new(false) })
    }

    /// A launch may have written anything, anywhere.
    pub(crate) fn write_unseen(&self) {
        self.unseen.store(true, Relaxed);
    }

    /// The bytes of a range are written.
    #[inline]
    pub(crate) fn set(&self, offset: u64, len: u64) {
        for (chunk, new) in chunks(offset, len) {
            let Some(word) = self.bits.get(chunk) else { return };
            if word.load(Relaxed) & new == new {
                continue;
            }
            if new == u64::MAX {
                word.store(new, Relaxed);
            } else {
                word.fetch_or(new, Relaxed);
            }
        }
    }

    /// The first byte of a range that was not written.
    #[inline]
    pub(crate) fn first_unset(&self, offset: u64, len: u64) -> Option<u64> {
        if self.unseen.load(Relaxed) {
            return None;
        }
        chunks(offset, len).find_map(|(chunk, bits)| {
            let missing = bits & !self.bits.get(chunk)?.load(Relaxed);
            (missing != 0).then(|| chunk as u64 * CHUNK + u64::from(missing.trailing_zeros()))
        })
    }

    /// Takes on what is known of a range of another allocation.
    pub(crate) fn copy(&self, offset: u64, from: &Self, at: u64, len: u64) {
        if from.first_unset(at, len).is_none() {
            return self.set(offset, len);
        }
        for i in 0..len {
            let word = &self.bits[((offset + i) / CHUNK) as usize];
            let bit = 1 << ((offset + i) % CHUNK);
            if from.first_unset(at + i, 1).is_none() {
                word.fetch_or(bit, Relaxed);
            } else {
                word.fetch_and(!bit, Relaxed);
            }
        }
    }
}
