//! A segment: a file of records, its byte ranges handed out once, sealed when it is full.

mod create;
mod open;
mod pages;
mod read;
mod removal;

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use parking_lot::Mutex;

use self::removal::Retirement;
pub use self::{
    read::{PinnedValue, SegmentSlice},
    removal::RemovalObserver,
};
use super::{
    LogPosition,
    checksum::ChecksumSeed,
    header::{HEADER_LEN, SegmentHeader, SegmentKind},
    reservation::Reservation,
};
use crate::{
    Error, Result, SegmentId, SequenceNumber,
    fs::{Advice, File, FileSystem, Mapping},
};

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
/// dropped, and with it everything that could refer to the old bytes: so only a file that this `Segment` created (one that it
/// found may be mapped by values that a handle before it read, here or in another process), and only if
/// [`note_shared`](Self::note_shared) was never called.
pub struct Segment {
    pub(super) identity: SegmentIdentity,
    path: PathBuf,
    fs: Arc<dyn FileSystem>,
    file: Arc<dyn File>,
    mapping: Option<Mapping>,
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
    /// Up to where the last sync came.
    synced: AtomicU32,
    /// Held during a sync; the error of one that failed.
    sync_failure: Mutex<Option<Error>>,
    /// Whether the file was another segment's before.
    recycled: bool,
    /// Whether nobody but holders of this `Segment` can have mapped the file.
    exclusive: AtomicBool,
    obsolete: OnceLock<Retirement>,
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

    /// Where its records end (those reserved, written or not), in bytes from the start of the file. Of the log's current segment, where
    /// what its writer has [claimed](Self::claim) ends: less than a page behind that.
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

    /// The file's length now.
    pub(super) fn file_len(&self) -> Result<u64> {
        self.file.len().map_err(|error| Error::io("stat", &self.path, error))
    }

    pub(super) fn read_exact_at(&self, bytes: &mut [u8], offset: u32) -> Result<()> {
        self.file
            .read_exact_at(bytes, u64::from(offset))
            .map_err(|error| Error::io("read", &self.path, error))
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
        self.claim(len, len).map(|range| Reservation::new(self.identity, range.start, len))
    }

    /// Takes the next bytes for a writer that hands them out itself: `most` if there are so many, but no fewer than `least`.
    #[inline]
    pub(super) fn claim(&self, least: u32, most: u32) -> Option<Range<u32>> {
        let claimed = |now| {
            let (limit, end) = split(now);
            end..end + (limit - end).min(most.max(least))
        };
        let advance = |now| {
            let range = claimed(now);
            (range.len() >= least as usize).then(|| bounds(split(now).0, range.end))
        };
        let before = self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, advance).ok()?;
        Some(claimed(before))
    }

    /// Says where the records end that were written to what was [claimed](Self::claim), by its only writer.
    pub(super) fn give_back(&self, end: u32) {
        let back = |now| Some(bounds(split(now).0, split(now).1.min(end)));
        // Cannot fail: the closure always returns a value.
        let _ = self.bounds.fetch_update(Ordering::AcqRel, Ordering::Acquire, back);
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
        let end = self.len();
        self.let_go_of_pages(self.synced.load(Ordering::Relaxed), end);
        let synced = self.file.sync_data().map_err(|error| Error::io("sync", &self.path, error));
        *failure = synced.as_ref().err().cloned();
        self.synced.store(end, Ordering::Relaxed);
        synced
    }
}
