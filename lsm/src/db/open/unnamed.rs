//! What files that the manifest does not name say of the manifest.
//!
//! A manifest that is cut off between two of its edits looks whole. Mostly nothing is lost with the rest: recovery finds in
//! the log what it has not in tables, and a file that it needs and that is gone is missed. But a manifest that does not even
//! come to where the log starts describes a new, empty database, and everything in the directory would be removed as
//! unfinished work of its creation. It is believed only if the files look like that.

use std::{collections::BTreeSet, path::Path};

use crate::{
    Error, Result,
    db::{names::Name, segments::SegmentSet},
    fs::{DirEntry, FileSystem, OpenMode, Purpose},
    log::{HEADER_LEN, SegmentKind},
    version::{Manifest, State},
};

/// Checks that a manifest that names no log is of a database that never had one.
///
/// A creation, or the first opening of a checkpoint that has no log, makes a log segment, and names it before the first commit:
/// an interrupted one leaves a segment without records, and never a table.
pub(super) fn check_not_beheaded(
    fs: &dyn FileSystem,
    dir: &Path,
    names: &[(Name, DirEntry)],
    manifest: &Manifest,
    state: &State,
    referred: &SegmentSet,
) -> Result<()> {
    if state.replay.segment != 0 {
        return Ok(());
    }
    let keyspaces = state.keyspaces.values();
    let tables: BTreeSet<_> =
        keyspaces.flat_map(|it| it.levels.iter().flatten()).map(|table| table.id).collect();
    for (name, entry) in names {
        let path = dir.join(&entry.name);
        let unnamed = match name {
            Name::Table(id) => !tables.contains(id),
            Name::Segment(id, _) if referred.get(*id).is_some() => false,
            Name::Segment(_, SegmentKind::Values) => true,
            Name::Segment(_, SegmentKind::Log) => has_records(fs, &path)?,
            _ => false,
        };
        if unnamed {
            let found = format!(
                "the manifest ends before it names a log, as that of a new database does, but {} was written later",
                path.display()
            );
            return Err(Error::corruption(manifest.path(), manifest.len(), found));
        }
    }
    Ok(())
}

/// Whether anything was written behind the header.
fn has_records(fs: &dyn FileSystem, path: &Path) -> Result<bool> {
    const CHUNK: u64 = 1 << 20;
    let file = fs
        .open(path, OpenMode::Read, Purpose::Other)
        .map_err(|error| Error::io("open", path, error))?;
    let len = file.len().map_err(|error| Error::io("stat", path, error))?;
    let mut buffer = Vec::new();
    let mut at = u64::from(HEADER_LEN);
    while at < len {
        let part = CHUNK.min(len - at);
        buffer.resize(usize::try_from(part).unwrap_or(0), 0);
        file.read_exact_at(&mut buffer, at).map_err(|error| Error::io("read", path, error))?;
        if buffer.iter().any(|byte| *byte != 0) {
            return Ok(true);
        }
        at += part;
    }
    Ok(false)
}
