//! The manifest file: an append-only log of edits, each in one record or, if it is long, in several.

mod current;
mod format;
#[cfg(test)]
mod long_edits;
mod replay;
mod tearing;
mod written;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) use self::format::{frame, header, reseal};
pub(crate) use self::{
    current::{CURRENT, parse_temporary_name},
    replay::replay,
    written::Written,
};
use self::{
    current::{point_current, read_current, temporary_name},
    format::{MAX_GROWN_LEN, MAX_LEN, records},
    tearing::frame_unmistakably,
};
use super::{edit::Edit, state::State};
use crate::{
    Error, Result,
    fs::{File, FileSystem, OpenMode, Purpose},
};

/// A manifest is rewritten once it is this many times as long as its first edit, and at least [`MIN_REWRITE`].
const REWRITE_FACTOR: u64 = 4;
const MIN_REWRITE: u64 = 256 << 10;
/// Or once it has grown by this much: what is read at the next open should not be many times what there is to know.
const MAX_GROWTH: u64 = 64 << 20;

/// The open manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    fs: Arc<dyn FileSystem>,
    dir: PathBuf,
    path: PathBuf,
    file: Arc<dyn File>,
    number: u64,
    len: u64,
    base_len: u64,
}

/// Whether a failed append left the manifest as it was.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// Nothing was changed; it may be tried again.
    Unchanged(Error),
    /// The file is in an unknown state.
    Unknown(Error),
}

impl AppendError {
    /// What failed, for those to whom it makes no difference.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unchanged(error) | Self::Unknown(error) => error,
        }
    }
}

/// Name of manifest `number`.
pub(crate) fn file_name(number: u64) -> String {
    format!("MANIFEST-{number:06}")
}

/// The number in a manifest's name.
pub(crate) fn parse_name(name: &str) -> Option<u64> {
    let number = name.strip_prefix("MANIFEST-")?.parse().ok()?;
    // One name a number: `+7`, `7` and `0000007` are somebody else's.
    (file_name(number) == name).then_some(number)
}

impl Manifest {
    /// Writes a new manifest that describes `state`, syncs it, and points CURRENT at it.
    pub(crate) fn create(
        fs: Arc<dyn FileSystem>,
        dir: &Path,
        number: u64,
        state: &State,
    ) -> Result<Self, AppendError> {
        let created = Self::write_new(Arc::clone(&fs), dir, number, state);
        let manifest = created.map_err(AppendError::Unchanged).and_then(|manifest| {
            point_current(&*fs, dir, number)?;
            Ok(manifest)
        });
        manifest.inspect_err(|error| {
            if matches!(error, AppendError::Unchanged(_)) {
                // What cannot be removed is an orphan that the next open removes.
                let _ = fs.remove(&dir.join(temporary_name(number)));
                let _ = fs.remove(&dir.join(file_name(number)));
            }
        })
    }

    fn write_new(fs: Arc<dyn FileSystem>, dir: &Path, number: u64, state: &State) -> Result<Self> {
        let path = dir.join(file_name(number));
        let file = fs
            .open(&path, OpenMode::CreateNew, Purpose::Manifest)
            .map_err(|error| Error::io("create", &path, error))?;
        let mut bytes = header(number).to_vec();
        for record in records(&state.describe()) {
            frame(number, bytes.len() as u64, &record, &mut bytes);
        }
        let len = bytes.len() as u64;
        check_len(&path, len, MAX_LEN)?;
        file.write_all_at(&bytes, 0).map_err(|error| Error::io("write", &path, error))?;
        file.sync_data().map_err(|error| Error::io("sync", &path, error))?;
        Ok(Self { fs, dir: dir.to_owned(), path, file, number, len, base_len: len })
    }

    /// Reads the manifest that CURRENT names, and the state that its edits add up to.
    pub(crate) fn open(
        fs: Arc<dyn FileSystem>,
        dir: &Path,
        read_only: bool,
    ) -> Result<(Self, State)> {
        let number = read_current(&*fs, dir)?;
        let path = dir.join(file_name(number));
        let bytes = read_file(&*fs, &path)?;
        let replayed = replay(&path, number, &bytes)?;
        let mode = if read_only { OpenMode::Read } else { OpenMode::ReadWrite };
        let file = fs
            .open(&path, mode, Purpose::Manifest)
            .map_err(|error| Error::io("open", &path, error))?;
        if !read_only {
            // The last edit may be in the kernel's cache alone: if its sync failed, the kernel dropped the page as if it
            // were written. Written again, the page is one that a sync has to write.
            let last = replayed.edits.last().map_or(0, |(offset, _)| *offset);
            file.write_all_at(&bytes[last as usize..replayed.end as usize], last)
                .map_err(|error| Error::io("write", &path, error))?;
            if replayed.end < bytes.len() as u64 {
                file.set_len(replayed.end).map_err(|error| Error::io("cut", &path, error))?;
            }
            file.sync_data().map_err(|error| Error::io("sync", &path, error))?;
        }
        let manifest = Self {
            fs,
            dir: dir.to_owned(),
            path,
            file,
            number,
            len: replayed.end,
            base_len: replayed.base_end,
        };
        Ok((manifest, replayed.state))
    }

    /// The file's number.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of header and edits.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// What was written so far, to be read again while more is written.
    pub(crate) fn written(&self) -> Written {
        Written {
            file: Arc::clone(&self.file),
            path: self.path.clone(),
            number: self.number,
            len: self.len,
        }
    }

    /// Checks that CURRENT names this manifest. Not of a poisoned database: it may name the next one.
    ///
    /// # Errors
    /// Damage; I/O errors.
    pub(crate) fn check_current(&self) -> Result<()> {
        let found = read_current(&*self.fs, &self.dir)?;
        if found == self.number {
            return Ok(());
        }
        let what = format!("{}; the live one is {}", file_name(found), file_name(self.number));
        Err(Error::corruption(self.dir.join(CURRENT), 0, what))
    }

    /// Appends an edit and syncs it: whole, or as if it had not been tried.
    ///
    /// # Errors
    /// [`AppendError::Unchanged`] with [`Error::ManifestFull`] if the file would become longer than can be read.
    pub(crate) fn append(&mut self, edit: &Edit) -> Result<(), AppendError> {
        let mut payload = Vec::new();
        edit.encode(&mut payload);
        // One by one: the next is written when the one before is durable, so that of all records only the last can be torn.
        let mut end = self.len;
        let framed: Vec<_> = records(&payload)
            .iter()
            .map(|record| {
                let (at, mut bytes) = (end, Vec::new());
                frame_unmistakably(self.number, at, record, &mut bytes);
                end += bytes.len() as u64;
                (at, bytes)
            })
            .collect();
        check_len(&self.path, end, if edit.grows() { MAX_GROWN_LEN } else { MAX_LEN })
            .map_err(AppendError::Unchanged)?;
        for (at, bytes) in framed {
            if let Err(error) = self.file.write_all_at(&bytes, at) {
                let error = Error::io("write", &self.path, error);
                // A part of the edit may be there, or all of it: without it the file is what it was, once that is durable.
                return Err(
                    match self.file.set_len(self.len).and_then(|()| self.file.sync_data()) {
                        Ok(()) => AppendError::Unchanged(error),
                        Err(_) => AppendError::Unknown(error),
                    },
                );
            }
            self.file
                .sync_data()
                .map_err(|error| AppendError::Unknown(Error::io("sync", &self.path, error)))?;
        }
        self.len = end;
        Ok(())
    }

    /// Whether the file has grown so long that it should be rewritten.
    pub(crate) fn wants_rewrite(&self) -> bool {
        let times = MIN_REWRITE.max(self.base_len.saturating_mul(REWRITE_FACTOR));
        self.len > times.min(self.base_len.saturating_add(MAX_GROWTH))
    }

    /// Replaces the file by one that describes `state`, and returns the old one's path: nobody needs it any more.
    ///
    /// # Errors
    /// [`AppendError::Unchanged`]: this one is as good as before. [`AppendError::Unknown`]: CURRENT may name either.
    pub(crate) fn rewrite(&mut self, number: u64, state: &State) -> Result<PathBuf, AppendError> {
        let new = Self::create(Arc::clone(&self.fs), &self.dir, number, state)?;
        Ok(std::mem::replace(self, new).path)
    }
}

/// Refuses to make a manifest so long, before anything is written.
fn check_len(path: &Path, len: u64, limit: u64) -> Result<()> {
    if len > limit {
        return Err(Error::ManifestFull { path: path.to_owned(), len, limit });
    }
    Ok(())
}

fn read_file(fs: &dyn FileSystem, path: &Path) -> Result<Vec<u8>> {
    let file = match fs.open(path, OpenMode::Read, Purpose::Manifest) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::MissingFile { path: path.to_owned() });
        }
        opened => opened.map_err(|error| Error::io("open", path, error))?,
    };
    let len = file.len().map_err(|error| Error::io("stat", path, error))?;
    let len = usize::try_from(len).ok().filter(|_| len <= MAX_LEN).ok_or_else(|| {
        Error::corruption(path, 0, format!("{len} bytes, more than any manifest has"))
    })?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, 0).map_err(|error| Error::io("read", path, error))?;
    Ok(bytes)
}
