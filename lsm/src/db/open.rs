//! Opening: lock, manifest, log replay, tables, and the removal of what a crash left behind.

mod directory;
mod insert;
mod replay;
mod settle;
#[cfg(test)]
mod tests;
mod unnamed;

pub(super) use directory::{make_directory, sync_parent};

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Instant,
};

use crossbeam_utils::CachePadded;
use parking_lot::{Mutex, RwLock};

use self::{
    directory::{check_unlocked, create, prepare_directory, take_lock},
    replay::{Recovered, Replay},
    settle::settle_log,
    unnamed::check_not_beheaded,
};
use super::{
    background::Background,
    commit::CommitState,
    core::{Core, Keyspaces, Structure},
    counters::Counters,
    names::{Name, check_names, list, note_failed_sync},
    operations::Operations,
    pressure::Pressure,
    segments::SegmentSet,
};
use crate::{
    Error, Event, KeyspaceId, KeyspaceOptions, Options, Result, SegmentId, TableId,
    compaction::RateLimiter,
    fs::{CountingFs, DirEntry, FileSystem, Purpose, SyncOnce},
    keyspace::KeyspaceCore,
    leftovers::Leftovers,
    log::{GroupSync, LogWriter, Publisher, ScanReport, Segment, SegmentIdentity, SegmentKind},
    snapshot::SnapshotList,
    table::BlockCache,
    version::{Edit, HashIndexes, Manifest, State, TableSource, Version, check_order},
};

/// The keyspace that every database has.
pub(crate) const DEFAULT_KEYSPACE: &str = "default";

/// Opens a database, or creates it.
pub(crate) fn open(dir: &Path, options: Options) -> Result<Arc<Core>> {
    let started = Instant::now();
    options.validate()?;
    let fs = Arc::new(CountingFs::new(Arc::new(SyncOnce::new(Arc::clone(&options.fs), dir))));
    let file_system = Arc::clone(&fs) as Arc<dyn FileSystem>;
    prepare_directory(&*file_system, dir, &options)?;
    check_unlocked(&*file_system, dir, &options)?;
    let lock = take_lock(&*file_system, dir, &options)?;
    let names = list(&*file_system, dir)?;
    check_names(dir, &names, &options)?;
    let (manifest, mut state) = if names.iter().any(|(name, _)| *name == Name::Current) {
        Manifest::open(Arc::clone(&file_system), dir, options.read_only)?
    } else {
        sync_parent(&*file_system, dir)?;
        create(&file_system, dir, &names)?
    };
    let highest = names.iter().map(|(name, _)| name.number()).max().unwrap_or(0);
    state.next_file = state.next_file.max(highest + 1);

    let mut replay = Replay::new(&file_system, dir, &options, &state);
    let report = replay.run()?;
    let Replay { segments: replayed, memtables, bytes: replayed_bytes, .. } = replay;

    let segments = SegmentSet::new(&options);
    for segment in replayed.open.values() {
        segments.insert(Arc::clone(segment));
    }
    // Mapped blocks need the cache only if they are compressed.
    let indexes = match options.read_mode {
        crate::ReadMode::Mapped => options.cache_bytes as u64 / 4 * 3,
        crate::ReadMode::Positioned => options.cache_bytes as u64 / 2,
    };
    let leftovers = Arc::new(Leftovers::new(options.listener.clone()));
    let tables = TableSource {
        fs: Arc::clone(&file_system),
        dir: dir.to_owned(),
        database_id: state.database_id,
        cache: Arc::new(BlockCache::new(options.cache_bytes as u64 - indexes)),
        indexes: Arc::new(HashIndexes::new(indexes)),
        leftovers: Arc::clone(&leftovers),
        read_mode: options.read_mode,
    };
    let recovered_bytes: HashMap<_, _> = memtables
        .iter()
        .filter_map(|(id, memtables)| Some((*id, memtables.last()?.bytes)))
        .collect();
    let keyspaces = open_keyspaces(&manifest, &state, &tables, &segments, &names, memtables)?;
    // Before anything is removed.
    check_not_beheaded(&*file_system, dir, &names, &manifest, &state, &segments)?;

    let next_sequence =
        report.as_ref().map_or(1, |report| report.next_sequence).max(state.last_sequence + 1);
    let next_file = AtomicU64::new(state.next_file);
    let end = report.as_ref().map(|report| report.end);
    let log = if options.read_only {
        None
    } else {
        settle_log(&*file_system, dir, &options, report.as_ref(), &state.segment_ends)
            .inspect_err(|_| note_failed_sync(&*file_system, dir))?;
        let id = SegmentId(next_file.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let identity =
            SegmentIdentity { id, kind: SegmentKind::Log, database_id: state.database_id };
        let capacity = u32::try_from(options.segment_bytes).unwrap_or(u32::MAX);
        let segment = Segment::create(
            &file_system,
            dir,
            identity,
            capacity,
            options.mapped_log,
            Purpose::Log,
        )?;
        segments.insert(Arc::clone(&segment));
        let log = LogWriter::start(Arc::clone(&segment), end, next_sequence)
            // The manifest is about to name this segment: its header must not be lost.
            .and_then(|log| segment.sync().map(|()| log))
            .inspect_err(|_| segment.mark_obsolete(leftovers.observer()))?;
        Some(log)
    };
    let durable = log.as_ref().map(LogWriter::end);
    let core = Arc::new(Core {
        dir: dir.to_owned(),
        fs,
        database_id: state.database_id,
        identity: Core::new_identity(),
        tables,
        segments,
        leftovers,
        commit: CachePadded::new(Mutex::new(CommitState::new(log, replayed_bytes))),
        publisher: Publisher::new(next_sequence - 1),
        // The replayed segments were synced when they were cut, and so was the header of this one.
        group_sync: GroupSync::new(durable),
        structure: Mutex::new(Structure { manifest, state, sealed: false }),
        keyspaces: RwLock::new(keyspaces),
        snapshots: Arc::new(SnapshotList::default()),
        next_file,
        background: Background::default(),
        pressure: Pressure::default(),
        rate_limiter: RateLimiter::new(options.rate_limit),
        counters: Counters::default(),
        poison: OnceLock::new(),
        closed: AtomicBool::new(false),
        operations: Operations::default(),
        lock: Mutex::new(Some(lock)),
        options,
    });
    if !core.options.read_only {
        core.begin_writing(report.as_ref(), &names, &recovered_bytes)?;
    }
    core.update_pressure();
    Background::start(&core)?;
    core.background.wake_all();
    for dropped in report.iter().flat_map(|report| &report.dropped) {
        core.emit(&Event::TailDropped {
            segment: dropped.segment,
            offset: u64::from(dropped.offset),
            bytes: dropped.bytes,
        });
    }
    let batches = report.as_ref().map_or(0, |report| report.batches);
    core.emit(&Event::Opened { batches, took: started.elapsed() });
    Ok(core)
}

fn open_keyspaces(
    manifest: &Manifest,
    state: &State,
    tables: &TableSource,
    segments: &SegmentSet,
    names: &[(Name, DirEntry)],
    mut memtables: BTreeMap<KeyspaceId, Vec<Recovered>>,
) -> Result<Keyspaces> {
    let kinds: HashMap<SegmentId, SegmentKind> = names
        .iter()
        .filter_map(|(name, _)| match name {
            Name::Segment(id, kind) => Some((*id, *kind)),
            _ => None,
        })
        .collect();
    let segment = |id: SegmentId| {
        if let Some(segment) = segments.get(id) {
            return Ok(segment);
        }
        let kind = kinds.get(&id).copied().unwrap_or(SegmentKind::Log);
        let identity = SegmentIdentity { id, kind, database_id: state.database_id };
        let segment = Segment::open(&tables.fs, &tables.dir, identity, Purpose::Other)?;
        segments.insert(Arc::clone(&segment));
        Ok(segment)
    };
    if !state.keyspaces.contains_key(&KeyspaceId(0)) {
        let found = "the keyspace `default` (number 0), which every database has, is not there";
        return Err(Error::corruption(manifest.path(), 0, found));
    }
    let mut keyspaces = Keyspaces::default();
    for (id, keyspace) in &state.keyspaces {
        let options = stored_options(manifest.path(), &keyspace.name, &keyspace.options)?;
        let mut add = Vec::new();
        for (level, metas) in keyspace.levels.iter().enumerate() {
            for meta in metas {
                add.push((level, tables.open(meta.clone(), segment)?));
            }
        }
        check_order(&add)?;
        let version = Version::default().with(&[], &add);
        let recovered = memtables.remove(id).unwrap_or_default();
        let memtables = recovered.into_iter().map(|recovered| recovered.memtable).collect();
        let core =
            Arc::new(KeyspaceCore::new(*id, keyspace.name.clone(), options, version, memtables));
        keyspaces.by_name.insert(keyspace.name.clone(), Arc::clone(&core));
        keyspaces.by_id.insert(*id, core);
    }
    Ok(keyspaces)
}

impl Core {
    /// What remains to be done before the first write: the log's ends named, orphans removed, keyspaces open to commits.
    fn begin_writing(
        &self,
        report: Option<&ScanReport>,
        names: &[(Name, DirEntry)],
        recovered_bytes: &HashMap<KeyspaceId, usize>,
    ) -> Result<()> {
        let mut structure = self.structure.lock();
        let mut edit = Edit::default();
        if let Some(report) = report {
            edit.segment_ends =
                report.segments.iter().map(|scanned| (scanned.segment.id(), scanned.end)).collect();
        } else {
            // From now on the log has a first segment, and its absence is noticed.
            edit.replay = Some(self.commit.lock().position());
        }
        self.apply(&mut structure, edit, &[], || {}).inspect_err(|_| {
            // Every attempt at a full disk would leave one more. Unless the manifest may name it.
            if self.poison.get().is_none() {
                self.segments.discard(self, self.commit.lock().log().current());
            }
        })?;
        {
            let mut commit = self.commit.lock();
            for keyspace in self.keyspaces.read().by_id.values() {
                let log_bytes = recovered_bytes.get(&keyspace.id).copied().unwrap_or(0);
                commit.add_keyspace(keyspace, log_bytes);
            }
        }
        self.remove_orphans(&structure, names);
        self.reclaim(&structure);
        Ok(())
    }

    /// Removes files that a crash left behind: written, and named by nothing.
    fn remove_orphans(&self, structure: &Structure, names: &[(Name, DirEntry)]) {
        let tables: BTreeSet<TableId> = structure
            .state
            .keyspaces
            .values()
            .flat_map(|keyspace| keyspace.levels.iter().flatten())
            .map(|table| table.id)
            .collect();
        for (name, entry) in names {
            let orphan = match name {
                Name::Table(id) => !tables.contains(id),
                Name::Segment(id, _) => self.segments.get(*id).is_none(),
                Name::Manifest(number) => *number != structure.manifest.number(),
                Name::Temporary(_) => true,
                _ => false,
            };
            if orphan {
                let path = self.dir.join(&entry.name);
                if self.leftovers.remove(&*self.fs, &path) {
                    self.emit(&Event::OrphanRemoved { path });
                }
            }
        }
    }
}

/// A keyspace's options, as the manifest has them. None are believed that could not have been set: a block of no bytes or levels that do
/// not grow would be a division by zero or an endless compaction, later.
fn stored_options(manifest: &Path, keyspace: &str, text: &str) -> Result<KeyspaceOptions> {
    let options = KeyspaceOptions::from_text(text).ok_or_else(|| {
        let found = format!("no options of keyspace {keyspace:?}: {text:?}");
        Error::corruption(manifest, 0, found)
    })?;
    if let Some(codec) = options.missing_codec() {
        let (path, keyspace) = (manifest.to_owned(), keyspace.to_owned());
        return Err(Error::MissingCodec { path, keyspace, codec });
    }
    options.validate().map_err(|error| {
        let found = format!("options of keyspace {keyspace:?} that cannot have been set: {error}");
        Error::corruption(manifest, 0, found)
    })?;
    Ok(options)
}
