//! The segments: their headers, and the log from where replay would start.

use std::{collections::BTreeSet, ops::Range};

use super::VerifyReport;
use crate::{
    Error, SegmentId, SequenceNumber,
    db::{core::Core, moment::Moment, segments::needs_replay},
    log::{HEADER_LEN, LogPosition, Segment},
};

impl Core {
    /// Returns the segments whose file is shorter than its records.
    pub(super) fn verify_segments(
        &self,
        moment: &Moment,
        report: &mut VerifyReport,
    ) -> BTreeSet<SegmentId> {
        let mut cut = BTreeSet::new();
        // Of a poisoned database, records may be under way for ever, and nobody may look at them.
        let is_written = self.publisher.wait_visible(moment.last).is_ok();
        let replay = moment.state.replay;
        let mut reached = Reached { end: None, next_sequence: 0 };
        for segment in moment.segments.iter().filter(|segment| segment.is_in_use()) {
            report.segments += 1;
            self.verify_name(segment.path(), report);
            if report.check(segment.verify_len()).is_none() {
                cut.insert(segment.id());
                reached.end = None;
                continue;
            }
            if replay.segment == 0 || !needs_replay(segment, replay) {
                report.check(segment.verify_header(None));
                continue;
            }
            report.check(segment.verify_header(reached.end));
            let (range, first) = part_of_log(moment, segment);
            let named = moment.state.segment_ends.get(&segment.id());
            if let Some(named) = named.filter(|named| **named != range.end) {
                let found = format!(
                    "the records end here, and the manifest says that the log ends at offset {named}"
                );
                report.note(Error::corruption(segment.path(), u64::from(range.end), found));
            }
            if first < reached.next_sequence {
                let found = format!(
                    "a segment that starts with sequence number {first}; the one before it reached {}",
                    reached.next_sequence - 1
                );
                report.note(Error::corruption(segment.path(), 0, found));
            }
            reached.end = Some(LogPosition { segment: segment.id(), offset: range.end });
            reached.next_sequence = first;
            if is_written {
                verify_part(moment, segment, range, &mut reached, report);
            }
        }
        cut
    }
}

/// How far the log was followed.
struct Reached {
    end: Option<LogPosition>,
    next_sequence: SequenceNumber,
}

/// Where in a segment the log is that replay would read, and the sequence number that it would start with.
fn part_of_log(moment: &Moment, segment: &Segment) -> (Range<u32>, SequenceNumber) {
    let replay = moment.state.replay;
    let end = if segment.id() == moment.end.segment {
        // It may end earlier since, if a commit behind the last one was taken back.
        segment.len().min(moment.end.offset)
    } else {
        segment.len()
    };
    if segment.id().0 == replay.segment {
        (replay.offset.max(HEADER_LEN)..end, replay.sequence.max(1))
    } else {
        (HEADER_LEN..end, segment.first_sequence())
    }
}

fn verify_part(
    moment: &Moment,
    segment: &Segment,
    range: Range<u32>,
    reached: &mut Reached,
    report: &mut VerifyReport,
) {
    let end = range.end;
    let last_keyspace = moment.state.last_keyspace;
    // SAFETY: the range ends where the log did when `moment.last` was the last commit, and that is visible, so that every
    // record up to there is complete. Of a database that is open read-only, nobody writes.
    let verified = unsafe {
        segment.verify_records(range, reached.next_sequence, &mut |batch| match batch
            .records
            .iter()
            .find(|record| record.keyspace.0 > last_keyspace)
        {
            None => Ok(()),
            Some(record) => Err(Error::corruption(
                segment.path(),
                u64::from(record.pointer.offset),
                format!(
                    "a record of keyspace {}; the manifest has created none above {last_keyspace}",
                    record.keyspace.0
                ),
            )),
        })
    };
    let Some(verified) = report.check(verified) else { return };
    report.batches += verified.batches;
    reached.next_sequence = verified.next_sequence;
    if verified.next_sequence > moment.last + 1 {
        let found = format!(
            "the log reaches sequence number {}, and the last commit has {}",
            verified.next_sequence - 1,
            moment.last
        );
        report.note(Error::corruption(segment.path(), u64::from(end), found));
    }
}
