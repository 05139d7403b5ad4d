//! One shard: a hash index over the entries of an arena. Writers take its lock, readers take none.
//!
//! # Why a reader sees what it must
//! A reader took its sequence number S, with Acquire, from a counter that was advanced to S, with Release, after every
//! insert up to S had returned. So those inserts *happen before* the look-up, and by coherence each atomic the reader
//! loads has the value the insert stored or a later one. That is enough, because later values never hide an entry:
//!
//! - A slot of a table goes from empty to a key's newest version, and then only to other versions of the same key.
//!   No slot is ever emptied, so the probe from the key's home slot finds no hole before the key's own slot.
//! - A table is replaced by one with all its slots. A reader that still sees the old one started before the new one
//!   was published, and the inserts that only the new one has are not visible to it.
//! - The bits of a key's tag are set in the table's filter before the slot is filled, and never cleared.
//! - A version enters its chain by one store, to the slot or to `next` of the version before it; none ever leaves.
//! - Table, slots and `next` are stored with Release and loaded with Acquire, and the entry behind them was written
//!   before, so whatever reference a reader finds, visible to it or not, leads to a complete entry.

use super::{
    arena::{Arena, ArenaEnd, ArenaWriter},
    entry::{Entry, EntryRef, Payload},
    hash_table::{Table, entry_of, tag_of},
    sync::{AtomicPtr, AtomicU64, Mutex, Ordering, lock, prefetch_to_store},
};
use crate::{EntryKind, SequenceNumber};
use std::ptr;

/// A shard. The first cache line is what readers use; writers dirty only the others.
#[repr(align(64))]
pub(super) struct Shard {
    table: AtomicPtr<Table>,
    arena: Arena,
    write: WriteSide,
}

#[repr(align(64))]
struct WriteSide {
    lock: Mutex<Writer>,
    counters: Counters,
}

struct Writer {
    arena: ArenaWriter,
    /// Occupied slots of the table.
    keys: usize,
}

/// Sums that are written under the shard's lock and read without it.
struct Counters {
    entries: AtomicU64,
    deletes: AtomicU64,
    bytes: AtomicU64,
    min_seq: AtomicU64,
    max_seq: AtomicU64,
}

/// A copy of a shard's counters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Totals {
    /// Entries inserted.
    pub(super) entries: u64,
    /// How many of them are deletes.
    pub(super) deletes: u64,
    /// Bytes allocated.
    pub(super) bytes: u64,
    /// Smallest sequence number, or the largest there is if the shard is empty.
    pub(super) min_seq: SequenceNumber,
    /// Largest sequence number, or 0.
    pub(super) max_seq: SequenceNumber,
}

/// How far a shard's entries were collected.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Collected {
    entries: u64,
    end: ArenaEnd,
}

// SAFETY: the raw pointers (tables, lists, chunks) are owned by the shard alone, and nothing in them belongs to a thread.
unsafe impl Send for Shard {}
// SAFETY: see the module's documentation: everything that changes and is read without the lock is atomic and published
// with Release; the rest is behind the lock.
unsafe impl Sync for Shard {}

impl Shard {
    /// A shard that owns no memory yet.
    pub(super) fn new() -> Self {
        Self {
            table: AtomicPtr::new(ptr::null_mut()),
            arena: Arena::new(),
            write: WriteSide {
                lock: Mutex::new(Writer { arena: ArenaWriter::new(), keys: 0 }),
                counters: Counters {
                    entries: AtomicU64::new(0),
                    deletes: AtomicU64::new(0),
                    bytes: AtomicU64::new(0),
                    min_seq: AtomicU64::new(SequenceNumber::MAX),
                    max_seq: AtomicU64::new(0),
                },
            },
        }
    }

    #[inline]
    fn table(&self) -> Option<&Table> {
        // SAFETY: tables are freed in Drop only, and constant but for their atomic slots.
        unsafe { self.table.load(Ordering::Acquire).as_ref() }
    }

    /// Different keys.
    pub(super) fn keys(&self) -> usize {
        lock(&self.write.lock).keys
    }

    /// The entry at a reference.
    ///
    /// # Safety
    /// The reference is one of this shard's, and the insert that made it happened before this call, or published it
    /// with Release to whoever loaded it with Acquire.
    #[inline]
    pub(super) unsafe fn entry(&self, entry: EntryRef) -> Entry<'_> {
        // SAFETY: passed on to the caller.
        unsafe { self.arena.entry(entry) }
    }

    /// Asks for the entry's cache line.
    ///
    /// # Safety
    /// As for [`entry`](Self::entry).
    #[inline]
    pub(super) unsafe fn prefetch_entry(&self, entry: EntryRef) {
        // SAFETY: passed on to the caller.
        unsafe { self.arena.prefetch(entry) }
    }

    /// Asks for the cache line of the key's home slot.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        if let Some(table) = self.table() {
            table.prefetch(tag_of(hash));
        }
    }

    /// As [`prefetch`](Self::prefetch), for an insert: also takes the lines of the write side from the processor that
    /// inserted last.
    #[inline]
    pub(super) fn prefetch_to_insert(&self, hash: u64) {
        let write: *const WriteSide = &raw const self.write;
        for line in 0..size_of::<WriteSide>() / 64 {
            prefetch_to_store(write.cast::<u8>().wrapping_add(line * 64));
        }
        self.prefetch(hash);
    }

    /// Adds an entry; see [`Memtable::insert`](super::Memtable::insert). A table that has to be made, or made larger, is made for `expected`
    /// keys.
    #[inline]
    pub(super) fn insert(
        &self,
        expected: usize,
        hash: u64,
        key: &[u8],
        seq: SequenceNumber,
        kind: EntryKind,
        payload: Payload<'_>,
    ) {
        // The slot is the one place of an insert that is likely not in the cache: it comes while the entry is written.
        self.prefetch(hash);
        let tag = tag_of(hash);
        let mut writer = lock(&self.write.lock);
        // SAFETY: we hold the lock that guards this arena's writer.
        let (new, entry, mut grown) =
            unsafe { self.arena.append(&mut writer.arena, key, seq, kind, payload) };
        let table = match self.table() {
            Some(table) => table,
            None => {
                self.publish(Table::new(Table::slots_for(expected), ptr::null_mut()), &mut grown)
            }
        };
        let published = (u64::from(tag) << 32) | u64::from(new.0);
        // Tables are never full, so the probe ends.
        for slot in table.probe(tag) {
            let word = slot.load(Ordering::Relaxed);
            if word == 0 {
                if table.is_full(writer.keys) {
                    self.grow(table, expected, &mut grown).fill(tag, published);
                } else {
                    table.announce(tag);
                    slot.store(published, Ordering::Release);
                }
                writer.keys += 1;
                break;
            }
            // SAFETY: slots hold references of this arena, and we hold the lock under which they were stored.
            if tag_of(word) == tag && unsafe { self.entry(entry_of(word)) }.key() == key {
                self.link(slot, word, published, entry, seq);
                break;
            }
        }
        self.count(kind, seq, grown);
    }

    /// Puts a version at its place in the chain of its key.
    fn link(
        &self,
        slot: &AtomicU64,
        head: u64,
        published: u64,
        new: Entry<'_>,
        seq: SequenceNumber,
    ) {
        let mut newer: Option<Entry<'_>> = None;
        let mut older = entry_of(head);
        while older != EntryRef::NONE {
            // SAFETY: chains hold references of this arena, and we hold the lock under which they were stored.
            let entry = unsafe { self.entry(older) };
            if entry.seq() <= seq {
                if entry.seq() == seq {
                    entry.supersede();
                }
                break;
            }
            older = entry.next();
            newer = Some(entry);
        }
        new.set_next(older);
        match newer {
            None => slot.store(published, Ordering::Release),
            Some(newer) => newer.set_next(entry_of(published)),
        }
    }

    #[inline]
    fn count(&self, kind: EntryKind, seq: SequenceNumber, grown: usize) {
        // Loads and stores instead of read-modify-write: we hold the lock.
        let add = |counter: &AtomicU64, by: u64| {
            counter.store(counter.load(Ordering::Relaxed) + by, Ordering::Relaxed);
        };
        let counters = &self.write.counters;
        add(&counters.entries, 1);
        if kind == EntryKind::Delete {
            add(&counters.deletes, 1);
        }
        if grown > 0 {
            add(&counters.bytes, grown as u64);
        }
        if seq < counters.min_seq.load(Ordering::Relaxed) {
            counters.min_seq.store(seq, Ordering::Relaxed);
        }
        if seq > counters.max_seq.load(Ordering::Relaxed) {
            counters.max_seq.store(seq, Ordering::Relaxed);
        }
    }

    fn publish(&self, table: Table, grown: &mut usize) -> &Table {
        *grown += table.bytes();
        let table = Box::into_raw(Box::new(table));
        self.table.store(table, Ordering::Release);
        // SAFETY: tables are freed in Drop only.
        unsafe { &*table }
    }

    #[cold]
    fn grow(&self, old: &Table, expected: usize, grown: &mut usize) -> &Table {
        // Cannot pass 2^31 slots: the arena's 65,536 chunks hold no more than 2^30 entries.
        let slots = Table::slots_for(expected).max(old.slots.len() * 2);
        let new = Table::new(slots, self.table.load(Ordering::Relaxed));
        for slot in &old.slots {
            let word = slot.load(Ordering::Relaxed);
            if word != 0 {
                new.fill(tag_of(word), word);
            }
        }
        self.publish(new, grown)
    }

    /// The newest version of the key that is not newer than `read_seq`.
    #[inline]
    pub(super) fn get(&self, hash: u64, key: &[u8], read_seq: SequenceNumber) -> Option<Entry<'_>> {
        let table = self.table()?;
        let tag = tag_of(hash);
        if !table.may_have(tag) {
            return None;
        }
        for slot in table.probe(tag) {
            let word = slot.load(Ordering::Acquire);
            if word == 0 {
                return None;
            }
            if tag_of(word) == tag {
                // SAFETY: slots hold references of this arena, published with Release.
                let mut entry = unsafe { self.entry(entry_of(word)) };
                if entry.key() == key {
                    while entry.seq() > read_seq {
                        let older = entry.next();
                        if older == EntryRef::NONE {
                            return None;
                        }
                        // SAFETY: so do chains.
                        entry = unsafe { self.entry(older) };
                    }
                    return Some(entry);
                }
            }
        }
        None
    }

    /// Visits the entries inserted since `since`, which becomes now. Superseded ones are left out. Takes the lock for a
    /// moment, and only if there are any.
    ///
    /// # Safety
    /// `since` is the default, or was left by an earlier call on this very shard.
    pub(super) unsafe fn collect<'a>(
        &'a self,
        since: &mut Collected,
        mut visit: impl FnMut(EntryRef, Entry<'a>),
    ) {
        if self.write.counters.entries.load(Ordering::Relaxed) == since.entries {
            return;
        }
        let now = {
            let writer = lock(&self.write.lock);
            let entries = self.write.counters.entries.load(Ordering::Relaxed);
            Collected { entries, end: writer.arena.end() }
        };
        // SAFETY: both ends were read under the lock of this shard, `since` (as the caller promises) earlier.
        unsafe {
            self.arena.walk(since.end, now.end, |reference, entry| {
                if !entry.is_superseded() {
                    visit(reference, entry);
                }
            });
        }
        *since = now;
    }

    /// How many entries were inserted since `since`, at least.
    pub(super) fn uncollected(&self, since: &Collected) -> usize {
        (self.write.counters.entries.load(Ordering::Relaxed) - since.entries) as usize
    }

    /// The counters. They are not a snapshot: an insert under way may be in some of them.
    pub(super) fn totals(&self) -> Totals {
        let counters = &self.write.counters;
        Totals {
            entries: counters.entries.load(Ordering::Relaxed),
            deletes: counters.deletes.load(Ordering::Relaxed),
            bytes: counters.bytes.load(Ordering::Relaxed),
            min_seq: counters.min_seq.load(Ordering::Relaxed),
            max_seq: counters.max_seq.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        let mut table = self.table.load(Ordering::Relaxed);
        while !table.is_null() {
            // SAFETY: tables come from Box::into_raw, each is in the chain once, and nobody else can reach them now.
            table = unsafe { Box::from_raw(table) }.previous;
        }
    }
}
