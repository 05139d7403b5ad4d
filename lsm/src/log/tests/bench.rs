//! Measurements, not tests:
//! `cargo test -p lsm --release --lib log::tests::bench -- --ignored --nocapture --test-threads 1`.
//! The gates are in `benches/`; these are for whoever changes an inner loop.

use std::{
    fs::OpenOptions,
    hint::black_box,
    os::unix::fs::FileExt,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::{
    KeyspaceId, SegmentId,
    log::{
        ChecksumSeed, GroupSync, LogPosition, Publisher, RecordHead, record::encode, record_len,
        recover::Replay, seeded_crc, value_at,
    },
};

const RECORDS: usize = 64 * 1024 * 8;
const SEGMENT: SegmentId = SegmentId(3);
const SEED: ChecksumSeed = ChecksumSeed::new(1, SEGMENT);

fn nanoseconds(what: &str, times: usize, mut run: impl FnMut()) {
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed());
    }
    println!("{what}: {:.1} ns", best.as_nanos() as f64 / times as f64);
}

fn filled() -> (Vec<u8>, usize) {
    let len = record_len(KeyspaceId(0), 16, Some(100));
    let mut bytes = vec![0; 64 + len * RECORDS];
    let head = RecordHead { keyspace: KeyspaceId(0), gap: 0, last: true, compressed: false };
    for index in 0..RECORDS {
        let at = 64 + index * len;
        let key = (index as u128).to_be_bytes();
        // SAFETY: within the vector.
        unsafe {
            encode(bytes.as_mut_ptr().add(at), SEED, at as u32, head, &key, Some(&[7; 100]));
        }
    }
    (bytes, len)
}

#[test]
#[ignore = "a measurement"]
fn records() {
    let (mut bytes, len) = filled();
    println!("record of 16 + 100 bytes: {len} bytes");
    let value = [7; 100];
    let head = RecordHead { keyspace: KeyspaceId(0), gap: 0, last: true, compressed: false };
    for (name, count) in [("cached", 64), ("through 64 MB", RECORDS)] {
        let rounds = RECORDS / count;
        nanoseconds(&format!("encode, {name}"), RECORDS, || {
            for _ in 0..rounds {
                for index in 0..count {
                    let at = 64 + index * len;
                    let key = (index as u128).to_be_bytes();
                    // SAFETY: within the vector.
                    unsafe {
                        let to = bytes.as_mut_ptr().add(at);
                        encode(to, SEED, at as u32, head, black_box(&key), Some(black_box(&value)));
                    }
                }
            }
        });
        nanoseconds(&format!("value_at, {name}"), RECORDS, || {
            for _ in 0..rounds {
                for index in 0..count {
                    let at = 64 + index * len;
                    let key = (index as u128).to_be_bytes();
                    let found = value_at(&bytes[at..at + len], SEED, at as u32, black_box(&key));
                    assert_eq!(found.unwrap().bytes.len(), 100);
                }
            }
        });
        nanoseconds(&format!("crc alone, {name}"), RECORDS, || {
            for _ in 0..rounds {
                for index in 0..count {
                    let at = 64 + index * len;
                    black_box(seeded_crc(at as u64, black_box(&bytes[at + 4..at + len])));
                }
            }
        });
    }
    let start = Instant::now();
    let mut sum = 0;
    let mut replay = Replay::new(1, 1);
    let (end, batches, _) = replay
        .segment(SEGMENT, &bytes, 64, None, &mut |batch| {
            sum += batch.records.len();
            Ok(())
        })
        .unwrap();
    let took = start.elapsed();
    assert_eq!((end as usize, batches as usize, sum), (bytes.len(), RECORDS, RECORDS));
    println!(
        "scan of {} MB: {took:?}, {:.1} ns a record",
        bytes.len() >> 20,
        took.as_nanos() as f64 / RECORDS as f64
    );
    let stop = LogPosition { segment: SEGMENT, offset: 64 };
    let start = Instant::now();
    black_box(replay.look_ahead(SEGMENT, &bytes, 0, stop));
    println!("search of it for marks: {:?}", start.elapsed());
}

#[test]
#[ignore = "a measurement"]
fn commits() {
    use super::{memory::MemoryFs, writing::Appender};
    let publisher = Publisher::new(0);
    let mut sequence = 0;
    nanoseconds("complete and wait_visible, one thread", 1_000_000, || {
        for _ in 0..1_000_000 {
            sequence += 1;
            publisher.complete(sequence);
            publisher.wait_visible(sequence).unwrap();
        }
    });
    let len = record_len(KeyspaceId(0), 16, Some(100));
    let count = ((1 << 20) - 64) / len;
    nanoseconds("reserve, encode, finish (memory)", count, || {
        let fs = MemoryFs::new();
        let mut log = Appender::new(fs, 1 << 20, 1);
        for index in 0..count {
            let (segment, reservation) = log.reserve(len);
            let mut encoder = reservation.encoder(&segment);
            let key = (index as u128).to_be_bytes();
            encoder.put(KeyspaceId(0), black_box(&key), black_box(&[7; 100]), false, true);
            let _ = encoder.finish().unwrap();
        }
    });
}

/// Writers of 128 bytes that each sync every commit, on a real file (in `TMPDIR`).
#[test]
#[ignore = "a measurement"]
fn group_commit() {
    let dir = tempfile::tempdir().unwrap();
    let file = OpenOptions::new()
        .create_new(true)
        .read(true)
        .write(true)
        .open(dir.path().join("log"))
        .unwrap();
    let room = 64 << 20;
    file.write_all_at(&vec![0; room], 0).unwrap();
    file.sync_all().unwrap();
    let start = Instant::now();
    for index in 0..500 {
        file.write_all_at(&[1; 128], index * 128).unwrap();
        file.sync_data().unwrap();
    }
    println!("one thread, plain: {:?} a sync", start.elapsed() / 500);
    for threads in [1, 2, 4, 16, 64] {
        let group = GroupSync::new(None);
        let tail = AtomicU32::new(0);
        let (commits, syncs) = (AtomicU64::new(0), AtomicU64::new(0));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while start.elapsed() < Duration::from_secs(2) {
                        let at = tail.fetch_add(128, Ordering::SeqCst);
                        file.write_all_at(&[1; 128], u64::from(at) % room as u64).unwrap();
                        let at = |offset| LogPosition { segment: SEGMENT, offset };
                        let mine = tail.load(Ordering::SeqCst);
                        group
                            .sync_to(
                                at(mine),
                                || (at(tail.load(Ordering::SeqCst)), ()),
                                |()| {
                                    file.sync_data().unwrap();
                                    syncs.fetch_add(1, Ordering::Relaxed);
                                    Ok(())
                                },
                            )
                            .unwrap();
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let (commits, syncs) = (commits.into_inner() as f64, syncs.into_inner() as f64);
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{threads} threads: {:.0} commits/s, {:.0} syncs/s, {:.1} commits a sync",
            commits / seconds,
            syncs / seconds,
            commits / syncs
        );
    }
}
