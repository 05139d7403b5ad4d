//! The engine against a `BTreeMap`: any sequence of operations, any options, reopening in between.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a test may fail in any way it likes

use std::{collections::BTreeMap, ops::Bound, path::Path};

use lsm::{
    Batch, Compression, Db, Durability, Keyspace, KeyspaceOptions, Layout, Options, ReadMode,
    Snapshot,
};
use proptest::{collection::vec, prelude::*, sample::select};

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

#[derive(Debug, Clone)]
enum Op {
    Put(Vec<u8>, Vec<u8>, Durability),
    Delete(Vec<u8>),
    Batch(Vec<(u8, Vec<u8>, Option<Vec<u8>>)>, Durability),
    Get(Vec<u8>),
    MultiGet(Vec<Vec<u8>>),
    Scan(bool),
    Range(Vec<u8>, Vec<u8>),
    Prefix(Vec<u8>),
    Walk(Vec<u8>, Vec<bool>, Bounds),
    Snapshot,
    Release,
    CheckSnapshots,
    Flush,
    Compact(Vec<u8>, Vec<u8>),
    CompactAll,
    Reopen,
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => vec(select(b"abc".as_slice()), 0..4),
        1 => vec(any::<u8>(), 0..40),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => vec(any::<u8>(), 0..12),
        2 => vec(any::<u8>(), 12..200),
        1 => (any::<u8>(), 200..6000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        Just(Bound::Unbounded),
        key().prop_map(Bound::Included),
        key().prop_map(Bound::Excluded)
    ]
}

fn within(bounds: &Bounds, key: &[u8]) -> bool {
    let (low, high) = bounds;
    let above = match low {
        Bound::Unbounded => true,
        Bound::Included(low) => key >= low.as_slice(),
        Bound::Excluded(low) => key > low.as_slice(),
    };
    above
        && match high {
            Bound::Unbounded => true,
            Bound::Included(high) => key <= high.as_slice(),
            Bound::Excluded(high) => key < high.as_slice(),
        }
}

fn op() -> impl Strategy<Value = Op> {
    let durability = || prop_oneof![8 => Just(Durability::Buffered), 1 => Just(Durability::Sync), 2 => Just(Durability::None)];
    prop_oneof![
        24 => (key(), value(), durability()).prop_map(|(key, value, durability)| Op::Put(key, value, durability)),
        6 => key().prop_map(Op::Delete),
        4 => (vec((0..2_u8, key(), proptest::option::of(value())), 1..12), durability()).prop_map(|(batch, durability)| Op::Batch(batch, durability)),
        8 => key().prop_map(Op::Get),
        1 => vec(key(), 0..8).prop_map(Op::MultiGet),
        2 => any::<bool>().prop_map(Op::Scan),
        2 => (key(), key()).prop_map(|(a, b)| Op::Range(a, b)),
        1 => key().prop_map(Op::Prefix),
        4 => (key(), vec(any::<bool>(), 0..20), (bound(), bound())).prop_map(|(key, steps, bounds)| Op::Walk(key, steps, bounds)),
        2 => Just(Op::Snapshot),
        1 => Just(Op::Release),
        2 => Just(Op::CheckSnapshots),
        2 => Just(Op::Flush),
        1 => (key(), key()).prop_map(|(a, b)| Op::Compact(a, b)),
        1 => Just(Op::CompactAll),
        1 => Just(Op::Reopen),
    ]
}

#[derive(Debug, Clone)]
struct Config {
    keyspace: KeyspaceOptions,
    mapped_log: bool,
    mapped_tables: bool,
    write_buffer: usize,
    segment: usize,
    cache: usize,
    memtables: usize,
    compaction_threads: usize,
    /// Of garbage, at rest and while there are writers.
    space: (f64, f64),
}

/// Every codec of this build.
fn codecs() -> Vec<Compression> {
    let mut codecs = vec![Compression::None];
    if cfg!(feature = "lz4") {
        codecs.push(Compression::Lz4);
    }
    if cfg!(feature = "zstd") {
        codecs.push(Compression::Zstd(3));
    }
    codecs
}

fn config() -> impl Strategy<Value = Config> {
    let layout = prop_oneof![
        Just(Layout::Leveled),
        (0..100_usize).prop_map(|from| Layout::Separated { from })
    ];
    let keyspace = (
        layout,
        (select(codecs()), select(codecs())),
        select(vec![256, 4096]),
        select(vec![0.0_f32, 4.0, 10.0]),
        1..4_usize,
        (select(vec![8 << 10, 64 << 10]), 2..5_u32, select(vec![4 << 10, 64 << 10])),
    )
        .prop_map(|(layout, codecs, block_bytes, filter, level0_tables, levels)| {
            KeyspaceOptions {
                layout,
                compression: codecs.0,
                value_compression: codecs.1,
                block_bytes,
                filter_bits_per_key: filter,
                level0_tables,
                level1_bytes: levels.0,
                level_ratio: levels.1,
                table_bytes: levels.2,
            }
        });
    (
        keyspace,
        (any::<bool>(), any::<bool>()),
        select(vec![4096, 16 << 10, 1 << 20]),
        select(vec![4096, 64 << 10]),
        select(vec![0, 64 << 10, 8 << 20]),
        (1..4_usize, 1..3_usize),
        select(vec![(1.1, 1.1), (1.3, 2.5), (3.0, 4.0)]),
    )
        .prop_map(|(keyspace, mapped, write_buffer, segment, cache, threads, space)| Config {
            keyspace,
            mapped_log: mapped.0,
            mapped_tables: mapped.1,
            write_buffer,
            segment,
            cache,
            memtables: threads.0,
            compaction_threads: threads.1,
            space,
        })
}

struct Pair {
    keyspace: Keyspace,
    model: Model,
}

struct Run {
    config: Config,
    db: Option<Db>,
    pairs: Vec<Pair>,
    snapshots: Vec<(Snapshot, Vec<Model>)>,
}

impl Run {
    fn open(dir: &Path, config: Config, models: Vec<Model>) -> Self {
        let options = Options::default()
            .write_buffer_bytes(config.write_buffer)
            .segment_bytes(config.segment)
            .cache_bytes(config.cache)
            .max_immutable_memtables(config.memtables)
            .compaction_threads(config.compaction_threads)
            .space_target(config.space.0)
            .space_limit(config.space.1)
            .mapped_log(config.mapped_log)
            .read_mode(if config.mapped_tables { ReadMode::Mapped } else { ReadMode::Positioned });
        let db = Db::open(dir, options).unwrap();
        let pairs = models
            .into_iter()
            .enumerate()
            .map(|(index, model)| Pair {
                keyspace: db.keyspace(&format!("k{index}"), config.keyspace.clone()).unwrap(),
                model,
            })
            .collect();
        Self { config, db: Some(db), pairs, snapshots: Vec::new() }
    }

    fn db(&self) -> &Db {
        self.db.as_ref().unwrap()
    }

    fn apply(&mut self, dir: &Path, op: Op) {
        let Pair { keyspace, model } = &mut self.pairs[0];
        match op {
            Op::Put(key, value, durability) => {
                keyspace.put_with(&key, &value, durability).unwrap();
                model.insert(key, value);
            }
            Op::Delete(key) => {
                keyspace.delete(&key).unwrap();
                model.remove(&key);
            }
            Op::Batch(operations, durability) => {
                let mut batch = Batch::new();
                for (pair, key, value) in operations {
                    let Pair { keyspace, model } = &mut self.pairs[pair as usize];
                    match value {
                        Some(value) => {
                            batch.put(keyspace, &key, &value).unwrap();
                            model.insert(key, value);
                        }
                        None => {
                            batch.delete(keyspace, &key).unwrap();
                            model.remove(&key);
                        }
                    }
                }
                self.db().write(batch, durability).unwrap();
            }
            Op::Get(key) => {
                assert_eq!(
                    keyspace.get(&key).unwrap().as_deref(),
                    model.get(&key).map(Vec::as_slice)
                );
            }
            Op::MultiGet(keys) => {
                let found = keyspace.multi_get(&keys).unwrap();
                let expected: Vec<_> =
                    keys.iter().map(|key| model.get(key).map(Vec::as_slice)).collect();
                assert_eq!(
                    found.iter().map(|value| value.as_deref()).collect::<Vec<_>>(),
                    expected
                );
            }
            Op::Scan(backward) => check_scan(keyspace, model, backward),
            Op::Range(a, b) => {
                let (low, high) = if a <= b { (a, b) } else { (b, a) };
                let found: Vec<_> =
                    keyspace.range(low.clone()..high.clone()).map(Result::unwrap).collect();
                let bounds = (Bound::Included(&low), Bound::Excluded(&high));
                let expected: Vec<_> = if low == high {
                    Vec::new()
                } else {
                    model.range::<Vec<u8>, _>(bounds).collect()
                };
                assert_eq!(found.len(), expected.len());
                for ((key, value), expected) in found.iter().zip(expected) {
                    assert_eq!((key, &**value), (expected.0, expected.1.as_slice()));
                }
                let mut range = keyspace.range(low.clone()..=high.clone());
                let mut expected = model.range(low..=high);
                while let Some(back) = range.next_back() {
                    assert_eq!(Some(&back.unwrap().0), expected.next_back().map(|item| item.0));
                    assert_eq!(
                        range.next().map(|item| item.unwrap().0).as_ref(),
                        expected.next().map(|item| item.0)
                    );
                }
                assert!(expected.next().is_none());
            }
            Op::Prefix(prefix) => {
                let found: Vec<_> = keyspace.prefix(&prefix).map(|item| item.unwrap().0).collect();
                let expected: Vec<_> =
                    model.keys().filter(|key| key.starts_with(&prefix)).cloned().collect();
                assert_eq!(found, expected);
            }
            Op::Walk(start, steps, bounds) => check_walk(keyspace, model, &start, &steps, bounds),
            Op::Snapshot => {
                let models = self.pairs.iter().map(|pair| pair.model.clone()).collect();
                let snapshot = self.db().snapshot();
                self.snapshots.push((snapshot, models));
            }
            Op::Release => drop(self.snapshots.pop()),
            Op::CheckSnapshots => self.check_snapshots(),
            Op::Flush => self.db().flush().unwrap(),
            Op::Compact(a, b) => keyspace.compact(a..=b).unwrap(),
            Op::CompactAll => keyspace.compact::<&[u8]>(..).unwrap(),
            Op::Reopen => {
                self.check_snapshots();
                self.snapshots.clear();
                let models = self.pairs.drain(..).map(|pair| pair.model).collect();
                self.db.take().unwrap().close().unwrap();
                *self = Self::open(dir, self.config.clone(), models);
            }
        }
    }

    fn check_snapshots(&self) {
        for (snapshot, models) in &self.snapshots {
            for (pair, model) in self.pairs.iter().zip(models) {
                let found: Vec<_> = pair
                    .keyspace
                    .range_at::<&[u8]>(snapshot, ..)
                    .map(|item| item.map(|(key, value)| (key, value.to_vec())).unwrap())
                    .collect();
                assert_eq!(found, model.clone().into_iter().collect::<Vec<_>>());
                let keys: Vec<_> = model.keys().collect();
                let values = pair.keyspace.multi_get_at(&keys, snapshot).unwrap();
                assert!(
                    values
                        .iter()
                        .map(|value| value.as_deref())
                        .eq(model.values().map(|value| Some(&value[..])))
                );
                let prefixed = pair.keyspace.prefix_at(snapshot, b"a").map(|item| item.unwrap().0);
                assert!(prefixed.eq(model.keys().filter(|key| key.starts_with(b"a")).cloned()));
                for key in model.keys() {
                    assert_eq!(
                        pair.keyspace.get_at(key, snapshot).unwrap().as_deref(),
                        model.get(key).map(Vec::as_slice)
                    );
                }
            }
        }
    }

    fn check_all(&self) {
        for pair in &self.pairs {
            check_scan(&pair.keyspace, &pair.model, false);
            check_scan(&pair.keyspace, &pair.model, true);
        }
        self.check_snapshots();
        let report = self.db().verify().unwrap();
        assert!(report.is_sound(), "{:?}", report.damage);
    }
}

fn check_scan(keyspace: &Keyspace, model: &Model, backward: bool) {
    let mut cursor = keyspace.cursor();
    if backward { cursor.seek_to_last() } else { cursor.seek_to_first() }.unwrap();
    let mut expected: Vec<_> = model.iter().collect();
    if backward {
        expected.reverse();
    }
    for (key, value) in expected {
        assert!(cursor.valid(), "the scan ends before {key:?}");
        assert_eq!(cursor.key(), key);
        assert_eq!(cursor.value().unwrap(), *value);
        if backward { cursor.prev() } else { cursor.next() }.unwrap();
    }
    assert!(!cursor.valid());
}

/// From a place, and then to and fro: a step that leaves the bounds leaves the cursor nowhere.
fn check_walk(keyspace: &Keyspace, model: &Model, start: &[u8], steps: &[bool], bounds: Bounds) {
    let inside = |key: &[u8]| within(&bounds, key);
    let mut cursor = keyspace.cursor_with(None, bounds.clone());
    let mut keys = model.iter().filter(|(key, _)| inside(key));
    let mut at = match steps.len() % 4 {
        0 => {
            cursor.seek(start).unwrap();
            keys.find(|(key, _)| key.as_slice() >= start)
        }
        1 => {
            cursor.seek_for_prev(start).unwrap();
            keys.rfind(|(key, _)| key.as_slice() <= start)
        }
        2 => {
            cursor.seek_to_first().unwrap();
            keys.next()
        }
        _ => {
            cursor.seek_to_last().unwrap();
            keys.next_back()
        }
    };
    for forward in steps {
        assert_eq!(cursor.valid().then(|| cursor.key()), at.map(|(key, _)| key.as_slice()));
        let Some((key, value)) = at else { return };
        assert_eq!(cursor.value().unwrap(), *value);
        assert_eq!(cursor.lend().unwrap(), (key.as_slice(), value.as_slice()));
        if *forward {
            cursor.next().unwrap();
            at = model.range((Bound::Excluded(key.clone()), Bound::Unbounded)).next();
        } else {
            cursor.prev().unwrap();
            at = model.range(..key.clone()).next_back();
        }
        at = at.filter(|(key, _)| inside(key));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_map(config in config(), ops in vec(op(), 1..220)) {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::open(dir.path(), config, vec![Model::new(), Model::new()]);
        for op in ops {
            run.apply(dir.path(), op);
        }
        run.check_all();
    }
}
