//! Reading a data block: the point search over tags, and the decoding of whole restart intervals.

use std::{cmp::Ordering, ops::Range};

use super::block::{Damage, prefetch};
use crate::{
    EntryKind, MAX_KEY_LEN,
    key::{common_prefix, key_prefix},
    varint,
};

/// Entries from one restart to the next.
pub(crate) const RESTART_INTERVAL: usize = 16;

pub(crate) const FORM_INLINE: u8 = 1;
pub(crate) const FORM_DELETE: u8 = 2;
pub(crate) const FORM_POINTER: u8 = 3;
pub(crate) const SAME_KEY_LEN: u8 = 1 << 3;
pub(crate) const HAS_SEQUENCE: u8 = 1 << 4;
pub(crate) const SLOT_SHIFT: u32 = 5;
/// The slot's own three bits are all set: a varint has it.
pub(crate) const SLOT_FOLLOWS: u8 = 7;

/// The tag of a key with this hash.
#[inline]
pub(crate) const fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// The contents of a data block, taken apart but not checked beyond their frame: every later access is.
#[derive(Clone, Copy)]
pub(crate) struct DataBlock<'b> {
    contents: &'b [u8],
    entries: &'b [u8],
    restarts: &'b [[u8; 4]],
    tags: &'b [u8],
}

/// What an entry carries besides its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The number as stored: relative to the table's smallest.
    pub(crate) sequence: Option<u64>,
    pub(crate) value: RawValue,
}

/// A value by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RawValue {
    Delete,
    /// Bytes `start..start + len` of the block's contents.
    Inline {
        start: usize,
        len: usize,
    },
    Pointer {
        slot: usize,
        offset: u32,
        len: u32,
    },
}

impl RawValue {
    pub(crate) const fn kind(self) -> EntryKind {
        match self {
            Self::Delete => EntryKind::Delete,
            Self::Inline { .. } | Self::Pointer { .. } => EntryKind::Put,
        }
    }
}

/// The usual entry: every varint but the last is short, and 16 bytes can be read at once.
struct Shape {
    shared: usize,
    key_len: usize,
    /// Offset of the suffix.
    suffix: usize,
    end: usize,
    sequence: Option<u64>,
    form: u8,
    slot: usize,
    offset: u32,
    /// Of the inline value, or of the record.
    len: usize,
}

/// A varint of at most three bytes, in 16 that were read at once: its value, and where it ends.
#[inline(always)]
fn short_varint(bytes: &[u8; 16], at: usize) -> Option<(usize, usize)> {
    let byte = |i: usize| usize::from(bytes[i & 15]);
    let a = byte(at);
    if a < 0x80 {
        return Some((a, at + 1));
    }
    let b = byte(at + 1);
    if b < 0x80 {
        // A last byte of zero is not the shortest form: the slow path says so.
        return (b != 0).then_some((a & 0x7f | b << 7, at + 2));
    }
    let c = byte(at + 2);
    (c < 0x80 && c != 0).then_some((a & 0x7f | (b & 0x7f) << 7 | c << 14, at + 3))
}

/// One entry, with its key still split.
struct Entry<'b> {
    shared: usize,
    key_len: usize,
    suffix: &'b [u8],
    payload: Payload,
    /// Offset of the next entry.
    end: usize,
}

const ENDS_EARLY: Damage = Damage::Borrowed("a data block whose entries end in the middle of one");

impl<'b> DataBlock<'b> {
    /// Takes the contents of a block apart.
    #[inline]
    pub(crate) fn parse(contents: &'b [u8]) -> Result<Self, Damage> {
        const FRAME: Damage = Damage::Borrowed("a data block whose counts do not fit its length");
        let (rest, counts) = contents.split_last_chunk::<4>().ok_or(FRAME)?;
        let entries = usize::from(u16::from_le_bytes([counts[0], counts[1]]));
        let restarts = usize::from(u16::from_le_bytes([counts[2], counts[3]]));
        if entries == 0 || restarts != entries.div_ceil(RESTART_INTERVAL) {
            return Err(format!("a data block of {entries} entries and {restarts} restarts").into());
        }
        let (rest, tags) = rest.split_at_checked(rest.len().wrapping_sub(entries)).ok_or(FRAME)?;
        let (entries, restarts) =
            rest.split_at_checked(rest.len().wrapping_sub(restarts * 4)).ok_or(FRAME)?;
        let (restarts, _) = restarts.as_chunks::<4>();
        Ok(Self { contents, entries, restarts, tags })
    }

    /// Number of entries.
    pub(crate) fn len(&self) -> usize {
        self.tags.len()
    }

    /// Number of restart intervals: at least one.
    pub(crate) fn intervals(&self) -> usize {
        self.restarts.len()
    }

    /// The tag of each entry.
    pub(crate) fn tags(&self) -> &'b [u8] {
        self.tags
    }

    #[inline]
    fn restart(&self, interval: usize) -> Result<usize, Damage> {
        match self.restarts.get(interval) {
            Some(bytes) => Ok(u32::from_le_bytes(*bytes) as usize),
            None => Err("a restart beyond the last of a data block".into()),
        }
    }

    /// Decodes the entry at `at` if it is a usual one; `None` leaves it, damage included, to [`entry`](Self::entry).
    /// `before` is the length of the key before it, 0 at a restart.
    #[inline(always)]
    fn shape(&self, at: usize, before: usize, restart: bool) -> Option<Shape> {
        // Of the whole contents: behind the last entry, more bytes follow. The longest usual entry's fields are 14 bytes.
        let bytes = self.contents.get(at..)?.first_chunk::<16>()?;
        let head = bytes[0];
        let (shared, i) = if restart { (0, 1) } else { (usize::from(bytes[1]), 2) };
        let (key_len, i) = if head & SAME_KEY_LEN != 0 {
            if restart {
                return None;
            }
            (before, i)
        } else {
            short_varint(bytes, i)?
        };
        if shared >= 0x80 || shared > before || shared > key_len || key_len > MAX_KEY_LEN {
            return None;
        }
        let (sequence, i) = if head & HAS_SEQUENCE != 0 {
            let (sequence, i) = short_varint(bytes, i)?;
            (Some(sequence as u64), i)
        } else {
            (None, i)
        };
        let form = head & 7;
        let slot = head >> SLOT_SHIFT;
        let (offset, len, inline_len, i) = if form == FORM_POINTER && slot != SLOT_FOLLOWS {
            let byte = |n: usize| bytes[(i + n) & 15];
            let offset = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
            let (len, i) = short_varint(bytes, i + 4)?;
            (offset, len, 0, i)
        } else if form == FORM_INLINE && slot == 0 {
            let (len, i) = short_varint(bytes, i)?;
            (0, len, len, i)
        } else if form == FORM_DELETE && slot == 0 {
            (0, 0, 0, i)
        } else {
            return None;
        };
        let suffix = at + i;
        let end = suffix + (key_len - shared) + inline_len;
        (end <= self.entries.len()).then_some(Shape {
            shared,
            key_len,
            suffix,
            end,
            sequence,
            form,
            slot: usize::from(slot),
            offset,
            len,
        })
    }

    /// Decodes the entry at `at`, whatever it is. `before` is the length of the key before it; `None` at a restart.
    #[inline(never)]
    fn entry(&self, mut at: usize, before: Option<usize>) -> Result<Entry<'b>, Damage> {
        let bytes = self.entries;
        let head = *bytes.get(at).ok_or(ENDS_EARLY)?;
        at += 1;
        let shared = match before {
            None => 0,
            Some(_) => varint::read_u32(bytes, &mut at).ok_or(ENDS_EARLY)? as usize,
        };
        let key_len = match before {
            Some(before) if head & SAME_KEY_LEN != 0 => before,
            None if head & SAME_KEY_LEN != 0 => {
                return Err("a restart whose key length refers to the entry before".into());
            }
            _ => varint::read_u32(bytes, &mut at).ok_or(ENDS_EARLY)? as usize,
        };
        if shared > key_len || shared > before.unwrap_or(0) || key_len > MAX_KEY_LEN {
            return Err(format!(
                "a key of {key_len} bytes that shares {shared} with the one before"
            )
            .into());
        }
        let sequence = if head & HAS_SEQUENCE == 0 {
            None
        } else {
            Some(varint::read(bytes, &mut at).ok_or(ENDS_EARLY)?)
        };
        let form = head & 7;
        let slot_bits = head >> SLOT_SHIFT;
        if form != FORM_POINTER && slot_bits != 0 {
            return Err("an entry with a segment slot that is no pointer".into());
        }
        let suffix_len = key_len - shared;
        let (value, inline_len) = match form {
            FORM_POINTER => {
                let slot = if slot_bits == SLOT_FOLLOWS {
                    varint::read_u32(bytes, &mut at).ok_or(ENDS_EARLY)? as usize
                } else {
                    usize::from(slot_bits)
                };
                let offset = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
                let offset = u32::from_le_bytes(*offset.ok_or(ENDS_EARLY)?);
                at += 4;
                let len = varint::read_u32(bytes, &mut at).ok_or(ENDS_EARLY)?;
                (RawValue::Pointer { slot, offset, len }, 0)
            }
            FORM_INLINE => {
                let len = varint::read_u32(bytes, &mut at).ok_or(ENDS_EARLY)? as usize;
                (RawValue::Inline { start: at + suffix_len, len }, len)
            }
            FORM_DELETE => (RawValue::Delete, 0),
            other => return Err(format!("an entry of form {other}; known are 1 to 3").into()),
        };
        let suffix = bytes.get(at..at + suffix_len).ok_or(ENDS_EARLY)?;
        let end = at + suffix_len + inline_len;
        if end > bytes.len() {
            return Err(ENDS_EARLY);
        }
        Ok(Entry { shared, key_len, suffix, payload: Payload { sequence, value }, end })
    }

    /// The newest entry of `key` that is visible at `limit`, a relative sequence number; with `None`, only entries without a
    /// sequence number are visible. Also says whether the key was found at all, visible or not.
    ///
    /// Cost: one pass over the tags; for each of an average of 1 + n/256 that match, a walk over half a restart interval.
    #[inline]
    pub(crate) fn find(
        &self,
        tag: u8,
        key: &[u8],
        limit: Option<u64>,
    ) -> Result<(Option<Payload>, bool), Damage> {
        let mut found_key = false;
        // The walk: the ordinal and place of the entry to decode next, the length of the key before it and how much of that
        // agrees with `key`. No key is ever put together: an entry that shares more than what agrees differs from `key` where
        // the one before did.
        let (mut next, mut at) = (usize::MAX, 0);
        let (mut before, mut agreed) = (0, 0);
        let mut candidates = TagScan::new(self.tags, tag);
        while let Some(ordinal) = candidates.next() {
            if next > ordinal || next / RESTART_INTERVAL != ordinal / RESTART_INTERVAL {
                next = ordinal - ordinal % RESTART_INTERVAL;
                at = self.restart(ordinal / RESTART_INTERVAL)?;
                // The walk is about to go through these lines: let them come together, not one after the other.
                for line in 0..6 {
                    prefetch(self.contents, at + line * 64);
                }
            }
            loop {
                let restart = next.is_multiple_of(RESTART_INTERVAL);
                if restart {
                    (agreed, before) = (0, 0);
                }
                let place = at;
                let (shared, key_len);
                let suffix = if let Some(shape) = self.shape(at, before, restart) {
                    (shared, key_len, at) = (shape.shared, shape.key_len, shape.end);
                    &self.entries[shape.suffix..shape.suffix + (key_len - shared)]
                } else {
                    let entry = self.entry(at, (!restart).then_some(before))?;
                    (shared, key_len, at) = (entry.shared, entry.key_len, entry.end);
                    entry.suffix
                };
                if shared <= agreed {
                    agreed = shared + common_prefix(suffix, &key[shared..]);
                }
                next += 1;
                if next > ordinal {
                    let before = std::mem::replace(&mut before, key_len);
                    if agreed == key.len() && key_len == key.len() {
                        found_key = true;
                        let entry = self.entry(place, (!restart).then_some(before))?;
                        let visible = match (entry.payload.sequence, limit) {
                            (None, _) => true,
                            (Some(sequence), Some(limit)) => sequence <= limit,
                            (Some(_), None) => false,
                        };
                        if visible {
                            return Ok((Some(entry.payload), true));
                        }
                    } else if found_key {
                        // All entries of a key are together: this one is another key with the same tag.
                        return Ok((None, true));
                    }
                    break;
                }
                before = key_len;
            }
        }
        Ok((None, found_key))
    }

    /// The first key of an interval, in place.
    #[inline]
    fn restart_key(&self, interval: usize) -> Result<&'b [u8], Damage> {
        let at = self.restart(interval)?;
        match self.shape(at, 0, true) {
            Some(shape) => Ok(&self.entries[shape.suffix..shape.suffix + shape.key_len]),
            None => Ok(self.entry(at, None)?.suffix),
        }
    }

    /// How many of the intervals, from the first on, start with a key below `key` (`or_equal`: or with `key` itself).
    pub(crate) fn intervals_below(&self, key: &[u8], or_equal: bool) -> Result<usize, Damage> {
        let (mut low, mut high) = (0, self.intervals());
        // The search touches some of these lines one after the other: let them come together.
        for restart in self.restarts {
            prefetch(self.contents, u32::from_le_bytes(*restart) as usize);
        }
        let wanted = key_prefix(key);
        while low < high {
            let middle = low.midpoint(high);
            let first = self.restart_key(middle)?;
            let order = key_prefix(first).cmp(&wanted).then_with(|| first.cmp(key));
            if order == Ordering::Less || (or_equal && order == Ordering::Equal) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Decodes a whole interval into `out` (cleared first).
    pub(crate) fn decode(&self, interval: usize, out: &mut Interval) -> Result<(), Damage> {
        out.clear();
        let mut at = self.restart(interval)?;
        if interval == 0 && at != 0 {
            return Err("a data block whose first entry is not at its start".into());
        }
        let count = (self.len() - interval * RESTART_INTERVAL).min(RESTART_INTERVAL);
        let (mut before, mut before_start) = (0, 0);
        for i in 0..count {
            let restart = i == 0;
            let (shared, key_len, suffix, payload);
            if let Some(shape) = self.shape(at, before, restart) {
                let value = match shape.form {
                    FORM_POINTER => RawValue::Pointer {
                        slot: shape.slot,
                        offset: shape.offset,
                        len: shape.len as u32,
                    },
                    FORM_INLINE => {
                        RawValue::Inline { start: shape.end - shape.len, len: shape.len }
                    }
                    _ => RawValue::Delete,
                };
                (shared, key_len, at) = (shape.shared, shape.key_len, shape.end);
                suffix = &self.entries[shape.suffix..shape.suffix + (key_len - shared)];
                payload = Payload { sequence: shape.sequence, value };
            } else {
                let entry = self.entry(at, (!restart).then_some(before))?;
                (shared, key_len, at) = (entry.shared, entry.key_len, entry.end);
                (suffix, payload) = (entry.suffix, entry.payload);
            }
            let start = out.keys.len();
            out.keys.extend_from_within(before_start..before_start + shared);
            out.keys.extend_from_slice(suffix);
            // At most 16 keys of at most 64 KiB.
            let key = start as u32..(start + key_len) as u32;
            out.entries.push((key, payload));
            (before, before_start) = (key_len, start);
        }
        let end = if interval + 1 < self.intervals() {
            self.restart(interval + 1)?
        } else {
            self.entries.len()
        };
        if at != end {
            return Err(
                format!("a restart interval that ends at {at}, the next starts at {end}").into()
            );
        }
        Ok(())
    }
}

/// The ordinals whose tag is the one looked for, ascending.
struct TagScan<'b> {
    chunks: &'b [[u8; 16]],
    rest: &'b [u8],
    tag: u8,
    /// Ordinal of the first tag behind the current chunk.
    base: usize,
    /// Matches of the current chunk that are still to be returned.
    matches: u32,
}

impl<'b> TagScan<'b> {
    #[inline]
    fn new(tags: &'b [u8], tag: u8) -> Self {
        let (chunks, rest) = tags.as_chunks::<16>();
        Self { chunks, rest, tag, base: 0, matches: 0 }
    }

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.matches == 0 {
            if let Some((chunk, chunks)) = self.chunks.split_first() {
                self.chunks = chunks;
                self.matches = matches(chunk, self.tag);
                self.base += 16;
            } else if self.rest.is_empty() {
                return None;
            } else {
                let mut last = [!self.tag; 16];
                last[..self.rest.len()].copy_from_slice(self.rest);
                self.rest = &[];
                self.matches = matches(&last, self.tag);
                self.base += 16;
            }
        }
        let ordinal = self.base - 16 + self.matches.trailing_zeros() as usize;
        self.matches &= self.matches - 1;
        Some(ordinal)
    }
}

/// Which of 16 tags equal `tag`, one bit each.
#[cfg(target_arch = "x86_64")]
#[inline]
fn matches(chunk: &[u8; 16], tag: u8) -> u32 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    // SAFETY: the load is of 16 readable bytes and needs no alignment; SSE2 is part of x86-64.
    unsafe {
        let found = _mm_loadu_si128(chunk.as_ptr().cast());
        _mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_set1_epi8(tag.cast_signed()))).cast_unsigned()
    }
}

/// Which of 16 tags equal `tag`, one bit each.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn matches(chunk: &[u8; 16], tag: u8) -> u32 {
    chunk.iter().enumerate().fold(0, |bits, (i, found)| bits | (u32::from(*found == tag) << i))
}

/// A decoded restart interval, its buffers reused from one to the next.
#[derive(Debug, Default)]
pub(crate) struct Interval {
    keys: Vec<u8>,
    entries: Vec<(Range<u32>, Payload)>,
}

impl Interval {
    pub(crate) fn clear(&mut self) {
        self.keys.clear();
        self.entries.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The key and payload of an entry, which must be one of `len`.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> (&[u8], Payload) {
        let (key, payload) = &self.entries[i];
        (&self.keys[key.start as usize..key.end as usize], *payload)
    }

    /// The payload of an entry, in place.
    #[inline]
    pub(crate) fn payload(&self, i: usize) -> Option<&Payload> {
        self.entries.get(i).map(|(_, payload)| payload)
    }

    /// The values of all entries.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = RawValue> + ExactSizeIterator {
        self.entries.iter().map(|(_, payload)| payload.value)
    }

    /// How many entries, from the first on, have a key below `key` (`or_equal`: or `key` itself).
    pub(crate) fn below(&self, key: &[u8], or_equal: bool) -> usize {
        self.entries.partition_point(|(range, _)| {
            let found = &self.keys[range.start as usize..range.end as usize];
            found < key || (or_equal && found == key)
        })
    }
}
