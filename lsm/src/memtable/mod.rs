//! The memtable: the newest writes of one keyspace, in memory.
//!
//! A memtable is **a hash index over an append-only arena, and an order that is made when somebody asks for it**.
//! A key's hash picks one of 32 shards; a writer locks that shard, appends the entry to its arena and publishes its
//! reference in the shard's hash table; a reader takes no lock. Versions of a key hang in a chain, newest first.
//! [`sorted`](Memtable::sorted) collects the entries that came since its last call, sorts them into a run, and merges
//! runs so that each is at least four times the next: O(n log n) in all, whatever the calls.
//!
//! # Why no skip list
//! Most memtables are written, read at points, and flushed once: order is needed once, at the flush, yet a skip list
//! pays for it at every insert, with one cache miss a level. Measured floors for a million inserts of random 16-byte
//! keys: `crossbeam_skiplist::SkipMap` 1.47 s, `BTreeMap` 0.52 s, `HashMap` 0.37 s; to collect them in a vector and
//! sort it 0.065 s. Hashing and sorting together cost less than any order that is kept up all the time.
//!
//! # What it costs
//! - The *first scan after many writes* sorts them: some 30 ms for 500,000 new entries (60 ns each), which that scan's
//!   caller waits for (and others that want order meanwhile; readers and writers of single keys do not). Scans in
//!   between writes pay for the few entries that are new, and now and then for a merge. A flush needs the order anyway.
//! - *Memory*: an entry takes 24 bytes and its key (and inline value), rounded up to 8; a key 15 to 29 bytes of hash
//!   table and filter, and as much again at most for outgrown tables, which readers may still be in; an element of a
//!   run 16 bytes. A memtable without entries takes less than 10 KiB. Nothing is freed before the memtable is dropped,
//!   and then in a few large pieces.
//!
//! # Visibility
//! An insert must *happen before* the visible sequence number is advanced (Release) to its own; a reader takes its
//! sequence number from there (Acquire). Then [`get`](Memtable::get) and views find all that is not newer than that:
//! `shard.rs` has the argument. What is newer may or may not be seen, hence the `read_seq` argument, and a cursor's
//! caller skips entries that are too new.

mod arena;
mod cursor;
mod entry;
mod hash_table;
#[cfg(all(test, loom))]
mod loom_tests;
mod shard;
mod sorted;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;

pub use cursor::MemCursor;
pub use entry::{MAX_LOG_SLOT, Payload};
pub use sorted::SortedView;

use crate::{EntryKind, SequenceNumber};
use shard::{Shard, Totals};
use sorted::SortedRuns;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use sync::{Mutex, lock};

/// Writers of different shards do not meet; 32 make it unlikely that as many writers as a machine has cores do. Loom
/// can follow few atomics only.
const SHARDS: usize = if cfg!(loom) { 1 } else { 32 };

/// The newest writes of one keyspace. See the [module's documentation](self).
pub struct Memtable {
    shards: [Shard; SHARDS],
    /// Keys for which a shard's first table is made.
    /// Keys that a shard's hash table makes room for when it is made, or made anew.
    expected: AtomicUsize,
    sorted: Mutex<SortedRuns>,
}

/// A version of a key that [`Memtable::get`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// Its sequence number.
    pub seq: SequenceNumber,
    /// What it says of the key.
    pub kind: EntryKind,
    /// The value, or where it is.
    pub payload: Payload<'a>,
}

impl Memtable {
    /// An empty memtable, with hash tables that need not grow up to about `expected_entries` keys (0: start small). They are
    /// allocated by the first insert into each shard.
    #[must_use]
    pub fn new(expected_entries: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard::new()),
            expected: AtomicUsize::new(Self::a_shard(expected_entries)),
            sorted: Mutex::new(SortedRuns::new()),
        }
    }

    /// What a shard gets of so many keys. They do not spread evenly: an eighth more is over three standard deviations from a thousand
    /// a shard on.
    const fn a_shard(keys: usize) -> usize {
        keys / SHARDS + keys / SHARDS / 8
    }

    /// Says how many keys there will be, about, now that this can be told: hash tables that have to grow make room for them at once.
    /// Growing by doubling costs as much again, in memory that stays until the memtable goes, and in inserts that take long.
    pub fn expect(&self, entries: usize) {
        self.expected.store(Self::a_shard(entries), Ordering::Relaxed);
    }

    #[inline]
    fn shard(&self, hash: u64) -> &Shard {
        // The lowest bits; the table's place and tag are from the upper half.
        &self.shards[hash as usize % SHARDS]
    }

    /// Adds a version of a key. Of several with the same sequence number (operations of one batch, inserted one after the other), the last
    /// hides the others. Versions may come in any order of sequence numbers; one that comes out of order costs a walk along the newer ones.
    ///
    /// `hash` is [`hash_key`](crate::hash_key) of the key; with another hash the key will not be found. Takes one shard's lock, and no time
    /// worth mentioning under it except when the shard's table grows.
    ///
    /// # Panics
    /// If the key is longer than [`MAX_KEY_LEN`](crate::MAX_KEY_LEN), an inline value is 4 GiB or longer, or a slot is
    /// larger than [`MAX_LOG_SLOT`]; if a shard outgrows its addresses, which takes over 4 GiB in it.
    #[inline]
    pub fn insert(
        &self,
        hash: u64,
        key: &[u8],
        seq: SequenceNumber,
        kind: EntryKind,
        payload: Payload<'_>,
    ) {
        let expected = self.expected.load(Ordering::Relaxed);
        self.shard(hash).insert(expected, hash, key, seq, kind, payload);
    }

    /// The newest version of a key that is not newer than `read_seq`. Takes no lock and never waits. If the key is
    /// not there, this mostly ends at a filter of a byte or two a key; else it costs two or three cache misses, and one
    /// for each newer version.
    #[inline]
    #[must_use]
    pub fn get(&self, hash: u64, key: &[u8], read_seq: SequenceNumber) -> Option<Found<'_>> {
        let entry = self.shard(hash).get(hash, key, read_seq)?;
        Some(Found { seq: entry.seq(), kind: entry.kind(), payload: entry.payload() })
    }

    /// Asks the processor to fetch what a [`get`](Self::get) of this hash touches first, and does not wait: for several
    /// look-ups at once.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        self.shard(hash).prefetch(hash);
    }

    /// The entries in order. Every insert that happened before this call is in it.
    ///
    /// Free if nothing was inserted since the last call; otherwise sorts what was. Of callers at the same time, one
    /// sorts and the others wait.
    #[must_use]
    pub fn sorted(self: &Arc<Self>) -> SortedView {
        // SAFETY: the runs are behind this memtable's own lock and never updated from another.
        let runs = unsafe { lock(&self.sorted).update(self) };
        // SAFETY: see above.
        unsafe { SortedView::new(Arc::clone(self), runs) }
    }

    /// As [`prefetch`](Self::prefetch), for an [`insert`](Self::insert) that comes soon.
    #[inline]
    pub fn prefetch_to_insert(&self, hash: u64) {
        self.shard(hash).prefetch_to_insert(hash);
    }

    fn totals(&self) -> impl Iterator<Item = Totals> {
        self.shards.iter().map(Shard::totals)
    }

    /// Memory for entries and hash tables, in bytes: allocated, not only used. Like all sums below, it reads a counter
    /// in each shard, and is exact when no insert is under way.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.totals().map(|totals| totals.bytes as usize).sum::<usize>()
    }

    /// Memory that the memtable takes by the time it is flushed, in bytes: what it [takes now](Self::bytes), and the order of its
    /// entries.
    #[must_use]
    pub fn bytes_with_order(&self) -> usize {
        self.bytes() + SortedRuns::bytes_of(usize::try_from(self.entries()).unwrap_or(usize::MAX))
    }

    /// Different keys inserted. Waits for inserts under way.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.shards.iter().map(Shard::keys).sum()
    }

    /// Memory of the order that views share, in bytes. Waits for a [`sorted`](Self::sorted) under way.
    #[must_use]
    pub fn view_bytes(&self) -> usize {
        lock(&self.sorted).bytes()
    }

    /// Entries inserted; of those with the same key and sequence number, all.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.totals().map(|totals| totals.entries).sum()
    }

    /// How many of the [`entries`](Self::entries) are deletes.
    #[must_use]
    pub fn deletes(&self) -> u64 {
        self.totals().map(|totals| totals.deletes).sum()
    }

    /// Whether nothing was inserted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries() == 0
    }

    /// The smallest sequence number inserted.
    #[must_use]
    pub fn min_seq(&self) -> Option<SequenceNumber> {
        self.totals().filter(|totals| totals.entries > 0).map(|totals| totals.min_seq).min()
    }

    /// The largest sequence number inserted.
    #[must_use]
    pub fn max_seq(&self) -> Option<SequenceNumber> {
        self.totals().filter(|totals| totals.entries > 0).map(|totals| totals.max_seq).max()
    }
}

impl std::fmt::Debug for Memtable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memtable")
            .field("entries", &self.entries())
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
