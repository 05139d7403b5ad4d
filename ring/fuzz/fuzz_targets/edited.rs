//! Edits a description that has everything in it, of an algorithm that the first byte chooses: what is behind the checks that arbitrary
//! bytes seldom pass. Each edit is a place, of two bytes, and a byte.
#![no_main]

use hash_ring::{Algorithm, Description, KeyHash, Part, Placement, Run, Value, Weight};

fn full(choice: u8) -> hash_ring::Result<Description> {
    let algorithm = Algorithm::ALL[usize::from(choice) % Algorithm::ALL.len()];
    let nodes = [("a", Weight::ONE), ("b", Weight::ONE), ("c", Weight::ONE)];
    let run = |length, owner| Run { length, owner };
    Description::new(algorithm, KeyHash::Xxh64 { seed: 1 }, nodes)?
        .with_parameter("points", Value::Text("ketama".into()))?
        .with_parameter("fan-out", Value::Number(8))?
        .with_part(Part::Tokens(vec![vec![1, 2], vec![], vec![9]]))?
        .with_part(Part::Buckets(vec![Some(2), None, Some(0)]))?
        .with_part(Part::Removed(vec![1, 9]))?
        .with_part(Part::Slots(vec![run(3, None), run(1, Some(1))]))?
        .with_part(Part::Paths(vec![vec!["eu".into()], vec![], vec!["us".into()]]))
}

libfuzzer_sys::fuzz_target!(|edits: &[u8]| {
    let Some((choice, edits)) = edits.split_first() else { return };
    let Ok(description) = full(*choice) else { return };
    let mut bytes = description.encode();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(edit[0]) | usize::from(edit[1]) << 8;
        let len = bytes.len();
        bytes[at % len] = edit[2];
    }
    let Ok(description) = Description::decode(&bytes) else { return };
    assert_eq!(description.encode(), bytes);
    let Ok(placement) = description.build() else { return };
    assert_eq!(placement.describe(), description);
});
