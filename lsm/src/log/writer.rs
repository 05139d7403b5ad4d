//! Where the next commit goes: the state that the database's commit mutex protects.

use std::sync::Arc;

use super::{
    LogPosition, ReplayPosition,
    header::HEADER_LEN,
    record::{MAX_MARK_LEN, gap_len, mark_len},
    reservation::Reservation,
    segment::Segment,
};
use crate::{Error, Result, SequenceNumber, varint};

/// Bytes of a mapped segment that the writer takes for itself at a time.
const CLAIM: u32 = 4096;

/// The tail of the log. All of its methods are short: they run under the database's commit mutex.
///
/// In the order of the fields: what every commit changes comes first, so that it lies beside the mutex on one cache line, which goes
/// from writer to writer. The segment's own bounds, which readers look at, are on another, and are changed once in a few dozen commits.
#[derive(Debug)]
#[repr(C)]
pub struct LogWriter {
    next_sequence: SequenceNumber,
    /// Where the records end.
    end: u32,
    /// Where what was taken from the segment ends.
    claimed: u32,
    /// Sequence numbers used without the log since the last batch in it.
    gap: u64,
    current: Arc<Segment>,
    next: Option<Arc<Segment>>,
    /// How far a sync reached, if that is still to be written down in a mark.
    unmarked: Option<LogPosition>,
}

/// A segment that the log has left behind.
#[derive(Debug)]
pub struct ClosedSegment {
    /// The segment: seal it once every commit up to `last_sequence` is complete.
    pub segment: Arc<Segment>,
    /// The last sequence number that was given out before the log left it.
    pub last_sequence: SequenceNumber,
}

/// What [`LogWriter::reserve`] found.
#[derive(Debug)]
#[must_use]
pub enum Reserved {
    /// Room for the batch.
    Ready(Reservation),
    /// Room in the next segment, which is the current one now: seal the closed one, and provide a next.
    Rotated(Reservation, ClosedSegment),
    /// The batch fits neither into the current nor into the next segment: create one of at least `capacity` bytes,
    /// [`provide`](LogWriter::provide) it, try again. Nothing was changed.
    Full {
        /// Bytes needed, header included.
        capacity: u32,
    },
}

impl LogWriter {
    /// Bytes at its beginning that commits change, or read first.
    pub(crate) const HOT_BYTES: usize = std::mem::offset_of!(Self, next);

    /// A log that goes on in `segment`, fresh from [`Segment::create`], behind `previous`; its first batch gets
    /// `next_sequence`. Writes the header.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn start(
        segment: Arc<Segment>,
        previous: Option<LogPosition>,
        next_sequence: SequenceNumber,
    ) -> Result<Self> {
        segment.write_header(next_sequence, previous)?;
        let end = segment.len();
        Ok(Self {
            next_sequence,
            end,
            claimed: end,
            gap: 0,
            current: segment,
            next: None,
            unmarked: None,
        })
    }

    /// Gives the log its next segment, ahead of need. Returns the one it replaces, which was never used: mark it
    /// obsolete.
    ///
    /// # Panics
    /// If its id is not above that of the current segment: recovery follows the ids.
    #[must_use = "the segment that is replaced has to be removed"]
    pub fn provide(&mut self, segment: Arc<Segment>) -> Option<Arc<Segment>> {
        assert!(segment.id() > self.current.id(), "segments come in the order of their ids");
        self.next.replace(segment)
    }

    /// Takes the next segment back, which was never used: mark it obsolete.
    pub fn take_next(&mut self) -> Option<Arc<Segment>> {
        self.next.take()
    }

    /// Whether a next segment is at hand.
    #[must_use]
    pub fn has_next(&self) -> bool {
        self.next.is_some()
    }

    /// The segment that commits go to.
    #[must_use]
    pub fn current(&self) -> &Arc<Segment> {
        &self.current
    }

    /// Takes room for a batch, and its sequence number. `records_len` is the sum of its
    /// [`record_len`](super::record_len)s.
    ///
    /// # Errors
    /// [`Error::BatchTooLarge`] if no segment could hold it; an I/O error when the header of the next segment cannot be
    /// written. Nothing was changed then.
    pub fn reserve(&mut self, records_len: usize) -> Result<Reserved> {
        if let Some(reservation) = self.try_reserve(records_len) {
            return Ok(Reserved::Ready(reservation));
        }
        self.rotate_and_reserve(records_len)
    }

    /// As [`reserve`](Self::reserve), if the current segment has the room.
    #[inline(always)]
    pub fn try_reserve(&mut self, records_len: usize) -> Option<Reservation> {
        // Only what is durable in this very segment can be said in it; what a sync found in the segment before is
        // said by the next sync again.
        let mark = self
            .unmarked
            .filter(|durable| durable.segment == self.current.id() && durable.offset > HEADER_LEN)
            .map(|durable| durable.offset);
        let len = records_len + gap_len(self.gap) + mark.map_or(0, mark_len);
        let len = u32::try_from(len).ok()?;
        let missing = len.saturating_sub(self.claimed - self.end);
        if missing > 0 {
            self.claim(missing)?;
        }
        let range = Reservation::new(self.current.identity, self.end, len);
        let reservation = range.in_log(self.next_sequence, self.gap, mark);
        self.next_sequence += 1;
        self.end += len;
        self.gap = 0;
        if self.unmarked.is_some() {
            self.unmarked = None;
        }
        Some(reservation)
    }

    #[cold]
    fn claim(&mut self, least: u32) -> Option<()> {
        // The file of a segment that is not mapped may be no longer than its records.
        let most = if self.current.mapped().is_some() { CLAIM } else { 0 };
        self.claimed = self.current.claim(least, most)?.end;
        Some(())
    }

    /// Gives back to the current segment what was taken from it and not handed out: its [`len`](Segment::len) is where the records end then.
    pub fn settle(&mut self) {
        self.current.give_back(self.end);
        self.claimed = self.end;
    }

    #[cold]
    fn rotate_and_reserve(&mut self, records_len: usize) -> Result<Reserved> {
        // Enough for whatever precedes the records, so that a segment of this size never turns out too short.
        const OVERHEAD: usize = HEADER_LEN as usize + MAX_MARK_LEN + varint::MAX_LEN;
        let too_large =
            || Error::BatchTooLarge { len: records_len, limit: u32::MAX as usize - OVERHEAD };
        let needed = records_len.checked_add(OVERHEAD).ok_or_else(too_large)?;
        let capacity = u32::try_from(needed).map_err(|_| too_large())?;
        let Some(next) = self.next.take_if(|next| next.capacity() >= capacity) else {
            return Ok(Reserved::Full { capacity });
        };
        let previous = self.end();
        if let Err(error) = next.write_header(self.next_sequence, Some(previous)) {
            // Nothing refers to it yet: it is still the next one, and its header is written again.
            self.next = Some(next);
            return Err(error);
        }
        self.settle();
        let segment = std::mem::replace(&mut self.current, next);
        (self.end, self.claimed) = (self.current.len(), self.current.len());
        let closed = ClosedSegment { segment, last_sequence: self.next_sequence - 1 };
        // The header says the next sequence number outright.
        self.gap = 0;
        match self.try_reserve(records_len) {
            Some(reservation) => Ok(Reserved::Rotated(reservation, closed)),
            // Somebody else reserved in a segment that was given to the log.
            None => Err(Error::InvalidOption {
                option: "segment",
                found: "a next segment that was in use before the log reached it".into(),
            }),
        }
    }

    /// Takes back a batch that could not be written, if nothing was reserved behind it: the segment ends before it, cut
    /// and synced, and the log goes on in the next one. The sequence number stays used. Returns `false` if there is
    /// something behind the hole: poison the database.
    ///
    /// # Errors
    /// When the segment cannot be cut or synced: poison the database.
    pub fn take_back(&mut self, reservation: &Reservation) -> Result<bool> {
        let is_last = self.current.id() == reservation.segment() && self.end == reservation.end();
        // To a mapped segment the bytes may have been stored, and there nothing fails.
        if !is_last || self.current.mapped().is_some() {
            return Ok(false);
        }
        self.gap += reservation.gap() + 1;
        self.end = reservation.offset();
        self.settle();
        // Before the header of the next segment says that this one ends here: recovery would believe a whole batch that
        // it finds more than that.
        self.current.seal()?;
        Ok(true)
    }

    /// Takes a sequence number for a commit that does not go into the log.
    pub fn take_unlogged(&mut self) -> SequenceNumber {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.gap += 1;
        sequence
    }

    /// Says that a sync made everything before `position` durable: the next batch is preceded by a mark that says so,
    /// so that recovery can tell damage from a torn tail.
    pub fn note_durable(&mut self, position: LogPosition) {
        self.unmarked = self.unmarked.max(Some(position));
    }

    /// The last sequence number given out; 0 if none was.
    #[must_use]
    pub fn last_sequence(&self) -> SequenceNumber {
        self.next_sequence - 1
    }

    /// Where the log ends. Everything before it is written once every commit up to
    /// [`last_sequence`](Self::last_sequence) is complete.
    #[must_use]
    pub fn end(&self) -> LogPosition {
        LogPosition { segment: self.current.id(), offset: self.end }
    }

    /// Where replay has to start for everything that is committed from now on. A manifest may name it once the log
    /// before it is durable.
    #[must_use]
    pub fn replay_position(&self) -> ReplayPosition {
        let LogPosition { segment, offset } = self.end();
        // The next batch counts its gap from the batch before it.
        ReplayPosition { segment, offset, next_sequence: self.next_sequence - self.gap }
    }
}
