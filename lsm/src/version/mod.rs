//! The structure of the database: which tables make up which level, on disk (`manifest`) and open (`Version`).

mod edit;
#[doc(hidden)]
pub mod fuzz;
mod hash_indexes;
mod live_table;
pub(crate) mod manifest;
mod state;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

pub(crate) use edit::{CreateKeyspace, Edit, MAX_LEVELS, ReplayPosition, TableMeta};
pub(crate) use hash_indexes::HashIndexes;
pub(crate) use live_table::{LiveTable, TableSource, parse_table_file_name, table_file_name};
pub(crate) use manifest::{AppendError, Manifest};
pub(crate) use state::State;

use crate::{Error, Result, SegmentId, TableId};

/// The tables of one keyspace at one moment. Immutable: readers hold an `Arc` to it for as long as they need it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Version {
    /// Level 0: tables overlap, the newest first.
    pub(crate) level0: Vec<Arc<LiveTable>>,
    /// Level 1 and deeper (index 0 is level 1): tables of a level are in key order and do not overlap.
    pub(crate) levels: Vec<Vec<Arc<LiveTable>>>,
}

/// Checks that tables can be what levels consist of: below level 0 no two of a level may hold the same key, and on level 0 it
/// must be clear which of two that do is newer.
///
/// # Errors
/// Damage in one of the tables: the manifest names it where it does not belong.
pub(crate) fn check_order(tables: &[(usize, Arc<LiveTable>)]) -> Result<()> {
    let mut sorted: Vec<_> = tables.iter().collect();
    sorted.sort_by_key(|(level, table)| {
        let meta = table.meta();
        (*level, if *level == 0 { meta.largest_sequence } else { 0 }, &meta.smallest_key)
    });
    for pair in sorted.windows(2) {
        let [(level, before), (same, table)] = pair else { continue };
        if level != same
            || *level == 0 && before.meta().largest_sequence != table.meta().largest_sequence
            || before.meta().largest_key < table.meta().smallest_key
        {
            continue;
        }
        let found = format!(
            "on level {level} its keys overlap those of table {}, and nothing says which of the two is newer",
            before.id().0
        );
        let at = table.table().footer().properties.offset;
        return Err(Error::corruption(table.table().path(), at, found));
    }
    Ok(())
}

impl Version {
    /// The version that results from taking tables out and putting others in.
    pub(crate) fn with(
        &self,
        remove: &[(usize, TableId)],
        add: &[(usize, Arc<LiveTable>)],
    ) -> Self {
        let mut next = self.clone();
        for (level, id) in remove {
            next.level_mut(*level).retain(|table| table.id() != *id);
        }
        for (level, table) in add {
            next.level_mut(*level).push(Arc::clone(table));
        }
        // Sequence ranges of level 0's tables are disjoint: a flush covers one memtable.
        next.level0
            .sort_by_key(|table| std::cmp::Reverse((table.meta().largest_sequence, table.id())));
        for level in &mut next.levels {
            level.sort_by(|a, b| a.meta().smallest_key.cmp(&b.meta().smallest_key));
            debug_assert!(
                level
                    .windows(2)
                    .all(|pair| pair[0].meta().largest_key < pair[1].meta().smallest_key),
                "tables of a level overlap"
            );
        }
        while next.levels.last().is_some_and(Vec::is_empty) {
            next.levels.pop();
        }
        next
    }

    fn level_mut(&mut self, level: usize) -> &mut Vec<Arc<LiveTable>> {
        if level == 0 {
            return &mut self.level0;
        }
        if self.levels.len() < level {
            self.levels.resize_with(level, Vec::new);
        }
        &mut self.levels[level - 1]
    }

    /// The tables of a level.
    pub(crate) fn level(&self, level: usize) -> &[Arc<LiveTable>] {
        match level {
            0 => &self.level0,
            deeper => self.levels.get(deeper - 1).map_or(&[], Vec::as_slice),
        }
    }

    /// Number of the deepest level that has tables (0 if there are none below level 0).
    pub(crate) fn deepest(&self) -> usize {
        self.levels.len()
    }

    /// All tables with their level.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (usize, &Arc<LiveTable>)> {
        let deeper = self
            .levels
            .iter()
            .enumerate()
            .flat_map(|(index, level)| level.iter().map(move |table| (index + 1, table)));
        self.level0.iter().map(|table| (0, table)).chain(deeper)
    }

    /// Tables of a level that may hold keys in `smallest..=largest`.
    pub(crate) fn overlapping(
        &self,
        level: usize,
        smallest: &[u8],
        largest: &[u8],
    ) -> Vec<Arc<LiveTable>> {
        self.level(level)
            .iter()
            .filter(|table| table.overlaps(smallest, largest))
            .cloned()
            .collect()
    }

    /// Adds what the tables refer to in each segment.
    pub(crate) fn add_live_bytes(&self, live: &mut BTreeMap<SegmentId, SegmentUse>) {
        for (_, table) in self.tables() {
            for reference in table.table().segments() {
                let entry = live.entry(reference.id).or_default();
                entry.bytes += reference.bytes;
                entry.records += reference.records;
            }
        }
    }
}

/// What tables refer to in a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SegmentUse {
    /// Records.
    pub(crate) records: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}
