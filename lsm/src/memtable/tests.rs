//! Tests against a model (a `BTreeMap` of key and descending sequence number), and under threads.

use super::*;
use crate::{MAX_KEY_LEN, hash_key};
use proptest::{collection::vec, prelude::*};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    ops::Bound,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

/// Miri runs everything here, a few hundred times slower.
const CASES: u32 = if cfg!(miri) { 3 } else { 150 };

fn put(memtable: &Memtable, key: &[u8], seq: u64, value: &[u8]) {
    memtable.insert(hash_key(key), key, seq, EntryKind::Put, Payload::Inline(value));
}

fn get<'a>(memtable: &'a Memtable, key: &[u8], read_seq: u64) -> Option<Found<'a>> {
    memtable.get(hash_key(key), key, read_seq)
}

/// A payload that owns its value.
#[derive(Debug, Clone, PartialEq)]
enum Owned {
    None,
    Log { slot: u16, offset: u32, len: u32 },
    Inline(Vec<u8>),
}

impl Owned {
    fn kind(&self) -> EntryKind {
        if *self == Self::None { EntryKind::Delete } else { EntryKind::Put }
    }

    fn payload(&self) -> Payload<'_> {
        match self {
            Self::None => Payload::None,
            Self::Log { slot, offset, len } => {
                Payload::Log { slot: *slot, offset: *offset, len: *len }
            }
            Self::Inline(value) => Payload::Inline(value),
        }
    }
}

type Position = (Vec<u8>, Reverse<u64>);

/// A memtable and what it should be; a cursor and where it should be.
struct Harness {
    memtable: Arc<Memtable>,
    model: BTreeMap<Position, Owned>,
    inserted: u64,
    deletes: u64,
    cursor: MemCursor,
    /// The model when the cursor's view was made.
    seen: BTreeMap<Position, Owned>,
    at: Option<Position>,
}

impl Harness {
    fn new(expected: usize) -> Self {
        let memtable = Arc::new(Memtable::new(expected));
        let cursor = MemCursor::new(memtable.sorted());
        let (model, seen) = Default::default();
        Self { memtable, model, inserted: 0, deletes: 0, cursor, seen, at: None }
    }

    fn insert(&mut self, key: &[u8], seq: u64, payload: &Owned) {
        self.memtable.insert(hash_key(key), key, seq, payload.kind(), payload.payload());
        self.inserted += 1;
        self.deletes += u64::from(payload.kind() == EntryKind::Delete);
        let position = (key.to_vec(), Reverse(seq));
        // What took an entry's place after the view was made hides it there as well, and is not in it.
        if self.model.insert(position.clone(), payload.clone()).is_some() {
            self.seen.remove(&position);
            if self.at.as_ref() == Some(&position) {
                self.renew();
            }
        }
    }

    fn check_get(&self, key: &[u8], read_seq: u64) {
        let newest = self.model.range((key.to_vec(), Reverse(read_seq))..).next();
        let expected =
            newest.filter(|((found, _), _)| found == key).map(|((_, Reverse(seq)), payload)| {
                Found { seq: *seq, kind: payload.kind(), payload: payload.payload() }
            });
        assert_eq!(get(&self.memtable, key, read_seq), expected);
    }

    fn check_totals(&self) {
        assert_eq!(self.memtable.entries(), self.inserted);
        assert_eq!(self.memtable.deletes(), self.deletes);
        let seqs = || self.model.keys().map(|(_, Reverse(seq))| *seq);
        assert_eq!(self.memtable.min_seq(), seqs().min());
        assert_eq!(self.memtable.max_seq(), seqs().max());
        let used: usize = self
            .model
            .iter()
            .map(|((key, _), payload)| {
                let inline = if let Owned::Inline(value) = payload { value.len() } else { 0 };
                24 + key.len() + inline
            })
            .sum();
        assert!(self.memtable.bytes() > used);
    }

    fn renew(&mut self) {
        self.cursor = MemCursor::new(self.memtable.sorted());
        self.seen = self.model.clone();
        self.at = None;
    }

    fn check_cursor(&self) {
        assert_eq!(self.cursor.valid(), self.at.is_some());
        if let Some(position) = &self.at {
            let payload = &self.seen[position];
            assert_eq!((self.cursor.key(), self.cursor.seq()), (&*position.0, position.1.0));
            assert_eq!(self.cursor.kind(), payload.kind());
            assert_eq!(self.cursor.payload(), payload.payload());
        }
    }

    fn seek_to_first(&mut self) {
        self.cursor.seek_to_first();
        self.at = self.seen.keys().next().cloned();
        self.check_cursor();
    }

    fn seek_to_last(&mut self) {
        self.cursor.seek_to_last();
        self.at = self.seen.keys().next_back().cloned();
        self.check_cursor();
    }

    fn seek(&mut self, key: &[u8]) {
        self.cursor.seek(key);
        self.at = self.seen.range((key.to_vec(), Reverse(u64::MAX))..).map(|e| e.0).next().cloned();
        self.check_cursor();
    }

    fn seek_for_prev(&mut self, key: &[u8]) {
        self.cursor.seek_for_prev(key);
        self.at = self.seen.range(..=(key.to_vec(), Reverse(0))).map(|e| e.0).next_back().cloned();
        self.check_cursor();
    }

    fn next(&mut self) {
        self.cursor.next();
        if let Some(at) = self.at.take() {
            let behind = (Bound::Excluded(at), Bound::Unbounded);
            self.at = self.seen.range(behind).map(|e| e.0).next().cloned();
        }
        self.check_cursor();
    }

    fn prev(&mut self) {
        self.cursor.prev();
        if let Some(at) = self.at.take() {
            self.at = self.seen.range(..at).map(|e| e.0).next_back().cloned();
        }
        self.check_cursor();
    }

    fn walk_all(&mut self) {
        self.renew();
        self.seek_to_first();
        while self.at.is_some() {
            self.next();
        }
        self.seek_to_last();
        while self.at.is_some() {
            self.prev();
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert { key: Vec<u8>, back: u64, payload: Owned },
    Get { key: Vec<u8>, back: u64 },
    Renew,
    First,
    Last,
    Seek(Vec<u8>),
    SeekForPrev(Vec<u8>),
    Next(usize),
    Prev(usize),
}

/// Few letters, zeros among them, and common beginnings: ties in prefixes, padding, versions.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let letters = || vec(prop_oneof![Just(0_u8), Just(b'a'), Just(0xff)], 0..4);
    let beginning = prop_oneof![
        4 => Just(Vec::new()),
        2 => Just(b"shared01".to_vec()),
        2 => Just(b"shared0123456789".to_vec()),
        1 => Just(vec![0; 8]),
        1 => any::<[u8; 8]>().prop_map(Vec::from),
    ];
    (beginning, letters()).prop_map(|(beginning, end)| [beginning, end].concat())
}

fn payload() -> impl Strategy<Value = Owned> {
    let log = (0..=MAX_LOG_SLOT, any::<u32>(), any::<u32>());
    prop_oneof![
        1 => Just(Owned::None),
        1 => log.prop_map(|(slot, offset, len)| Owned::Log { slot, offset, len }),
        2 => vec(any::<u8>(), 0..40).prop_map(Owned::Inline),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let back = || prop_oneof![3 => Just(0_u64), 1 => 0..30_u64];
    prop_oneof![
        20 => (key(), back(), payload())
            .prop_map(|(key, back, payload)| Step::Insert { key, back, payload }),
        6 => (key(), back()).prop_map(|(key, back)| Step::Get { key, back }),
        2 => Just(Step::Renew),
        1 => Just(Step::First),
        1 => Just(Step::Last),
        3 => key().prop_map(Step::Seek),
        3 => key().prop_map(Step::SeekForPrev),
        4 => (1..6_usize).prop_map(Step::Next),
        4 => (1..6_usize).prop_map(Step::Prev),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn behaves_like_an_ordered_map_of_versions(
        expected in 0..300_usize,
        steps in vec(step(), 1..if cfg!(miri) { 60 } else { 400 }),
    ) {
        let mut harness = Harness::new(expected);
        let mut now = 40;
        for step in steps {
            match step {
                Step::Insert { key, back, payload } => {
                    now += u64::from(back == 0 && payload != Owned::None);
                    harness.insert(&key, now - back, &payload);
                }
                Step::Get { key, back } => harness.check_get(&key, now - back),
                Step::Renew => harness.renew(),
                Step::First => harness.seek_to_first(),
                Step::Last => harness.seek_to_last(),
                Step::Seek(key) => harness.seek(&key),
                Step::SeekForPrev(key) => harness.seek_for_prev(&key),
                Step::Next(times) => (0..times).for_each(|_| harness.next()),
                Step::Prev(times) => (0..times).for_each(|_| harness.prev()),
            }
        }
        harness.check_totals();
        harness.walk_all();
        let positions: Vec<Position> = harness.model.keys().cloned().collect();
        for (key, Reverse(seq)) in positions {
            harness.check_get(&key, seq);
            harness.check_get(&key, seq - 1);
        }
    }
}

#[test]
fn an_empty_memtable_is_small_and_finds_nothing() {
    let memtable = Arc::new(Memtable::new(1_000_000));
    assert!(memtable.bytes() < 10 << 10, "{}", memtable.bytes());
    assert!(memtable.is_empty() && memtable.min_seq().is_none() && memtable.max_seq().is_none());
    assert_eq!(get(&memtable, b"", u64::MAX), None);
    memtable.prefetch(hash_key(b""));
    let mut cursor = MemCursor::new(memtable.sorted());
    assert!(cursor.view_is_empty());
    for step in
        [MemCursor::seek_to_first, MemCursor::seek_to_last, MemCursor::next, MemCursor::prev]
    {
        step(&mut cursor);
        assert!(!cursor.valid());
    }
    cursor.seek(b"");
    assert!(!cursor.valid());
    cursor.seek_for_prev(&[0xff; 100]);
    assert!(!cursor.valid());
}

impl MemCursor {
    fn view_is_empty(&self) -> bool {
        format!("{self:?}").contains("runs: []")
    }
}

#[test]
fn long_chains_in_any_order_of_arrival() {
    let count = if cfg!(miri) { 60 } else { 2_000 };
    for stride in [1, 7, count - 1] {
        let mut harness = Harness::new(0);
        for i in 0..count {
            let seq = 1 + i * stride % count;
            harness.insert(b"hot", seq, &Owned::Inline(seq.to_le_bytes().to_vec()));
            if i % 64 == 0 {
                harness.check_get(b"hot", seq);
                harness.renew();
            }
        }
        for seq in 0..=count + 1 {
            harness.check_get(b"hot", seq);
        }
        harness.walk_all();
        harness.check_totals();
    }
}

#[test]
fn of_one_batch_the_last_operation_on_a_key_wins_everywhere() {
    let mut harness = Harness::new(0);
    harness.insert(b"k", 4, &Owned::Inline(b"old".to_vec()));
    for i in 0..6_u32 {
        harness.insert(b"k", 5, &Owned::Log { slot: 1, offset: i, len: 9 });
        // Sorted in the middle of a batch, as a reader of older versions may do.
        harness.walk_all();
    }
    harness.insert(b"k", 5, &Owned::None);
    // Two more versions: one that is newer, one that came late.
    harness.insert(b"k", 6, &Owned::Inline(b"new".to_vec()));
    harness.insert(b"k", 5, &Owned::Inline(b"last".to_vec()));
    for seq in 3..8 {
        harness.check_get(b"k", seq);
    }
    harness.walk_all();
    harness.check_totals();
    assert_eq!(harness.model.len(), 3);
}

#[test]
fn keys_and_values_of_every_size_find_a_chunk() {
    let mut harness = Harness::new(0);
    let mut seq = 0;
    let mut sizes = vec![0, 1, 7, 8, 9, 990, 1_000, 1_024, 5_000, 65_480, 65_512, 65_513];
    sizes.extend([65_535, MAX_KEY_LEN]);
    for round in 0..if cfg!(miri) { 1 } else { 12 } {
        for &size in &sizes {
            seq += 1;
            let key = vec![round; size];
            harness.insert(&key, seq, &Owned::None);
            seq += 1;
            harness.insert(&[round; 3], seq, &Owned::Inline(vec![size as u8; size * 5]));
            if size == 5_000 {
                harness.walk_all();
            }
        }
    }
    harness.walk_all();
    harness.check_totals();
    for &size in &sizes {
        harness.check_get(&vec![0; size], u64::MAX);
    }
}

#[test]
#[should_panic(expected = "key of 65537 bytes")]
fn a_key_over_the_limit_is_a_bug_of_the_caller() {
    put(&Memtable::new(0), &vec![0; MAX_KEY_LEN + 1], 1, b"");
}

#[test]
#[should_panic(expected = "segment slot 2046")]
fn a_slot_over_the_limit_is_a_bug_of_the_caller() {
    let payload = Payload::Log { slot: MAX_LOG_SLOT + 1, offset: 0, len: 0 };
    Memtable::new(0).insert(hash_key(b"k"), b"k", 1, EntryKind::Put, payload);
}

#[test]
fn keys_whose_hashes_collide_stay_apart() {
    let memtable = Memtable::new(0);
    let count = if cfg!(miri) { 40 } else { 300_u32 };
    for hash in [0, u64::MAX] {
        for i in 0..count {
            let kind = EntryKind::Put;
            memtable.insert(hash, &i.to_be_bytes(), 1, kind, Payload::Inline(&i.to_le_bytes()));
        }
        for i in 0..count {
            let found = memtable.get(hash, &i.to_be_bytes(), 1).map(|found| found.payload);
            assert_eq!(found, Some(Payload::Inline(&i.to_le_bytes())));
        }
        assert_eq!(memtable.get(hash, &count.to_be_bytes(), 1), None);
    }
}

/// Many keys with long common beginnings at several depths: the sort needs several rounds, and groups that end in zeros
/// or differ in length only.
#[test]
fn sorts_keys_with_deep_common_beginnings() {
    let mut harness = Harness::new(0);
    let mut seq = 0;
    let fan = if cfg!(miri) { 2 } else { 8_u8 };
    for depth in [0, 5, 16, 33, 200] {
        for a in 0..fan {
            for b in 0..fan {
                for zeros in (0..30_usize).step_by(if cfg!(miri) { 9 } else { 1 }) {
                    seq += 1;
                    let key = [&vec![b'x'; depth][..], &[a; 9], &[b; 11], &vec![0; zeros]].concat();
                    harness.insert(&key, seq, &Owned::None);
                }
            }
        }
        // Views in between have runs that skip different lengths, and are merged.
        harness.walk_all();
    }
}

#[test]
fn views_share_runs_and_keep_their_moment() {
    let memtable = Arc::new(Memtable::new(0));
    let mut views = Vec::new();
    let count = if cfg!(miri) { 40 } else { 1_000_u64 };
    for i in 0..count {
        put(&memtable, &i.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes(), i + 1, b"v");
        views.push(memtable.sorted());
    }
    for (i, view) in views.iter().enumerate() {
        assert_eq!(view.len(), i + 1);
        let sizes: Vec<usize> = view.runs().iter().map(|run| run.elements().len()).collect();
        assert!(sizes.windows(2).all(|pair| pair[0] >= 4 * pair[1]), "{sizes:?}");
    }
    let (view, again) = (memtable.sorted(), memtable.sorted());
    assert!(view.runs().iter().zip(again.runs()).all(|(a, b)| Arc::ptr_eq(a, b)));
    assert_eq!(memtable.view_bytes(), 16 * count as usize);
}

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

/// `cargo test -p lsm --release --lib memtable::tests::measure -- --ignored --nocapture`
#[test]
#[ignore = "prints times"]
fn measure() {
    const COUNT: usize = 500_000;
    let time = |what: &str, count: usize, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        let nanos = start.elapsed().as_nanos();
        println!("{what:<44} {:>8} ns each {:>9} us", nanos / count as u128, nanos / 1000);
    };
    let mut state = 7_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut keys = |decimal: bool| -> Vec<Vec<u8>> {
        (0..2 * COUNT)
            .map(|_| match decimal {
                true => format!("user:{:016}", random() % 100_000_000).into_bytes(),
                false => [random().to_le_bytes(), random().to_le_bytes()].concat(),
            })
            .collect()
    };
    for (name, keys, expected) in [
        ("random, presized", keys(false), COUNT),
        ("random, from empty", keys(false), 0),
        ("user:NNN, from empty", keys(true), 0),
    ] {
        println!("-- {name}");
        let memtable = Arc::new(Memtable::new(expected));
        let payload = Payload::Log { slot: 1, offset: 2, len: 3 };
        let mut seq = 0;
        time("hash", COUNT, &mut || {
            std::hint::black_box(keys[..COUNT].iter().fold(0, |sum, key| sum ^ hash_key(key)));
        });
        time("hash and insert", COUNT, &mut || {
            for key in &keys[..COUNT] {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
            }
        });
        println!("{:>44} {} bytes an entry", "", memtable.bytes() / COUNT);
        // Keys in one piece, in the order of their use: only the memtable's own cache misses count.
        let len = keys[0].len();
        let hits: Vec<u8> =
            (0..COUNT).flat_map(|i| keys[i * 7_919 % COUNT].iter().copied()).collect();
        let misses: Vec<u8> = keys[COUNT..].concat();
        let mut found = 0;
        for (what, keys) in [("hash and get, hit", &hits), ("hash and get, miss", &misses)] {
            time(what, COUNT, &mut || {
                for key in keys.chunks_exact(len) {
                    found += usize::from(memtable.get(hash_key(key), key, seq).is_some());
                }
            });
        }
        assert!(found >= COUNT);
        let floor: std::collections::HashMap<&[u8], u64> =
            keys[..COUNT].iter().map(|key| (&**key, 1)).collect();
        time("floor: a HashMap of slices, hit", COUNT, &mut || {
            found += hits.chunks_exact(len).filter(|key| floor.contains_key(key)).count();
        });
        drop(floor);
        let mut view = None;
        time("sorted, all new", COUNT, &mut || view = Some(memtable.sorted()));
        let mut cursor = MemCursor::new(view.take().expect("made"));
        time("next, one run", COUNT, &mut || {
            cursor.seek_to_first();
            let mut sum = 0;
            while cursor.valid() {
                sum += cursor.key().len() as u64 + cursor.seq();
                cursor.next();
            }
            std::hint::black_box(sum);
        });
        time("seek, one run", COUNT, &mut || keys[COUNT..].iter().for_each(|key| cursor.seek(key)));
        let mut more = keys[COUNT..].iter();
        time("insert and sorted, 1,000 times", 1_000, &mut || {
            for key in more.by_ref().take(1_000) {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
                view = Some(memtable.sorted());
            }
        });
        println!("{:>44} {:?}", "", view);
        let mut cursor = MemCursor::new(view.expect("made"));
        time("next, these runs", COUNT, &mut || {
            cursor.seek_to_first();
            let mut sum = 0;
            while cursor.valid() {
                sum += cursor.key().len() as u64 + cursor.seq();
                cursor.next();
            }
            std::hint::black_box(sum);
        });
        time("sorted with 100,000 new", 100_000, &mut || {
            for key in more.by_ref().take(100_000) {
                seq += 1;
                memtable.insert(hash_key(key), key, seq, EntryKind::Put, payload);
            }
            std::hint::black_box(memtable.sorted());
        });
    }
}
