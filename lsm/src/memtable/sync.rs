//! The atomics and the lock of this room: the real ones, or loom's when its model checker runs (`--cfg loom`).

#[cfg(not(loom))]
mod real {
    pub(in crate::memtable) use parking_lot::{Mutex, MutexGuard};
    pub(in crate::memtable) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

    /// Takes a lock.
    #[inline]
    pub(in crate::memtable) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock()
    }

    /// `len` atomics of value 0. They are stored, not left to the kernel's zero page: a probe reads before it stores, and
    /// a store to a page that was read first costs a second fault and an interrupt of all other threads (a tenth of
    /// the time of a fill was that).
    pub(in crate::memtable) fn zeroed(len: usize) -> Box<[AtomicU64]> {
        let mut slots = Box::<[AtomicU64]>::new_uninit_slice(len);
        // SAFETY: all of the slice's own bytes; an AtomicU64 has the representation of a u64, for which all zero bits
        // are a value.
        unsafe {
            std::ptr::write_bytes(slots.as_mut_ptr(), 0, len);
            slots.assume_init()
        }
    }

    /// Nothing: see its loom twin.
    pub(in crate::memtable) struct PlainBytes;

    impl PlainBytes {
        /// A witness for bytes about to be written.
        #[inline]
        pub(in crate::memtable) fn new() -> Self {
            Self
        }
        /// The plain bytes that this stands for were written.
        #[inline]
        pub(in crate::memtable) fn written(&self) {}
        /// They are being read.
        #[inline]
        pub(in crate::memtable) fn read(&self) {}
    }
}

#[cfg(loom)]
mod model {
    pub(in crate::memtable) use ::loom::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering},
    };

    /// Takes a lock.
    pub(in crate::memtable) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// `len` atomics of value 0.
    pub(in crate::memtable) fn zeroed(len: usize) -> Box<[AtomicU64]> {
        (0..len).map(|_| AtomicU64::new(0)).collect()
    }

    /// Stands for the plain (not atomic) bytes of an entry, so that loom reports a read of them that does not happen
    /// after their write: it cannot see raw memory.
    pub(in crate::memtable) struct PlainBytes(::loom::cell::UnsafeCell<()>);

    impl PlainBytes {
        /// A witness for bytes about to be written.
        pub(in crate::memtable) fn new() -> Self {
            Self(::loom::cell::UnsafeCell::new(()))
        }
        /// The plain bytes that this stands for were written.
        pub(in crate::memtable) fn written(&self) {
            self.0.with_mut(|_| ());
        }
        /// They are being read.
        pub(in crate::memtable) fn read(&self) {
            self.0.with(|_| ());
        }
    }
}

#[cfg(loom)]
pub(in crate::memtable) use model::*;
#[cfg(not(loom))]
pub(in crate::memtable) use real::*;

/// Asks the processor to fetch the cache line at `address` and does not wait. Any address will do; elsewhere than on
/// x86-64 this does nothing.
#[inline]
pub(in crate::memtable) fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    // SAFETY: prefetching is a hint that never faults, whatever the address; SSE is part of x86-64.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    let _ = address;
}

/// As [`prefetch`], for a line that will be stored to: takes it from the processor that has it.
#[inline]
pub(in crate::memtable) fn prefetch_to_store<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    // SAFETY: prefetching is a hint that never faults, whatever the address; processors without this form of it take it
    // for a no-op.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_ET0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    let _ = address;
}
