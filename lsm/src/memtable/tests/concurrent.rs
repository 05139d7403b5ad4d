//! Under threads.

use std::{
    cmp::Reverse,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use super::{model::Position, *};

/// A writer publishes as the engine does: inserts of a sequence number, then the number. Readers check that all up to the
/// number they took is there, in point reads and in order.
#[test]
fn what_was_published_is_found_under_concurrent_writes() {
    const WRITERS: u64 = 3;
    const KEYS: u64 = 512;
    let per_writer: u64 = if cfg!(miri) { 25 } else { 20_000 };
    let memtable = Arc::new(Memtable::new(0));
    let visible: [AtomicU64; WRITERS as usize] = Default::default();
    let done = AtomicBool::new(false);
    // Writer w uses sequence numbers w + 1, w + 1 + WRITERS, ...; all writers write all keys, so chains are filled
    // out of order. The i-th insert of any writer is to key i * 7 % KEYS, and its value is its sequence number.
    let key = |i: u64| (i * 7 % KEYS).to_be_bytes();
    let seq = |writer: u64, i: u64| writer + 1 + i * WRITERS;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (memtable, visible) = (&memtable, &visible);
            scope.spawn(move || {
                for i in 0..per_writer {
                    let seq = seq(writer, i);
                    put(memtable, &key(i), seq, b"first of its batch");
                    put(memtable, &key(i), seq, &seq.to_le_bytes());
                    visible[writer as usize].store(i + 1, Ordering::Release);
                }
            });
        }
        let readers: Vec<_> = (0..2_u64)
            .map(|reader| {
                let (memtable, visible, done) = (&memtable, &visible, &done);
                scope.spawn(move || {
                    let mut round = reader;
                    while !done.load(Ordering::Relaxed) {
                        round += 1;
                        let writer = round % WRITERS;
                        let until = visible[writer as usize].load(Ordering::Acquire);
                        let view = memtable.sorted();
                        for i in (0..until).rev().take(8) {
                            let seq = seq(writer, i);
                            let found = get(memtable, &key(i), seq).expect("was published");
                            assert_eq!(found.seq, seq);
                            assert_eq!(found.payload, Payload::Inline(&seq.to_le_bytes()));
                        }
                        let mut cursor = MemCursor::new(view);
                        let start = key(round * 31);
                        cursor.seek(&start);
                        let mut before: Option<Position> = None;
                        let mut seen = Vec::new();
                        while cursor.valid() && (cursor.key() == start || seen.len() < 50) {
                            let at = (cursor.key().to_vec(), Reverse(cursor.seq()));
                            assert!(before.is_none_or(|before| before < at));
                            seen.push(at.clone());
                            before = Some(at);
                            cursor.next();
                        }
                        let newest = (0..until).rev().find(|i| key(*i) == start);
                        if let Some(i) = newest {
                            assert!(seen.contains(&(start.to_vec(), Reverse(seq(writer, i)))));
                        }
                        if cfg!(miri) {
                            thread::yield_now();
                        }
                    }
                })
            })
            .collect();
        let all = |visible: &AtomicU64| visible.load(Ordering::Acquire) == per_writer;
        while !visible.iter().all(all) && !readers.iter().any(|reader| reader.is_finished()) {
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(memtable.entries(), 2 * WRITERS * per_writer);
    let mut cursor = MemCursor::new(memtable.sorted());
    cursor.seek_to_first();
    let mut count = 0;
    while cursor.valid() {
        assert_eq!(cursor.payload(), Payload::Inline(&cursor.seq().to_le_bytes()));
        count += 1;
        cursor.next();
    }
    assert_eq!(count, WRITERS * per_writer);
}
