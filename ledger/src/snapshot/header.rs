//! What a snapshot begins with.

use std::path::Path;

use crate::{Error, Result, log::Mark};

/// How long it is.
pub(super) const HEADER: usize = 128;
const MAGIC: [u8; 8] = *b"LEDGRSNP";
const VERSION: u32 = 1;

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) mark: Mark,
    pub(super) digest: [u8; 32],
    /// How long the content is.
    pub(super) bytes: u64,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.mark.op.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.mark.timestamp.to_le_bytes());
        bytes[32..64].copy_from_slice(&self.mark.hash);
        bytes[64..96].copy_from_slice(&self.digest);
        bytes[96..104].copy_from_slice(&self.bytes.to_le_bytes());
        let crc = crc(&bytes);
        bytes[12..16].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER], path: &Path) -> Result<Self> {
        if bytes[..8] != MAGIC {
            return Err(Error::corruption(path, 0, "no snapshot begins there"));
        }
        if part::<4>(bytes, 12) != crc(bytes).to_le_bytes() {
            return Err(Error::corruption(path, 0, "the checksum of the header is wrong"));
        }
        let found = u32::from_le_bytes(part(bytes, 8));
        if found != VERSION {
            return Err(Error::Version { path: path.to_owned(), found, known: VERSION });
        }
        Ok(Self {
            mark: Mark {
                op: u64::from_le_bytes(part(bytes, 16)),
                timestamp: u64::from_le_bytes(part(bytes, 24)),
                hash: part(bytes, 32),
            },
            digest: part(bytes, 64),
            bytes: u64::from_le_bytes(part(bytes, 96)),
        })
    }
}

/// Of all of the header but itself.
fn crc(bytes: &[u8; HEADER]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

/// `N` bytes of a header. All callers ask for bytes within its 128.
fn part<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}
