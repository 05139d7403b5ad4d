//! Takes arbitrary bytes for an edit of the manifest and applies it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::version::fuzz::edit(bytes);
});
