//! From decisions to what is durable, and then seen.
//!
//! Deciding is done one at a time, on a state that is ahead of the published one by what is not durable yet. What was decided while a
//! batch was being written becomes the next one, which one of those waiting for it writes. Nobody sees or is told anything that is not
//! durable: neither readers, nor those whose request changes nothing because of one that is still being written.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use super::{Change, State};
use crate::error::{Error, Result};
use crate::store::Store;

/// What became of a batch.
type Outcome = Arc<OnceLock<Result<()>>>;

pub(super) struct Commits {
    store: Store,
    pending: Mutex<Pending>,
    /// Something became of a batch.
    done: Condvar,
    /// What went wrong last, if nothing has succeeded since.
    failure: Mutex<Option<Error>>,
}

struct Pending {
    /// With all that is decided.
    state: State,
    /// What is decided and not being written yet.
    batch: Vec<Change>,
    /// What will become of it; with an empty batch, what becomes of the last one.
    outcome: Outcome,
    /// Whether somebody is writing a batch.
    writing: bool,
}

impl Commits {
    pub fn new(store: Store, state: State) -> Self {
        let outcome = Outcome::default();
        // Nothing has been decided, so nothing need be waited for.
        let _ = outcome.set(Ok(()));
        let pending = Pending { state, batch: Vec::new(), outcome, writing: false };
        Self {
            store,
            pending: Mutex::new(pending),
            done: Condvar::new(),
            failure: Mutex::new(None),
        }
    }

    /// Decides, and returns when that is durable and published.
    pub fn write<T>(
        &self,
        published: &RwLock<Arc<State>>,
        decide: impl FnOnce(&State) -> Result<(T, Vec<Change>)>,
    ) -> Result<T> {
        let mut pending = self.pending.lock();
        let decided = decide(&pending.state);
        if let Ok((_, changes)) = &decided
            && !changes.is_empty()
        {
            if pending.batch.is_empty() {
                pending.outcome = Outcome::default();
            }
            for change in changes {
                pending.state.apply(change);
            }
            pending.batch.extend_from_slice(changes);
        }
        // Also a refusal may be because of what is not durable yet.
        let outcome = Arc::clone(&pending.outcome);
        loop {
            if let Some(known) = outcome.get() {
                return known.clone().and(decided.map(|it| it.0));
            }
            if pending.writing {
                self.done.wait(&mut pending);
                continue;
            }
            // It is the batch that nobody is writing, or something would have become of it.
            pending.writing = true;
            let batch = std::mem::take(&mut pending.batch);
            drop(pending);
            Writing { commits: self, published, outcome: &outcome, result: None }.run(&batch);
            pending = self.pending.lock();
        }
    }

    pub fn check_health(&self) -> Result<()> {
        self.failure.lock().clone().map_or(Ok(()), Err)
    }

    pub fn store_statistics(&self) -> lsm::Statistics {
        self.store.statistics()
    }
}

/// A batch that is being written. When it is dropped, something has become of it, whatever happened.
struct Writing<'a> {
    commits: &'a Commits,
    published: &'a RwLock<Arc<State>>,
    outcome: &'a Outcome,
    result: Option<Result<()>>,
}

impl Writing<'_> {
    fn run(mut self, batch: &[Change]) {
        let result = self.commits.store.commit(batch);
        if result.is_ok() {
            publish(self.published, batch);
        }
        self.result = Some(result);
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| {
            Err(Error::Internal { reason: "writing to the database failed inside".to_owned() })
        });
        let mut pending = self.commits.pending.lock();
        if result.is_err() {
            pending.state = State::clone(&self.published.read());
            if !pending.batch.is_empty() {
                // Decided on a state that has not come about.
                pending.batch.clear();
                let _ = pending.outcome.set(result.clone());
            }
        }
        *self.commits.failure.lock() = result.clone().err();
        let _ = self.outcome.set(result);
        pending.writing = false;
        drop(pending);
        self.commits.done.notify_all();
    }
}

/// How long those who are at work on what was published before are waited for. Most take less; a copy of a large state takes longer.
const PATIENCE: Duration = Duration::from_millis(2);

fn publish(published: &RwLock<Arc<State>>, batch: &[Change]) {
    let mut published = published.write();
    // Nobody else begins meanwhile.
    let begun = Instant::now();
    while Arc::get_mut(&mut published).is_none() && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    let state = Arc::make_mut(&mut published);
    batch.iter().for_each(|it| state.apply(it));
}
