//! Registers of kernels as an assembler gave them, in a file beside the PTX.

use super::gpu::Gpu;
use super::launch::Registers;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of compiled kernels, from JSON such as `gpu/kernels/manifest.json`. Fields that are not read here may stand in it, too.
///
/// ```
/// use softcuda::profile::{A100, Manifest, Registers, T4};
///
/// let manifest = Manifest::parse(r#"
///     { "files": { "vec_add.cu": { "kernels": {
///         "vec_add_scalar": { "by_architecture": { "sm_80": { "registers": 12 } } }
///     } } } }"#)?;
/// assert_eq!(manifest.registers("vec_add_scalar", &A100), Registers::Known(12));
/// assert_eq!(manifest.registers("vec_add_scalar", &T4), Registers::Unknown);
/// # Ok::<(), softcuda::profile::ManifestError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Manifest {
    files: BTreeMap<String, File>,
}

#[derive(Clone, Debug, Deserialize)]
struct File {
    #[serde(default)]
    kernels: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Deserialize)]
struct Entry {
    #[serde(default)]
    by_architecture: BTreeMap<String, Assembled>,
}

#[derive(Clone, Debug, Deserialize)]
struct Assembled {
    registers: u32,
}

impl Entry {
    fn on(&self, gpu: &Gpu) -> Registers {
        let found = self.by_architecture.get(&gpu.architecture());
        found.map_or(Registers::Unknown, |it| Registers::Known(it.registers))
    }
}

/// A manifest that is none.
#[derive(Debug, thiserror::Error)]
#[error("manifest of kernels: {0}")]
pub struct ManifestError(#[from] serde_json::Error);

impl Manifest {
    /// Reads it.
    ///
    /// # Errors
    /// With line and column, when the text is no JSON or has no `files` with `kernels` of this form.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Registers a thread of a kernel on a GPU: of the first file, by name, that has it.
    pub fn registers(&self, kernel: &str, gpu: &Gpu) -> Registers {
        let mut entries = self.files.values().filter_map(|file| file.kernels.get(kernel));
        entries.next().map_or(Registers::Unknown, |entry| entry.on(gpu))
    }

    /// The same of a kernel of one file of PTX: that whose source has its name but for the extension.
    pub fn registers_of_file(&self, ptx: &Path, kernel: &str, gpu: &Gpu) -> Registers {
        let stem = ptx.file_stem();
        let mut files = self.files.iter().filter(|(name, _)| Path::new(name).file_stem() == stem);
        let entry = files.next().and_then(|(_, file)| file.kernels.get(kernel));
        entry.map_or(Registers::Unknown, |entry| entry.on(gpu))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{A100, H100};

    const TEXT: &str = r#"{ "nvcc": "13", "files": {
        "a.cu": { "kernels": { "k": { "by_architecture": { "sm_80": { "registers": 8, "stack": 0 } } }, "bare": {} } },
        "b.cu": { "kernels": { "k": { "by_architecture": { "sm_80": { "registers": 9 } } } } }, "c.cu": {} } }"#;

    #[test]
    fn kernels_are_found_by_name_and_by_file() {
        let manifest = Manifest::parse(TEXT).unwrap();
        assert_eq!(manifest.registers("k", &A100), Registers::Known(8));
        let of = |ptx: &str| manifest.registers_of_file(Path::new(ptx), "k", &A100);
        assert_eq!(of("kernels/b.ptx"), Registers::Known(9));
        for unknown in ["c.ptx", "d.ptx", ""] {
            assert_eq!(of(unknown), Registers::Unknown, "{unknown}");
        }
        for (kernel, gpu) in [("k", &H100), ("bare", &A100), ("none", &A100)] {
            assert_eq!(manifest.registers(kernel, gpu), Registers::Unknown, "{kernel}");
        }
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_its_place() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"{"files": 3}"#,
            r#"{"files": {"a": {"kernels": {"k": {"by_architecture": {"sm_80": {"registers": -1}}}}}}}"#,
        ] {
            let error = Manifest::parse(text).unwrap_err().to_string();
            assert!(
                error.starts_with("manifest of kernels: ") && error.contains("line"),
                "{error}"
            );
        }
    }
}
