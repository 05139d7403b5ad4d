//! Plans against the placements on both sides, and migrations against their plans.
#![allow(clippy::unwrap_used)] // helpers of tests too

use std::collections::BTreeMap;

use hash_ring::{
    Balance, Density, Error, HashRange, KeyHash, Limits, Migration, Move, MoveId, MoveState,
    NodeId, Partitions, Peer, Placement, Plan, Ring, Route, Tokens, Weight, plan,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn hash(of: u64) -> u64 {
    KeyHash::default().hash(&of.to_le_bytes())
}

fn ring(nodes: &[(usize, u32)], tokens: Tokens) -> Ring {
    let mut ring = Ring::new(tokens, KeyHash::default()).unwrap();
    for (name, percent) in nodes {
        let weight = Weight::new(f64::from(*percent) / 100.0).unwrap();
        // A name drawn twice is one node.
        let _ = ring.add(&format!("n{name}"), weight);
    }
    ring
}

fn any_ring() -> impl Strategy<Value = Ring> {
    let tokens =
        prop_oneof![(1..12u32).prop_map(Tokens::Random), (1..12u32).prop_map(Tokens::Allocated)];
    (vec((0..10usize, 20..300u32), 0..9), tokens).prop_map(|(nodes, tokens)| ring(&nodes, tokens))
}

fn name(plan: &Plan, peer: Option<Peer>) -> Option<&str> {
    peer.map(|peer| &*plan.node(peer).name)
}

fn owner(ring: &Ring, hash: u64) -> Option<&str> {
    Some(ring.roster().get(ring.locate(hash)?)?.name())
}

/// Hashes on both sides of every seam, and some between.
fn probes(rings: &[&Ring]) -> Vec<u64> {
    let points = rings.iter().flat_map(|ring| ring.points().map(|(position, _)| position));
    let edges = points.flat_map(|at| [at.wrapping_sub(1), at, at.wrapping_add(1)]);
    edges.chain((0..64).map(hash)).chain([0, u64::MAX]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_plan_is_what_differs(before in any_ring(), after in any_ring()) {
        let plan = plan(&before, &after).unwrap();
        for probe in probes(&[&before, &after]) {
            let (from, to, id) = plan.owners(probe);
            prop_assert_eq!(name(&plan, from), owner(&before, probe));
            prop_assert_eq!(name(&plan, to), owner(&after, probe));
            let moves: Vec<usize> =
                (0..plan.moves().len()).filter(|at| plan.moves()[*at].range.contains(probe)).collect();
            prop_assert_eq!(id.map(MoveId::index).into_iter().collect::<Vec<_>>(), moves.clone());
            prop_assert_eq!(moves.len(), usize::from(from != to));
            for at in moves {
                prop_assert_eq!((plan.moves()[at].from, plan.moves()[at].to), (from, to));
            }
        }
        for pair in plan.moves().windows(2) {
            prop_assert!(pair[0].range.last() < pair[1].range.first());
            let adjacent = pair[0].range.last() + 1 == pair[1].range.first();
            let same = (pair[0].from, pair[0].to) == (pair[1].from, pair[1].to);
            prop_assert!(!(adjacent && same));
        }
        check_sums(&plan, &before, &after)?;
    }

    #[test]
    fn bytes_add_up(
        before in any_ring(),
        after in any_ring(),
        bytes in any::<u64>(),
        cuts in vec(any::<u64>(), 0..9),
    ) {
        let plan = plan(&before, &after).unwrap();
        let uniform = plan.volume(Density::Uniform(bytes)).unwrap();
        let expected = bytes as f64 * plan.moved_share();
        let slack = plan.moves().len() as f64 + expected * 1e-12;
        prop_assert!((uniform.total() as f64 - expected).abs() <= slack);
        // The same density in pieces: each piece has its part of the bytes, rounded such that they add up.
        let mut cuts: Vec<u64> = cuts.into_iter().filter(|cut| *cut > 0).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let firsts = [0].into_iter().chain(cuts.iter().copied());
        let lasts = cuts.iter().map(|cut| cut - 1).chain([u64::MAX]);
        let at = |hashes: u128| ((u128::from(bytes) * hashes) >> 64) as u64;
        let mut ranges: Vec<(HashRange, u64)> = firsts.zip(lasts).map(|(first, last)| {
            let range = HashRange::new(first, last).unwrap();
            (range, at(u128::from(last) + 1) - at(u128::from(first)))
        }).collect();
        ranges.reverse();
        let in_pieces = plan.volume(Density::Ranges(&ranges)).unwrap();
        prop_assert_eq!(in_pieces.moves().len(), plan.moves().len());
        for (a, b) in in_pieces.moves().iter().zip(uniform.moves()) {
            prop_assert!(a.abs_diff(*b) <= 1 + ranges.len() as u64, "{} {}", a, b);
        }
        for volume in [&uniform, &in_pieces] {
            let moves: u128 = volume.moves().iter().map(|bytes| u128::from(*bytes)).sum();
            prop_assert_eq!(moves, volume.total());
            prop_assert_eq!(volume.nodes().len(), plan.nodes().len());
            let empty = before.roster().is_empty() || after.roster().is_empty();
            let incoming: u128 = volume.nodes().iter().map(|node| node.incoming).sum();
            let outgoing: u128 = volume.nodes().iter().map(|node| node.outgoing).sum();
            prop_assert!(empty || incoming == moves && outgoing == moves);
        }
        let counted = plan.volume(Density::By(&|_| 1)).unwrap();
        prop_assert_eq!(counted.total(), plan.moves().len() as u128);
    }

    #[test]
    fn a_migration_ends_where_the_plan_says(
        before in any_ring(),
        after in any_ring(),
        limits in (1..8usize, 1..4usize, 1..4usize),
        coins in vec((any::<prop::sample::Index>(), 0..10u8), 1..400),
    ) {
        let plan = plan(&before, &after).unwrap();
        let limits = Limits { total: limits.0, per_source: limits.1, per_target: limits.2 };
        let probes = probes(&[&before, &after]);
        let mut migration = plan.clone().steps(limits).unwrap();
        let mut running: Vec<MoveId> = Vec::new();
        let mut coins = coins.into_iter().cycle();
        let mut failures = 0;
        while !migration.is_done() {
            let (which, coin) = coins.next().unwrap();
            // Some callers start all that they can, some one by one.
            while let Some((id, one)) = migration.start() {
                prop_assert_eq!(one, plan.moves()[id.index()]);
                prop_assert!(!running.contains(&id));
                running.push(id);
                check_limits(&plan, &running, limits)?;
                if coin == 0 { break; }
            }
            if coin != 0 {
                check_nothing_is_forgotten(&migration, &running, limits)?;
            }
            prop_assert!(!running.is_empty(), "nothing runs, and not all is done");
            let id = running.swap_remove(which.index(running.len()));
            if coin < 3 && failures < 200 {
                failures += 1;
                migration.fail(id).unwrap();
                prop_assert_eq!(migration.state(id), Some(MoveState::Waiting));
            } else {
                migration.complete(id).unwrap();
            }
            check_owners(&migration, &probes[..probes.len().min(24)])?;
        }
        check_owners(&migration, &probes)?;
        for probe in probes {
            prop_assert_eq!(name(&plan, migration.owner(probe)), owner(&after, probe));
        }
        let progress = migration.progress();
        prop_assert_eq!((progress.waiting, progress.running, progress.done), (0, 0, plan.moves().len()));
        prop_assert_eq!(progress.moved, plan.moved());
        prop_assert_eq!(migration.start(), None);
    }
}

fn check_sums(plan: &Plan, before: &Ring, after: &Ring) -> Result<(), TestCaseError> {
    let balance = |ring: &Ring| -> BTreeMap<String, (NodeId, u128)> {
        let balance = Balance::of(ring).unwrap();
        balance
            .nodes()
            .iter()
            .map(|load| (load.name.to_string(), (load.node, load.owned)))
            .collect()
    };
    let (owned_before, owned_after) = (balance(before), balance(after));
    let mut distance = 0;
    for (at, node) in plan.nodes().iter().enumerate() {
        prop_assert_eq!(plan.find(&node.name).map(Peer::index), Some(at));
        let (id, owned) = owned_before.get(&*node.name).map_or((None, 0), |of| (Some(of.0), of.1));
        prop_assert_eq!((node.before, node.owned_before), (id, owned));
        let (id, owned) = owned_after.get(&*node.name).map_or((None, 0), |of| (Some(of.0), of.1));
        prop_assert_eq!((node.after, node.owned_after), (id, owned));
        prop_assert_eq!(node.owned_before + node.incoming, node.owned_after + node.outgoing);
        distance += node.owned_before.abs_diff(node.owned_after);
        let sum = |of: fn(&Move) -> Option<Peer>| {
            let own = plan.moves().iter().filter(|one| of(one).map(Peer::index) == Some(at));
            own.map(|one| one.range.len()).sum::<u128>()
        };
        prop_assert_eq!(sum(|one| one.to), node.incoming);
        prop_assert_eq!(sum(|one| one.from), node.outgoing);
    }
    let names =
        owned_before.keys().chain(owned_after.keys()).collect::<std::collections::BTreeSet<_>>();
    prop_assert_eq!(plan.nodes().len(), names.len());
    prop_assert_eq!(plan.moved(), plan.moves().iter().map(|one| one.range.len()).sum::<u128>());
    prop_assert!(plan.minimum() <= plan.moved());
    prop_assert_eq!(plan.is_empty(), plan.moved() == 0);
    if !before.roster().is_empty() && !after.roster().is_empty() {
        prop_assert_eq!(plan.minimum() * 2, distance);
    }
    Ok(())
}

fn loads(plan: &Plan, running: &[MoveId]) -> (BTreeMap<Peer, usize>, BTreeMap<Peer, usize>) {
    let (mut sources, mut targets) = (BTreeMap::new(), BTreeMap::new());
    for id in running {
        let one = plan.moves()[id.index()];
        one.from.into_iter().for_each(|peer| *sources.entry(peer).or_default() += 1);
        one.to.into_iter().for_each(|peer| *targets.entry(peer).or_default() += 1);
    }
    (sources, targets)
}

fn check_limits(plan: &Plan, running: &[MoveId], limits: Limits) -> Result<(), TestCaseError> {
    let (sources, targets) = loads(plan, running);
    prop_assert!(running.len() <= limits.total);
    prop_assert!(sources.values().all(|count| *count <= limits.per_source));
    prop_assert!(targets.values().all(|count| *count <= limits.per_target));
    Ok(())
}

/// When `start` returns nothing, then no waiting move could start.
fn check_nothing_is_forgotten(
    migration: &Migration,
    running: &[MoveId],
    limits: Limits,
) -> Result<(), TestCaseError> {
    if running.len() == limits.total {
        return Ok(());
    }
    let plan = migration.plan();
    let (sources, targets) = loads(plan, running);
    for (one, at) in plan.moves().iter().zip(0..) {
        if migration.state(MoveId(at)) == Some(MoveState::Waiting) {
            let full = |peer: Option<Peer>, counts: &BTreeMap<Peer, usize>, limit| {
                peer.is_some_and(|peer| counts.get(&peer).copied().unwrap_or(0) >= limit)
            };
            prop_assert!(
                full(one.from, &sources, limits.per_source)
                    || full(one.to, &targets, limits.per_target)
            );
        }
    }
    Ok(())
}

/// At any moment a hash is its old owner's or its new one's, as its move is.
fn check_owners(migration: &Migration, probes: &[u64]) -> Result<(), TestCaseError> {
    for probe in probes {
        let (from, to, id) = migration.plan().owners(*probe);
        let (owner, route) = match id.and_then(|id| migration.state(id)) {
            None => (from, Route::Settled(to)),
            Some(MoveState::Done) => (to, Route::Settled(to)),
            Some(MoveState::Running) => (from, Route::Moving { source: from, target: to }),
            Some(_) => (from, Route::Settled(from)),
        };
        prop_assert_eq!(migration.owner(*probe), owner);
        prop_assert_eq!(migration.route(*probe), route);
    }
    Ok(())
}

#[test]
fn nodes_without_nodes() {
    let none = Ring::default();
    let some = ring(&[(1, 100), (2, 100)], Tokens::Allocated(4));
    assert!(plan(&none, &none).unwrap().is_empty());
    let birth = plan(&none, &some).unwrap();
    assert_eq!((birth.moved(), birth.minimum()), (1 << 64, 1 << 64));
    assert!(birth.moves().iter().all(|one| one.from.is_none() && one.to.is_some()));
    let death = plan(&some, &none).unwrap();
    assert_eq!((death.moved(), death.minimum()), (1 << 64, 1 << 64));
    assert!(death.moves().iter().all(|one| one.from.is_some() && one.to.is_none()));
    assert_eq!(death.volume(Density::Uniform(u64::MAX)).unwrap().total(), u128::from(u64::MAX));
    let mut migration = birth.steps(Limits { per_target: 1, ..Limits::default() }).unwrap();
    assert_eq!(migration.owner(7), None);
    let started: Vec<_> = std::iter::from_fn(|| migration.start()).collect();
    assert_eq!(started.len(), 2);
}

/// Ids of placements that were built apart mean nothing to each other.
#[test]
fn names_count_and_not_ids() {
    let before = ring(&[(1, 100), (2, 100), (3, 100)], Tokens::Random(20));
    let after = ring(&[(3, 100), (1, 100), (2, 100)], Tokens::Random(20));
    let plan = plan(&before, &after).unwrap();
    assert!(plan.is_empty());
    assert_eq!(plan.nodes()[2].before.unwrap().index(), 2);
    assert_eq!(plan.nodes()[2].after.unwrap().index(), 0);
}

#[test]
fn volume_of_ranges() {
    let before = Ring::with_tokens(
        Tokens::Explicit,
        KeyHash::default(),
        [("a", Weight::ONE, [99]), ("b", Weight::ONE, [199])],
    )
    .unwrap();
    let mut after = before.clone();
    after.add_with_tokens("c", Weight::ONE, [149]).unwrap();
    let plan = plan(&before, &after).unwrap();
    assert_eq!(plan.moves().len(), 1);
    assert_eq!(plan.moves()[0].range, HashRange::new(100, 149).unwrap());
    let range = |first, last| HashRange::new(first, last).unwrap();
    let ranges =
        [(range(140, 159), 10), (range(0, 99), 1000), (range(110, 119), 7), (range(500, 600), 9)];
    assert_eq!(plan.volume(Density::Ranges(&ranges)).unwrap().moves(), [12]);
    let overlapping = [(range(0, 9), 1), (range(20, 29), 1), (range(9, 10), 1)];
    let refused = plan.volume(Density::Ranges(&overlapping));
    assert!(matches!(refused, Err(Error::InvalidParameter { .. })), "{refused:?}");
    assert_eq!(plan.volume(Density::By(&|range| range.first())).unwrap().total(), 100);
}

#[test]
fn a_migration_is_carried_on() {
    let before = ring(&[(1, 100), (2, 100), (3, 100)], Tokens::Random(20));
    let after = ring(&[(1, 100), (2, 100), (3, 100), (4, 100)], Tokens::Random(20));
    let plan = plan(&before, &after).unwrap();
    let mut first = plan.clone().steps(Limits::default()).unwrap();
    let (id, one) = first.start().unwrap();
    first.complete(id).unwrap();
    let mut second = plan.clone().resume(Limits::default(), [id]).unwrap();
    assert_eq!(second.progress(), first.progress());
    assert_eq!(second.owner(one.range.first()), one.to);
    while let Some((next, _)) = second.start() {
        assert_ne!(next, id);
        second.complete(next).unwrap();
    }
    assert!(second.is_done());
    let unknown = MoveId(plan.moves().len() as u32);
    assert!(matches!(
        plan.resume(Limits::default(), [unknown]),
        Err(Error::InvalidParameter { .. })
    ));
}

#[test]
fn bad_calls_change_nothing() {
    let before = ring(&[(1, 100)], Tokens::Random(20));
    let after = ring(&[(1, 100), (2, 100)], Tokens::Random(20));
    let plan = plan(&before, &after).unwrap();
    for limits in [
        Limits { total: 0, ..Limits::default() },
        Limits { per_source: 0, ..Limits::default() },
        Limits { per_target: 0, ..Limits::default() },
    ] {
        let refused = plan.clone().steps(limits);
        assert!(matches!(refused, Err(Error::InvalidParameter { .. })));
    }
    let mut migration = plan.clone().steps(Limits::default()).unwrap();
    let (id, _) = migration.start().unwrap();
    migration.complete(id).unwrap();
    let progress = migration.progress();
    for bad in [id, MoveId(1), MoveId(u32::MAX)] {
        assert!(matches!(migration.complete(bad), Err(Error::InvalidParameter { .. })));
        assert!(matches!(migration.fail(bad), Err(Error::InvalidParameter { .. })));
    }
    assert_eq!(migration.progress(), progress);
}

/// Many moves to one node, one at a time: that no call looks at all that wait shows in that this ends.
#[test]
fn many_moves_to_one_node() {
    let before = ring(&[(1, 100), (2, 100), (3, 100)], Tokens::Random(3000));
    let after = ring(&[(1, 100), (2, 100), (3, 100), (4, 5000)], Tokens::Random(3000));
    let plan = plan(&before, &after).unwrap();
    let limits = Limits { total: 9, per_source: 2, per_target: 1 };
    let mut migration = plan.steps(limits).unwrap();
    let mut last = None;
    let mut turns = 0;
    while let Some((id, one)) = migration.start() {
        assert_eq!(migration.start(), None);
        migration.complete(id).unwrap();
        turns += usize::from(last != one.from);
        last = one.from;
    }
    assert!(migration.is_done());
    // The sources take turns.
    assert!(turns > 1000, "{turns}");
}

#[test]
fn plans_for_partitions_are_plans() {
    let before = ring(&[(1, 100), (2, 100), (3, 100)], Tokens::Random(64));
    let after = ring(&[(1, 100), (2, 100), (3, 100), (4, 100)], Tokens::Random(64));
    let before = Partitions::of(&before, 8).unwrap();
    let after = Partitions::of(&after, 8).unwrap();
    let plan = plan(&before, &after).unwrap();
    assert!(plan.moves().iter().all(|one| one.range.len() % (1 << 56) == 0));
    assert_eq!(plan.moved(), plan.minimum());
}
