//! Log segments in memory, to be recovered from.

use std::{
    collections::BTreeMap,
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
};

use crate::{
    SegmentId,
    fs::{DirEntry, File, FileLock, FileSystem, LockMode, Mapping, OpenMode, Purpose},
    log::{SegmentKind, file_name, parse_file_name},
};

/// A directory of log segments that can be listed and read, by positioned reads, and nothing else.
#[derive(Debug)]
pub(super) struct SegmentFiles(BTreeMap<SegmentId, Arc<Bytes>>);

#[derive(Debug)]
struct Bytes(Vec<u8>);

impl SegmentFiles {
    pub(super) fn new(segments: BTreeMap<SegmentId, Vec<u8>>) -> Self {
        Self(segments.into_iter().map(|(id, bytes)| (id, Arc::new(Bytes(bytes)))).collect())
    }
}

fn refused<T>() -> io::Result<T> {
    Err(ErrorKind::Unsupported.into())
}

impl FileSystem for SegmentFiles {
    fn open(&self, path: &Path, mode: OpenMode, _: Purpose) -> io::Result<Arc<dyn File>> {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(parse_file_name);
        match (name.and_then(|(id, _)| self.0.get(&id)), mode) {
            (Some(bytes), OpenMode::Read) => Ok(Arc::clone(bytes) as Arc<dyn File>),
            (Some(_), _) => refused(),
            (None, _) => Err(ErrorKind::NotFound.into()),
        }
    }
    fn list(&self, _: &Path) -> io::Result<Vec<DirEntry>> {
        let entry = |(id, bytes): (&SegmentId, &Arc<Bytes>)| DirEntry {
            name: file_name(*id, SegmentKind::Log).into(),
            is_file: true,
            len: bytes.0.len() as u64,
        };
        Ok(self.0.iter().map(entry).collect())
    }
    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        refused()
    }
    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }
    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }
    fn hard_link(&self, _: &Path, _: &Path) -> io::Result<()> {
        refused()
    }
    fn metadata(&self, _: &Path) -> io::Result<Option<DirEntry>> {
        refused()
    }
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        refused()
    }
    fn lock(&self, _: &Path, _: LockMode) -> io::Result<Option<Box<dyn FileLock>>> {
        refused()
    }
}

impl File for Bytes {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let found = usize::try_from(offset)
            .ok()
            .and_then(|start| self.0.get(start..start.checked_add(buf.len())?))
            .ok_or(ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(found);
        Ok(())
    }
    fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        refused()
    }
    fn set_len(&self, _: u64) -> io::Result<()> {
        refused()
    }
    fn allocate(&self, _: u64) -> io::Result<()> {
        refused()
    }
    fn sync_data(&self) -> io::Result<()> {
        refused()
    }
    fn map(&self, _: usize, _: bool) -> io::Result<Mapping> {
        refused()
    }
}
