//! Append-only memory of one shard: chunks that double from 1 KiB to 256 KiB, addressed by number and offset.
//!
//! Entries are found by 32-bit references rather than by pointers: half the size in index and chains, and a pointer is
//! always derived from the chunk it points into. The list of chunks is copied when it is full and the old one kept
//! until the arena goes, so readers need no lock to resolve a reference.

use super::{
    entry::{self, Entry, EntryRef, Header, Payload, UNIT},
    sync::{AtomicPtr, AtomicU32, Ordering, prefetch},
};
use crate::{EntryKind, SequenceNumber};
use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::{self, NonNull},
};

const FIRST_CHUNK: usize = 1 << 10;
const LARGEST_CHUNK: usize = UNIT << EntryRef::OFFSET_BITS;
/// An entry larger than this gets a chunk of its own: what a full chunk leaves unused is at most a quarter.
const LARGEST_SHARED: usize = LARGEST_CHUNK / 4;
const FIRST_LIST: usize = 8;

/// The first bytes of a chunk.
#[repr(C, align(8))]
struct Chunk {
    /// Units in the chunk, header included.
    units: u32,
    /// Units used, header included; set when the chunk is closed.
    used: AtomicU32,
}

const HEADER_UNITS: u32 = (size_of::<Chunk>() / UNIT) as u32;

impl Chunk {
    fn layout(units: usize) -> Layout {
        match Layout::array::<u64>(units) {
            Ok(layout) => layout,
            Err(_) => panic!("an entry of {units} x 8 bytes is more than the address space"),
        }
    }

    fn new(units: u32) -> NonNull<Self> {
        let layout = Self::layout(units as usize);
        // SAFETY: the layout is not empty: every chunk has a header.
        let Some(chunk) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        let chunk = chunk.cast::<Self>();
        // SAFETY: freshly allocated, large enough, and aligned for a u64 as Chunk is.
        unsafe { chunk.write(Self { units, used: AtomicU32::new(0) }) };
        chunk
    }

    /// # Safety
    /// `chunk` came from [`Chunk::new`], and nobody uses it any more.
    unsafe fn free(chunk: NonNull<Self>) {
        // SAFETY: by the caller's promise the header is still there, and the layout is that of the allocation.
        unsafe { dealloc(chunk.as_ptr().cast(), Self::layout(chunk.as_ref().units as usize)) }
    }
}

struct ChunkList {
    chunks: Box<[AtomicPtr<Chunk>]>,
    /// The list that this one replaced, or null.
    previous: *mut ChunkList,
}

/// What readers need of a shard's memory.
pub(super) struct Arena {
    list: AtomicPtr<ChunkList>,
}

/// What the writer that holds the shard's lock needs of it.
pub(super) struct ArenaWriter {
    /// The chunk that is being filled.
    open: *mut Chunk,
    end: ArenaEnd,
    capacity: u32,
}

/// How far an arena is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ArenaEnd {
    /// Chunks there are; all but the open one are closed.
    pub(super) chunks: u32,
    /// Number of the open chunk.
    open: u32,
    /// Units used in it. 0 if there is none.
    used: u32,
}

impl ArenaWriter {
    /// A writer that has no chunk yet.
    pub(super) const fn new() -> Self {
        let end = ArenaEnd { chunks: 0, open: 0, used: 0 };
        Self { open: ptr::null_mut(), end, capacity: 0 }
    }

    /// How far the arena is filled.
    pub(super) const fn end(&self) -> ArenaEnd {
        self.end
    }
}

impl Arena {
    /// An arena that owns no memory yet.
    pub(super) fn new() -> Self {
        Self { list: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Appends an entry, which nobody else can reach before the reference is published. Also gives the entry itself and
    /// the number of bytes newly allocated.
    ///
    /// # Safety
    /// `writer` is the one of this arena, and the caller holds the lock that guards it.
    ///
    /// # Panics
    /// Like [`entry::units`] and [`entry::write`]; and at 65,536 chunks, which takes more than 4 GiB in one shard.
    #[inline]
    pub(super) unsafe fn append(
        &self,
        writer: &mut ArenaWriter,
        key: &[u8],
        seq: SequenceNumber,
        kind: EntryKind,
        payload: Payload<'_>,
    ) -> (EntryRef, Entry<'_>, usize) {
        let units = entry::units(key, payload);
        let mut grown = 0;
        let (chunk, number, unit) = if units * UNIT > LARGEST_SHARED {
            let (chunk, number) =
                self.add_chunk(&mut writer.end, units + HEADER_UNITS as usize, &mut grown);
            // SAFETY: just allocated, only we know it.
            unsafe { chunk.as_ref() }.used.store(HEADER_UNITS + units as u32, Ordering::Relaxed);
            (chunk, number, HEADER_UNITS)
        } else {
            if units as u32 > writer.capacity - writer.end.used {
                self.open_chunk(writer, units, &mut grown);
            }
            let unit = writer.end.used;
            writer.end.used += units as u32;
            // SAFETY: a chunk with room is open, hence the pointer is not null.
            (unsafe { NonNull::new_unchecked(writer.open) }, writer.end.open, unit)
        };
        // SAFETY: the units from `unit` on are inside the chunk (checked above, or sized for it) and were never given
        // out before; the lock keeps other writers away. The entry lives as long as the arena: chunks go in Drop.
        unsafe {
            let at = chunk.cast::<u64>().add(unit as usize).cast::<Header>();
            entry::write(at, key, seq, kind, payload);
            (EntryRef::new(number, unit), Entry::at(at), grown)
        }
    }

    #[cold]
    fn open_chunk(&self, writer: &mut ArenaWriter, units: usize, grown: &mut usize) {
        // SAFETY: an open chunk was allocated by `add_chunk` and lives as long as the arena.
        if let Some(chunk) = unsafe { writer.open.as_ref() } {
            chunk.used.store(writer.end.used, Ordering::Relaxed);
        }
        let room = (units + HEADER_UNITS as usize) * UNIT;
        let size = (writer.capacity as usize * UNIT * 2)
            .max(FIRST_CHUNK)
            .max(room.next_power_of_two())
            .min(LARGEST_CHUNK);
        let (chunk, number) = self.add_chunk(&mut writer.end, size / UNIT, grown);
        writer.open = chunk.as_ptr();
        writer.capacity = (size / UNIT) as u32;
        writer.end.open = number;
        writer.end.used = HEADER_UNITS;
    }

    /// Allocates a chunk and makes it reachable by its number.
    fn add_chunk(
        &self,
        end: &mut ArenaEnd,
        units: usize,
        grown: &mut usize,
    ) -> (NonNull<Chunk>, u32) {
        assert!(end.chunks < EntryRef::MAX_CHUNKS, "a shard of a memtable has 65,536 chunks");
        let number = end.chunks as usize;
        let old = self.list.load(Ordering::Relaxed);
        // SAFETY: lists are freed in Drop only.
        let mut list = unsafe { old.as_ref() };
        if list.is_none_or(|list| list.chunks.len() == number) {
            let len = (number * 2).max(FIRST_LIST);
            let chunks = (0..len).map(|i| {
                let chunk = list.and_then(|list| list.chunks.get(i));
                AtomicPtr::new(chunk.map_or(ptr::null_mut(), |chunk| chunk.load(Ordering::Relaxed)))
            });
            let new = Box::new(ChunkList { chunks: chunks.collect(), previous: old });
            *grown += size_of::<ChunkList>() + len * size_of::<usize>();
            let new = Box::into_raw(new);
            self.list.store(new, Ordering::Release);
            // SAFETY: as above.
            list = Some(unsafe { &*new });
        }
        // An inline value is less than 4 GiB, so an entry is less than 2^32 units by far.
        let chunk = Chunk::new(units as u32);
        *grown += units * UNIT;
        if let Some(list) = list {
            list.chunks[number].store(chunk.as_ptr(), Ordering::Release);
        }
        end.chunks += 1;
        (chunk, number as u32)
    }

    #[inline]
    fn chunk(&self, number: usize) -> *mut Chunk {
        // Acquire, to see the elements of a list that was copied meanwhile. The element itself was stored before the
        // reference that names it was published, so coherence alone keeps it from being seen as null.
        let list = self.list.load(Ordering::Acquire);
        // SAFETY: somebody has a reference into this arena, so there is a list; lists are freed in Drop only.
        unsafe { &*list }.chunks[number].load(Ordering::Acquire)
    }

    #[inline]
    fn address(&self, entry: EntryRef) -> *mut Header {
        self.chunk(entry.chunk()).cast::<u64>().wrapping_add(entry.unit()).cast()
    }

    /// The entry at a reference. One load each from the list of chunks and the chunk's address.
    ///
    /// # Safety
    /// [`append`](Self::append) of this arena returned `entry`, and that happened before this call.
    #[inline]
    pub(super) unsafe fn entry(&self, entry: EntryRef) -> Entry<'_> {
        // SAFETY: by the caller's promise an entry was written there. Chunks are freed in Drop only.
        unsafe { Entry::at(NonNull::new_unchecked(self.address(entry))) }
    }

    /// Asks for the first cache line of the entry.
    ///
    /// # Safety
    /// As for [`entry`](Self::entry).
    #[inline]
    pub(super) unsafe fn prefetch(&self, entry: EntryRef) {
        prefetch(self.address(entry));
    }

    /// Visits the entries that were appended between two states of the arena: those of a chunk in the order of their
    /// insertion.
    ///
    /// # Safety
    /// `from` and `to` are ends of this arena's writer, `from` not later than `to`, read under its lock.
    pub(super) unsafe fn walk<'a>(
        &'a self,
        from: ArenaEnd,
        to: ArenaEnd,
        mut visit: impl FnMut(EntryRef, Entry<'a>),
    ) {
        // The chunk that was open at `from` got more entries; all chunks that are newer are new as a whole. Chunks of
        // one large entry come between, so the open chunk need not be the last.
        let reopened = (from.used > 0).then_some((from.open, from.used));
        let new = (from.chunks..to.chunks).map(|number| (number, HEADER_UNITS));
        for (number, mut unit) in reopened.into_iter().chain(new) {
            let end = if to.used > 0 && number == to.open {
                to.used
            } else {
                // SAFETY: chunks up to `to.chunks` exist, and this one was closed, under the lock, before `to`.
                unsafe { &*self.chunk(number as usize) }.used.load(Ordering::Relaxed)
            };
            while unit < end {
                let reference = EntryRef::new(number, unit);
                // SAFETY: entries lie back to back from the chunk's header to its end, and all were written before
                // the lock was released under which `to` was read.
                let entry = unsafe { self.entry(reference) };
                visit(reference, entry);
                unit += entry.units() as u32;
            }
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let newest = self.list.load(Ordering::Relaxed);
        // SAFETY: lists come from Box::into_raw and nobody else can reach them now.
        if let Some(list) = unsafe { newest.as_ref() } {
            for chunk in &list.chunks {
                if let Some(chunk) = NonNull::new(chunk.load(Ordering::Relaxed)) {
                    // SAFETY: the newest list has every chunk once, and nobody else can reach it now.
                    unsafe { Chunk::free(chunk) };
                }
            }
        }
        let mut list = newest;
        while !list.is_null() {
            // SAFETY: as above; each list is in the chain once.
            list = unsafe { Box::from_raw(list) }.previous;
        }
    }
}
