//! The codecs that a data block may be stored with.

use crate::{Error, Result};

/// How a table's data blocks are compressed. Filters and indexes never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// As they are: a mapped table's blocks are then read in place, without a copy or the cache.
    #[default]
    None,
    /// LZ4 block format (cargo feature `lz4`): about 2-4 GB/s to read.
    Lz4,
    /// Zstandard at this level, 1 to 19 (cargo feature `zstd`): smaller than LZ4, about 1 GB/s to read.
    Zstd(i32),
}

/// Largest contents that are ever compressed. A reader refuses a block that claims to grow beyond it, so that a damaged or
/// hostile length cannot make it allocate more.
pub(crate) const MAX_CONTENTS: usize = 16 << 20;

/// The codec's number on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Codec {
    None = 0,
    Lz4 = 1,
    Zstd = 2,
}

impl Codec {
    pub(crate) const fn from_disk(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::None),
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Its name, for people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }
}

/// Why a block could not be decompressed.
#[derive(Debug)]
pub(crate) enum DecodeFailure {
    /// The bytes are no such block.
    Damaged(String),
    /// This build lacks the codec's cargo feature.
    #[cfg_attr(all(feature = "lz4", feature = "zstd"), allow(dead_code))]
    Missing(&'static str),
}

impl Compression {
    /// As the manifest stores it.
    pub(crate) fn to_text(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Lz4 => "lz4".to_owned(),
            Self::Zstd(level) => format!("zstd {level}"),
        }
    }

    /// The reverse of [`to_text`](Self::to_text).
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            Some(("zstd", level)) => Some(Self::Zstd(level.parse().ok()?)),
            None if text == "none" => Some(Self::None),
            None if text == "lz4" => Some(Self::Lz4),
            _ => None,
        }
    }

    /// The cargo feature that this build would need to read and write it; `None` if it can.
    pub(crate) const fn missing_codec(self) -> Option<&'static str> {
        match self {
            Self::Lz4 if !cfg!(feature = "lz4") => Some("lz4"),
            Self::Zstd(_) if !cfg!(feature = "zstd") => Some("zstd"),
            _ => None,
        }
    }

    /// Whether this build can write it.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] if the codec's cargo feature is off, or if the level is out of range.
    pub fn check(self) -> Result<()> {
        if let Some(feature) = self.missing_codec() {
            return Err(Error::InvalidOption {
                option: "compression",
                found: format!(
                    "this build has no {feature}: build the crate `lsm` with feature `{feature}`"
                ),
            });
        }
        match self {
            Self::Zstd(level) if !(1..=19).contains(&level) => Err(Error::InvalidOption {
                option: "compression",
                found: format!("zstd level {level}; allowed are 1 to 19"),
            }),
            _ => Ok(()),
        }
    }
}

/// Compresses `contents` into `out` (cleared first): varint length, then the codec's block. Returns the codec that `out` is in;
/// `None` means that `out` is of no use and the contents are to be stored as they are, because fewer than one byte in eight
/// would be saved.
#[cfg_attr(not(any(feature = "lz4", feature = "zstd")), allow(unused_variables))]
pub(crate) fn compress(compression: Compression, contents: &[u8], out: &mut Vec<u8>) -> Codec {
    out.clear();
    if contents.len() > MAX_CONTENTS {
        return Codec::None;
    }
    #[cfg(any(feature = "lz4", feature = "zstd"))]
    crate::varint::put(out, contents.len() as u64);
    let codec: Option<Codec> = match compression {
        Compression::None => None,
        #[cfg(feature = "lz4")]
        Compression::Lz4 => {
            let head = out.len();
            out.resize(head + lz4_flex::block::get_maximum_output_size(contents.len()), 0);
            lz4_flex::block::compress_into(contents, &mut out[head..]).ok().map(|len| {
                out.truncate(head + len);
                Codec::Lz4
            })
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd(level) => {
            let head = out.len();
            out.resize(head + zstd::zstd_safe::compress_bound(contents.len()), 0);
            zstd::bulk::compress_to_buffer(contents, &mut out[head..], level).ok().map(|len| {
                out.truncate(head + len);
                Codec::Zstd
            })
        }
        #[allow(unreachable_patterns)]
        _ => None,
    };
    match codec {
        Some(codec) if out.len() <= contents.len() - contents.len() / 8 => codec,
        _ => Codec::None,
    }
}

/// Undoes [`compress`]. Allocates at most [`MAX_CONTENTS`].
pub(crate) fn decompress(codec: Codec, stored: &[u8]) -> Result<Vec<u8>, DecodeFailure> {
    let damaged = |found: &str| DecodeFailure::Damaged(format!("{} block: {found}", codec.name()));
    if codec == Codec::None {
        return Ok(stored.to_vec());
    }
    let mut at = 0;
    #[cfg_attr(not(any(feature = "lz4", feature = "zstd")), allow(unused_variables))]
    let len = crate::varint::read(stored, &mut at)
        .and_then(|len| usize::try_from(len).ok())
        .filter(|&len| len <= MAX_CONTENTS)
        .ok_or_else(|| damaged("its decompressed length is no length up to 16 MiB"))?;
    #[allow(unused)]
    let body = stored.get(at..).unwrap_or_default();
    match codec {
        #[cfg(feature = "lz4")]
        Codec::Lz4 => {
            let mut contents = vec![0; len];
            match lz4_flex::block::decompress_into(body, &mut contents) {
                Ok(found) if found == len => Ok(contents),
                Ok(_) => Err(damaged("it decompresses to fewer bytes than it says")),
                Err(error) => Err(damaged(&error.to_string())),
            }
        }
        #[cfg(feature = "zstd")]
        Codec::Zstd => {
            let mut contents = vec![0; len];
            match zstd::bulk::decompress_to_buffer(body, &mut contents[..]) {
                Ok(found) if found == len => Ok(contents),
                Ok(_) => Err(damaged("it decompresses to fewer bytes than it says")),
                Err(error) => Err(damaged(&error.to_string())),
            }
        }
        #[allow(unreachable_patterns)]
        _ => Err(DecodeFailure::Missing(codec.name())),
    }
}
