//! Tables of equal ranges of hashes ("slots"), each with one owner: what [`Maglev`] and [`Slots`] have in common.

mod maglev;
mod shares;
mod slots;

pub use maglev::{Maglev, MaglevBuild};
pub use slots::Slots;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::hash::mix::{first_of, scale};
use crate::{Arc, Arcs, HashRange, NodeId, Roster};

/// The owner of each slot, in two bytes as long as ids are below 65,536, else in four.
#[derive(Clone, Debug)]
enum SlotTable {
    Narrow(Vec<u16>),
    Wide(Vec<u32>),
}

impl SlotTable {
    const fn new() -> Self {
        Self::Narrow(Vec::new())
    }

    fn of(owners: impl ExactSizeIterator<Item = NodeId> + Clone) -> Self {
        if owners.clone().all(|owner| owner.0 <= u32::from(u16::MAX)) {
            Self::Narrow(owners.map(|owner| owner.0 as u16).collect())
        } else {
            Self::Wide(owners.map(|owner| owner.0).collect())
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Narrow(owners) => owners.len(),
            Self::Wide(owners) => owners.len(),
        }
    }

    fn get(&self, slot: usize) -> Option<NodeId> {
        match self {
            Self::Narrow(owners) => owners.get(slot).map(|owner| NodeId(u32::from(*owner))),
            Self::Wide(owners) => owners.get(slot).map(|owner| NodeId(*owner)),
        }
    }

    #[inline]
    fn locate(&self, hash: u64) -> Option<NodeId> {
        // The length is read where it is used: of one variant each, and the check of the bounds is all but free.
        match self {
            Self::Narrow(owners) => {
                let slot = scale(hash, owners.len() as u64) as usize;
                owners.get(slot).map(|owner| NodeId(u32::from(*owner)))
            }
            Self::Wide(owners) => {
                let slot = scale(hash, owners.len() as u64) as usize;
                owners.get(slot).map(|owner| NodeId(*owner))
            }
        }
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = NodeId> + Clone {
        (0..self.len()).map(|slot| self.get(slot).unwrap_or(NodeId(0)))
    }

    /// Neighbours of one owner are one arc.
    fn arcs(&self) -> Arcs<'_> {
        let slots = self.len();
        let mut next = 0;
        Box::new(core::iter::from_fn(move || {
            let owner = self.get(next)?;
            let first = next;
            while self.get(next) == Some(owner) {
                next += 1;
            }
            let first = first_of(first as u64, slots as u64) as u64;
            let last = (first_of(next as u64, slots as u64) - 1) as u64;
            Some(Arc { range: HashRange::new(first, last)?, owner })
        }))
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Narrow(owners) => owners.capacity() * size_of::<u16>(),
            Self::Wide(owners) => owners.capacity() * size_of::<u32>(),
        }
    }
}

/// A table being redistributed: who has what, and who should have how much.
struct Redistribution {
    /// In the order of names, which decides ties.
    nodes: Vec<NodeId>,
    weights: Vec<u32>,
    /// Of each slot, an index into `nodes` or [`FREE`](Self::FREE).
    owners: Vec<u32>,
    /// How many slots each has to give away.
    excess: Vec<u64>,
    /// How many slots each is to get.
    deficit: Vec<u64>,
}

impl Redistribution {
    /// Without an owner.
    const FREE: u32 = u32::MAX;

    /// Towards shares that are less than a slot from those by weight, with as few slots changing their owner as possible.
    fn new(roster: &Roster, slots: usize, table: &SlotTable) -> Self {
        let (mut nodes, mut weights) = (Vec::new(), Vec::new());
        let mut index_of = vec![Self::FREE; roster.id_bound()];
        for (id, node) in roster.by_name() {
            index_of[id.index()] = nodes.len() as u32;
            nodes.push(id);
            weights.push(node.weight().raw());
        }
        let mut counts = vec![0; nodes.len()];
        let mut owners = vec![Self::FREE; slots];
        for (slot, owner) in owners.iter_mut().zip(table.iter()) {
            *slot = index_of[owner.index()];
            if let Some(count) = counts.get_mut(*slot as usize) {
                *count += 1;
            }
        }
        let targets = shares::apportion(slots as u64, &weights, &counts);
        let zip = || counts.iter().zip(&targets);
        let excess = zip().map(|(count, target)| count.saturating_sub(*target)).collect();
        let deficit = zip().map(|(count, target)| target.saturating_sub(*count)).collect();
        Self { nodes, weights, owners, excess, deficit }
    }

    /// Whether whoever has a slot may lose it; takes it away if so.
    fn release(&mut self, slot: usize) -> bool {
        match self.excess.get_mut(self.owners[slot] as usize) {
            None => true,
            Some(0) => false,
            Some(excess) => {
                *excess -= 1;
                self.owners[slot] = Self::FREE;
                true
            }
        }
    }

    fn table(&self) -> SlotTable {
        if self.nodes.is_empty() {
            return SlotTable::new();
        }
        SlotTable::of(self.owners.iter().map(|owner| self.nodes[*owner as usize]))
    }
}
