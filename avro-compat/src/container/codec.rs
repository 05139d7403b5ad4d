//! Compression of blocks.

use crate::error::ContainerError;

/// How blocks are compressed. Each codec but the first needs the feature of its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// Not at all.
    #[default]
    Null,
    /// RFC 1951, without a checksum.
    #[cfg(feature = "deflate")]
    Deflate {
        /// 0 to 9; more counts as 9.
        level: u8,
    },
    /// Snappy, with the CRC-32 of what was compressed.
    #[cfg(feature = "snappy")]
    Snappy,
    /// Zstandard.
    #[cfg(feature = "zstandard")]
    Zstandard {
        /// -7 to 22; others count as the nearest.
        level: i8,
    },
    /// bzip2.
    #[cfg(feature = "bzip2")]
    Bzip2 {
        /// 1 to 9; others count as the nearest.
        level: u8,
    },
    /// XZ.
    #[cfg(feature = "xz")]
    Xz {
        /// 0 to 9; more counts as 9.
        level: u8,
    },
}

impl Codec {
    /// The name that files call it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            #[cfg(feature = "deflate")]
            Self::Deflate { .. } => "deflate",
            #[cfg(feature = "snappy")]
            Self::Snappy => "snappy",
            #[cfg(feature = "zstandard")]
            Self::Zstandard { .. } => "zstandard",
            #[cfg(feature = "bzip2")]
            Self::Bzip2 { .. } => "bzip2",
            #[cfg(feature = "xz")]
            Self::Xz { .. } => "xz",
        }
    }

    /// The codec of a name, with its usual level.
    ///
    /// # Errors
    ///
    /// If there is none, or if this program was built without.
    pub fn parse(name: &str) -> Result<Self, ContainerError> {
        Ok(match name {
            "null" => Self::Null,
            #[cfg(feature = "deflate")]
            "deflate" => Self::Deflate { level: 6 },
            #[cfg(feature = "snappy")]
            "snappy" => Self::Snappy,
            #[cfg(feature = "zstandard")]
            "zstandard" => Self::Zstandard { level: 3 },
            #[cfg(feature = "bzip2")]
            "bzip2" => Self::Bzip2 { level: 9 },
            #[cfg(feature = "xz")]
            "xz" => Self::Xz { level: 6 },
            other => {
                let all = ["deflate", "snappy", "zstandard", "bzip2", "xz"];
                let feature = all.into_iter().find(|it| *it == other);
                return Err(ContainerError::Codec { name: other.to_owned(), feature });
            }
        })
    }

    /// Compresses a block to the end of `out`.
    #[cfg_attr(
        not(any(
            feature = "deflate",
            feature = "snappy",
            feature = "zstandard",
            feature = "bzip2",
            feature = "xz"
        )),
        expect(clippy::unnecessary_wraps, reason = "nothing can go wrong without codecs")
    )]
    pub(super) fn compress(self, bytes: &[u8], out: &mut Vec<u8>) -> std::io::Result<()> {
        #[cfg(any(feature = "deflate", feature = "bzip2", feature = "xz"))]
        use std::io::Write as _;
        match self {
            Self::Null => out.extend_from_slice(bytes),
            #[cfg(feature = "deflate")]
            Self::Deflate { level } => {
                let level = flate2::Compression::new(u32::from(level.min(9)));
                let mut encoder = flate2::write::DeflateEncoder::new(out, level);
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
            #[cfg(feature = "snappy")]
            Self::Snappy => {
                let compressed = snap::raw::Encoder::new().compress_vec(bytes)?;
                out.extend(compressed);
                out.extend(crc32fast::hash(bytes).to_be_bytes());
            }
            #[cfg(feature = "zstandard")]
            Self::Zstandard { level } => {
                let level = i32::from(level.clamp(-7, 22));
                zstd::stream::copy_encode(bytes, out, level)?;
            }
            #[cfg(feature = "bzip2")]
            Self::Bzip2 { level } => {
                let level = bzip2::Compression::new(u32::from(level.clamp(1, 9)));
                let mut encoder = bzip2::write::BzEncoder::new(out, level);
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
            #[cfg(feature = "xz")]
            Self::Xz { level } => {
                let options = lzma_rust2::XzOptions::with_preset(u32::from(level.min(9)));
                let mut encoder = lzma_rust2::XzWriter::new(out, options)?;
                encoder.write_all(bytes)?;
                encoder.finish()?;
            }
        }
        Ok(())
    }

    /// Decompresses a block into `out`, at most one byte more than the limit: then it was too large.
    #[cfg_attr(
        not(any(
            feature = "deflate",
            feature = "snappy",
            feature = "zstandard",
            feature = "bzip2",
            feature = "xz"
        )),
        expect(
            unused_variables,
            clippy::unnecessary_wraps,
            reason = "nothing to do without codecs"
        )
    )]
    pub(super) fn decompress(
        self,
        bytes: &[u8],
        out: &mut Vec<u8>,
        limit: usize,
    ) -> std::io::Result<()> {
        out.clear();
        match self {
            // The caller reads such blocks where they are.
            Self::Null => Ok(()),
            #[cfg(feature = "deflate")]
            Self::Deflate { .. } => take(flate2::bufread::DeflateDecoder::new(bytes), out, limit),
            #[cfg(feature = "snappy")]
            Self::Snappy => snappy(bytes, out, limit),
            #[cfg(feature = "zstandard")]
            Self::Zstandard { .. } => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
                // A frame says itself how large a window it needs.
                let log = limit.max(1 << 10).ilog2() + 1;
                decoder.window_log_max(log.min(27))?;
                take(decoder, out, limit)
            }
            #[cfg(feature = "bzip2")]
            Self::Bzip2 { .. } => take(bzip2::bufread::MultiBzDecoder::new(bytes), out, limit),
            #[cfg(feature = "xz")]
            Self::Xz { .. } => {
                // The most that the highest level needs, in KiB.
                let memory = 72 << 10;
                take(lzma_rust2::XzReader::new_mem_limit(bytes, true, memory), out, limit)
            }
        }
    }
}

#[cfg(any(feature = "deflate", feature = "zstandard", feature = "bzip2", feature = "xz"))]
fn take(decoder: impl std::io::Read, out: &mut Vec<u8>, limit: usize) -> std::io::Result<()> {
    use std::io::Read as _;
    decoder.take(limit as u64 + 1).read_to_end(out)?;
    Ok(())
}

#[cfg(feature = "snappy")]
fn snappy(bytes: &[u8], out: &mut Vec<u8>, limit: usize) -> std::io::Result<()> {
    let wrong = |message: &str| Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    let Some((bytes, checksum)) = bytes.split_last_chunk() else {
        return wrong("shorter than its checksum");
    };
    let len = snap::raw::decompress_len(bytes)?;
    // Three bytes stand for at most 64.
    if len / 22 > bytes.len() {
        return wrong("it claims to be longer than it can be");
    }
    let len = len.min(limit.saturating_add(1));
    out.resize(len, 0);
    if len > limit {
        return Ok(());
    }
    let found = snap::raw::Decoder::new().decompress(bytes, out)?;
    out.truncate(found);
    if crc32fast::hash(out) != u32::from_be_bytes(*checksum) {
        return wrong("the checksum is another");
    }
    Ok(())
}
