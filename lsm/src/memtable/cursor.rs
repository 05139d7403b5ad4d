//! A cursor over the ordered view: merges the runs as it moves.

use super::{
    entry::{Entry, Payload},
    sorted::{Element, MAX_RUNS, SortedView},
};
use crate::{EntryKind, SequenceNumber};
use std::cmp::Ordering;

/// How many elements ahead of the cursor entries are fetched into the cache: their order is not that of the arena.
const AHEAD: usize = 6;

/// A position in a [`SortedView`]: an entry, or none ([`valid`](Self::valid) is false, as at the start).
///
/// It owns what it needs and may be stored anywhere. Entries of a key come newest first. A move costs a comparison for
/// each run but one (views mostly have one or two), a seek a binary search in each.
#[derive(Clone)]
pub struct MemCursor {
    view: SortedView,
    /// How many elements of each run come before the current one. All others come after, or are it: so moves in either
    /// direction need no other state.
    positions: [usize; MAX_RUNS],
    /// The current element, with its run's number.
    current: Option<(usize, Element)>,
}

impl MemCursor {
    /// A cursor at no entry.
    #[must_use]
    pub fn new(view: SortedView) -> Self {
        debug_assert!(view.runs().len() <= MAX_RUNS);
        Self { view, positions: [0; MAX_RUNS], current: None }
    }

    /// Whether the cursor is at an entry.
    #[inline]
    #[must_use]
    pub const fn valid(&self) -> bool {
        self.current.is_some()
    }

    /// Moves to the first entry.
    pub fn seek_to_first(&mut self) {
        self.positions = [0; MAX_RUNS];
        self.settle_forward();
    }

    /// Moves to the last entry: the oldest of the largest key.
    pub fn seek_to_last(&mut self) {
        for (position, run) in self.positions.iter_mut().zip(self.view.runs()) {
            *position = run.elements().len();
        }
        self.settle_backward();
    }

    /// Moves to the first entry whose key is not less than `key`: the newest of its key.
    pub fn seek(&mut self, key: &[u8]) {
        for (position, run) in self.positions.iter_mut().zip(self.view.runs()) {
            // SAFETY: the runs of a view are of its memtable.
            *position = unsafe { run.lower_bound(self.view.memtable(), key) };
        }
        self.settle_forward();
    }

    /// Moves to the last entry whose key is not greater than `key`: the oldest of its key.
    pub fn seek_for_prev(&mut self, key: &[u8]) {
        for (position, run) in self.positions.iter_mut().zip(self.view.runs()) {
            // SAFETY: the runs of a view are of its memtable.
            *position = unsafe { run.upper_bound(self.view.memtable(), key) };
        }
        self.settle_backward();
    }

    /// Moves to the entry behind this one: an older one of the same key, or the newest of the next key. Does nothing
    /// at no entry.
    #[inline]
    pub fn next(&mut self) {
        if let Some((run, _)) = self.current {
            self.positions[run] += 1;
            self.settle_forward();
        }
    }

    /// Moves to the entry before this one. Does nothing at no entry.
    #[inline]
    pub fn prev(&mut self) {
        if self.valid() {
            self.settle_backward();
        }
    }

    /// The current key.
    ///
    /// # Panics
    /// If the cursor is not [`valid`](Self::valid).
    #[inline]
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.entry().key()
    }

    /// The sequence number of the current entry.
    ///
    /// # Panics
    /// If the cursor is not [`valid`](Self::valid).
    #[inline]
    #[must_use]
    pub fn seq(&self) -> SequenceNumber {
        self.entry().seq()
    }

    /// What the current entry says of its key.
    ///
    /// # Panics
    /// If the cursor is not [`valid`](Self::valid).
    #[inline]
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.entry().kind()
    }

    /// The value of the current entry, or where it is.
    ///
    /// # Panics
    /// If the cursor is not [`valid`](Self::valid).
    #[inline]
    #[must_use]
    pub fn payload(&self) -> Payload<'_> {
        self.entry().payload()
    }

    #[inline]
    fn entry(&self) -> Entry<'_> {
        match self.current {
            // SAFETY: the element is from a run of the view, whose memtable this is.
            Some((_, element)) => unsafe { element.entry(self.view.memtable()) },
            None => panic!("the cursor is at no entry"),
        }
    }

    /// Makes the least of the elements that are not before the position current.
    #[inline]
    fn settle_forward(&mut self) {
        loop {
            self.current = self.pick(Ordering::Less, |elements, position| elements.get(position));
            let Some((run, _)) = self.current else { return };
            let ahead = self.view.runs()[run].elements().get(self.positions[run] + AHEAD);
            self.prefetch(ahead.copied());
            if !self.entry().is_superseded() {
                return;
            }
            self.positions[run] += 1;
        }
    }

    /// Makes the greatest of the elements before the position current.
    #[inline]
    fn settle_backward(&mut self) {
        loop {
            self.current = self.pick(Ordering::Greater, |elements, position| {
                position.checked_sub(1).and_then(|last| elements.get(last))
            });
            let Some((run, _)) = self.current else { return };
            self.positions[run] -= 1;
            let ahead = self.positions[run].checked_sub(AHEAD);
            self.prefetch(ahead.and_then(|at| self.view.runs()[run].elements().get(at)).copied());
            if !self.entry().is_superseded() {
                return;
            }
        }
    }

    #[inline]
    fn prefetch(&self, element: Option<Element>) {
        if let Some(element) = element {
            // SAFETY: the element is from a run of the view, whose memtable this is.
            unsafe { element.prefetch(self.view.memtable()) }
        }
    }

    /// Of the elements that `candidate` finds in the runs, the one that compares to all others as `wanted`.
    #[inline]
    fn pick(
        &self,
        wanted: Ordering,
        candidate: impl Fn(&[Element], usize) -> Option<&Element>,
    ) -> Option<(usize, Element)> {
        let mut best: Option<(usize, Element)> = None;
        for (number, (run, position)) in self.view.runs().iter().zip(self.positions).enumerate() {
            let Some(&element) = candidate(run.elements(), position) else { continue };
            // SAFETY: both elements are from runs of the view, whose memtable this is.
            let is_better = best.is_none_or(
                |(_, best)| unsafe { element.order(best, self.view.memtable()) } == wanted,
            );
            if is_better {
                best = Some((number, element));
            }
        }
        best
    }
}

impl std::fmt::Debug for MemCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut f = f.debug_struct("MemCursor");
        f.field("view", &self.view);
        if self.valid() {
            f.field("key", &self.key().escape_ascii().to_string()).field("seq", &self.seq());
        }
        f.finish_non_exhaustive()
    }
}
