//! A snapshot, changed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger_fuzz::snapshot(bytes);
});
