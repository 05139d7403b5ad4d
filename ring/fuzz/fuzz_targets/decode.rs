//! Takes arbitrary bytes for a description: what is read must be written the same, and what can be built must say so of itself, and be a
//! placement.
#![no_main]

use hash_ring::{Description, Placement, Weight};

/// A fuzzer's memory is short.
const MEMORY: usize = 16 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(description) = Description::decode(bytes) else { return };
    assert_eq!(description.encode(), bytes);
    let Ok(mut placement) = description.build_within(MEMORY) else { return };
    assert_eq!(placement.describe(), description);
    assert_eq!(placement.locate(0).is_none(), description.nodes().is_empty());
    assert_eq!(placement.replicas(1, usize::MAX).len(), description.nodes().len());
    if placement.add("a node more", Weight::ONE).is_ok() {
        assert_eq!(placement.replicas(2, usize::MAX).len(), description.nodes().len() + 1);
    }
});
