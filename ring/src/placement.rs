//! What every algorithm does.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::ControlFlow;

use crate::boxed::BoxedClone;
use crate::{
    Algorithm, Anchor, Arcs, Description, Dx, Jump, JumpBack, KeyHash, Maglev, Memento, MultiProbe,
    NodeId, Rendezvous, Result, Ring, Roster, Skeleton, Slots, Straw2, Weight,
};

/// What only this crate's placements are.
pub trait Sealed {}

/// Says so of each of them.
macro_rules! sealed {
    ($($placement:ty),*) => { $(impl Sealed for $placement {})* };
}

sealed!(Anchor, Dx, Jump, JumpBack, Maglev, Memento, MultiProbe);
sealed!(Rendezvous, Ring, Skeleton, Slots, Straw2, Box<dyn Placement>);

#[cfg(target_has_atomic = "64")]
impl<P: Placement> Sealed for crate::Bounded<P> {}

/// A way to place keys on nodes.
///
/// Lookups take the hash of a key, as [`key_hash`](Self::key_hash) makes it, and cost what the table on the crate's front page says. They never
/// allocate unless they say so, never lock, and give the same answer in every process that built the placement in the same way.
///
/// The trait can be made an object: code that works for every algorithm takes `&dyn Placement`, and a `Box<dyn Placement>` is a placement
/// itself that can be cloned.
///
/// **Sealed.** It is this crate's algorithms that implement it, and no others can: only they can give out a [`NodeId`] and keep a
/// [`Roster`], each has an [`Algorithm`], and a [`Description`] builds them again elsewhere. A program that places keys in a way of its own
/// wraps one of them, or takes [`Straw2`](crate::Straw2), [`Slots`](crate::Slots) or [`Ring::with_tokens`](crate::Ring::with_tokens),
/// which place as they are told. So methods may be added here without breaking anybody.
///
/// ```compile_fail,E0277
/// # use core::ops::ControlFlow;
/// # use hash_ring::{Algorithm, Description, KeyHash, NodeId, Placement, Result, Ring, Roster, Weight};
/// #[derive(Clone, Debug)]
/// struct Mine(Ring);
///
/// impl Placement for Mine {
/// #   fn algorithm(&self) -> Algorithm { self.0.algorithm() }
/// #   fn roster(&self) -> &Roster { self.0.roster() }
/// #   fn key_hash(&self) -> KeyHash { self.0.key_hash() }
/// #   fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) { self.0.prefer(hash, visit) }
/// #   fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> { self.0.add(name, weight) }
/// #   fn remove(&mut self, node: NodeId) -> Result<()> { self.0.remove(node) }
/// #   fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> { self.0.reweight(node, weight) }
/// #   fn describe(&self) -> Description { self.0.describe() }
/// #   fn heap_bytes(&self) -> usize { self.0.heap_bytes() }
///     fn locate(&self, hash: u64) -> Option<NodeId> {
///         self.0.locate(hash)
///     }
///     // ...
/// }
/// ```
pub trait Placement: Sealed + BoxedClone + fmt::Debug + Send + Sync {
    /// Which algorithm it is.
    fn algorithm(&self) -> Algorithm;

    /// The nodes, with their names and weights.
    fn roster(&self) -> &Roster;

    /// What turns keys into hashes here.
    fn key_hash(&self) -> KeyHash;

    /// The owner of a hash; `None` only if there are no nodes.
    fn locate(&self, hash: u64) -> Option<NodeId>;

    /// Visits every node once, in the order in which `hash` prefers them, until `visit` breaks. The first is the
    /// [owner](Self::locate).
    ///
    /// The order is what replicas, failure domains and bounded load build on: when a node leaves, the others keep their order (how nearly so, each
    /// algorithm says), so that the next in line is the one who takes over.
    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>);

    /// Adds a node.
    ///
    /// # Errors
    /// [`DuplicateName`](crate::Error::DuplicateName), [`NameLength`](crate::Error::NameLength),
    /// [`TooManyNodes`](crate::Error::TooManyNodes); [`Unsupported`](crate::Error::Unsupported) for a weight other than
    /// [`Weight::ONE`] where an algorithm knows none.
    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId>;

    /// Removes a node, whichever it is.
    ///
    /// # Errors
    /// [`UnknownNode`](crate::Error::UnknownNode).
    fn remove(&mut self, node: NodeId) -> Result<()>;

    /// Gives a node another weight.
    ///
    /// # Errors
    /// [`UnknownNode`](crate::Error::UnknownNode); [`Unsupported`](crate::Error::Unsupported) where an algorithm knows no weights.
    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()>;

    /// All that decides where keys go, by names: to be compared, sent, stored, and [built](Description::build) again elsewhere.
    /// Allocates; costs time in proportion to the nodes and to what the algorithm remembers.
    fn describe(&self) -> Description;

    /// The ranges of hashes that each node owns, if ownership goes by ranges; `None` for algorithms that scatter each node's
    /// hashes ([`Partitions`](crate::Partitions) gives any of them ranges).
    ///
    /// With no nodes there are no arcs.
    fn arcs(&self) -> Option<Arcs<'_>> {
        None
    }

    /// Bytes that it holds on the heap for lookups: all but the [`Roster`].
    fn heap_bytes(&self) -> usize;

    /// The owner of a key.
    fn locate_key(&self, key: &[u8]) -> Option<NodeId> {
        self.locate(self.key_hash().hash(key))
    }

    /// The name of a key's owner. O(1) on top of the lookup, O(log nodes) once nodes were removed.
    fn name_of(&self, key: &[u8]) -> Option<&str> {
        let owner = self.locate_key(key)?;
        self.roster().get(owner).map(crate::NodeRef::name)
    }

    /// The first `count` nodes in the order that `hash` prefers: distinct, the owner first, fewer if there are fewer.
    /// Allocates the result.
    fn replicas(&self, hash: u64, count: usize) -> Vec<NodeId> {
        let mut replicas = Vec::with_capacity(count.min(self.roster().len()));
        if count > 0 {
            self.prefer(hash, &mut |node| {
                replicas.push(node);
                if replicas.len() == count {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
        }
        replicas
    }
}
