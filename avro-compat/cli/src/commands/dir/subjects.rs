//! Subjects of a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Subject;
use super::version::{Numbers, version};
use crate::error::{Error, Result};
use crate::input::Text;

/// All subjects of a directory and those in it, by name. Hidden directories are not looked into, and symbolic links to directories are not followed.
pub(super) fn subjects(directory: &Path) -> Result<Vec<Subject>> {
    let mut found: BTreeMap<String, Vec<(Numbers, PathBuf)>> = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(inside) = open.pop() {
        let failed = |it| Error::io(&inside, it);
        for entry in std::fs::read_dir(&inside).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if entry.file_type().map_err(failed)?.is_dir() {
                if !is_hidden {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|it| it == "avsc") && !is_hidden {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let (name, numbers) = version(&stem).unwrap_or((&stem, Numbers::new()));
                let subject = subject_name(directory, &inside, name);
                // Without `./`, since that is how others name it.
                let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
                found.entry(subject).or_default().push((numbers, path));
            }
        }
    }
    if found.is_empty() {
        return Err(Error::NoSchemas { path: directory.to_owned() });
    }
    let subjects = found.into_iter().map(|(name, mut versions)| {
        versions.sort();
        let versions = versions.iter().map(|it| Text::read(&it.1)).collect::<Result<_>>()?;
        Ok(Subject { name, versions, is_history: false })
    });
    subjects.collect()
}

/// `orders/line` for `line-v1.avsc` in `orders`, and `orders` for `v1.avsc` there.
fn subject_name(root: &Path, inside: &Path, name: &str) -> String {
    let relative = inside.strip_prefix(root).unwrap_or(inside);
    let parts = relative.iter().map(|it| it.to_string_lossy());
    let parts = parts.chain((!name.is_empty()).then_some(name.into()));
    match parts.collect::<Vec<_>>().join("/") {
        // Versions in the directory itself.
        empty if empty.is_empty() => root.display().to_string(),
        name => name,
    }
}
