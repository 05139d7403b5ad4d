//! The primitives under [`publish`](super::publish), [`group_sync`](super::group_sync) and [`event`](super::event): the real
//! ones, or loom's models of them under `--cfg loom`.

#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

#[cfg(loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Loom treats sequentially consistent accesses as acquire and release only, but knows fences. So a store and a load
/// that rely on the one total order have this between them: it is a fence for loom, and otherwise nothing, because the
/// accesses themselves are `SeqCst` there.
#[inline]
pub(super) fn total_order() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

#[cfg(not(loom))]
pub(super) use parking_lot::MutexGuard;

#[cfg(loom)]
pub(super) use loom::sync::MutexGuard;

/// A mutex without poisoning.
#[derive(Debug, Default)]
pub(super) struct Mutex<T>(
    #[cfg(not(loom))] parking_lot::Mutex<T>,
    #[cfg(loom)] loom::sync::Mutex<T>,
);

impl<T> Mutex<T> {
    pub(super) fn new(value: T) -> Self {
        #[cfg(not(loom))]
        return Self(parking_lot::Mutex::new(value));
        #[cfg(loom)]
        return Self(loom::sync::Mutex::new(value));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        #[cfg(not(loom))]
        return self.0.lock();
        #[cfg(loom)]
        return self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug, Default)]
pub(super) struct Condvar(#[cfg(not(loom))] parking_lot::Condvar, #[cfg(loom)] loom::sync::Condvar);

impl Condvar {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        #[cfg(not(loom))]
        {
            let mut guard = guard;
            self.0.wait(&mut guard);
            guard
        }
        #[cfg(loom)]
        return self.0.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner);
    }

    /// Waits at most `timeout`, and says `false` if it was that long. Loom knows no time: there it is over at once, which
    /// is to say at any moment that a schedule chooses.
    #[cfg(any(not(any(target_os = "linux", target_os = "android")), loom, miri))]
    pub(super) fn wait_briefly<T>(
        &self,
        guard: MutexGuard<'_, T>,
        timeout: std::time::Duration,
    ) -> bool {
        #[cfg(not(loom))]
        {
            let mut guard = guard;
            !self.0.wait_for(&mut guard, timeout).timed_out()
        }
        #[cfg(loom)]
        {
            let _ = timeout;
            drop(guard);
            yield_now();
            false
        }
    }

    pub(super) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Tells the processor that this is a spin loop.
#[inline]
pub(super) fn spin() {
    #[cfg(not(loom))]
    std::hint::spin_loop();
    #[cfg(loom)]
    loom::hint::spin_loop();
}

/// Lets another thread run.
pub(super) fn yield_now() {
    #[cfg(not(loom))]
    std::thread::yield_now();
    #[cfg(loom)]
    loom::thread::yield_now();
}
