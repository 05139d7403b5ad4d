//! Registers of kernels, as an assembler gave them: a manifest beside the PTX, as `gpu/kernels/manifest.json` is.
//!
//! ```json
//! { "files": { "vec_add.cu": { "kernels": { "vec_add_scalar": { "by_architecture": { "sm_80": { "registers": 12 } } } } } } }
//! ```

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use softcuda::profile::Gpu;

use crate::error::{Error, Result};

#[derive(Debug, Deserialize)]
struct Manifest {
    files: HashMap<String, File>,
}

#[derive(Debug, Deserialize)]
struct File {
    #[serde(default)]
    kernels: HashMap<String, Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    by_architecture: HashMap<String, Assembled>,
}

#[derive(Debug, Deserialize)]
struct Assembled {
    registers: u32,
}

/// Registers of a kernel by architecture.
#[derive(Debug, Default)]
pub struct Registers(HashMap<String, u32>);

impl Registers {
    /// On a GPU.
    pub fn on(&self, gpu: &Gpu) -> Option<u32> {
        self.0.get(&gpu.architecture()).copied()
    }
}

/// The manifest beside a file, if there is one.
pub fn beside(ptx: &Path) -> Option<PathBuf> {
    let path = ptx.parent()?.join("manifest.json");
    path.is_file().then_some(path)
}

/// What a manifest says of a kernel of a PTX file: nothing, if it does not know it.
pub fn read(path: &Path, ptx: &Path, kernel: &str) -> Result<Registers> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| Error::Usage(format!("{}: {error}", path.display())))?;
    let stem = ptx.file_stem();
    let of_file = |name: &str| Path::new(name).file_stem() == stem;
    let found = manifest.files.into_iter().find(|(name, _)| of_file(name));
    let entry = found.and_then(|(_, mut file)| file.kernels.remove(kernel));
    let by = entry.map(|entry| entry.by_architecture).unwrap_or_default();
    Ok(Registers(by.into_iter().map(|(name, it)| (name, it.registers)).collect()))
}
