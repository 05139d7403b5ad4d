//! Encoding a record in place, its checksum last.

use std::sync::atomic::{Ordering, compiler_fence};

use super::{CHECKSUM_LEN, COMPRESSED, GAP, KEYSPACE, LAST, MARK_HEAD, RecordHead};
use crate::{
    EntryKind,
    log::checksum::{ChecksumSeed, record_checksum},
    varint,
};

/// Writes a put (`value: Some`, as stored) or a delete at `to`, which is `offset` of the seed's segment; returns its length.
///
/// The checksum word is stored last, so that a process that dies in between leaves a zero there, which is the end of
/// the log, and not garbage.
///
/// # Safety
/// `to` must be valid for writes of [`record_len`](super::record_len) + [`gap_len`](super::gap_len) bytes, to which nobody else has access meanwhile.
#[inline]
pub(in crate::log) unsafe fn encode(
    to: *mut u8,
    seed: ChecksumSeed,
    offset: u32,
    head: RecordHead,
    key: &[u8],
    value: Option<&[u8]>,
) -> usize {
    let mut flags = match value {
        Some(_) => EntryKind::Put as u8,
        None => EntryKind::Delete as u8,
    };
    flags |= if head.last { LAST } else { 0 };
    flags |= if head.keyspace.0 != 0 { KEYSPACE } else { 0 };
    flags |= if head.gap != 0 { GAP } else { 0 };
    flags |= if head.compressed { COMPRESSED } else { 0 };
    // SAFETY: the bytes written are those that `record_len` and `gap_len` count: the checksum word (below), head,
    // keyspace and gap if they are not zero, lengths, key, value. Source and target cannot overlap, because nobody
    // else has access to the target.
    let len = unsafe {
        let mut at = to.add(CHECKSUM_LEN);
        at.write(flags);
        at = at.add(1);
        if head.keyspace.0 != 0 {
            at = varint::put_raw(at, u64::from(head.keyspace.0));
        }
        if head.gap != 0 {
            at = varint::put_raw(at, head.gap);
        }
        at = varint::put_raw(at, key.len() as u64);
        if let Some(value) = value {
            at = varint::put_raw(at, value.len() as u64);
        }
        at.copy_from_nonoverlapping(key.as_ptr(), key.len());
        at = at.add(key.len());
        if let Some(value) = value {
            at.copy_from_nonoverlapping(value.as_ptr(), value.len());
            at = at.add(value.len());
        }
        at.offset_from_unsigned(to)
    };
    // SAFETY: the `len` bytes were just written (except for the checksum word) and are the caller's alone.
    unsafe { seal(to, seed, offset, len) };
    len
}

/// Writes a mark at `to`, which is `offset` of the seed's segment; returns its length.
///
/// # Safety
/// `to` must be valid for writes of [`mark_len`](super::mark_len)`(durable)` bytes, to which nobody else has access meanwhile.
pub(in crate::log) unsafe fn encode_mark(
    to: *mut u8,
    seed: ChecksumSeed,
    offset: u32,
    durable: u32,
    database_id: u64,
) -> usize {
    // SAFETY: the bytes written are those that `mark_len` counts.
    unsafe {
        let at = to.add(CHECKSUM_LEN);
        at.write(MARK_HEAD);
        let at = varint::put_raw(at.add(1), u64::from(durable));
        at.cast::<[u8; 8]>().write(database_id.to_le_bytes());
        let len = at.add(8).offset_from_unsigned(to);
        seal(to, seed, offset, len);
        len
    }
}

/// Computes and stores the checksum word of a record whose other bytes are in place.
///
/// # Safety
/// `to` must be valid for reads and writes of `len >= 4` bytes that nobody else has access to; those behind the first
/// four must be initialised.
#[inline]
unsafe fn seal(to: *mut u8, seed: ChecksumSeed, offset: u32, len: usize) {
    // SAFETY: initialised bytes, and nobody writes them during this call.
    let behind = unsafe { std::slice::from_raw_parts(to.add(CHECKSUM_LEN), len - CHECKSUM_LEN) };
    let checksum = record_checksum(seed, offset, behind);
    // A killed process stops between two instructions, with every store before that point in the page cache: keeping
    // the compiler from moving stores below the last one is all the ordering that takes. A crash of the machine may
    // persist pages in any order, which the checksum is there to tell.
    compiler_fence(Ordering::Release);
    // SAFETY: the first four bytes of the range.
    unsafe { to.cast::<[u8; 4]>().write(checksum.to_le_bytes()) };
}
