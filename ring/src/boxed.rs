//! Placements whose algorithm is chosen at run time.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::ControlFlow;

use crate::{Algorithm, Arcs, Description, KeyHash, NodeId, Placement, Result, Roster, Weight};

/// That a [`Placement`] can be cloned behind a box. Has a name for this crate only: others clone the box.
pub trait BoxedClone {
    /// A clone in a box of its own.
    fn boxed_clone(&self) -> Box<dyn Placement>;
}

impl<P: Placement + Clone + 'static> BoxedClone for P {
    fn boxed_clone(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Placement> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

/// One indirect call on top of what the algorithm costs.
impl Placement for Box<dyn Placement> {
    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }

    fn roster(&self) -> &Roster {
        (**self).roster()
    }

    fn key_hash(&self) -> KeyHash {
        (**self).key_hash()
    }

    fn locate(&self, hash: u64) -> Option<NodeId> {
        (**self).locate(hash)
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        (**self).prefer(hash, visit);
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        (**self).add(name, weight)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        (**self).remove(node)
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        (**self).reweight(node, weight)
    }

    fn describe(&self) -> Description {
        (**self).describe()
    }

    fn arcs(&self) -> Option<Arcs<'_>> {
        (**self).arcs()
    }

    fn heap_bytes(&self) -> usize {
        (**self).heap_bytes()
    }

    fn locate_key(&self, key: &[u8]) -> Option<NodeId> {
        (**self).locate_key(key)
    }

    fn name_of(&self, key: &[u8]) -> Option<&str> {
        (**self).name_of(key)
    }

    fn replicas(&self, hash: u64, count: usize) -> Vec<NodeId> {
        (**self).replicas(hash, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::toy;

    /// A clone in a box is its own placement, and answers as the one inside does.
    #[test]
    fn clones_and_forwards() {
        let plain = toy(5);
        let before: Box<dyn Placement> = Box::new(plain.clone());
        let mut after = before.clone();
        let gone = after.locate(7).unwrap();
        after.remove(gone).unwrap();
        assert_eq!(before.roster().len(), 5);
        assert_eq!(after.roster().len(), 4);
        assert_eq!(before.describe(), plain.describe());
        assert_eq!(before.replicas(7, 3), plain.replicas(7, 3));
        assert_eq!(before.name_of(b"key"), plain.name_of(b"key"));
    }
}
