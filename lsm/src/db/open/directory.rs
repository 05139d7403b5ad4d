//! The directory: made, locked, and turned into a new database.

use std::{path::Path, sync::Arc};

use super::DEFAULT_KEYSPACE;
use crate::{
    Error, KeyspaceId, KeyspaceOptions, Options, Result,
    db::names::{FIRST_MANIFEST, LOCK, Name, check_names, list},
    fs::{DirEntry, FileLock, FileSystem, LockMode},
    version::{AppendError, CreateKeyspace, Edit, Manifest, State},
};

pub(super) fn prepare_directory(fs: &dyn FileSystem, dir: &Path, options: &Options) -> Result<()> {
    let not_a_database =
        |found: &str| Error::NotADatabase { path: dir.to_owned(), found: found.to_owned() };
    match fs.metadata(dir).map_err(|error| Error::io("stat", dir, error))? {
        Some(entry) if entry.is_file => Err(not_a_database("it is a file")),
        Some(_) => Ok(()),
        None if options.read_only || !options.create_if_missing => {
            Err(not_a_database("nothing is there"))
        }
        None => make_directory(fs, dir),
    }
}

/// Makes a directory, and those above it that are missing, each durable before the next: whoever is killed on the way leaves
/// at most one that is not, the lowest, and the next attempt begins with that.
pub(in crate::db) fn make_directory(fs: &dyn FileSystem, dir: &Path) -> Result<()> {
    let mut missing = Vec::new();
    let mut at = dir;
    while fs.metadata(at).map_err(|error| Error::io("stat", at, error))?.is_none() {
        missing.push(at);
        match at.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => at = parent,
            _ => break,
        }
    }
    if missing.last() != Some(&at) {
        match sync_parent(fs, at) {
            // It was there, in a place that knows no such sync (`/proc`): if nothing can be made there, that is told below.
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::InvalidInput => {}
            synced => synced?,
        }
    }
    for dir in missing.into_iter().rev() {
        fs.create_dir_all(dir).map_err(|error| Error::io("create", dir, error))?;
        sync_parent(fs, dir)?;
    }
    Ok(())
}

/// Makes the directory's own name durable. Not only when this opener made the directory: one that was killed right after
/// making it has not done so.
pub(in crate::db) fn sync_parent(fs: &dyn FileSystem, dir: &Path) -> Result<()> {
    // A root has none. A bare name's is the empty path, which file systems take for the working directory.
    let Some(parent) = dir.parent() else { return Ok(()) };
    match fs.sync_dir(parent) {
        // A directory that was made for us in one that we may not read: those who made it answer for its name.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced.map_err(|error| Error::io("sync", parent, error)),
    }
}

/// Refuses a directory of somebody else's before anything is created in it. Only where there is no lock file yet; names that
/// count are read under the lock.
pub(super) fn check_unlocked(fs: &dyn FileSystem, dir: &Path, options: &Options) -> Result<()> {
    let lock = dir.join(LOCK);
    let is_locked = || {
        let found = fs.metadata(&lock).map_err(|error| Error::io("stat", &lock, error))?;
        Ok::<_, Error>(found.is_some())
    };
    // A read-only opener creates no lock file.
    if options.read_only || is_locked()? {
        return Ok(());
    }
    match check_names(dir, &list(fs, dir)?, options) {
        // Another opener may have begun to create a database here, whose names were listed in part.
        Err(_) if is_locked()? => Ok(()),
        checked => checked,
    }
}

pub(super) fn take_lock(
    fs: &dyn FileSystem,
    dir: &Path,
    options: &Options,
) -> Result<Box<dyn FileLock>> {
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

pub(super) fn create(
    fs: &Arc<dyn FileSystem>,
    dir: &Path,
    names: &[(Name, DirEntry)],
) -> Result<(Manifest, State)> {
    for (name, entry) in names {
        // `check_names` lets no others pass.
        if matches!(name, Name::Manifest(FIRST_MANIFEST) | Name::Temporary(FIRST_MANIFEST)) {
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
    let manifest = Manifest::create(Arc::clone(fs), dir, FIRST_MANIFEST, &state);
    Ok((manifest.map_err(AppendError::into_error)?, state))
}

/// A number that no other database has, in all likelihood: the hasher that the standard library seeds from the system.
fn random_id() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() | 1
}
