//! Replays arbitrary bytes as a segment, with the checksums they have and with the right ones.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::log::fuzz::segment(bytes);
});
