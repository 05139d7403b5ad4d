//! The end of a table's file: blocks are sealed there, and written many at a time.

use std::{path::PathBuf, sync::Arc};

use super::invalid;
use crate::{
    Error, Result, TableId,
    fs::File,
    table::{
        block::{self, Handle, TRAILER_LEN},
        compression::Codec,
    },
};

/// Bytes gathered before they are written.
const WRITE_BUFFER: usize = 256 << 10;

/// The end of the file, buffered.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) file: Arc<dyn File>,
    pub(super) path: PathBuf,
    pub(super) buffer: Vec<u8>,
    pub(super) written: u64,
}

impl Output {
    pub(super) fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub(super) fn align(&mut self, to: u64) {
        let gap = self.position().next_multiple_of(to) - self.position();
        self.buffer.resize(self.buffer.len() + gap as usize, 0);
    }

    pub(super) fn append(
        &mut self,
        table: TableId,
        contents: &[u8],
        codec: Codec,
    ) -> Result<Handle> {
        let offset = self.position();
        let len = u32::try_from(contents.len())
            .map_err(|_| invalid("table", "a block of more than 4 GiB: write smaller tables"))?;
        self.buffer.reserve(contents.len() + TRAILER_LEN);
        let start = self.buffer.len();
        self.buffer.extend_from_slice(contents);
        block::seal(&mut self.buffer, start, table, offset, codec);
        if self.buffer.len() >= WRITE_BUFFER {
            self.flush()?;
        }
        Ok(Handle { offset, len })
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.file
            .write_all_at(&self.buffer, self.written)
            .map_err(|error| Error::io("write", &self.path, error))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}
