//! The part of a commit that is under the lock: its sequence number, its place in the log, its memtables.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::CommitState;
use crate::{
    Durability, Error, KeyspaceId, Result, SequenceNumber,
    db::core::Core,
    keyspace::KeyspaceCore,
    log::{LogPosition, Reservation, Reserved},
    version::ReplayPosition,
};

/// Looks at the commit lock before a thread leaves it to the operating system to wait.
const SPINS: usize = 25;
/// Pauses between them: every look takes the line of the lock from its holder, who has to have it back to go on.
const PAUSES: usize = 4;

/// What a commit took under the lock.
pub(super) struct Ticket {
    pub(super) sequence: SequenceNumber,
    /// `None` if the commit is not logged.
    pub(super) reservation: Option<Reservation>,
    pub(super) end: LogPosition,
    /// Whether its segment wants the pages ahead to be made present. Not done under the lock: to wake a thread takes longer than all else
    /// there.
    pub(super) wants_pages: bool,
}

/// Where in the log a commit is, for its memtables.
pub(super) struct Place {
    /// Bytes.
    pub(super) len: usize,
    /// Whether it is in the log at all; if so, in the current segment.
    pub(super) logged: bool,
    pub(super) start: ReplayPosition,
    /// Bytes of log before it.
    pub(super) log_start: u64,
}

/// Why a commit cannot have its ticket yet.
pub(super) enum Obstacle {
    /// Nothing helps.
    Failed(Error),
    /// Too many commits are under way: wait until this one may start.
    TooManyInFlight(SequenceNumber),
    /// Too many memtables of this keyspace wait for their flush.
    Memtables(Arc<KeyspaceCore>),
    /// Memtables of this keyspace keep too much of the log.
    Log(Arc<KeyspaceCore>),
}

impl From<Error> for Obstacle {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Core {
    /// Runs the part of a commit that is under the lock; waits outside of it for whatever is missing.
    pub(super) fn take_ticket<T>(
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
                Obstacle::Log(keyspace) => self.wait_for_log(&keyspace)?,
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
            for _ in 0..PAUSES {
                std::hint::spin_loop();
            }
        }
        self.commit.lock()
    }

    /// What a commit takes under the lock; `targets` finds its memtables when its place is taken.
    #[inline(always)]
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
        if commit.logged >= commit.next_log_look
            && let Some(keyspace) = self.bound_log(commit)
        {
            return Err(Obstacle::Log(keyspace));
        }
        for id in keyspaces {
            commit.make_room(self, *id, len)?;
        }
        let (start, log_start) = (commit.position(), commit.logged);
        let mut wants_pages = false;
        let (sequence, reservation) = if durability == Durability::None {
            (commit.log_mut().take_unlogged(), None)
        } else {
            let reservation = match commit.log_mut().try_reserve(len) {
                Some(reservation) => reservation,
                None => self.reserve(commit, len)?,
            };
            commit.logged += len as u64;
            // Not ahead of a sync, which would write the pages as zeros first.
            wants_pages = durability != Durability::Sync
                && commit.log().current().wants_pages(reservation.end());
            (reservation.sequence(), Some(reservation))
        };
        let place = Place { len, logged: reservation.is_some(), start, log_start };
        // The place in the log is taken: unwritten, it would hide everything behind it.
        let targets = targets(commit, &place).map_err(|error| self.poison(error))?;
        Ok((Ticket { sequence, reservation, end: commit.log().end(), wants_pages }, targets))
    }

    /// A place in the log; gives the log its next segment if it needs one.
    #[cold]
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
}
