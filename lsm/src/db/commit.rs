//! The write path.
//!
//! A commit takes its sequence number, its place in the log and its memtables under one short lock, so that commit
//! order, log order and sequence order are one. Outside of the lock it copies its records into the log, inserts into
//! the memtables, and then publishes itself: commits become visible in order, and none is acknowledged before all
//! earlier ones are complete in the log. That is what lets recovery stop at the first record that does not check.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::core::Core;
use crate::{
    Batch, Durability, EntryKind, Error, KeyspaceId, Result, SegmentId, SequenceNumber,
    batch::check_lengths,
    entry::hash_key,
    keyspace::{KeyspaceCore, LiveMemtable, MAX_SEGMENTS},
    log::{
        ClosedSegment, LogPosition, LogWriter, Reservation, Reserved, Segment, Unwritten,
        record_len,
    },
    version::ReplayPosition,
};

/// How often, in parts of the write buffer, a memtable's memory is added up.
const CHECKS_PER_BUFFER: usize = 64;

/// Bytes of log that a memtable may stand for, in write buffers.
pub(crate) const LOG_PER_BUFFER: usize = 2;

/// Looks at the commit lock before a thread leaves it to the operating system to wait.
const SPINS: usize = 100;

/// What the commit lock protects.
#[derive(Debug)]
pub(crate) struct CommitState {
    /// `None` in a database that was opened read-only.
    log: Option<LogWriter>,
    /// By keyspace number.
    active: Vec<Option<Active>>,
    /// The last sequence number of which is known that its commit may start.
    may_start: SequenceNumber,
    /// Segments that take no more records and that were not sealed yet, oldest first.
    closed: Vec<Arc<ClosedSegment>>,
}

/// A keyspace's active memtable, as commits need it: on one cache line, for it goes from writer to writer.
#[derive(Debug)]
#[repr(align(64))]
struct Active {
    keyspace: Arc<KeyspaceCore>,
    memtable: Arc<LiveMemtable>,
    /// The current segment's slot in it.
    slot: Option<(SegmentId, u16)>,
    slots_used: usize,
    /// Bytes of log since its first entry.
    log_bytes: usize,
    /// At how many its memory is added up next.
    next_check: usize,
}

impl Active {
    /// `log_bytes` are those that replay has put into the memtable.
    fn new(keyspace: Arc<KeyspaceCore>, memtable: Arc<LiveMemtable>, log_bytes: usize) -> Self {
        let slots_used = memtable.slots_used();
        Self { keyspace, memtable, slot: None, slots_used, log_bytes, next_check: 0 }
    }
}

impl CommitState {
    pub(crate) fn new(log: Option<LogWriter>) -> Self {
        Self { log, active: Vec::new(), may_start: 0, closed: Vec::new() }
    }

    /// The end of the log.
    ///
    /// # Panics
    /// In a database that was opened read-only: callers have checked that it is writable.
    #[inline]
    pub(crate) fn log(&self) -> &LogWriter {
        self.log.as_ref().unwrap_or_else(|| unreachable!("the log of a read-only database"))
    }

    /// As [`log`](Self::log), to append.
    #[inline]
    pub(crate) fn log_mut(&mut self) -> &mut LogWriter {
        self.log.as_mut().unwrap_or_else(|| unreachable!("the log of a read-only database"))
    }

    /// Lets commits reach a keyspace.
    pub(crate) fn add_keyspace(&mut self, keyspace: &Arc<KeyspaceCore>, log_bytes: usize) {
        let index = keyspace.id.0 as usize;
        if self.active.len() <= index {
            self.active.resize_with(index + 1, || None);
        }
        let memtable = Arc::clone(&keyspace.current().active);
        self.active[index] = Some(Active::new(Arc::clone(keyspace), memtable, log_bytes));
    }

    pub(crate) fn remove_keyspace(&mut self, id: KeyspaceId) {
        if let Some(active) = self.active.get_mut(id.0 as usize) {
            *active = None;
        }
    }

    /// Where the next record will lie.
    pub(crate) fn position(&self) -> ReplayPosition {
        let position = self.log().replay_position();
        ReplayPosition {
            segment: position.segment.0,
            offset: position.offset,
            sequence: position.next_sequence,
        }
    }

    /// Every segment that a sync of the whole log has to cover.
    pub(crate) fn unsynced(&self) -> Vec<Arc<Segment>> {
        let closed = self.closed.iter().map(|closed| Arc::clone(&closed.segment));
        closed.chain([Arc::clone(self.log().current())]).collect()
    }

    /// The oldest segment that is to be sealed.
    pub(crate) fn next_to_seal(&self) -> Option<Arc<ClosedSegment>> {
        self.closed.first().cloned()
    }

    /// Takes the segment in reserve back; at close.
    pub(crate) fn take_reserve(&mut self) -> Option<Arc<Segment>> {
        self.log.as_mut().and_then(LogWriter::take_next)
    }

    /// Notes that a segment was sealed.
    pub(crate) fn sealed(&mut self, id: SegmentId) {
        self.closed.retain(|closed| closed.segment.id() != id);
    }

    fn active(&mut self, id: KeyspaceId) -> Result<&mut Active> {
        self.active
            .get_mut(id.0 as usize)
            .and_then(Option::as_mut)
            .ok_or_else(|| Error::NoKeyspace { name: format!("number {}", id.0) })
    }

    /// Makes room in a keyspace's active memtable for a commit of `len` bytes: rotates it if it is full.
    fn make_room(&mut self, core: &Core, id: KeyspaceId, len: usize) -> Result<(), Obstacle> {
        let limit = core.options.write_buffer_bytes;
        let active = self.active(id)?;
        let mut full = active.slots_used + 2 > MAX_SEGMENTS
            || (active.log_bytes > 0 && active.log_bytes + len > limit * LOG_PER_BUFFER);
        if !full && active.log_bytes >= active.next_check {
            active.next_check = active.log_bytes + limit / CHECKS_PER_BUFFER;
            let bytes = active.memtable.memtable().bytes_with_order();
            full = active.log_bytes > 0 && bytes >= limit;
            core.note_memtable(&active.keyspace, bytes);
        }
        if full && !core.rotate_memtable(self, id)? {
            return Err(Obstacle::Memtables(Arc::clone(&self.active(id)?.keyspace)));
        }
        Ok(())
    }

    /// The memtable that a commit goes to, and the slot in it of the segment that the commit is in, if it is in the log.
    #[inline]
    fn target(&mut self, id: KeyspaceId, place: &Place) -> Result<(&Arc<LiveMemtable>, u16)> {
        let Self { log, active, .. } = self;
        let active = active.get_mut(id.0 as usize).and_then(Option::as_mut);
        // `make_room` has found it under the same lock.
        let active = active.ok_or(Error::Closed)?;
        active.log_bytes += place.len;
        let mut slot = 0;
        if let Some(log) = log.as_ref().filter(|_| place.logged) {
            let segment = log.current();
            slot = match active.slot {
                Some((known, slot)) if known == segment.id() => slot,
                _ => {
                    active.slots_used += 1;
                    // `make_room` left two slots free.
                    let slot = active.memtable.add_segment(segment).ok_or(Error::Closed)?;
                    active.slot = Some((segment.id(), slot));
                    slot
                }
            };
            active.memtable.note_start(place.start);
        }
        Ok((&active.memtable, slot))
    }
}

/// What a commit took under the lock.
struct Ticket {
    sequence: SequenceNumber,
    /// `None` if the commit is not logged.
    reservation: Option<Reservation>,
    end: LogPosition,
}

/// Where in the log a commit is, for its memtables.
struct Place {
    /// Bytes.
    len: usize,
    /// Whether it is in the log at all; if so, in the current segment.
    logged: bool,
    start: ReplayPosition,
}

/// Why a commit cannot have its ticket yet.
enum Obstacle {
    /// Nothing helps.
    Failed(Error),
    /// Too many commits are under way: wait until this one may start.
    TooManyInFlight(SequenceNumber),
    /// Too many memtables of this keyspace wait for their flush.
    Memtables(Arc<KeyspaceCore>),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

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
        self.pressure.slow_down(len);
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
            if entry.database != self.database_id {
                return Err(Error::InvalidOption {
                    option: "batch",
                    found: "it has an operation on a keyspace of another database".to_owned(),
                });
            }
            len += stored_len(entry.keyspace, entry.kind, entry.key, entry.value);
            if !keyspaces.contains(&entry.keyspace) {
                keyspaces.push(entry.keyspace);
            }
        }
        self.check_batch(len)?;
        self.pressure.slow_down(len);
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

    /// Runs the part of a commit that is under the lock; waits outside of it for whatever is missing.
    fn take_ticket<T>(
        &self,
        keyspaces: &[KeyspaceId],
        len: usize,
        durability: Durability,
        targets: impl Fn(&mut CommitState, &Place) -> Result<T>,
    ) -> Result<(Ticket, T)> {
        loop {
            let obstacle = {
                let mut commit = self.lock_commit();
                match self.ticket(&mut commit, keyspaces, len, durability, &targets) {
                    Ok(taken) => return Ok(taken),
                    Err(obstacle) => obstacle,
                }
            };
            match obstacle {
                Obstacle::Failed(error) => return Err(error),
                Obstacle::TooManyInFlight(sequence) => {
                    self.publisher.wait_to_start(sequence).map_err(|_| self.why_no_writes())?;
                }
                Obstacle::Memtables(keyspace) => self.wait_for_flush(&keyspace)?,
            }
            self.check_writable()?;
        }
    }

    /// Takes the commit lock, which is held for a fraction of a microsecond: to sleep, and be woken, or even to yield would
    /// take longer than to wait. Not for long, though: whoever has the lock may have lost its processor.
    #[inline]
    fn lock_commit(&self) -> MutexGuard<'_, CommitState> {
        for _ in 0..SPINS {
            if let Some(commit) = self.commit.try_lock() {
                return commit;
            }
            std::hint::spin_loop();
        }
        self.commit.lock()
    }

    /// What a commit takes under the lock; `targets` finds its memtables when its place is taken.
    #[inline]
    fn ticket<T>(
        &self,
        commit: &mut CommitState,
        keyspaces: &[KeyspaceId],
        len: usize,
        durability: Durability,
        targets: &impl Fn(&mut CommitState, &Place) -> Result<T>,
    ) -> Result<(Ticket, T), Obstacle> {
        // Nothing may be written behind a hole that a failed commit left in the log.
        self.check_writable()?;
        let next = commit.log().last_sequence() + 1;
        if next > commit.may_start {
            commit.may_start = self.publisher.may_start();
            if next > commit.may_start {
                return Err(Obstacle::TooManyInFlight(next));
            }
        }
        for id in keyspaces {
            commit.make_room(self, *id, len)?;
        }
        let start = commit.position();
        let (sequence, reservation) = if durability == Durability::None {
            (commit.log_mut().take_unlogged(), None)
        } else {
            let reservation = self.reserve(commit, len)?;
            // Not ahead of a sync, which would write the pages as zeros first.
            if durability != Durability::Sync
                && commit.log().current().wants_pages(reservation.end())
            {
                self.background.wake_populate();
            }
            (reservation.sequence(), Some(reservation))
        };
        let place = Place { len, logged: reservation.is_some(), start };
        // The place in the log is taken: unwritten, it would hide everything behind it.
        let targets = targets(commit, &place).map_err(|error| self.poison(error))?;
        Ok((Ticket { sequence, reservation, end: commit.log().end() }, targets))
    }

    /// A place in the log; gives the log its next segment if it needs one.
    #[inline]
    fn reserve(&self, commit: &mut CommitState, len: usize) -> Result<Reservation> {
        loop {
            match commit.log_mut().reserve(len)? {
                Reserved::Ready(reservation) => return Ok(reservation),
                Reserved::Rotated(reservation, closed) => {
                    commit.closed.push(Arc::new(closed));
                    self.background.wake_keeper();
                    return Ok(reservation);
                }
                Reserved::Full { capacity } => self.provide_segment(commit, capacity)?,
            }
        }
    }

    #[cold]
    fn provide_segment(&self, commit: &mut CommitState, capacity: u32) -> Result<()> {
        let segment = self.segments.create_log(self, capacity)?;
        if let Some(unused) = commit.log_mut().provide(segment) {
            self.segments.discard(self, &unused);
        }
        Ok(())
    }

    /// Closes a keyspace's active memtable and starts a new one. Returns `false` if too many wait for their flush.
    pub(crate) fn rotate_memtable(&self, commit: &mut CommitState, id: KeyspaceId) -> Result<bool> {
        let (last, end) = (commit.log().last_sequence(), commit.log().end());
        let limit = self.options.max_immutable_memtables;
        let active = commit.active(id)?;
        if active.keyspace.current().immutables.len() >= limit {
            return Ok(false);
        }
        let old = Arc::clone(&active.memtable);
        // The next will be about as large.
        let next = Arc::new(LiveMemtable::new(old.memtable().keys()));
        old.close(last, end);
        active.keyspace.rotate(Arc::clone(&next));
        *active = Active::new(Arc::clone(&active.keyspace), next, 0);
        self.background.wake_flush();
        Ok(true)
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
