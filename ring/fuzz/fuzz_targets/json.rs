//! Takes arbitrary bytes for the JSON of a description: what is read has canonical bytes, and the JSON written for it is read the same.
#![no_main]

use hash_ring::Description;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(description) = serde_json::from_slice::<Description>(bytes) else { return };
    assert_eq!(Description::decode(&description.encode()).as_ref(), Ok(&description));
    let json = serde_json::to_vec(&description).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<Description>(&json).ok(), Some(description));
});
