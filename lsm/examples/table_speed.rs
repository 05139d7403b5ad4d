//! Measures point reads and scans of one warm table: `cargo run --release -p lsm --example table_speed [ENTRIES]`.
//!
//! Nanoseconds a call, the best of several rounds (what the code can do, not what a busy machine made of it).
#![allow(clippy::print_stdout)]

use std::{hint::black_box, sync::Arc, time::Instant};

use lsm::{
    EntryKind, SegmentId, TableId, ValuePointer, hash_key,
    table::{
        BlockCache, EntryValue, ReadMode, Table, TableCursor, TableOptions, TableWriter,
        fuzz::MemoryFile,
    },
};

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn key(state: &mut u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&random(state).to_be_bytes());
    key[8..].copy_from_slice(&random(state).to_be_bytes());
    key
}

/// Runs `work`, which returns how many calls it made, and prints the best round.
fn measure(name: &str, mut work: impl FnMut() -> usize) {
    let best = (0..7)
        .map(|_| {
            let start = Instant::now();
            let calls = work();
            start.elapsed().as_nanos() as f64 / calls as f64
        })
        .fold(f64::INFINITY, f64::min);
    println!("{name:<44} {best:8.1} ns");
}

fn main() -> lsm::Result<()> {
    let entries = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(500_000_usize);
    let mut state = 1;
    let mut keys: Vec<_> = (0..entries).map(|_| key(&mut state)).collect();
    keys.sort_unstable();
    keys.dedup();
    let file = MemoryFile::new(Vec::new());
    let start = Instant::now();
    let mut writer =
        TableWriter::new(file.clone(), "memory", TableId(1), 1, TableOptions::default())?;
    for (i, key) in keys.iter().enumerate() {
        let pointer = ValuePointer { segment: SegmentId(1), offset: i as u32 * 200, len: 200 };
        writer.add(key, None, EntryKind::Put, EntryValue::Pointer(pointer))?;
    }
    let summary = writer.finish(1)?;
    println!(
        "{:<44} {:8.1} ns ({} bytes, {:.1} an entry)",
        "write, an entry",
        start.elapsed().as_nanos() as f64 / keys.len() as f64,
        summary.file_len,
        summary.file_len as f64 / keys.len() as f64
    );

    let mut order: Vec<_> = keys.iter().map(|key| (hash_key(key), *key)).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, random(&mut state) as usize % (i + 1));
    }
    let absent: Vec<_> =
        (0..entries).map(|_| key(&mut state)).map(|key| (hash_key(&key), key)).collect();
    for mode in [ReadMode::Mapped, ReadMode::Positioned] {
        let cache = Arc::new(BlockCache::new(256 << 20));
        let table = Table::open(file.clone(), "memory", TableId(1), 1, Some(cache), mode)?;
        let table = Arc::new(table);
        println!("{mode:?}");
        measure("  get, present", || {
            for (hash, key) in &order {
                assert!(
                    black_box(table.get(*hash, key, u64::MAX)).is_ok_and(|found| found.is_some())
                );
            }
            order.len()
        });
        measure("  get, absent", || {
            for (hash, key) in &absent {
                assert!(
                    black_box(table.get(*hash, key, u64::MAX)).is_ok_and(|found| found.is_none())
                );
            }
            absent.len()
        });
        measure("  may_contain, absent", || {
            let passed = absent
                .iter()
                .filter(|(hash, key)| table.may_contain(*hash, key).unwrap_or(true))
                .count();
            assert!(passed < absent.len() / 50);
            absent.len()
        });
        let mut cursor = TableCursor::new(Arc::clone(&table));
        measure("  scan forward, an entry", || {
            let mut calls = 0;
            let mut moved = cursor.seek_to_first();
            while cursor.valid() {
                black_box((cursor.key(), cursor.value()));
                moved = cursor.next();
                calls += 1;
            }
            assert!(moved.is_ok() && calls == keys.len());
            calls
        });
        measure("  scan backward, an entry", || {
            let mut calls = 0;
            let mut moved = cursor.seek_to_last();
            while cursor.valid() {
                black_box((cursor.key(), cursor.value()));
                moved = cursor.prev();
                calls += 1;
            }
            assert!(moved.is_ok() && calls == keys.len());
            calls
        });
        measure("  seek, present", || {
            for (_, key) in order.iter().take(100_000) {
                assert!(cursor.seek(key).is_ok() && cursor.key() == key);
            }
            order.len().min(100_000)
        });
    }
    Ok(())
}
