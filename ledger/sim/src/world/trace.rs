//! What happened, as a digest and, if somebody wants to read it, in words.

use std::fmt::{self, Write as _};

/// The digest of a run so far, and its story.
#[derive(Debug, Default)]
pub struct Trace {
    hasher: blake3::Hasher,
    story: Option<Vec<String>>,
}

/// What is written goes into the hash.
struct Into<'a>(&'a mut blake3::Hasher);

impl fmt::Write for Into<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl Trace {
    /// An empty one; with words if they are wanted.
    #[must_use]
    pub fn new(tell: bool) -> Self {
        Self { hasher: blake3::Hasher::new(), story: tell.then(Vec::new) }
    }

    /// Something that is the same each time the run is repeated.
    pub fn note(&mut self, what: fmt::Arguments<'_>) {
        // The hash takes whatever is written to it.
        let _ = Into(&mut self.hasher).write_fmt(what);
        self.hasher.update(b"\n");
        if let Some(story) = &mut self.story {
            story.push(what.to_string());
        }
    }

    /// Something for the digest alone.
    pub fn mix(&mut self, what: fmt::Arguments<'_>) {
        // As above.
        let _ = Into(&mut self.hasher).write_fmt(what);
        self.hasher.update(b"\n");
    }

    /// Something for readers alone.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.extend(what().lines().map(str::to_owned));
        }
    }

    /// The digest, and the story.
    #[must_use]
    pub fn end(self) -> ([u8; 32], Vec<String>) {
        (*self.hasher.finalize().as_bytes(), self.story.unwrap_or_default())
    }
}
