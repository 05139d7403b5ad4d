//! One entry: its fields, and decoding them, the usual ones fast.

use super::DataBlock;
use crate::{EntryKind, MAX_KEY_LEN, table::block::Damage, varint};

pub(super) const FORM_INLINE: u8 = 1;
pub(super) const FORM_DELETE: u8 = 2;
pub(super) const FORM_POINTER: u8 = 3;
pub(super) const SAME_KEY_LEN: u8 = 1 << 3;
pub(super) const HAS_SEQUENCE: u8 = 1 << 4;
pub(super) const SLOT_SHIFT: u32 = 5;
/// The slot's own three bits are all set: a varint has it.
pub(super) const SLOT_FOLLOWS: u8 = 7;

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
pub(super) struct Shape {
    pub(super) shared: usize,
    pub(super) key_len: usize,
    /// Offset of the suffix.
    pub(super) suffix: usize,
    pub(super) end: usize,
    pub(super) sequence: Option<u64>,
    pub(super) form: u8,
    pub(super) slot: usize,
    pub(super) offset: u32,
    /// Of the inline value, or of the record.
    pub(super) len: usize,
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
pub(super) struct Entry<'b> {
    pub(super) shared: usize,
    pub(super) key_len: usize,
    pub(super) suffix: &'b [u8],
    pub(super) payload: Payload,
    /// Offset of the next entry.
    pub(super) end: usize,
}

const ENDS_EARLY: Damage = Damage::Borrowed("a data block whose entries end in the middle of one");

impl<'b> DataBlock<'b> {
    /// Decodes the entry at `at` if it is a usual one; `None` leaves it, damage included, to [`entry`](Self::entry).
    /// `before` is the length of the key before it, 0 at a restart.
    #[inline(always)]
    pub(super) fn shape(&self, at: usize, before: usize, restart: bool) -> Option<Shape> {
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
    pub(super) fn entry(&self, mut at: usize, before: Option<usize>) -> Result<Entry<'b>, Damage> {
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
}
