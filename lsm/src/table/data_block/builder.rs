//! Building a data block, entry by entry.

use super::{
    RESTART_INTERVAL,
    entry::{
        FORM_DELETE, FORM_INLINE, FORM_POINTER, HAS_SEQUENCE, SAME_KEY_LEN, SLOT_FOLLOWS,
        SLOT_SHIFT,
    },
};
use crate::{table::block::Damage, varint};

/// Most entries in a block.
pub(crate) const MAX_ENTRIES: usize = u16::MAX as usize;
/// Most bytes of a block's contents: its offsets and its length are 32-bit numbers.
const MAX_LEN: usize = u32::MAX as usize - 4096;
/// Bytes of an entry beside its key and its value, at most, with its tag and its restart.
const MAX_FRAME: usize = 64;

/// A value as it goes into a block.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BlockValue<'a> {
    Delete,
    Inline(&'a [u8]),
    Pointer { slot: usize, offset: u32, len: u32 },
}

impl BlockValue<'_> {
    fn inline_len(&self) -> usize {
        if let Self::Inline(bytes) = self { bytes.len() } else { 0 }
    }
}

/// Gathers entries. The caller keeps them in order.
#[derive(Debug, Default)]
pub(crate) struct DataBlockBuilder {
    entries: Vec<u8>,
    restarts: Vec<u32>,
    tags: Vec<u8>,
    last_key_len: usize,
}

impl DataBlockBuilder {
    pub(crate) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// Whether there is room for an entry. In an empty block there is, whatever it is: the longest key and the longest value
    /// take less than 4 GiB.
    pub(crate) fn has_room(&self, key: &[u8], value: &BlockValue<'_>) -> bool {
        let len = self.contents_len() + key.len() + value.inline_len() + MAX_FRAME;
        self.tags.len() < MAX_ENTRIES && len <= MAX_LEN
    }

    /// Bytes that the contents would have now.
    pub(crate) fn contents_len(&self) -> usize {
        self.entries.len() + self.restarts.len() * 4 + self.tags.len() + 4
    }

    /// Appends an entry whose key has its first `shared` bytes in common with the one before (ignored for the first).
    /// `sequence` is relative. It fails if there is no [room](Self::has_room).
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        shared: usize,
        tag: u8,
        sequence: Option<u64>,
        value: BlockValue<'_>,
    ) -> Result<(), Damage> {
        if !self.has_room(key, &value) {
            return Err(format!("more than {MAX_ENTRIES} entries, or 4 GiB of them").into());
        }
        let restart = self.tags.len().is_multiple_of(RESTART_INTERVAL);
        let same_len = !restart && key.len() == self.last_key_len;
        let shared = if restart { 0 } else { shared };
        if restart {
            self.restarts.push(self.entries.len() as u32);
        }
        let (form, slot_bits) = match value {
            BlockValue::Delete => (FORM_DELETE, 0),
            BlockValue::Inline(_) => (FORM_INLINE, 0),
            BlockValue::Pointer { slot, .. } => {
                (FORM_POINTER, slot.min(usize::from(SLOT_FOLLOWS)) as u8)
            }
        };
        let out = &mut self.entries;
        out.push(
            form | if same_len { SAME_KEY_LEN } else { 0 }
                | if sequence.is_some() { HAS_SEQUENCE } else { 0 }
                | (slot_bits << SLOT_SHIFT),
        );
        if !restart {
            varint::put(out, shared as u64);
        }
        if !same_len {
            varint::put(out, key.len() as u64);
        }
        if let Some(sequence) = sequence {
            varint::put(out, sequence);
        }
        match value {
            BlockValue::Delete => {}
            BlockValue::Inline(bytes) => varint::put(out, bytes.len() as u64),
            BlockValue::Pointer { slot, offset, len } => {
                if slot_bits == SLOT_FOLLOWS {
                    varint::put(out, slot as u64);
                }
                out.extend_from_slice(&offset.to_le_bytes());
                varint::put(out, u64::from(len));
            }
        }
        out.extend_from_slice(&key[shared..]);
        if let BlockValue::Inline(bytes) = value {
            out.extend_from_slice(bytes);
        }
        self.tags.push(tag);
        self.last_key_len = key.len();
        Ok(())
    }

    /// Writes the contents to `out` (cleared first) and starts over.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.entries);
        for restart in &self.restarts {
            out.extend_from_slice(&restart.to_le_bytes());
        }
        out.extend_from_slice(&self.tags);
        out.extend_from_slice(&(self.tags.len() as u16).to_le_bytes());
        out.extend_from_slice(&(self.restarts.len() as u16).to_le_bytes());
        self.entries.clear();
        self.restarts.clear();
        self.tags.clear();
    }
}
