//! The last 64 bytes of a table.

use std::path::Path;

use super::block::Handle;
use crate::{Error, Result, TableId};

pub(crate) const LEN: usize = 64;
/// The format version that this build writes, and the newest that it reads.
pub(crate) const VERSION: u16 = 1;
const MAGIC: &[u8; 8] = b"LSMTABLE";

/// Where the table's own description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) top: Handle,
    pub(crate) properties: Handle,
    pub(crate) table: TableId,
    pub(crate) database: u64,
}

impl Footer {
    pub(crate) fn encode(&self) -> [u8; LEN] {
        let mut out = Vec::with_capacity(LEN);
        for handle in [self.top, self.properties] {
            out.extend_from_slice(&handle.offset.to_le_bytes());
            out.extend_from_slice(&handle.len.to_le_bytes());
        }
        out.extend_from_slice(&self.table.0.to_le_bytes());
        out.extend_from_slice(&self.database.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out.extend_from_slice(MAGIC);
        let mut bytes = [0; LEN];
        bytes.copy_from_slice(&out);
        bytes
    }

    /// Reads a footer that stood at `offset` of the file `path`.
    pub(crate) fn decode(bytes: &[u8; LEN], path: &Path, offset: u64) -> Result<Self> {
        let damaged = |found: String| Err(Error::corruption(path, offset, found));
        if &bytes[56..] != MAGIC {
            return damaged(format!(
                "the file ends with {:02x?}, a table with \"LSMTABLE\"",
                &bytes[56..]
            ));
        }
        let (sum, expected) = (crc32c::crc32c(&bytes[..52]), u32_at(bytes, 52));
        if sum != expected {
            return damaged(format!(
                "the footer's checksum is {sum:#010x}, it says {expected:#010x}"
            ));
        }
        let version = u16::from_le_bytes([bytes[48], bytes[49]]);
        if version > VERSION {
            return Err(Error::NewerFormat {
                path: path.into(),
                found: version,
                supported: VERSION,
            });
        }
        if version == 0 || bytes[40..48] != [0; 8] || bytes[50..52] != [0; 2] {
            return damaged("a footer of version 0, or with reserved bytes set".to_owned());
        }
        let footer = Self {
            top: Handle { offset: u64_at(bytes, 0), len: u32_at(bytes, 8) },
            properties: Handle { offset: u64_at(bytes, 12), len: u32_at(bytes, 20) },
            table: TableId(u64_at(bytes, 24)),
            database: u64_at(bytes, 32),
        };
        for (name, handle) in [("top index", footer.top), ("properties", footer.properties)] {
            if handle.end_within(offset).is_none() {
                return damaged(format!(
                    "the {name} block ({} bytes at {}) does not fit before the footer",
                    handle.len, handle.offset
                ));
            }
        }
        Ok(footer)
    }
}

/// The little-endian number at a place that the caller knows to exist.
fn u64_at(bytes: &[u8; LEN], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

fn u32_at(bytes: &[u8; LEN], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_every_flipped_bit() {
        let footer = Footer {
            top: Handle { offset: 1000, len: 50 },
            properties: Handle { offset: 1055, len: 60 },
            table: TableId(8),
            database: 0x0123_4567_89ab_cdef,
        };
        let bytes = footer.encode();
        assert_eq!(Footer::decode(&bytes, Path::new("t"), 1120).unwrap(), footer);
        assert!(Footer::decode(&bytes, Path::new("t"), 1119).unwrap_err().is_corruption());
        for bit in 0..LEN * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                Footer::decode(&flipped, Path::new("t"), 1120).unwrap_err().is_corruption(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_newer_version_is_told_apart_from_damage() {
        let footer = Footer {
            top: Handle::default(),
            properties: Handle::default(),
            table: TableId(1),
            database: 1,
        };
        let mut bytes = footer.encode();
        bytes[48] = 2;
        let sum = crc32c::crc32c(&bytes[..52]);
        bytes[52..56].copy_from_slice(&sum.to_le_bytes());
        let error = Footer::decode(&bytes, Path::new("t"), 1000).unwrap_err();
        assert!(matches!(error, Error::NewerFormat { found: 2, supported: 1, .. }), "{error}");
    }
}
