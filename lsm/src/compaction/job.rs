//! Carrying a task out.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use super::{Fate, Leveled, Outputs, Relocate, Retain, Strategy, Task, Victims, leveled};
use crate::{
    EntryKind, Error, Event, Result, SequenceNumber,
    cursor::source::{Source, SourceEntry, SourcePointer, SourceValue},
    db::{Core, needs_replay},
    fs::Purpose,
    keyspace::KeyspaceCore,
    log::SegmentKind,
    options::{Layout, Options},
    table::EntryValue,
    version::{Edit, LiveTable, Version},
};

/// Entries between two looks at whether the database is being closed.
const ENTRIES_PER_CHECK: u64 = 256;

impl Core {
    /// Does the most urgent compaction or collection. Returns whether there was one.
    pub(crate) fn compact_once(&self) -> Result<bool> {
        if self.poison.get().is_some() {
            return Ok(false);
        }
        let mut failure = None;
        let mut keyspaces = self.all_keyspaces();
        // Whose writers wait, or are about to, comes first.
        keyspaces.sort_by_key(|keyspace| {
            let tables = keyspace.current().version.level0.len();
            std::cmp::Reverse(tables / keyspace.options.level0_tables.max(1))
        });
        for keyspace in keyspaces {
            let Some(_running) = keyspace.try_begin_compaction() else { continue };
            let Some(task) = self.pick(&keyspace) else { continue };
            let attempt = keyspace.compactions.begin();
            let outcome = self.run(&keyspace, &task);
            keyspace.compactions.end(attempt, outcome.as_ref().copied());
            match outcome {
                Ok(()) => return failure.map_or(Ok(true), Err),
                // What keeps one keyspace from being compacted need not keep the others.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(false), Err)
    }

    pub(crate) fn pick(&self, keyspace: &KeyspaceCore) -> Option<Task> {
        let current = keyspace.current();
        let version = &current.version;
        let cursors = keyspace.compaction_cursor.lock().clone();
        let quiet = self.is_quiet();
        let victims = self.victims(quiet);
        let due = Leveled.pick(version, &keyspace.options, &cursors);
        let due = due.or_else(|| {
            // Only pointers are rewritten: a small price for reads that find all keys in one place.
            let cheap = matches!(keyspace.options.layout, Layout::Separated { .. });
            (cheap && (quiet || self.is_crowded(version))).then(|| leveled::tidy(version)).flatten()
        });
        if let Some(mut task) = due {
            if !task.is_move && !victims.0.is_empty() {
                task.relocate = Relocate::Segments(victims.0);
            }
            return Some(task);
        }
        if !victims.0.is_empty() {
            let due_soon = !quiet && keyspace.is_merged_often();
            if let Some(task) = victims.task(version, due_soon) {
                return Some(task);
            }
        }
        self.pick_scattered(version)
    }

    /// The segments whose values are to be moved elsewhere.
    fn victims(&self, quiet: bool) -> Victims {
        let replay = self.structure.lock().state.replay;
        let segments: Vec<_> = self
            .segments
            .all()
            .into_iter()
            .filter(|segment| !needs_replay(segment, replay))
            .collect();
        let slack = u64::from(self.usual_segment()) / 4;
        let Options { space_target, space_limit, .. } = self.options;
        let target = if quiet { space_target } else { space_limit.max(space_target) };
        Victims::choose(&segments, &self.live_bytes(), target, slack)
    }

    /// Whether segments take so much space that garbage has to be found: values that tables of level 0 refer to count as
    /// live until those are merged, although newer ones may have replaced them.
    fn is_crowded(&self, version: &Version) -> bool {
        let merged: u64 = version
            .tables()
            .filter(|(level, _)| *level > 0)
            .map(|(_, table)| {
                table.table().segments().iter().map(|segment| segment.bytes).sum::<u64>()
            })
            .sum();
        let used: u64 = self.segments.all().iter().map(|segment| u64::from(segment.len())).sum();
        #[allow(clippy::cast_precision_loss)]
        let crowded = merged > 0 && used as f64 > merged as f64 * self.options.space_limit;
        crowded
    }

    /// A table whose values scans have read often, out of key order, while the log exceeds the memory set aside for it.
    fn pick_scattered(&self, version: &Version) -> Option<Task> {
        /// How often, on average, each value must have been scanned.
        const SCANS: u64 = 3;
        if !self.options.collect_on_scans {
            return None;
        }
        let total: u64 = self.segments.all().iter().map(|segment| u64::from(segment.len())).sum();
        if total / 4 < self.options.cache_bytes as u64 {
            return None;
        }
        let (level, table) = version.tables().find(|(level, table)| {
            *level > 0 && table.scattered_reads() > SCANS * table.meta().entries.max(10_000)
        })?;
        Some(Task {
            inputs: vec![(level, Arc::clone(table))],
            output: level,
            relocate: Relocate::Scattered,
            is_move: false,
        })
    }

    /// Merges everything that overlaps a key range into one level, values in key order.
    pub(crate) fn compact_range(
        &self,
        keyspace: &KeyspaceCore,
        smallest: &[u8],
        largest: Option<&[u8]>,
    ) -> Result<()> {
        let _running = self.begin_operation()?;
        self.pressure.wait_until(|| {
            self.check_writable()?;
            let Some(_alone) = keyspace.try_begin_compaction() else { return Ok(false) };
            let version = keyspace.current_version();
            if let Some(task) = range_task(&version, smallest, largest) {
                self.run(keyspace, &task)?;
            }
            Ok(true)
        })
    }

    /// Carries a task out and installs its result.
    fn run(&self, keyspace: &KeyspaceCore, task: &Task) -> Result<()> {
        self.merge_and_install(keyspace, task).map_err(|error| self.heed(error))?;
        self.update_pressure();
        self.pressure.wake_all();
        Ok(())
    }

    fn merge_and_install(&self, keyspace: &KeyspaceCore, task: &Task) -> Result<()> {
        let started = Instant::now();
        let removed: Vec<Arc<LiveTable>> =
            task.inputs.iter().map(|(_, table)| Arc::clone(table)).collect();
        let mut edit = Edit {
            remove: task
                .inputs
                .iter()
                .map(|(level, table)| (keyspace.id, *level, table.id()))
                .collect(),
            ..Edit::default()
        };
        let gone: Vec<_> = task.inputs.iter().map(|(level, table)| (*level, table.id())).collect();
        let largest = removed.iter().map(|table| table.meta().largest_sequence).max().unwrap_or(0);
        let read: u64 = removed.iter().map(|table| table.meta().bytes).sum();
        let from = task.inputs.first().map_or(0, |(level, _)| *level);
        let (mut written, mut collected) = (0, 0);
        if task.is_move {
            let mut structure = self.structure.lock();
            let add: Vec<_> =
                removed.iter().map(|table| (task.output, Arc::clone(table))).collect();
            edit.add = removed
                .iter()
                .map(|table| (keyspace.id, task.output, table.meta().clone()))
                .collect();
            self.apply(&mut structure, edit, &[], || {
                keyspace.install(None, |version| version.with(&gone, &add));
            })?;
        } else {
            let outputs = self.merge(keyspace, task, largest)?;
            (written, collected) = (outputs.0.table_bytes(), outputs.1);
            let mut structure = self.structure.lock();
            if keyspace.is_dropped() {
                outputs.0.abandon(self);
                return Ok(());
            }
            let tables = outputs.0.open(self).inspect_err(|_| outputs.0.abandon(self))?;
            edit.add = tables
                .iter()
                .map(|table| (keyspace.id, task.output, table.meta().clone()))
                .collect();
            let add: Vec<_> = tables.into_iter().map(|table| (task.output, table)).collect();
            self.apply(&mut structure, edit, &removed, || {
                keyspace.install(None, |version| version.with(&gone, &add));
            })
            .inspect_err(|_| outputs.0.abandon(self))?;
            self.reclaim(&structure);
        }
        if from == 0 {
            keyspace.note_merge();
        }
        self.note_cursor(keyspace, task, from);
        self.counters.compactions.fetch_add(1, Ordering::Relaxed);
        self.counters.compaction_read.fetch_add(read, Ordering::Relaxed);
        let (name, to, took) = (keyspace.name.clone(), task.output, started.elapsed());
        self.emit(&Event::Compacted { keyspace: name, from, to, read, written, collected, took });
        Ok(())
    }

    fn note_cursor(&self, keyspace: &KeyspaceCore, task: &Task, from: usize) {
        if from == 0 || from == task.output {
            return;
        }
        let Some((_, first)) = task.inputs.first() else { return };
        let mut cursors = keyspace.compaction_cursor.lock();
        if cursors.len() <= from {
            cursors.resize_with(from + 1, Vec::new);
        }
        cursors[from].clone_from(&first.meta().largest_key);
    }

    /// Writes the outputs of a task; returns them with the bytes of values that were moved.
    fn merge(
        &self,
        keyspace: &KeyspaceCore,
        task: &Task,
        largest: SequenceNumber,
    ) -> Result<(super::outputs::Finished, u64)> {
        let version = keyspace.current_version();
        let mut retain = Retain::new(self.snapshots.live());
        let mut outputs = Outputs::new(self, keyspace, task.output, Purpose::Compaction);
        let mut sources = task_sources(task);
        for source in &mut sources {
            source.seek_to_first()?;
        }
        let goes_on = || !self.closed.load(Ordering::Acquire) && !keyspace.is_dropped();
        let mut pace = self.rate_limiter.pace();
        let mut entries = 0_u64;
        let mut key = Vec::new();
        loop {
            let nearest = sources
                .iter()
                .enumerate()
                .filter(|(_, source)| source.valid())
                // Among equal keys the first, which is the newest.
                .min_by(|(_, a), (_, b)| a.key().cmp(b.key()))
                .map(|(index, _)| index);
            let Some(index) = nearest else { break };
            let source = &mut sources[index];
            key.clear();
            key.extend_from_slice(source.key());
            // All versions of the key that this source has; the next newest source comes next.
            while source.key() == key
                && let Some(entry) = source.entry()
            {
                let bottommost = || nothing_below(&version, task, &key);
                if let Fate::Keep(sequence) =
                    retain.decide(&key, entry.sequence, entry.kind, bottommost)
                {
                    copy(task, source, &key, entry, sequence, &mut outputs)?;
                }
                source.next()?;
                pace.keep(|| outputs.written() + outputs.collected(), goes_on);
                entries += 1;
                if entries.is_multiple_of(ENTRIES_PER_CHECK) && !goes_on() {
                    return Err(Error::Closed);
                }
            }
        }
        let collected = outputs.collected();
        pace.finish(outputs.written() + collected, goes_on);
        if !goes_on() {
            return Err(Error::Closed);
        }
        Ok((outputs.finish(largest)?, collected))
    }
}

/// Writes an entry of an input to the outputs, and its value too if it moves.
fn copy(
    task: &Task,
    source: &Source,
    key: &[u8],
    entry: SourceEntry<'_>,
    sequence: Option<SequenceNumber>,
    outputs: &mut Outputs<'_>,
) -> Result<()> {
    let put = EntryKind::Put;
    let pointer = match entry.value {
        SourceValue::None => return outputs.add(key, sequence, entry.kind, EntryValue::None),
        SourceValue::Inline(value) => {
            return outputs.add(key, sequence, put, EntryValue::Inline(value));
        }
        SourceValue::InTable(value) => {
            return outputs.add(key, sequence, put, EntryValue::Inline(value.as_slice()));
        }
        SourceValue::Pointer(pointer) => pointer,
    };
    let segment = source.segment(pointer)?;
    let SourcePointer { offset, len, .. } = pointer;
    let moves = match &task.relocate {
        Relocate::Segments(segments) => segments.contains(&segment.id()),
        Relocate::Scattered => segment.kind() == SegmentKind::Log,
    };
    if !moves && outputs.separates(usize::MAX) {
        let pointer = crate::ValuePointer { segment: segment.id(), offset, len };
        return outputs.add(key, sequence, put, EntryValue::Pointer(pointer));
    }
    let mut buffer = Vec::new();
    // SAFETY: the pointer is from a table: its record was complete before the table was written.
    let stored = unsafe { segment.read_stored(offset, len, key, &mut buffer)? };
    if outputs.separates(stored.bytes.len()) {
        return outputs.add_separated(key, sequence, stored);
    }
    let mut buffer = Vec::new();
    // SAFETY: as above.
    let value = unsafe { segment.read_with(offset, len, key, &mut buffer)? };
    outputs.add(key, sequence, put, EntryValue::Inline(value))
}

/// Sources of a task's inputs, newest first: each table of level 0 by itself, deeper levels as runs.
fn task_sources(task: &Task) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut levels: Vec<(usize, Vec<Arc<LiveTable>>)> = Vec::new();
    for (level, table) in &task.inputs {
        if *level == 0 {
            sources.push(Source::table(table));
            continue;
        }
        match levels.last_mut() {
            Some((last, tables)) if last == level => tables.push(Arc::clone(table)),
            _ => levels.push((*level, vec![Arc::clone(table)])),
        }
    }
    sources.extend(levels.into_iter().map(|(_, tables)| Source::tables(tables)));
    sources
}

/// Whether no table that is older than the outputs, and no input's part, may hold the key.
fn nothing_below(version: &Version, task: &Task, key: &[u8]) -> bool {
    // A table that is rewritten on level 0 has older ones beside it.
    if task.output == 0 {
        return false;
    }
    (task.output + 1..=version.deepest()).all(|level| {
        let tables = version.level(level);
        let at = tables.partition_point(|table| &*table.meta().largest_key < key);
        tables.get(at).is_none_or(|table| !table.covers(key))
    })
}

/// Everything that overlaps a range, down to the deepest level, as one task.
fn range_task(version: &Version, smallest: &[u8], largest: Option<&[u8]>) -> Option<Task> {
    let output = version.deepest().max(1);
    let (mut low, mut high) = (smallest.to_vec(), largest.map(<[u8]>::to_vec));
    // Tables that are taken widen the range: a level above must not stay where the one below it moves up.
    let mut inputs: Vec<(usize, Arc<LiveTable>)>;
    loop {
        inputs = version
            .tables()
            .filter(|(_, table)| {
                high.as_deref().is_none_or(|high| &*table.meta().smallest_key <= high)
                    && table.meta().largest_key >= low
            })
            .map(|(level, table)| (level, Arc::clone(table)))
            .collect();
        let wider_low = inputs.iter().map(|(_, table)| &table.meta().smallest_key).min()?;
        let wider_high = inputs.iter().map(|(_, table)| &table.meta().largest_key).max()?;
        let grows = *wider_low < low || high.as_ref().is_some_and(|high| wider_high > high);
        if !grows {
            break;
        }
        low = low.min(wider_low.clone());
        high = high.map(|high| high.max(wider_high.clone()));
    }
    Some(Task { inputs, output, relocate: Relocate::Scattered, is_move: false })
}
