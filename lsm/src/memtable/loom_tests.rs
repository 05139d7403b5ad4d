//! Models for loom, which runs them in every interleaving, with every value that a load may see:
//! `RUSTFLAGS="--cfg loom" cargo test -p lsm --release --lib memtable::loom`.
//!
//! Under loom a memtable has one shard whose first table has two slots, so that a second key makes it grow.

use super::{entry::Payload, shard::Shard, sync::Ordering, *};
use ::loom::{
    sync::{Arc as LoomArc, atomic::AtomicU64},
    thread,
};

/// Two keys whose tags have the same home in the small table, and not in the next.
const A: (u64, &[u8]) = (0, b"a");
const B: (u64, &[u8]) = (1 << 62, b"b");

fn put(shard: &Shard, (hash, key): (u64, &[u8]), seq: u64) {
    let value = seq.to_le_bytes();
    shard.insert(0, hash, key, seq, EntryKind::Put, Payload::Inline(&value));
}

/// The sequence number found, after a check that the entry is whole.
fn get(shard: &Shard, (hash, key): (u64, &[u8]), read_seq: u64) -> Option<u64> {
    let entry = shard.get(hash, key, read_seq)?;
    assert_eq!(entry.key(), key);
    assert_eq!(entry.payload(), Payload::Inline(&entry.seq().to_le_bytes()));
    Some(entry.seq())
}

/// Inserts that a writer announced are found while another writer makes the table grow.
#[test]
fn announced_inserts_are_found_while_the_table_grows() {
    ::loom::model(|| {
        let shard = LoomArc::new(Shard::new());
        let visible = LoomArc::new(AtomicU64::new(0));
        let announcing = {
            let (shard, visible) = (LoomArc::clone(&shard), LoomArc::clone(&visible));
            thread::spawn(move || {
                put(&shard, A, 1);
                visible.store(1, Ordering::Release);
            })
        };
        let growing = {
            let shard = LoomArc::clone(&shard);
            thread::spawn(move || put(&shard, B, 2))
        };
        let read_seq = visible.load(Ordering::Acquire);
        let found = get(&shard, A, read_seq);
        assert_eq!(found, (read_seq == 1).then_some(1));
        // This one was announced by nobody: there or not, but whole.
        assert!(matches!(get(&shard, B, 2), None | Some(2)));
        announcing.join().unwrap();
        growing.join().unwrap();
        assert_eq!((get(&shard, A, 9), get(&shard, B, 9)), (Some(1), Some(2)));
    });
}

/// Two writers of one key arrive in either order; a reader finds the newest it may see.
#[test]
fn a_chain_is_filled_out_of_order() {
    ::loom::model(|| {
        let shard = LoomArc::new(Shard::new());
        put(&shard, A, 1);
        let visible = LoomArc::new(AtomicU64::new(1));
        let older = {
            let (shard, visible) = (LoomArc::clone(&shard), LoomArc::clone(&visible));
            thread::spawn(move || {
                put(&shard, A, 2);
                visible.store(2, Ordering::Release);
            })
        };
        let newer = {
            let shard = LoomArc::clone(&shard);
            thread::spawn(move || put(&shard, A, 3))
        };
        let read_seq = visible.load(Ordering::Acquire);
        assert_eq!(get(&shard, A, read_seq), Some(read_seq));
        older.join().unwrap();
        newer.join().unwrap();
        for seq in 1..=3 {
            assert_eq!(get(&shard, A, seq), Some(seq));
        }
    });
}

/// A batch that writes a key twice shows its last operation once announced, in a view that was begun before as well.
#[test]
fn a_superseded_entry_shows_in_no_view() {
    ::loom::model(|| {
        let memtable = Arc::new(Memtable::new(0));
        let visible = LoomArc::new(AtomicU64::new(0));
        let writer = {
            let (memtable, visible) = (Arc::clone(&memtable), LoomArc::clone(&visible));
            thread::spawn(move || {
                let (hash, key) = A;
                memtable.insert(hash, key, 1, EntryKind::Put, Payload::Inline(b"early"));
                memtable.insert(hash, key, 1, EntryKind::Delete, Payload::None);
                visible.store(1, Ordering::Release);
            })
        };
        // May sort the batch's first operation alone into a run.
        drop(memtable.sorted());
        let read_seq = visible.load(Ordering::Acquire);
        let mut cursor = MemCursor::new(memtable.sorted());
        if read_seq == 1 {
            cursor.seek_to_first();
            assert!(cursor.valid());
            assert_eq!((cursor.key(), cursor.kind()), (A.1, EntryKind::Delete));
            cursor.next();
            assert!(!cursor.valid());
        }
        writer.join().unwrap();
    });
}
