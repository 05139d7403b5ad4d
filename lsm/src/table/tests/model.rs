//! What a table should hold, tables made of that, and the comparison of the two.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    EntryKind, Result, SegmentId, ValuePointer, hash_key,
    table::{
        BlockCache, EntryValue, PointerHook, ReadMode, SegmentRef, Table, TableCursor, TableEntry,
        TableOptions, TableSummary, TableValue, TableWriter,
        fuzz::{DATABASE, ID, MemoryFile},
    },
};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Delete,
    Inline(Vec<u8>),
    Pointer(ValuePointer),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) seq: Option<u64>,
    pub(super) value: Value,
}

/// The model: entries by key and by descending sequence number, those without one last.
pub(super) type Model = Vec<Entry>;

pub(super) fn model_of(entries: impl IntoIterator<Item = Entry>) -> Model {
    let map: BTreeMap<_, _> =
        entries.into_iter().map(|e| ((e.key, Reverse(e.seq)), e.value)).collect();
    map.into_iter().map(|((key, Reverse(seq)), value)| Entry { key, seq, value }).collect()
}

pub(super) fn visible<'m>(model: &'m Model, key: &[u8], read_seq: u64) -> Option<&'m Entry> {
    let first = model.partition_point(|e| &e.key[..] < key);
    model[first..]
        .iter()
        .take_while(|e| e.key == key)
        .find(|e| e.seq.is_none_or(|seq| seq <= read_seq))
}

/// A deterministic stream of numbers (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

pub(super) const BASE: u64 = 1000;

/// Gives each key versions, kinds and values.
pub(super) fn entries_for(keys: &BTreeSet<Vec<u8>>, random: &mut Random, segments: u64) -> Model {
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

pub(super) fn plain_keys(n: u32) -> Model {
    (0..n)
        .map(|i| Entry {
            key: format!("key{i:08}").into_bytes(),
            seq: None,
            value: Value::Pointer(ValuePointer { segment: SegmentId(1), offset: i, len: 100 }),
        })
        .collect()
}

pub(super) fn write(model: &Model, options: TableOptions) -> (Arc<MemoryFile>, TableSummary) {
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

pub(super) fn open(
    file: &Arc<MemoryFile>,
    cache: Option<&Arc<BlockCache>>,
    mode: ReadMode,
) -> Result<Arc<Table>> {
    Table::open(file.clone(), "memory", ID, DATABASE, cache.cloned(), mode).map(Arc::new)
}

pub(super) fn value_of(value: &TableValue<'_>, segments: &[SegmentRef]) -> Value {
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

pub(super) fn check_get(table: &Table, model: &Model, key: &[u8], read_seq: u64) {
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

pub(super) fn check_cursor<H: PointerHook>(
    cursor: &TableCursor<H>,
    model: &Model,
    at: Option<usize>,
) {
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
