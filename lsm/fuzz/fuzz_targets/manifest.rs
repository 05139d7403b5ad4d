//! Takes arbitrary bytes for a manifest.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = lsm::version::fuzz::manifest(bytes);
});
