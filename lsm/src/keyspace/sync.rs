//! The primitives under [`super_version`](super::super_version): the real ones, or under `--cfg loom` its models of them.
//!
//! Loom cannot look into `arc_swap`. In the model a lock stands for it, which is what it promises to behave like: a load
//! returns the last value stored, and sees what was written before that store.

#[cfg(not(loom))]
mod real {
    use std::sync::Arc;

    use arc_swap::ArcSwap;

    pub(in crate::keyspace) use parking_lot::Mutex;

    /// A value in use.
    pub(crate) type Guard<T> = arc_swap::Guard<Arc<T>>;

    /// A value that is replaced as a whole while others read it.
    #[derive(Debug)]
    pub(in crate::keyspace) struct Swap<T>(ArcSwap<T>);

    impl<T> Swap<T> {
        pub(in crate::keyspace) fn new(value: T) -> Self {
            Self(ArcSwap::from_pointee(value))
        }

        #[inline]
        pub(in crate::keyspace) fn load(&self) -> Guard<T> {
            self.0.load()
        }

        pub(in crate::keyspace) fn load_full(&self) -> Arc<T> {
            self.0.load_full()
        }

        pub(in crate::keyspace) fn store(&self, value: Arc<T>) {
            self.0.store(value);
        }
    }
}

#[cfg(loom)]
mod model {
    use std::sync::{Arc, PoisonError};

    use ::loom::sync::MutexGuard;

    #[derive(Debug)]
    pub(in crate::keyspace) struct Mutex<T>(::loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(in crate::keyspace) fn new(value: T) -> Self {
            Self(::loom::sync::Mutex::new(value))
        }

        pub(in crate::keyspace) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    pub(crate) type Guard<T> = Arc<T>;

    #[derive(Debug)]
    pub(in crate::keyspace) struct Swap<T>(Mutex<Arc<T>>);

    impl<T> Swap<T> {
        pub(in crate::keyspace) fn new(value: T) -> Self {
            Self(Mutex::new(Arc::new(value)))
        }

        pub(in crate::keyspace) fn load(&self) -> Guard<T> {
            self.load_full()
        }

        pub(in crate::keyspace) fn load_full(&self) -> Arc<T> {
            Arc::clone(&self.0.lock())
        }

        pub(in crate::keyspace) fn store(&self, value: Arc<T>) {
            let old = std::mem::replace(&mut *self.0.lock(), value);
            // Outside of the lock: the last user of a file removes it.
            drop(old);
        }
    }
}

#[cfg(loom)]
pub(super) use model::*;
#[cfg(not(loom))]
pub(super) use real::*;
