//! Placements that change while others read them.
//!
//! Readers take the current [`Snapshot`] and never wait for a writer; a writer changes a copy and swaps it in. Snapshots are immutable,
//! numbered by epochs, and fingerprinted, so that two processes can tell whether they agree.
//!
//! **Cost.** Feature `shared`: the dependency `arc-swap`, and the standard library (its thread-local hazard slots and the writers'
//! mutex). A [`load`](Shared::load) is some 10 ns and no write to memory that threads share; an [`update`](Shared::update) clones the placement
//! and describes it for the fingerprint, so its time is in proportion to both; a snapshot carries the last 32
//! stamps, a kilobyte.
//!
//! **When to choose it.** Nodes come and go while requests are served. A program that only starts with a list of nodes needs none of it.

use alloc::collections::VecDeque;
use core::fmt;
use core::ops::Deref;
use std::string::ToString;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use crate::{Agreement, Error, Placement, Result, Stamp};

/// How many stamps of its past a snapshot remembers.
const PAST: usize = 32;

/// A placement behind an atomic swap.
///
/// Over a `Box<dyn Placement>` the algorithm can be chosen at run time; over a [`Bounded`](crate::Bounded) placement the counts go
/// on from snapshot to snapshot.
///
/// ```
/// use hash_ring::{Agreement, Placement, Rendezvous, Shared, Weight};
///
/// let mut caches = Rendezvous::default();
/// for number in 1..=6 {
///     caches.add(&format!("cache-{number}"), Weight::ONE)?;
/// }
/// let shared = Shared::new(caches);
///
/// // Readers, in any thread:
/// let snapshot = shared.load();
/// assert!(snapshot.name_of(b"key").is_some());
///
/// // A writer:
/// let (node, stamp) = shared.update(|caches| caches.add("cache-7", Weight::ONE))?;
/// assert_eq!(stamp.epoch, 1);
/// assert!(snapshot.roster().get(node).is_none(), "what was loaded before stays as it was");
///
/// // Another process, told the stamp, knows what to do:
/// assert_eq!(snapshot.compare(stamp), Agreement::Behind);
/// # Ok::<(), hash_ring::Error>(())
/// ```
pub struct Shared<P> {
    current: ArcSwap<Snapshot<P>>,
    writer: Mutex<()>,
}

impl<P: Placement> Shared<P> {
    /// With the placement as epoch 0.
    #[must_use]
    pub fn new(placement: P) -> Self {
        Self::at(placement, 0)
    }

    /// With the placement as a later epoch: that of the process that it comes from.
    #[must_use]
    pub fn at(placement: P, epoch: u64) -> Self {
        let snapshot = Snapshot::new(placement, epoch, VecDeque::new());
        Self { current: ArcSwap::from_pointee(snapshot), writer: Mutex::new(()) }
    }

    /// The current snapshot, for a short use: as long as it is held it is current for the holder.
    ///
    /// Wait-free but for one time in 2^62, when it is lock-free; writers never hold it up. A thread that holds more than eight of these at a
    /// time pays a reference count for each one more.
    #[inline]
    pub fn load(&self) -> Loaded<P> {
        Loaded(self.current.load())
    }

    /// The current snapshot, to keep: costs a reference count, which threads pass around.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot<P>> {
        self.current.load_full()
    }

    /// The stamp of the current snapshot.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.load().stamp
    }

    /// How the current snapshot compares with that of another process: [`Snapshot::compare`].
    #[must_use]
    pub fn compare(&self, theirs: Stamp) -> Agreement {
        self.load().compare(theirs)
    }

    /// Changes a copy of the placement and publishes it as the next epoch; returns what `change` returns, and the new stamp.
    ///
    /// Updates come one after the other: each sees what the ones before it did. From `change`, neither this nor
    /// [`adopt`](Self::adopt) may be called on the same placement: it would wait for itself.
    ///
    /// # Errors
    /// That of `change`: nothing is published then, nor if it panics.
    pub fn update<T, E>(&self, change: impl FnOnce(&mut P) -> Result<T, E>) -> Result<(T, Stamp), E>
    where
        P: Clone,
    {
        let _writer = self.write();
        let before = self.current.load_full();
        let mut placement = before.placement.clone();
        let changed = change(&mut placement)?;
        Ok((changed, self.publish(&before, placement, before.stamp.epoch + 1)))
    }

    /// Publishes a placement that came from elsewhere, as the epoch that it has there.
    ///
    /// Its ids are not those of the placement before, even for the same names: who keeps ids has to look them up again by name.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if the epoch is not above the current one: readers never see epochs fall.
    pub fn adopt(&self, placement: P, epoch: u64) -> Result<Stamp> {
        let _writer = self.write();
        let before = self.current.load_full();
        if epoch <= before.stamp.epoch {
            return Err(Error::InvalidParameter {
                parameter: "epoch",
                found: epoch.to_string(),
                allowed: "above the one in use",
            });
        }
        Ok(self.publish(&before, placement, epoch))
    }

    /// The mutex holds nothing that a panic could leave half done.
    fn write(&self) -> MutexGuard<'_, ()> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, before: &Snapshot<P>, placement: P, epoch: u64) -> Stamp {
        let mut past = before.past.clone();
        if past.len() == PAST {
            past.pop_front();
        }
        past.push_back(before.stamp);
        let snapshot = Snapshot::new(placement, epoch, past);
        let stamp = snapshot.stamp;
        self.current.store(Arc::new(snapshot));
        stamp
    }
}

impl<P: fmt::Debug> fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.current.load()).finish()
    }
}

/// A placement as it was published. Dereferences to the placement.
#[derive(Debug)]
pub struct Snapshot<P> {
    placement: P,
    stamp: Stamp,
    /// Ascending epochs.
    past: VecDeque<Stamp>,
}

impl<P: Placement> Snapshot<P> {
    fn new(placement: P, epoch: u64, past: VecDeque<Stamp>) -> Self {
        let fingerprint = placement.describe().fingerprint();
        Self { placement, stamp: Stamp { epoch, fingerprint }, past }
    }
}

impl<P> Snapshot<P> {
    /// The placement.
    #[must_use]
    pub fn placement(&self) -> &P {
        &self.placement
    }

    /// Its epoch and fingerprint, to be told to other processes.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// How this compares with what another process uses.
    ///
    /// The stamps of the last 32 epochs are remembered: whoever has made fewer changes and had another placement then than this
    /// process had has [diverged](Agreement::Diverged). Whoever has made more changes may have, too, and can tell, since this snapshot's
    /// stamp is in its past or is not.
    #[must_use]
    pub fn compare(&self, theirs: Stamp) -> Agreement {
        let agreement = self.stamp.compare(theirs);
        let at = self.past.binary_search_by_key(&theirs.epoch, |stamp| stamp.epoch);
        match at.ok().and_then(|at| self.past.get(at)) {
            Some(past) if agreement == Agreement::Ahead && *past != theirs => Agreement::Diverged,
            _ => agreement,
        }
    }
}

impl<P> Deref for Snapshot<P> {
    type Target = P;

    fn deref(&self) -> &P {
        &self.placement
    }
}

/// A [`Snapshot`] that [`Shared::load`] returned.
#[derive(Debug)]
pub struct Loaded<P>(arc_swap::Guard<Arc<Snapshot<P>>>);

impl<P> Deref for Loaded<P> {
    type Target = Snapshot<P>;

    #[inline]
    fn deref(&self) -> &Snapshot<P> {
        &self.0
    }
}

#[cfg(test)]
mod tests;
