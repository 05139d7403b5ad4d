//! Files for new segments: fresh ones, and those of segments that nobody needs any more.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64},
    },
};

use crossbeam_utils::CachePadded;
use parking_lot::Mutex;

use super::{Segment, SegmentIdentity, bounds};
use crate::{
    Error, Result,
    fs::{File, FileSystem, Mapping, OpenMode, Purpose},
    log::header::{HEADER_LEN, file_name},
};

impl Segment {
    /// Creates the segment's file with disk space for `capacity` bytes (header included) and makes its name durable.
    ///
    /// With `mapped` it is written through a shared mapping, if the file system can map; otherwise by positioned
    /// writes. The header is still to be written ([`write_header`](Self::write_header)): until then a crash leaves a
    /// segment of zeros, which recovery ignores. Costs an allocation and a directory sync: do it ahead of need.
    ///
    /// # Errors
    /// What the file system says; a disk that is full ([`Error::is_disk_full`]) leaves nothing behind.
    pub fn create(
        fs: &Arc<dyn FileSystem>,
        dir: &Path,
        identity: SegmentIdentity,
        capacity: u32,
        mapped: bool,
        purpose: Purpose,
    ) -> Result<Arc<Self>> {
        let capacity = capacity.max(HEADER_LEN);
        let path = dir.join(file_name(identity.id, identity.kind));
        let file = fs
            .open(&path, OpenMode::CreateNew, purpose)
            .map_err(|error| Error::io("create", &path, error))?;
        let prepared = (|| {
            file.allocate(u64::from(capacity))
                .map_err(|error| Error::io("allocate", &path, error))?;
            let mapping = if mapped { map(&*file, &path, capacity, true)? } else { None };
            fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
            Ok(mapping)
        })();
        let mapping = prepared.inspect_err(|_| {
            // Without its space it is of no use; a stray one is removed by the next open.
            let _ = fs.remove(&path);
        })?;
        Ok(Self::prepared(fs, identity, path, (file, mapping), capacity, false))
    }

    /// As [`create`](Self::create), in the file of a segment that nobody needs any more: its blocks are allocated and written,
    /// and mostly in memory, so that neither the file system nor a page fault has to provide zeros. `None` if the file has another
    /// name, in a checkpoint for example: then it is not ours to write to.
    ///
    /// The old header is durably gone before the file gets its new name, and the records of earlier lives never check in this
    /// one; so the recovery of a recycled segment finds what that of a fresh one finds. Costs a sync of one page, besides what
    /// creation costs: do it ahead of need, not under a lock.
    ///
    /// # Errors
    /// What the file system says. The file may be there under either name then, or none: remove both.
    pub fn recycle(
        fs: &Arc<dyn FileSystem>,
        dir: &Path,
        spare: &Path,
        identity: SegmentIdentity,
        capacity: u32,
        mapped: bool,
        purpose: Purpose,
    ) -> Result<Option<Arc<Self>>> {
        let capacity = capacity.max(HEADER_LEN);
        let path = dir.join(file_name(identity.id, identity.kind));
        let file = fs
            .open(spare, OpenMode::ReadWrite, purpose)
            .map_err(|error| Error::io("open", spare, error))?;
        if file.has_other_names().map_err(|error| Error::io("stat", spare, error))? {
            return Ok(None);
        }
        file.write_all_at(&[0; HEADER_LEN as usize], 0)
            .map_err(|error| Error::io("write", spare, error))?;
        file.set_len(u64::from(capacity)).map_err(|error| Error::io("cut", spare, error))?;
        // What was cut off when it was sealed is a hole now.
        file.allocate(u64::from(capacity)).map_err(|error| Error::io("allocate", spare, error))?;
        file.sync_data().map_err(|error| Error::io("sync", spare, error))?;
        fs.rename(spare, &path).map_err(|error| Error::io("rename", spare, error))?;
        let mapping = if mapped { map(&*file, &path, capacity, true)? } else { None };
        fs.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))?;
        Ok(Some(Self::prepared(fs, identity, path, (file, mapping), capacity, true)))
    }

    /// A segment whose file was just prepared for writing.
    fn prepared(
        fs: &Arc<dyn FileSystem>,
        identity: SegmentIdentity,
        path: PathBuf,
        (file, mapping): (Arc<dyn File>, Option<Mapping>),
        capacity: u32,
        recycled: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            identity,
            path,
            fs: Arc::clone(fs),
            file,
            mapping,
            bounds: CachePadded::new(AtomicU64::new(bounds(capacity, HEADER_LEN))),
            first_sequence: AtomicU64::new(0),
            header_written: AtomicBool::new(false),
            populated: AtomicU32::new(0),
            wanted: AtomicU32::new(HEADER_LEN),
            synced: AtomicU32::new(0),
            sync_failure: Mutex::new(None),
            recycled,
            exclusive: AtomicBool::new(true),
            obsolete: OnceLock::new(),
        })
    }
}

pub(super) fn map(
    file: &dyn File,
    path: &Path,
    len: u32,
    writable: bool,
) -> Result<Option<Mapping>> {
    match file.map(len as usize, writable) {
        Ok(mapping) if mapping.len() >= len as usize => Ok(Some(mapping)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(Error::io("map", path, error)),
    }
}
