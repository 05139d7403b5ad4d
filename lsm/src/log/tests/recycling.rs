//! Segments in files that were other segments before: what an earlier life left there is never taken for this one's.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use proptest::{collection::vec, prelude::*};

use super::{
    files::{DATABASE, create, dir, log, path},
    memory::MemoryFs,
    recovery::{START, replay_from},
    writing::Appender,
};
use crate::{
    KeyspaceId, SegmentId,
    fs::Purpose,
    log::{
        ChecksumSeed, HEADER_LEN, LogWriter, RemovalObserver, ReplayPosition, Reserved, Segment,
        SegmentHeader, SpareFiles,
        record::{RecordHead, encode},
        record_len,
    },
};

const CAPACITY: u32 = 1_024;

type Batch = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn batch(number: u32) -> Batch {
    (0..=number % 3)
        .map(|part| {
            let value = (!(number + part).is_multiple_of(4))
                .then(|| vec![number as u8; (number * 7 % 23) as usize]);
            (format!("key{number}.{part}").into_bytes(), value)
        })
        .collect()
}

/// A log of three segments, of which the first is full of `old` batches, and the third is its file, recycled.
struct Recycled {
    fs: Arc<MemoryFs>,
    log: Appender,
    /// The file as it was when it was handed over: what a disk that lost a write still has.
    stale: Vec<u8>,
    /// Batches in the second segment, from where replay starts.
    between: Vec<Batch>,
    /// Batches in the third, and where they end.
    new: Vec<(Batch, u32)>,
}

fn recycle(fs: &Arc<MemoryFs>, from: u64, to: u64, capacity: u32) -> Arc<Segment> {
    let fs = fs.erased();
    Segment::recycle(&fs, &dir(), &path(from), log(to), capacity, true, Purpose::Log)
        .unwrap()
        .unwrap()
}

/// `numbers` are those of the batches of the third segment; those of the first are 0, 1, 2 and so on.
fn recycled(mapped: bool, sync_every: u32, numbers: impl Iterator<Item = u32>) -> Recycled {
    let fs = MemoryFs::new();
    fs.no_mapping.store(!mapped, Ordering::Relaxed);
    let mut log = Appender::new(Arc::clone(&fs), CAPACITY, 1);
    let commit = |log: &mut Appender, number: u32| {
        let batch = batch(number);
        let (_, end) = log.commit(&batch);
        if number % sync_every == sync_every - 1 {
            log.writer.note_durable(log.writer.end());
        }
        (batch, end)
    };
    let mut between = Vec::new();
    for number in 0.. {
        let (batch, end) = commit(&mut log, number);
        if end.segment == SegmentId(2) {
            between.push(batch);
            break;
        }
    }
    between.push(commit(&mut log, 1_000).0);
    let first = log.closed.pop().unwrap().segment;
    first.seal().unwrap();
    drop(first);
    let third = recycle(&fs, 1, 3, CAPACITY);
    log.next_id = 4;
    assert!(log.writer.provide(third).is_none());
    // All but 50 bytes of the second one are filled, so that the log goes on in the third.
    let filler = (CAPACITY - log.writer.end().offset) as usize - 70;
    let large = vec![(b"large".to_vec(), Some(vec![7; filler]))];
    log.commit(&large);
    between.push(large);
    let stale = fs.bytes(&path(3));
    let large = vec![(b"next".to_vec(), Some(vec![7; 70]))];
    let (_, end) = log.commit(&large);
    assert_eq!(end.segment, SegmentId(3));
    let mut new = vec![(large, end.offset)];
    for number in numbers {
        let (batch, end) = commit(&mut log, number);
        assert_eq!(end.segment, SegmentId(3));
        new.push((batch, end.offset));
    }
    Recycled { fs, log, stale, between, new }
}

impl Recycled {
    /// Replay from the start of a segment.
    fn start(&self, id: u64) -> ReplayPosition {
        let bytes = self.fs.bytes(&path(id));
        let header = SegmentHeader::decode(bytes.first_chunk().unwrap()).unwrap();
        let next_sequence = header.first_sequence;
        ReplayPosition { segment: SegmentId(id), next_sequence, ..START }
    }

    /// Checks that a log in which the third segment has these bytes holds exactly the batches that end at `whole`, or before.
    fn check(&self, bytes: &[u8], whole: u32) {
        let fs = self.fs.copy();
        fs.put(&path(3), bytes);
        let start = self.start(2);
        let (found, report) = replay_from(&fs, start, &BTreeMap::new()).unwrap();
        let new = self.new.iter().filter(|(_, end)| *end <= whole).map(|(batch, _)| batch);
        let expected: Vec<_> = self.between.iter().chain(new).collect();
        let found: Vec<_> = found.iter().map(|(_, batch)| batch).collect();
        assert_eq!(found, expected, "whole up to {whole}");
        assert!(report.end.segment == SegmentId(3) || whole < HEADER_LEN);
    }
}

#[test]
fn an_intact_one_is_replayed_and_nothing_is_reported() {
    for mapped in [true, false] {
        let log = recycled(mapped, 3, 0..9);
        assert_eq!(log.stale[..64], [0; 64], "the old header is gone before the new name is there");
        assert!(log.stale[64..].iter().any(|byte| *byte != 0), "and the old records are not");
        let bytes = log.fs.bytes(&path(3));
        log.check(&bytes, u32::MAX);
        let (_, report) = replay_from(&log.fs, log.start(2), &BTreeMap::new()).unwrap();
        assert!(report.dropped.is_empty(), "{:?}", report.dropped);
        assert_eq!(report.end, log.log.writer.end());
    }
}

/// The disk has the new bytes up to a place, and the old ones behind it. With the same batches as in the first life at nearly
/// the same places, and with others.
#[test]
fn cut_anywhere() {
    for mapped in [true, false] {
        for shift in [0, 50] {
            let log = recycled(mapped, u32::MAX, shift..shift + 12);
            let bytes = log.fs.bytes(&path(3));
            let end = log.new.last().unwrap().1;
            for cut in 0..=end {
                let mut torn = bytes.clone();
                torn[cut as usize..].copy_from_slice(&log.stale[cut as usize..]);
                // The same bytes in both lives are as good as written.
                let same = torn[cut as usize..end as usize].iter().zip(&bytes[cut as usize..]);
                let whole = cut + same.take_while(|(torn, new)| torn == new).count() as u32;
                log.check(&torn, whole);
            }
        }
    }
}

proptest! {
    /// Of what no sync had covered, any sectors are lost: they are what they were in the first life.
    #[test]
    fn lost_sectors(
        lost in vec(0..32_usize, 1..6),
        sector in 16..64_usize,
        shift in prop_oneof![Just(0_u32), 0..100_u32],
        mapped: bool,
    ) {
        let log = recycled(mapped, u32::MAX, shift..shift + 12);
        let bytes = log.fs.bytes(&path(3));
        let mut torn = bytes.clone();
        for index in lost {
            let range = (index * sector).min(bytes.len())..((index + 1) * sector).min(bytes.len());
            torn[range.clone()].copy_from_slice(&log.stale[range]);
        }
        let whole = torn.iter().zip(&bytes).take_while(|(torn, new)| torn == new).count() as u32;
        log.check(&torn, whole);
    }
}

/// Marks of the first life call nothing durable in the second; its own do.
#[test]
fn marks_count_in_their_own_life() {
    let log = recycled(true, 2, 0..12);
    let bytes = log.fs.bytes(&path(3));
    let start = log.start(3);
    let replay = |bytes: &[u8]| {
        let fs = log.fs.copy();
        fs.put(&path(3), bytes);
        replay_from(&fs, start, &BTreeMap::new())
    };
    let (_, report) = replay(&bytes).unwrap();
    let durable = report.durable.unwrap();
    assert!(durable.segment == SegmentId(3) && durable.offset > 300, "{durable:?}");
    // Everything behind the first batch is of the first life, marks and all.
    let first = log.new[0].1 as usize;
    let mut torn = bytes.clone();
    torn[first..].copy_from_slice(&log.stale[first..]);
    let (found, report) = replay(&torn).unwrap();
    assert_eq!((found.len(), report.end.offset as usize), (1, first));
    assert!(
        report.dropped.is_empty() && report.durable.is_none_or(|durable| durable <= report.end)
    );
    // A sector in the middle is, with marks of this life behind it: damage.
    let mut damaged = bytes.clone();
    damaged[first..first + 16].copy_from_slice(&log.stale[first..first + 16]);
    assert_ne!(damaged, bytes);
    let error = replay(&damaged).unwrap_err();
    assert!(error.is_corruption() && error.to_string().contains("a mark"), "{error}");
}

/// What is behind a tear is reported as dropped if it is of this life, and passed over if it is of the first.
#[test]
fn dropped_records_are_told_from_old_ones() {
    let log = recycled(true, u32::MAX, 30..40);
    let mut bytes = log.fs.bytes(&path(3));
    let (at, end) = (log.new[3].1, log.new.last().unwrap().1);
    bytes[at as usize + 6] ^= 1;
    let fs = log.fs.copy();
    fs.put(&path(3), &bytes);
    let start = log.start(3);
    let (found, report) = replay_from(&fs, start, &BTreeMap::new()).unwrap();
    assert_eq!((found.len(), report.end.offset), (4, at));
    assert_eq!(report.dropped.len(), 1);
    assert_eq!((report.dropped[0].offset, report.dropped[0].bytes), (at, u64::from(end - at)));
}

/// A file that was made ready and not used yet, and one whose first sector was lost, are no part of the log.
#[test]
fn without_its_header_it_is_unused() {
    let log = recycled(true, u32::MAX, 0..0);
    let start = log.start(2);
    for (bytes, dropped) in [(log.stale.clone(), false), (log.fs.bytes(&path(3)), true)] {
        let mut bytes = bytes;
        bytes[..64].fill(0);
        let fs = log.fs.copy();
        fs.put(&path(3), &bytes);
        let (found, report) = replay_from(&fs, start, &BTreeMap::new()).unwrap();
        assert_eq!(found.len(), log.between.len());
        assert_eq!(report.unused, [SegmentId(3)]);
        assert_eq!(!report.dropped.is_empty(), dropped, "{:?}", report.dropped);
    }
}

/// A value that is made of records for the segment that its file will be, at the places where they lie: it must take the
/// database id to make them.
#[test]
fn a_stored_value_becomes_no_record() {
    for (database_id, believed) in [(DATABASE ^ 1, false), (DATABASE, true)] {
        let fs = MemoryFs::new();
        let mut log = Appender::new(Arc::clone(&fs), 500, 1);
        let at = HEADER_LEN as usize + record_len(KeyspaceId(0), 1, Some(300)) - 300;
        let len = record_len(KeyspaceId(0), 1, None);
        let mut value = vec![0; 300 / len * len];
        value.resize(300, 0);
        for start in (0..300 - len).step_by(len) {
            let head =
                RecordHead { keyspace: KeyspaceId(0), gap: 0, last: true, compressed: false };
            let seed = ChecksumSeed::new(database_id, SegmentId(2));
            // SAFETY: within the value.
            unsafe {
                encode(value.as_mut_ptr().add(start), seed, (at + start) as u32, head, b"x", None)
            };
        }
        // Not by `commit`, which takes another keyspace: the value has to lie at `at`.
        let (segment, reservation) = log.reserve(record_len(KeyspaceId(0), 1, Some(300)));
        let mut encoder = reservation.encoder(&segment);
        encoder.put(KeyspaceId(0), b"k", &value, false, true);
        let _ = encoder.finish().unwrap();
        let old_end = log.writer.end();
        log.writer.settle();
        log.writer.current().seal().unwrap();
        drop((log, segment));
        let second = recycle(&fs, 1, 2, 500);
        let mut writer = LogWriter::start(second, Some(old_end), 2).unwrap();
        // So long that it ends where the value has one of its records.
        let wanted = at + len * 3 - HEADER_LEN as usize;
        let Reserved::Ready(reservation) = writer.reserve(wanted).unwrap() else {
            panic!("there is room")
        };
        let mut encoder = reservation.encoder(writer.current());
        let filler = vec![1; wanted - record_len(KeyspaceId(0), 1, Some(0))];
        assert_eq!(record_len(KeyspaceId(0), 1, Some(filler.len())), wanted);
        encoder.put(KeyspaceId(0), b"y", &filler, false, true);
        let _ = encoder.finish().unwrap();
        let start = ReplayPosition { segment: SegmentId(2), next_sequence: 2, ..START };
        let (found, _) = replay_from(&fs, start, &BTreeMap::new()).unwrap();
        assert_eq!(found.len() > 1, believed, "{} batches", found.len());
    }
}

#[test]
fn a_file_with_another_name_is_left_alone() {
    let fs = MemoryFs::new();
    let segment = create(&fs, 1, 500);
    segment.write_header(1, None).unwrap();
    drop(segment);
    let before = fs.bytes(&path(1));
    fs.file(&path(1)).linked.store(true, Ordering::Relaxed);
    let result =
        Segment::recycle(&fs.erased(), &dir(), &path(1), log(2), 500, true, Purpose::Log).unwrap();
    assert!(result.is_none());
    assert_eq!(fs.bytes(&path(1)), before);
    assert!(!fs.exists(&path(2)));
}

#[test]
fn files_are_handed_over_by_the_last_user_and_no_more_than_a_few() {
    let fs = MemoryFs::new();
    let spares = Arc::new(SpareFiles::new(2, 500));
    let observer = || -> RemovalObserver { Arc::new(|_, _| panic!("it can be removed")) };
    let retired = |id: u64, len: u32| {
        let segment = create(&fs, id, len.max(500));
        assert!(segment.reserve(len - HEADER_LEN).is_some());
        segment.retire(observer(), Arc::clone(&spares));
        segment
    };
    let held = retired(1, 500);
    let other = Arc::clone(&held);
    drop(held);
    assert!(spares.take().is_none(), "somebody still reads it");
    drop(other);
    assert_eq!(spares.take(), Some(path(1)));
    // Too long, too short: removed at once.
    for (id, len) in [(2, 501), (3, HEADER_LEN)] {
        let spares = Arc::new(SpareFiles::new(2, if id == 3 { 5_000 } else { 500 }));
        let segment = create(&fs, id, len);
        assert!(segment.reserve(len - HEADER_LEN).is_some());
        segment.retire(observer(), Arc::clone(&spares));
        drop(segment);
        assert!(spares.take().is_none() && !fs.exists(&path(id)));
    }
    for id in 4..7 {
        drop(retired(id, 400));
    }
    assert!(fs.exists(&path(4)) && fs.exists(&path(5)) && !fs.exists(&path(6)));
    assert_eq!((spares.take(), spares.take(), spares.take()), (Some(path(5)), Some(path(4)), None));
    spares.close();
    drop(retired(8, 500));
    assert!(spares.take().is_none() && !fs.exists(&path(8)));
}
