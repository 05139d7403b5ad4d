//! How blocks are reached: in place or through the cache, each checked when it is first read.

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
};

use super::Table;
use crate::{
    Error, Result,
    table::{
        block::{self, Damage, Handle, TRAILER_LEN, prefetch},
        cache::{Block, BlockKey},
        compression::{Codec, DecodeFailure, decompress},
        filter, footer,
        index::{IndexPartition, PARTITION_BLOCKS},
        value::MappedFile,
    },
};

/// Which blocks of a partition have been checked since the table was opened.
#[derive(Debug, Default)]
pub(super) struct Checked {
    data: [AtomicU64; PARTITION_BLOCKS / 64],
    /// Bit 0: the index partition; bit 1: the filter.
    own: AtomicU8,
}

const INDEX_CHECKED: u8 = 1;
const FILTER_CHECKED: u8 = 2;

/// A block that has been checked.
#[derive(Debug, Clone)]
pub(crate) enum BlockAt {
    /// In the mapped file.
    Mapped { start: usize, len: usize },
    /// On its own.
    Owned(Arc<Block>),
}

impl Table {
    /// `None` without a filter.
    #[inline]
    pub(super) fn filter_passes(&self, partition: usize, hash: u64) -> Result<Option<bool>> {
        let handle = self.top.entries()[partition].filter;
        if handle.len == 0 {
            return Ok(None);
        }
        if let Some(mapped) = &self.mapped {
            let contents = self.mapped_block(
                mapped,
                handle,
                &self.checked[partition].own,
                FILTER_CHECKED,
                |_| Ok(()),
            )?;
            return Ok(Some(filter::may_contain(contents, hash)));
        }
        let block = self.cached(handle, |_| Ok(()))?;
        Ok(Some(filter::may_contain(block.bytes(), hash)))
    }

    /// An index partition, checked.
    #[inline]
    pub(crate) fn index_block(&self, partition: usize) -> Result<BlockAt> {
        let handle = self.top.entries()[partition].index;
        let limit = self.file_len - footer::LEN as u64;
        let check = |contents: &[u8]| {
            IndexPartition::parse(contents)?.check(limit, self.top.separator(partition))
        };
        if let Some(mapped) = &self.mapped {
            self.mapped_block(mapped, handle, &self.checked[partition].own, INDEX_CHECKED, check)?;
            return Ok(BlockAt::Mapped { start: handle.offset as usize, len: handle.len as usize });
        }
        Ok(BlockAt::Owned(self.cached(handle, check)?))
    }

    /// Takes apart what [`index_block`](Self::index_block) returned.
    #[inline]
    pub(crate) fn parse_index<'a>(
        &'a self,
        partition: usize,
        at: &'a BlockAt,
    ) -> Result<IndexPartition<'a>> {
        IndexPartition::parse(self.bytes(at))
            .map_err(|found| self.damage(self.top.entries()[partition].index.offset, found))
    }

    /// A data block, its checksum verified, decompressed if need be.
    #[inline]
    pub(crate) fn data_block(
        &self,
        partition: usize,
        number: usize,
        handle: Handle,
    ) -> Result<BlockAt> {
        if let Some(mapped) = &self.mapped {
            // Within the file: the partition was checked.
            let (start, len) = (handle.offset as usize, handle.len as usize);
            let whole = &mapped.bytes()[start..start + len + TRAILER_LEN];
            // A block's own tail is what a reader looks at first.
            prefetch(whole, len.saturating_sub(64));
            prefetch(whole, len.saturating_sub(128));
            prefetch(whole, len.saturating_sub(192));
            let (word, bit) = (&self.checked[partition].data[number / 64], 1_u64 << (number % 64));
            if word.load(Relaxed) & bit != 0 {
                return Ok(BlockAt::Mapped { start, len });
            }
            if whole[len] == Codec::None as u8 {
                block::open(self.id, handle.offset, whole)
                    .map_err(|found| self.damage(handle.offset, found))?;
                word.fetch_or(bit, Relaxed);
                return Ok(BlockAt::Mapped { start, len });
            }
        }
        Ok(BlockAt::Owned(self.cached(handle, |_| Ok(()))?))
    }

    /// The bytes of a block.
    #[inline]
    pub(crate) fn bytes<'a>(&'a self, at: &'a BlockAt) -> &'a [u8] {
        match at {
            BlockAt::Mapped { start, len } => match &self.mapped {
                Some(mapped) => &mapped.bytes()[*start..*start + *len],
                None => &[],
            },
            BlockAt::Owned(block) => block.bytes(),
        }
    }

    #[inline]
    fn mapped_block<'t>(
        &self,
        mapped: &'t MappedFile,
        handle: Handle,
        checked: &AtomicU8,
        bit: u8,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<&'t [u8]> {
        // Both ends are within the file: handles of the top index were checked when it was read.
        let start = handle.offset as usize;
        let len = handle.len as usize;
        let contents = &mapped.bytes()[start..start + len];
        // Relaxed: the file's bytes do not change, so whoever sees the bit may rely on what was checked.
        if checked.load(Relaxed) & bit == 0 {
            self.check_mapped(mapped, handle, check)?;
            checked.fetch_or(bit, Relaxed);
        }
        Ok(contents)
    }

    #[cold]
    fn check_mapped(
        &self,
        mapped: &MappedFile,
        handle: Handle,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<()> {
        let start = handle.offset as usize;
        let whole = &mapped.bytes()[start..start + handle.len as usize + TRAILER_LEN];
        block::open(self.id, handle.offset, whole)
            .and_then(|(contents, codec)| match codec {
                Codec::None => check(contents),
                codec => {
                    Err(format!("a compressed block ({}) of a kind that never is", codec.name())
                        .into())
                }
            })
            .map_err(|found| self.damage(handle.offset, found))
    }

    /// A block through the cache. `check` is applied before it enters.
    fn cached(
        &self,
        handle: Handle,
        check: impl FnOnce(&[u8]) -> Result<(), Damage>,
    ) -> Result<Arc<Block>> {
        let key = BlockKey { database: self.database_id, table: self.id, offset: handle.offset };
        if let Some(block) = self.cache.as_ref().and_then(|cache| cache.get(&key)) {
            return Ok(block);
        }
        let contents = self.read_block(handle)?;
        check(&contents).map_err(|found| self.damage(handle.offset, found))?;
        let block = Arc::new(Block::new(contents));
        if let Some(cache) = &self.cache {
            cache.insert(key, Arc::clone(&block));
        }
        Ok(block)
    }

    /// A block's contents, read and verified anew. The handle must be one that was checked against the file's length.
    pub(crate) fn read_block(&self, handle: Handle) -> Result<Vec<u8>> {
        self.read_block_and_codec(handle).map(|(contents, _)| contents)
    }

    pub(crate) fn read_block_and_codec(&self, handle: Handle) -> Result<(Vec<u8>, Codec)> {
        let len = handle.len as usize + TRAILER_LEN;
        let mut own;
        let whole = if let Some(mapped) = &self.mapped {
            let start = handle.offset as usize;
            &mapped.bytes()[start..start + len]
        } else {
            own = vec![0; len];
            self.read_raw(&mut own, handle.offset)?;
            &own[..]
        };
        let (stored, codec) = block::open(self.id, handle.offset, whole)
            .map_err(|found| self.damage(handle.offset, found))?;
        match decompress(codec, stored) {
            Ok(contents) => Ok((contents, codec)),
            Err(DecodeFailure::Damaged(found)) => Err(self.damage(handle.offset, found.into())),
            Err(DecodeFailure::Missing(codec)) => Err(Error::InvalidOption {
                option: "compression",
                found: format!(
                    "{}, offset {}: a {codec} block; this build lacks it: build the crate `lsm` with feature `{codec}`",
                    self.path.display(),
                    handle.offset
                ),
            }),
        }
    }

    pub(crate) fn read_raw(&self, buf: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(buf, offset).map_err(|error| Error::io("read", &self.path, error))
    }
}
