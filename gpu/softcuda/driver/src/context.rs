//! Contexts, and which one a thread works in.

use crate::queue::Queue;
use crate::result::{Answer, CUDA_ERROR_INVALID_CONTEXT, fail};
use crate::soft::Soft;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A context.
pub(crate) struct Context {
    pub handle: u64,
    /// Ordinal of its device.
    pub device: i32,
    pub primary: bool,
    pub queue: Arc<Queue>,
    pub flags: Mutex<u32>,
    /// Contexts whose memory it was given access to.
    pub peers: Mutex<BTreeSet<u64>>,
    /// What the program set by `cuCtxSetLimit`, `cuCtxSetCacheConfig` and `cuCtxSetSharedMemConfig`; softcuda has no use for it.
    pub limits: Mutex<BTreeMap<u32, usize>>,
    pub cache_config: Mutex<u32>,
    pub shared_config: Mutex<u32>,
}

impl Context {
    pub(crate) fn new(handle: u64, device: i32, flags: u32, primary: bool) -> Self {
        Self {
            handle,
            device,
            primary,
            queue: Arc::default(),
            flags: Mutex::new(flags),
            peers: Mutex::default(),
            limits: Mutex::default(),
            cache_config: Mutex::new(0),
            shared_config: Mutex::new(0),
        }
    }

    /// The error that the context failed of, if it has.
    pub(crate) fn check(&self) -> Answer {
        self.queue.failure().map_or(Ok(()), Err)
    }

    /// Its device.
    pub(crate) fn device(&self, soft: &'static Soft) -> Answer<&'static softcuda::Device> {
        Ok(&soft.device(self.device)?.device)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.queue.close();
    }
}

thread_local! {
    /// Handles of contexts; the last is current.
    static STACK: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Handle of the calling thread's context; 0 if it has none.
pub(crate) fn current_handle() -> u64 {
    // A thread that ends has none.
    STACK.try_with(|stack| stack.borrow().last().copied().unwrap_or(0)).unwrap_or(0)
}

/// Puts a context onto the calling thread's stack.
pub(crate) fn push(handle: u64) {
    let _ = STACK.try_with(|stack| stack.borrow_mut().push(handle));
}

/// Takes the calling thread's context from its stack.
pub(crate) fn pop() -> Answer<u64> {
    STACK
        .try_with(|stack| stack.borrow_mut().pop())
        .ok()
        .flatten()
        .ok_or_else(|| fail(CUDA_ERROR_INVALID_CONTEXT, "the calling thread has no context"))
}

/// Takes the place of the calling thread's context; 0 takes it away.
pub(crate) fn replace(handle: u64) {
    let _ = STACK.try_with(|stack| {
        let mut stack = stack.borrow_mut();
        stack.pop();
        if handle != 0 {
            stack.push(handle);
        }
    });
}
