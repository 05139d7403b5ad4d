use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use proptest::prelude::*;

use super::{
    BlockCache, BlockKind, Compression, EntryValue, Pointer, PointerHook, ReadMode, SegmentRef,
    Table, TableCursor, TableEntry, TableOptions, TableSummary, TableValue, TableWriter,
    fuzz::{self, DATABASE, ID, MemoryFile},
};
use crate::{EntryKind, Error, MAX_KEY_LEN, Result, SegmentId, TableId, ValuePointer, hash_key};

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Delete,
    Inline(Vec<u8>),
    Pointer(ValuePointer),
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    key: Vec<u8>,
    seq: Option<u64>,
    value: Value,
}

/// The model: entries by key and by descending sequence number, those without one last.
type Model = Vec<Entry>;

fn model_of(entries: impl IntoIterator<Item = Entry>) -> Model {
    let map: BTreeMap<_, _> =
        entries.into_iter().map(|e| ((e.key, Reverse(e.seq)), e.value)).collect();
    map.into_iter().map(|((key, Reverse(seq)), value)| Entry { key, seq, value }).collect()
}

fn visible<'m>(model: &'m Model, key: &[u8], read_seq: u64) -> Option<&'m Entry> {
    let first = model.partition_point(|e| &e.key[..] < key);
    model[first..]
        .iter()
        .take_while(|e| e.key == key)
        .find(|e| e.seq.is_none_or(|seq| seq <= read_seq))
}

/// A deterministic stream of numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

const BASE: u64 = 1000;

/// Gives each key versions, kinds and values.
fn entries_for(keys: &BTreeSet<Vec<u8>>, random: &mut Random, segments: u64) -> Model {
    let mut entries = Vec::new();
    for key in keys {
        let versions = match random.below(20) {
            0 => 60,
            n => 1 + n % 3,
        };
        for version in 0..versions {
            let bits = random.below(40);
            let seq = (version > 0 || random.below(2) == 0).then(|| BASE + random.below(1 << bits));
            let value = match random.below(8) {
                0 | 1 => Value::Delete,
                2 | 3 => {
                    let len = if random.below(30) == 0 { 9000 } else { random.below(40) };
                    Value::Inline((0..len).map(|i| (i / 7) as u8).collect())
                }
                _ => Value::Pointer(ValuePointer {
                    segment: SegmentId(100 + random.below(segments)),
                    offset: random.next() as u32,
                    len: (random.next() as u32) >> random.below(32),
                }),
            };
            entries.push(Entry { key: key.clone(), seq, value });
        }
    }
    model_of(entries)
}

fn write(model: &Model, options: TableOptions) -> (Arc<MemoryFile>, TableSummary) {
    let file = MemoryFile::new(Vec::new());
    let mut writer = TableWriter::new(file.clone(), "memory", ID, DATABASE, options).unwrap();
    for entry in model {
        let (kind, value) = match &entry.value {
            Value::Delete => (EntryKind::Delete, EntryValue::None),
            Value::Inline(bytes) => (EntryKind::Put, EntryValue::Inline(bytes)),
            Value::Pointer(pointer) => (EntryKind::Put, EntryValue::Pointer(*pointer)),
        };
        writer.add(&entry.key, entry.seq, kind, value).unwrap();
    }
    let estimated = writer.estimated_len();
    let max = model.iter().filter_map(|e| e.seq).max().unwrap_or(BASE);
    let summary = writer.finish(max).unwrap();
    assert_eq!(summary.file_len, file.bytes().len() as u64);
    let slack = summary.file_len / 4 + 200_000;
    assert!(estimated.abs_diff(summary.file_len) < slack, "{estimated} for {}", summary.file_len);
    (file, summary)
}

fn open(
    file: &Arc<MemoryFile>,
    cache: Option<&Arc<BlockCache>>,
    mode: ReadMode,
) -> Result<Arc<Table>> {
    Table::open(file.clone(), "memory", ID, DATABASE, cache.cloned(), mode).map(Arc::new)
}

fn value_of(value: &TableValue<'_>, segments: &[SegmentRef]) -> Value {
    match value {
        TableValue::None => Value::Delete,
        TableValue::Inline(bytes) => {
            let shared = bytes.share();
            assert_eq!(&*shared, bytes.as_slice());
            Value::Inline(shared.to_vec())
        }
        TableValue::Pointer { slot, offset, len } => {
            Value::Pointer(ValuePointer { segment: segments[*slot].id, offset: *offset, len: *len })
        }
    }
}

fn check_get(table: &Table, model: &Model, key: &[u8], read_seq: u64) {
    let found = table.get(hash_key(key), key, read_seq).unwrap();
    let expected = visible(model, key, read_seq);
    let found = found.map(|TableEntry { kind, seq, value }| {
        let value = value_of(&value, table.segments());
        assert_eq!(kind == EntryKind::Delete, value == Value::Delete);
        Entry { key: key.to_vec(), seq, value }
    });
    assert_eq!(found.as_ref(), expected, "{key:?} at {read_seq}");
    if expected.is_some() {
        assert!(table.may_contain(hash_key(key), key).unwrap());
    }
}

fn check_cursor<H: PointerHook>(cursor: &TableCursor<H>, model: &Model, at: Option<usize>) {
    assert_eq!(cursor.valid(), at.is_some());
    let Some(at) = at else {
        assert_eq!((cursor.key(), cursor.seq()), (&b""[..], None));
        return;
    };
    let found = Entry {
        key: cursor.key().to_vec(),
        seq: cursor.seq(),
        value: value_of(&cursor.value(), cursor.table().segments()),
    };
    assert_eq!(found, model[at]);
    assert_eq!(cursor.kind() == EntryKind::Delete, found.value == Value::Delete);
}

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

fn plain_keys(n: u32) -> Model {
    (0..n)
        .map(|i| Entry {
            key: format!("key{i:08}").into_bytes(),
            seq: None,
            value: Value::Pointer(ValuePointer { segment: SegmentId(1), offset: i, len: 100 }),
        })
        .collect()
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

/// Every answer that a table can give about a model: either right, or an error that names the file.
fn all_answers(
    file: &Arc<MemoryFile>,
    model: &Model,
    mode: ReadMode,
) -> std::result::Result<(), Error> {
    let mut first_error = None;
    let mut note = |error: Error| {
        assert!(
            matches!(&error, Error::Corruption { path, .. } if path.to_str() == Some("memory")),
            "{error:?}"
        );
        first_error.get_or_insert(error);
    };
    let table =
        open(file, None, mode).inspect_err(|error| assert!(error.is_corruption(), "{error:?}"))?;
    for entry in model {
        for read_seq in [BASE, BASE + 5, u64::MAX] {
            match table.get(hash_key(&entry.key), &entry.key, read_seq) {
                Err(error) => note(error),
                Ok(found) => {
                    let found = found.map(|found| value_of(&found.value, table.segments()));
                    assert_eq!(
                        found.as_ref(),
                        visible(model, &entry.key, read_seq).map(|e| &e.value)
                    );
                }
            }
        }
    }
    let mut cursor = TableCursor::new(table);
    for forward in [true, false] {
        let start = if forward { cursor.seek_to_first() } else { cursor.seek_to_last() };
        let mut at = if forward { 0 } else { model.len() - 1 };
        let mut moved = start;
        while cursor.valid() {
            check_cursor(&cursor, model, Some(at));
            moved = if forward { cursor.next() } else { cursor.prev() };
            at = if forward { at + 1 } else { at.wrapping_sub(1) };
        }
        match moved {
            Err(error) => note(error),
            Ok(()) => {
                assert_eq!(at, if forward { model.len() } else { usize::MAX }, "an end too early")
            }
        }
    }
    first_error.map_or(Ok(()), Err)
}

fn small_model() -> Model {
    let keys = (0..40_u32).map(|i| format!("k{i:03}").into_bytes()).collect();
    entries_for(&keys, &mut Random(3), 9)
        .into_iter()
        .filter(|e| !matches!(&e.value, Value::Inline(bytes) if bytes.len() > 100))
        .collect()
}

#[test]
fn every_flipped_bit_is_found_or_harmless() {
    let model = small_model();
    let options = TableOptions { block_size: 200, base_sequence: BASE, ..TableOptions::default() };
    let (file, _) = write(&model, options);
    let good = file.bytes();
    all_answers(&file, &model, ReadMode::Mapped).unwrap();
    let mut harmless = 0;
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        for bit in 0..8 {
            // All bits of every 16th byte, one bit of the others: checksums treat them all alike.
            if bit != at % 8 && at % 16 != 0 {
                continue;
            }
            bytes[at] = good[at] ^ (1 << bit);
            let mode = if (at + bit) % 2 == 0 { ReadMode::Mapped } else { ReadMode::Positioned };
            let file = MemoryFile::new(bytes.clone());
            if all_answers(&file, &model, mode).is_ok() {
                harmless += 1;
                // Nothing but the zeros between blocks can change without a reader seeing it; `verify` does.
                let mut found = 0;
                open(&file, None, mode).unwrap().verify(&mut |_| found += 1);
                assert_eq!(found, 1, "byte {at}");
                assert_eq!(good[at], 0);
            }
        }
    }
    assert!(harmless < 64 * 8);
}

#[test]
fn every_truncation_is_found() {
    let model = small_model();
    let (file, _) = write(
        &model,
        TableOptions { block_size: 200, base_sequence: BASE, ..TableOptions::default() },
    );
    let good = file.bytes();
    for len in 0..good.len() {
        let error =
            open(&MemoryFile::new(good[..len].to_vec()), None, ReadMode::Mapped).unwrap_err();
        assert!(error.is_corruption(), "{len}: {error}");
    }
    let mut longer = good;
    longer.push(0);
    assert!(open(&MemoryFile::new(longer), None, ReadMode::Mapped).unwrap_err().is_corruption());
}

#[test]
fn another_table_or_database_is_refused() {
    let (file, _) = write(&plain_keys(10), TableOptions::default());
    for (id, database) in [(TableId(8), DATABASE), (ID, 1)] {
        let error =
            Table::open(file.clone(), "memory", id, database, None, ReadMode::Mapped).unwrap_err();
        assert!(error.is_corruption() && error.to_string().contains("expected table"), "{error}");
    }
}

#[test]
fn the_writer_refuses_what_is_no_table() {
    let writer =
        |options| TableWriter::new(MemoryFile::new(Vec::new()), "memory", ID, DATABASE, options);
    for options in [
        TableOptions { block_size: 10, ..TableOptions::default() },
        TableOptions { filter_bits_per_key: f32::NAN, ..TableOptions::default() },
        TableOptions { filter_bits_per_key: -1.0, ..TableOptions::default() },
        #[cfg(not(feature = "lz4"))]
        TableOptions { compression: Compression::Lz4, ..TableOptions::default() },
        #[cfg(not(feature = "zstd"))]
        TableOptions { compression: Compression::Zstd(1), ..TableOptions::default() },
        #[cfg(feature = "zstd")]
        TableOptions { compression: Compression::Zstd(99), ..TableOptions::default() },
    ] {
        assert!(matches!(writer(options).unwrap_err(), Error::InvalidOption { .. }));
    }
    let based = TableOptions { base_sequence: 10, ..TableOptions::default() };
    assert!(writer(based.clone()).unwrap().finish(10).is_err(), "an empty table");
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", Some(9), EntryKind::Delete, EntryValue::None).is_err());
    assert!(it.add(b"l", Some(11), EntryKind::Delete, EntryValue::None).is_err(), "after an error");
    assert!(it.finish(10).is_err(), "after an error");
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", None, EntryKind::Delete, EntryValue::Inline(b"")).is_err());
    let mut it = writer(based.clone()).unwrap();
    assert!(it.add(b"k", None, EntryKind::Put, EntryValue::None).is_err());
    let mut it = writer(based).unwrap();
    let long = vec![0; MAX_KEY_LEN + 1];
    let error = it.add(&long, None, EntryKind::Delete, EntryValue::None).unwrap_err();
    assert!(matches!(error, Error::KeyTooLong { .. }));
}

#[test]
fn the_writer_refuses_disorder() {
    type Named = (&'static [u8], Option<u64>);
    let pairs: [(Named, Named); 5] = [
        ((b"b", None), (b"a", None)),
        ((b"a", None), (b"a", None)),
        ((b"a", None), (b"a", Some(5))),
        ((b"a", Some(5)), (b"a", Some(5))),
        ((b"", Some(5)), (b"", Some(6))),
    ];
    for (first, second) in pairs {
        let result = std::panic::catch_unwind(|| {
            let file = MemoryFile::new(Vec::new());
            let mut it =
                TableWriter::new(file, "memory", ID, DATABASE, TableOptions::default()).unwrap();
            it.add(first.0, first.1, EntryKind::Delete, EntryValue::None).unwrap();
            it.add(second.0, second.1, EntryKind::Delete, EntryValue::None)
        });
        // A panic in debug builds, an error in others.
        assert!(result.is_err() || result.is_ok_and(|added| added.is_err()));
    }
}

#[test]
fn a_key_of_very_many_versions() {
    let mut model: Model = (0..40_000)
        .map(|i| Entry { key: b"hot".to_vec(), seq: Some(100_000 - i), value: Value::Delete })
        .collect();
    model.insert(0, Entry { key: b"a".to_vec(), seq: None, value: Value::Delete });
    model.push(Entry { key: b"z".to_vec(), seq: None, value: Value::Delete });
    let (file, _) = write(&model, TableOptions::default());
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    for read_seq in [60_000, 60_001, 60_017, 80_000, 100_000, 100_001, u64::MAX] {
        check_get(&table, &model, b"hot", read_seq);
    }
    check_get(&table, &model, b"z", 0);
    let mut cursor = TableCursor::new(table);
    cursor.seek_for_prev(b"hot").unwrap();
    assert_eq!(cursor.seq(), Some(60_001));
    cursor.seek(b"hot").unwrap();
    assert_eq!(cursor.seq(), Some(100_000));
    let file = MemoryFile::new(Vec::new());
    let mut writer =
        TableWriter::new(file, "memory", ID, DATABASE, TableOptions::default()).unwrap();
    let refused = (0..=65_535)
        .rev()
        .find_map(|seq| writer.add(b"k", Some(seq), EntryKind::Delete, EntryValue::None).err());
    assert!(refused.is_some_and(|error| error.to_string().contains("more than 65535 entries")));
}

#[cfg(feature = "lz4")]
#[test]
fn blocks_are_compressed_only_if_it_pays_and_cached_once() {
    let mut random = Random(9);
    let mut model = Model::new();
    for i in 0..400_u32 {
        // The first half compresses, the second is noise.
        let bytes = (0..100).map(|_| if i < 200 { b'x' } else { random.next() as u8 }).collect();
        let key = if i < 200 {
            format!("key{i:08}").into_bytes()
        } else {
            [b"z", &(u64::from(i) << 48 | random.next() >> 16).to_be_bytes()[..]].concat()
        };
        model.push(Entry { key, seq: None, value: Value::Inline(bytes) });
    }
    let (file, _) =
        write(&model, TableOptions { compression: Compression::Lz4, ..TableOptions::default() });
    let cache = Arc::new(BlockCache::new(1 << 20));
    let table = open(&file, Some(&cache), ReadMode::Mapped).unwrap();
    let codecs: BTreeSet<_> = table
        .layout()
        .unwrap()
        .blocks
        .iter()
        .filter(|b| b.kind == BlockKind::Data)
        .map(|b| b.codec)
        .collect();
    assert_eq!(codecs, BTreeSet::from(["lz4", "none"]));
    assert_eq!((cache.hits(), cache.misses()), (0, 0));
    for _ in 0..3 {
        check_get(&table, &model, b"key00000007", 0);
    }
    assert_eq!((cache.hits(), cache.misses()), (2, 1));
    let last = model.last().unwrap().key.clone();
    check_get(&table, &model, &last, 0);
    assert_eq!(
        (cache.hits(), cache.misses()),
        (2, 1),
        "a block that is not compressed is read in place"
    );
}

#[test]
fn shared_bytes_outlive_their_table() {
    let model =
        vec![Entry { key: b"k".to_vec(), seq: None, value: Value::Inline(b"value".to_vec()) }];
    let (file, _) = write(&model, TableOptions::default());
    for mode in [ReadMode::Mapped, ReadMode::Positioned] {
        let table = open(&file, None, mode).unwrap();
        let entry = table.get(hash_key(b"k"), b"k", 0).unwrap().unwrap();
        let TableValue::Inline(value) = entry.value else { panic!("{:?}", entry.value) };
        let shared = value.share();
        drop(value);
        drop(table);
        assert_eq!(&*shared, b"value");
    }
}

#[derive(Clone, Default)]
struct Heard {
    near: Arc<Mutex<Vec<u32>>>,
    upcoming: Arc<Mutex<Vec<u32>>>,
}

impl PointerHook for Heard {
    fn near(&mut self, pointer: Pointer) {
        self.near.lock().unwrap().push(pointer.offset);
    }

    fn hears_of_intervals(&self) -> bool {
        true
    }

    fn upcoming(&mut self, pointers: &[Pointer]) {
        self.upcoming.lock().unwrap().extend(pointers.iter().map(|pointer| pointer.offset));
    }
}

#[test]
fn the_hook_hears_of_every_pointer_before_the_cursor_gets_there() {
    let model = plain_keys(1000);
    let (file, _) = write(&model, TableOptions::default());
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    for forward in [true, false] {
        let heard = Heard::default();
        let mut cursor = TableCursor::with_hook(Arc::clone(&table), heard.clone());
        if forward { cursor.seek_to_first() } else { cursor.seek_to_last() }.unwrap();
        let count = |heard: &Mutex<Vec<u32>>| heard.lock().unwrap().len();
        assert!(count(&heard.upcoming) <= 16, "a single seek decodes a single interval");
        let mut passed = 0;
        while cursor.valid() {
            let TableValue::Pointer { offset, .. } = cursor.value() else { panic!() };
            assert!(heard.near.lock().unwrap().contains(&offset));
            assert!(heard.upcoming.lock().unwrap().contains(&offset));
            passed += 1;
            let (near, upcoming) = (count(&heard.near), count(&heard.upcoming));
            assert!(near <= passed + 16 && upcoming <= passed + 32);
            // Once it is seen to go on, it is an interval ahead.
            if (40..=980).contains(&passed) {
                assert!(near > passed && upcoming >= passed + 8, "{near} {upcoming}");
            }
            if forward { cursor.next() } else { cursor.prev() }.unwrap();
        }
        assert_eq!(count(&heard.near), 1000, "each is heard of once");
        assert_eq!(count(&heard.upcoming), 1000, "each is heard of once");
    }
}

/// A cursor that turns round hears of what lies the other way, wherever it turns.
#[test]
fn the_hook_hears_of_pointers_after_a_turn() {
    let model = plain_keys(200);
    let (file, _) = write(&model, TableOptions::default());
    let table = open(&file, None, ReadMode::Mapped).unwrap();
    for steps in 0..100 {
        let heard = Heard::default();
        let mut cursor = TableCursor::with_hook(Arc::clone(&table), heard.clone());
        cursor.seek_to_first().unwrap();
        (0..steps).for_each(|_| cursor.next().unwrap());
        let mut back = 0;
        while cursor.valid() {
            let TableValue::Pointer { offset, .. } = cursor.value() else { panic!() };
            assert!(heard.near.lock().unwrap().contains(&offset));
            cursor.prev().unwrap();
            back += 1;
        }
        assert_eq!(back, steps + 1);
    }
}

#[test]
fn mutated_tables_never_panic() {
    assert!(fuzz::resealed_table(&[]), "the seed is sound");
    let mut random = Random(0xf02);
    let mut sound = 0;
    for round in 0..20_000 {
        let mut edits = Vec::new();
        for _ in 0..=random.below(3) {
            edits.extend_from_slice(&(random.next() as u32).to_le_bytes());
        }
        // Most of the time goes into looking at the table, so only some rounds look at one that mostly works.
        sound += u32::from(if round % 8 == 0 {
            fuzz::resealed_table(&edits)
        } else {
            fuzz::data_block(&mutated_block(&mut random));
            true
        });
    }
    assert!(sound < 20_000, "verify never found anything");
}

/// The contents of a data block, with up to four bytes changed.
fn mutated_block(random: &mut Random) -> Vec<u8> {
    use super::data_block::{BlockValue, DataBlockBuilder};
    let mut builder = DataBlockBuilder::default();
    let n = 1 + random.below(40);
    for i in 0..n {
        let value = match i % 3 {
            0 => BlockValue::Delete,
            1 => BlockValue::Inline(b"inline"),
            _ => BlockValue::Pointer { slot: i as usize, offset: 9, len: 300 },
        };
        let key = format!("key{i:03}");
        builder
            .add(
                key.as_bytes(),
                if i % 10 == 0 { 4 } else { 5 }.min(key.len()),
                i as u8,
                (i % 2 == 0).then_some(i),
                value,
            )
            .unwrap();
    }
    let mut contents = Vec::new();
    builder.finish(&mut contents);
    for _ in 0..random.below(4) {
        let at = random.below(contents.len() as u64) as usize;
        contents[at] = random.next() as u8;
    }
    contents
}
