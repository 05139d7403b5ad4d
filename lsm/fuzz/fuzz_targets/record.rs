//! Takes arbitrary bytes for a record of the log.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::log::fuzz::record(bytes);
});
