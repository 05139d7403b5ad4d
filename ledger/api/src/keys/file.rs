//! The file of keys: a line `NAME SCOPE HASH` for each, `#` begins a comment.

use std::io::Write as _;
use std::path::Path;

use argon2::password_hash::phc::PasswordHash;

use super::{Kept, KeyError};

/// The keys of a file.
///
/// # Errors
///
/// [`KeyError::File`], [`KeyError::Line`].
pub fn read(path: &Path) -> Result<Vec<Kept>, KeyError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| KeyError::File {
        what: "read",
        path: shown.clone(),
        error,
    })?;
    let mut all: Vec<Kept> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let kept = parse(line).filter(|it| all.iter().all(|other| other.name != it.name));
        all.push(kept.ok_or_else(|| KeyError::Line { path: shown.clone(), line: at + 1 })?);
    }
    Ok(all)
}

fn parse(line: &str) -> Option<Kept> {
    let mut words = line.split_whitespace();
    let (name, scope, hash) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    if words.next().is_some() || PasswordHash::new(hash).is_err() {
        return None;
    }
    Some(Kept { name: name.to_owned(), scope, hash: hash.to_owned() })
}

/// Adds a key to a file, which only its owner can read; makes the file if there is none.
///
/// # Errors
///
/// [`KeyError::Taken`] if a key has this name; [`KeyError::File`], [`KeyError::Line`].
pub fn append(path: &Path, kept: &Kept) -> Result<(), KeyError> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let shown = path.display().to_string();
    if path.exists() && read(path)?.iter().any(|it| it.name == kept.name) {
        return Err(KeyError::Taken(kept.name.clone(), shown));
    }
    let failed = |error| KeyError::File { what: "write", path: shown.clone(), error };
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let mut file = file.map_err(failed)?;
    let line = format!("{} {} {}\n", kept.name, kept.scope, kept.hash);
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Scope, create};

    #[test]
    fn what_is_added_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let (_, kept) = create("a", Scope::Read).unwrap();
        append(&path, &kept).unwrap();
        let taken = append(&path, &kept).unwrap_err().to_string();
        assert!(taken.contains("there is a key \"a\""), "{taken}");
        let mut other = kept.clone();
        other.name = "b".to_owned();
        append(&path, &other).unwrap();
        let names: Vec<_> = read(&path).unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["a", "b"]);
        for (bad, line) in [("x", 1), ("# fine\nc read nohash", 2), ("c all $argon2id$", 1)] {
            std::fs::write(&path, bad).unwrap();
            let told = read(&path).err().unwrap().to_string();
            assert!(told.starts_with(&format!("line {line} of")), "{told}");
        }
        assert!(read(&dir.path().join("none")).is_err());
    }
}
