//! Where the data are, and where stores may keep theirs.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use movies_lab::measure::percentile;
use movies_lab::{Error, Result};

/// Where `scripts/movies.sh` has put the films, if it has: below the target directory, which is `CARGO_TARGET_DIR`, or where this program lies, or `target`.
pub(crate) fn data_file() -> Option<PathBuf> {
    let told = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let program = std::env::current_exe().ok();
    let around =
        program.as_deref().and_then(|program| program.ancestors().nth(2)).map(Path::to_owned);
    let places = told.into_iter().chain(around).chain([PathBuf::from("target")]);
    places.map(|target| target.join("movies/movies.json")).find(|file| file.is_file())
}

/// A directory that goes with this value.
#[derive(Debug)]
pub(crate) struct Scratch {
    path: PathBuf,
}

/// What directories are called; the process's id follows.
const NAME: &str = "lab-1-2-";

impl Scratch {
    /// Makes one that every user may enter: PostgreSQL's server is another one than root. Removes those of runs that were killed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn new(below: &Path) -> Result<Self> {
        std::fs::create_dir_all(below).map_err(|error| Error::io(below, error))?;
        for entry in std::fs::read_dir(below).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_prefix(NAME)?.parse::<u32>().ok());
            if id.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
                // Somebody else's, perhaps.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let path = below.join(format!("{NAME}{}", std::process::id()));
        let at = |error| Error::io(&path, error);
        std::fs::create_dir(&path).map_err(at)?;
        let scratch = Self { path: path.clone() };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o711)).map_err(at)?;
        Ok(scratch)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What a durable write of 4 KiB takes here: the median of 32.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn sync(&self) -> Result<Duration> {
        let path = self.path.join("sync");
        let at = |error| Error::io(&path, error);
        let mut file = std::fs::File::create(&path).map_err(at)?;
        let mut times = Vec::new();
        for _ in 0..32 {
            let begun = Instant::now();
            file.write_all(&[1; 4096]).and_then(|()| file.sync_data()).map_err(at)?;
            times.push(begun.elapsed());
        }
        std::fs::remove_file(&path).map_err(at)?;
        Ok(percentile(&times, 50).unwrap_or_default())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
