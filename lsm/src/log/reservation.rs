//! A byte range of a segment that one commit may write, once, and the encoder that does.

use super::{
    record::{self, RecordHead, gap_len, mark_len, record_len},
    segment::{Segment, SegmentIdentity},
};
use crate::{Error, KeyspaceId, SegmentId, SequenceNumber, ValuePointer};

/// A byte range of a segment that belongs to its holder until it is written.
///
/// Made by [`Segment::reserve`] and [`LogWriter::reserve`](super::LogWriter::reserve), each of which hands out a byte at
/// most once. A reservation in a log that is dropped unwritten leaves a hole, and recovery would stop there: whoever
/// drops one must poison the database.
///
/// It names its segment, and does not keep it: commits take theirs from the memtable that they write to, which keeps its
/// segments. (A reference count, which all writers would change with every commit, is worth a tenth of a commit when two
/// write.)
#[derive(Debug)]
#[must_use = "an unwritten reservation is a hole in the log"]
pub struct Reservation {
    segment: SegmentIdentity,
    offset: u32,
    len: u32,
    sequence: SequenceNumber,
    gap: u64,
    mark: Option<u32>,
}

impl Reservation {
    pub(super) fn new(segment: SegmentIdentity, offset: u32, len: u32) -> Self {
        Self { segment, offset, len, sequence: 0, gap: 0, mark: None }
    }

    pub(super) fn in_log(self, sequence: SequenceNumber, gap: u64, mark: Option<u32>) -> Self {
        Self { sequence, gap, mark, ..self }
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> SegmentId {
        self.segment.id
    }

    /// Offset of the first byte.
    #[must_use]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Offset behind the last byte.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.offset + self.len
    }

    /// The sequence number of the batch; 0 in a value segment.
    #[must_use]
    pub fn sequence(&self) -> SequenceNumber {
        self.sequence
    }

    /// How many sequence numbers before its own are not in the log.
    pub(super) fn gap(&self) -> u64 {
        self.gap
    }

    /// Starts writing. The mark and the gap that the log writer planned are written without further ado.
    ///
    /// In a mapped segment the records are encoded in place; otherwise into a buffer of the reservation's length.
    ///
    /// # Panics
    /// If `segment` is not the one that this is a part of.
    #[inline]
    pub fn encoder(self, segment: &Segment) -> Encoder<'_> {
        assert!(
            self.segment == segment.identity,
            "a reservation in segment {} is not one in segment {}",
            self.segment.id.0,
            segment.identity.id.0,
        );
        let scratch = match segment.mapped() {
            Some(_) => Vec::new(),
            None => vec![0; self.len as usize],
        };
        let mut encoder = Encoder { segment, at: 0, gap: self.gap, scratch, reservation: self };
        if let Some(durable) = encoder.reservation.mark {
            let (seed, database_id) = (segment.identity.seed(), segment.database_id());
            let (to, offset) = encoder.claim(mark_len(durable));
            // SAFETY: `claim` gave out that many bytes, which are ours alone.
            unsafe { record::encode_mark(to, seed, offset, durable, database_id) };
        }
        encoder
    }
}

/// A reservation that could not be written; any prefix of it may be in the file.
#[derive(Debug)]
pub struct Unwritten {
    /// The place in the log.
    pub reservation: Reservation,
    /// Why.
    pub error: Error,
}

/// Writes the records of one [`Reservation`], back to back.
#[derive(Debug)]
#[must_use = "call `finish`"]
pub struct Encoder<'a> {
    segment: &'a Segment,
    reservation: Reservation,
    /// Bytes written so far.
    at: u32,
    /// Goes into the next record: the first of the batch.
    gap: u64,
    /// The whole range, in a segment that is not mapped.
    scratch: Vec<u8>,
}

impl Encoder<'_> {
    /// Takes the next `len` bytes: where to write them, and their offset in the segment.
    ///
    /// # Panics
    /// If the reservation has fewer left: the caller's sum of `record_len` was wrong.
    #[inline]
    fn claim(&mut self, len: usize) -> (*mut u8, u32) {
        let Reservation { offset: start, len: reserved, .. } = &self.reservation;
        let left = (reserved - self.at) as usize;
        assert!(len <= left, "a record of {len} bytes in a reservation with {left} bytes left");
        let offset = start + self.at;
        let to = match self.segment.mapped() {
            // SAFETY: a reservation lies within the segment, and the segment within its mapping.
            Some(mapping) => unsafe { mapping.as_ptr().add(offset as usize) },
            // SAFETY: the scratch buffer is as long as the reservation, and `at + len` lies within that.
            None => unsafe { self.scratch.as_mut_ptr().add(self.at as usize) },
        };
        self.at += len as u32;
        (to, offset)
    }

    #[inline]
    fn record(
        &mut self,
        keyspace: KeyspaceId,
        key: &[u8],
        value: Option<&[u8]>,
        compressed: bool,
        last: bool,
    ) -> ValuePointer {
        let gap = std::mem::take(&mut self.gap);
        let len = record_len(keyspace, key.len(), value.map(<[u8]>::len)) + gap_len(gap);
        let (to, offset) = self.claim(len);
        let SegmentIdentity { id: segment, .. } = self.segment.identity;
        let seed = self.segment.identity.seed();
        let head = RecordHead { keyspace, gap, last, compressed };
        // SAFETY: `claim` gave out exactly the bytes that this record takes; the bytes of a reservation belong to its
        // holder alone, and readers learn of them only when the commit is published.
        unsafe { record::encode(to, seed, offset, head, key, value) };
        ValuePointer { segment, offset, len: len as u32 }
    }

    /// Writes a put and says where it is. `stored` is the value, or what
    /// [`compress_value`](super::compress_value) made of it (then `compressed`). `last` ends the batch.
    ///
    /// # Panics
    /// If the reservation is too short, or key or value longer than the crate's limits would encode.
    #[inline]
    pub fn put(
        &mut self,
        keyspace: KeyspaceId,
        key: &[u8],
        stored: &[u8],
        compressed: bool,
        last: bool,
    ) -> ValuePointer {
        self.record(keyspace, key, Some(stored), compressed, last)
    }

    /// Writes a delete and says where it is. Otherwise as [`put`](Self::put).
    #[inline]
    pub fn delete(&mut self, keyspace: KeyspaceId, key: &[u8], last: bool) -> ValuePointer {
        self.record(keyspace, key, None, false, last)
    }

    /// Ends the writing: reports the stores to a mapped segment's file system, writes the buffer of another one.
    ///
    /// # Errors
    /// When a positioned write fails. Any prefix may be on disk then:
    /// [`take_back`](super::LogWriter::take_back) the reservation, or poison the database.
    ///
    /// # Panics
    /// If the reservation was not filled to its end: the hole would end the log.
    #[inline]
    pub fn finish(self) -> Result<Reservation, Unwritten> {
        let Self { segment, reservation, at, scratch, .. } = self;
        let left = reservation.len - at;
        assert!(left == 0, "a reservation with {left} bytes left unwritten");
        match segment.mapped() {
            Some(mapping) => {
                mapping.stored(reservation.offset as usize, reservation.len as usize);
            }
            None => {
                if let Err(error) = segment.write_all_at(&scratch, reservation.offset) {
                    return Err(Unwritten { reservation, error });
                }
            }
        }
        Ok(reservation)
    }
}
