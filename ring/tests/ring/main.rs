//! The ring against a map of its points, and what it promises when nodes come and go.
#![allow(clippy::unwrap_used)] // helpers of tests too

mod allocation;

use std::collections::{BTreeMap, BTreeSet};

use hash_ring::{
    Balance, Error, KeyHash, NodeId, Placement, Plan, Ring, Roster, Tokens, Weight, plan,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn hash(of: u64) -> u64 {
    KeyHash::default().hash(&of.to_le_bytes())
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|node| format!("node-{node}")).collect()
}

fn ring(tokens: Tokens, nodes: usize) -> Ring {
    let names = names(nodes);
    let nodes = names.iter().map(|name| (name.as_str(), Weight::ONE));
    Ring::with_nodes(tokens, KeyHash::default(), nodes).unwrap()
}

fn weight() -> impl Strategy<Value = Weight> {
    (1..400u32).prop_map(|percent| Weight::new(f64::from(percent) / 100.0).unwrap())
}

fn any_tokens() -> impl Strategy<Value = Tokens> {
    prop_oneof![(1..40u32).prop_map(Tokens::Random), (1..40u32).prop_map(Tokens::Allocated)]
}

/// The points with the names of their owners.
fn named(ring: &Ring) -> Vec<(u64, String)> {
    let name = |node| ring.roster().get(node).unwrap().name().to_string();
    ring.points().map(|(position, owner)| (position, name(owner))).collect()
}

/// What a ring is, said with a map.
struct Model(BTreeMap<u64, NodeId>);

impl Model {
    fn of(ring: &Ring) -> Self {
        let mut map = BTreeMap::new();
        for (position, owner) in ring.points() {
            map.entry(position).or_insert(owner);
        }
        Self(map)
    }

    fn from(&self, hash: u64) -> impl Iterator<Item = NodeId> {
        self.0.range(hash..).chain(self.0.range(..hash)).map(|(_, owner)| *owner)
    }

    fn prefer(&self, hash: u64) -> Vec<NodeId> {
        let mut seen = BTreeSet::new();
        self.from(hash).filter(|owner| seen.insert(*owner)).collect()
    }
}

fn check_against_model(ring: &Ring, hashes: &[u64]) -> Result<(), TestCaseError> {
    let model = Model::of(ring);
    let edges = model.0.keys().flat_map(|at| [at.wrapping_sub(1), *at, at.wrapping_add(1)]);
    for hash in hashes.iter().copied().chain(edges).chain([0, u64::MAX]) {
        prop_assert_eq!(ring.locate(hash), model.from(hash).next(), "{:016x}", hash);
    }
    for hash in hashes.iter().take(8) {
        prop_assert_eq!(ring.replicas(*hash, usize::MAX), model.prefer(*hash));
        prop_assert_eq!(ring.replicas(*hash, 2).len(), ring.roster().len().min(2));
    }
    let mut next = Some(0);
    for arc in ring.arcs().unwrap() {
        prop_assert_eq!(Some(arc.range.first()), next);
        prop_assert_eq!(ring.locate(arc.range.first()), Some(arc.owner));
        prop_assert_eq!(ring.locate(arc.range.last()), Some(arc.owner));
        next = arc.range.last().checked_add(1);
    }
    prop_assert_eq!(next.is_none(), !ring.roster().is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lookups_are_the_models(
        tokens in any_tokens(),
        weights in vec(weight(), 0..12),
        hashes in vec(any::<u64>(), 50),
    ) {
        let mut ring = Ring::new(tokens, KeyHash::default()).unwrap();
        for (at, weight) in weights.iter().enumerate() {
            ring.add(&format!("n{at}"), *weight).unwrap();
        }
        check_against_model(&ring, &hashes)?;
    }

    /// Positions that no hash function makes: crowded together, at the ends, far apart.
    #[test]
    fn lookups_are_the_models_for_any_positions(
        tokens in vec((any::<u64>(), 0..64u32, 0..6usize), 1..300),
        narrow in 0..64u32,
        hashes in vec(any::<u64>(), 50),
    ) {
        let mut by_owner: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for (position, shift, owner) in tokens {
            let position = if owner % 2 == 0 { position >> narrow } else { !(position >> shift) };
            if taken.insert(position) {
                by_owner.entry(owner).or_default().insert(position);
            }
        }
        let mut one_by_one = Ring::new(Tokens::Explicit, KeyHash::default()).unwrap();
        for (owner, tokens) in &by_owner {
            one_by_one.add_with_tokens(&format!("n{owner}"), Weight::ONE, tokens.iter().copied()).unwrap();
        }
        let narrow_hashes: Vec<u64> = hashes.iter().map(|hash| hash >> narrow).collect();
        check_against_model(&one_by_one, &hashes)?;
        check_against_model(&one_by_one, &narrow_hashes)?;
        let names: Vec<String> = by_owner.keys().map(|owner| format!("n{owner}")).collect();
        let nodes = names.iter().zip(by_owner.values()).map(|(name, tokens)| {
            (name.as_str(), Weight::ONE, tokens.iter().copied())
        });
        let at_once = Ring::with_tokens(Tokens::Explicit, KeyHash::default(), nodes).unwrap();
        prop_assert_eq!(named(&at_once), named(&one_by_one));
    }

    /// Names and weights determine a ring of random tokens, whatever happened before.
    #[test]
    fn random_tokens_have_no_history(
        per_weight in 1..30u32,
        steps in vec((0..10usize, weight(), any::<bool>()), 1..40),
    ) {
        let tokens = Tokens::Random(per_weight);
        let mut ring = Ring::new(tokens, KeyHash::default()).unwrap();
        let mut nodes: BTreeMap<String, Weight> = BTreeMap::new();
        for (name, weight, remove) in steps {
            let name = format!("n{name}");
            match (ring.roster().find(&name), remove) {
                (Some(node), true) => {
                    ring.remove(node).unwrap();
                    nodes.remove(&name);
                }
                (Some(node), false) => {
                    ring.reweight(node, weight).unwrap();
                    nodes.insert(name, weight);
                }
                (None, _) => {
                    ring.add(&name, weight).unwrap();
                    nodes.insert(name, weight);
                }
            }
        }
        let nodes = nodes.iter().rev().map(|(name, weight)| (name.as_str(), *weight));
        let fresh = Ring::with_nodes(tokens, KeyHash::default(), nodes).unwrap();
        prop_assert_eq!(named(&ring), named(&fresh));
    }

    /// What moves: to a node that comes or gains, from one that goes or loses, and nothing else.
    #[test]
    fn only_the_changed_node_is_disturbed(
        tokens in any_tokens(),
        weights in vec(weight(), 1..12),
        new in weight(),
        which in any::<prop::sample::Index>(),
    ) {
        let mut before = Ring::new(tokens, KeyHash::default()).unwrap();
        for (at, weight) in weights.iter().enumerate() {
            before.add(&format!("n{at}"), *weight).unwrap();
        }
        let disturbed = |plan: &Plan, name: &str| {
            let is = |peer: Option<hash_ring::Peer>| peer.is_some_and(|peer| &*plan.node(peer).name == name);
            let to = plan.moves().iter().filter(|one| is(one.to)).count();
            let from = plan.moves().iter().filter(|one| is(one.from)).count();
            (to, from)
        };
        let mut after = before.clone();
        after.add("new", new).unwrap();
        let added = plan(&before, &after).unwrap();
        prop_assert_eq!(disturbed(&added, "new"), (added.moves().len(), 0));
        prop_assert_eq!(added.moved(), added.minimum());

        let node = before.roster().iter().nth(which.index(weights.len())).unwrap().0;
        let name = before.roster().get(node).unwrap().name().to_string();
        let mut after = before.clone();
        after.remove(node).unwrap();
        let removed = plan(&before, &after).unwrap();
        prop_assert_eq!(disturbed(&removed, &name), (0, removed.moves().len()));
        prop_assert_eq!(removed.moved(), removed.minimum());

        let mut after = before.clone();
        after.reweight(node, new).unwrap();
        let changed = plan(&before, &after).unwrap();
        let grows = new > before.roster().get(node).unwrap().weight();
        let all = changed.moves().len();
        prop_assert_eq!(disturbed(&changed, &name), if grows { (all, 0) } else { (0, all) });
    }

    #[test]
    fn at_once_is_one_by_one(tokens in any_tokens(), weights in vec(weight(), 0..20)) {
        let names = names(weights.len());
        let nodes = || names.iter().map(String::as_str).zip(weights.iter().copied());
        let at_once = Ring::with_nodes(tokens, KeyHash::default(), nodes()).unwrap();
        let mut one_by_one = Ring::new(tokens, KeyHash::default()).unwrap();
        for (name, weight) in nodes() {
            one_by_one.add(name, weight).unwrap();
        }
        prop_assert_eq!(named(&at_once), named(&one_by_one));
        prop_assert_eq!(at_once.heap_bytes(), one_by_one.heap_bytes());
    }

    /// Every node has the points that its weight asks for, whatever others weigh.
    #[test]
    fn allocated_tokens_are_all_there(per_weight in 1..40u32, weights in vec(weight(), 1..20)) {
        let names = names(weights.len());
        let nodes = names.iter().map(String::as_str).zip(weights.iter().copied());
        let ring = Ring::with_nodes(Tokens::Allocated(per_weight), KeyHash::default(), nodes).unwrap();
        for (id, node) in ring.roster().iter() {
            let count = ring.points().filter(|(_, owner)| *owner == id).count() as u64;
            prop_assert!(count >= 1 && count <= node.weight().times(per_weight));
        }
    }
}

/// Shares of random tokens: the deviation is what theory says, sqrt((n - 1) / (n V + 1)).
#[test]
fn random_tokens_scatter_as_they_should() {
    for (nodes, count) in [(100, 64), (400, 160)] {
        let deviation =
            Balance::of(&ring(Tokens::Random(count), nodes)).unwrap().standard_deviation();
        let theory = ((nodes - 1) as f64 / (nodes as f64 * f64::from(count) + 1.0)).sqrt();
        // The sample deviation of n shares is off by some 1 / sqrt(2 n).
        let bound = 4.0 / (2.0 * nodes as f64).sqrt();
        assert!((deviation / theory - 1.0).abs() < bound, "{nodes}: {deviation} {theory}");
    }
}

#[test]
fn weights_are_followed_by_random_tokens() {
    let mut ring = Ring::new(Tokens::Random(1000), KeyHash::default()).unwrap();
    let small = ring.add("small", Weight::new(0.5).unwrap()).unwrap();
    let large = ring.add("large", Weight::new(3.5).unwrap()).unwrap();
    let share = |ring: &Ring, node| {
        let balance = Balance::of(ring).unwrap();
        balance.nodes().iter().find(|load| load.node == node).unwrap().share
    };
    assert!((share(&ring, small) - 0.125).abs() < 0.03);
    ring.reweight(large, Weight::new(0.5).unwrap()).unwrap();
    assert!((share(&ring, large) - 0.5).abs() < 0.08);
    assert_eq!(ring.points().len(), 1000);
}

/// Numbers of nodes outgrow 16 bits while few nodes are there.
#[test]
fn ids_past_two_bytes() {
    let mut ring = Ring::new(Tokens::Random(3), KeyHash::default()).unwrap();
    let first = ring.add("first", Weight::ONE).unwrap();
    for _ in 0..70_000 {
        let node = ring.add("passing", Weight::ONE).unwrap();
        ring.remove(node).unwrap();
    }
    let last = ring.add("last", Weight::ONE).unwrap();
    assert!(last.index() > 70_000);
    let owners: BTreeSet<NodeId> = (0..100).filter_map(|at| ring.locate(hash(at))).collect();
    assert_eq!(owners, BTreeSet::from([first, last]));
}

/// Tokens as Cassandra has them, signed: the circle is the same.
#[test]
fn signed_tokens() {
    let quarter = 1i64 << 62;
    let tokens = [("a", i64::MIN), ("b", -quarter), ("c", 0), ("d", quarter)];
    let nodes = tokens.map(|(name, token)| (name, Weight::ONE, [token as u64]));
    let key_hash = KeyHash::Murmur3 { seed: 0 };
    let ring = Ring::with_tokens(Tokens::Explicit, key_hash, nodes).unwrap();
    let owner = |token: i64| {
        ring.roster().get(ring.locate(token as u64).unwrap()).unwrap().name().to_string()
    };
    assert_eq!(owner(i64::MIN), "a");
    assert_eq!(owner(i64::MIN + 1), "b");
    assert_eq!(owner(-1), "c");
    assert_eq!(owner(0), "c");
    assert_eq!(owner(1), "d");
    assert_eq!(owner(quarter + 1), "a");
    assert_eq!(owner(i64::MAX), "a");
    // A cluster that exists goes on with allocated tokens.
    let mut ring = Ring::with_tokens(Tokens::Allocated(4), key_hash, nodes).unwrap();
    ring.add("e", Weight::ONE).unwrap();
    assert!((Balance::of(&ring).unwrap().max_over_mean() - 1.0).abs() < 1e-9);
}

#[test]
fn bad_input_changes_nothing() {
    for tokens in [Tokens::Random(0), Tokens::Allocated(0), Tokens::Random(Tokens::MAX + 1)] {
        let result = Ring::new(tokens, KeyHash::default());
        assert!(matches!(result, Err(Error::InvalidParameter { .. })));
    }
    let most = Weight::new(65_535.0).unwrap();
    let mut ring = Ring::new(Tokens::Random(Tokens::MAX), KeyHash::default()).unwrap();
    assert!(matches!(ring.add("heavy", most), Err(Error::InvalidParameter { .. })));
    assert!(ring.roster().is_empty());
    assert_eq!(ring.locate(7), None);
    assert_eq!(ring.arcs().unwrap().count(), 0);
    assert!(ring.replicas(7, 3).is_empty());

    let mut ring = Ring::new(Tokens::Explicit, KeyHash::default()).unwrap();
    let a = ring.add_with_tokens("a", Weight::ONE, [1, 5]).unwrap();
    let before = named(&ring);
    for tokens in [vec![], vec![5], vec![7, 7]] {
        let result = ring.add_with_tokens("b", Weight::ONE, tokens);
        assert!(matches!(result, Err(Error::InvalidParameter { .. })), "{result:?}");
    }
    assert!(matches!(
        ring.add_with_tokens("a", Weight::ONE, [9]),
        Err(Error::DuplicateName { .. })
    ));
    assert!(matches!(ring.add("b", Weight::ONE), Err(Error::Unsupported { .. })));
    let too_long = "x".repeat(Roster::MAX_NAME_LEN + 1);
    assert!(matches!(
        ring.add_with_tokens(&too_long, Weight::ONE, [9]),
        Err(Error::NameLength { .. })
    ));
    assert_eq!(named(&ring), before);
    assert_eq!(ring.roster().len(), 1);
    ring.remove(a).unwrap();
    assert_eq!(ring.remove(a), Err(Error::UnknownNode { node: a }));
    assert_eq!(ring.reweight(a, Weight::ONE), Err(Error::UnknownNode { node: a }));

    let mut random = Ring::default();
    let refused = random.add_with_tokens("a", Weight::ONE, [1]);
    assert!(matches!(refused, Err(Error::Unsupported { .. })));
    let nodes = [("a", Weight::ONE, [1]), ("b", Weight::ONE, [1])];
    let twice = Ring::with_tokens(Tokens::Explicit, KeyHash::default(), nodes);
    assert!(matches!(twice, Err(Error::InvalidParameter { .. })));
}

/// A ring of one point, and one of the least and the most hash.
#[test]
fn the_smallest_rings() {
    let mut ring = Ring::new(Tokens::Explicit, KeyHash::default()).unwrap();
    let a = ring.add_with_tokens("a", Weight::ONE, [u64::MAX]).unwrap();
    for hash in [0, 1, u64::MAX] {
        assert_eq!(ring.locate(hash), Some(a));
    }
    assert_eq!(ring.arcs().unwrap().count(), 1);
    let b = ring.add_with_tokens("b", Weight::ONE, [0]).unwrap();
    assert_eq!(ring.locate(0), Some(b));
    assert_eq!(ring.locate(1), Some(a));
    assert_eq!(ring.locate(u64::MAX), Some(a));
    ring.remove(a).unwrap();
    assert_eq!(ring.locate(u64::MAX), Some(b));

    let one = self::ring(Tokens::Allocated(1), 1);
    assert_eq!(one.points().len(), 1);
    let two = self::ring(Tokens::Allocated(1), 2);
    assert!((Balance::of(&two).unwrap().max_over_mean() - 1.0).abs() < 1e-9);
}

/// Golden: keys on disks are where these say.
#[test]
fn golden() {
    let checksum = |ring: &Ring| {
        (0..10_000).fold(0u64, |sum, at| {
            let owner = ring.locate(hash(at)).unwrap().index() as u64;
            sum.wrapping_mul(0x100_0000_01B3).wrapping_add(owner)
        })
    };
    let first = |ring: &Ring| [1u64, 2, 3].map(|at| ring.locate(hash(at)).unwrap().index());
    let random = ring(Tokens::Random(100), 20);
    let allocated = ring(Tokens::Allocated(32), 20);
    assert_eq!((first(&random), checksum(&random)), ([19, 16, 15], 16_599_746_508_179_920_879));
    assert_eq!((first(&allocated), checksum(&allocated)), ([0, 15, 18], 8_901_462_575_138_290_325));
}
