//! The write-ahead log, which is the value log as well: segments of records, their writer, and recovery.
//!
//! A commit goes through this room like this:
//!
//! 1. Under the database's commit mutex, [`LogWriter::reserve`] hands out a byte range and a sequence number: a few
//!    additions, and a new segment's header when one is full.
//! 2. Outside of it, the [`Encoder`] of that [`Reservation`] copies the records into the mapped segment and checksums them;
//!    commits do this side by side.
//! 3. [`Publisher::complete`] makes commits visible in the order of their sequence numbers, so that what readers see,
//!    and what is acknowledged, is always a prefix.
//! 4. [`GroupSync::sync_to`] makes them durable: one `fdatasync` for everybody who waits.
//!
//! After a crash, [`scan`] replays whole batches in order and tells a torn tail from damage. The format is in
//! `FORMAT.md`, "Records and segments".

use crate::SegmentId;

mod checksum;
mod codec;
mod event;
#[doc(hidden)]
pub mod fuzz;
mod group_sync;
mod header;
mod publish;
mod record;
mod recover;
mod reservation;
mod segment;
#[cfg(feature = "lz4")]
mod small_lz4;
mod spare;
mod sync;
mod verify;
mod writer;

pub use checksum::{ChecksumSeed, record_checksum, seeded_crc};
pub use codec::{Codec, compress_value, decompress, decompress_into, decompress_value};
pub use group_sync::GroupSync;
pub use header::{
    HEADER_LEN, HeaderError, SEGMENT_VERSION, SegmentHeader, SegmentKind, file_name,
    parse_file_name,
};
pub use publish::{PublishError, Publisher};
pub use record::{
    DecodeError, MAX_MARK_LEN, Mark, RecordHead, RecordKind, RecordView, StoredValue, decode,
    gap_len, mark_len, record_len, value_at,
};
pub use recover::{BatchRecord, BatchView, DroppedTail, ScanReport, ScannedSegment, scan};
pub use reservation::{Encoder, Reservation, Unwritten};
pub use segment::{PinnedValue, RemovalObserver, Segment, SegmentIdentity, SegmentSlice};
pub use spare::SpareFiles;
pub use writer::{ClosedSegment, LogWriter, Reserved};

/// A place in the log. Positions compare in the order of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogPosition {
    /// The segment.
    pub segment: SegmentId,
    /// Byte offset in its file.
    pub offset: u32,
}

/// Where replay starts: everything before it is in tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPosition {
    /// The segment.
    pub segment: SegmentId,
    /// Byte offset of the first record to replay, or the segment's end.
    pub offset: u32,
    /// Sequence number of the batch there, if that one has no gap.
    pub next_sequence: u64,
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests;
