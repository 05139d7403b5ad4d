//! The write path.
//!
//! A commit takes its sequence number, its place in the log and its memtables under one short lock, so that commit
//! order, log order and sequence order are one. Outside of the lock it copies its records into the log, inserts into
//! the memtables, and then publishes itself: commits become visible in order, and none is acknowledged before all
//! earlier ones are complete in the log. That is what lets recovery stop at the first record that does not check.

mod active;
mod log_bound;
mod state;
mod ticket;

use std::sync::Arc;

pub(crate) use self::state::CommitState;
use super::core::Core;
use crate::{
    Batch, Durability, EntryKind, Error, KeyspaceId, Result, SequenceNumber,
    batch::check_lengths,
    entry::hash_key,
    keyspace::KeyspaceCore,
    log::{LogPosition, Unwritten, record_len},
};

impl Core {
    /// Commits one put or delete.
    pub(crate) fn write_one(
        &self,
        keyspace: &KeyspaceCore,
        kind: EntryKind,
        key: &[u8],
        value: &[u8],
        durability: Durability,
    ) -> Result<()> {
        check_lengths(key, value)?;
        self.check_writable()?;
        let hash = hash_key(key);
        // The one place that is surely not in the cache comes while the value is compressed. A hint: if the memtable is
        // rotated meanwhile, it was for nothing.
        let current = keyspace.current();
        current.active.memtable().prefetch_to_insert(hash);
        let compressed = match durability {
            Durability::None => None,
            _ => keyspace.compress(value),
        };
        let stored = compressed.as_deref().unwrap_or(value);
        let keyspace = keyspace.id;
        let len = stored_len(keyspace, kind, key, stored);
        self.check_batch(len)?;
        self.slow_down(&[keyspace], len)?;
        let (ticket, (rotated, slot)) =
            self.take_ticket(&[keyspace], len, durability, |commit, place| {
                let (memtable, slot) = commit.target(keyspace, place)?;
                let known = Arc::ptr_eq(memtable, &current.active);
                Ok(((!known).then(|| Arc::clone(memtable)), slot))
            })?;
        let memtable = rotated.as_ref().unwrap_or(&current.active);
        match ticket.reservation {
            Some(reservation) => {
                let segment = memtable.segment(slot).map_err(|error| self.poison(error))?;
                if ticket.wants_pages {
                    self.background.populate(segment);
                }
                let mut encoder = reservation.encoder(segment);
                let pointer = match kind {
                    EntryKind::Put => {
                        encoder.put(keyspace, key, stored, compressed.is_some(), true)
                    }
                    EntryKind::Delete => encoder.delete(keyspace, key, true),
                };
                let _written = encoder.finish().map_err(|unwritten| self.take_back(unwritten))?;
                memtable.insert_logged(hash, key, ticket.sequence, kind, slot, pointer);
            }
            None => memtable.insert_unlogged(hash, key, ticket.sequence, kind, value),
        }
        self.counters.user_bytes.add((key.len() + value.len()) as u64);
        self.acknowledge(ticket.sequence, ticket.end, durability)
    }

    /// Commits a batch.
    pub(crate) fn write_batch(&self, batch: &Batch, durability: Durability) -> Result<()> {
        self.check_writable()?;
        if batch.is_empty() {
            return Ok(());
        }
        let decompressed;
        let batch = if durability == Durability::None {
            decompressed = batch.decompressed()?;
            &decompressed
        } else {
            batch
        };
        let mut len = 0_usize;
        let mut keyspaces: Vec<KeyspaceId> = Vec::new();
        for entry in batch.entries() {
            if entry.identity != self.identity {
                return Err(Error::InvalidOption {
                    option: "batch",
                    found: "it has an operation on a keyspace of another database, or of this one as it was open before; \
                            fill it with keyspaces of the `Db` that writes it"
                        .to_owned(),
                });
            }
            len += stored_len(entry.keyspace, entry.kind, entry.key, entry.value);
            if !keyspaces.contains(&entry.keyspace) {
                keyspaces.push(entry.keyspace);
            }
        }
        self.check_batch(len)?;
        self.slow_down(&keyspaces, len)?;
        let (ticket, targets) =
            self.take_ticket(&keyspaces, len, durability, |commit, place| {
                let target = |id: &KeyspaceId| {
                    let (memtable, slot) = commit.target(*id, place)?;
                    Ok((*id, Arc::clone(memtable), slot))
                };
                keyspaces.iter().map(target).collect::<Result<Vec<_>>>()
            })?;
        let mut pointers = None;
        // There is one, for the batch is not empty.
        if let (Some(reservation), Some((_, memtable, slot))) =
            (ticket.reservation, targets.first())
        {
            let segment = memtable.segment(*slot).map_err(|error| self.poison(error))?;
            if ticket.wants_pages {
                self.background.populate(segment);
            }
            let mut encoder = reservation.encoder(segment);
            let mut entries = batch.entries();
            let pointers = pointers.insert(Vec::with_capacity(batch.len()));
            while let Some(entry) = entries.next() {
                let last = entries.len() == 0;
                pointers.push(match entry.kind {
                    EntryKind::Put => {
                        encoder.put(entry.keyspace, entry.key, entry.value, entry.compressed, last)
                    }
                    EntryKind::Delete => encoder.delete(entry.keyspace, entry.key, last),
                });
            }
            let _written = encoder.finish().map_err(|unwritten| self.take_back(unwritten))?;
        }
        for (index, entry) in batch.entries().enumerate() {
            // Every keyspace of the batch is among the targets, which are few.
            let Some((_, memtable, slot)) =
                targets.iter().find(|target| target.0 == entry.keyspace)
            else {
                continue;
            };
            let hash = hash_key(entry.key);
            match &pointers {
                Some(pointers) => {
                    memtable.insert_logged(
                        hash,
                        entry.key,
                        ticket.sequence,
                        entry.kind,
                        *slot,
                        pointers[index],
                    );
                }
                None => memtable.insert_unlogged(
                    hash,
                    entry.key,
                    ticket.sequence,
                    entry.kind,
                    entry.value,
                ),
            }
        }
        self.counters.user_bytes.add(batch.bytes() as u64);
        self.acknowledge(ticket.sequence, ticket.end, durability)
    }

    /// After a commit that could not be written. A hole in the log would hide everything behind it from recovery: the log
    /// goes on elsewhere, as if the commit had not been, unless there is something behind the hole already.
    #[cold]
    fn take_back(&self, unwritten: Unwritten) -> Error {
        let Unwritten { reservation, error } = unwritten;
        let taken_back = self.commit.lock().log_mut().take_back(&reservation);
        match taken_back {
            Ok(true) => {
                // Nothing was inserted: what becomes visible is a number. Others may wait for it.
                self.publisher.complete(reservation.sequence());
                error
            }
            Ok(false) | Err(_) => self.poison(error),
        }
    }

    fn check_batch(&self, len: usize) -> Result<()> {
        let limit = self.options.max_batch_bytes;
        if len > limit { Err(Error::BatchTooLarge { len, limit }) } else { Ok(()) }
    }

    /// Makes a commit visible, and durable if it asked for that.
    #[inline]
    fn acknowledge(
        &self,
        sequence: SequenceNumber,
        end: LogPosition,
        durability: Durability,
    ) -> Result<()> {
        self.publisher.complete(sequence);
        if durability == Durability::Sync {
            // The leader of the sync has waited for the commits before this one.
            return self.sync_log(end);
        }
        self.publisher.wait_visible(sequence).map_err(|_| self.why_no_writes())
    }

    #[cold]
    fn why_no_writes(&self) -> Error {
        self.check_writable().err().unwrap_or(Error::Closed)
    }
}

/// Bytes that an operation takes in the log.
#[inline]
fn stored_len(keyspace: KeyspaceId, kind: EntryKind, key: &[u8], value: &[u8]) -> usize {
    record_len(keyspace, key.len(), (kind == EntryKind::Put).then_some(value.len()))
}
