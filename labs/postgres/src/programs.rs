//! Where PostgreSQL's programs are.

use std::path::{Path, PathBuf};

/// What every cluster takes.
const SERVER: [&str; 2] = ["initdb", "postgres"];
/// Where Debian and Ubuntu have them, a directory a version; none of them is in `PATH`.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A directory that has PostgreSQL's programs, all of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    directory: PathBuf,
}

/// PostgreSQL's programs are not on this machine, or not all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "PostgreSQL is not there: no directory has {}, neither one of {DEBIAN}/*/bin nor one of PATH; {}; install it (Debian and Ubuntu: apt install postgresql; Fedora: dnf install \
     postgresql-server postgresql-contrib), or put the directory of its programs into PATH",
    needed.join(", "),
    found(nearest.as_ref(), missing)
)]
pub struct Missing {
    /// What was looked for.
    pub needed: Vec<String>,
    /// The directory that has most of it, if one has any.
    pub nearest: Option<PathBuf>,
    /// What that one lacks; all of it if there is none.
    pub missing: Vec<String>,
}

fn found(nearest: Option<&PathBuf>, missing: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("{} lacks {}", nearest.display(), missing.join(", ")),
        None => "none has any of them".to_owned(),
    }
}

impl Programs {
    /// The newest of those that Debian's packages install, or else the first in `PATH`, that has the server's programs and `clients` besides: `psql`, `pgbench`.
    /// Reads some directories.
    ///
    /// # Errors
    /// [`Missing`] if no directory has all of them.
    pub fn find(clients: &[&str]) -> Result<Self, Missing> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::among(
            newest_first(Path::new(DEBIAN)).into_iter().chain(std::env::split_paths(&path)),
            clients,
        )
    }

    /// The first of these directories that has all of them.
    ///
    /// # Errors
    /// [`Missing`] if none has.
    pub fn among(
        places: impl IntoIterator<Item = PathBuf>,
        clients: &[&str],
    ) -> Result<Self, Missing> {
        let needed: Vec<&str> = SERVER.iter().chain(clients).copied().collect();
        let mut nearest = None;
        let mut missing = needed.clone();
        // They are started in another directory than this process is in. An empty entry of PATH is none.
        for place in places.into_iter().filter_map(|place| std::path::absolute(place).ok()) {
            let lacks: Vec<&str> =
                needed.iter().copied().filter(|program| !place.join(program).is_file()).collect();
            if lacks.is_empty() {
                return Ok(Self { directory: place });
            }
            if lacks.len() < missing.len() {
                (nearest, missing) = (Some(place), lacks);
            }
        }
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Err(Missing { needed: owned(needed), nearest, missing: owned(missing) })
    }

    /// Where they are; absolute.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}

/// The directories of programs below this one, those of the highest version first.
fn newest_first(installed: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(installed)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, programs)| programs).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails shall fail the test")]

    use super::*;

    fn with(below: &Path, name: &str, programs: &[&str]) -> PathBuf {
        let directory = below.join(name);
        std::fs::create_dir_all(&directory).unwrap();
        for program in programs {
            std::fs::write(directory.join(program), "").unwrap();
        }
        directory
    }

    #[test]
    fn the_first_place_that_has_all_is_taken() {
        let below = tempfile::tempdir().unwrap();
        let client = with(below.path(), "client", &["psql"]);
        let bare = with(below.path(), "bare", &["initdb", "postgres"]);
        let whole = with(below.path(), "whole", &["initdb", "postgres", "psql"]);
        let places = [PathBuf::new(), client, bare.clone(), whole.clone()];
        assert_eq!(Programs::among(places.clone(), &[]).unwrap().directory(), bare);
        assert_eq!(Programs::among(places, &["psql"]).unwrap().program("psql"), whole.join("psql"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let below = tempfile::tempdir().unwrap();
        let client = with(below.path(), "client", &["psql"]);
        let server = with(below.path(), "server", &["initdb", "postgres", "psql"]);
        let missing = Programs::among([client, server.clone()], &["psql", "pgbench"]).unwrap_err();
        assert_eq!(missing.needed, ["initdb", "postgres", "psql", "pgbench"]);
        assert_eq!(missing.missing, ["pgbench"]);
        let text = missing.to_string();
        assert!(text.contains("no directory has initdb, postgres, psql, pgbench"), "{text}");
        assert!(text.contains(&format!("{} lacks pgbench", server.display())), "{text}");
        assert!(text.contains("apt install postgresql"), "{text}");

        let none = Programs::among([below.path().join("nowhere")], &[]).unwrap_err();
        assert_eq!((none.nearest.as_ref(), none.missing.len()), (None, 2));
        assert!(none.to_string().contains("none has any of them"), "{none}");
    }

    #[test]
    fn versions_are_numbers() {
        let below = tempfile::tempdir().unwrap();
        for version in ["9.6", "9", "15", "common", "17"] {
            std::fs::create_dir(below.path().join(version)).unwrap();
        }
        let expected = ["17", "15", "9"].map(|version| below.path().join(version).join("bin"));
        assert_eq!(newest_first(below.path()), expected);
        assert!(newest_first(&below.path().join("nowhere")).is_empty());
    }
}
