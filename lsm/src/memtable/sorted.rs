//! The ordered view: immutable sorted runs of references to entries, made when somebody asks for order.
//!
//! A run's elements carry eight bytes of their key, those behind what all keys of the run have in common, so that
//! sorting, merging and searching touch the entries themselves only on ties.

use super::{
    Memtable, SHARDS,
    entry::{Entry, EntryRef},
    shard::Collected,
};
use std::{cmp::Ordering, cmp::Reverse, sync::Arc};

/// A run is kept apart from the next newer one while it has at least this many times its elements.
const RATIO: usize = 4;

/// No view has more runs: each is at least [`RATIO`] times the next, the last is not empty, and a memtable holds less
/// than 2^36 entries (32 shards of 2^30 at most).
pub(super) const MAX_RUNS: usize = 20;

/// Up to this many elements of equal prefix, comparing keys beats another round of prefixes.
const SMALL_GROUP: usize = if cfg!(miri) { 3 } else { 24 };

/// Rounds of prefixes; keys that tie in so many eight-byte pieces are compared as a whole.
const MAX_DEPTH: usize = 16;

/// One entry in a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    prefix: u64,
    entry: EntryRef,
    shard: u8,
}

const _: () = assert!(size_of::<Element>() == 16 && SHARDS <= 1 << u8::BITS);

impl Element {
    /// The element's entry.
    ///
    /// # Safety
    /// The element is from a run of this memtable.
    #[inline]
    pub(super) unsafe fn entry(self, memtable: &Memtable) -> Entry<'_> {
        // SAFETY: runs have references that `collect` found in the shard they name, under its lock.
        unsafe { memtable.shards[self.shard as usize].entry(self.entry) }
    }

    /// Asks for the cache line of the element's entry.
    ///
    /// # Safety
    /// As for [`entry`](Self::entry).
    #[inline]
    pub(super) unsafe fn prefetch(self, memtable: &Memtable) {
        // SAFETY: as above.
        unsafe { memtable.shards[self.shard as usize].prefetch_entry(self.entry) }
    }

    /// The order of the view: key, then newest first. A total order, for the entries of a key are all in one shard; that
    /// of two entries with the same key and sequence number does not matter, since one of them is superseded.
    ///
    /// # Safety
    /// Both are from runs of this memtable.
    #[inline]
    pub(super) unsafe fn order(self, other: Self, memtable: &Memtable) -> Ordering {
        // SAFETY: passed on to the caller.
        let (a, b) = unsafe { (self.entry(memtable), other.entry(memtable)) };
        let key = a.key().cmp(b.key());
        key.then_with(|| Reverse(a.seq()).cmp(&Reverse(b.seq())))
            .then_with(|| self.entry.cmp(&other.entry))
    }
}

/// The eight bytes of `key` from `skip` on as a big-endian number, with zeros for those it does not have. Keys that
/// agree up to `skip` are ordered by it, except that equal numbers say nothing.
#[inline]
fn prefix_at(key: &[u8], skip: usize) -> u64 {
    let rest = key.get(skip..).unwrap_or_default();
    if let Some(bytes) = rest.first_chunk::<8>() {
        return u64::from_be_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_be_bytes(bytes)
}

/// How many bytes two keys have in common, looking at no more than `limit`.
#[inline]
fn common(a: &[u8], b: &[u8], limit: usize) -> usize {
    let limit = limit.min(a.len()).min(b.len());
    if a[..limit] == b[..limit] {
        return limit;
    }
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Sorted elements, never empty, none of them superseded when they were collected.
pub(super) struct Run {
    elements: Box<[Element]>,
    /// All keys of the run begin with the same so many bytes, and prefixes are from there on.
    skip: usize,
}

impl Run {
    /// The elements in order.
    #[inline]
    pub(super) fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Index of the first element for which `is_before` (of its entry's key order against `key`) is false.
    ///
    /// # Safety
    /// The run is one of this memtable.
    unsafe fn partition(
        &self,
        memtable: &Memtable,
        key: &[u8],
        is_before: impl Fn(Ordering) -> bool,
    ) -> usize {
        let bound = |is_before: bool| if is_before { self.elements.len() } else { 0 };
        let Some(first) = self.elements.first() else { return 0 };
        // SAFETY: passed on to the caller.
        let shared = &unsafe { first.entry(memtable) }.key()[..self.skip];
        let head = &key[..self.skip.min(key.len())];
        match shared[..head.len()].cmp(head) {
            Ordering::Equal if head.len() < shared.len() => {
                return bound(is_before(Ordering::Greater));
            }
            Ordering::Equal => {}
            unequal => return bound(is_before(unequal)),
        }
        // By prefix alone first: that touches no entries and has no branches to guess.
        let prefix = prefix_at(key, self.skip);
        let start = self.elements.partition_point(|element| element.prefix < prefix);
        let ties = &self.elements[start..];
        let mut end = 0;
        while ties.get(end).is_some_and(|element| element.prefix == prefix) {
            end = end * 2 + 1;
        }
        let ties = &ties[..end.min(ties.len())];
        start
            + ties.partition_point(|element| {
                is_before(element.prefix.cmp(&prefix).then_with(|| {
                    // SAFETY: passed on to the caller.
                    unsafe { element.entry(memtable) }.key().cmp(key)
                }))
            })
    }

    /// Index of the first element whose key is not less than `key`.
    ///
    /// # Safety
    /// The run is one of this memtable.
    pub(super) unsafe fn lower_bound(&self, memtable: &Memtable, key: &[u8]) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { self.partition(memtable, key, Ordering::is_lt) }
    }

    /// Index of the first element whose key is greater than `key`.
    ///
    /// # Safety
    /// The run is one of this memtable.
    pub(super) unsafe fn upper_bound(&self, memtable: &Memtable, key: &[u8]) -> usize {
        // SAFETY: passed on to the caller.
        unsafe { self.partition(memtable, key, Ordering::is_le) }
    }

    /// # Safety
    /// The elements are of this memtable, and there is one.
    unsafe fn sort(memtable: &Memtable, mut elements: Vec<Element>) -> Self {
        // SAFETY: passed on to the caller.
        let skip = unsafe { sort_level(memtable, &mut elements, 0) };
        Self { elements: elements.into_boxed_slice(), skip }
    }

    /// Merges two runs.
    ///
    /// # Safety
    /// Both are of this memtable.
    unsafe fn merge(memtable: &Memtable, left: &Self, right: &Self) -> Self {
        let (Some(a), Some(b)) = (left.elements.first(), right.elements.first()) else {
            unreachable!("runs are never empty")
        };
        // SAFETY: passed on to the caller, here and below.
        let (a, b) = unsafe { (a.entry(memtable).key(), b.entry(memtable).key()) };
        let skip = common(a, b, left.skip.min(right.skip));
        let left =
            Rebased { rest: &left.elements, shift: left.skip - skip, shared: prefix_at(a, skip) };
        let right =
            Rebased { rest: &right.elements, shift: right.skip - skip, shared: prefix_at(b, skip) };
        let (mut left, mut right) = (left, right);
        let mut merged = Vec::with_capacity(left.rest.len() + right.rest.len());
        while let (Some(a), Some(b)) = (left.first(), right.first()) {
            // SAFETY: as above.
            let order = a.prefix.cmp(&b.prefix).then_with(|| unsafe { a.order(b, memtable) });
            let from = if order.is_le() { &mut left } else { &mut right };
            merged.push(if order.is_le() { a } else { b });
            from.rest = &from.rest[1..];
        }
        for mut rest in [left, right] {
            while let Some(element) = rest.first() {
                merged.push(element);
                rest.rest = &rest.rest[1..];
            }
        }
        Self { elements: merged.into_boxed_slice(), skip }
    }
}

/// A run's elements with the prefixes that they have when fewer bytes are skipped.
struct Rebased<'a> {
    rest: &'a [Element],
    /// How many fewer.
    shift: usize,
    /// What these bytes, the same in all keys of the run, and those behind them in one key are.
    shared: u64,
}

impl Rebased<'_> {
    #[inline]
    fn first(&self) -> Option<Element> {
        let element = *self.rest.first()?;
        let prefix = match self.shift {
            0 => element.prefix,
            shift @ 1..8 => {
                let bits = shift as u32 * 8;
                (self.shared & !(u64::MAX >> bits)) | (element.prefix >> bits)
            }
            _ => self.shared,
        };
        Some(Element { prefix, ..element })
    }
}

/// Sorts elements, sets their prefixes, and returns how many bytes all their keys have in common.
///
/// This is a most-significant-digit radix sort whose digit is eight bytes (behind the common ones) and whose buckets
/// are found by sorting: groups that tie in one digit are sorted by the next.
///
/// # Safety
/// The elements are of this memtable, and there is one.
unsafe fn sort_level(memtable: &Memtable, elements: &mut [Element], depth: usize) -> usize {
    // SAFETY: passed on to the caller, here and below.
    let entry = |element: &Element| unsafe { element.entry(memtable) };
    let first = entry(&elements[0]).key();
    let (mut skip, mut longest) = (first.len(), 0);
    for element in &*elements {
        let key = entry(element).key();
        skip = common(first, key, skip);
        longest = longest.max(key.len());
    }
    if longest == skip {
        // Versions of one key: their order is that of the sequence numbers, and the digit is what is behind the key.
        elements.sort_unstable_by_key(|element| (Reverse(entry(element).seq()), element.entry));
        elements.iter_mut().for_each(|element| element.prefix = 0);
        return skip;
    }
    for element in &mut *elements {
        element.prefix = prefix_at(entry(element).key(), skip);
    }
    elements.sort_unstable_by_key(|element| element.prefix);
    for group in elements.chunk_by_mut(|a, b| a.prefix == b.prefix).filter(|group| group.len() > 1)
    {
        let prefix = group[0].prefix;
        if group.len() <= SMALL_GROUP || depth == MAX_DEPTH {
            // SAFETY: as above.
            group.sort_unstable_by(|a, b| unsafe { a.order(*b, memtable) });
        } else {
            // SAFETY: as above. The group shares its digit unless that has padding; then the rounds end by their depth.
            unsafe { sort_level(memtable, group, depth + 1) };
            group.iter_mut().for_each(|element| element.prefix = prefix);
        }
    }
    skip
}

/// The runs of a memtable, oldest and largest first, and how far they reach.
pub(super) struct SortedRuns {
    collected: [Collected; SHARDS],
    runs: Arc<[Arc<Run>]>,
}

impl SortedRuns {
    /// No runs yet.
    pub(super) fn new() -> Self {
        Self { collected: [Collected::default(); SHARDS], runs: Arc::new([]) }
    }

    /// Memory of a run of so many elements in bytes.
    pub(super) const fn bytes_of(elements: usize) -> usize {
        elements * size_of::<Element>()
    }

    /// Memory of the runs in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.runs.iter().map(|run| Self::bytes_of(run.elements().len())).sum()
    }

    /// Makes a run of the entries that are in no run yet, merges it with those it comes close to in size, and returns
    /// all runs.
    ///
    /// # Safety
    /// `memtable` is the same in every call.
    pub(super) unsafe fn update(&mut self, memtable: &Memtable) -> Arc<[Arc<Run>]> {
        let shards = || memtable.shards.iter().zip(&self.collected);
        let expected = shards().map(|(shard, since)| shard.uncollected(since)).sum();
        if expected == 0 {
            return Arc::clone(&self.runs);
        }
        let mut new = Vec::with_capacity(expected);
        for (number, (shard, since)) in memtable.shards.iter().zip(&mut self.collected).enumerate()
        {
            // SAFETY: each shard has its own state, and the memtable is always the same.
            unsafe {
                shard.collect(since, |entry, _| {
                    new.push(Element { prefix: 0, entry, shard: number as u8 });
                });
            }
        }
        if !new.is_empty() {
            // SAFETY: `collect` just found the elements in this memtable; the older runs were made the same way.
            let mut run = Arc::new(unsafe { Run::sort(memtable, new) });
            let mut kept = self.runs.len();
            while let Some(older) = kept.checked_sub(1).map(|last| &self.runs[last]) {
                if older.elements.len() >= RATIO * run.elements.len() {
                    break;
                }
                // SAFETY: as above.
                run = Arc::new(unsafe { Run::merge(memtable, older, &run) });
                kept -= 1;
            }
            self.runs = self.runs[..kept].iter().cloned().chain([run]).collect();
        }
        Arc::clone(&self.runs)
    }
}

/// The entries of a memtable in order (key ascending, sequence number descending), as of one moment. Cheap to clone.
#[derive(Clone)]
pub struct SortedView {
    memtable: Arc<Memtable>,
    runs: Arc<[Arc<Run>]>,
}

impl SortedView {
    /// # Safety
    /// The runs are of this memtable.
    pub(super) unsafe fn new(memtable: Arc<Memtable>, runs: Arc<[Arc<Run>]>) -> Self {
        Self { memtable, runs }
    }

    /// How many entries the view has. Operations that a later one of the same batch took the place of, after they had
    /// been sorted, are counted, and no cursor shows them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.elements.len()).sum()
    }

    /// Whether the view has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The memtable.
    #[inline]
    pub(super) fn memtable(&self) -> &Memtable {
        &self.memtable
    }

    /// The runs, which are all of [`memtable`](Self::memtable).
    #[inline]
    pub(super) fn runs(&self) -> &[Arc<Run>] {
        &self.runs
    }
}

impl std::fmt::Debug for SortedView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let runs: Vec<_> = self.runs.iter().map(|run| run.elements.len()).collect();
        f.debug_struct("SortedView").field("runs", &runs).finish_non_exhaustive()
    }
}
