//! What a memtable and its cursors should be, and random steps that compare.

use std::{cmp::Reverse, collections::BTreeMap, ops::Bound};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::hash_key;

/// Miri runs everything here, a few hundred times slower.
const CASES: u32 = if cfg!(miri) { 3 } else { 150 };

/// A payload that owns its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Owned {
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

pub(super) type Position = (Vec<u8>, Reverse<u64>);

/// A memtable and what it should be; a cursor and where it should be.
pub(super) struct Harness {
    memtable: Arc<Memtable>,
    pub(super) model: BTreeMap<Position, Owned>,
    inserted: u64,
    deletes: u64,
    cursor: MemCursor,
    /// The model when the cursor's view was made.
    seen: BTreeMap<Position, Owned>,
    at: Option<Position>,
}

impl Harness {
    pub(super) fn new(expected: usize) -> Self {
        let memtable = Arc::new(Memtable::new(expected));
        let cursor = MemCursor::new(memtable.sorted());
        let (model, seen) = Default::default();
        Self { memtable, model, inserted: 0, deletes: 0, cursor, seen, at: None }
    }

    pub(super) fn insert(&mut self, key: &[u8], seq: u64, payload: &Owned) {
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

    pub(super) fn check_get(&self, key: &[u8], read_seq: u64) {
        let newest = self.model.range((key.to_vec(), Reverse(read_seq))..).next();
        let expected =
            newest.filter(|((found, _), _)| found == key).map(|((_, Reverse(seq)), payload)| {
                Found { seq: *seq, kind: payload.kind(), payload: payload.payload() }
            });
        assert_eq!(get(&self.memtable, key, read_seq), expected);
    }

    pub(super) fn check_totals(&self) {
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

    pub(super) fn renew(&mut self) {
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

    pub(super) fn walk_all(&mut self) {
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
