//! A number that threads sleep on until it changes: a futex where there is one, which wakes any number of threads by one
//! call and leaves them no lock to queue for; elsewhere, and under loom and Miri, a mutex and a condition variable.

#[cfg(any(not(any(target_os = "linux", target_os = "android")), loom, miri))]
pub(super) use portable::Event;

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom), not(miri)))]
pub(super) use kernel::Event;

/// Numbers are compared as if they went round: they only have to be less than 2^31 apart.
const fn reached(now: u32, number: u64) -> bool {
    (now.wrapping_sub(number as u32) as i32) >= 0
}

impl Event {
    /// Sleeps until the event has reached `number`.
    pub(super) fn wait_for(&self, number: u64) {
        loop {
            let now = self.get();
            if reached(now, number) {
                return;
            }
            self.sleep(now, None);
        }
    }

    /// Sleeps until the event has reached `number`, or perhaps not so long; at most `timeout`, and then says `false`.
    pub(super) fn wait_briefly(&self, number: u64, timeout: std::time::Duration) -> bool {
        let now = self.get();
        reached(now, number) || self.sleep(now, Some(timeout))
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(loom), not(miri)))]
mod kernel {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        time::Duration,
    };

    use rustix::{
        io::Errno,
        thread::futex::{self, Flags, Timespec},
    };

    /// See the [module's documentation](super).
    #[derive(Debug, Default)]
    pub(in super::super) struct Event {
        number: AtomicU32,
    }

    impl Event {
        pub(super) fn get(&self) -> u32 {
            self.number.load(Ordering::Acquire)
        }

        /// Sets the number; threads that sleep are still to be woken.
        pub(in super::super) fn set(&self, number: u64) {
            self.number.store(number as u32, Ordering::Release);
        }

        /// Wakes all who sleep since before the number was set.
        pub(in super::super) fn wake_all(&self) {
            // Fails for bad addresses only.
            let _ = futex::wake(&self.number, Flags::PRIVATE, i32::MAX as u32);
        }

        /// Sleeps unless the number is not `now` any more; may wake for no reason. `false` after `timeout`.
        pub(super) fn sleep(&self, now: u32, timeout: Option<Duration>) -> bool {
            let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
            let slept = futex::wait(&self.number, Flags::PRIVATE, now, timeout.as_ref());
            slept != Err(Errno::TIMEDOUT)
        }
    }
}

#[cfg(any(not(any(target_os = "linux", target_os = "android")), loom, miri))]
mod portable {
    use super::super::sync::{Condvar, Mutex};
    use std::time::Duration;

    /// See the [module's documentation](super).
    #[derive(Debug)]
    pub(in super::super) struct Event {
        number: Mutex<u32>,
        changed: Condvar,
    }

    impl Default for Event {
        fn default() -> Self {
            Self { number: Mutex::new(0), changed: Condvar::new() }
        }
    }

    impl Event {
        pub(super) fn get(&self) -> u32 {
            *self.number.lock()
        }

        /// Sets the number; threads that sleep are still to be woken.
        pub(in super::super) fn set(&self, number: u64) {
            *self.number.lock() = number as u32;
        }

        /// Wakes all who sleep since before the number was set.
        pub(in super::super) fn wake_all(&self) {
            self.changed.notify_all();
        }

        /// Sleeps unless the number is not `now` any more; may wake for no reason. `false` after `timeout`.
        pub(super) fn sleep(&self, now: u32, timeout: Option<Duration>) -> bool {
            let guard = self.number.lock();
            if *guard != now {
                return true;
            }
            match timeout {
                None => {
                    drop(self.changed.wait(guard));
                    true
                }
                Some(timeout) => self.changed.wait_briefly(guard, timeout),
            }
        }
    }
}
