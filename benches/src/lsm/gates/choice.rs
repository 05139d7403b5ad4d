//! What of the plan to run.

use crate::lsm::measure::{Contestant, contestants};
use crate::lsm::workload::Records;

/// What to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Only gates whose id contains one of these; all if there are none.
    pub filters: Vec<String>,
    /// Only contestants whose name contains one of these; all if there are none.
    pub only: Vec<String>,
    /// Multiplies the numbers of records. Anything but 1 is for trying things out and never a measurement.
    pub scale: f64,
    /// Also YCSB A to F: no gate reads them.
    pub ycsb: bool,
}

impl Choice {
    /// Whether a gate was chosen.
    #[must_use]
    pub fn takes(&self, id: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| id.contains(filter.as_str()))
    }

    pub(super) fn records(&self, count: u64, value_bytes: usize, round: usize) -> Records {
        let count = ((count as f64 * self.scale) as u64).max(1000);
        Records { seed: 0x1a5e + round as u64, count, value_bytes }
    }

    pub(super) fn contestants(&self) -> Vec<Contestant> {
        let mut all = contestants();
        all.retain(|contestant| {
            self.only.is_empty()
                || self.only.iter().any(|only| contestant.name.contains(only.as_str()))
        });
        all
    }
}
