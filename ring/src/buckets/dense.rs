//! Nodes in buckets without gaps.

use alloc::vec::Vec;

use super::{all_unweighted, unweighted};
use crate::canonical::{Describer, Opened};
use crate::{Algorithm, Description, Error, NodeId, Placement, Result, Roster, Weight};

/// Buckets 0 to n - 1, each with a node. Only the last can go: if another's node leaves, the last one's takes its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense {
    pub(super) roster: Roster,
    pub(super) nodes: Vec<NodeId>,
}

impl Dense {
    pub(super) fn buckets(&self) -> u32 {
        // Roster::MAX_NODES is far below 2^32.
        self.nodes.len() as u32
    }

    /// O(log n).
    pub(super) fn add(
        &mut self,
        algorithm: Algorithm,
        name: &str,
        weight: Weight,
    ) -> Result<NodeId> {
        unweighted(algorithm, weight)?;
        let node = self.roster.add(name, weight)?;
        self.nodes.push(node);
        Ok(node)
    }

    /// O(n), for the search of the bucket.
    pub(super) fn remove(&mut self, node: NodeId) -> Result<()> {
        let bucket = self.nodes.iter().position(|other| *other == node);
        let bucket = bucket.ok_or(Error::UnknownNode { node })?;
        self.roster.remove(node)?;
        self.nodes.swap_remove(bucket);
        Ok(())
    }

    pub(super) fn describe(&self, placement: &dyn Placement) -> Description {
        Describer::new(placement).buckets(self.nodes.iter().copied().map(Some)).finish()
    }

    pub(super) fn from_description(
        description: &Description,
        algorithm: Algorithm,
    ) -> Result<Self> {
        let mut opened = Opened::new(description, algorithm)?;
        let owners = opened.buckets()?;
        opened.finish()?;
        opened.one_bucket_each(owners)?;
        let nodes = owners.iter().map(|owner| opened.owner("bucket", *owner));
        let nodes = nodes.collect::<Result<_>>()?;
        Ok(Self { roster: all_unweighted(algorithm, opened.roster())?, nodes })
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<NodeId>()
    }
}

/// The trait for a struct of `nodes: Dense` and `key_hash`, with a function from a hash and a number of buckets to a bucket.
macro_rules! dense_placement {
    ($placement:ty, $algorithm:expr, $bucket:path) => {
        impl $placement {
            pub(crate) fn from_description(
                description: &$crate::Description,
            ) -> $crate::Result<Self> {
                let nodes = Dense::from_description(description, $algorithm)?;
                Ok(Self { nodes, key_hash: description.key_hash() })
            }
        }

        impl $crate::Placement for $placement {
            fn algorithm(&self) -> $crate::Algorithm {
                $algorithm
            }

            fn roster(&self) -> &$crate::Roster {
                &self.nodes.roster
            }

            fn key_hash(&self) -> $crate::KeyHash {
                self.key_hash
            }

            #[inline]
            fn locate(&self, hash: u64) -> Option<$crate::NodeId> {
                if self.nodes.nodes.is_empty() {
                    return None;
                }
                self.nodes.nodes.get($bucket(hash, self.nodes.buckets()) as usize).copied()
            }

            fn prefer(
                &self,
                hash: u64,
                visit: &mut dyn FnMut($crate::NodeId) -> core::ops::ControlFlow<()>,
            ) {
                let locate = |hash| self.locate(hash);
                $crate::preference::by_derived_hashes(&self.nodes.roster, hash, locate, visit);
            }

            fn add(
                &mut self,
                name: &str,
                weight: $crate::Weight,
            ) -> $crate::Result<$crate::NodeId> {
                self.nodes.add($algorithm, name, weight)
            }

            fn remove(&mut self, node: $crate::NodeId) -> $crate::Result<()> {
                self.nodes.remove(node)
            }

            fn reweight(
                &mut self,
                node: $crate::NodeId,
                weight: $crate::Weight,
            ) -> $crate::Result<()> {
                super::stay_unweighted($algorithm, &self.nodes.roster, node, weight)
            }

            fn describe(&self) -> $crate::Description {
                self.nodes.describe(self)
            }

            fn heap_bytes(&self) -> usize {
                self.nodes.heap_bytes()
            }
        }
    };
}
pub(super) use dense_placement;
