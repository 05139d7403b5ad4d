//! Handles: numbers that are looked up, so that a wrong one is an error and never a crash.

use crate::result::{Answer, CUresult, fail};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

/// Above every address of the host and of devices, so that a handle that is taken for a pointer faults at once.
const KIND: u32 = 56;

/// The objects of one kind, by handle. Handles are never used again.
#[derive(Debug)]
pub(crate) struct Table<T> {
    kind: u8,
    what: &'static str,
    wrong: CUresult,
    next: AtomicU64,
    objects: RwLock<BTreeMap<u64, Arc<T>>>,
}

impl<T> Table<T> {
    /// `wrong` is what an unknown handle is answered with.
    pub(crate) const fn new(kind: u8, what: &'static str, wrong: CUresult) -> Self {
        let objects = RwLock::new(BTreeMap::new());
        Self { kind, what, wrong, next: AtomicU64::new(1), objects }
    }

    /// A handle that nothing has yet.
    pub(crate) fn reserve(&self) -> u64 {
        (u64::from(self.kind) << KIND) | (self.next.fetch_add(1, Relaxed) << 4)
    }

    /// Puts an object at a reserved handle, in place of what was there.
    pub(crate) fn put(&self, handle: u64, object: Arc<T>) {
        self.objects.write().unwrap_or_else(PoisonError::into_inner).insert(handle, object);
    }

    /// Puts an object at a new handle.
    pub(crate) fn insert(&self, object: T) -> u64 {
        let handle = self.reserve();
        self.put(handle, Arc::new(object));
        handle
    }

    /// The object, if there is one.
    pub(crate) fn find(&self, handle: u64) -> Option<Arc<T>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).get(&handle).cloned()
    }

    /// The object.
    pub(crate) fn get(&self, handle: u64) -> Answer<Arc<T>> {
        self.find(handle).ok_or_else(|| self.unknown(handle))
    }

    /// Takes the object out.
    pub(crate) fn remove(&self, handle: u64) -> Answer<Arc<T>> {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.remove(&handle).ok_or_else(|| self.unknown(handle))
    }

    /// Takes out all objects that a condition holds for.
    pub(crate) fn remove_where(&self, which: impl Fn(&T) -> bool) {
        let mut objects = self.objects.write().unwrap_or_else(PoisonError::into_inner);
        objects.retain(|_, object| !which(object));
    }

    /// All objects.
    pub(crate) fn all(&self) -> Vec<Arc<T>> {
        self.objects.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn unknown(&self, handle: u64) -> crate::result::Failure {
        let what = self.what;
        let number = (handle & ((1 << KIND) - 1)) >> 4;
        let detail = if handle == 0 {
            format!("a null {what}")
        } else if handle >> KIND == u64::from(self.kind)
            && (1..self.next.load(Relaxed)).contains(&number)
        {
            format!("{what} 0x{handle:x} was destroyed")
        } else {
            format!("0x{handle:x} is no {what}")
        };
        fail(self.wrong, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::CUDA_ERROR_INVALID_HANDLE;

    fn table() -> Table<u32> {
        Table::new(0x52, "stream", CUDA_ERROR_INVALID_HANDLE)
    }

    #[test]
    fn handles_are_looked_up_and_never_used_again() {
        let table = table();
        let (a, b) = (table.insert(1), table.insert(2));
        assert_ne!(a, b);
        assert_eq!((*table.get(a).unwrap(), *table.get(b).unwrap()), (1, 2));
        assert_eq!(*table.remove(a).unwrap(), 1);
        assert!(table.remove(a).is_err());
        assert_ne!(table.insert(3), a);
        table.put(b, Arc::new(4));
        assert_eq!(*table.get(b).unwrap(), 4);
        table.remove_where(|&n| n == 4);
        assert_eq!(table.all(), [Arc::new(3)]);
    }

    #[test]
    fn what_is_wrong_with_a_handle() {
        let table = table();
        let handle = table.insert(1);
        table.remove(handle).unwrap();
        let what = |handle| table.get(handle).unwrap_err().detail;
        assert_eq!(what(0), "a null stream");
        assert_eq!(what(handle), format!("stream 0x{handle:x} was destroyed"));
        assert_eq!(what(handle + 16), format!("0x{:x} is no stream", handle + 16));
        assert_eq!(what(77), "0x4d is no stream");
        assert_eq!(table.get(77).unwrap_err().code, CUDA_ERROR_INVALID_HANDLE);
    }

    #[test]
    fn threads_may_share_a_table() {
        let table = &table();
        std::thread::scope(|scope| {
            for n in 0..4 {
                scope.spawn(move || {
                    for _ in 0..10 {
                        let handle = table.insert(n);
                        assert_eq!(*table.get(handle).unwrap(), n);
                        table.remove(handle).unwrap();
                    }
                });
            }
        });
        assert!(table.all().is_empty());
    }
}
