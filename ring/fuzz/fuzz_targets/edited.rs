//! Edits the description of a placement that has a history, of an algorithm that the first byte chooses: what is behind the checks that
//! arbitrary bytes seldom pass. Each edit is a place, of two bytes, and a byte.
#![no_main]

use hash_ring::{
    Anchor, Description, Dx, Jump, JumpBack, KeyHash, Maglev, MaglevBuild, Memento, MultiProbe,
    Placement, Rendezvous, Result, Ring, Skeleton, Slots, Straw2, Tokens, Weight,
};

/// A fuzzer's memory is short.
const MEMORY: usize = 16 << 20;

fn empty(choice: u8) -> Result<Box<dyn Placement>> {
    let key_hash = KeyHash::Xxh64 { seed: 1 };
    Ok(match choice % 16 {
        0 => Box::new(Ring::new(Tokens::Random(3), key_hash)?),
        1 => Box::new(Ring::new(Tokens::Allocated(3), key_hash)?),
        2 => Box::new(Jump::new(key_hash)),
        3 => Box::new(JumpBack::new(key_hash)),
        4 => Box::new(Rendezvous::new(key_hash)),
        5 => Box::new(Skeleton::with_fan_out(2, key_hash)?),
        6 => Box::new(Maglev::with_size(13, MaglevBuild::Classic, key_hash)?),
        7 => Box::new(Maglev::with_size(13, MaglevBuild::MinimalDisruption, key_hash)?),
        8 => Box::new(Anchor::new(7, key_hash)?),
        9 => Box::new(Memento::new(key_hash)),
        10 => Box::new(Dx::with_capacity(8, key_hash)?),
        11 => Box::new(MultiProbe::with_probes(3, 2, key_hash)?),
        12 => Box::new(Slots::with_count(20, key_hash)?),
        13 => Box::new(Straw2::new(key_hash)),
        _ => {
            let mut straw2 = Straw2::with_levels(&["zone", "rack"], key_hash)?;
            if choice % 16 == 15 {
                straw2.add_in("eu/1", "anywhere", Weight::ONE)?;
            }
            Box::new(straw2)
        }
    })
}

fn with_history(choice: u8) -> Result<Description> {
    let mut placement = empty(choice)?;
    for name in ["eu/1/a", "eu/2/b", "us/1/c", "eu/1/d", "us/2/e", "us/2/f"] {
        placement.add(name, Weight::ONE)?;
    }
    for name in ["eu/2/b", "us/1/c", "us/2/f"] {
        if let Some(node) = placement.roster().find(name) {
            placement.remove(node)?;
        }
    }
    Ok(placement.describe())
}

libfuzzer_sys::fuzz_target!(|edits: &[u8]| {
    let Some((choice, edits)) = edits.split_first() else { return };
    let mut bytes = with_history(*choice).map(|it| it.encode()).unwrap_or_default();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(edit[0]) | usize::from(edit[1]) << 8;
        let len = bytes.len();
        bytes[at % len] = edit[2];
    }
    let Ok(description) = Description::decode(&bytes) else { return };
    assert_eq!(description.encode(), bytes);
    let Ok(mut placement) = description.build_within(MEMORY) else { return };
    assert_eq!(placement.describe(), description);
    for name in ["eu/1/x", "eu/3/y"] {
        let _ = placement.add(name, Weight::ONE);
    }
    let nodes: Vec<_> = placement.roster().iter().map(|(node, _)| node).collect();
    for node in nodes {
        assert_eq!(placement.replicas(7, usize::MAX).len(), placement.roster().len());
        assert_eq!(placement.remove(node), Ok(()));
    }
    assert_eq!(placement.locate(7), None);
});
