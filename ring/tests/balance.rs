//! Exact loads against sums and samples, and the number of virtual nodes against rings.
#![allow(clippy::unwrap_used)] // helpers of tests too

use hash_ring::{
    Balance, KeyHash, Placement, Ring, Tokens, Weight, virtual_nodes_for, virtual_nodes_of,
};

fn hash(of: u64) -> u64 {
    KeyHash::default().hash(&of.to_le_bytes())
}

fn ring(cluster: u64, tokens: Tokens, nodes: usize) -> Ring {
    let names: Vec<String> = (0..nodes).map(|node| format!("{cluster}-{node}")).collect();
    let nodes = names.iter().map(|name| (name.as_str(), Weight::ONE));
    Ring::with_nodes(tokens, KeyHash::default(), nodes).unwrap()
}

#[test]
fn exact_loads_are_the_sums_of_the_arcs() {
    let mut ring = ring(0, Tokens::Random(40), 9);
    ring.add("heavy", Weight::new(2.5).unwrap()).unwrap();
    let balance = Balance::of(&ring).unwrap();
    let mut all = 0;
    for load in balance.nodes() {
        let own: u128 = ring
            .arcs()
            .unwrap()
            .filter(|arc| arc.owner == load.node)
            .map(|arc| arc.range.len())
            .sum();
        assert_eq!(load.owned, own);
        assert!((load.share - own as f64 / 2f64.powi(64)).abs() < 1e-15);
        all += own;
    }
    assert_eq!(all, 1 << 64);
    let heavy = balance.nodes().last().unwrap();
    assert_eq!(&*heavy.name, "heavy");
    assert!((heavy.ideal - 2.5 / 11.5).abs() < 1e-15);
    let relative: Vec<f64> = balance.nodes().iter().map(|load| load.relative()).collect();
    assert_eq!(balance.max_over_mean(), relative.iter().copied().fold(0.0, f64::max));
    assert_eq!(balance.min_over_mean(), relative.iter().copied().fold(9.0, f64::min));
    let variance = relative.iter().map(|load| (load - 1.0).powi(2)).sum::<f64>() / 10.0;
    assert!((balance.standard_deviation() - variance.sqrt()).abs() < 1e-12);
}

#[test]
fn samples_come_near_the_exact_loads() {
    let ring = ring(1, Tokens::Random(100), 20);
    let samples = 200_000;
    let exact = Balance::of(&ring).unwrap();
    let sampled = Balance::sampled(&ring, (0..samples).map(hash));
    assert_eq!(sampled.nodes().iter().map(|load| load.owned).sum::<u128>(), u128::from(samples));
    for (exact, sampled) in exact.nodes().iter().zip(sampled.nodes()) {
        let deviation = (exact.share * (1.0 - exact.share) / samples as f64).sqrt();
        assert!((exact.share - sampled.share).abs() < 5.0 * deviation, "{exact:?} {sampled:?}");
    }
    let of_anything: &dyn Placement = &ring;
    assert_eq!(Balance::of(of_anything).unwrap(), exact);
}

#[test]
fn nothing_is_balanced() {
    for balance in [
        Balance::of(&Ring::default()).unwrap(),
        Balance::sampled(&Ring::default(), (0..9).map(hash)),
    ] {
        assert!(balance.nodes().is_empty());
        assert_eq!((balance.max_over_mean(), balance.min_over_mean()), (1.0, 1.0));
        assert_eq!(balance.standard_deviation(), 0.0);
    }
    let no_samples = Balance::sampled(&ring(2, Tokens::Random(4), 3), []);
    assert_eq!(no_samples.max_over_mean(), 0.0);
}

/// The formula bounds a probability from above, and tightly: of many rings at least that part is as even as asked for, and with
/// two thirds of the points much fewer are.
#[test]
fn the_formula_holds_on_rings() {
    for (nodes, imbalance, probability) in
        [(10, 1.2, 0.5), (10, 1.2, 0.9), (60, 1.3, 0.5), (60, 1.25, 0.8)]
    {
        let count = virtual_nodes_for(nodes, imbalance, probability).unwrap();
        let rings = 100;
        let even = |count| {
            let even = |cluster: &u64| {
                let ring = ring(*cluster, Tokens::Random(count), nodes);
                Balance::of(&ring).unwrap().max_over_mean() <= imbalance
            };
            (0..rings).filter(even).count() as f64 / rings as f64
        };
        // Three deviations of a part of a hundred rings.
        let slack = 3.0 * (probability * (1.0 - probability) / rings as f64).sqrt();
        let (enough, fewer) = (even(count), even(count * 2 / 3));
        assert!(enough > probability - slack, "{nodes} {imbalance} {count}: {enough}");
        assert!(fewer < enough - 0.15, "{nodes} {imbalance} {count}: {fewer}, {enough}");
    }
}

#[test]
fn the_search_finds_an_edge() {
    let names: Vec<String> = (0..20).map(|node| format!("node-{node}")).collect();
    let nodes: Vec<(&str, Weight)> =
        names.iter().map(|name| (name.as_str(), Weight::ONE)).collect();
    let imbalance = 1.2;
    let count = virtual_nodes_of(&nodes, imbalance, 4096).unwrap().unwrap();
    let even = |count| {
        let nodes = nodes.iter().copied();
        let ring = Ring::with_nodes(Tokens::Random(count), KeyHash::default(), nodes).unwrap();
        Balance::of(&ring).unwrap().max_over_mean() <= imbalance
    };
    assert!(even(count) && !even(count - 1));
    let formula = virtual_nodes_for(20, imbalance, 0.5).unwrap();
    assert!((formula / 3..formula * 3).contains(&count), "{formula} {count}");
    assert_eq!(virtual_nodes_of(&nodes, 1.000_1, 64), Ok(None));
}
