//! Edits a sound manifest, with the checksums that are then wrong and with the right ones.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = lsm::version::fuzz::edited_manifest(bytes);
});
