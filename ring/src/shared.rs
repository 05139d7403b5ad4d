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
mod tests {
    use alloc::boxed::Box;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;
    use crate::toy::{Toy, toy};
    use crate::{Bounded, CapacityFactor, Fingerprint, Weight};

    #[test]
    fn updates() {
        let shared = Shared::new(toy(2));
        let before = shared.load();
        let (node, stamp) = shared.update(|toy| toy.add("new", Weight::ONE)).unwrap();
        assert_eq!(stamp, shared.stamp());
        assert_eq!(stamp.epoch, 1);
        assert_eq!(stamp.fingerprint, shared.load().describe().fingerprint());
        assert_eq!(before.stamp().epoch, 0);
        assert_eq!(before.roster().get(node), None);
        assert_eq!(shared.load().roster().get(node).unwrap().name(), "new");
    }

    /// Nor does what a failed update did before it failed.
    #[test]
    fn a_failed_update_publishes_nothing() {
        let shared = Shared::new(toy(2));
        let before = shared.snapshot();
        let failed = shared.update(|toy| {
            toy.add("new", Weight::ONE)?;
            toy.add("n1", Weight::ONE)
        });
        assert_eq!(failed, Err(Error::DuplicateName { name: "n1".into() }));
        assert!(Arc::ptr_eq(&before, &shared.snapshot()));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            shared.update(|toy| -> Result<()> {
                toy.add("new", Weight::ONE)?;
                panic!("of the caller's");
            })
        }));
        assert!(panicked.is_err());
        assert!(Arc::ptr_eq(&before, &shared.snapshot()));
        assert_eq!(shared.update(|toy| toy.add("new", Weight::ONE)).unwrap().1.epoch, 1);
    }

    #[test]
    fn two_processes() {
        let add =
            |shared: &Shared<Toy>, name: &str| shared.update(|toy| toy.add(name, Weight::ONE));
        let (ours, theirs) = (Shared::new(toy(2)), Shared::new(toy(2)));
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Same);
        add(&ours, "a").unwrap();
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Ahead);
        assert_eq!(theirs.compare(ours.stamp()), Agreement::Behind);
        add(&theirs, "b").unwrap();
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Diverged);
        // Also when one of them goes on: it knows what it was.
        for change in 0..PAST {
            add(&ours, &format!("c{change}")).unwrap();
            assert_eq!(ours.compare(theirs.stamp()), Agreement::Diverged);
            assert_eq!(theirs.compare(ours.stamp()), Agreement::Behind);
        }
        // Until it has forgotten.
        add(&ours, "d").unwrap();
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Ahead);
    }

    /// A placement taken over from another process, with its epoch.
    #[test]
    fn adopted() {
        let ours = Shared::new(toy(2));
        let old = ours.stamp();
        let theirs = Shared::at(toy(4), 7);
        let described = theirs.load().describe().encode();
        let built =
            crate::Description::decode(&described).and_then(|it| Toy::from_description(&it));
        let stamp = ours.adopt(built.unwrap(), theirs.stamp().epoch).unwrap();
        assert_eq!(stamp, theirs.stamp());
        assert_eq!(ours.compare(theirs.stamp()), Agreement::Same);
        assert_eq!(ours.compare(old), Agreement::Ahead);
        let other = Stamp { epoch: 0, fingerprint: Fingerprint::from_raw(1) };
        assert_eq!(ours.compare(other), Agreement::Diverged);
        assert!(matches!(ours.adopt(toy(9), 7), Err(Error::InvalidParameter { .. })));
        assert_eq!(ours.stamp(), theirs.stamp());
    }

    #[test]
    fn chosen_at_run_time() {
        let boxed: Box<dyn Placement> = Box::new(toy(3));
        let shared = Shared::new(boxed.clone());
        shared.update(|placement| placement.add("new", Weight::ONE)).unwrap();
        assert_eq!(shared.load().roster().len(), 4);
        let bounded = Shared::new(Bounded::new(boxed, CapacityFactor::default()));
        assert_eq!(bounded.load().assign(3), shared.load().locate(3));
    }

    /// Requests are counted from one snapshot to the next.
    #[test]
    fn bounded() {
        let shared = Shared::new(Bounded::new(toy(2), CapacityFactor::default()));
        let lease = shared.load().acquire(0).unwrap().into_owned();
        let gone = shared.load().assign(u64::MAX).unwrap();
        shared.update(|bounded| bounded.remove(gone)).unwrap();
        assert_eq!(shared.load().load(lease.node()), 1);
        assert_eq!(shared.load().total(), 1);
        assert!(shared.load().release(gone));
        drop(lease);
        assert_eq!(shared.load().total(), 0);
    }

    /// Whatever readers see was published whole, and epochs never fall. One writer adds and removes pairs of nodes, one fails.
    #[test]
    fn readers_see_published_placements_in_order() {
        const EPOCHS: u64 = 400;
        let shared = Shared::new(toy(2));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let reader = || {
                let mut seen = shared.stamp().epoch;
                let mut checked = 0;
                while !done.load(Ordering::Relaxed) || checked == 0 {
                    let snapshot = shared.load();
                    let Stamp { epoch, fingerprint } = snapshot.stamp();
                    assert!(epoch >= seen);
                    seen = epoch;
                    assert_eq!(snapshot.describe().fingerprint(), fingerprint);
                    assert_eq!(snapshot.roster().len() as u64, 2 + 2 * (epoch % 4));
                    checked += 1;
                }
            };
            scope.spawn(reader);
            scope.spawn(reader);
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let failed = shared.update(|toy| {
                        toy.add("half", Weight::ONE)?;
                        toy.add("", Weight::ONE)
                    });
                    assert_eq!(failed, Err(Error::NameLength { found: 0 }));
                }
            });
            for epoch in 1..=EPOCHS {
                let pair = |epoch: u64| [format!("{epoch} left"), format!("{epoch} right")];
                let (_, stamp) = shared
                    .update(|toy| {
                        if epoch % 4 == 0 {
                            for name in (epoch - 3..epoch).flat_map(pair) {
                                toy.remove(toy.roster().find(&name).unwrap())?;
                            }
                        } else {
                            for name in pair(epoch) {
                                toy.add(&name, Weight::ONE)?;
                            }
                        }
                        Ok::<_, Error>(())
                    })
                    .unwrap();
                assert_eq!(stamp.epoch, epoch);
            }
            done.store(true, Ordering::Relaxed);
        });
    }

    /// Writers in two threads: every change counts, and has an epoch of its own.
    #[test]
    fn writers_take_turns() {
        let shared = Shared::new(toy(0));
        thread::scope(|scope| {
            for writer in 0..2 {
                let shared = &shared;
                scope.spawn(move || {
                    let mut last = 0;
                    for change in 0..100 {
                        let name = format!("{writer}-{change}");
                        let (_, stamp) = shared.update(|toy| toy.add(&name, Weight::ONE)).unwrap();
                        assert!(stamp.epoch > last);
                        last = stamp.epoch;
                    }
                });
            }
        });
        assert_eq!(shared.stamp().epoch, 200);
        assert_eq!(shared.load().roster().len(), 200);
    }
}
