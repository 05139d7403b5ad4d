//! Merging tables, and collecting values, in the background.
//!
//! One compaction of a keyspace runs at a time; keyspaces are independent. What is to be done next is a [`Task`]: a
//! [`Strategy`] proposes it from the shape of the levels, or [`collect`] from the garbage in the segments. How it is done
//! is the [`job`]'s business.

mod collect;
mod job;
mod leveled;
mod outputs;
mod rate_limiter;
mod retain;
mod value_writer;

use std::{collections::BTreeSet, sync::Arc};

pub(crate) use collect::Victims;
pub(crate) use leveled::Leveled;
pub(crate) use outputs::Outputs;
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use retain::{Fate, Retain};

use crate::{
    KeyspaceOptions, SegmentId,
    version::{LiveTable, Version},
};

/// Tables to merge, and where the result goes.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// Newest first: level 0 in its order, then deeper levels.
    pub(crate) inputs: Vec<(usize, Arc<LiveTable>)>,
    /// Level of the outputs.
    pub(crate) output: usize,
    /// Which values are written anew, in key order.
    pub(crate) relocate: Relocate,
    /// Whether the only input just changes its level.
    pub(crate) is_move: bool,
}

/// Values that a compaction moves out of their segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Relocate {
    /// Those in these segments.
    Segments(BTreeSet<SegmentId>),
    /// All that lie in log segments, where neighbours in key order are scattered.
    Scattered,
}

impl Relocate {
    pub(crate) fn nothing() -> Self {
        Self::Segments(BTreeSet::new())
    }
}

/// Decides from a keyspace's levels what to merge next.
pub(crate) trait Strategy {
    /// The most urgent task, if there is any. `cursors` holds, by level, the key behind which the last task ended.
    fn pick(
        &self,
        version: &Version,
        options: &KeyspaceOptions,
        cursors: &[Vec<u8>],
    ) -> Option<Task>;
}
