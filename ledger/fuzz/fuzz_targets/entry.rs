//! Any bytes as what the archive stores.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger_fuzz::entry(bytes);
});
