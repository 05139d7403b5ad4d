//! The directory of an open database, as a crash of its process would leave it.

use std::{fs, io::ErrorKind, path::Path};

use lsm::Db;

/// Copies to `to`, which is made if it is missing, the files of `db` in `from`, to which nobody writes meanwhile.
///
/// What background threads write is waited for. What they still remove or rename then, nothing refers to: tables and segments that
/// were given up, and the segment that is allocated ahead. That such a file is gone by the time it is to be copied is no failure.
#[allow(clippy::unwrap_used)] // a test may fail in any way it likes
pub fn crash_copy(db: &Db, from: &Path, to: &Path) {
    db.wait_idle().unwrap();
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match fs::copy(entry.path(), to.join(entry.file_name())) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let _ = fs::remove_file(to.join(entry.file_name()));
            }
            copied => drop(copied.unwrap()),
        }
    }
}
