//! Takes arbitrary bytes for a description: what is read must be written the same, and what can be built must say so of itself.
#![no_main]

use hash_ring::{Description, Placement};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(description) = Description::decode(bytes) else { return };
    assert_eq!(description.encode(), bytes);
    let Ok(placement) = description.build() else { return };
    assert_eq!(placement.describe(), description);
    assert_eq!(placement.locate(0).is_none(), description.nodes().is_empty());
});
