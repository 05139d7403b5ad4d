//! Collecting garbage: which segments are given up, and which tables must be rewritten for that.
//!
//! A value is garbage once no table refers to it. Tables know how many bytes they refer to in each segment, so the
//! garbage of a segment is what its records take less the sum over the tables. To give a segment up, the values that
//! are still referred to are written anew, in key order, by a compaction of the tables that do: no look-up, no race
//! with writers, and the same crash safety as any compaction.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Relocate, Task, leveled};
use crate::{
    SegmentId,
    log::{HEADER_LEN, Segment},
    version::{LiveTable, SegmentUse, Version},
};

/// Segments with less garbage than this share are left alone: moving nine tenths to free one is not worth it.
const LEAST_GARBAGE: f64 = 0.1;

/// Segments to give up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Victims(pub(crate) BTreeSet<SegmentId>);

impl Victims {
    /// Chooses the segments with the largest shares of garbage, until what remains is within `target` times what is
    /// live. `segments` are those that replay does not need.
    pub(crate) fn choose(
        segments: &[Arc<Segment>],
        live: &BTreeMap<SegmentId, SegmentUse>,
        target: f64,
        slack: u64,
    ) -> Self {
        let mut candidates: Vec<_> = segments
            .iter()
            .map(|segment| {
                let used = u64::from(segment.len().saturating_sub(HEADER_LEN));
                let live = live.get(&segment.id()).map_or(0, |live| live.bytes).min(used);
                (segment.id(), used, live)
            })
            .collect();
        let mut used: u64 = candidates.iter().map(|candidate| candidate.1).sum();
        let live: u64 = candidates.iter().map(|candidate| candidate.2).sum();
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let allowed = (live as f64 * target) as u64 + slack;
        let mut victims = BTreeSet::new();
        if used <= allowed {
            return Self(victims);
        }
        #[allow(clippy::cast_precision_loss)]
        let garbage = |used: u64, live: u64| (used - live) as f64 / used.max(1) as f64;
        candidates.sort_by(|a, b| garbage(b.1, b.2).total_cmp(&garbage(a.1, a.2)));
        // Half of the slack is taken back at once, so that collecting is done in larger pieces, seldom.
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let goal = (live as f64 * (1.0 + (target - 1.0) * 0.75)) as u64 + slack / 2;
        for (id, own_used, own_live) in candidates {
            if used <= goal || garbage(own_used, own_live) < LEAST_GARBAGE {
                break;
            }
            used -= own_used - own_live;
            victims.insert(id);
        }
        Self(victims)
    }

    /// What a keyspace has to rewrite so that it does not refer to the victims any more. If a merge into level 1 is
    /// `due_soon`, that will do for level 1: moving its values now would write its tables once more than need be.
    pub(crate) fn task(&self, version: &Version, due_soon: bool) -> Option<Task> {
        let refers = |table: &LiveTable| {
            table.table().segments().iter().any(|reference| self.0.contains(&reference.id))
        };
        let relocate = Relocate::Segments(self.0.clone());
        // What is in level 0 is about to be merged anyway, and merging shows more garbage.
        let is_merged = |level: usize| level <= usize::from(due_soon);
        let referring = || version.tables().filter(|(_, table)| refers(table));
        if !version.level0.is_empty() && referring().any(|(level, _)| is_merged(level)) {
            return leveled::level0(version).map(|task| Task { relocate, ..task });
        }
        let (level, table) = referring().find(|(level, _)| !is_merged(*level))?;
        Some(Task {
            inputs: vec![(level, Arc::clone(table))],
            output: level,
            relocate,
            is_move: false,
        })
    }
}
