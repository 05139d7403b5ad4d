//! What each lab showed when it was run last: `out/lab/ID/result.json`. The report shows all of them, however they were run: alone, by module, or together.

use std::fs;
use std::path::{Path, PathBuf};

use gates::measurement::Environment;
use serde::{Deserialize, Serialize};

use super::Results;
use crate::execution::LabResult;
use crate::{Error, Result, registry};

/// The version of the form.
const FORMAT: u32 = 1;

/// A lab's last result, and where it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The version of the form.
    pub format: u32,
    /// Where it was run, and when.
    pub environment: Environment,
    /// What it showed.
    pub lab: LabResult,
}

/// Keeps what a run has shown, lab by lab.
///
/// # Errors
/// [`Error::Io`].
pub fn keep(results: &Results, root: &Path) -> Result<()> {
    for lab in &results.labs {
        let kept =
            Kept { format: FORMAT, environment: results.environment.clone(), lab: lab.clone() };
        let directory = root.join("out/lab").join(&lab.id);
        fs::create_dir_all(&directory).map_err(|error| Error::io(&directory, error))?;
        let path = directory.join("result.json");
        let text = serde_json::to_string_pretty(&kept)?;
        fs::write(&path, text).map_err(|error| Error::io(&path, error))?;
    }
    Ok(())
}

/// Everything that is kept, in the order of the course. What another version has kept, or nobody can read, is left out: running the lab again mends that.
///
/// # Errors
/// [`Error::Io`] if the directory cannot be read.
pub fn kept(root: &Path) -> Result<Vec<Kept>> {
    let directory = root.join("out/lab");
    let entries = match fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::io(&directory, error))?,
    };
    let paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path().join("result.json"))).collect();
    let read = |path: &PathBuf| -> Option<Kept> {
        let kept: Kept = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (kept.format == FORMAT).then_some(kept)
    };
    let mut all: Vec<Kept> = paths.iter().filter_map(read).collect();
    let order: Vec<String> = registry::labs()?.into_iter().map(|lab| lab.id).collect();
    let place = |id: &str| order.iter().position(|known| known == id).unwrap_or(order.len());
    all.sort_by(|a, b| {
        place(&a.lab.id).cmp(&place(&b.lab.id)).then_with(|| a.lab.id.cmp(&b.lab.id))
    });
    Ok(all)
}
