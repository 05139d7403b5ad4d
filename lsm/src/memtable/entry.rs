//! The layout of one entry in a shard's arena.
//!
//! ```text
//! next u32 | key length: 17 bits, kind: 4, slot: 11 | seq u64 | offset u32 | len u32 | key | inline value
//! ```
//! `next` is the next older version of the key. It is the only field that changes once the entry is published; its top
//! bit says that a later operation of the same batch on the same key took this entry's place.

use super::sync::{AtomicU32, Ordering, PlainBytes};
use crate::{EntryKind, MAX_KEY_LEN, SequenceNumber};
use std::{marker::PhantomData, ptr::NonNull};

/// Largest segment slot that [`Payload::Log`] can carry.
pub const MAX_LOG_SLOT: u16 = SLOT_NONE as u16 - 1;

const SLOT_NONE: u32 = 2046;
const SLOT_INLINE: u32 = 2047;
const KEY_BITS: u32 = 17;
const KIND_BITS: u32 = 4;
const SUPERSEDED: u32 = 1 << 31;

const _: () = assert!(MAX_KEY_LEN < 1 << KEY_BITS);
#[cfg(not(loom))]
const _: () = assert!(size_of::<Header>() == 24 && align_of::<Header>() == UNIT);

/// Arena addresses count in units of this many bytes; every entry starts at a multiple of it.
pub(super) const UNIT: usize = 8;

/// What an entry says beside its key, sequence number and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Nothing: a delete.
    None,
    /// The value is in a record of a log segment.
    Log {
        /// The segment, as a number that the owner of the memtable gave it: at most [`MAX_LOG_SLOT`].
        slot: u16,
        /// Byte offset of the record in the segment.
        offset: u32,
        /// Length of the record in bytes.
        len: u32,
    },
    /// The value itself, less than 4 GiB.
    Inline(&'a [u8]),
}

/// A place in a shard's arena: 16 bits chunk number, 15 bits offset in units. 0 is no place, because a chunk begins with
/// its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryRef(pub(super) u32);

impl EntryRef {
    /// No entry.
    pub(super) const NONE: Self = Self(0);
    /// Bits of the offset: a chunk of common size holds `1 << OFFSET_BITS` units.
    pub(super) const OFFSET_BITS: u32 = 15;
    /// So many chunks can be told apart.
    pub(super) const MAX_CHUNKS: u32 = 1 << 16;

    /// The entry at `unit` of chunk `chunk`.
    #[inline]
    pub(super) const fn new(chunk: u32, unit: u32) -> Self {
        Self((chunk << Self::OFFSET_BITS) | unit)
    }

    /// Number of the chunk.
    #[inline]
    pub(super) const fn chunk(self) -> usize {
        (self.0 >> Self::OFFSET_BITS) as usize
    }

    /// Offset in the chunk, in units.
    #[inline]
    pub(super) const fn unit(self) -> usize {
        (self.0 & ((1 << Self::OFFSET_BITS) - 1)) as usize
    }
}

/// The fixed part of an entry.
#[repr(C, align(8))]
pub(super) struct Header {
    next: AtomicU32,
    packed: u32,
    seq: u64,
    offset: u32,
    len: u32,
    plain: PlainBytes,
}

/// Units that an entry takes.
///
/// # Panics
/// If the key is longer than [`MAX_KEY_LEN`] or an inline value is 4 GiB or more.
#[inline]
pub(super) fn units(key: &[u8], payload: Payload<'_>) -> usize {
    assert!(key.len() <= MAX_KEY_LEN, "key of {} bytes in a memtable", key.len());
    let value = match payload {
        Payload::Inline(value) => {
            assert!(
                u32::try_from(value.len()).is_ok(),
                "value of {} bytes in a memtable",
                value.len()
            );
            value.len()
        }
        Payload::None | Payload::Log { .. } => 0,
    };
    units_of(key.len(), value)
}

#[inline]
const fn units_of(key: usize, value: usize) -> usize {
    (size_of::<Header>() + key + value).div_ceil(UNIT)
}

/// Writes an entry that no other thread can reach yet.
///
/// # Safety
/// `at` is aligned to [`UNIT`] and valid for writes of `units(key, payload)` units, which nobody else reads or writes.
///
/// # Panics
/// If a log slot is larger than [`MAX_LOG_SLOT`].
#[inline]
pub(super) unsafe fn write(
    at: NonNull<Header>,
    key: &[u8],
    seq: SequenceNumber,
    kind: EntryKind,
    payload: Payload<'_>,
) {
    let (slot, offset, len, value) = match payload {
        Payload::None => (SLOT_NONE, 0, 0, &[][..]),
        Payload::Log { slot, offset, len } => {
            assert!(slot <= MAX_LOG_SLOT, "segment slot {slot} in a memtable");
            (u32::from(slot), offset, len, &[][..])
        }
        Payload::Inline(value) => (SLOT_INLINE, 0, value.len() as u32, value),
    };
    let packed = key.len() as u32 | (kind as u32) << KEY_BITS | slot << (KEY_BITS + KIND_BITS);
    let header = Header {
        next: AtomicU32::new(EntryRef::NONE.0),
        packed,
        seq,
        offset,
        len,
        plain: PlainBytes::new(),
    };
    // SAFETY: the caller gives aligned, exclusive memory for the header, the key and the value, in this order.
    unsafe {
        at.write(header);
        let bytes = at.add(1).cast::<u8>();
        bytes.copy_from_nonoverlapping(NonNull::from(key).cast(), key.len());
        bytes.add(key.len()).copy_from_nonoverlapping(NonNull::from(value).cast(), value.len());
        at.as_ref().plain.written();
    }
}

/// An entry that was written, and stays as long as its arena.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    // A pointer and not a reference: it reaches beyond the header, to the key and the value.
    header: NonNull<Header>,
    arena: PhantomData<&'a Header>,
}

impl<'a> Entry<'a> {
    /// The entry at an address.
    ///
    /// # Safety
    /// [`write()`] wrote an entry there, that happened before this call, and the memory stays allocated for `'a`.
    #[inline]
    pub(super) unsafe fn at(header: NonNull<Header>) -> Self {
        let entry = Self { header, arena: PhantomData };
        entry.header().plain.read();
        entry
    }

    #[inline]
    fn header(self) -> &'a Header {
        // SAFETY: `at` promised a written header that lives for 'a. All of it but `next`, which is atomic, is constant.
        unsafe { self.header.as_ref() }
    }

    /// The key.
    #[inline]
    pub(super) fn key(self) -> &'a [u8] {
        let len = self.header().packed & ((1 << KEY_BITS) - 1);
        // SAFETY: `write` put `len` bytes of key behind the header, in the same allocation, never changed since.
        unsafe { std::slice::from_raw_parts(self.header.add(1).cast().as_ptr(), len as usize) }
    }

    /// The sequence number.
    #[inline]
    pub(super) fn seq(self) -> SequenceNumber {
        self.header().seq
    }

    /// What the entry says of its key.
    #[inline]
    pub(super) fn kind(self) -> EntryKind {
        let byte = (self.header().packed >> KEY_BITS) & ((1 << KIND_BITS) - 1);
        match EntryKind::from_disk(byte as u8) {
            Some(kind) => kind,
            None => unreachable!("`write` took the number from an EntryKind"),
        }
    }

    /// The value, or where it is.
    #[inline]
    pub(super) fn payload(self) -> Payload<'a> {
        let header = self.header();
        match header.packed >> (KEY_BITS + KIND_BITS) {
            SLOT_NONE => Payload::None,
            SLOT_INLINE => {
                let key = self.key();
                // SAFETY: `write` put `len` bytes of value behind the key, in the same allocation, never changed since.
                Payload::Inline(unsafe {
                    let value = self.header.add(1).cast::<u8>().add(key.len());
                    std::slice::from_raw_parts(value.as_ptr(), header.len as usize)
                })
            }
            slot => Payload::Log { slot: slot as u16, offset: header.offset, len: header.len },
        }
    }

    /// Units that this entry takes.
    #[inline]
    pub(super) fn units(self) -> usize {
        let header = self.header();
        let inline = header.packed >> (KEY_BITS + KIND_BITS) == SLOT_INLINE;
        let key = header.packed & ((1 << KEY_BITS) - 1);
        units_of(key as usize, if inline { header.len as usize } else { 0 })
    }

    /// The next older version of the key.
    #[inline]
    pub(super) fn next(self) -> EntryRef {
        EntryRef(self.header().next.load(Ordering::Acquire) & !SUPERSEDED)
    }

    /// Makes `next` the next older version and publishes it. Only under the shard's lock.
    #[inline]
    pub(super) fn set_next(self, next: EntryRef) {
        let word = &self.header().next;
        let mark = word.load(Ordering::Relaxed) & SUPERSEDED;
        word.store(next.0 | mark, Ordering::Release);
    }

    /// Whether a later operation of the same batch took this entry's place.
    #[inline]
    pub(super) fn is_superseded(self) -> bool {
        self.header().next.load(Ordering::Relaxed) & SUPERSEDED != 0
    }

    /// Marks this entry as superseded. Only under the shard's lock.
    #[inline]
    pub(super) fn supersede(self) {
        let word = &self.header().next;
        // Release, because this store may be the one from which a reader learns what is next.
        word.store(word.load(Ordering::Relaxed) | SUPERSEDED, Ordering::Release);
    }
}
