//! A file of lines.

use std::{
    fs,
    io::{BufWriter, Write},
    path::PathBuf,
};

use ledger::query::Change;
use ledger_json::Key;

use super::{Position, Target};
use crate::{Error, Result};

/// A new file, a line of JSON for each change.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    file: Option<BufWriter<fs::File>>,
    last: Option<Position>,
}

impl File {
    /// A file that is not there yet, for what is behind `after`.
    #[must_use]
    pub fn new(path: PathBuf, after: Option<Key>) -> Self {
        Self { path, file: None, last: after.map(|key| Position { key, change: None }) }
    }
}

/// Creates a file that was not there.
pub(crate) fn create(path: &std::path::Path) -> Result<BufWriter<fs::File>> {
    let file = fs::File::create_new(path).map_err(|e| {
        Error::Asked(format!("{}: {e}; name a file that is not there yet", path.display()))
    })?;
    Ok(BufWriter::with_capacity(1 << 20, file))
}

impl Target for File {
    fn open(&mut self) -> Result<Option<Position>> {
        if self.file.is_none() {
            self.file = Some(create(&self.path)?);
        }
        Ok(self.last.clone())
    }

    fn put(&mut self, change: &Change) -> Result<()> {
        if let Some(file) = &mut self.file {
            file.write_all(ledger_json::write(change).as_bytes())?;
            file.write_all(b"\n")?;
            self.last = Some(Position { key: Key::of(change), change: None });
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
            file.get_ref().sync_data()?;
        }
        Ok(())
    }
}
