//! What the sampler sees of this process's memory. The only test of its process: others would allocate meanwhile.
#![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

use gates::lsm::meter::{Memory, Sampler};

#[test]
fn sampler_sees_a_peak_that_is_gone_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let before = Memory::now().unwrap();
    assert!(before.peak_resident >= before.anonymous);
    let sampler = Sampler::start(dir.path().to_owned());
    let block = vec![1_u8; 64 << 20];
    let readings = sampler.readings();
    // The reading under way may have begun before the block was there.
    while sampler.readings() < readings + 2 {
        std::thread::yield_now();
    }
    drop(std::hint::black_box(block));
    let samples = sampler.finish().unwrap();
    assert!(samples.peak_anonymous >= before.anonymous + (60 << 20), "{samples:?}");
    assert!(!samples.directory_bytes.is_empty());
}
