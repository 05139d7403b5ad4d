//! Uses arbitrary bytes as the contents of a data block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    lsm::table::fuzz::data_block(bytes);
});
