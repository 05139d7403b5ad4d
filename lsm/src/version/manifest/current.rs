//! CURRENT, the file that says which manifest is the live one.

use std::path::Path;

use super::{AppendError, file_name, parse_name, read_file};
use crate::{
    Error, Result,
    fs::{FileSystem, OpenMode, Purpose},
};

/// The file that names the live manifest.
pub(crate) const CURRENT: &str = "CURRENT";

pub(super) fn temporary_name(number: u64) -> String {
    format!("CURRENT-{number:06}.tmp")
}

/// The number of the manifest that what has this name was to point to.
pub(crate) fn parse_temporary_name(name: &str) -> Option<u64> {
    let number = name.strip_prefix("CURRENT-")?.strip_suffix(".tmp")?.parse().ok()?;
    (temporary_name(number) == name).then_some(number)
}

/// The number of the manifest that CURRENT names.
pub(super) fn read_current(fs: &dyn FileSystem, dir: &Path) -> Result<u64> {
    let current = dir.join(CURRENT);
    let name = read_file(fs, &current)?;
    let number =
        std::str::from_utf8(&name).ok().and_then(|name| parse_name(name.strip_suffix('\n')?));
    number.ok_or_else(|| {
        let found = format!("no manifest's name: {:?}", String::from_utf8_lossy(&name));
        Error::corruption(&current, 0, found)
    })
}

/// Replaces CURRENT atomically.
pub(super) fn point_current(
    fs: &dyn FileSystem,
    dir: &Path,
    number: u64,
) -> Result<(), AppendError> {
    let temporary = dir.join(temporary_name(number));
    let current = dir.join(CURRENT);
    let name = format!("{}\n", file_name(number));
    write_pointer(fs, dir, &temporary, &name).map_err(AppendError::Unchanged)?;
    if let Err(error) = fs.rename(&temporary, &current) {
        let error = Error::io("rename", &temporary, error);
        return Err(match read_file(fs, &current) {
            Ok(found) if found != name.as_bytes() => AppendError::Unchanged(error),
            Err(Error::MissingFile { .. }) => AppendError::Unchanged(error),
            _ => AppendError::Unknown(error),
        });
    }
    // CURRENT is the new one now, and on disk perhaps the old one.
    fs.sync_dir(dir).map_err(|error| AppendError::Unknown(Error::io("sync", dir, error)))
}

/// Writes what is to become CURRENT.
fn write_pointer(fs: &dyn FileSystem, dir: &Path, temporary: &Path, name: &str) -> Result<()> {
    match fs.remove(temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io("remove", temporary, error));
        }
        _ => {}
    }
    let file = fs
        .open(temporary, OpenMode::CreateNew, Purpose::Manifest)
        .map_err(|error| Error::io("create", temporary, error))?;
    file.write_all_at(name.as_bytes(), 0).map_err(|error| Error::io("write", temporary, error))?;
    file.sync_data().map_err(|error| Error::io("sync", temporary, error))?;
    // The manifest's own name must be durable before CURRENT says it.
    fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))
}
