//! Writing a file as a whole, or not at all.

use std::io::Write as _;
use std::path::Path;

use crate::error::{Error, Result};

/// Puts a text in place of a file's: into a new file beside it, which then takes its name and has its permissions. What a symbolic link points
/// to is replaced, not the link.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |it: std::io::Error| Error::io(path, it);
    let target = path.canonicalize().map_err(failed)?;
    let directory = target.parent().unwrap_or(Path::new("."));
    let permissions = target.metadata().map_err(failed)?.permissions();
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&target).map_err(|it| failed(it.error))?;
    Ok(())
}
