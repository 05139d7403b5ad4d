//! Tokens that are chosen, not drawn: how even they make a ring, and how it is mended.

use hash_ring::{Balance, Error, KeyHash, Placement, Ring, Tokens, Weight, plan};

use super::{hash, names, ring};

/// Nodes added one at a time: at 16 and 32 tokens, far below what random tokens reach, at every size on the way.
#[test]
fn allocation_is_even_at_every_size() {
    for (per_weight, bound) in [(16, 1.06), (32, 1.031)] {
        let mut ring = Ring::new(Tokens::Allocated(per_weight), KeyHash::default()).unwrap();
        for name in names(120) {
            ring.add(&name, Weight::ONE).unwrap();
            let balance = Balance::of(&ring).unwrap();
            assert!(
                balance.max_over_mean() < bound && balance.min_over_mean() > 0.94,
                "{per_weight} tokens, {} nodes: {} to {}",
                ring.roster().len(),
                balance.min_over_mean(),
                balance.max_over_mean()
            );
        }
    }
}

#[test]
fn allocation_is_even_for_ten_a_hundred_and_a_thousand() {
    for (per_weight, bound) in [(16, 1.04), (32, 1.021)] {
        for nodes in [10, 100, 1000] {
            let balance = Balance::of(&ring(Tokens::Allocated(per_weight), nodes)).unwrap();
            assert!(
                balance.max_over_mean() < bound,
                "{per_weight} tokens, {nodes} nodes: {}",
                balance.max_over_mean()
            );
        }
    }
}

/// No slivers, which would waste tokens.
#[test]
fn allocated_arcs_are_of_a_size() {
    let ring = ring(Tokens::Allocated(32), 200);
    assert_eq!(ring.points().len(), 200 * 32);
    let mean = (1u128 << 64) / ring.points().len() as u128;
    // The first and the last are one arc cut in two by the lowest hash.
    let arcs: Vec<u128> = ring.arcs().unwrap().map(|arc| arc.range.len()).collect();
    for arc in &arcs[1..arcs.len() - 1] {
        assert!((mean / 7..mean * 3).contains(arc), "{arc} beside a mean of {mean}");
    }
}

#[test]
fn allocation_follows_weights() {
    let mut ring = Ring::new(Tokens::Allocated(32), KeyHash::default()).unwrap();
    for (at, name) in names(150).iter().enumerate() {
        let weight = 0.25 + (hash(at as u64) % 16) as f64 / 4.0;
        ring.add(name, Weight::new(weight).unwrap()).unwrap();
    }
    let balance = Balance::of(&ring).unwrap();
    assert!(balance.max_over_mean() < 1.03, "{}", balance.max_over_mean());
    assert!(balance.min_over_mean() > 0.9, "{}", balance.min_over_mean());
}

/// Nodes come and go: arcs that were merged are cut again.
#[test]
fn allocation_stays_even() {
    let mut ring = ring(Tokens::Allocated(32), 50);
    let mut worst: f64 = 1.0;
    for step in 0..300 {
        let at = hash(step) as usize % ring.roster().len();
        let node = ring.roster().iter().nth(at).unwrap().0;
        ring.remove(node).unwrap();
        ring.add(&format!("later-{step}"), Weight::ONE).unwrap();
        worst = worst.max(Balance::of(&ring).unwrap().max_over_mean());
    }
    assert!(worst < 1.05, "{worst}");
    assert_eq!(ring.points().len(), 50 * 32);
}

#[test]
fn rebalancing_moves_the_least_and_mends_a_removal() {
    for nodes in [10, 60, 300] {
        let full = ring(Tokens::Allocated(32), nodes);
        let mut ring = full.clone();
        ring.remove(full.roster().iter().nth(nodes / 3).unwrap().0).unwrap();
        let mended = ring.rebalanced().unwrap();
        let plan = plan(&ring, &mended).unwrap();
        assert_eq!(plan.moved(), plan.minimum());
        let before = Balance::of(&ring).unwrap().max_over_mean();
        let after = Balance::of(&mended).unwrap().max_over_mean();
        assert!(after < 1.04 && after < before, "{nodes} nodes: {before} {after}");
        assert_eq!(mended.points().len(), ring.points().len());
        assert!(mended.roster() == ring.roster());
        // Of neighbours with too much and too little none are left that could give to each other, but for slivers.
        let again = hash_ring::plan(&mended, &mended.rebalanced().unwrap()).unwrap();
        assert!(again.moved_share() < 1e-3, "{}", again.moved_share());
    }
    assert!(matches!(ring(Tokens::Random(9), 3).rebalanced(), Err(Error::Unsupported { .. })));
}

/// The lightest beside the heaviest, and positions that leave nothing to cut.
#[test]
fn allocation_beside_extremes() {
    let least = Weight::new(1.0 / 65_536.0).unwrap();
    let most = Weight::new(65_535.0).unwrap();
    for weights in [[least, most, least, Weight::ONE], [most, least, Weight::ONE, most]] {
        let mut ring = Ring::new(Tokens::Allocated(2), KeyHash::default()).unwrap();
        for (name, weight) in names(weights.len()).iter().zip(weights) {
            ring.add(name, weight).unwrap();
        }
        let balance = Balance::of(&ring).unwrap();
        assert!(balance.nodes().iter().all(|load| load.owned > 0));
        // The heaviest have so many tokens that they are as near as can be.
        let heaviest = balance.nodes().iter().filter(|load| load.ideal > 0.1);
        assert!(heaviest.map(|load| (load.relative() - 1.0).abs()).all(|off| off < 1e-3));
    }
    // All tokens side by side, so that all arcs but one are single hashes.
    for start in [0, u64::MAX - 40, 1 << 63] {
        let mut ring = Ring::new(Tokens::Allocated(8), KeyHash::default()).unwrap();
        ring.add_with_tokens("dense", Weight::ONE, (0..90).map(|at| start.wrapping_add(at)))
            .unwrap();
        ring.add_with_tokens("too", Weight::ONE, (90..99).map(|at| start.wrapping_add(at)))
            .unwrap();
        for name in names(20) {
            ring.add(&name, Weight::ONE).unwrap();
        }
        let balance = Balance::of(&ring).unwrap();
        assert!(balance.max_over_mean() < 1.3, "{}", balance.max_over_mean());
        assert_eq!(ring.replicas(start, 99).len(), 22);
        let mended = Balance::of(&ring.rebalanced().unwrap()).unwrap();
        assert!(mended.max_over_mean() <= balance.max_over_mean());
    }
}
