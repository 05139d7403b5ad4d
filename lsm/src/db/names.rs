//! The names in a database's directory, and which of them may be there.

use std::path::Path;

use crate::{
    Error, Options, Result, SegmentId, TableId,
    entry::MAX_NUMBER,
    fs::{DirEntry, FileSystem, OpenMode, Purpose},
    log::{self, SegmentKind},
    version::{
        manifest::{self, CURRENT},
        parse_table_file_name,
    },
};

/// The lock file.
pub(crate) const LOCK: &str = "LOCK";

/// Says that a sync failed and that the log has not been written anew since. It need not be durable: after a crash of the
/// machine nothing is left in the kernel's cache that could be mistaken for being on disk.
pub(crate) const SYNC_FAILED: &str = ".sync-failed";

/// Leaves that note. There is nothing to be done if it cannot be left.
pub(crate) fn note_failed_sync(fs: &dyn FileSystem, dir: &Path) {
    let _ = fs.open(&dir.join(SYNC_FAILED), OpenMode::CreateNew, Purpose::Other);
}

/// The number of the manifest that a database is created with.
pub(crate) const FIRST_MANIFEST: u64 = 1;

/// What a file's name says that it is: exactly the names that this engine gives, for what is called like one of its files may be
/// removed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Lock,
    Current,
    Manifest(u64),
    Segment(SegmentId, SegmentKind),
    Table(TableId),
    /// What is to become CURRENT, and name this manifest.
    Temporary(u64),
    /// Not ours, and harmless: a directory, a hidden file.
    Ignored,
    Foreign,
}

impl Name {
    /// What the entry's name says.
    pub(crate) fn of(entry: &DirEntry) -> Self {
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
        let found = if let Some(number) = manifest::parse_name(name) {
            Self::Manifest(number)
        } else if let Some((id, kind)) = log::parse_file_name(name) {
            Self::Segment(id, kind)
        } else if let Some(id) = parse_table_file_name(name) {
            Self::Table(id)
        } else if let Some(number) = manifest::parse_temporary_name(name) {
            Self::Temporary(number)
        } else {
            Self::Foreign
        };
        // The next file is numbered higher than all that are there: a name that leaves no room for that is not ours.
        if found.number() > MAX_NUMBER { Self::Foreign } else { found }
    }

    /// The number in the name; 0 if there is none.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Manifest(number) | Self::Temporary(number) => number,
            Self::Segment(id, _) => id.0,
            Self::Table(id) => id.0,
            _ => 0,
        }
    }
}

/// The names in the directory, with what they say.
pub(crate) fn list(fs: &dyn FileSystem, dir: &Path) -> Result<Vec<(Name, DirEntry)>> {
    let entries = fs.list(dir).map_err(|error| Error::io("list", dir, error))?;
    Ok(entries.into_iter().map(|entry| (Name::of(&entry), entry)).collect())
}

/// Whether a directory may be opened at all, as far as its names tell.
pub(crate) fn check_names(dir: &Path, names: &[(Name, DirEntry)], options: &Options) -> Result<()> {
    if names.iter().any(|(name, _)| *name == Name::Current) {
        check_foreign(dir, names, options)
    } else {
        check_creatable(dir, names, options)
    }
}

/// Refuses a directory with files that are not the engine's, unless that is allowed.
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
            // All that a creation leaves when it is interrupted.
            Name::Manifest(FIRST_MANIFEST) | Name::Temporary(FIRST_MANIFEST) => {}
            Name::Manifest(_) | Name::Temporary(_) | Name::Segment(..) | Name::Table(_) => {
                return Err(Error::MissingFile { path: dir.join(CURRENT) });
            }
            Name::Lock | Name::Current | Name::Ignored => {}
        }
    }
    Ok(())
}
