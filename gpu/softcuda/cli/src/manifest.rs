//! Where registers of kernels are found: a manifest beside the PTX, as `gpu/kernels/manifest.json` is.

use std::path::{Path, PathBuf};

use softcuda::profile::Manifest;

use crate::error::{Error, Result};

/// The manifest beside a file, if there is one.
pub fn beside(ptx: &Path) -> Option<PathBuf> {
    let path = ptx.parent()?.join("manifest.json");
    path.is_file().then_some(path)
}

/// Reads a manifest.
pub fn read(path: &Path) -> Result<Manifest> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    Manifest::parse(&text).map_err(|error| Error::Usage(format!("{}: {error}", path.display())))
}
