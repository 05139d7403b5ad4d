//! What readers see of a keyspace at a moment, and the order in which it is replaced and loaded.
//!
//! Three rules make every acknowledged write findable, each in one place here or in its caller:
//!
//! 1. A memtable is in the super version before any commit writes to it: [`Current::rotate`] comes before the commit lock hands
//!    the new one out. So a super version that is loaded after an acknowledgement has the memtable that the write went to.
//! 2. A flushed memtable leaves in the same replacement in which its table comes ([`Current::install`]), and only then is
//!    anything that was merged away marked obsolete. So no super version lacks an entry, or names a file that may go.
//! 3. A reader loads the super version first and the visible sequence number second. Tables hold entries without a number,
//!    for every reader to see: a number from before could be below them.
//!
//! `super_version_loom.rs` is the model of all three.

use std::sync::Arc;

use super::{
    LiveMemtable,
    sync::{Guard, Mutex, Swap},
};
use crate::{SequenceNumber, version::Version};

/// Everything a read of a keyspace looks at, newest first: the active memtable, those that wait for their flush, the
/// tables. Immutable; replaced as a whole.
///
/// Generic so that the model of the replacement can have small memtables and tables.
#[derive(Debug)]
pub(crate) struct SuperVersion<M = LiveMemtable, V = Version> {
    pub(crate) active: Arc<M>,
    /// Newest first.
    pub(crate) immutables: Vec<Arc<M>>,
    pub(crate) version: Arc<V>,
}

impl<M, V> SuperVersion<M, V> {
    /// The active memtable and those that wait, newest first.
    pub(crate) fn memtables(&self) -> impl DoubleEndedIterator<Item = &Arc<M>> {
        std::iter::once(&self.active).chain(&self.immutables)
    }
}

/// A super version in use.
pub(crate) type Loaded<M = LiveMemtable, V = Version> = Guard<SuperVersion<M, V>>;

/// The super version of now.
#[derive(Debug)]
pub(crate) struct Current<M = LiveMemtable, V = Version> {
    swap: Swap<SuperVersion<M, V>>,
    /// Serialises replacements: each is made from the one before.
    replace: Mutex<()>,
}

impl<M, V> Current<M, V> {
    pub(crate) fn new(first: SuperVersion<M, V>) -> Self {
        Self { swap: Swap::new(first), replace: Mutex::new(()) }
    }

    /// What a read looks at, for as long as the guard lives. Wait-free.
    #[inline]
    pub(crate) fn load(&self) -> Loaded<M, V> {
        self.swap.load()
    }

    /// The same, to keep.
    pub(crate) fn load_full(&self) -> Arc<SuperVersion<M, V>> {
        self.swap.load_full()
    }

    /// A super version and a sequence number that fit together: the super version holds everything up to the number,
    /// and the number is visible to everything in its tables.
    ///
    /// Tables hold entries without a sequence number, which every reader sees: so the number must be read after the
    /// super version. And a memtable that was rotated in between would hold commits at or below the number which this
    /// super version lacks: so it must still be current afterwards.
    pub(crate) fn load_at(
        &self,
        visible: impl Fn() -> SequenceNumber,
    ) -> (Arc<SuperVersion<M, V>>, SequenceNumber) {
        let mut version = self.load_full();
        loop {
            let sequence = visible();
            let again = self.load_full();
            if Arc::ptr_eq(&version, &again) {
                return (version, sequence);
            }
            version = again;
        }
    }

    /// Replaces the super version by one made from it.
    fn replace(&self, make: impl FnOnce(&SuperVersion<M, V>) -> SuperVersion<M, V>) {
        let _guard = self.replace.lock();
        let next = make(&self.load());
        self.swap.store(Arc::new(next));
    }

    /// Puts a new active memtable in front; the old one waits for its flush.
    pub(crate) fn rotate(&self, active: Arc<M>) {
        self.replace(|old| {
            let mut immutables = Vec::with_capacity(old.immutables.len() + 1);
            immutables.push(Arc::clone(&old.active));
            immutables.extend(old.immutables.iter().cloned());
            SuperVersion { active, immutables, version: Arc::clone(&old.version) }
        });
    }

    /// Replaces the tables, and takes out a memtable that was flushed into them.
    pub(crate) fn install(&self, flushed: Option<&Arc<M>>, change: impl FnOnce(&V) -> V) {
        self.replace(|old| {
            let keep =
                |memtable: &&Arc<M>| !flushed.is_some_and(|flushed| Arc::ptr_eq(flushed, memtable));
            SuperVersion {
                active: Arc::clone(&old.active),
                immutables: old.immutables.iter().filter(keep).cloned().collect(),
                version: Arc::new(change(&old.version)),
            }
        });
    }
}
