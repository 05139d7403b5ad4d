//! Values of a table's entries, and what keeps their bytes alive.

use std::{fmt, ops::Deref, sync::Arc};

use super::cache::Block;
use crate::{EntryKind, fs::Mapping};

/// A table file in memory.
#[derive(Debug)]
pub struct MappedFile(Mapping);

impl MappedFile {
    pub(crate) fn new(mapping: Mapping) -> Self {
        Self(mapping)
    }

    /// The whole file.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the pointer is valid for `len` bytes as long as the mapping lives (`Mapping::new`), and a table file is never
        // stored to after it is finished, which is what the contract of `Mapping` asks for.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr(), self.0.len()) }
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.0
    }
}

/// What keeps a value's bytes alive and in place.
#[derive(Debug, Clone)]
pub enum BlockOwner {
    /// They are in the mapped file.
    Mapped(Arc<MappedFile>),
    /// They are in a block of the cache, or in one of its own.
    Block(Arc<Block>),
}

/// Bytes of a table without a copy: they stay valid after the table is dropped, and after its file is removed.
#[derive(Clone)]
pub struct SharedBytes {
    owner: BlockOwner,
    start: usize,
    len: usize,
}

impl SharedBytes {
    /// What keeps the bytes alive. They do not move as long as a clone of it lives.
    #[must_use]
    pub fn owner(&self) -> &BlockOwner {
        &self.owner
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all = match &self.owner {
            BlockOwner::Mapped(file) => file.bytes(),
            BlockOwner::Block(block) => block.bytes(),
        };
        &all[self.start..self.start + self.len]
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBytes").field("len", &self.len).finish_non_exhaustive()
    }
}

/// As [`BlockOwner`], but without a reference count of its own where that can be saved.
#[derive(Debug, Clone)]
pub(crate) enum OwnerRef<'t> {
    Mapped(&'t Arc<MappedFile>),
    Block(Arc<Block>),
    BlockRef(&'t Arc<Block>),
}

/// An inline value.
#[derive(Clone)]
pub struct InlineValue<'t> {
    owner: OwnerRef<'t>,
    start: usize,
    len: usize,
}

impl<'t> InlineValue<'t> {
    /// Bytes `start..start + len` of the owner; the caller has checked that they are there.
    pub(crate) fn new(owner: OwnerRef<'t>, start: usize, len: usize) -> Self {
        Self { owner, start, len }
    }

    /// The value's bytes.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        let all = match &self.owner {
            OwnerRef::Mapped(file) => file.bytes(),
            OwnerRef::Block(block) => block.bytes(),
            OwnerRef::BlockRef(block) => block.bytes(),
        };
        &all[self.start..self.start + self.len]
    }

    /// The value's bytes on their own, without a copy: one reference count.
    #[must_use]
    pub fn share(&self) -> SharedBytes {
        let owner = match &self.owner {
            OwnerRef::Mapped(file) => BlockOwner::Mapped(Arc::clone(file)),
            OwnerRef::Block(block) => BlockOwner::Block(Arc::clone(block)),
            OwnerRef::BlockRef(block) => BlockOwner::Block(Arc::clone(block)),
        };
        SharedBytes { owner, start: self.start, len: self.len }
    }
}

impl fmt::Debug for InlineValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InlineValue").field("len", &self.len).finish_non_exhaustive()
    }
}

/// What an entry has for a value.
#[derive(Debug, Clone)]
pub enum TableValue<'t> {
    /// Nothing: it is a delete.
    None,
    /// Bytes in the table.
    Inline(InlineValue<'t>),
    /// A record in a segment.
    Pointer {
        /// Index into [`Table::segments`](super::Table::segments); always a valid one.
        slot: usize,
        /// Offset of the record in the segment.
        offset: u32,
        /// Length of the record in bytes.
        len: u32,
    },
}

/// The answer of a point read.
#[derive(Debug, Clone)]
pub struct TableEntry<'t> {
    /// Whether the key has a value.
    pub kind: EntryKind,
    /// The entry's sequence number; `None` if it is visible to every reader of the table.
    pub seq: Option<u64>,
    /// The value.
    pub value: TableValue<'t>,
}
