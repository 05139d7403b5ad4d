//! What every block of a table has: a place, a codec, a checksum.

use std::borrow::Cow;

use super::compression::Codec;
use crate::{TableId, varint};

/// Bytes behind a block's contents: the codec and the checksum.
pub(crate) const TRAILER_LEN: usize = 5;

/// What was found in place of what was expected. The table adds the file and the offset.
pub(crate) type Damage = Cow<'static, str>;

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Handle {
    /// Offset of its first byte in the file.
    pub(crate) offset: u64,
    /// Length of its contents as stored, trailer not included.
    pub(crate) len: u32,
}

impl Handle {
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        varint::put(out, self.offset);
        varint::put(out, u64::from(self.len));
    }

    pub(crate) fn read(bytes: &[u8], at: &mut usize) -> Option<Self> {
        let offset = varint::read(bytes, at)?;
        let len = varint::read_u32(bytes, at)?;
        Some(Self { offset, len })
    }

    /// The offset behind the block's trailer, if that is at most `limit`.
    pub(crate) fn end_within(self, limit: u64) -> Option<u64> {
        let end = self.offset.checked_add(u64::from(self.len) + TRAILER_LEN as u64)?;
        (end <= limit).then_some(end)
    }
}

/// The checksum of a block at `offset`: seeded with its place, so that a block never checks in another one's stead.
pub(crate) fn checksum(table: TableId, offset: u64, contents_and_codec: &[u8]) -> u32 {
    let seed = (table.0 << 32) ^ offset;
    crc32c::crc32c_append(crc32c::crc32c(&seed.to_le_bytes()), contents_and_codec)
}

/// Appends the trailer of the contents that start at `start` in `out` and go to its end.
pub(crate) fn seal(out: &mut Vec<u8>, start: usize, table: TableId, offset: u64, codec: Codec) {
    out.push(codec as u8);
    let sum = checksum(table, offset, &out[start..]);
    out.extend_from_slice(&sum.to_le_bytes());
}

/// Checks a block with its trailer; returns its contents as stored, and their codec.
pub(crate) fn open(table: TableId, offset: u64, block: &[u8]) -> Result<(&[u8], Codec), Damage> {
    let Some((sealed, stored_sum)) = block.split_last_chunk::<4>() else {
        return Err("a block shorter than its trailer".into());
    };
    let Some((&codec, contents)) = sealed.split_last() else {
        return Err("a block shorter than its trailer".into());
    };
    let (found, expected) = (checksum(table, offset, sealed), u32::from_le_bytes(*stored_sum));
    if found != expected {
        return Err(format!(
            "the block's checksum is {found:#010x}, its trailer says {expected:#010x}"
        )
        .into());
    }
    match Codec::from_disk(codec) {
        Some(codec) => Ok((contents, codec)),
        None => Err(format!("codec {codec}; known are 0 to 2").into()),
    }
}

/// Starts loading the cache line at `bytes[at]`, if there is one.
#[inline]
pub(crate) fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(byte) = bytes.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program can see; SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32c_check_value() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_block_checks_only_in_its_place() {
        let mut block = b"contents".to_vec();
        seal(&mut block, 0, TableId(7), 4096, Codec::None);
        assert_eq!(block.len(), 8 + TRAILER_LEN);
        assert_eq!(open(TableId(7), 4096, &block), Ok((&b"contents"[..], Codec::None)));
        assert!(open(TableId(7), 4097, &block).is_err());
        assert!(open(TableId(8), 4096, &block).is_err());
        for len in 0..block.len() {
            assert!(open(TableId(7), 4096, &block[..len]).is_err());
        }
    }
}
