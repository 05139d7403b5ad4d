//! Pages of a mapped segment that a sync lets go of.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::files::log;
use crate::{
    KeyspaceId,
    fs::{DiskFs, FileSystem, Purpose},
    log::{HEADER_LEN, Segment, record_len},
};

const CAPACITY: u32 = 8 << 20;

/// Writers store, readers read, and meanwhile whole megabytes are synced and taken out of the page table: nothing is lost.
#[test]
fn a_sync_loses_nothing_that_is_stored_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(DiskFs);
    let segment = Segment::create(&fs, dir.path(), log(1), CAPACITY, true, Purpose::Log).unwrap();
    segment.write_header(1, None).unwrap();
    let (key, keyspace) = (|number: u32| number.to_be_bytes(), KeyspaceId(0));
    let value = |number: u32| number.to_le_bytes().repeat(100);
    let len = record_len(keyspace, 4, Some(400)) as u32;
    let done = AtomicBool::new(false);
    let write = |thread: u32| -> Vec<(u32, crate::ValuePointer)> {
        let mut written = Vec::new();
        for number in (thread..).step_by(2) {
            segment.populate();
            let Some(reservation) = segment.reserve(len) else { return written };
            let mut encoder = reservation.encoder(&segment);
            let pointer = encoder.put(keyspace, &key(number), &value(number), false, true);
            let _written = encoder.finish().unwrap();
            written.push((number, pointer));
            // SAFETY: this thread has written the record, completely.
            let read = unsafe { segment.read(pointer.offset, pointer.len, &key(number)) };
            assert_eq!(read.unwrap()[..], value(number));
        }
        written
    };
    let written = std::thread::scope(|scope| {
        let syncs = scope.spawn(|| {
            let mut synced = 0;
            while !done.load(Ordering::Relaxed) {
                // Less than that is not worth it.
                if segment.len() - synced >= 1 << 20 {
                    synced = segment.len();
                    segment.sync().unwrap();
                }
            }
        });
        let writers = [0, 1].map(|thread| {
            scope.spawn({
                let write = &write;
                move || write(thread)
            })
        });
        let written = writers.map(|writer| writer.join().unwrap()).concat();
        done.store(true, Ordering::Relaxed);
        syncs.join().unwrap();
        written
    });
    assert!(written.len() > ((CAPACITY - HEADER_LEN) / len) as usize - 2);
    segment.seal().unwrap();
    let opened = Segment::open(&fs, dir.path(), log(1), Purpose::Log).unwrap();
    for segment in [&segment, &opened] {
        for (number, pointer) in &written {
            // SAFETY: nobody writes any more.
            let read = unsafe { segment.read(pointer.offset, pointer.len, &key(*number)) };
            assert_eq!(read.unwrap()[..], value(*number), "{number}");
        }
    }
}
