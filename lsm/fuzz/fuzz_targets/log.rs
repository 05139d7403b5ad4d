//! Edits a sound log of several segments and recovers from it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = lsm::log::fuzz::log(bytes);
});
