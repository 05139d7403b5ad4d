//! Leveled compaction: each level is one sorted run, a fixed number of times larger than the one above.
//!
//! O'Neil et al., "The log-structured merge-tree" (1996), in LevelDB's form. A read looks at each level-0 table and once
//! at each deeper level; an entry is rewritten about `level_ratio / 2` times a level.

use std::sync::Arc;

use super::{Relocate, Strategy, Task};
use crate::{
    KeyspaceOptions,
    version::{LiveTable, Version},
};

/// See the [module](self).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Leveled;

impl Strategy for Leveled {
    fn pick(
        &self,
        version: &Version,
        options: &KeyspaceOptions,
        cursors: &[Vec<u8>],
    ) -> Option<Task> {
        if version.level0.len() >= options.level0_tables {
            return level0(version);
        }
        let score = |level: usize| {
            let bytes: u64 = version.level(level).iter().map(|table| table.meta().bytes).sum();
            // Scores are compared with each other only.
            #[allow(clippy::cast_precision_loss)]
            let score = bytes as f64 / options.level_bytes(level) as f64;
            (score > 1.0).then_some((score, level))
        };
        let (_, level) =
            (1..=version.deepest()).filter_map(score).max_by(|a, b| a.0.total_cmp(&b.0))?;
        // Round robin through the key space, so that every key's turn comes.
        let cursor = cursors.get(level).map_or(&[][..], Vec::as_slice);
        let tables = version.level(level);
        let next =
            tables.iter().find(|table| &*table.meta().smallest_key > cursor).or(tables.first())?;
        let below =
            version.overlapping(level + 1, &next.meta().smallest_key, &next.meta().largest_key);
        let is_move = below.is_empty();
        let mut inputs = vec![(level, Arc::clone(next))];
        inputs.extend(below.into_iter().map(|table| (level + 1, table)));
        Some(Task { inputs, output: level + 1, relocate: Relocate::nothing(), is_move })
    }
}

/// All of level 0 into level 1.
pub(super) fn level0(version: &Version) -> Option<Task> {
    let (smallest, largest) = key_range(&version.level0)?;
    let mut inputs: Vec<_> = version.level0.iter().map(|table| (0, Arc::clone(table))).collect();
    inputs.extend(version.overlapping(1, &smallest, &largest).into_iter().map(|table| (1, table)));
    Some(Task { inputs, output: 1, relocate: Relocate::nothing(), is_move: false })
}

/// All of level 0 into level 1, if there is more than one place to look for a key and what is moved is not much more than what
/// is new.
pub(super) fn tidy(version: &Version) -> Option<Task> {
    /// Bytes of level 1 that may be rewritten for a byte of level 0.
    const WORTH: u64 = 4;
    let task = level0(version)?;
    let bytes = |of_level0: bool| -> u64 {
        let tables = task.inputs.iter().filter(|(level, _)| (*level == 0) == of_level0);
        tables.map(|(_, table)| table.meta().bytes).sum()
    };
    (task.inputs.len() > 1 && bytes(false) <= WORTH * bytes(true)).then_some(task)
}

/// The keys that tables span together.
pub(super) fn key_range(tables: &[Arc<LiveTable>]) -> Option<(Vec<u8>, Vec<u8>)> {
    let smallest = tables.iter().map(|table| &table.meta().smallest_key).min()?;
    let largest = tables.iter().map(|table| &table.meta().largest_key).max()?;
    Some((smallest.clone(), largest.clone()))
}
