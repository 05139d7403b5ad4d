//! Replay of a damaged log: a prefix or an error, never anything else.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};

use super::{
    files::{DATABASE, log, path},
    memory::MemoryFs,
    recovery::{Committed, prefix, replay, written},
};
use crate::{
    Error, SegmentId,
    log::{HEADER_LEN, LogPosition, ScanReport, SegmentHeader, SegmentKind, record::encode_mark},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

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
