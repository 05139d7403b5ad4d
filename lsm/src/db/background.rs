//! The threads behind the scenes: one keeps the log supplied with segments and seals those it has left, one makes the
//! pages present that writers are about to store to, one indexes tables that are read, one flushes, one or more compact
//! and collect. Of a database that is open read-only, only the indexing runs.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};

use super::{core::Core, pressure::Work};
use crate::{Error, Event, Result, SequenceNumber, log::Segment, version::Edit};

/// How long a thread waits before it tries again what failed.
const RETRY: Duration = Duration::from_millis(100);
/// How often an idle compaction thread looks whether there is something to collect.
const IDLE_LOOK: Duration = Duration::from_millis(500);

/// Wakes one kind of thread.
#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock() = true;
        self.changed.notify_all();
    }

    /// Waits for a ring, at most `timeout`; whether there was one.
    fn wait(&self, timeout: Duration) -> bool {
        let mut rung = self.rung.lock();
        if !*rung {
            self.changed.wait_for(&mut rung, timeout);
        }
        std::mem::take(&mut *rung)
    }
}

/// The threads, and how to wake and stop them.
#[derive(Debug, Default)]
pub(crate) struct Background {
    keeper: Bell,
    populate: Bell,
    /// Whose pages are to be made present.
    populating: Mutex<Option<Arc<Segment>>>,
    flush: Bell,
    compaction: Bell,
    /// The last sequence number when the database was last declared quiet.
    quiet_at: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Background {
    pub(crate) fn wake_keeper(&self) {
        self.keeper.ring();
    }

    /// Has the pages ahead of this segment's records made present.
    #[cold]
    pub(crate) fn populate(&self, segment: &Arc<Segment>) {
        let earlier = self.populating.lock().replace(Arc::clone(segment));
        self.populate.ring();
        drop(earlier);
    }

    pub(crate) fn wake_flush(&self) {
        self.flush.ring();
    }

    pub(crate) fn wake_compaction(&self) {
        self.compaction.ring();
    }

    /// Says that nobody has written lately, or that somebody waits for all work to be done: until the next commit behind
    /// `visible`, work is done that would only be in the way of writers.
    pub(crate) fn declare_quiet(&self, visible: SequenceNumber) {
        self.quiet_at.store(visible, Ordering::Relaxed);
    }

    pub(crate) fn wake_all(&self) {
        self.wake_keeper();
        self.populate.ring();
        self.wake_flush();
        self.wake_compaction();
    }

    /// Starts the threads. They hold the database weakly: it ends when its last handle is dropped.
    pub(crate) fn start(core: &Arc<Core>) -> Result<()> {
        let mut threads = core.background.threads.lock();
        let mut spawn = |name: &str, run: fn(&Core)| {
            let weak = Arc::downgrade(core);
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || run_until_closed(&weak, run))
                .map(|handle| threads.push(handle))
                .map_err(|error| Error::io("start a thread for", core.dir(), error))
        };
        spawn("lsm-index", Core::build_index)?;
        if core.options.read_only {
            return Ok(());
        }
        spawn("lsm-keeper", Core::keep)?;
        if core.options.mapped_log {
            spawn("lsm-populate", Core::populate)?;
        }
        spawn("lsm-flush", Core::flush_waiting)?;
        for _ in 0..core.options.compaction_threads {
            spawn("lsm-compact", Core::compact_waiting)?;
        }
        Ok(())
    }

    /// Waits for the threads to end; the caller has set `closed`.
    pub(crate) fn stop(&self) {
        self.wake_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            if thread.thread().id() == std::thread::current().id() {
                // The last handle was dropped on one of the threads themselves: it ends when it returns.
                continue;
            }
            let _ = thread.join();
        }
    }
}

fn run_until_closed(weak: &Weak<Core>, run: fn(&Core)) {
    lower_priority();
    while let Some(core) = weak.upgrade() {
        if core.closed.load(std::sync::atomic::Ordering::Acquire) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| run(&core))).is_err() {
            // Whoever waits for this thread's work would wait for good. Its state is not trusted any more, which is what
            // poison is for. The listener hears of it; if it was the listener that panicked, it may do so again.
            let thread = thread::current().name().unwrap_or_default().to_owned();
            let _ = catch_unwind(AssertUnwindSafe(|| core.poison(Error::Panicked { thread })));
            return;
        }
    }
}

/// Background threads yield to those who wait for an answer. A hint: nothing depends on it.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        let thread = rustix::thread::gettid();
        let _ = rustix::process::setpriority_process(Some(thread), 5);
    }
}

impl Core {
    /// One turn of the keeper: a segment in reserve, sealed segments named in the manifest.
    fn keep(&self) {
        // On a full disk there is no next segment to be had, and sealing gives back the space that the old one does not use.
        let sealed = self.seal_closed();
        let outcome = self.provide_next().and(sealed);
        if self.poison.get().is_none() {
            self.leftovers.remove_again(&*self.fs);
        }
        match outcome {
            Ok(true) => {}
            Ok(false) => {
                self.background.keeper.wait(IDLE_LOOK);
            }
            Err(error) => {
                self.emit(&Event::BackgroundError { error });
                self.background.keeper.wait(RETRY);
            }
        }
    }

    /// Whether nobody has written since the database was declared quiet.
    pub(crate) fn is_quiet(&self) -> bool {
        self.background.quiet_at.load(Ordering::Relaxed) == self.visible()
    }

    /// One turn of the thread that builds hash indexes of tables that are read.
    fn build_index(&self) {
        if let Err(error) = self.tables.indexes.build_next(IDLE_LOOK) {
            self.emit(&Event::BackgroundError { error });
        }
    }

    /// One turn of the thread that touches pages of the log before writers do. Not the keeper's business: that one waits
    /// for the disk. It is told the segment, and does not take the commit lock to look: threads that have less of a claim to a processor
    /// than writers should not be handed a lock that all writers wait for.
    fn populate(&self) {
        if self.background.populate.wait(IDLE_LOOK) {
            let segment = self.background.populating.lock().take();
            if let Some(segment) = segment {
                segment.populate();
            }
        }
    }

    /// Gives the log its next segment ahead of need.
    fn provide_next(&self) -> Result<()> {
        if self.poison.get().is_some() || self.commit.lock().log().has_next() {
            return Ok(());
        }
        let segment = self.segments.create_or_recycle_log(self)?;
        let mut commit = self.commit.lock();
        let unused = if commit.log().has_next() || segment.id() < commit.log().current().id() {
            Some(segment)
        } else {
            commit.log_mut().provide(segment)
        };
        drop(commit);
        if let Some(unused) = unused {
            self.segments.discard(self, &unused);
        }
        Ok(())
    }

    /// Seals the oldest segment that the log has left. Returns whether there was one.
    pub(crate) fn seal_closed(&self) -> Result<bool> {
        if self.poison.get().is_some() {
            return Ok(false);
        }
        let Some(closed) = self.commit.lock().next_to_seal() else { return Ok(false) };
        if self.publisher.wait_visible(closed.last_sequence).is_err() {
            return Ok(false);
        }
        let end = closed.segment.seal().map_err(|error| self.heed(error))?;
        let id = closed.segment.id();
        let mut structure = self.structure.lock();
        let edit = Edit { segment_ends: [(id, end)].into(), ..Edit::default() };
        self.apply(&mut structure, edit, &[], || {})?;
        drop(structure);
        self.commit.lock().sealed(id);
        Ok(true)
    }

    /// One turn of the flush thread.
    fn flush_waiting(&self) {
        if self.poison.get().is_some() {
            self.background.flush.wait(IDLE_LOOK);
            return;
        }
        let attempt = self.pressure.begin(Work::Flush);
        let (mut flushed, mut failure) = (false, None);
        // What keeps one keyspace from being flushed need not keep the others.
        for keyspace in self.all_keyspaces() {
            let Some(memtable) = keyspace.next_to_flush() else { continue };
            let own = keyspace.flushes.begin();
            let outcome = self.flush_memtable(&keyspace, &memtable);
            keyspace.flushes.end(own, outcome.as_ref().copied());
            match outcome {
                Ok(()) => {
                    flushed = true;
                    self.note_flush(&keyspace);
                }
                Err(error) => {
                    self.emit(&Event::BackgroundError { error: error.clone() });
                    failure = failure.or(Some(error));
                }
            }
        }
        if flushed {
            // Whether writers have to wait is for them to find out.
            let _ = self.bound_log(&mut self.commit.lock());
            self.update_pressure();
            self.background.wake_compaction();
        }
        if let Some(error) = failure {
            self.pressure.end(Work::Flush, attempt, Err(&error));
            self.background.flush.wait(RETRY);
        } else if flushed {
            self.pressure.end(Work::Flush, attempt, Ok(()));
        } else {
            self.background.flush.wait(IDLE_LOOK);
        }
    }

    /// One turn of a compaction thread.
    fn compact_waiting(&self) {
        let started = Instant::now();
        let attempt = self.pressure.begin(Work::Compaction);
        match self.compact_once() {
            Ok(true) => {
                self.pressure.end(Work::Compaction, attempt, Ok(()));
            }
            Ok(false) => {
                let before = self.visible();
                if !self.background.compaction.wait(IDLE_LOOK) && self.visible() == before {
                    self.background.declare_quiet(before);
                    if self.poison.get().is_none() {
                        self.segments.rest(self);
                    }
                }
            }
            Err(Error::Closed) => {}
            Err(error) => {
                self.pressure.end(Work::Compaction, attempt, Err(&error));
                self.emit(&Event::BackgroundError { error });
                self.background.compaction.wait(RETRY.max(started.elapsed()));
            }
        }
    }
}
