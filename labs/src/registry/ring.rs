//! Lab 1-6: keys on nodes.

use std::time::Duration;

use super::{Lab, between, binary};
use crate::check::{Check, Must};

/// The lab.
pub(super) fn lab() -> Lab {
    let id = "1-6";
    Lab {
        id: id.into(),
        title: "Consistent hash ring".into(),
        module: "1".into(),
        objective: "When a fourth node joins three, a quarter of a million keys moves and no more, as many as arithmetic says; virtual \
                    nodes even out shares as theory says; caches feel what moved."
            .into(),
        command: binary("ring_sim", &["lab", "--keys", "1_000_000", "--out", "out/lab/1-6", "--json"]),
        artefacts: ["load.svg", "moved-keys.svg", "virtual-nodes.svg", "warm-up.svg"]
            .map(str::to_owned)
            .to_vec(),
        checks: vec![
            // Allocated tokens give the new node its share; sampling a million keys adds 0.04 points (one standard deviation).
            between("moved_sampled_percent", "of 1,000,000 keys move from 3 to 4 nodes: ring with 32 allocated tokens a node", "%", 24.0, 26.0),
            between("difference_points", "between that and what interval arithmetic over all hashes says", "points", 0.0, 0.5),
            Check::new(
                "times_minimum",
                "moved / the least that must move",
                "ratio",
                Must::Near { target: 1.0, tolerance: 0.01 },
            ),
            // The new node's share is Beta(160, 480) distributed: three standard deviations are 5.1 points.
            between("moved_sampled_percent_random", "of the keys move on a ring with 160 random tokens a node: three standard deviations of theory", "%", 19.9, 30.1),
            between("difference_points_random", "between that and interval arithmetic", "points", 0.0, 0.5),
            Check::new(
                "deviation_over_theory",
                "deviation of shares from the mean / theory: 1 to 4,096 random tokens a node",
                "ratio",
                Must::Near { target: 1.0, tolerance: 0.1 },
            ),
            between("imbalance_allocated_32", "most loaded node / mean with 32 allocated tokens a node", "max / mean", 1.0, 1.05),
            // 3 of 4 keys move for 1 of 4.
            between("origin_peak_ring_over_modulo", "load of the origin behind the caches at its peak: ring / hash modulo nodes", "ratio", 0.0, 0.8),
        ],
        time_limit: Duration::from_secs(5 * 60),
        rivals: Some("ring".into()),
    }
}
