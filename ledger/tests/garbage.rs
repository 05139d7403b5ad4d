//! Bytes that nobody should have sent, on a stable compiler: the fuzz targets with some thousand inputs each.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

#[path = "../fuzz/src/lib.rs"]
#[allow(missing_docs)]
mod targets;

/// Mostly small numbers: those are lengths, counts and kinds.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => 0_u8..4, 1 => Just(255), 3 => any::<u8>()];
    prop::collection::vec(byte, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn batches(bytes in bytes(400), edits in bytes(60)) {
        targets::batch(&bytes);
        targets::edited_batch(&edits);
    }

    #[test]
    fn replies(bytes in bytes(500)) {
        targets::reply(&bytes);
    }

    #[test]
    fn images(bytes in bytes(80)) {
        targets::image(&bytes);
    }

    #[test]
    fn entries(bytes in bytes(200)) {
        targets::entry(&bytes);
    }

    #[test]
    fn logs(bytes in bytes(40)) {
        targets::log(&bytes);
    }

    #[test]
    fn segments(bytes in bytes(300)) {
        targets::segment(&bytes);
    }

    #[test]
    fn exports(bytes in bytes(40)) {
        targets::export(&bytes);
    }

    #[test]
    fn snapshots(bytes in bytes(40)) {
        targets::snapshot(&bytes);
    }

    #[test]
    fn nodes(bytes in bytes(300)) {
        targets::node(&bytes);
    }
}
