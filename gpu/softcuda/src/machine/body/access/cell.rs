//! What lies in memory, by width.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::Relaxed};

/// What lies in memory.
pub(crate) trait Cell: Copy + 'static {
    const SIZE: usize;
    /// A relaxed load, extended to 64 bits as its type says.
    ///
    /// # Safety
    /// The pointer must be valid and aligned.
    unsafe fn load(from: *mut u8) -> u64;
    /// A relaxed store of the low bits.
    ///
    /// # Safety
    /// The pointer must be valid and aligned.
    unsafe fn store(to: *mut u8, value: u64);
}

macro_rules! cells {
    ($($t:ty, $u:ty, $atomic:ty;)*) => {$(
        impl Cell for $t {
            const SIZE: usize = size_of::<$t>();
            #[inline(always)]
            unsafe fn load(from: *mut u8) -> u64 {
                // SAFETY: the caller's promise.
                unsafe { <$atomic>::from_ptr(from.cast()) }.load(Relaxed) as $t as u64
            }
            #[inline(always)]
            unsafe fn store(to: *mut u8, value: u64) {
                // SAFETY: the caller's promise.
                unsafe { <$atomic>::from_ptr(to.cast()) }.store(value as $u, Relaxed)
            }
        }
    )*};
}

cells! {
    u8, u8, AtomicU8;
    i8, u8, AtomicU8;
    u16, u16, AtomicU16;
    i16, u16, AtomicU16;
    u32, u32, AtomicU32;
    i32, u32, AtomicU32;
    u64, u64, AtomicU64;
}
