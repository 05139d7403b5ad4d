//! The files of segments that nobody needs any more, kept to become new segments.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;

/// A few files, under the names that they had. They are no part of the database: after a crash the next open finds that nothing
/// refers to them, and removes them.
#[derive(Debug)]
pub struct SpareFiles {
    most: usize,
    longest: u32,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    paths: Vec<PathBuf>,
    /// Nothing is kept.
    paused: bool,
    /// Nothing is kept any more.
    closed: bool,
}

impl SpareFiles {
    /// Keeps at most `most` files, each of at most `longest` bytes.
    #[must_use]
    pub fn new(most: usize, longest: u32) -> Self {
        Self { most, longest, kept: Mutex::default() }
    }

    /// Takes over a file of `len` bytes, whose segment nobody holds any more; whether it did. Very short ones would save nothing.
    pub(super) fn keep(&self, path: &Path, len: u32) -> bool {
        let mut kept = self.kept.lock();
        let wanted = (self.longest / 16..=self.longest).contains(&len)
            && kept.paths.len() < self.most
            && !kept.paused
            && !kept.closed;
        if wanted {
            kept.paths.push(path.to_owned());
        }
        wanted
    }

    /// Gives a file away: the one that was kept last, whose pages are the likeliest to be in memory.
    #[must_use]
    pub fn take(&self) -> Option<PathBuf> {
        self.kept.lock().paths.pop()
    }

    /// Keeps nothing (`true`), or something again.
    pub fn pause(&self, paused: bool) {
        self.kept.lock().paused = paused;
    }

    /// Keeps nothing from now on.
    pub fn close(&self) {
        self.kept.lock().closed = true;
    }
}
