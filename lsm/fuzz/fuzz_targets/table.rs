//! Opens arbitrary bytes as a table and uses all of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::table::fuzz::table(bytes);
});
