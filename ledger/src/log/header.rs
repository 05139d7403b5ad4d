//! The 128 bytes before each record's body.

use super::Mark;

/// How long a header is.
pub(super) const HEADER: usize = 128;
/// Where records begin: at multiples of this.
pub(super) const ALIGN: u64 = 64;
/// The kind of what is no record but says that the log is durable up to there.
pub(super) const SEAL: u16 = 0;
/// What a header begins with.
pub(super) const MAGIC: [u8; 4] = *b"LREC";
const VERSION: u16 = 1;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u16,
    pub(super) count: u32,
    pub(super) op: u64,
    pub(super) timestamp: u64,
    pub(super) length: u32,
    pub(super) previous: [u8; 32],
    /// The newest operation that was known to be durable when this was appended.
    pub(super) durable_through: u64,
    /// The first operation of those that were appended together with this.
    pub(super) group: u64,
    pub(super) body_crc: u32,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// Nothing but zeros.
    Zeros,
    /// They do not begin as one.
    Magic,
    /// Their checksum is wrong.
    Crc,
    /// They are whole, and of a version that this program does not know.
    Version(u32),
    /// They are whole, and say what cannot be.
    Nonsense,
}

impl Header {
    /// What stands behind the last record after an orderly end.
    pub(super) fn seal(tail: Mark) -> Self {
        Self {
            kind: SEAL,
            count: 0,
            op: tail.op + 1,
            timestamp: tail.timestamp,
            length: 0,
            previous: tail.hash,
            durable_through: tail.op,
            group: tail.op + 1,
            body_crc: 0,
        }
    }

    pub(super) fn encode(&self, id: &[u8; 16]) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&VERSION.to_le_bytes());
        bytes[6..8].copy_from_slice(&self.kind.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.body_crc.to_le_bytes());
        bytes[16..32].copy_from_slice(id);
        bytes[32..40].copy_from_slice(&self.op.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.timestamp.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.count.to_le_bytes());
        bytes[52..56].copy_from_slice(&self.length.to_le_bytes());
        bytes[56..88].copy_from_slice(&self.previous);
        bytes[88..96].copy_from_slice(&self.durable_through.to_le_bytes());
        bytes[96..104].copy_from_slice(&self.group.to_le_bytes());
        let crc = crc(&bytes);
        bytes[8..12].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// What bytes say, and the id of the log that they are of.
    pub(super) fn decode(bytes: &[u8; HEADER]) -> Result<(Self, [u8; 16]), NoHeader> {
        if bytes[..4] != MAGIC {
            return Err(if bytes.iter().all(|byte| *byte == 0) {
                NoHeader::Zeros
            } else {
                NoHeader::Magic
            });
        }
        if crc(bytes) != u32::from_le_bytes(part(bytes, 8)) {
            return Err(NoHeader::Crc);
        }
        let version = u16::from_le_bytes(part(bytes, 4));
        if version != VERSION {
            return Err(NoHeader::Version(u32::from(version)));
        }
        let header = Self {
            kind: u16::from_le_bytes(part(bytes, 6)),
            body_crc: u32::from_le_bytes(part(bytes, 12)),
            op: u64::from_le_bytes(part(bytes, 32)),
            timestamp: u64::from_le_bytes(part(bytes, 40)),
            count: u32::from_le_bytes(part(bytes, 48)),
            length: u32::from_le_bytes(part(bytes, 52)),
            previous: part(bytes, 56),
            durable_through: u64::from_le_bytes(part(bytes, 88)),
            group: u64::from_le_bytes(part(bytes, 96)),
        };
        let sound = header.durable_through < header.op
            && header.group <= header.op
            && bytes[104..].iter().all(|byte| *byte == 0);
        if sound { Ok((header, part(bytes, 16))) } else { Err(NoHeader::Nonsense) }
    }
}

impl std::fmt::Display for NoHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Zeros => f.write_str("zeros"),
            Self::Magic => f.write_str("bytes that are no header"),
            Self::Crc => f.write_str("a header whose checksum is wrong"),
            Self::Version(version) => write!(f, "a header of version {version}"),
            Self::Nonsense => f.write_str("a header that contradicts itself"),
        }
    }
}

/// The version of the format that is known here.
pub(super) fn version() -> u32 {
    u32::from(VERSION)
}

/// What a record takes in a segment.
pub(super) fn padded(body: u64) -> u64 {
    (HEADER as u64 + body).next_multiple_of(ALIGN)
}

/// What the next record holds on to: everything that a record says, but not its checksums and not when it was synced, which two copies of one log may
/// differ in.
pub(super) fn hash(header: &[u8; HEADER], body: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&header[..8]);
    hasher.update(&header[16..88]);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}

/// Of all of the header but itself.
fn crc(header: &[u8; HEADER]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&header[..8]), &header[12..])
}

/// `N` bytes of a header. All callers ask for bytes within its 128.
fn part<const N: usize>(bytes: &[u8; HEADER], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            kind: 3,
            count: 2,
            op: 9,
            timestamp: 77,
            length: 5,
            previous: [4; 32],
            durable_through: 7,
            group: 8,
            body_crc: crc32c::crc32c(b"hello"),
        }
    }

    #[test]
    fn headers_come_back_and_no_changed_bit_passes() {
        let bytes = header().encode(&[6; 16]);
        assert_eq!(Header::decode(&bytes), Ok((header(), [6; 16])));
        for bit in 0..HEADER * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&changed).is_err(), "bit {bit}");
        }
        assert_eq!(Header::decode(&[0; HEADER]), Err(NoHeader::Zeros));
    }

    #[test]
    fn the_hash_holds_on_to_what_is_said_and_not_to_when_it_was_synced() {
        let bytes = header().encode(&[6; 16]);
        let first = hash(&bytes, b"hello");
        let later = Header { durable_through: 8, group: 9, ..header() }.encode(&[6; 16]);
        assert_eq!(hash(&later, b"hello"), first);
        let other = Header { count: 3, ..header() }.encode(&[6; 16]);
        assert_ne!(hash(&other, b"hello"), first);
        assert_ne!(hash(&bytes, b"hellp"), first);
        assert_ne!(hash(&header().encode(&[5; 16]), b"hello"), first);
    }

    /// Every hash that anybody ever wrote down depends on it.
    #[test]
    fn the_layout_never_changes() {
        let bytes = header().encode(&[6; 16]);
        assert_eq!(&bytes[..8], b"LREC\x01\0\x03\0");
        assert_eq!(
            blake3::hash(&bytes).to_hex().as_str(),
            "6c0fa6edd0334d5279f59c2aaa749f344c48733a2f97fa48006b9bd3d042803c"
        );
        let digest = blake3::Hash::from(hash(&bytes, b"hello"));
        assert_eq!(
            digest.to_hex().as_str(),
            "d115a8baaa9ce9a9c40daa397c9b0c2d331fe1097b662de46b0c4f35cb514f8b"
        );
    }
}
