//! Back-pressure: writers are slowed a little, and more the further background work falls behind, so that they seldom
//! have to stop; and they stop before it is so far behind that it would never catch up.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use super::{background::Background, core::Core};
use crate::{
    Error, Event, KeyspaceId, Result,
    attempts::{Attempt, Attempts},
    keyspace::{KeyspaceCore, most_level0_tables},
};

/// The longest pause, whatever was written.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a waiting writer trusts that it will be woken, before it looks for itself.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How far background work is behind, and those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    /// Nanoseconds of delay a KiB that every writer pays at least: what the brakes of all keyspaces ask of others. While it
    /// is 0, so are they.
    nanos_per_kib: AtomicU64,
    /// Who sets it has looked at all brakes, and nobody sets it from an older look.
    setting: Mutex<()>,
    flushes: Attempts,
    compactions: Attempts,
    changed: Condvar,
    generation: Mutex<u64>,
}

/// Kinds of background work that somebody may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Flush,
    Compaction,
}

impl Pressure {
    fn attempts(&self, work: Work) -> &Attempts {
        match work {
            Work::Flush => &self.flushes,
            Work::Compaction => &self.compactions,
        }
    }

    /// Notes that work begins; [`end`](Self::end) takes the number.
    pub(crate) fn begin(&self, work: Work) -> Attempt {
        self.attempts(work).begin()
    }

    /// Notes how it went; those who wait for it get its failure.
    pub(crate) fn end(&self, work: Work, attempt: Attempt, outcome: Result<(), &Error>) {
        self.attempts(work).end(attempt, outcome);
        self.wake_all();
    }

    /// The last attempt that has begun.
    pub(crate) fn latest(&self, work: Work) -> Attempt {
        self.attempts(work).latest()
    }

    /// Why work that began after this attempt failed, if it did and has not succeeded since.
    pub(crate) fn failure_since(&self, work: Work, attempt: Attempt) -> Option<Error> {
        self.attempts(work).failure_since(attempt)
    }

    /// Has everybody who waits look again.
    pub(crate) fn wake_all(&self) {
        *self.generation.lock() += 1;
        self.changed.notify_all();
    }

    /// Waits until `done`; looks whenever background work has come further.
    pub(crate) fn wait_until(&self, mut done: impl FnMut() -> Result<bool>) -> Result<()> {
        loop {
            let seen = *self.generation.lock();
            if done()? {
                return Ok(());
            }
            let mut generation = self.generation.lock();
            if *generation == seen {
                self.changed.wait_for(&mut generation, LOOK_AGAIN);
            }
        }
    }
}

impl Core {
    /// Delays a write of `len` bytes to these keyspaces by as much as the brake says, or until they take writes at all.
    ///
    /// # Errors
    /// What keeps a compaction from succeeding on which the writer depends.
    #[inline]
    pub(crate) fn slow_down(&self, keyspaces: &[KeyspaceId], len: usize) -> Result<()> {
        match self.pressure.nanos_per_kib.load(Ordering::Relaxed) {
            0 => Ok(()),
            rate => self.brake(keyspaces, len, rate),
        }
    }

    #[cold]
    fn brake(&self, ids: &[KeyspaceId], len: usize, rate: u64) -> Result<()> {
        let keyspaces: Vec<_> = {
            let open = self.keyspaces.read();
            // One that was dropped is the commit's business.
            ids.iter().filter_map(|id| open.by_id.get(id).cloned()).collect()
        };
        for keyspace in &keyspaces {
            self.wait_for_level0(keyspace)?;
        }
        let Some(slowest) = keyspaces.iter().max_by_key(|keyspace| keyspace.brake.own()) else {
            return Ok(());
        };
        if let Some(bytes) = slowest.brake.charge(len as u64) {
            let nanos = bytes.saturating_mul(rate.max(slowest.brake.own())) / 1024;
            let started = Instant::now();
            std::thread::sleep(LONGEST_PAUSE.min(Duration::from_nanos(nanos)));
            self.counters.slowed.note(started.elapsed());
        }
        Ok(())
    }

    /// Brakes while a memtable fills up and those before it still wait for their flush.
    pub(crate) fn note_memtable(&self, keyspace: &KeyspaceCore, bytes: usize) {
        let waiting = keyspace.current().immutables.len();
        let behind = if waiting < self.options.max_immutable_memtables {
            0.0
        } else {
            #[allow(clippy::cast_precision_loss)]
            let behind = bytes as f64 / self.options.write_buffer_bytes as f64;
            behind
        };
        if keyspace.brake.set_flush(behind) {
            self.set_pressure();
        }
    }

    /// Releases the brake that a memtable's wait was; it is flushed.
    pub(crate) fn note_flush(&self, keyspace: &KeyspaceCore) {
        if keyspace.brake.set_flush(0.0) {
            self.set_pressure();
        }
        self.pressure.wake_all();
    }

    /// Waits until a keyspace has room for another memtable. Fails with what keeps the flush from succeeding.
    pub(crate) fn wait_for_flush(&self, keyspace: &KeyspaceCore) -> Result<()> {
        let most = self.options.max_immutable_memtables;
        let has_room = || keyspace.current().immutables.len() < most || keyspace.is_dropped();
        let wake = Background::wake_flush;
        self.stall("memtables wait for their flush", &keyspace.flushes, wake, has_room)
    }

    /// Waits until level 0 of a keyspace takes more tables. Fails with what keeps its compaction from succeeding.
    fn wait_for_level0(&self, keyspace: &KeyspaceCore) -> Result<()> {
        let most = most_level0_tables(keyspace.options.level0_tables);
        let has_room = || keyspace.current().version.level0.len() < most || keyspace.is_dropped();
        if has_room() {
            return Ok(());
        }
        let reason = "tables on level 0 wait for their compaction";
        self.stall(reason, &keyspace.compactions, Background::wake_compaction, has_room)
    }

    /// Has a writer wait until `done`, for work that is behind: wakes who does it, and fails with what keeps its attempts from
    /// succeeding.
    pub(super) fn stall(
        &self,
        reason: &'static str,
        work: &Attempts,
        wake: impl Fn(&Background),
        done: impl Fn() -> bool,
    ) -> Result<()> {
        let started = Instant::now();
        let before = work.latest();
        let waited = self.pressure.wait_until(|| {
            self.check_writable()?;
            if done() {
                return Ok(true);
            }
            wake(&self.background);
            work.failure_since(before).map_or(Ok(false), Err)
        });
        let took = started.elapsed();
        self.counters.stalled.note(took);
        self.emit(&Event::Stalled { took, reason });
        waited
    }

    /// Sets the brake anew, from the levels of all keyspaces.
    pub(crate) fn update_pressure(&self) {
        for keyspace in self.all_keyspaces() {
            let tables = keyspace.current().version.level0.len();
            keyspace.brake.set_level0(tables, keyspace.options.level0_tables);
        }
        self.set_pressure();
    }

    /// What all writers pay is what the keyspace that is furthest behind asks for.
    fn set_pressure(&self) {
        let _setting = self.pressure.setting.lock();
        let most = self.all_keyspaces().iter().map(|keyspace| keyspace.brake.shared()).max();
        self.pressure.nanos_per_kib.store(most.unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Db, KeyspaceOptions, Options};

    /// The brake was one for all, and whoever came last set it.
    #[test]
    fn a_keyspace_that_keeps_up_does_not_release_the_brake_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path(), Options::default()).unwrap();
        let behind = db.keyspace("behind", KeyspaceOptions::default()).unwrap();
        let (core, behind) = (db.core(), behind.core());
        let pressure = || core.pressure.nanos_per_kib.load(Ordering::Relaxed);
        assert!(behind.brake.set_flush(0.9));
        core.set_pressure();
        let set = pressure();
        assert!(set > 0);
        core.note_memtable(db.default_keyspace().core(), 100);
        core.note_flush(db.default_keyspace().core());
        core.update_pressure();
        assert_eq!(pressure(), set);
        core.note_flush(behind);
        assert_eq!(pressure(), 0);
        // And when it goes, so does what it asked for.
        assert!(behind.brake.set_flush(0.9));
        core.set_pressure();
        db.drop_keyspace("behind").unwrap();
        assert_eq!(pressure(), 0);
    }
}
