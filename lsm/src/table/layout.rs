//! A table's layout, for people.

use super::{
    Table,
    block::{Damage, Handle},
    data_block::DataBlock,
};
use crate::{Error, Result};

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Entries.
    Data,
    /// A partition's filter.
    Filter,
    /// A partition's index.
    Index,
    /// The properties.
    Properties,
    /// The index of the partitions.
    TopIndex,
}

/// One block of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockLayout {
    /// What it holds.
    pub kind: BlockKind,
    /// Offset in the file.
    pub offset: u64,
    /// Bytes of its contents as stored, without the trailer of 5 bytes.
    pub len: u32,
    /// Bytes of its contents decompressed.
    pub decompressed_len: u64,
    /// `none`, `lz4` or `zstd`.
    pub codec: &'static str,
    /// Entries: of a data block, its own; of an index, the blocks it covers; of a filter, 0.
    pub entries: u64,
}

/// The blocks of a table, by offset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableLayout {
    /// The blocks.
    pub blocks: Vec<BlockLayout>,
}

impl Table {
    /// Lists the table's blocks. Reads all of them.
    ///
    /// # Errors
    /// As [`get`](Self::get), at the first block that cannot be read.
    pub fn layout(&self) -> Result<TableLayout> {
        let mut blocks = Vec::new();
        let mut push = |kind, handle: Handle, count: &dyn Fn(&[u8]) -> Result<usize, Damage>| {
            let (contents, codec) = self.read_block_and_codec(handle)?;
            let entries = count(&contents).map_err(|found| self.damage(handle.offset, found))?;
            blocks.push(BlockLayout {
                kind,
                offset: handle.offset,
                len: handle.len,
                decompressed_len: contents.len() as u64,
                codec: codec.name(),
                entries: entries as u64,
            });
            Ok::<_, Error>(())
        };
        for (partition, entry) in self.top().entries().iter().enumerate() {
            let at = self.index_block(partition)?;
            let index = self.parse_index(partition, &at)?;
            for number in 0..index.len() {
                let count = |contents: &[u8]| Ok(DataBlock::parse(contents)?.len());
                push(BlockKind::Data, index.handle(number), &count)?;
            }
            if entry.filter.len > 0 {
                push(BlockKind::Filter, entry.filter, &|_| Ok(0))?;
            }
            push(BlockKind::Index, entry.index, &|_| Ok(index.len()))?;
        }
        push(BlockKind::Properties, self.footer().properties, &|_| Ok(0))?;
        push(BlockKind::TopIndex, self.footer().top, &|_| Ok(self.top().len()))?;
        blocks.sort_by_key(|block| block.offset);
        Ok(TableLayout { blocks })
    }
}
