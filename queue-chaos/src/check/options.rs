//! What a check is told.

use std::collections::BTreeSet;

use super::AnomalyKind;

/// What a check is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Kinds that do not make the verdict an anomaly. They are found and counted all the same.
    pub allow: BTreeSet<AnomalyKind>,
    /// How many of each kind are kept with their evidence; the rest is counted. 100 by default.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { allow: BTreeSet::new(), keep: 100 }
    }
}
