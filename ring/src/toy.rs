//! The least that is a placement: for tests of what works with any of them.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use crate::canonical::{Describer, Opened};
use crate::hash::mix::scale;
use crate::{
    Algorithm, Description, KeyHash, NodeId, Part, Placement, Result, Roster, Value, Weight,
};

/// Equal ranges in the order in which the nodes came, where the last takes the place of one who leaves. Moves nearly all keys at every
/// change; allocates nothing; a node's range depends on the history.
#[derive(Clone, Debug)]
pub(crate) struct Toy {
    roster: Roster,
    order: Vec<NodeId>,
    key_hash: KeyHash,
    /// Added to the number of the bucket.
    shift: u32,
}

impl Toy {
    pub(crate) fn new(shift: u32, key_hash: KeyHash) -> Self {
        Self { roster: Roster::default(), order: Vec::new(), key_hash, shift }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        let mut opened = Opened::new(description, Algorithm::Jump)?;
        let shift = opened.number("shift", 0..=u64::from(u32::MAX))? as u32;
        let owners = opened.buckets()?;
        opened.finish()?;
        opened.one_bucket_each(owners)?;
        let order = owners.iter().map(|owner| opened.owner("bucket", *owner));
        Ok(Self {
            roster: opened.roster(),
            order: order.collect::<Result<_>>()?,
            key_hash: description.key_hash(),
            shift,
        })
    }
}

impl crate::placement::Sealed for Toy {}

impl Placement for Toy {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Jump
    }

    fn roster(&self) -> &Roster {
        &self.roster
    }

    fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    fn locate(&self, hash: u64) -> Option<NodeId> {
        let nodes = self.order.len() as u64;
        (nodes > 0)
            .then(|| self.order[((scale(hash, nodes) + u64::from(self.shift)) % nodes) as usize])
    }

    fn prefer(&self, hash: u64, visit: &mut dyn FnMut(NodeId) -> ControlFlow<()>) {
        let nodes = self.order.len() as u64;
        for next in 0..nodes {
            let bucket = (scale(hash, nodes) + u64::from(self.shift) + next) % nodes;
            if visit(self.order[bucket as usize]).is_break() {
                return;
            }
        }
    }

    fn add(&mut self, name: &str, weight: Weight) -> Result<NodeId> {
        let node = self.roster.add(name, weight)?;
        self.order.push(node);
        Ok(node)
    }

    fn remove(&mut self, node: NodeId) -> Result<()> {
        self.roster.remove(node)?;
        let bucket = self.order.iter().position(|owner| *owner == node).unwrap();
        self.order.swap_remove(bucket);
        Ok(())
    }

    fn reweight(&mut self, node: NodeId, weight: Weight) -> Result<()> {
        self.roster.reweight(node, weight).map(drop)
    }

    fn describe(&self) -> Description {
        Describer::new(self)
            .number("shift", u64::from(self.shift))
            .buckets(self.order.iter().copied().map(Some))
            .finish()
    }

    fn heap_bytes(&self) -> usize {
        self.order.capacity() * size_of::<NodeId>()
    }
}

/// With nodes `n0`, `n1` and so on of weight 1.
pub(crate) fn toy(nodes: usize) -> Toy {
    let mut toy = Toy::new(0, KeyHash::default());
    for node in 0..nodes {
        toy.add(&format!("n{node}"), Weight::ONE).unwrap();
    }
    toy
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Built again from its bytes it places alike by name, whatever came and went before; its ids are others.
    #[test]
    fn built_again() {
        let mut toy = Toy::new(3, KeyHash::SipHash13 { key: [1, 2] });
        for name in ["d", "b", "a", "c", "e"] {
            toy.add(name, Weight::new(1.5).unwrap()).unwrap();
        }
        toy.remove(toy.roster.find("b").unwrap()).unwrap();
        let bytes = toy.describe().encode();
        let again = Toy::from_description(&Description::decode(&bytes).unwrap()).unwrap();
        assert_eq!(again.describe(), toy.describe());
        assert_eq!(again.describe().fingerprint(), toy.describe().fingerprint());
        let description = toy.describe();
        let boxed = description.checked(Toy::from_description(&description)).unwrap();
        assert_eq!(boxed.describe(), description);
        for key in 0..100_u32 {
            assert_eq!(again.name_of(&key.to_le_bytes()), toy.name_of(&key.to_le_bytes()));
        }
    }

    /// All that makes it place otherwise, or could, makes its fingerprint another one.
    #[test]
    fn fingerprints_tell_placements_apart() {
        let like = |shift, key_hash, names: &[&str], weight: f64| {
            let mut toy = Toy::new(shift, key_hash);
            for name in names {
                toy.add(name, Weight::new(weight).unwrap()).unwrap();
            }
            toy.describe().fingerprint()
        };
        let xxh3 = KeyHash::default();
        let all = [
            like(0, xxh3, &[], 1.0),
            like(0, xxh3, &["a", "b"], 1.0),
            like(0, xxh3, &["b", "a"], 1.0),
            like(1, xxh3, &["a", "b"], 1.0),
            like(0, xxh3, &["a", "b"], 2.0),
            like(0, xxh3, &["a", "c"], 1.0),
            like(0, KeyHash::Xxh3 { seed: 1 }, &["a", "b"], 1.0),
            like(0, KeyHash::SipHash13 { key: [0, 1] }, &["a", "b"], 1.0),
            like(0, KeyHash::SipHash13 { key: [1, 0] }, &["a", "b"], 1.0),
            like(0, KeyHash::SipHash24 { key: [1, 0] }, &["a", "b"], 1.0),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
        // Not by how it came about.
        let mut late = Toy::new(0, xxh3);
        for name in ["x", "b", "a"] {
            late.add(name, Weight::ONE).unwrap();
        }
        late.remove(late.roster.find("x").unwrap()).unwrap();
        assert_eq!(late.describe().fingerprint(), all[1]);
    }

    /// What is not its own is refused, not passed over.
    #[test]
    fn refused() {
        let sound = toy(3).describe();
        let message = |description: Result<Description>| {
            Toy::from_description(&description.unwrap()).unwrap_err().to_string()
        };
        let bare = || {
            Description::new(
                Algorithm::Jump,
                KeyHash::default(),
                [("a", Weight::ONE), ("b", Weight::ONE)],
            )
            .unwrap()
        };
        let shifted = || bare().with_parameter("shift", Value::Number(0)).unwrap();
        let order = |order: &[Option<u32>]| shifted().with_part(Part::Buckets(order.to_vec()));
        assert!(Toy::from_description(&order(&[Some(1), Some(0)]).unwrap()).is_ok());
        assert_eq!(
            message(sound.clone().with_parameter("probes", Value::Number(21))),
            "parameter of a description is probes, must be one that the algorithm has"
        );
        assert_eq!(
            message(sound.clone().with_part(Part::Removed(vec![4]))),
            "part of a description is removed, must be one that the algorithm has"
        );
        assert_eq!(
            message(bare().with_part(Part::Buckets(vec![Some(0), Some(1)]))),
            "shift is missing, must be a number"
        );
        assert_eq!(
            message(bare().with_parameter("shift", Value::Text("left".into()))),
            "shift is \"left\", must be a number"
        );
        assert_eq!(
            message(bare().with_parameter("shift", Value::Number(1 << 32))),
            "shift is 4294967296, must be within the bounds of the algorithm"
        );
        assert_eq!(message(Ok(shifted())), "buckets is missing, must be there");
        assert_eq!(
            message(order(&[Some(1), Some(1)])),
            "bucket is 1 of \"b\", a second one, must be owned by each node, once"
        );
        assert_eq!(
            message(order(&[Some(0), None, Some(1)])),
            "bucket is vacant, must be owned by a node"
        );
        assert_eq!(
            message(order(&[Some(1)])),
            "bucket is missing for \"a\", must be owned by each node, once"
        );
        // Built, but of something else than was described.
        let overlooked = sound.checked(Ok(toy(2))).map(drop).unwrap_err().to_string();
        assert!(overlooked.starts_with("description is of no placement"), "{overlooked}");
        let other = Description::new(Algorithm::Ring, KeyHash::Md5, [("a", Weight::ONE)]);
        assert_eq!(message(other), "algorithm is ring, must be the one that is built");
    }
}
