//! From decisions to what is durable, and then seen.
//!
//! Deciding is done one at a time, on a state that is ahead of the published one by what is not durable yet. What was decided while another
//! batch was being synced becomes one batch, that one of those waiting for it writes. Nobody sees or is told anything that is not
//! durable: neither readers, nor those whose request changes nothing because of one that is still being written.

use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, RwLock};

use super::{Change, State};
use crate::error::{Error, Result};
use crate::store::Store;

/// What became of a batch.
type Outcome = Arc<OnceLock<Result<()>>>;

pub(super) struct Commits {
    pending: Mutex<Pending>,
    store: Mutex<Store>,
    /// The same, for those who do not write.
    measured: Store,
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
}

impl Commits {
    pub fn new(store: Store, state: State) -> Self {
        let outcome = Outcome::default();
        // Nothing has been decided, so nothing need be waited for.
        let _ = outcome.set(Ok(()));
        Self {
            pending: Mutex::new(Pending { state, batch: Vec::new(), outcome }),
            measured: store.clone(),
            store: Mutex::new(store),
            failure: Mutex::new(None),
        }
    }

    /// Decides, and returns when that is durable and published.
    pub fn write<T>(
        &self,
        published: &RwLock<Arc<State>>,
        decide: impl FnOnce(&State) -> Result<(T, Vec<Change>)>,
    ) -> Result<T> {
        let (decided, outcome) = {
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
            (decided, Arc::clone(&pending.outcome))
        };
        // Also a refusal may be because of what is not durable yet.
        self.complete(published, &outcome)?;
        decided.map(|it| it.0)
    }

    /// Returns when a batch is written, by whomever.
    fn complete(&self, published: &RwLock<Arc<State>>, outcome: &Outcome) -> Result<()> {
        if let Some(known) = outcome.get() {
            return known.clone();
        }
        let store = self.store.lock();
        if let Some(known) = outcome.get() {
            return known.clone();
        }
        // It was not written by those who had the store before, so it is the one that is not being written.
        let batch = std::mem::take(&mut self.pending.lock().batch);
        let result = store.commit(&batch);
        match &result {
            Ok(()) => {
                let mut published = published.write();
                // Copies it if somebody is at work on what was published before.
                let state = Arc::make_mut(&mut published);
                batch.iter().for_each(|it| state.apply(it));
                *self.failure.lock() = None;
            }
            Err(error) => {
                let mut pending = self.pending.lock();
                pending.state = State::clone(&published.read());
                if !pending.batch.is_empty() {
                    // Decided on a state that has not come about.
                    pending.batch.clear();
                    let _ = pending.outcome.set(result.clone());
                }
                *self.failure.lock() = Some(error.clone());
            }
        }
        let _ = outcome.set(result.clone());
        result
    }

    pub fn check_health(&self) -> Result<()> {
        self.failure.lock().clone().map_or(Ok(()), Err)
    }

    pub fn store_bytes(&self) -> u64 {
        self.measured.bytes()
    }
}
