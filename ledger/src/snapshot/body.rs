//! The content of a snapshot, in blocks.

use std::{io, path::PathBuf, sync::Arc};

use super::header::HEADER;
use crate::{Error, Result, disk::File, log::Mark};

/// The content of a block; the last one may have less.
pub(super) const BLOCK: usize = (64 << 10) - CRC;
/// What a block begins with.
const CRC: usize = 4;

/// How long the file of a content of `bytes` is; none if that is no number.
pub(super) fn file_bytes(bytes: u64) -> Option<u64> {
    let blocks = bytes.div_ceil(BLOCK as u64);
    bytes.checked_add(blocks.checked_mul(CRC as u64)?)?.checked_add(HEADER as u64)
}

/// What every block's checksum covers besides its content: which block of which snapshot it is, so that none is taken for another.
fn seed(mark: Mark, block: u64) -> u32 {
    let seed = crc32c::crc32c(&mark.op.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(seed, &mark.hash), &block.to_le_bytes())
}

/// Takes the content of a snapshot, and writes it block by block.
pub(super) struct Writer {
    file: Arc<dyn File>,
    mark: Mark,
    blocks: u64,
    /// A block in the making, its checksum's place included.
    buffer: Vec<u8>,
    bytes: u64,
}

impl Writer {
    pub(super) fn new(file: Arc<dyn File>, mark: Mark) -> Self {
        let mut buffer = Vec::with_capacity(CRC + BLOCK);
        buffer.resize(CRC, 0);
        Self { file, mark, blocks: 0, buffer, bytes: 0 }
    }

    /// Writes what is left, and says how long the content is.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        if self.buffer.len() > CRC {
            self.write_block()?;
        }
        Ok(self.bytes)
    }

    fn write_block(&mut self) -> io::Result<()> {
        let crc = crc32c::crc32c_append(seed(self.mark, self.blocks), &self.buffer[CRC..]);
        self.buffer[..CRC].copy_from_slice(&crc.to_le_bytes());
        let at = HEADER as u64 + self.blocks * (CRC + BLOCK) as u64;
        self.file.write_at(&self.buffer, at)?;
        self.blocks += 1;
        self.buffer.truncate(CRC);
        Ok(())
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(CRC + BLOCK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..length]);
        self.bytes += length as u64;
        if self.buffer.len() == CRC + BLOCK {
            self.write_block()?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The content of a snapshot, read block by block, each checked. Ends where the content ends; an error of it holds a
/// [`crate::Error`]. Takes 64 KiB.
pub struct Body {
    file: Arc<dyn File>,
    path: PathBuf,
    mark: Mark,
    /// How much of the content is not in the buffer yet.
    left: u64,
    blocks: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Body")
            .field("path", &self.path)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl Body {
    pub(super) fn new(file: Arc<dyn File>, path: PathBuf, mark: Mark, bytes: u64) -> Self {
        Self { file, path, mark, left: bytes, blocks: 0, buffer: Vec::new(), at: 0 }
    }

    /// Reads all of it, and leaves it as it is.
    pub(super) fn check(&self) -> Result<()> {
        let file = Arc::clone(&self.file);
        let mut other = Self::new(file, self.path.clone(), self.mark, self.left);
        while other.left > 0 {
            other.read_block()?;
        }
        Ok(())
    }

    fn read_block(&mut self) -> Result<()> {
        let length = CRC + self.left.min(BLOCK as u64) as usize;
        let at = HEADER as u64 + self.blocks * (CRC + BLOCK) as u64;
        self.buffer.resize(length, 0);
        self.at = length;
        let read = self
            .file
            .read_at(&mut self.buffer, at)
            .map_err(|e| Error::io("read", &self.path, e))?;
        if read < length {
            let found = "the end of the file, within its content";
            return Err(Error::corruption(&self.path, at + read as u64, found));
        }
        let crc = crc32c::crc32c_append(seed(self.mark, self.blocks), &self.buffer[CRC..]);
        if self.buffer[..CRC] != crc.to_le_bytes() {
            let found = format!("block {}, whose checksum is wrong", self.blocks);
            return Err(Error::corruption(&self.path, at, found));
        }
        self.left -= (length - CRC) as u64;
        self.blocks += 1;
        self.at = CRC;
        Ok(())
    }
}

impl io::Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.buffer.len() && self.left > 0 {
            self.read_block().map_err(|error| match error {
                Error::Io { source, .. } => source,
                other => io::Error::new(io::ErrorKind::InvalidData, other),
            })?;
        }
        let length = out.len().min(self.buffer.len() - self.at);
        out[..length].copy_from_slice(&self.buffer[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
