//! Opening a segment that nobody writes any more.

use std::{
    io,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use parking_lot::Mutex;

use super::{Segment, SegmentIdentity, bounds, create::map};
use crate::{
    Error, Result,
    fs::{Advice, FileSystem, OpenMode, Purpose},
    log::header::{HEADER_LEN, HeaderError, SEGMENT_VERSION, SegmentHeader, file_name},
};

impl Segment {
    /// Opens a segment that nobody writes any more, for reading: maps it, or falls back to positioned reads.
    ///
    /// Its [`len`](Self::len) is the file's; [`restrict`](Self::restrict) it if its records are known to end before.
    ///
    /// # Errors
    /// [`Error::MissingFile`]; damage or another identity in the header; [`Error::NewerFormat`].
    pub fn open(
        fs: &Arc<dyn FileSystem>,
        dir: &Path,
        identity: SegmentIdentity,
        purpose: Purpose,
    ) -> Result<Arc<Self>> {
        let (segment, header) = Self::open_unverified(fs, dir, identity, purpose)?;
        let header = header.map_err(|error| segment.header_error(error))?;
        segment.adopt(&header)?;
        Ok(Arc::new(segment))
    }

    /// As [`open`](Self::open), but leaves it to the caller to judge the header.
    pub(in crate::log) fn open_unverified(
        fs: &Arc<dyn FileSystem>,
        dir: &Path,
        identity: SegmentIdentity,
        purpose: Purpose,
    ) -> Result<(Self, Result<SegmentHeader, HeaderError>)> {
        let path = dir.join(file_name(identity.id, identity.kind));
        let file = fs.open(&path, OpenMode::Read, purpose).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Error::MissingFile { path: path.clone() }
            } else {
                Error::io("open", &path, error)
            }
        })?;
        let len = file.len().map_err(|error| Error::io("stat", &path, error))?;
        let len = u32::try_from(len).map_err(|_| {
            Error::corruption(
                &path,
                0,
                format!("a segment of {len} bytes, over the limit of 4 GiB"),
            )
        })?;
        let mut head = [0; HEADER_LEN as usize];
        let header = if len < HEADER_LEN {
            let found = format!("a segment of {len} bytes, shorter than its header");
            if len == 0 { Err(HeaderError::Absent) } else { Err(HeaderError::Damaged(found)) }
        } else {
            file.read_exact_at(&mut head, 0).map_err(|error| Error::io("read", &path, error))?;
            SegmentHeader::decode(&head)
        };
        let mapping = if len == 0 { None } else { map(&*file, &path, len, false)? };
        if let Some(mapping) = &mapping {
            mapping.advise(0, len as usize, Advice::Random);
        }
        let segment = Self {
            identity,
            path,
            fs: Arc::clone(fs),
            file,
            mapping,
            bounds: CachePadded::new(AtomicU64::new(bounds(len, len))),
            first_sequence: AtomicU64::new(0),
            header_written: AtomicBool::new(true),
            populated: AtomicU32::new(0),
            wanted: AtomicU32::new(u32::MAX),
            synced: AtomicU32::new(0),
            sync_failure: Mutex::new(None),
            recycled: false,
            exclusive: AtomicBool::new(false),
            obsolete: OnceLock::new(),
        };
        Ok((segment, header))
    }

    /// Checks that a header is this segment's and takes over what it says.
    pub(in crate::log) fn adopt(&self, header: &SegmentHeader) -> Result<()> {
        if let Some(found) = self.mismatch(header) {
            return Err(Error::corruption(&self.path, 0, found));
        }
        self.first_sequence.store(header.first_sequence, Ordering::Relaxed);
        Ok(())
    }

    /// What makes a header another segment's, if it is.
    pub(in crate::log) fn mismatch(&self, header: &SegmentHeader) -> Option<String> {
        let SegmentIdentity { id, kind, database_id } = self.identity;
        if header.database_id != database_id {
            Some(format!(
                "a segment of database {:016x}, expected {database_id:016x}",
                header.database_id
            ))
        } else if header.id != id || header.kind != kind {
            Some(format!(
                "the header of segment {} ({:?}), expected {} ({kind:?})",
                header.id.0, header.kind, id.0
            ))
        } else {
            None
        }
    }

    /// What a header that is none means for somebody who needs this segment.
    pub(in crate::log) fn header_error(&self, error: HeaderError) -> Error {
        let found = match error {
            HeaderError::Newer(found) => {
                let path = self.path.clone();
                return Error::NewerFormat { path, found, supported: SEGMENT_VERSION };
            }
            HeaderError::Absent => "zeros in place of the segment header".into(),
            HeaderError::Damaged(found) => found,
        };
        Error::corruption(&self.path, 0, found)
    }
}
