//! A placement that does not tell its ranges.

use std::ops::ControlFlow;

use hash_ring::{Algorithm, Description, KeyHash, NodeId, Placement, Result, Ring, Roster, Weight};

#[derive(Clone, Debug)]
pub struct Scattered(pub Ring);

impl Placement for Scattered {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn roster(&self) -> &Roster {
        self.0.roster()
    }

    fn key_hash(&self) -> KeyHash {
        self.0.key_hash()
    }

    fn locate(&self, hash: u64) -> Option<NodeId> {
        self.0.locate(hash)
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        self.0.prefer(hash, visit);
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        self.0.add(name, weight)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.0.remove(node)
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.0.reweight(node, weight)
    }

    fn describe(&self) -> Description {
        self.0.describe()
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}
