//! Replay: what was committed comes back, of a damaged log a prefix or an error, never anything else.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};

use super::{
    files::{DATABASE, create, dir, log, path},
    memory::MemoryFs,
    writing::Appender,
};
use crate::{
    EntryKind, Error, Result, SegmentId,
    log::{
        HEADER_LEN, LogPosition, ReplayPosition, ScanReport, Segment, SegmentHeader, SegmentKind,
        record::encode_mark, scan,
    },
};

type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

pub(super) const START: ReplayPosition =
    ReplayPosition { segment: SegmentId(1), offset: HEADER_LEN, next_sequence: 1 };

/// A batch that was committed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Committed {
    sequence: u64,
    batch: Batch,
    start: LogPosition,
    end: LogPosition,
}

pub(super) fn replay_from(
    fs: &Arc<MemoryFs>,
    start: ReplayPosition,
    ends: &BTreeMap<SegmentId, u32>,
) -> Result<(Vec<(u64, Batch)>, ScanReport)> {
    let mut batches = Vec::new();
    let report = scan(&fs.erased(), &dir(), DATABASE, start, ends, &mut |batch| {
        let records = batch.records.iter().map(|record| {
            let value = (record.kind == EntryKind::Put).then(|| record.stored.to_vec());
            (record.key.to_vec(), value)
        });
        batches.push((batch.sequence, records.collect()));
        Ok(())
    })?;
    assert_eq!(report.batches, batches.len() as u64);
    assert_eq!(report.records, batches.iter().map(|(_, b): &(u64, Batch)| b.len() as u64).sum());
    Ok((batches, report))
}

fn replay(fs: &Arc<MemoryFs>) -> Result<(Vec<(u64, Batch)>, ScanReport)> {
    replay_from(fs, START, &BTreeMap::new())
}

/// Some batches in segments of `capacity`; every `sync_every`th is followed by a sync, every tenth by a gap.
pub(super) fn written(
    capacity: u32,
    count: u32,
    sync_every: u32,
) -> (Arc<MemoryFs>, Vec<Committed>) {
    let fs = MemoryFs::new();
    let mut log = Appender::new(Arc::clone(&fs), capacity, 1);
    let mut committed = Vec::new();
    for i in 1..=count {
        let batch: Batch = (0..=i % 3)
            .map(|j| {
                let value = ((i + j) % 4 != 0).then(|| vec![i as u8; (i * 7 % 23) as usize]);
                (format!("key{i}.{j}").into_bytes(), value)
            })
            .collect();
        let (start, end) = log.commit(&batch);
        let sequence = log.writer.last_sequence();
        committed.push(Committed { sequence, batch, start, end });
        if i % sync_every == 0 {
            log.writer.note_durable(log.writer.end());
        }
        if i % 10 == 0 {
            log.writer.take_unlogged();
        }
    }
    (fs, committed)
}

/// Checks that `found` is a prefix of what was committed and returns its length.
fn prefix(found: &[(u64, Batch)], committed: &[Committed]) -> usize {
    assert!(found.len() <= committed.len());
    for ((sequence, batch), committed) in found.iter().zip(committed) {
        assert_eq!((sequence, batch), (&committed.sequence, &committed.batch));
    }
    found.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_was_committed_is_replayed(
        batches in vec((
            vec((vec(any::<u8>(), 0..20), proptest::option::of(vec(any::<u8>(), 0..120))), 1..6),
            0..3_u8, 0..3_u64, any::<bool>(),
        ), 1..60),
        capacity in 200..2_000_u32,
        mapped: bool,
        from in any::<prop::sample::Index>(),
    ) {
        let fs = MemoryFs::new();
        fs.no_mapping.store(!mapped, std::sync::atomic::Ordering::Relaxed);
        let mut log = Appender::new(Arc::clone(&fs), capacity, 100);
        let start = log.writer.replay_position();
        let mut expected = Vec::new();
        let mut positions = vec![(start, 0)];
        for (batch, sync, gap, pick) in batches {
            for _ in 0..gap {
                log.writer.take_unlogged();
            }
            log.commit(&batch);
            expected.push((log.writer.last_sequence(), batch));
            if sync == 0 {
                log.writer.note_durable(log.writer.end());
            }
            if pick {
                positions.push((log.writer.replay_position(), expected.len()));
            }
        }
        let (start, skipped) = positions[from.index(positions.len())];
        for sealed in [false, true] {
            let (found, report) = replay_from(&fs, start, &BTreeMap::new()).unwrap();
            prop_assert_eq!(&found[..], &expected[skipped..]);
            prop_assert_eq!(report.end, log.writer.end());
            prop_assert!(report.dropped.is_empty());
            if let Some((last, _)) = found.last() {
                prop_assert_eq!(report.next_sequence, last + 1);
            }
            prop_assert!(report.durable.is_none_or(|durable| durable <= log.writer.end()));
            for scanned in &report.segments {
                prop_assert_eq!(scanned.segment.len(), scanned.end);
            }
            if !sealed {
                for closed in &log.closed {
                    closed.segment.seal().unwrap();
                }
                log.writer.current().seal().unwrap();
            }
        }
    }

    /// The machine died: of what no sync had covered, any blocks are lost, in any segment.
    #[test]
    fn lost_blocks(lost in vec((1..=6_u64, 0..24_usize), 1..12), block in 16..64_usize) {
        let (fs, committed) = written(400, 40, u32::MAX);
        let mut first: Option<LogPosition> = None;
        for (id, index) in lost {
            if !fs.exists(&path(id)) {
                continue;
            }
            let mut bytes = fs.bytes(&path(id));
            for (offset, byte) in bytes.iter_mut().enumerate().skip(index * block).take(block) {
                if *byte != 0 {
                    let place = LogPosition { segment: SegmentId(id), offset: offset as u32 };
                    first = Some(first.map_or(place, |first| first.min(place)));
                }
                *byte = 0;
            }
            fs.put(&path(id), &bytes);
        }
        let whole = |first| committed.iter().filter(|batch| batch.end <= first).count();
        let kept = first.map_or(committed.len(), whole);
        match replay(&fs) {
            Ok((found, report)) => {
                prop_assert_eq!(prefix(&found, &committed), kept);
                prop_assert!(first.is_none_or(|first| report.end <= first || first.offset < HEADER_LEN));
            }
            // The header of the very first segment is more than this crash may lose.
            Err(error) => prop_assert!(
                first.is_some_and(|first| first.segment == SegmentId(1) && first.offset < HEADER_LEN),
                "{}", error
            ),
        }
    }
}

/// Everything behind a byte is lost, for every byte.
#[test]
fn torn_at_every_byte() {
    let (fs, committed) = written(500, 30, u32::MAX);
    let last = committed.last().unwrap().end.segment.0;
    for id in 1..=last {
        let image = fs.bytes(&path(id));
        for cut in HEADER_LEN as usize..=image.len() {
            let torn = fs.copy();
            let mut bytes = image.clone();
            bytes[cut..].fill(0);
            torn.put(&path(id), &bytes);
            for later in id + 1..=last {
                torn.put(&path(later), &vec![0; image.len()]);
            }
            let place = LogPosition { segment: SegmentId(id), offset: cut as u32 };
            let kept = committed.iter().filter(|batch| batch.end <= place).count();
            let (found, report) = replay(&torn).unwrap();
            assert_eq!(prefix(&found, &committed), kept, "cut at {place:?}");
            // The next number is that after the last batch, or the header's of the segment that begins here.
            let next = committed[..kept].last().map_or(1, |batch| batch.sequence + 1);
            assert!(report.next_sequence >= next);
            assert!(report.end <= place);
            let stump = bytes[report.end.offset as usize..].iter().any(|byte| *byte != 0);
            assert_eq!(!report.dropped.is_empty(), stump, "cut at {place:?}");
            let unused: Vec<_> = (id + 1..=last).map(SegmentId).collect();
            assert_eq!(report.unused, unused);
        }
    }
}

/// Every bit of a log without marks: a prefix, and the rest is reported.
#[test]
fn every_flipped_bit_without_marks() {
    let (fs, committed) = written(500, 20, u32::MAX);
    flip_all(&fs, &committed, |_, _, error| assert!(error.is_none(), "{error:?}"));
}

/// Every bit of a log with marks: damage before what a later mark calls durable is an error.
#[test]
fn every_flipped_bit_with_marks() {
    let (fs, committed) = written(500, 20, 2);
    let durable = replay(&fs).unwrap().1.durable.unwrap();
    assert!(durable.segment > SegmentId(1));
    let mut errors = 0;
    flip_all(&fs, &committed, |place, in_mark, error| {
        errors += usize::from(error.is_some());
        if place < durable && !in_mark {
            assert!(error.is_some_and(|error| error.is_corruption()), "{place:?}");
        }
    });
    assert!(errors > 1_000);
}

/// Flips every bit behind the first segment's header, one at a time.
fn flip_all(
    fs: &Arc<MemoryFs>,
    committed: &[Committed],
    mut check: impl FnMut(LogPosition, bool, Option<Error>),
) {
    let last = committed.last().unwrap().end;
    for id in 1..=last.segment.0 {
        let image = fs.bytes(&path(id));
        let segment = SegmentId(id);
        let end = committed.iter().rfind(|batch| batch.end.segment == segment).unwrap().end;
        let first = if id == 1 { HEADER_LEN } else { 0 };
        for offset in first..end.offset {
            let place = LogPosition { segment, offset };
            for bit in 0..8 {
                let flipped = fs.copy();
                let mut bytes = image.clone();
                bytes[offset as usize] ^= 1 << bit;
                flipped.put(&path(id), &bytes);
                // Batches that end before the flip must come back; reservations start with a mark, if there is one.
                let before = committed.iter().filter(|batch| batch.end <= place).count();
                match replay(&flipped) {
                    Ok((found, report)) => {
                        assert_eq!(prefix(&found, committed), before, "{place:?}");
                        assert!(!report.dropped.is_empty(), "{place:?}");
                        check(place, is_after_last_durable(&report, place), None);
                    }
                    Err(error) => {
                        assert!(error.is_corruption());
                        check(place, false, Some(error));
                    }
                }
            }
        }
    }
}

/// Whether no mark behind the place speaks for it: it was found by replay before the place, or destroyed.
fn is_after_last_durable(report: &ScanReport, place: LogPosition) -> bool {
    report.durable.is_none_or(|durable| durable <= place)
}

/// A record of the same segment at another offset, and a whole earlier use of the file, do not check.
#[test]
fn recycled_bytes_are_no_log() {
    let (fs, committed) = written(2_000, 10, u32::MAX);
    let image = fs.bytes(&path(1));
    let end = committed.last().unwrap().end.offset as usize;
    let records = image[HEADER_LEN as usize..end].to_vec();
    for shift in [0, 1, 5] {
        let mut bytes = image.clone();
        let to = end + shift;
        bytes[to..to + records.len()].copy_from_slice(&records);
        fs.put(&path(1), &bytes);
        let (found, report) = replay(&fs).unwrap();
        assert_eq!(prefix(&found, &committed), committed.len());
        assert_eq!((report.end.offset as usize, report.dropped[0].offset as usize), (end, end));
        assert_eq!(report.dropped[0].bytes as usize, records.len() + shift);
    }
    // The same records at the same offsets under another id: a recycled file with a new header.
    let header = SegmentHeader {
        kind: SegmentKind::Log,
        id: SegmentId(2),
        first_sequence: committed.last().unwrap().sequence + 1,
        database_id: DATABASE,
        previous: Some(LogPosition { segment: SegmentId(1), offset: end as u32 }),
        recycled: true,
    };
    let mut recycled = image.clone();
    recycled[..64].copy_from_slice(&header.encode());
    fs.put(&path(1), &image);
    fs.put(&path(2), &recycled);
    let (found, report) = replay(&fs).unwrap();
    assert_eq!(prefix(&found, &committed), committed.len());
    assert_eq!(report.end, LogPosition { segment: SegmentId(2), offset: HEADER_LEN });
}

#[test]
fn ends_that_the_manifest_names() {
    let (fs, committed) = written(2_000, 10, u32::MAX);
    let end = committed[5].end.offset;
    // In the middle: what follows is not read, though it is sound.
    let named = |end| BTreeMap::from([(SegmentId(1), end)]);
    let (found, report) = replay_from(&fs, START, &named(end)).unwrap();
    assert_eq!((found.len(), report.end.offset), (6, end));
    assert!(report.dropped.is_empty());
    // Within a record, or behind everything: the log should have gone on.
    for beyond in [end + 1, committed.last().unwrap().end.offset + 1, 1_000_000] {
        let error = replay_from(&fs, START, &named(beyond)).unwrap_err();
        assert!(error.to_string().contains("manifest says"), "{error}");
    }
    // In a later segment that the log does not reach.
    let (fs, committed) = written(400, 20, u32::MAX);
    let mut bytes = fs.bytes(&path(1));
    bytes[100] ^= 1;
    fs.put(&path(1), &bytes);
    assert!(replay(&fs).is_ok());
    let later = committed.last().unwrap().end;
    let ends = BTreeMap::from([(later.segment, later.offset)]);
    assert!(replay_from(&fs, START, &ends).unwrap_err().is_corruption());
}

/// After a recovery that dropped a tail and a segment behind it, the log goes on behind the stop, and the dropped segment
/// may still be there.
#[test]
fn the_log_goes_on_after_a_recovery() {
    let (fs, committed) = written(500, 20, u32::MAX);
    let victim = &committed[3];
    let mut bytes = fs.bytes(&path(victim.start.segment.0));
    bytes[victim.start.offset as usize + 6] ^= 1;
    fs.put(&path(victim.start.segment.0), &bytes);
    let (found, report) = replay(&fs).unwrap();
    assert_eq!((found.len(), report.end), (3, victim.start));
    assert!(!report.unused.is_empty());
    let segment = create(&fs, 100, 500);
    let previous = Some(report.end);
    let writer = crate::log::LogWriter::start(segment, previous, report.next_sequence).unwrap();
    let mut log =
        Appender { fs: Arc::clone(&fs), writer, capacity: 500, next_id: 101, closed: vec![] };
    let batch = vec![(b"after".to_vec(), Some(b"the crash".to_vec()))];
    log.commit(&batch);
    let ends = BTreeMap::from([(report.end.segment, report.end.offset)]);
    let (found, again) = replay_from(&fs, START, &ends).unwrap();
    assert_eq!(found.len(), 4);
    assert_eq!(found[3], (report.next_sequence, batch));
    assert_eq!(again.end, log.writer.end());
    assert_eq!(again.unused, report.unused);
}

#[test]
fn first_segments() {
    let (fs, _) = written(500, 20, u32::MAX);
    let start = |offset, next_sequence| ReplayPosition { offset, next_sequence, ..START };
    let none = BTreeMap::new();
    let missing = ReplayPosition { segment: SegmentId(77), ..START };
    assert!(matches!(replay_from(&fs, missing, &none), Err(Error::MissingFile { .. })));
    let error = replay_from(&fs, start(501, 1), &none).unwrap_err();
    assert!(error.to_string().contains("500 bytes"), "{error}");
    let error = replay_from(&fs, start(64, 0), &none).unwrap_err();
    assert!(error.to_string().contains("sequence number 1"), "{error}");
    // A fresh database whose first header was lost has an empty log; one that was in use is damaged.
    fs.put(&path(1), &[0; 500]);
    for id in 2..20 {
        if fs.exists(&path(id)) {
            fs.put(&path(id), &[0; 500]);
        }
    }
    let (found, report) = replay(&fs).unwrap();
    assert!(found.is_empty() && report.dropped.is_empty() && report.next_sequence == 1);
    assert!(replay_from(&fs, start(65, 1), &none).unwrap_err().is_corruption());
    let mut newer = SegmentHeader {
        kind: SegmentKind::Log,
        id: SegmentId(2),
        first_sequence: 1,
        database_id: DATABASE,
        previous: None,
        recycled: false,
    }
    .encode();
    newer[8] = 9;
    let crc = crc32c::crc32c(&newer[..60]).to_le_bytes();
    newer[60..].copy_from_slice(&crc);
    fs.put(&path(2), &newer);
    assert!(matches!(replay(&fs), Err(Error::NewerFormat { found: 9, .. })));
}

/// A value that looks like a mark convinces nobody, unless whoever stored it knew the database's id.
#[test]
fn a_stored_value_is_no_mark() {
    for (database_id, believed) in [(DATABASE ^ 1, false), (DATABASE, true)] {
        let (fs, committed) = written(2_000, 3, u32::MAX);
        let end = committed.last().unwrap().end.offset;
        let mut bytes = fs.bytes(&path(1));
        // Behind a torn place, as the value of a lost record would be.
        let at = end as usize + 50;
        let mut mark = [0; 18];
        // SAFETY: a mark takes at most 18 bytes.
        let len = unsafe {
            encode_mark(mark.as_mut_ptr(), log(1).seed(), at as u32, end + 10, database_id)
        };
        bytes[at..at + len].copy_from_slice(&mark[..len]);
        fs.put(&path(1), &bytes);
        assert_eq!(replay(&fs).is_err(), believed);
    }
}

#[test]
fn errors_of_the_sink_come_through() {
    let (fs, _) = written(500, 20, u32::MAX);
    let mut left = 5;
    let none = BTreeMap::new();
    let result = scan(&fs.erased(), &dir(), DATABASE, START, &none, &mut |_| {
        left -= 1;
        if left == 0 { Err(Error::Closed) } else { Ok(()) }
    });
    assert!(matches!(result, Err(Error::Closed)));
}

/// Value segments and other files are none of replay's business.
#[test]
fn only_log_segments_are_read() {
    let (fs, committed) = written(500, 20, u32::MAX);
    fs.put(&dir().join("000002.val"), b"garbage");
    fs.put(&dir().join("2.log"), b"garbage");
    fs.put(&dir().join("000003.sst"), b"garbage");
    let (found, report) = replay(&fs).unwrap();
    assert_eq!(prefix(&found, &committed), committed.len());
    let open = |scanned: &super::super::ScannedSegment| Segment::len(&scanned.segment);
    assert!(report.segments.iter().all(|scanned| open(scanned) == scanned.end));
}
