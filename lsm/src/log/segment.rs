//! An open segment: reserving byte ranges of it, sealing and removing it.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use parking_lot::Mutex;

use super::{
    LogPosition,
    checksum::ChecksumSeed,
    create::map,
    header::{HEADER_LEN, HeaderError, SEGMENT_VERSION, SegmentHeader, SegmentKind, file_name},
    reservation::Reservation,
    spare::SpareFiles,
};
use crate::{
    Error, Result, SegmentId, SequenceNumber,
    fs::{Advice, File, FileSystem, Mapping, OpenMode, Purpose},
};

/// Least and most bytes that are made present ahead of the records.
const POPULATE_LEAST: u32 = 64 << 10;
const POPULATE_MOST: u32 = 2 << 20;

/// Hears of a segment file that could not be removed. Called from whatever thread dropped the last reference.
pub type RemovalObserver = Arc<dyn Fn(&Path, &io::Error) + Send + Sync>;

/// What a segment's header says of the segment itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentIdentity {
    /// Its id, which is in its file's name too.
    pub id: SegmentId,
    /// What it holds.
    pub kind: SegmentKind,
    /// The database that it belongs to.
    pub database_id: u64,
}

impl SegmentIdentity {
    /// What the checksums of its records start from.
    #[inline]
    #[must_use]
    pub const fn seed(self) -> ChecksumSeed {
        ChecksumSeed::new(self.database_id, self.id)
    }
}

/// An open segment file.
///
/// Memory safety of the mapped form rests on two things. Bytes are stored to only through a [`Reservation`] (and the
/// header once), and [`reserve`](Self::reserve) hands every byte out at most once. References to bytes are made only by
/// [`read`](Self::read) and [`read_pinned`](Self::read_pinned), whose callers vouch that the record is completely
/// written, and by the recovery scan, which reads segments that nobody writes. A file is recycled only after its segment was
/// dropped, and with it everything that could refer to the old bytes.
pub struct Segment {
    pub(super) identity: SegmentIdentity,
    pub(super) path: PathBuf,
    fs: Arc<dyn FileSystem>,
    pub(super) file: Arc<dyn File>,
    pub(super) mapping: Option<Mapping>,
    /// Upper half: where reservations must end; lower half: where they ended so far. Together in one word so that
    /// sealing and reserving cannot pass each other. On a cache line of its own: every commit changes it, while others
    /// read what is beside it.
    bounds: CachePadded<AtomicU64>,
    first_sequence: AtomicU64,
    header_written: AtomicBool,
    /// Up to where pages were stored to ahead of the writers; see [`populate`](Self::populate).
    populated: AtomicU32,
    /// The end of the records at which more are wanted.
    wanted: AtomicU32,
    /// Held during a sync; the error of one that failed.
    sync_failure: Mutex<Option<Error>>,
    /// Whether the file was another segment's before.
    recycled: bool,
    obsolete: OnceLock<Retirement>,
}

/// What becomes of the file of a segment that nobody needs.
struct Retirement {
    observer: RemovalObserver,
    spares: Option<Arc<SpareFiles>>,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.path)
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("mapped", &self.mapping.is_some())
            .finish_non_exhaustive()
    }
}

const fn bounds(limit: u32, len: u32) -> u64 {
    (limit as u64) << 32 | len as u64
}

const fn split(bounds: u64) -> (u32, u32) {
    ((bounds >> 32) as u32, bounds as u32)
}

impl Segment {
    /// A segment whose file was just prepared for writing.
    pub(super) fn prepared(
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
            sync_failure: Mutex::new(None),
            recycled,
            obsolete: OnceLock::new(),
        })
    }

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
    pub(super) fn open_unverified(
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
            sync_failure: Mutex::new(None),
            recycled: false,
            obsolete: OnceLock::new(),
        };
        Ok((segment, header))
    }

    /// Checks that a header is this segment's and takes over what it says.
    pub(super) fn adopt(&self, header: &SegmentHeader) -> Result<()> {
        let SegmentIdentity { id, kind, database_id } = self.identity;
        let found = if header.database_id != database_id {
            format!(
                "a segment of database {:016x}, expected {database_id:016x}",
                header.database_id
            )
        } else if header.id != id || header.kind != kind {
            format!(
                "the header of segment {} ({:?}), expected {} ({kind:?})",
                header.id.0, header.kind, id.0
            )
        } else {
            self.first_sequence.store(header.first_sequence, Ordering::Relaxed);
            return Ok(());
        };
        Err(Error::corruption(&self.path, 0, found))
    }

    /// What a header that is none means for somebody who needs this segment.
    pub(super) fn header_error(&self, error: HeaderError) -> Error {
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

    /// Its id.
    #[inline]
    #[must_use]
    pub fn id(&self) -> SegmentId {
        self.identity.id
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> SegmentKind {
        self.identity.kind
    }

    /// The database that it belongs to.
    #[must_use]
    pub fn database_id(&self) -> u64 {
        self.identity.database_id
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its records end (those reserved, written or not), in bytes from the start of the file; only grows.
    #[inline]
    #[must_use]
    pub fn len(&self) -> u32 {
        split(self.bounds.load(Ordering::Acquire)).1
    }

    /// Whether it has no records.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() <= HEADER_LEN
    }

    /// Bytes that it can hold, header included; after [`seal`](Self::seal) its length.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        split(self.bounds.load(Ordering::Acquire)).0
    }

    /// The sequence number in its header; 0 before there is one, and in a value segment.
    #[must_use]
    pub fn first_sequence(&self) -> SequenceNumber {
        self.first_sequence.load(Ordering::Acquire)
    }

    #[inline]
    pub(super) fn mapped(&self) -> Option<&Mapping> {
        self.mapping.as_ref()
    }

    pub(super) fn write_all_at(&self, bytes: &[u8], offset: u32) -> Result<()> {
        self.file
            .write_all_at(bytes, u64::from(offset))
            .map_err(|error| Error::io("write", &self.path, error))
    }

    /// Writes the header of a segment that was just created. `previous` is the log segment before it, and its end.
    ///
    /// # Errors
    /// When a positioned write fails; it may be tried again.
    ///
    /// # Panics
    /// If the header was written before: its bytes may be stored to once.
    pub fn write_header(
        &self,
        first_sequence: SequenceNumber,
        previous: Option<LogPosition>,
    ) -> Result<()> {
        assert!(!self.header_written.swap(true, Ordering::AcqRel), "a second header");
        let SegmentIdentity { id, kind, database_id } = self.identity;
        let recycled = self.recycled;
        let bytes =
            SegmentHeader { kind, id, first_sequence, database_id, previous, recycled }.encode();
        self.first_sequence.store(first_sequence, Ordering::Release);
        match &self.mapping {
            Some(mapping) => {
                // SAFETY: a segment's capacity, and so its mapping, is at least a header long. Only this call stores
                // there (the swap above), and nobody makes references to a header in a mapping that is written.
                unsafe {
                    mapping.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                }
                mapping.stored(0, bytes.len());
                Ok(())
            }
            None => self
                .write_all_at(&bytes, 0)
                .inspect_err(|_| self.header_written.store(false, Ordering::Release)),
        }
    }

    /// Takes the next `len` bytes for writing; `None` if that many are not left (or the segment is sealed or was opened
    /// for reading). Each byte is handed out once.
    #[inline]
    pub fn reserve(&self, len: u32) -> Option<Reservation> {
        let advance = |now| {
            let (limit, end) = split(now);
            (len <= limit - end).then(|| bounds(limit, end + len))
        };
        let before = self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, advance).ok()?;
        Some(Reservation::new(self.identity, split(before).1, len))
    }

    /// Ends the segment before its last reservation, if that is what this is and the segment is not mapped: nobody can
    /// have stored to those bytes or read them.
    pub(super) fn take_back(&self, reservation: &Reservation) -> bool {
        let (start, end) = (reservation.offset(), reservation.end());
        let back = |now| (split(now).1 == end).then_some(bounds(start, start));
        self.mapping.is_none()
            && self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, back).is_ok()
    }

    /// Says that the records of a segment opened for reading end at `end`: nothing behind it is read any more.
    pub fn restrict(&self, end: u32) {
        let restrict = |now| Some(bounds(split(now).0.min(end), split(now).1.min(end)));
        // Cannot fail: the closure always returns a value.
        let _ = self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, restrict);
    }

    /// Ends the segment: no more reservations, the file cut to its [`len`](Self::len), everything synced. Returns the
    /// length. Reservations handed out before may still be written, but then this sync did not cover them: wait for
    /// them first. May be tried again if the file could not be cut.
    ///
    /// # Errors
    /// A failed sync leaves unknown what is on disk: poison the database.
    pub fn seal(&self) -> Result<u32> {
        let close = |now| Some(bounds(split(now).1, split(now).1));
        let (Ok(before) | Err(before)) =
            self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, close);
        let end = split(before).1;
        self.file
            .set_len(u64::from(end))
            .map_err(|error| Error::io("truncate", &self.path, error))?;
        self.sync()?;
        // From now on it is only read, one value at a time: the kernel should not read megabytes around each.
        self.advise(0, end, Advice::Random);
        Ok(end)
    }

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// A failed sync leaves unknown what is on disk: poison the database, never try again. It is not tried again here
    /// either: the kernel tells of the failure once, and whoever came second would be told that all is well.
    pub fn sync(&self) -> Result<()> {
        let mut failure = self.sync_failure.lock();
        if let Some(error) = &*failure {
            return Err(error.clone());
        }
        let synced = self.file.sync_data().map_err(|error| Error::io("sync", &self.path, error));
        *failure = synced.as_ref().err().cloned();
        synced
    }

    /// Advice on a range of a mapped segment; nothing otherwise.
    pub fn advise(&self, offset: u32, len: u32, advice: Advice) {
        if let Some(mapping) = &self.mapping
            && (offset as usize) < mapping.len()
        {
            let len = (len as usize).min(mapping.len() - offset as usize);
            mapping.advise(offset as usize, len, advice);
        }
    }

    /// Whether the records have come so close to pages that nobody has touched that [`populate`](Self::populate) should
    /// be called. Says so once until it is.
    #[inline]
    pub fn wants_pages(&self, end: u32) -> bool {
        self.wanted.load(Ordering::Relaxed) <= end
            && self.mapping.is_some()
            && self.wanted.swap(u32::MAX, Ordering::Relaxed) != u32::MAX
    }

    /// Has the kernel make the pages ahead of the records present and writable, so that writers do not fault on them one
    /// by one: as far ahead as there are records, at most 2 MiB.
    pub fn populate(&self) {
        let (limit, end) = split(self.bounds.load(Ordering::Acquire));
        let from = self.populated.load(Ordering::Relaxed).max(end);
        let to = end.saturating_add(end.clamp(POPULATE_LEAST, POPULATE_MOST)).min(limit);
        if from < to {
            self.advise(from, to - from, Advice::PopulateWrite);
            self.populated.store(to, Ordering::Relaxed);
        }
        let wanted = if to == limit { u32::MAX } else { to - (to - end) / 2 };
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Asks the processor for a record that will be read soon, up to five lines of it. Does nothing if the segment is not
    /// mapped, or off x86-64. Never faults, whatever the arguments are.
    #[inline]
    pub fn prefetch(&self, offset: u32, len: u32) {
        if let Some(mapping) = &self.mapping {
            let start = mapping.as_ptr().wrapping_add(offset as usize);
            // More lines are the hardware prefetcher's business: it sees the stream by then.
            let end = start.wrapping_add(len.min(256) as usize);
            prefetch_line(start);
            let mut line = start.wrapping_add(LINE - start.addr() % LINE);
            while line < end {
                prefetch_line(line);
                line = line.wrapping_add(LINE);
            }
        }
    }

    /// Has the file removed once nobody holds the segment any more. A failure to remove is no failure of the database:
    /// `observer` hears of it, and the next open removes what is left.
    pub fn mark_obsolete(&self, observer: RemovalObserver) {
        // A second call changes nothing: the file goes away either way.
        let _ = self.obsolete.set(Retirement { observer, spares: None });
    }

    /// As [`mark_obsolete`](Self::mark_obsolete), but offers the file to `spares` first. Nobody can read it any more by then:
    /// whoever reads a segment holds it.
    pub fn retire(&self, observer: RemovalObserver, spares: Arc<SpareFiles>) {
        let _ = self.obsolete.set(Retirement { observer, spares: Some(spares) });
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let Some(Retirement { observer, spares }) = self.obsolete.get() else { return };
        if let Some(spares) = spares
            && self.identity.kind == SegmentKind::Log
            && spares.keep(&self.path, self.len())
        {
            return;
        }
        if let Err(error) = self.fs.remove(&self.path) {
            observer(&self.path, &error);
        }
    }
}

/// Bytes that the processor fetches at once.
const LINE: usize = 64;

#[inline]
fn prefetch_line(line: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64; a prefetch is a hint that may name any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = line;
}
