//! What a message of a run looks like on the wire.
//!
//! | bytes | |
//! |---|---|
//! | 0..2 | `QC` |
//! | 2 | version: 1 |
//! | 3 | flags: bit 0, there is a source; the others are 0 |
//! | 4..8 | CRC32C of all other bytes |
//! | 8..12 | length of the whole |
//! | 12..16 | producer |
//! | 16..24 | its number among those of its producer |
//! | 24..32 | microseconds since 1970 when it was sent |
//! | 32..44 | partition and offset of its source, if there is one |
//! | to the end | padding that does not compress |
//!
//! Numbers are little-endian.

use crate::id::{MessageId, PartitionId, ProducerId};

const MAGIC: [u8; 2] = *b"QC";
const VERSION: u8 = 1;
const HAS_SOURCE: u8 = 1;
const HEAD: usize = 32;
const SOURCE: usize = 12;

/// A message of a producer of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it, and as which of its messages.
    pub id: MessageId,
    /// Microseconds since 1970 when it was sent.
    pub sent: u64,
    /// Partition and offset of the record that it was made of, in a consume-transform-produce loop.
    pub source: Option<(PartitionId, u64)>,
}

/// Bytes that are no message of a run, or not any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Corrupt {
    /// What is wrong with them.
    pub why: String,
}

fn corrupt(why: impl Into<String>) -> Corrupt {
    Corrupt { why: why.into() }
}

impl Message {
    /// The shortest a message can be: bytes with a source. Shorter sizes are raised to it.
    pub const MIN_SIZE: usize = HEAD + SOURCE;

    /// The longest: what fits the field for its length.
    pub const MAX_SIZE: usize = u32::MAX as usize;

    /// Writes it to `buffer`, which is cleared first, with padding to `size` bytes (which is brought between [`MIN_SIZE`](Self::MIN_SIZE) and
    /// [`MAX_SIZE`](Self::MAX_SIZE)). Allocates only if the buffer is too small.
    pub fn encode(&self, size: usize, buffer: &mut Vec<u8>) {
        buffer.clear();
        self.append(size, buffer);
    }

    /// As [`encode`](Self::encode), behind what is in the buffer.
    pub(super) fn append(&self, size: usize, buffer: &mut Vec<u8>) {
        let size = size.clamp(Self::MIN_SIZE, Self::MAX_SIZE);
        let begin = buffer.len();
        buffer.resize(begin + size, 0);
        let bytes = &mut buffer[begin..];
        bytes[..2].copy_from_slice(&MAGIC);
        bytes[2] = VERSION;
        bytes[8..12].copy_from_slice(&(size as u32).to_le_bytes());
        bytes[12..16].copy_from_slice(&self.id.producer.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.id.sequence.to_le_bytes());
        bytes[24..HEAD].copy_from_slice(&self.sent.to_le_bytes());
        let mut padding = HEAD;
        if let Some((partition, offset)) = self.source {
            bytes[3] = HAS_SOURCE;
            bytes[HEAD..HEAD + 4].copy_from_slice(&partition.0.to_le_bytes());
            bytes[HEAD + 4..HEAD + SOURCE].copy_from_slice(&offset.to_le_bytes());
            padding += SOURCE;
        }
        let mut state = self.id.sequence ^ u64::from(self.id.producer.0) << 40;
        let mut words = bytes[padding..].chunks_exact_mut(8);
        for word in &mut words {
            state = super::keys::mix(state);
            word.copy_from_slice(&state.to_le_bytes());
        }
        let rest = words.into_remainder();
        state = super::keys::mix(state);
        rest.copy_from_slice(&state.to_le_bytes()[..rest.len()]);
        let sum = checksum(bytes);
        bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    }

    /// Reads one. Never panics and never allocates but for what it says of a failure.
    ///
    /// # Errors
    /// What is wrong with the bytes. Every single flipped bit is found, and every other length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Corrupt> {
        if bytes.len() < HEAD {
            return Err(corrupt(format!(
                "{} bytes, and a message has {HEAD} at least",
                bytes.len()
            )));
        }
        if bytes[..2] != MAGIC {
            return Err(corrupt("no message of ours: it does not begin with QC"));
        }
        if bytes[2] != VERSION {
            return Err(corrupt(format!("version {}, and {VERSION} is known", bytes[2])));
        }
        let length = number32(bytes, 8) as usize;
        if length != bytes.len() {
            return Err(corrupt(format!("{} bytes of a message of {length}", bytes.len())));
        }
        let (said, is) = (number32(bytes, 4), checksum(bytes));
        if said != is {
            return Err(corrupt(format!("checksum {is:08x}, and it should be {said:08x}")));
        }
        let source = match bytes[3] {
            0 => None,
            HAS_SOURCE if bytes.len() >= HEAD + SOURCE => {
                Some((PartitionId(number32(bytes, HEAD)), number64(bytes, HEAD + 4)))
            }
            HAS_SOURCE => return Err(corrupt("its source is cut off")),
            flags => return Err(corrupt(format!("unknown flags {flags:#04x}"))),
        };
        Ok(Self {
            id: MessageId {
                producer: ProducerId(number32(bytes, 12)),
                sequence: number64(bytes, 16),
            },
            sent: number64(bytes, 24),
            source,
        })
    }
}

/// Of all but the checksum itself.
fn checksum(bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..4]), &bytes[8..])
}

fn number32(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn number64(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}
