//! The files of a sound log, changed, with and without the right checksums.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ledger_fuzz::log(bytes);
});
