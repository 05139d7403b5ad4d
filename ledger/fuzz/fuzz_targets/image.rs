//! Any bytes as an image, and a sound image, changed; a state goes on from it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger_fuzz::image(bytes);
});
