//! The system's allocator, that counts for each thread what is out, what was at most, and how often it was asked.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[derive(Clone, Copy)]
struct Count {
    /// May be below 0: what one thread asked for another may give back.
    now: isize,
    most: isize,
    calls: usize,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { now: 0, most: 0, calls: 0 }) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(change: impl FnOnce(&mut Count)) {
    // Not while a thread ends.
    let _ = COUNT.try_with(|cell| {
        let mut count = cell.get();
        change(&mut count);
        cell.set(count);
    });
}

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(|it| {
            it.now += layout.size() as isize;
            it.most = it.most.max(it.now);
            it.calls += 1;
        });
        // SAFETY: the caller's promises are the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(|it| it.now -= layout.size() as isize);
        // SAFETY: the caller's promises are the system's.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// What comes of `work`, and how many bytes more than before were out at most.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = COUNT.get().now;
    count(|it| it.most = it.now);
    let done = work();
    let most = COUNT.get().most - before;
    (done, usize::try_from(most).unwrap())
}

/// How often `work` asks for memory.
pub fn calls(work: impl FnOnce()) -> usize {
    let before = COUNT.get().calls;
    work();
    COUNT.get().calls - before
}
