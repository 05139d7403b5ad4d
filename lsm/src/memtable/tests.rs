//! Tests against a model (a `BTreeMap` of key and descending sequence number), at the edges, and under threads.

mod concurrent;
mod edges;
mod measure;
mod model;

use super::*;
use crate::hash_key;

fn put(memtable: &Memtable, key: &[u8], seq: u64, value: &[u8]) {
    memtable.insert(hash_key(key), key, seq, EntryKind::Put, Payload::Inline(value));
}

fn get<'a>(memtable: &'a Memtable, key: &[u8], read_seq: u64) -> Option<Found<'a>> {
    memtable.get(hash_key(key), key, read_seq)
}
