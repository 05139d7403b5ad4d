//! Lookups ask for no memory, nor do requests to bounded placements.

use hash_ring::{Algorithm, Bounded, CapacityFactor, Placement};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::allocator::calls;
use crate::placements::placement;

fn hashes() -> impl Iterator<Item = u64> {
    (0..1000_u64).map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

#[test]
fn allocator_counts() {
    assert_eq!(calls(|| ()), 0);
    assert_eq!(calls(|| drop(std::hint::black_box(vec![1, 2, 3]))), 1);
}

#[test]
fn no_lookup_allocates() {
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
        TestRunner::new(config)
            .run(&placement(algorithm, 60), |placement| {
                let mut owned = 0;
                let lookups = || owned = hashes().filter_map(|hash| placement.locate(hash)).count();
                prop_assert_eq!(calls(lookups), 0, "{}", algorithm);
                prop_assert_eq!(owned, if placement.roster().is_empty() { 0 } else { 1000 });
                let by_key = || {
                    std::hint::black_box(placement.locate_key(b"some key"));
                    std::hint::black_box(placement.name_of(b"some key"));
                };
                prop_assert_eq!(calls(by_key), 0, "{}", algorithm);
                Ok(())
            })
            .unwrap();
    }
}

/// Of any algorithm, where the owner has room.
#[test]
fn no_request_allocates() {
    for algorithm in Algorithm::ALL {
        let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
        TestRunner::new(config)
            .run(&placement(algorithm, 60), |placement| {
                let nodes = Bounded::new(placement, CapacityFactor::new(1.25).unwrap());
                for hash in hashes() {
                    let mut served = None;
                    let request = || served = nodes.acquire(hash).map(|lease| lease.node());
                    prop_assert_eq!(calls(request), 0, "{}", algorithm);
                    prop_assert_eq!(served, nodes.locate(hash));
                    let counted = || {
                        if let Some(node) = nodes.assign(hash) {
                            nodes.release(node);
                        }
                    };
                    prop_assert_eq!(calls(counted), 0, "{}", algorithm);
                }
                prop_assert_eq!(nodes.total(), 0);
                Ok(())
            })
            .unwrap();
    }
}
