//! Looking into files without opening the database: for `lsm-tool dump`.

use std::path::Path;

use crate::{Error, Result, version::manifest};

/// The edits in a manifest file, each as its offset and a description.
///
/// # Errors
/// I/O errors; damage.
pub fn manifest_edits(path: &Path) -> Result<Vec<(u64, String)>> {
    let number = path
        .file_name()
        .and_then(|name| manifest::parse_name(name.to_str()?))
        .ok_or_else(|| {
            let found =
                format!("{}: a manifest is named MANIFEST-NUMBER, of six digits", path.display());
            Error::InvalidOption { option: "manifest", found }
        })?;
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let replayed = manifest::replay(path, number, &bytes)?;
    Ok(replayed.edits.iter().map(|(offset, edit)| (*offset, format!("{edit:?}"))).collect())
}
