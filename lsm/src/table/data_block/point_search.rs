//! The point search: tags say which entries may have the key, and a walk over half an interval tells.

use super::{DataBlock, RESTART_INTERVAL, entry::Payload};
use crate::{
    key::common_prefix,
    table::block::{Damage, prefetch},
};

/// The tag of a key with this hash.
#[inline]
pub(crate) const fn tag_of(hash: u64) -> u8 {
    (hash >> 56) as u8
}

impl<'b> DataBlock<'b> {
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
