//! Placements of every algorithm that do not change from run to run.

use hash_ring::{
    Algorithm, Anchor, Dx, Jump, JumpBack, KeyHash, Maglev, MaglevBuild, Memento, MultiProbe,
    Placement, Rendezvous, Ring, Skeleton, Slots, Straw2, Tokens, Weight,
};

/// A short history: nodes that come, one that goes, and one that comes after it.
pub fn with_history(mut placement: impl Placement + 'static) -> Box<dyn Placement> {
    for name in ["zone-1/d", "zone-2/b", "zone-1/a", "zone-3/c", "zone-2/e"] {
        placement.add(name, Weight::ONE).unwrap();
    }
    for gone in ["zone-2/b", "zone-1/a", "zone-2/e"] {
        placement.remove(placement.roster().find(gone).unwrap()).unwrap();
    }
    placement.add("zone-2/f", Weight::ONE).unwrap();
    Box::new(placement)
}

/// One or two of each algorithm, with parameters that are not the usual ones.
pub fn examples() -> Vec<Box<dyn Placement>> {
    let key_hash = KeyHash::default();
    let with_tokens =
        [("a", Weight::ONE, [1, 1 << 60]), ("b", Weight::new(1.5).unwrap(), [7, u64::MAX])];
    let examples = vec![
        with_history(Ring::new(Tokens::Random(7), key_hash).unwrap()),
        with_history(Ring::new(Tokens::Allocated(7), key_hash).unwrap()),
        Box::new(Ring::with_tokens(Tokens::Explicit, key_hash, with_tokens).unwrap()),
        with_history(Jump::new(key_hash)),
        with_history(JumpBack::new(key_hash)),
        with_history(Rendezvous::new(key_hash)),
        with_history(Skeleton::with_fan_out(8, key_hash).unwrap()),
        with_history(Maglev::with_size(31, MaglevBuild::Classic, key_hash).unwrap()),
        with_history(Maglev::with_size(31, MaglevBuild::MinimalDisruption, key_hash).unwrap()),
        with_history(Anchor::new(9, key_hash).unwrap()),
        with_history(Memento::new(key_hash)),
        with_history(Dx::with_capacity(16, key_hash).unwrap()),
        with_history(MultiProbe::with_probes(5, 2, key_hash).unwrap()),
        with_history(Slots::with_count(100, key_hash).unwrap()),
        with_history(Straw2::new(key_hash)),
        with_history(Straw2::with_levels(&["zone"], key_hash).unwrap()),
    ];
    for algorithm in Algorithm::ALL {
        assert!(examples.iter().any(|it| it.algorithm() == algorithm), "{algorithm}");
    }
    examples
}
