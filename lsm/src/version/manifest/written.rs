//! A second look at a manifest that is in use.

use std::{path::PathBuf, sync::Arc};

use super::replay;
use crate::{Error, Result, fs::File, version::state::State};

/// What was written of a manifest up to a moment. It can be read when more was appended since, and when the file was replaced.
#[derive(Debug)]
pub(crate) struct Written {
    pub(super) file: Arc<dyn File>,
    pub(super) path: PathBuf,
    pub(super) number: u64,
    pub(super) len: u64,
}

impl Written {
    /// Reads it anew, and checks that it says what `state` is. Returns how many edits there are.
    ///
    /// # Errors
    /// Damage; I/O errors.
    pub(crate) fn verify(&self, state: &State) -> Result<usize> {
        let io = |error| Error::io("read", &self.path, error);
        // It was read or written before, so that there is memory for it.
        let mut bytes = vec![0; usize::try_from(self.len).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, 0).map_err(io)?;
        let replayed = replay(&self.path, self.number, &bytes)?;
        if replayed.end != self.len {
            let found = format!("no edit, and the manifest was written to offset {}", self.len);
            return Err(Error::corruption(&self.path, replayed.end, found));
        }
        if !replayed.state.says_the_same(state) {
            let found = "its edits do not add up to what the open database consists of";
            return Err(Error::corruption(&self.path, self.len, found));
        }
        Ok(replayed.edits.len())
    }
}
