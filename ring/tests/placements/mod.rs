//! Placements of every algorithm, whatever happened to them before.
#![allow(dead_code)] // each test takes what it needs

use std::num::NonZeroU32;

use hash_ring::{
    Algorithm, Anchor, Dx, Jump, JumpBack, KeyHash, Maglev, MaglevBuild, Memento, MultiProbe,
    NodeId, Placement, Rendezvous, Result, Ring, Skeleton, Slots, Straw2, Tokens, Weight,
};
use proptest::{collection::vec, prelude::*, sample::Index, sample::select};

/// What may happen to a placement; where an algorithm cannot do it, nothing does.
#[derive(Clone, Debug)]
pub enum Change {
    Add(u32, Weight),
    Remove(Index),
    Reweight(Index, Weight),
    /// What the algorithm has beyond the trait: tokens given, slots assigned, domains that are not in the name.
    Special(u32, u64, Weight),
}

/// Nodes have names that are paths of two domains, which most algorithms do not know.
pub fn name(number: u32) -> String {
    format!("z{}/r{}/n{number}", number % 3, number % 2)
}

pub fn changes(most: usize) -> impl Strategy<Value = Vec<Change>> {
    let weight = || {
        prop_oneof![
            6 => Just(Weight::ONE),
            2 => select(vec![1 << 15, 2 << 16, 213_000]).prop_map(raw_weight),
            1 => (1..1_u32 << 19).prop_map(raw_weight),
        ]
    };
    let change = prop_oneof![
        6 => (0..24_u32, weight()).prop_map(|(number, weight)| Change::Add(number, weight)),
        4 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), weight()).prop_map(|(at, weight)| Change::Reweight(at, weight)),
        1 => (0..24_u32, any::<u64>(), weight())
            .prop_map(|(number, seed, weight)| Change::Special(number, seed, weight)),
    ];
    vec(change, 0..=most)
}

fn raw_weight(raw: u32) -> Weight {
    Weight::from_raw(NonZeroU32::new(raw).unwrap())
}

/// Makes a change that every placement has a method for; what comes of it must not depend on ids.
pub fn change(placement: &mut dyn Placement, change: &Change) -> Result<()> {
    let node = |placement: &dyn Placement, at: &Index| {
        // By name: ids are not the same in all placements.
        let mut names: Vec<_> = placement.roster().iter().map(|(id, it)| (it.name(), id)).collect();
        names.sort_unstable();
        (!names.is_empty()).then(|| names[at.index(names.len())].1)
    };
    match change {
        Change::Add(number, weight) => placement.add(&name(*number), *weight).map(drop),
        Change::Remove(at) => node(placement, at).map_or(Ok(()), |node| placement.remove(node)),
        Change::Reweight(at, weight) => {
            node(placement, at).map_or(Ok(()), |node| placement.reweight(node, *weight))
        }
        Change::Special(..) => Ok(()),
    }
}

/// A placement with the methods that only its algorithm has.
enum Subject {
    Ring(Ring),
    Slots(Slots),
    Straw2(Straw2),
    Other(Box<dyn Placement>),
}

impl Subject {
    fn placement(&mut self) -> &mut dyn Placement {
        match self {
            Self::Ring(ring) => ring,
            Self::Slots(slots) => slots,
            Self::Straw2(straw2) => straw2,
            Self::Other(other) => &mut **other,
        }
    }

    fn boxed(self) -> Box<dyn Placement> {
        match self {
            Self::Ring(ring) => Box::new(ring),
            Self::Slots(slots) => Box::new(slots),
            Self::Straw2(straw2) => Box::new(straw2),
            Self::Other(other) => other,
        }
    }

    fn special(&mut self, number: u32, seed: u64, weight: Weight) -> Result<()> {
        match self {
            Self::Ring(ring) if seed.is_multiple_of(4) => *ring = ring.rebalanced()?,
            Self::Ring(ring) => {
                let tokens = (0..1 + seed % 5).map(|token| seed.wrapping_mul(token + 1));
                ring.add_with_tokens(&name(number), weight, tokens)?;
            }
            Self::Slots(slots) => {
                let nodes: Vec<NodeId> = slots.roster().iter().map(|(id, _)| id).collect();
                if let Some(node) = nodes.get(seed as usize % nodes.len().max(1)) {
                    let first = number * 11 % slots.count();
                    slots.assign_range(first, (first + 9).min(slots.count() - 1), *node)?;
                }
            }
            Self::Straw2(straw2) if straw2.topology().levels().len() == 2 => {
                straw2.add_in(&format!("elsewhere/r{}", seed % 3), &name(number), weight)?;
            }
            Self::Straw2(_) | Self::Other(_) => {}
        }
        Ok(())
    }
}

/// One without nodes, with parameters that come from `a` and `b`.
fn empty(algorithm: Algorithm, a: u32, b: u32, key_hash: KeyHash) -> Result<Subject> {
    let other: Box<dyn Placement> = match algorithm {
        Algorithm::Ring => {
            let per_weight = 1 + a % 20;
            let tokens =
                [Tokens::Random(per_weight), Tokens::Allocated(per_weight), Tokens::Explicit];
            return Ring::new(tokens[b as usize % 3], key_hash).map(Subject::Ring);
        }
        Algorithm::Slots => {
            return Slots::with_count(1 + a % 300, key_hash).map(Subject::Slots);
        }
        Algorithm::Straw2 => {
            let levels: &[&str] = if b.is_multiple_of(2) { &[] } else { &["zone", "rack"] };
            return Straw2::with_levels(levels, key_hash).map(Subject::Straw2);
        }
        Algorithm::Jump => Box::new(Jump::new(key_hash)),
        Algorithm::JumpBack => Box::new(JumpBack::new(key_hash)),
        Algorithm::Rendezvous => Box::new(Rendezvous::new(key_hash)),
        Algorithm::Skeleton => Box::new(Skeleton::with_fan_out(2 << (a % 5), key_hash)?),
        Algorithm::Maglev => {
            let size = [251, 31, 3, 2][a as usize % 4];
            let build = [MaglevBuild::MinimalDisruption, MaglevBuild::Classic][b as usize % 2];
            Box::new(Maglev::with_size(size, build, key_hash)?)
        }
        Algorithm::Anchor => Box::new(Anchor::new(1 + a as usize % 30, key_hash)?),
        Algorithm::Memento => Box::new(Memento::new(key_hash)),
        Algorithm::Dx if b.is_multiple_of(2) => Box::new(Dx::new(key_hash)),
        Algorithm::Dx => Box::new(Dx::with_capacity(1 + a as usize % 70, key_hash)?),
        Algorithm::MultiProbe => {
            Box::new(MultiProbe::with_probes(1 + a % 25, 1 + b % 3, key_hash)?)
        }
        unknown => panic!("no {unknown} here: add it"),
    };
    Ok(Subject::Other(other))
}

/// A placement of an algorithm that has any history, of up to `most` changes.
pub fn placement(algorithm: Algorithm, most: usize) -> impl Strategy<Value = Box<dyn Placement>> {
    let key_hash =
        select(vec![KeyHash::default(), KeyHash::SipHash13 { key: [1, 2] }, KeyHash::RedisSlot]);
    (any::<[u32; 2]>(), key_hash, changes(most)).prop_map(move |([a, b], key_hash, history)| {
        let mut subject = empty(algorithm, a, b, key_hash).unwrap();
        for it in history {
            let _ = match it {
                Change::Special(number, seed, weight) => subject.special(number, seed, weight),
                it => change(subject.placement(), &it),
            };
        }
        subject.boxed()
    })
}

/// The names in the order in which a hash prefers them.
pub fn names(placement: &dyn Placement, hash: u64) -> Vec<&str> {
    let name = |id: NodeId| placement.roster().get(id).map_or("nobody", hash_ring::NodeRef::name);
    placement.replicas(hash, usize::MAX).into_iter().map(name).collect()
}
