//! What random steps seldom come to: the empty, the long, the large, the colliding.

use super::{
    model::{Harness, Owned},
    *,
};
use crate::{MAX_KEY_LEN, hash_key};

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

/// Tables that are made anew make room for all that is expected, once; what is in them stays, and what was expected too low does no harm.
#[test]
fn tables_grow_to_what_is_expected() {
    let count: u32 = if cfg!(miri) { 600 } else { 60_000 };
    let insert = |memtable: &Memtable, keys: std::ops::Range<u32>| {
        for number in keys {
            let key = number.to_be_bytes();
            memtable.insert(hash_key(&key), &key, 1, EntryKind::Put, Payload::Inline(b""));
        }
    };
    let filled = |expect: Option<usize>| {
        let memtable = Memtable::new(0);
        insert(&memtable, 0..count / 8);
        if let Some(entries) = expect {
            memtable.expect(entries);
        }
        insert(&memtable, count / 8..count);
        for number in 0..count {
            let key = number.to_be_bytes();
            assert!(memtable.get(hash_key(&key), &key, 1).is_some(), "{number}");
        }
        assert_eq!(memtable.entries(), u64::from(count));
        memtable.bytes()
    };
    let doubled = filled(None);
    assert!(filled(Some(count as usize)) < doubled);
    assert_eq!(filled(Some(0)), doubled);
    assert_eq!(filled(Some(count as usize / 100)), doubled);
}
