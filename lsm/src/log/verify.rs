//! A second look at what is in a segment, while others use it.

use std::ops::Range;

use super::{
    LogPosition,
    header::{HEADER_LEN, SegmentHeader, SegmentKind},
    recover::{BatchView, Replay},
    segment::Segment,
};
use crate::{Error, Result, SequenceNumber};

/// What was found in a part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifiedRecords {
    /// Batches, all sound.
    pub(crate) batches: u64,
    /// The sequence number behind the last.
    pub(crate) next_sequence: SequenceNumber,
}

impl Segment {
    /// Whether the log, or a writer of values, has begun with it: then it has a header.
    pub(crate) fn is_in_use(&self) -> bool {
        self.kind() == SegmentKind::Values || self.first_sequence() != 0
    }

    /// Checks that the file is as long as its records: nobody may read the mapping of one that was cut.
    ///
    /// # Errors
    /// Damage. I/O errors.
    pub(crate) fn verify_len(&self) -> Result<()> {
        let (found, end) = (self.file_len()?, self.len());
        if found < u64::from(end) {
            let what = format!("the file has {found} bytes, its records end at {end}");
            return Err(Error::corruption(self.path(), found, what));
        }
        Ok(())
    }

    /// Reads the header anew, and checks that it says what is known of this segment; of a log segment behind another one also that
    /// it goes on at `previous`.
    ///
    /// # Errors
    /// Damage. I/O errors.
    pub(crate) fn verify_header(&self, previous: Option<LogPosition>) -> Result<()> {
        let mut bytes = [0; HEADER_LEN as usize];
        self.read_exact_at(&mut bytes, 0)?;
        let header = SegmentHeader::decode(&bytes).map_err(|error| self.header_error(error))?;
        let found = if let Some(found) = self.mismatch(&header) {
            found
        } else if header.first_sequence != self.first_sequence() {
            format!(
                "a header with the first sequence number {}; it was {} when the segment was opened",
                header.first_sequence,
                self.first_sequence()
            )
        } else if previous.is_some() && header.previous != previous {
            format!("a header that follows {:?}; the log goes on at {previous:?}", header.previous)
        } else {
            return Ok(());
        };
        Err(Error::corruption(self.path(), 0, found))
    }

    /// Reads the batches and marks in `range`, which starts with one and ends behind one; `sink` gets each batch.
    ///
    /// # Errors
    /// Damage, where the first batch is that is not sound. I/O errors. What `sink` returns.
    ///
    /// # Safety
    /// Every byte before the end of the range was written, and is not stored to any more: every commit up to there is complete.
    pub(crate) unsafe fn verify_records(
        &self,
        range: Range<u32>,
        next_sequence: SequenceNumber,
        sink: &mut dyn FnMut(BatchView<'_>) -> Result<()>,
    ) -> Result<VerifiedRecords> {
        // SAFETY: as the caller vouches.
        let bytes = unsafe { self.written(range.end)? };
        let mut replay = Replay::new(self.database_id(), next_sequence);
        let (end, batches, stop) =
            replay.segment(self.id(), &bytes, range.start, Some(range.end), sink)?;
        if end != range.end {
            let found = format!("{stop}, and the log was written to offset {}", range.end);
            return Err(Error::corruption(self.path(), u64::from(end), found));
        }
        Ok(VerifiedRecords { batches, next_sequence: replay.next_sequence() })
    }
}
