//! How many requests are open, on each node and on all: counters that outlive the snapshots that count with them.

use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(not(loom))]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

use crate::NodeId;

/// Counters in a page: large enough that a clone is cheap, small enough that it costs a small placement nothing.
const PAGE: usize = if cfg!(loom) { 4 } else { 64 };

/// Alone on its cache line, and on the one that processors fetch along with it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Total(AtomicU64);

#[derive(Debug)]
struct Page([AtomicU64; PAGE]);

/// Clones count together. Pages never move, so that clones that were made before others were added go on counting in the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    total: Arc<Total>,
    pages: Vec<Arc<Page>>,
}

/// In every order of two threads, what is on nodes is never more than the total: it is counted there first, and taken off there last. The
/// orderings make that so for readers, too: who reads a node's counter, then the total, sees a total that has all that the node
/// has but for what was released since.
impl Counters {
    /// Makes room for nodes with an index below `id_bound`.
    pub(super) fn grow(&mut self, id_bound: usize) {
        let page = || Arc::new(Page(core::array::from_fn(|_| AtomicU64::new(0))));
        if self.pages.len() < id_bound.div_ceil(PAGE) {
            self.pages.resize_with(id_bound.div_ceil(PAGE), page);
        }
    }

    fn counter(&self, node: NodeId) -> Option<&AtomicU64> {
        self.pages.get(node.index() / PAGE)?.0.get(node.index() % PAGE)
    }

    /// Requests on a node.
    pub(super) fn of(&self, node: NodeId) -> u64 {
        self.counter(node).map_or(0, |counter| counter.load(Ordering::Acquire))
    }

    /// Requests on all nodes, and those that look for one.
    pub(super) fn total(&self) -> u64 {
        self.total.0.load(Ordering::Acquire)
    }

    /// Counts a request that looks for a node; how many there are with it.
    #[inline]
    pub(super) fn count(&self) -> u64 {
        self.total.0.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Counts a request on a node if there is room.
    #[inline]
    pub(super) fn claim(&self, node: NodeId, room: impl Fn(u64) -> bool) -> bool {
        let more = |load| room(load).then(|| load + 1);
        self.counter(node).is_some_and(|counter| {
            counter.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
        })
    }

    /// Takes a request off a node and off the total; whether there was one.
    #[inline]
    pub(super) fn release(&self, node: NodeId) -> bool {
        self.counter(node).is_some_and(|counter| release(counter, &self.total))
    }

    /// The counters that a request on a node is in.
    pub(super) fn seat(&self, node: NodeId) -> Option<Seat> {
        let page = self.pages.get(node.index() / PAGE)?;
        Some(Seat { total: self.total.clone(), page: page.clone(), at: node.index() % PAGE })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Total>()
            + self.pages.len() * size_of::<Page>()
            + self.pages.capacity() * size_of::<Arc<Page>>()
    }
}

/// A node's counter and the total.
#[derive(Debug)]
pub(super) struct Seat {
    total: Arc<Total>,
    page: Arc<Page>,
    at: usize,
}

impl Seat {
    /// As [`Counters::release`].
    pub(super) fn release(&self) -> bool {
        self.page.0.get(self.at).is_some_and(|counter| release(counter, &self.total))
    }
}

#[inline]
fn release(counter: &AtomicU64, total: &Total) -> bool {
    let less = |load: u64| load.checked_sub(1);
    let released = counter.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok();
    if released {
        total.0.fetch_sub(1, Ordering::AcqRel);
    }
    released
}
