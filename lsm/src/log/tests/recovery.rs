//! Replay: what was committed comes back, in the right order, from the right place.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{collection::vec, prelude::*};

use super::{
    files::{DATABASE, create, dir, path},
    memory::MemoryFs,
    writing::Appender,
};
use crate::{
    EntryKind, Error, Result, SegmentId,
    log::{
        HEADER_LEN, LogPosition, ReplayPosition, ScanReport, Segment, SegmentHeader, SegmentKind,
        scan,
    },
};

pub(super) type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

pub(super) const START: ReplayPosition =
    ReplayPosition { segment: SegmentId(1), offset: HEADER_LEN, next_sequence: 1 };

/// A batch that was committed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Committed {
    pub(super) sequence: u64,
    pub(super) batch: Batch,
    pub(super) start: LogPosition,
    pub(super) end: LogPosition,
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

pub(super) fn replay(fs: &Arc<MemoryFs>) -> Result<(Vec<(u64, Batch)>, ScanReport)> {
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
pub(super) fn prefix(found: &[(u64, Batch)], committed: &[Committed]) -> usize {
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
                log.writer.settle();
                log.writer.current().seal().unwrap();
            }
        }
    }
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
