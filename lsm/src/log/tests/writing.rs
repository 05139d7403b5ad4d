//! The log writer: sequence numbers, rotation, gaps, marks.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use super::{
    files::{DATABASE, create, dir, log},
    memory::MemoryFs,
};
use crate::{
    Error, KeyspaceId, SegmentId,
    log::{
        ClosedSegment, GroupSync, HEADER_LEN, LogPosition, LogWriter, Publisher, ReplayPosition,
        Reservation, Reserved, Segment, record_len, scan,
    },
};

/// A put in the log, with a segment of `capacity` or what is needed whenever one is full.
pub struct Appender {
    pub fs: Arc<MemoryFs>,
    pub writer: LogWriter,
    pub capacity: u32,
    pub next_id: u64,
    pub closed: Vec<ClosedSegment>,
}

impl Appender {
    pub fn new(fs: Arc<MemoryFs>, capacity: u32, next_sequence: u64) -> Self {
        let writer = LogWriter::start(create(&fs, 1, capacity), None, next_sequence).unwrap();
        Self { fs, writer, capacity, next_id: 2, closed: Vec::new() }
    }

    pub fn reserve(&mut self, len: usize) -> (Arc<Segment>, Reservation) {
        loop {
            match self.writer.reserve(len).unwrap() {
                Reserved::Ready(reservation) => {
                    return (Arc::clone(self.writer.current()), reservation);
                }
                Reserved::Rotated(reservation, closed) => {
                    self.closed.push(closed);
                    return (Arc::clone(self.writer.current()), reservation);
                }
                Reserved::Full { capacity } => {
                    let segment = create(&self.fs, self.next_id, capacity.max(self.capacity));
                    self.next_id += 1;
                    if let Some(unused) = self.writer.provide(segment) {
                        unused.mark_obsolete(Arc::new(|_, _| {}));
                    }
                }
            }
        }
    }

    /// Commits puts (`Some`) and deletes; returns where the batch starts and ends.
    pub fn commit(&mut self, batch: &[(Vec<u8>, Option<Vec<u8>>)]) -> (LogPosition, LogPosition) {
        let keyspace = KeyspaceId(batch.len() as u32 % 3);
        let len = batch
            .iter()
            .map(|(key, value)| record_len(keyspace, key.len(), value.as_ref().map(Vec::len)))
            .sum();
        let (in_segment, reservation) = self.reserve(len);
        let segment = reservation.segment();
        let start = reservation.offset();
        let mut encoder = reservation.encoder(&in_segment);
        for (index, (key, value)) in batch.iter().enumerate() {
            let last = index + 1 == batch.len();
            match value {
                Some(value) => encoder.put(keyspace, key, value, false, last),
                None => encoder.delete(keyspace, key, last),
            };
        }
        let end = encoder.finish().unwrap().end();
        (LogPosition { segment, offset: start }, LogPosition { segment, offset: end })
    }
}

#[test]
fn rotation_links_the_segments() {
    let mut log = Appender::new(MemoryFs::new(), 300, 1);
    assert_eq!(log.writer.end(), LogPosition { segment: SegmentId(1), offset: HEADER_LEN });
    for _ in 0..20 {
        log.commit(&[(b"key".to_vec(), Some(vec![1; 50]))]);
    }
    assert_eq!(log.writer.last_sequence(), 20);
    assert_eq!(log.closed.len(), 6);
    assert_eq!(log.closed[0].last_sequence, 3);
    assert_eq!(log.writer.current().first_sequence(), 19);
    assert!(!log.writer.has_next());
}

#[test]
fn a_large_batch_gets_a_segment_of_its_own() {
    let fs = MemoryFs::new();
    let mut log = Appender::new(Arc::clone(&fs), 300, 1);
    let unused = log.writer.provide(create(&fs, 2, 300));
    assert!(unused.is_none() && log.writer.has_next());
    log.next_id = 3;
    let (start, end) = log.commit(&[(b"key".to_vec(), Some(vec![1; 5_000]))]);
    assert_eq!((start.segment, start.offset), (SegmentId(3), HEADER_LEN));
    assert!(end.offset > 5_000);
    assert!(!fs.exists(&super::files::path(2)), "the segment that was too small is gone");
    log.commit(&[(b"key".to_vec(), Some(vec![1; 50]))]);
    assert_eq!(log.writer.end().segment, SegmentId(4));
    assert!(matches!(log.writer.reserve(u32::MAX as usize), Err(Error::BatchTooLarge { .. })));
    assert!(matches!(log.writer.reserve(usize::MAX), Err(Error::BatchTooLarge { .. })));
    assert_eq!(log.writer.last_sequence(), 2, "a batch that is refused takes no number");
}

#[test]
fn gaps_and_replay_positions() {
    let mut log = Appender::new(MemoryFs::new(), 4_096, 10);
    assert_eq!([log.writer.take_unlogged(), log.writer.take_unlogged()], [10, 11]);
    let segment = SegmentId(1);
    // The batch that comes next says that it has a gap of two.
    let position = log.writer.replay_position();
    assert_eq!(position, ReplayPosition { segment, offset: HEADER_LEN, next_sequence: 10 });
    let (segment, reservation) = log.reserve(record_len(KeyspaceId(0), 1, None));
    assert_eq!(reservation.sequence(), 12);
    let mut encoder = reservation.encoder(&segment);
    encoder.delete(KeyspaceId(0), b"k", true);
    let _ = encoder.finish().unwrap();
    assert_eq!(log.writer.replay_position().next_sequence, 13);
    assert_eq!(log.writer.take_unlogged(), 13);
    assert_eq!(log.writer.replay_position().next_sequence, 13);
}

#[test]
#[should_panic(expected = "in the order of their ids")]
fn segments_come_in_order() {
    let fs = MemoryFs::new();
    let mut log_writer = LogWriter::start(create(&fs, 5, 300), None, 1).unwrap();
    assert_eq!(log(4).id, SegmentId(4));
    let _ = log_writer.provide(create(&fs, 4, 300));
}

/// The whole way of a commit, as the database goes it, by six threads at once: reserve under a mutex, encode outside of
/// it, publish, sync some, read back. Then replay finds every commit, once, under the number that it got.
#[test]
fn commits_side_by_side() {
    const THREADS: u64 = 6;
    const COMMITS: u64 = 400;
    let fs = MemoryFs::new();
    let log = Mutex::new(Appender::new(Arc::clone(&fs), 4_096, 1));
    let start = log.lock().writer.replay_position();
    let (publisher, group) = (Publisher::new(0), GroupSync::new(None));
    let committed = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (log, publisher, group, committed) = (&log, &publisher, &group, &committed);
            scope.spawn(move || {
                for i in 0..COMMITS {
                    let key = [thread.to_le_bytes(), i.to_le_bytes()].concat();
                    let value = vec![thread as u8; (i % 100) as usize];
                    let len = record_len(KeyspaceId(0), key.len(), Some(value.len()));
                    let (segment, reservation) = log.lock().reserve(len);
                    let sequence = reservation.sequence();
                    publisher.wait_to_start(sequence).unwrap();
                    let mut encoder = reservation.encoder(&segment);
                    let pointer = encoder.put(KeyspaceId(0), &key, &value, false, true);
                    let done = encoder.finish().unwrap();
                    publisher.complete(sequence);
                    publisher.wait_visible(sequence).unwrap();
                    // SAFETY: the record was published.
                    let found = unsafe { segment.read(pointer.offset, pointer.len, &key) };
                    assert_eq!(&*found.unwrap(), &value[..]);
                    committed.lock().insert(sequence, (key, value));
                    if i % 8 == 0 {
                        let mine = LogPosition { segment: segment.id(), offset: done.end() };
                        let begin = || {
                            let log = log.lock();
                            let end = log.writer.end();
                            (end, (end, log.writer.last_sequence()))
                        };
                        let sync = |(end, last)| {
                            publisher.wait_visible(last).unwrap();
                            log.lock().writer.note_durable(end);
                            Ok(())
                        };
                        group.sync_to(mine, begin, sync).unwrap();
                    }
                }
            });
        }
    });
    let committed = committed.into_inner();
    assert_eq!(publisher.visible(), THREADS * COMMITS);
    let mut replayed = BTreeMap::new();
    let report = scan(&fs.erased(), &dir(), DATABASE, start, &BTreeMap::new(), &mut |batch| {
        let record = batch.records[0];
        replayed.insert(batch.sequence, (record.key.to_vec(), record.stored.to_vec()));
        Ok(())
    })
    .unwrap();
    assert_eq!(replayed, committed);
    assert_eq!(report.next_sequence, THREADS * COMMITS + 1);
    assert!(report.durable.is_some() && report.dropped.is_empty());
}
