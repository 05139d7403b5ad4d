//! Any bytes as a batch, which is applied if it is one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger_fuzz::batch(bytes);
});
