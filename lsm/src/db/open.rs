//! Opening: lock, manifest, log replay, tables, and what to do with files that do not fit.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Instant,
};

use parking_lot::{Mutex, RwLock};

use super::{
    background::Background,
    commit::CommitState,
    core::{Core, Keyspaces, Structure},
    counters::Counters,
    pressure::Pressure,
    segments::SegmentSet,
};
use crate::{
    Error, Event, KeyspaceId, KeyspaceOptions, Options, Result, SegmentId, TableId,
    entry::hash_key,
    fs::{CountingFs, DirEntry, FileLock, FileSystem, LockMode, OpenMode, Purpose},
    keyspace::{KeyspaceCore, LiveMemtable},
    log::{
        self, BatchView, GroupSync, HEADER_LEN, LogPosition, LogWriter, Publisher, ScanReport,
        Segment, SegmentIdentity, SegmentKind,
    },
    snapshot::SnapshotList,
    table::BlockCache,
    version::{CreateKeyspace, Edit, Manifest, State, TableSource, Version, manifest},
};

/// The keyspace that every database has.
pub(crate) const DEFAULT_KEYSPACE: &str = "default";
const LOCK: &str = "LOCK";
const CURRENT: &str = "CURRENT";

/// What a file's name says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Lock,
    Current,
    Manifest(u64),
    Segment(SegmentId, SegmentKind),
    Table(TableId),
    Temporary,
    /// Not ours, and harmless: a directory, a hidden file.
    Ignored,
    Foreign,
}

impl Name {
    fn of(entry: &DirEntry) -> Self {
        let Some(name) = entry.name.to_str() else { return Self::Foreign };
        if name == LOCK {
            return Self::Lock;
        }
        if name == CURRENT {
            return Self::Current;
        }
        if name.starts_with('.') || !entry.is_file {
            return Self::Ignored;
        }
        if name.ends_with(".tmp") {
            return Self::Temporary;
        }
        if let Some(number) = manifest::parse_name(&entry.name) {
            return Self::Manifest(number);
        }
        if let Some((id, kind)) = log::parse_file_name(name) {
            return Self::Segment(id, kind);
        }
        match name.strip_suffix(".sst").and_then(|number| number.parse().ok()) {
            Some(number) => Self::Table(TableId(number)),
            None => Self::Foreign,
        }
    }

    fn number(self) -> u64 {
        match self {
            Self::Manifest(number) => number,
            Self::Segment(id, _) => id.0,
            Self::Table(id) => id.0,
            _ => 0,
        }
    }
}

/// Opens a database, or creates it.
pub(crate) fn open(dir: &Path, options: Options) -> Result<Arc<Core>> {
    let started = Instant::now();
    options.validate()?;
    let fs = Arc::new(CountingFs::new(Arc::clone(&options.fs)));
    let file_system = Arc::clone(&fs) as Arc<dyn FileSystem>;
    prepare_directory(&*file_system, dir, &options)?;
    let lock = take_lock(&*file_system, dir, &options)?;
    let names = list(&*file_system, dir)?;
    let (manifest, mut state) = if names.iter().any(|(name, _)| *name == Name::Current) {
        check_foreign(dir, &names, &options)?;
        Manifest::open(Arc::clone(&file_system), dir, options.read_only)?
    } else {
        check_creatable(dir, &names, &options)?;
        sync_parent(&*file_system, dir)?;
        create(&file_system, dir, &names)?
    };
    let highest = names.iter().map(|(name, _)| name.number()).max().unwrap_or(0);
    state.next_file = state.next_file.max(highest + 1);

    let mut replay = Replay::new(&file_system, dir, &options, &state);
    let report = replay.run()?;
    let Replay { segments: replayed, memtables, .. } = replay;

    let segments = SegmentSet::default();
    for segment in replayed.values() {
        segments.insert(Arc::clone(segment));
    }
    let tables = TableSource {
        fs: Arc::clone(&file_system),
        dir: dir.to_owned(),
        database_id: state.database_id,
        cache: Arc::new(BlockCache::new(options.cache_bytes as u64)),
        read_mode: options.read_mode,
    };
    let keyspaces = open_keyspaces(&state, &tables, &segments, &names, memtables)?;

    let next_sequence =
        report.as_ref().map_or(1, |report| report.next_sequence).max(state.last_sequence + 1);
    let next_file = AtomicU64::new(state.next_file);
    let end = report.as_ref().map(|report| report.end);
    let log = if options.read_only {
        None
    } else {
        settle_log(&*file_system, dir, report.as_ref())?;
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
        let log = LogWriter::start(Arc::clone(&segment), end, next_sequence)?;
        // The manifest is about to name this segment: its header must not be lost.
        segment.sync()?;
        Some(log)
    };
    let durable = log.as_ref().map(LogWriter::end);
    let core = Arc::new(Core {
        dir: dir.to_owned(),
        fs,
        database_id: state.database_id,
        tables,
        segments,
        commit: Mutex::new(CommitState::new(log)),
        publisher: Publisher::new(next_sequence - 1),
        group_sync: GroupSync::new(durable.map(|end| LogPosition { offset: 0, ..end })),
        structure: Mutex::new(Structure { manifest, state }),
        keyspaces: RwLock::new(keyspaces),
        snapshots: Arc::new(SnapshotList::default()),
        next_file,
        background: Background::default(),
        pressure: Pressure::default(),
        counters: Counters::default(),
        poison: OnceLock::new(),
        closed: AtomicBool::new(false),
        lock: Mutex::new(Some(lock)),
        options,
    });
    if !core.options.read_only {
        core.begin_writing(report.as_ref(), &names)?;
        Background::start(&core)?;
        core.background.wake_all();
    }
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

fn prepare_directory(fs: &dyn FileSystem, dir: &Path, options: &Options) -> Result<()> {
    let not_a_database =
        |found: &str| Error::NotADatabase { path: dir.to_owned(), found: found.to_owned() };
    match fs.metadata(dir).map_err(|error| Error::io("stat", dir, error))? {
        Some(entry) if entry.is_file => Err(not_a_database("it is a file")),
        Some(_) => Ok(()),
        None if options.read_only || !options.create_if_missing => {
            Err(not_a_database("nothing is there"))
        }
        None => fs.create_dir_all(dir).map_err(|error| Error::io("create", dir, error)),
    }
}

/// Makes the directory's own name durable. Not only when this opener made the directory: one that was killed right after
/// making it has not done so.
fn sync_parent(fs: &dyn FileSystem, dir: &Path) -> Result<()> {
    let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    match fs.sync_dir(parent) {
        // A directory that was made for us in one that we may not read: those who made it answer for its name.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced.map_err(|error| Error::io("sync", parent, error)),
    }
}

fn take_lock(fs: &dyn FileSystem, dir: &Path, options: &Options) -> Result<Box<dyn FileLock>> {
    let path = dir.join(LOCK);
    let mode = if options.read_only { LockMode::Shared } else { LockMode::Exclusive };
    match fs.lock(&path, mode) {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => Err(Error::Locked { path }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NotADatabase {
            path: dir.to_owned(),
            found: "it has no lock file".to_owned(),
        }),
        Err(error) => Err(Error::io("lock", path, error)),
    }
}

fn list(fs: &dyn FileSystem, dir: &Path) -> Result<Vec<(Name, DirEntry)>> {
    let entries = fs.list(dir).map_err(|error| Error::io("list", dir, error))?;
    Ok(entries.into_iter().map(|entry| (Name::of(&entry), entry)).collect())
}

fn check_foreign(dir: &Path, names: &[(Name, DirEntry)], options: &Options) -> Result<()> {
    match names.iter().find(|(name, _)| *name == Name::Foreign) {
        Some((_, entry)) if !options.ignore_foreign_files => {
            Err(Error::ForeignFile { path: dir.join(&entry.name) })
        }
        _ => Ok(()),
    }
}

/// Whether a directory without CURRENT may become a database: it is empty, or a creation was interrupted there.
fn check_creatable(dir: &Path, names: &[(Name, DirEntry)], options: &Options) -> Result<()> {
    let not_a_database = |found: String| Err(Error::NotADatabase { path: dir.to_owned(), found });
    if options.read_only || !options.create_if_missing {
        return not_a_database("it has no CURRENT file".to_owned());
    }
    for (name, entry) in names {
        match name {
            Name::Foreign => return not_a_database(format!("it holds {:?}", entry.name)),
            Name::Segment(..) | Name::Table(_) => {
                return Err(Error::MissingFile { path: dir.join(CURRENT) });
            }
            _ => {}
        }
    }
    Ok(())
}

fn create(
    fs: &Arc<dyn FileSystem>,
    dir: &Path,
    names: &[(Name, DirEntry)],
) -> Result<(Manifest, State)> {
    for (name, entry) in names {
        if matches!(name, Name::Manifest(_) | Name::Temporary) {
            let path = dir.join(&entry.name);
            fs.remove(&path).map_err(|error| Error::io("remove", path, error))?;
        }
    }
    let mut state = State { next_file: 2, ..State::default() };
    let edit = Edit {
        database_id: Some(random_id()),
        create: vec![CreateKeyspace {
            id: KeyspaceId(0),
            name: DEFAULT_KEYSPACE.to_owned(),
            options: KeyspaceOptions::default().to_text(),
        }],
        ..Edit::default()
    };
    state.apply(&edit).map_err(|found| Error::InvalidOption { option: "edit", found })?;
    Ok((Manifest::create(Arc::clone(fs), dir, 1, &state)?, state))
}

/// A number that no other database has, in all likelihood: the hasher that the standard library seeds from the system.
fn random_id() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() | 1
}

/// Replays the log into memtables.
struct Replay<'a> {
    fs: &'a Arc<dyn FileSystem>,
    dir: &'a Path,
    options: &'a Options,
    state: &'a State,
    segments: BTreeMap<SegmentId, Arc<Segment>>,
    /// Oldest first; the last one stays active.
    memtables: HashMap<KeyspaceId, Vec<Recovered>>,
}

/// A memtable that replay fills.
struct Recovered {
    memtable: Arc<LiveMemtable>,
    slots: HashMap<SegmentId, u16>,
    bytes: usize,
}

impl Recovered {
    fn new() -> Self {
        Self { memtable: Arc::new(LiveMemtable::new(0)), slots: HashMap::new(), bytes: 0 }
    }
}

impl<'a> Replay<'a> {
    fn new(
        fs: &'a Arc<dyn FileSystem>,
        dir: &'a Path,
        options: &'a Options,
        state: &'a State,
    ) -> Self {
        Self { fs, dir, options, state, segments: BTreeMap::new(), memtables: HashMap::new() }
    }

    /// `None` if there is no log yet: the manifest names its start before the first commit. Log segments that are there
    /// all the same were made by an opening that a crash interrupted, or hold values that tables of a checkpoint refer to.
    fn run(&mut self) -> Result<Option<ScanReport>> {
        let named = self.state.replay;
        if named.segment == 0 {
            return Ok(None);
        }
        let segment = SegmentId(named.segment);
        let start = log::ReplayPosition {
            segment,
            offset: named.offset.max(HEADER_LEN),
            next_sequence: named.sequence.max(1),
        };
        let (fs, dir, state) = (self.fs, self.dir, self.state);
        let mut sink = |batch: BatchView<'_>| self.batch(batch);
        let report = log::scan(fs, dir, state.database_id, start, &state.segment_ends, &mut sink)?;
        for scanned in &report.segments {
            match self.segments.get(&scanned.segment.id()) {
                Some(segment) => segment.restrict(scanned.end),
                None => {
                    self.segments.insert(scanned.segment.id(), Arc::clone(&scanned.segment));
                }
            }
        }
        Ok(Some(report))
    }

    fn batch(&mut self, batch: BatchView<'_>) -> Result<()> {
        let Some(first) = batch.records.first().map(|record| record.pointer) else { return Ok(()) };
        let start = crate::version::ReplayPosition {
            segment: first.segment.0,
            offset: first.offset,
            // Replay adds the batch's gap to it again.
            sequence: batch.sequence - batch.gap,
        };
        for record in batch.records {
            let Some(keyspace) = self.state.keyspaces.get(&record.keyspace) else { continue };
            if batch.sequence <= keyspace.flushed {
                continue;
            }
            let pointer = record.pointer;
            let segment = self.segment(pointer.segment)?;
            let recovered =
                self.memtables.entry(record.keyspace).or_insert_with(|| vec![Recovered::new()]);
            let full = recovered.last().is_some_and(|last| {
                last.bytes + pointer.len as usize > self.options.write_buffer_bytes
                    && last.bytes > 0
                    || last.slots.len() + 2 > crate::keyspace::MAX_SEGMENTS
            });
            // A batch stays in one memtable: a memtable ends between sequence numbers.
            let fresh = recovered.last().is_none_or(|last| {
                last.memtable.memtable().max_seq().is_none_or(|newest| newest < batch.sequence)
            });
            if full && fresh {
                if let Some(last) = recovered.last() {
                    let end = LogPosition { segment: pointer.segment, offset: pointer.offset };
                    last.memtable.close(batch.sequence - 1, end);
                }
                recovered.push(Recovered::new());
            }
            let Some(last) = recovered.last_mut() else { continue };
            let slot = match last.slots.get(&pointer.segment) {
                Some(slot) => *slot,
                None => {
                    let slot = last.memtable.add_segment(&segment).ok_or(Error::Closed)?;
                    last.slots.insert(pointer.segment, slot);
                    slot
                }
            };
            last.bytes += pointer.len as usize;
            last.memtable.note_start(start);
            let hash = hash_key(record.key);
            last.memtable.insert_logged(
                hash,
                record.key,
                batch.sequence,
                record.kind,
                slot,
                pointer,
            );
        }
        Ok(())
    }

    fn segment(&mut self, id: SegmentId) -> Result<Arc<Segment>> {
        if let Some(segment) = self.segments.get(&id) {
            return Ok(Arc::clone(segment));
        }
        let identity =
            SegmentIdentity { id, kind: SegmentKind::Log, database_id: self.state.database_id };
        let segment = Segment::open(self.fs, self.dir, identity, Purpose::Log)?;
        self.segments.insert(id, Arc::clone(&segment));
        Ok(segment)
    }
}

fn open_keyspaces(
    state: &State,
    tables: &TableSource,
    segments: &SegmentSet,
    names: &[(Name, DirEntry)],
    mut memtables: HashMap<KeyspaceId, Vec<Recovered>>,
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
    let mut keyspaces = Keyspaces::default();
    for (id, keyspace) in &state.keyspaces {
        let options = KeyspaceOptions::from_text(&keyspace.options).ok_or_else(|| {
            Error::corruption(
                tables.dir.join(CURRENT),
                0,
                format!("options of keyspace {:?}", keyspace.name),
            )
        })?;
        let mut add = Vec::new();
        for (level, metas) in keyspace.levels.iter().enumerate() {
            for meta in metas {
                add.push((level, tables.open(meta.clone(), segment)?));
            }
        }
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

/// Makes what was replayed durable, and cuts what was not, before the log goes on behind it.
fn settle_log(fs: &dyn FileSystem, dir: &Path, report: Option<&ScanReport>) -> Result<()> {
    let Some(report) = report else { return Ok(()) };
    for scanned in &report.segments {
        let path = scanned.segment.path();
        let file = fs
            .open(path, OpenMode::ReadWrite, Purpose::Log)
            .map_err(|error| Error::io("open", path, error))?;
        file.set_len(u64::from(scanned.end)).map_err(|error| Error::io("truncate", path, error))?;
        file.sync_data().map_err(|error| Error::io("sync", path, error))?;
    }
    for id in &report.unused {
        let path = dir.join(log::file_name(*id, SegmentKind::Log));
        match fs.remove(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", path, error));
            }
            _ => {}
        }
    }
    fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))
}

impl Core {
    /// What remains to be done before the first write: the log's ends named, orphans removed, keyspaces open to commits.
    fn begin_writing(&self, report: Option<&ScanReport>, names: &[(Name, DirEntry)]) -> Result<()> {
        let mut structure = self.structure.lock();
        let mut edit = Edit::default();
        if let Some(report) = report {
            edit.segment_ends =
                report.segments.iter().map(|scanned| (scanned.segment.id(), scanned.end)).collect();
        } else {
            // From now on the log has a first segment, and its absence is noticed.
            edit.replay = Some(self.commit.lock().position());
        }
        self.apply(&mut structure, edit, &[], || {})?;
        {
            let mut commit = self.commit.lock();
            for keyspace in self.keyspaces.read().by_id.values() {
                commit.add_keyspace(keyspace);
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
                Name::Temporary => true,
                _ => false,
            };
            let path = self.dir.join(&entry.name);
            if orphan && self.fs.remove(&path).is_ok() {
                self.emit(&Event::OrphanRemoved { path });
            }
        }
    }
}
