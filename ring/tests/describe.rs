//! Placements of all algorithms: built again of its description, a placement is the same by name, and stays so.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests too

mod examples;
mod placements;

use examples::{examples, with_history};
use hash_ring::{
    Algorithm, Anchor, Description, Dx, Jump, KeyHash, Maglev, MaglevBuild, Memento, MultiProbe,
    Placement, Rendezvous, Ring, Skeleton, Slots, Straw2, Tokens, Weight,
};
use placements::{change, changes, names, placement};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// Runs a test for each algorithm.
fn for_all<S: Strategy>(
    strategy: impl Fn(Algorithm) -> S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
        if let Err(error) = TestRunner::new(config).run(&strategy(algorithm), &test) {
            panic!("{algorithm}: {error}");
        }
    }
}

/// Hashes at both ends, and some in between.
fn hashes() -> impl Iterator<Item = u64> {
    let between = (1..120_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    between.chain([0, 1, u64::MAX, u64::MAX - 1])
}

/// That they place alike, and prefer alike, by name.
fn alike(a: &dyn Placement, b: &dyn Placement) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.key_hash(), b.key_hash());
    for hash in hashes() {
        let (ours, theirs) = (names(a, hash), names(b, hash));
        prop_assert_eq!(&ours, &theirs, "{:#x}", hash);
        prop_assert_eq!(ours.len(), a.roster().len());
        let owner = b.locate(hash).and_then(|owner| b.roster().get(owner));
        prop_assert_eq!(ours.first().copied(), owner.map(|node| node.name()), "{:#x}", hash);
    }
    prop_assert_eq!(a.name_of(b"key"), b.name_of(b"key"));
    Ok(())
}

/// The whole way: description, bytes, description, placement.
fn sent(placement: &dyn Placement) -> Box<dyn Placement> {
    let bytes = placement.describe().encode();
    let description = Description::decode(&bytes).unwrap();
    assert_eq!(description.encode(), bytes);
    description.build().unwrap()
}

#[test]
fn built_again_and_changed_alike() {
    for_all(
        |algorithm| (placement(algorithm, 60), changes(40)),
        |(mut ours, later)| {
            let mut theirs = sent(&ours);
            prop_assert_eq!(theirs.algorithm(), ours.algorithm());
            prop_assert_eq!(theirs.describe(), ours.describe());
            alike(&ours, &theirs)?;
            for (number, it) in later.iter().enumerate() {
                prop_assert_eq!(change(&mut theirs, it), change(&mut ours, it));
                prop_assert_eq!(theirs.describe(), ours.describe(), "after {} changes", number + 1);
            }
            alike(&ours, &theirs)?;
            prop_assert_eq!(theirs.describe().fingerprint(), ours.describe().fingerprint());
            Ok(())
        },
    );
}

/// What only a ring can do goes by names, too, where nodes have equally much too much.
#[test]
fn rebalanced_alike() {
    let named = |ring: &Ring| {
        let name = |id| ring.roster().get(id).unwrap().name().to_owned();
        ring.points().map(|(token, owner)| (token, name(owner))).collect::<Vec<_>>()
    };
    for seed in 0..40_u64 {
        let mut tokens = vec![Vec::new(); 6];
        for token in 1..64_u64 {
            let draw = (token + 64 * seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            tokens[draw as usize % 6].push(token << 58);
        }
        let nodes = ["c", "a", "e", "f", "b", "d"].into_iter().zip(tokens);
        let nodes = nodes.map(|(name, tokens)| (name, Weight::ONE, tokens));
        let ours = Ring::with_tokens(Tokens::Explicit, KeyHash::default(), nodes.clone()).unwrap();
        let theirs = Ring::with_tokens(Tokens::Explicit, KeyHash::default(), nodes.rev()).unwrap();
        assert_eq!(ours.describe(), theirs.describe());
        let (ours, theirs) = (ours.rebalanced().unwrap(), theirs.rebalanced().unwrap());
        assert_eq!(named(&ours), named(&theirs), "{seed}");
    }
}

/// Who has the same fingerprint places alike, and whoever places otherwise has another one.
#[test]
fn fingerprints_tell_placements_apart() {
    for_all(
        |algorithm| {
            let few = move || placement(algorithm, 4);
            (few(), few())
        },
        |(a, b)| {
            if a.describe().fingerprint() == b.describe().fingerprint() {
                prop_assert_eq!(a.describe(), b.describe());
                return alike(&a, &b);
            }
            prop_assert_ne!(a.describe(), b.describe());
            Ok(())
        },
    );
}

/// Golden: descriptions are on disks and in other processes, and fingerprints are compared between versions.
#[test]
fn golden() {
    let found: Vec<String> = examples()
        .iter()
        .map(|it| format!("{} {}", it.algorithm(), it.describe().fingerprint()))
        .collect();
    assert_eq!(found, GOLDEN);
}

const GOLDEN: [&str; 16] = [
    "ring 670dd5d56dd9e46c92959ce74fe1286b",
    "ring d1a90f1d523ccedc51a6cad70c365bd1",
    "ring b1286bf8a126a8f584ece615d4d05fbf",
    "jump b6b0d856b6a5197f6c91091bd8f0cf58",
    "jump-back 76ceda69966c31566e9d43f233a29cd3",
    "rendezvous 127688a609e2cfb09d68d8900f966d68",
    "skeleton 90668bb7fde6934e55b695f6a83ecd9f",
    "maglev e78832e00ece9e255c2bf93871cc53fd",
    "maglev 29600503104078b854921dca7689a943",
    "anchor d53e3ff7e6f6bb813b0dace3eae183d3",
    "memento bcecb676e218ad130ba682b6d81cc7ac",
    "dx 6b407c8d6a6155ea48c452fca076a582",
    "multi-probe b5763a09a8089a6af21544b03e8f3df8",
    "slots c3c99550a9729ed5f63da6cc3f55e4ba",
    "straw2 1a7f27e9e5fa267ebfe44e2a7afddc3f",
    "straw2 d1f308edd17c6b805b37899a9cdb98ad",
];

/// Every change that makes a placement another one, and every algorithm and parameter, gives another fingerprint.
#[test]
fn every_difference_counts() {
    let mut seen = std::collections::BTreeMap::new();
    for placement in examples() {
        let mut others = vec![("as it is", placement.clone())];
        let mut changed = |what, change: &dyn Fn(&mut dyn Placement) -> hash_ring::Result<()>| {
            let mut other = placement.clone();
            if change(&mut other).is_ok() {
                others.push((what, other));
            }
        };
        let some = placement.roster().iter().next().unwrap().0;
        changed("more", &|it| it.add("zone-9/x", Weight::ONE).map(drop));
        changed("heavier", &|it| it.reweight(some, Weight::new(2.0).unwrap()));
        changed("less", &|it| it.remove(some));
        for (what, other) in others {
            let what = format!("{what}: {other:?}");
            let fingerprint = other.describe().fingerprint();
            if let Some(twin) = seen.insert(fingerprint, what.clone()) {
                panic!("{fingerprint}:\n{twin}\n{what}");
            }
        }
    }
}

/// Names and weights, and no more than the algorithm cannot do without.
#[test]
fn as_short_as_can_be() {
    let bare = |placement: &dyn Placement| {
        let nodes = placement.roster().iter().map(|(_, node)| (node.name(), node.weight()));
        Description::new(placement.algorithm(), placement.key_hash(), nodes).unwrap()
    };
    let surplus = |mut placement: Box<dyn Placement>, nodes: u32| {
        for node in 0..nodes {
            placement.add(&format!("n{node}"), Weight::ONE).unwrap();
        }
        for node in (0..nodes).filter(|node| node % 10 == 3) {
            placement.remove(placement.roster().find(&format!("n{node}")).unwrap()).unwrap();
        }
        let bytes = placement.describe().encode();
        assert_eq!(sent(&placement).describe().encode(), bytes);
        bytes.len() - bare(&placement).encode().len()
    };
    let key_hash = KeyHash::default();
    let parameter = 40;
    assert_eq!(surplus(Box::new(Rendezvous::new(key_hash)), 100), 0);
    assert!(surplus(Box::new(Skeleton::new(key_hash)), 100) < parameter);
    assert!(surplus(Box::new(MultiProbe::new(key_hash)), 100) < 2 * parameter);
    assert!(surplus(Box::<Ring>::default(), 100) < 2 * parameter);
    let classic = Maglev::with_size(65_537, MaglevBuild::Classic, key_hash).unwrap();
    assert!(surplus(Box::new(classic), 3) < 2 * parameter);
    let minimal = Maglev::with_size(1009, MaglevBuild::MinimalDisruption, key_hash).unwrap();
    assert!(surplus(Box::new(minimal), 20) < 2 * parameter + 4 * 1009);
    // 90 nodes that are left, and where it matters the 10 that went.
    assert!(surplus(Box::new(Jump::new(key_hash)), 100) < parameter + 4 * 90);
    assert!(surplus(Box::new(Memento::new(key_hash)), 100) < parameter + 4 * 110);
    assert!(
        surplus(Box::new(Anchor::new(1_000_000, key_hash).unwrap()), 100) < parameter + 4 * 110
    );
    assert!(
        surplus(Box::new(Dx::with_capacity(128, key_hash).unwrap()), 100) < parameter + 4 * 128
    );
    let levels = Straw2::with_levels(&["zone"], key_hash).unwrap();
    let levels = surplus(with_history(levels), 0);
    assert!(levels < 2 * parameter, "{levels}");
    let allocated = Ring::new(Tokens::Allocated(8), key_hash).unwrap();
    assert!(surplus(Box::new(allocated), 10) < 2 * parameter + 9 * (4 + 8 * 8));
    // Slots stay in few ranges: fewer than two for each node and each change.
    assert!(surplus(Box::new(Slots::new(key_hash)), 20) < parameter + 8 * 20 * 20);
}
