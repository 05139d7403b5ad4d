//! How many bytes are allocated.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, with a count of the bytes that are asked for and not given back. What the allocator itself adds to
/// each piece is not in it.
///
/// The count is a load and a store, not an atomic addition: an instruction or two for each allocation, where the `lock` prefix would
/// cost contestants that allocate much a quarter of their time. It is right as long as one thread allocates at a time, as here.
#[derive(Debug)]
pub struct Counted;

fn count(change: impl FnOnce(usize) -> usize) {
    LIVE.store(change(LIVE.load(Ordering::Relaxed)), Ordering::Relaxed);
}

// SAFETY: every call goes on to the system's allocator unchanged, so that its guarantees are ours.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|live| live.wrapping_add(layout.size()));
        // SAFETY: the caller promises what `System` wants.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(|live| live.wrapping_sub(layout.size()));
        // SAFETY: the pointer is of `System`, as all that this allocator returned are.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(|live| live.wrapping_add(layout.size()));
        // SAFETY: the caller promises what `System` wants.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(|live| live.wrapping_add(size).wrapping_sub(layout.size()));
        // SAFETY: the pointer is of `System`, as all that this allocator returned are.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Bytes allocated now, if [`Counted`] is the program's allocator; else 0.
#[must_use]
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}
