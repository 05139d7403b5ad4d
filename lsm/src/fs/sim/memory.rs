//! Memory that mappings of a simulated file share.

use std::{
    alloc::{Layout, alloc_zeroed, dealloc},
    io,
    ptr::NonNull,
};

/// What `mmap` returns begins at a page.
const PAGE: usize = 4096;

/// One contiguous zeroed allocation that never moves.
///
/// It is written through raw pointers by whoever holds a mapping, outside of any lock, so no reference to its bytes
/// is ever made here: they are copied in and out. What keeps that free of data races is the contract of
/// [`Mapping`](crate::fs::Mapping): nobody reads bytes while they are stored to.
#[derive(Debug)]
pub(super) struct Memory {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the allocation is owned, and what may be accessed when is the contract of `Mapping`, which the methods below
// pass on to their callers.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// `len` zeros, which must not be none.
    pub(super) fn new(len: usize) -> io::Result<Self> {
        debug_assert!(len > 0);
        let layout = Layout::from_size_align(len, PAGE).map_err(io::Error::other)?;
        // SAFETY: the size is not 0.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, layout })
    }

    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(super) fn len(&self) -> usize {
        self.layout.size()
    }

    /// Copies what lies at `offset` out, as far as this memory reaches. Nobody may store to it meanwhile.
    pub(super) fn read(&self, offset: usize, bytes: &mut [u8]) {
        let len = bytes.len().min(self.len().saturating_sub(offset));
        if len > 0 {
            // SAFETY: `offset + len` is at most the size of the allocation, and `bytes` is a borrow of other memory.
            unsafe {
                self.start.as_ptr().add(offset).copy_to_nonoverlapping(bytes.as_mut_ptr(), len)
            }
        }
    }

    /// Copies `bytes` to `offset`, as far as this memory reaches. Nobody may use these bytes meanwhile.
    pub(super) fn write(&self, offset: usize, bytes: &[u8]) {
        let len = bytes.len().min(self.len().saturating_sub(offset));
        if len > 0 {
            // SAFETY: as in `read`.
            unsafe { self.start.as_ptr().add(offset).copy_from_nonoverlapping(bytes.as_ptr(), len) }
        }
    }

    /// Zeroes what lies in `from..to`, as far as this memory reaches. Nobody may use these bytes meanwhile.
    pub(super) fn zero(&self, from: usize, to: usize) {
        let to = to.min(self.len());
        if from < to {
            // SAFETY: `to` is at most the size of the allocation.
            unsafe { self.start.as_ptr().add(from).write_bytes(0, to - from) }
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and freed only here.
        unsafe { dealloc(self.start.as_ptr(), self.layout) }
    }
}
