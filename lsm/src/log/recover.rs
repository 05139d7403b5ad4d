//! Replay after a crash: whole batches in order, and the verdict on where they stop (`FORMAT.md`, "Recovery").

mod candidate;
mod replay;
mod tail;

use std::{collections::BTreeMap, ops::Bound, path::Path, sync::Arc};

pub(super) use self::replay::Replay;
use self::{
    candidate::{Candidate, log_segments},
    replay::Stop,
    tail::extent,
};
use super::{
    LogPosition, ReplayPosition,
    header::{HEADER_LEN, HeaderError, SegmentKind, file_name},
    segment::{Segment, SegmentIdentity},
};
use crate::{
    EntryKind, Error, KeyspaceId, Result, SegmentId, SequenceNumber, ValuePointer,
    fs::{Advice, FileSystem},
};

/// One record of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchRecord<'a> {
    /// Put or delete.
    pub kind: EntryKind,
    /// Keyspace of the key.
    pub keyspace: KeyspaceId,
    /// The key.
    pub key: &'a [u8],
    /// The value as stored; empty for a delete.
    pub stored: &'a [u8],
    /// Whether `stored` is compressed.
    pub compressed: bool,
    /// The record's place.
    pub pointer: ValuePointer,
}

/// A batch, as it was committed.
#[derive(Debug, Clone, Copy)]
pub struct BatchView<'a> {
    /// Its sequence number.
    pub sequence: SequenceNumber,
    /// How many sequence numbers were used without the log since the batch before: replay that starts with this batch
    /// starts with its sequence number less these.
    pub gap: u64,
    /// Its records, in order.
    pub records: &'a [BatchRecord<'a>],
}

/// A segment of the log as replay found it.
#[derive(Debug)]
pub struct ScannedSegment {
    /// The segment, open for reading and restricted to its records.
    pub segment: Arc<Segment>,
    /// Where its records end.
    pub end: u32,
    /// Batches replayed from it.
    pub batches: u64,
}

/// Bytes that replay left behind, which no commit that was acknowledged and synced can have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedTail {
    /// The segment. Name its end (tag 19) at `offset`, or remove it if that is no more than its header.
    pub segment: SegmentId,
    /// Where the log of this segment ends; 0 if not even its header is sound.
    pub offset: u32,
    /// Bytes from there to the last one that is not zero; in a recycled segment to the end of the last record that was found
    /// behind the stop.
    pub bytes: u64,
    /// What stopped the replay there.
    pub reason: String,
}

/// What replay found.
#[derive(Debug)]
pub struct ScanReport {
    /// The sequence number for the next commit.
    pub next_sequence: SequenceNumber,
    /// Where the log ends: the `previous` of the segment that continues it.
    pub end: LogPosition,
    /// The segments of the log, from the replay position on.
    pub segments: Vec<ScannedSegment>,
    /// What was left behind: the torn tail of a crash.
    pub dropped: Vec<DroppedTail>,
    /// Log segments behind the start that are no part of the log: made and never used, or dropped as a whole. Remove
    /// their files before the log goes on.
    pub unused: Vec<SegmentId>,
    /// The furthest place that a mark calls durable.
    pub durable: Option<LogPosition>,
    /// Batches replayed.
    pub batches: u64,
    /// Records replayed.
    pub records: u64,
}

/// Replays the log in `dir` from `start`: gives `sink` every batch in order.
///
/// `segment_ends` are the ends that the manifest names (tag 19). Reads through a mapping where the file system can map.
/// Costs one pass over the records and, where a segment has more bytes than records, one over those.
///
/// # Errors
/// Damage: the log stops before a place that the manifest, or a mark behind the stop, says was durable; the first segment
/// is missing, or is not there up to `start`. [`Error::NewerFormat`]. I/O errors. Whatever `sink` returns.
pub fn scan(
    fs: &Arc<dyn FileSystem>,
    dir: &Path,
    database_id: u64,
    start: ReplayPosition,
    segment_ends: &BTreeMap<SegmentId, u32>,
    sink: &mut dyn FnMut(BatchView<'_>) -> Result<()>,
) -> Result<ScanReport> {
    let mut later = log_segments(fs, dir, start.segment)?;
    let open =
        |id| Candidate::open(fs, dir, SegmentIdentity { id, kind: SegmentKind::Log, database_id });
    let mut replay = Replay::new(database_id, start.next_sequence);
    let mut segments = Vec::new();
    let mut dropped = Vec::new();
    let mut unused = Vec::new();

    let first = open(start.segment)?;
    later.retain(|id| *id > start.segment);
    first.require(start)?;
    let mut current = (first, start.offset.max(HEADER_LEN));
    let mut last_end;
    loop {
        let (candidate, offset) = current;
        let segment = candidate.segment;
        let named = segment_ends.get(&segment.id()).copied();
        let bytes = segment.contents()?;
        let (end, batches, stop) = if candidate.header.is_err() {
            // Only the first one comes here like this, and only when nothing in it was ever needed.
            (offset, 0, Stop::Header)
        } else {
            segment.advise(0, segment.len(), Advice::Sequential);
            let found = replay.segment(segment.id(), &bytes, offset, named, sink)?;
            segment.advise(0, segment.len(), Advice::Random);
            found
        };
        if let Some(named) = named.filter(|named| *named > end) {
            return Err(Error::corruption(
                segment.path(),
                u64::from(end),
                format!("{stop}, and the manifest says that the log goes on to offset {named}"),
            ));
        }
        last_end = LogPosition { segment: segment.id(), offset: end };
        // What is behind an end that the manifest names was judged when it was named.
        if named.is_none() {
            let rest = bytes.get(end as usize..segment.data_end(end)? as usize).unwrap_or_default();
            if let Some(evidence) = replay.look_ahead(segment.id(), rest, end, last_end) {
                return Err(contradicted(&segment, last_end, &stop, evidence));
            }
            let recycled = candidate.header.as_ref().is_ok_and(|header| header.recycled);
            if let Some(bytes) = replay.left_behind(recycled, segment.id(), rest, end) {
                let reason = stop.to_string();
                dropped.push(DroppedTail { segment: segment.id(), offset: end, bytes, reason });
            }
        }
        drop(bytes);
        segment.restrict(end.min(segment.len()));
        let stopped = Arc::new(segment);
        segments.push(ScannedSegment { segment: Arc::clone(&stopped), end, batches });

        // The log goes on in the segment whose header names this very place. Those in between were made and not used,
        // or were dropped by a recovery before.
        let mut passed = Vec::new();
        let mut successor = None;
        for (index, id) in later.iter().enumerate() {
            let candidate = open(*id)?;
            if candidate.follows(last_end, replay.next_sequence)? {
                successor = Some((index, candidate));
                break;
            }
            passed.push(candidate);
        }
        if successor.is_none() {
            let behind = (Bound::Excluded(last_end.segment), Bound::Unbounded);
            let gone = segment_ends
                .range(behind)
                .find(|(id, end)| **end > HEADER_LEN && !later.contains(id));
            if let Some((id, _)) = gone {
                return Err(Error::MissingFile {
                    path: dir.join(file_name(*id, SegmentKind::Log)),
                });
            }
            for candidate in &passed {
                // Its end, where the manifest names one, was judged before, like that of a segment in the log.
                if let Some(named) =
                    segment_ends.get(&candidate.segment.id()).filter(|end| **end > HEADER_LEN)
                {
                    if let Err(error) = &candidate.header {
                        return Err(candidate.segment.header_error(error.clone()));
                    }
                    return Err(Error::corruption(
                        stopped.path(),
                        u64::from(end),
                        format!(
                            "{stop}, and the manifest says that the log goes on in segment {} to offset {named}",
                            candidate.segment.id().0
                        ),
                    ));
                }
                let bytes = candidate.segment.data()?;
                let id = candidate.segment.id();
                if let Some(evidence) = replay.look_ahead(id, &bytes, 0, last_end) {
                    return Err(contradicted(&stopped, last_end, &stop, evidence));
                }
            }
        }
        for candidate in passed {
            let id = candidate.segment.id();
            unused.push(id);
            let bytes = candidate.segment.data()?;
            let offset = if candidate.header.is_ok() { HEADER_LEN } else { 0 };
            let rest = bytes.get(HEADER_LEN as usize..).unwrap_or_default();
            let left = match &candidate.header {
                Ok(header) => replay.left_behind(header.recycled, id, rest, HEADER_LEN),
                // It may have been recycled, too.
                Err(HeaderError::Absent) => replay
                    .left_behind(true, id, rest, HEADER_LEN)
                    .map(|bytes| bytes + u64::from(HEADER_LEN)),
                Err(_) => extent(&bytes),
            };
            if let Some(bytes) = left {
                let reason = match &candidate.header {
                    Ok(_) => "a segment that does not follow the end of the log".into(),
                    Err(HeaderError::Damaged(found)) => found.clone(),
                    Err(_) => "a segment whose header is missing".into(),
                };
                dropped.push(DroppedTail { segment: id, offset, bytes, reason });
            }
        }
        match successor {
            Some((index, candidate)) => {
                later.drain(..=index);
                if let Ok(header) = &candidate.header {
                    replay.next_sequence = header.first_sequence;
                }
                current = (candidate, HEADER_LEN);
            }
            None => break,
        }
    }
    Ok(ScanReport {
        next_sequence: replay.next_sequence,
        end: last_end,
        segments,
        dropped,
        unused,
        durable: replay.durable,
        batches: replay.batches,
        records: replay.records,
    })
}

/// The error for a stop that a mark contradicts.
fn contradicted(
    stopped: &Segment,
    stop: LogPosition,
    why: &Stop,
    (mark, durable): (LogPosition, LogPosition),
) -> Error {
    let found = format!(
        "{why}, and a mark at offset {} of segment {} says that the log was durable to offset {} of segment {}",
        mark.offset, mark.segment.0, durable.offset, durable.segment.0
    );
    Error::corruption(stopped.path(), u64::from(stop.offset), found)
}
