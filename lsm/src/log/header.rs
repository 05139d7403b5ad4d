//! The 64 bytes that a segment starts with.

use super::LogPosition;
use crate::{SegmentId, entry::MAX_NUMBER};

/// Bytes of a segment's header; the first record is at this offset.
pub const HEADER_LEN: u32 = 64;

const MAGIC: &[u8; 8] = b"LSMSEG\r\n";

/// Newest version of the segment format that this build reads, and the one it writes.
pub const SEGMENT_VERSION: u16 = 1;

/// What a segment holds. The numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SegmentKind {
    /// Commits in order, replayed after a crash; home of the values it received.
    Log = 1,
    /// Values written in key order by a flush or a collection; never replayed.
    Values = 2,
}

impl SegmentKind {
    /// What the names of such files end with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Values => "val",
        }
    }
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentHeader {
    /// What it holds.
    pub kind: SegmentKind,
    /// Its own id.
    pub id: SegmentId,
    /// Sequence number of the first batch, if that one has no gap; 0 in a value segment.
    pub first_sequence: u64,
    /// The database that it belongs to.
    pub database_id: u64,
    /// The end of the log segment before it.
    pub previous: Option<LogPosition>,
    /// Whether the file was another segment's before: what lies behind its records is not zeros.
    pub recycled: bool,
}

/// Why 64 bytes are no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// All zeros: preallocated and never used, or lost in a crash.
    Absent,
    /// A newer version of the format.
    Newer(u16),
    /// Neither: what is wrong, in words.
    Damaged(String),
}

impl SegmentHeader {
    /// The header's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; HEADER_LEN as usize] {
        let mut bytes = [0; HEADER_LEN as usize];
        let (previous, end) =
            self.previous.map_or((0, 0), |previous| (previous.segment.0, previous.offset));
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..10].copy_from_slice(&SEGMENT_VERSION.to_le_bytes());
        bytes[10] = self.kind as u8;
        bytes[16..24].copy_from_slice(&self.id.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.database_id.to_le_bytes());
        bytes[40..48].copy_from_slice(&previous.to_le_bytes());
        bytes[48..52].copy_from_slice(&end.to_le_bytes());
        bytes[52] = u8::from(self.recycled);
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header. Checks magic, checksum, version and kind, not whether it is the one expected here.
    pub fn decode(bytes: &[u8; HEADER_LEN as usize]) -> Result<Self, HeaderError> {
        // The ranges below are constants within the 64 bytes.
        let u64_at = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let u32_at = |at: usize| u64_at(at - 4) >> 32;
        if bytes.iter().all(|&byte| byte == 0) {
            return Err(HeaderError::Absent);
        }
        if &bytes[..8] != MAGIC {
            return Err(HeaderError::Damaged("no segment header".into()));
        }
        let (found, computed) = (u32_at(60) as u32, crc32c::crc32c(&bytes[..60]));
        if found != computed {
            return Err(HeaderError::Damaged(format!(
                "segment header with checksum {found:#010x}, expected {computed:#010x}"
            )));
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        if version > SEGMENT_VERSION {
            return Err(HeaderError::Newer(version));
        }
        let kind = match bytes[10] {
            1 => SegmentKind::Log,
            2 => SegmentKind::Values,
            kind => return Err(HeaderError::Damaged(format!("segment of unknown kind {kind}"))),
        };
        let zeros = bytes[11..16].iter().chain(&bytes[53..60]).all(|byte| *byte == 0);
        if !zeros || bytes[52] > 1 {
            return Err(HeaderError::Damaged(
                "segment header with bytes set that are not in use".into(),
            ));
        }
        let previous = match u64_at(40) {
            0 if u32_at(48) != 0 => {
                return Err(HeaderError::Damaged(
                    "segment header with the end of no segment".into(),
                ));
            }
            0 => None,
            id => Some(LogPosition { segment: SegmentId(id), offset: u32_at(48) as u32 }),
        };
        let first_sequence = u64_at(24);
        if first_sequence > MAX_NUMBER {
            return Err(HeaderError::Damaged(format!(
                "segment header with the sequence number {first_sequence}, and none comes that far"
            )));
        }
        Ok(Self {
            kind,
            id: SegmentId(u64_at(16)),
            first_sequence,
            database_id: u64_at(32),
            previous,
            recycled: bytes[52] == 1,
        })
    }
}

/// The name of a segment's file.
#[must_use]
pub fn file_name(id: SegmentId, kind: SegmentKind) -> String {
    format!("{:06}.{}", id.0, kind.extension())
}

/// The segment that a file name stands for; `None` if it is no segment's.
#[must_use]
pub fn parse_file_name(name: &str) -> Option<(SegmentId, SegmentKind)> {
    let (digits, extension) = name.split_once('.')?;
    let kind = [SegmentKind::Log, SegmentKind::Values]
        .into_iter()
        .find(|kind| kind.extension() == extension)?;
    let id = SegmentId(digits.parse().ok()?);
    // One name an id: `+7`, `7` and `0000007` are somebody else's.
    (file_name(id, kind) == name).then_some((id, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            kind: SegmentKind::Log,
            id: SegmentId(7),
            first_sequence: 1_000,
            database_id: 0xdead_beef,
            previous: Some(LogPosition { segment: SegmentId(5), offset: 4_096 }),
            recycled: false,
        }
    }

    #[test]
    fn round_trip_and_every_flipped_bit() {
        for (previous, recycled) in [(None, false), (header().previous, true)] {
            let header = SegmentHeader { previous, recycled, ..header() };
            let bytes = header.encode();
            assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
            for bit in 0..512 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(matches!(SegmentHeader::decode(&flipped), Err(HeaderError::Damaged(_))));
            }
        }
        assert_eq!(SegmentHeader::decode(&[0; 64]), Err(HeaderError::Absent));
    }

    #[test]
    fn newer_versions_are_told_from_damage() {
        let mut bytes = header().encode();
        bytes[8] = 2;
        let crc = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderError::Newer(2)));
    }

    #[test]
    fn names() {
        assert_eq!(file_name(SegmentId(7), SegmentKind::Log), "000007.log");
        assert_eq!(parse_file_name("000009.val"), Some((SegmentId(9), SegmentKind::Values)));
        assert_eq!(parse_file_name("1234567.log"), Some((SegmentId(1_234_567), SegmentKind::Log)));
        for other in ["7.log", "0000007.log", "+00007.log", "000007.sst", "000007", "x.log"] {
            assert_eq!(parse_file_name(other), None, "{other}");
        }
    }
}
