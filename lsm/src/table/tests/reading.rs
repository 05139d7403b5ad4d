//! Point reads and cursors find what was written, and nothing else.

use std::sync::Arc;

use proptest::prelude::*;

use super::model::{
    BASE, Model, Random, check_cursor, check_get, entries_for, open, plain_keys, write,
};
use crate::{
    MAX_KEY_LEN, SegmentId, hash_key,
    table::{
        BlockCache, BlockKind, Compression, ReadMode, SegmentRef, Table, TableCursor, TableOptions,
    },
};

fn walk(table: &Arc<Table>, model: &Model, probes: &[Vec<u8>], random: &mut Random) {
    let mut cursor = TableCursor::new(Arc::clone(table));
    check_cursor(&cursor, model, None);
    cursor.seek_to_first().unwrap();
    for at in 0..model.len() {
        check_cursor(&cursor, model, Some(at));
        cursor.next().unwrap();
    }
    check_cursor(&cursor, model, None);
    cursor.seek_to_last().unwrap();
    for at in (0..model.len()).rev() {
        check_cursor(&cursor, model, Some(at));
        cursor.prev().unwrap();
    }
    check_cursor(&cursor, model, None);
    let mut at: Option<usize> = None;
    let mut forward = true;
    for _ in 0..400 {
        let probe = &probes[random.below(probes.len() as u64) as usize];
        match random.below(24) {
            0 => {
                cursor.seek(probe).unwrap();
                at = Some(model.partition_point(|e| e.key < *probe)).filter(|&at| at < model.len());
            }
            1 => {
                cursor.seek_for_prev(probe).unwrap();
                at = model.partition_point(|e| e.key <= *probe).checked_sub(1);
            }
            2 if random.below(4) == 0 => {
                cursor.seek_to_first().unwrap();
                at = Some(0);
            }
            3 if random.below(4) == 0 => {
                cursor.seek_to_last().unwrap();
                at = Some(model.len() - 1);
            }
            4 | 5 => forward = !forward,
            _ if forward => {
                cursor.next().unwrap();
                at = at.map(|at| at + 1).filter(|&at| at < model.len());
            }
            _ => {
                cursor.prev().unwrap();
                at = at.and_then(|at| at.checked_sub(1));
            }
        }
        check_cursor(&cursor, model, at);
    }
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-c]{0,6}".prop_map(String::into_bytes),
        4 => "tenant/0001/user/[ab]{0,8}".prop_map(String::into_bytes),
        4 => proptest::collection::vec(any::<u8>(), 0..24),
        1 => (0_usize..3, any::<u8>()).prop_map(|(less, byte)| vec![byte; MAX_KEY_LEN - less]),
    ]
}

fn compression() -> impl Strategy<Value = Compression> {
    let mut all = vec![Compression::None, Compression::None];
    if cfg!(feature = "lz4") {
        all.push(Compression::Lz4);
    }
    if cfg!(feature = "zstd") {
        all.push(Compression::Zstd(3));
    }
    proptest::sample::select(all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_a_sorted_map(
        keys in proptest::collection::btree_set(key(), 1..400),
        strangers in proptest::collection::vec(key(), 20),
        compression in compression(),
        block_size in prop_oneof![Just(64_usize), Just(300), Just(4096)],
        filter_bits in prop_oneof![Just(0.0_f32), Just(3.5), Just(10.0)],
        segments in 1_u64..20,
        seed: u64,
    ) {
        let mut random = Random(seed);
        let model = entries_for(&keys, &mut random, segments);
        let options = TableOptions {
            block_size,
            compression,
            filter_bits_per_key: filter_bits,
            base_sequence: BASE - random.below(2) * 500,
        };
        let (file, summary) = write(&model, options);
        prop_assert_eq!(summary.properties.entries, model.len() as u64);
        prop_assert_eq!(&summary.properties.smallest_key, keys.first().unwrap());
        prop_assert_eq!(&summary.properties.largest_key, keys.last().unwrap());
        let probes: Vec<Vec<u8>> = keys.iter().chain(&strangers).cloned().collect();
        let big = Arc::new(BlockCache::new(64 << 20));
        let small = Arc::new(BlockCache::new(20_000));
        for (cache, mode) in [
            (Some(&big), ReadMode::Mapped),
            (Some(&small), ReadMode::Positioned),
            (None, ReadMode::Positioned),
            (None, ReadMode::Mapped),
        ] {
            let table = open(&file, cache, mode).unwrap();
            prop_assert_eq!(table.properties(), &summary.properties);
            prop_assert_eq!(table.is_mapped(), mode == ReadMode::Mapped);
            for _ in 0..200 {
                let key = &probes[random.below(probes.len() as u64) as usize];
                let around = model[random.below(model.len() as u64) as usize].seq.unwrap_or(BASE);
                for read_seq in [around, around - 1, around + 1] {
                    check_get(&table, &model, key, read_seq);
                }
                check_get(&table, &model, key, 0);
                check_get(&table, &model, key, u64::MAX);
            }
            walk(&table, &model, &probes, &mut random);
            let counts = table.verify(&mut |error| panic!("{error}"));
            prop_assert_eq!(counts.entries, model.len() as u64);
            prop_assert_eq!(counts.keys, keys.len() as u64);
            prop_assert_eq!(counts.damaged, 0);
            let mut before = 0;
            for key in &keys {
                let offset = table.approximate_offset(key);
                prop_assert!(offset >= before && offset < table.file_len());
                before = offset;
            }
        }
    }
}

#[test]
fn several_partitions_and_their_layout() {
    let model = plain_keys(30_000);
    let (file, summary) =
        write(&model, TableOptions { block_size: 512, ..TableOptions::default() });
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    let layout = table.layout().unwrap();
    let count = |kind| layout.blocks.iter().filter(|b| b.kind == kind).count();
    assert!(count(BlockKind::Index) > 3);
    assert_eq!(count(BlockKind::Index), count(BlockKind::Filter));
    assert_eq!((count(BlockKind::TopIndex), count(BlockKind::Properties)), (1, 1));
    let entries: u64 =
        layout.blocks.iter().filter(|b| b.kind == BlockKind::Data).map(|b| b.entries).sum();
    assert_eq!(entries, 30_000);
    assert!(
        layout.blocks.iter().filter(|b| b.kind == BlockKind::Filter).all(|b| b.offset % 64 == 0)
    );
    assert_eq!(
        summary.properties.segments,
        [SegmentRef { id: SegmentId(1), records: 30_000, bytes: 3_000_000 }]
    );
    let mut random = Random(1);
    for _ in 0..2000 {
        let i = random.below(30_000);
        check_get(&table, &model, format!("key{i:08}").as_bytes(), 0);
        check_get(&table, &model, format!("key{i:08}x").as_bytes(), 0);
        check_get(&table, &model, format!("key{i:07}").as_bytes(), 0);
    }
    let probes: Vec<_> = model.iter().step_by(7).map(|e| e.key.clone()).collect();
    walk(&table, &model, &probes, &mut random);
    assert_eq!(table.verify(&mut |error| panic!("{error}")).blocks, layout.blocks.len() as u64);
}

#[test]
fn filters_keep_their_promise_and_are_counted() {
    let model = plain_keys(20_000);
    for bits in [4.0_f32, 8.0, 10.0, 16.0] {
        let (file, summary) =
            write(&model, TableOptions { filter_bits_per_key: bits, ..TableOptions::default() });
        let table = open(&file, None, ReadMode::Mapped).unwrap();
        let probes = 200_000_u64;
        let mut passed = 0;
        for i in 0..probes {
            let key = format!("key{:08}x{i}", i % 20_000);
            let hash = hash_key(key.as_bytes());
            passed += u64::from(table.may_contain(hash, key.as_bytes()).unwrap());
            assert!(table.get(hash, key.as_bytes(), u64::MAX).unwrap().is_none());
        }
        let measured = passed as f64 / probes as f64;
        let stated = summary.properties.false_positive_ppm as f64 / 1e6;
        assert!(measured < stated * 1.3, "{bits} bits a key: {measured} against {stated}");
        let counts = table.filter_counts();
        assert!(counts.checks.abs_diff(probes) <= 61, "{counts:?}");
        assert!(
            counts.negatives as f64 > probes as f64 * (1.0 - stated * 3.0 - 0.01),
            "{counts:?}"
        );
        assert_eq!(counts.negatives + counts.false_positives, counts.checks);
    }
}
