//! From a placement to its description.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Description, Part, Run, Value};
use crate::{NodeId, Placement};

/// Takes down a placement's description, and translates its ids: what [`Placement::describe`] is written with.
///
/// ```text
/// fn describe(&self) -> Description {
///     Describer::new(self)
///         .number("capacity", self.capacity.into())
///         .buckets(self.owners.iter().copied())
///         .removed(self.history.iter().copied())
///         .finish()
/// }
/// ```
/// What derives from names, weights and parameters is not told.
pub(crate) struct Describer {
    description: Description,
    /// Ids, ascending, with their place in the order of names.
    places: Vec<(NodeId, u32)>,
}

impl Describer {
    pub(crate) fn new(placement: &dyn Placement) -> Self {
        let roster = placement.roster();
        let mut nodes: Vec<_> = roster.iter().collect();
        nodes.sort_unstable_by(|(_, a), (_, b)| a.name().cmp(b.name()));
        let mut places: Vec<_> = nodes.iter().map(|(id, _)| *id).zip(0..).collect();
        places.sort_unstable();
        let description = Description {
            algorithm: placement.algorithm(),
            key_hash: placement.key_hash(),
            parameters: BTreeMap::new(),
            nodes: nodes.into_iter().map(|(_, node)| node.to_node()).collect(),
            parts: Vec::new(),
        };
        Self { description, places }
    }

    /// A parameter that is a number.
    pub(crate) fn number(mut self, name: &str, value: u64) -> Self {
        self.description.parameters.insert(name.into(), Value::Number(value));
        self
    }

    /// A parameter that is a word.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.description.parameters.insert(name.into(), Value::Text(value.into()));
        self
    }

    /// The tokens of each node, in any order.
    pub(crate) fn tokens(self, mut of: impl FnMut(NodeId) -> Vec<u64>) -> Self {
        let tokens = self.by_name(|id| {
            let mut tokens = of(id);
            tokens.sort_unstable();
            tokens.dedup();
            tokens
        });
        self.part(Part::Tokens(tokens))
    }

    /// The owners of buckets 0, 1, 2 and so on. Those at the end that have none need not be given.
    pub(crate) fn buckets(self, owners: impl IntoIterator<Item = Option<NodeId>>) -> Self {
        let mut until_last = Vec::new();
        for (bucket, owner) in owners.into_iter().enumerate() {
            if let Some(place) = owner.and_then(|id| self.place(id)) {
                until_last.resize(bucket, None);
                until_last.push(Some(place));
            }
        }
        self.part(Part::Buckets(until_last))
    }

    /// Buckets without owners in the order in which they lost them, each once. Those that never had one need not be given, nor those whose
    /// order does not matter.
    pub(crate) fn removed(self, buckets: impl IntoIterator<Item = u32>) -> Self {
        self.part(Part::Removed(buckets.into_iter().collect()))
    }

    /// The owners of slots 0, 1, 2 and so on.
    pub(crate) fn slots(self, owners: impl IntoIterator<Item = Option<NodeId>>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        let mut before = None;
        for owner in owners {
            match runs.last_mut() {
                Some(run) if before == Some(owner) => run.length += 1,
                _ => runs.push(Run { length: 1, owner: owner.and_then(|id| self.place(id)) }),
            }
            before = Some(owner);
        }
        self.part(Part::Slots(runs))
    }

    /// Where each node stands in a topology, from the root down.
    pub(crate) fn paths(self, of: impl FnMut(NodeId) -> Vec<String>) -> Self {
        let paths = self.by_name(of);
        self.part(Part::Paths(paths))
    }

    pub(crate) fn finish(self) -> Description {
        debug_assert!(
            self.description.parts.iter().all(|part| {
                let nodes = self.description.nodes.len();
                part.check(nodes, self.description.buckets()).is_ok()
            }),
            "{:?}",
            self.description.parts
        );
        self.description
    }

    fn place(&self, id: NodeId) -> Option<u32> {
        let at = self.places.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.places[at].1)
    }

    /// `of` each node, in the order of names.
    fn by_name<T>(&self, mut of: impl FnMut(NodeId) -> T) -> Vec<T> {
        let mut by_name = self.places.clone();
        by_name.sort_unstable_by_key(|(_, place)| *place);
        by_name.into_iter().map(|(id, _)| of(id)).collect()
    }

    fn part(mut self, part: Part) -> Self {
        match self.description.parts.binary_search_by_key(&part.kind(), Part::kind) {
            Ok(place) => self.description.parts[place] = part,
            Err(place) => self.description.parts.insert(place, part),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;
    use crate::{KeyHash, Weight, toy::Toy};

    /// Whatever order an algorithm tells things in, the description tells them by name and sound.
    #[test]
    fn by_names() {
        let mut toy = Toy::new(0, KeyHash::Md5);
        let [c, gone, b, a] = ["c", "x", "b", "a"].map(|name| toy.add(name, Weight::ONE).unwrap());
        toy.remove(gone).unwrap();
        let description = Describer::new(&toy)
            .text("points", "ketama")
            .paths(|id| vec![format!("rack {}", id.index())])
            .slots([Some(c), Some(c), None, Some(a), Some(a), Some(b)])
            .tokens(|id| vec![9, 3, 9, id.index() as u64])
            .removed([3, 7])
            .buckets([Some(c), None, Some(a), None, None])
            .finish();
        let run = |length, owner| Run { length, owner };
        assert_eq!(
            description.parts(),
            [
                Part::Tokens(vec![vec![3, 9], vec![2, 3, 9], vec![0, 3, 9]]),
                Part::Buckets(vec![Some(2), None, Some(0)]),
                Part::Removed(vec![3, 7]),
                Part::Slots(vec![run(2, Some(2)), run(1, None), run(2, Some(0)), run(1, Some(1))]),
                Part::Paths(vec![
                    vec!["rack 3".into()],
                    vec!["rack 2".into()],
                    vec!["rack 0".into()]
                ]),
            ]
        );
        assert_eq!(Description::decode(&description.encode()), Ok(description));
    }
}
