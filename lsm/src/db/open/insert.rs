//! Insertion of what replay finds, on a thread of its own.

use std::{
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use crate::{
    EntryKind, SequenceNumber, ValuePointer, entry::hash_key, keyspace::LiveMemtable,
    log::BatchRecord,
};

/// Entries that are handed over at once.
const CHUNK: usize = 1024;
/// Bytes of keys at which fewer are.
const CHUNK_KEYS: usize = 64 << 10;
/// Chunks that may be on their way. What a chunk takes in memory, some 100 KiB, is not worth more.
const AHEAD: usize = 4;
/// How many entries ahead the memtable is asked to fetch its lines: the time of a cache miss in insertions.
const PREFETCH: usize = 16;

/// Inserts entries in the order in which they are added, some time after that: at once in chunks, and if there is more
/// than one chunk, on another thread.
#[derive(Default)]
pub(super) struct Inserter {
    chunk: Option<Chunk>,
    worker: Option<Worker>,
}

struct Worker {
    chunks: SyncSender<Chunk>,
    thread: JoinHandle<()>,
}

/// Entries of one memtable.
struct Chunk {
    memtable: Arc<LiveMemtable>,
    entries: Vec<Entry>,
    /// The keys, back to back: copies, because the log may be read into a buffer that does not last.
    keys: Vec<u8>,
}

struct Entry {
    hash: u64,
    sequence: SequenceNumber,
    pointer: ValuePointer,
    key_len: u32,
    slot: u16,
    kind: EntryKind,
}

impl Inserter {
    /// Adds an entry.
    pub(super) fn add(
        &mut self,
        memtable: &Arc<LiveMemtable>,
        record: &BatchRecord<'_>,
        sequence: SequenceNumber,
        slot: u16,
    ) {
        if self.chunk.as_ref().is_some_and(|chunk| {
            chunk.entries.len() >= CHUNK
                || chunk.keys.len() >= CHUNK_KEYS
                || !Arc::ptr_eq(&chunk.memtable, memtable)
        }) {
            self.hand_over();
        }
        let chunk = self.chunk.get_or_insert_with(|| Chunk {
            memtable: Arc::clone(memtable),
            entries: Vec::with_capacity(CHUNK),
            keys: Vec::with_capacity(CHUNK_KEYS / 2),
        });
        chunk.keys.extend_from_slice(record.key);
        chunk.entries.push(Entry {
            hash: hash_key(record.key),
            sequence,
            pointer: record.pointer,
            key_len: record.key.len() as u32,
            slot,
            kind: record.kind,
        });
    }

    fn hand_over(&mut self) {
        let Some(chunk) = self.chunk.take() else { return };
        if self.worker.is_none() {
            let (chunks, received) = sync_channel::<Chunk>(AHEAD);
            let thread = std::thread::Builder::new().name("lsm-replay".to_owned());
            let spawned = thread.spawn(move || received.iter().for_each(|chunk| chunk.insert()));
            self.worker = spawned.ok().map(|thread| Worker { chunks, thread });
        }
        match &self.worker {
            // It fails if the worker has panicked: `finish` goes on with that.
            Some(worker) => drop(worker.chunks.send(chunk)),
            None => chunk.insert(),
        }
    }

    /// Waits until everything that was added is inserted.
    pub(super) fn finish(&mut self) {
        let rest = self.chunk.take();
        if let Some(Worker { chunks, thread }) = self.worker.take() {
            drop(chunks);
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        if let Some(rest) = rest {
            rest.insert();
        }
    }
}

impl Chunk {
    fn insert(self) {
        let Self { memtable, entries, keys } = self;
        let mut keys = &keys[..];
        for (index, entry) in entries.iter().enumerate() {
            if let Some(ahead) = entries.get(index + PREFETCH) {
                memtable.memtable().prefetch(ahead.hash);
            }
            let (key, rest) = keys.split_at(entry.key_len as usize);
            keys = rest;
            let Entry { hash, sequence, pointer, slot, kind, .. } = *entry;
            memtable.insert_logged(hash, key, sequence, kind, slot, pointer);
        }
    }
}
