//! Edits a sound table, makes its checksums right again, and uses all of it: what is behind the checksums.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::table::fuzz::resealed_table(bytes);
});
