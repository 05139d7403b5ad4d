//! Compressed values: one byte codec, varint length when decompressed, the codec's block.

use std::borrow::Cow;

use super::record::StoredValue;
#[cfg(feature = "lz4")]
use super::small_lz4;
use crate::{Compression, MAX_VALUE_LEN, varint};

/// How values are compressed. The numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// As they are.
    #[default]
    None,
    /// LZ4 block format (feature `lz4`).
    #[cfg(feature = "lz4")]
    Lz4,
    /// Zstandard at this level (feature `zstd`).
    #[cfg(feature = "zstd")]
    Zstd(i32),
}

impl Codec {
    /// The codec for a setting; none where this build lacks it, which `Options::validate` has refused.
    #[must_use]
    pub fn of(compression: Compression) -> Self {
        match compression {
            #[cfg(feature = "lz4")]
            Compression::Lz4 => Self::Lz4,
            #[cfg(feature = "zstd")]
            Compression::Zstd(level) => Self::Zstd(level),
            _ => Self::None,
        }
    }
}

const LZ4: u8 = 1;
const ZSTD: u8 = 2;

/// The bytes to store for `value`, or `None` if they would not be fewer than the value's: then store it as it is.
#[must_use]
pub fn compress_value(codec: Codec, value: &[u8]) -> Option<Vec<u8>> {
    block(codec, value).filter(|stored| stored.len() < value.len())
}

#[cfg_attr(not(any(feature = "lz4", feature = "zstd")), expect(unused_variables))]
fn block(codec: Codec, value: &[u8]) -> Option<Vec<u8>> {
    match codec {
        Codec::None => None,
        #[cfg(feature = "lz4")]
        Codec::Lz4 => {
            let mut stored = frame(LZ4, value);
            if value.len() <= small_lz4::MAX_INPUT {
                let limit = value.len().saturating_sub(stored.len());
                return small_lz4::compress(value, limit, &mut stored).map(|()| stored);
            }
            let start = stored.len();
            stored.resize(start + lz4_flex::block::get_maximum_output_size(value.len()), 0);
            let block = stored.get_mut(start..)?;
            let len = lz4_flex::block::compress_into(value, block).ok()?;
            stored.truncate(start + len);
            Some(stored)
        }
        #[cfg(feature = "zstd")]
        Codec::Zstd(level) => {
            let mut stored = frame(ZSTD, value);
            stored.extend(zstd::bulk::compress(value, level).ok()?);
            Some(stored)
        }
    }
}

#[cfg(any(feature = "lz4", feature = "zstd"))]
fn frame(codec: u8, value: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(value.len() + 8);
    stored.push(codec);
    varint::put(&mut stored, value.len() as u64);
    stored
}

/// The value that `stored` stands for: itself if it is not compressed.
///
/// # Errors
/// Says in words what is wrong with the block (or that this build lacks the codec). Memory use is bounded by what the
/// block can expand to, not by the length that it claims.
pub fn decompress_value(stored: StoredValue<'_>) -> Result<Cow<'_, [u8]>, String> {
    if stored.compressed {
        decompress(stored.bytes).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(stored.bytes))
    }
}

/// The value that codec, length and block stand for; errors as in [`decompress_value`].
pub fn decompress(stored: &[u8]) -> Result<Vec<u8>, String> {
    let mut value = Vec::new();
    decompress_into(stored, &mut value)?;
    Ok(value)
}

/// As [`decompress`], into memory that is there already: `value` is overwritten.
pub fn decompress_into(stored: &[u8], value: &mut Vec<u8>) -> Result<(), String> {
    let (&codec, rest) = stored.split_first().ok_or("a compressed value without a codec")?;
    let (len, used) = varint::decode(rest).ok_or("a compressed value without its length")?;
    let block = rest.get(used..).unwrap_or_default();
    if len > MAX_VALUE_LEN as u64 {
        return Err(format!("a compressed value that claims to be {len} bytes long"));
    }
    match codec {
        LZ4 => decompress_lz4(block, len as usize, value),
        ZSTD => {
            *value = decompress_zstd(block, len as usize)?;
            Ok(())
        }
        _ => Err(format!("a value compressed by the unknown codec {codec}")),
    }
}

#[cfg(feature = "lz4")]
fn decompress_lz4(block: &[u8], len: usize, value: &mut Vec<u8>) -> Result<(), String> {
    // A byte of an LZ4 block adds at most 255 bytes (one more byte of a match's length).
    if len / 255 > block.len() {
        return Err(format!("{} bytes of lz4 cannot hold a value of {len}", block.len()));
    }
    // What is there is overwritten; only what is missing has to be made.
    value.resize(len, 0);
    match lz4_flex::block::decompress_into(block, value) {
        Ok(written) if written == len => Ok(()),
        Ok(written) => Err(format!("lz4 block of {written} bytes, expected {len}")),
        Err(error) => Err(format!("bad lz4 block: {error}")),
    }
}

#[cfg(feature = "zstd")]
fn decompress_zstd(block: &[u8], len: usize) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    // Streaming, because zstd's ratio has no useful bound: memory grows with what really comes out.
    let bad = |error: std::io::Error| format!("bad zstd block: {error}");
    let decoder = zstd::stream::read::Decoder::with_buffer(block).map_err(bad)?;
    let mut value = Vec::with_capacity(len.min(block.len().saturating_mul(64)));
    decoder.single_frame().take(len as u64 + 1).read_to_end(&mut value).map_err(bad)?;
    if value.len() == len {
        Ok(value)
    } else {
        Err(format!("zstd block of other than the {len} bytes expected"))
    }
}

#[cfg(not(feature = "lz4"))]
fn decompress_lz4(_: &[u8], _: usize, _: &mut Vec<u8>) -> Result<(), String> {
    Err("a value compressed with lz4; build with the feature `lz4`".into())
}

#[cfg(not(feature = "zstd"))]
fn decompress_zstd(_: &[u8], _: usize) -> Result<Vec<u8>, String> {
    Err("a value compressed with zstd; build with the feature `zstd`".into())
}
