//! The log: what was asked of the ledger, in its order, for ever.
//!
//! A record is an operation: its number, its time, and bytes that mean nothing here. Each record's hash covers the hash before it, so that one
//! hash, the tail's, stands for everything that ever happened ([`export`]). The files are described byte for byte in `FORMAT.md`.
//!
//! # What is promised
//!
//! - **Durable is durable.** What [`Log::sync`] covered is there after any crash. What it did not cover is there as a prefix of the records, or not
//!   at all: never a hole, never a record that was not appended.
//! - **Torn is told from damaged.** Each record says up to which operation the log was known to be durable when it was appended. A bad record
//!   that nobody ever called durable is the torn tail of a crash, and is trimmed; one that a later record, or a snapshot, knows to have been durable is
//!   [`Error::Corruption`], with the file and the offset. Damage to the very last group, of which nothing later tells, looks like a torn tail;
//!   [`Log::seal`] leaves something later, at the end of the work.
//! - **A failed sync ends it.** The kernel may have dropped what it could not write, and forgotten that. The log never tries again, and accepts
//!   nothing more; the next [`Log::open`] writes again what it does not know to be durable.
//! - **A full disk does not end it.** Segments are filled with zeros before they are used; no room for one is an error of the append that
//!   needed it, which wrote nothing.
//!
//! ```
//! use std::sync::Arc;
//! use ledger::{disk::MemoryDisk, log::{Draft, Log, Mark}};
//!
//! let disk = Arc::new(MemoryDisk::new());
//! let mut log = Log::create(disk.clone(), [7; 16], 64 << 10)?;
//! log.append(&[Draft { timestamp: 1, kind: 1, count: 1, body: b"one" }, Draft { timestamp: 2, kind: 1, count: 1, body: b"two" }])?;
//! log.sync()?;
//! let bodies: Vec<_> = log.read(1)?.map(|record| Ok(record?.body)).collect::<ledger::Result<_>>()?;
//! assert_eq!(bodies, [b"one", b"two"]);
//!
//! let (log, tail) = Log::open(disk, 64 << 10)?;
//! assert_eq!((log.tail(), tail.trimmed), (tail.mark, None));
//! # Ok::<(), ledger::Error>(())
//! ```

mod append;
mod export;
mod header;
mod reader;
mod recovery;
mod scan;
mod segment;

use std::{io, sync::Arc};

pub use self::{
    export::{Summary, export, verify_export},
    reader::Reader,
    recovery::{Tail, Trimmed, Witness},
    segment::prepare,
};
use self::{
    header::{HEADER, Header},
    segment::{BLOCK, Segment},
};
use crate::{
    Error, Result,
    disk::{Disk, File},
};

/// How large segments are unless somebody has a reason: 64 MiB.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// The smallest segment.
pub const MIN_SEGMENT_BYTES: u64 = 2 * BLOCK;

/// A place in the log, and by its hash all that was before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// The operation's number; the first is 1.
    pub op: u64,
    /// Its time, in nanoseconds since 1970.
    pub timestamp: u64,
    /// The BLAKE3 hash of its record, which covers the hash before it.
    pub hash: [u8; 32],
}

impl Mark {
    /// Before the first record.
    pub const GENESIS: Self = Self { op: 0, timestamp: 0, hash: [0; 32] };
}

/// A record to append; its number follows from its place.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// In nanoseconds since 1970; larger than the one before.
    pub timestamp: u64,
    /// What the body is. Not 0.
    pub kind: u16,
    /// How many events the body has.
    pub count: u32,
    /// The bytes.
    pub body: &'a [u8],
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place, and its hash.
    pub mark: Mark,
    /// The hash of the record before.
    pub previous: [u8; 32],
    /// What the body is.
    pub kind: u16,
    /// How many events the body has.
    pub count: u32,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A log that is open for appending. One process has it: see [`RealDisk`](crate::disk::RealDisk).
pub struct Log {
    disk: Arc<dyn Disk>,
    id: [u8; 16],
    segment_bytes: u64,
    segments: Vec<Segment>,
    /// Of the last segment.
    file: Arc<dyn File>,
    /// Where the next record goes in it.
    position: u64,
    tail: Mark,
    durable: Mark,
    /// Files that were written to since the last sync.
    dirty: Vec<Arc<dyn File>>,
    /// Whether a seal stands at `position`.
    sealed: bool,
    stopped: Option<String>,
    buffer: Vec<u8>,
    /// Whether the last segment was there when the log was opened: somebody else may have written behind its tail.
    inherited: bool,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("tail", &self.tail)
            .field("durable", &self.durable)
            .field("segments", &self.segments.len())
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

impl Log {
    /// Makes a log where there is none. The `id`, sixteen random bytes, is in every record: what looks like a record in a client's bytes, or in a file
    /// from elsewhere, is then none of this log. Segments have `segment_bytes`, a multiple of 4096 from [`MIN_SEGMENT_BYTES`] on; a record is at most
    /// [`max_body`](Self::max_body) bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] if there is a log; an invalid size of segments; what the disk says.
    pub fn create(disk: Arc<dyn Disk>, id: [u8; 16], segment_bytes: u64) -> Result<Self> {
        segment::check_bytes(&*disk, segment_bytes)?;
        if Self::exists(&*disk)? {
            let path = disk.path(&segment::name(1));
            return Err(Error::Mismatch(format!(
                "a log is to be made where there is one, {}",
                path.display()
            )));
        }
        let first = Segment::after(id, segment_bytes, Mark::GENESIS, 0);
        let file = segment::blank(&*disk, segment_bytes)?.become_segment(&*disk, &first)?;
        Ok(Self {
            disk,
            id,
            segment_bytes,
            segments: vec![first],
            file,
            position: BLOCK,
            tail: Mark::GENESIS,
            durable: Mark::GENESIS,
            dirty: Vec::new(),
            sealed: false,
            stopped: None,
            buffer: Vec::new(),
            inherited: false,
        })
    }

    /// Whether there is a log, in whatever condition.
    ///
    /// # Errors
    ///
    /// What the disk says.
    pub fn exists(disk: &dyn Disk) -> Result<bool> {
        let names = disk.names().map_err(|e| Error::io("list", disk.path(""), e))?;
        Ok(names.iter().any(|name| segment::first_op(name).is_some()))
    }

    /// Appends records, in one write for each segment that they touch. They are not durable, and not to be read, before [`sync`](Self::sync). Returns the new
    /// tail. Costs a copy of the bodies, a CRC32C and a BLAKE3 of them; at the end of a segment also the next one's zeros, unless
    /// [`prepare`] was called before.
    ///
    /// # Errors
    ///
    /// [`Error::Batch`] for a body that is too long or of kind 0, [`Error::Invariant`] for a time that does not grow, both before anything is written; the same
    /// goes for a disk that is full when a segment has to be made. After any other error the log is stopped.
    pub fn append(&mut self, drafts: &[Draft<'_>]) -> Result<Mark> {
        self.check()?;
        self.validate(drafts)?;
        if drafts.is_empty() {
            return Ok(self.tail);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let (parts, tail) = self.lay_out(drafts, &mut buffer);
        let result = self.write(parts, &buffer);
        self.buffer = buffer;
        result?;
        self.tail = tail;
        self.sealed = false;
        Ok(tail)
    }

    /// Makes everything durable that was appended: one `fdatasync`, or one for each segment that was touched.
    ///
    /// # Errors
    ///
    /// What the disk says; the log is then stopped for good.
    pub fn sync(&mut self) -> Result<()> {
        self.check()?;
        for file in std::mem::take(&mut self.dirty) {
            file.sync().map_err(|e| self.stop("sync", e))?;
        }
        self.durable = self.tail;
        Ok(())
    }

    /// Leaves a note, durably, that everything up to the tail is durable: at an orderly end, so that damage to the last records is told
    /// from a crash while they were written. The next append goes over it. Costs a sync; nothing if it is there.
    ///
    /// # Errors
    ///
    /// As [`sync`](Self::sync).
    pub fn seal(&mut self) -> Result<()> {
        self.sync()?;
        if self.sealed {
            return Ok(());
        }
        let seal = Header::seal(self.tail).encode(&self.id);
        self.file.write_at(&seal, self.position).map_err(|e| self.stop("write to", e))?;
        self.file.sync().map_err(|e| self.stop("sync", e))?;
        self.sealed = true;
        Ok(())
    }

    /// The newest record, durable or not.
    #[must_use]
    pub fn tail(&self) -> Mark {
        self.tail
    }

    /// The newest record that is durable.
    #[must_use]
    pub fn durable(&self) -> Mark {
        self.durable
    }

    /// The number of the oldest record.
    #[must_use]
    pub fn first_op(&self) -> u64 {
        self.segments.first().map_or(1, |segment| segment.first_op)
    }

    /// What was given to [`create`](Self::create).
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The longest body that a record may have, in bytes.
    #[must_use]
    pub fn max_body(&self) -> u64 {
        max_body(self.segment_bytes)
    }

    /// How many bytes the last segment has left: when that is little it is time to [`prepare`] the next.
    #[must_use]
    pub fn room(&self) -> u64 {
        let end = self.segments.last().map_or(0, |segment| segment.bytes);
        end.saturating_sub(self.position)
    }

    /// The segment that is written to, by the number of its first record.
    #[must_use]
    pub fn segment(&self) -> u64 {
        self.segments.last().map_or(1, |segment| segment.first_op)
    }

    /// Reads records from `from_op` on, in their order, up to the newest that is durable now. The first is found by reading its segment from the start.
    ///
    /// # Errors
    ///
    /// What the disk says. Damage is found while reading.
    pub fn read(&self, from_op: u64) -> Result<Reader> {
        Reader::new(Arc::clone(&self.disk), self.id, self.segments.clone(), from_op, self.durable)
    }

    /// Reads everything, from the first record to the newest that is durable, and checks it: checksums, hashes, and that nothing stands where
    /// nothing should. Returns the last mark.
    ///
    /// # Errors
    ///
    /// [`Error::Corruption`] for the first thing that is wrong; what the disk says.
    pub fn verify(&self) -> Result<Mark> {
        let mut reader = self.read(self.first_op())?;
        while reader.advance()?.is_some() {}
        Ok(reader.mark())
    }

    /// The mark of an operation. Costs reading its segment up to it, but for the tail and the beginning.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] if the log has no such operation; what the disk says.
    pub fn mark(&self, op: u64) -> Result<Mark> {
        if op == 0 {
            return Ok(Mark::GENESIS);
        }
        if op == self.durable.op {
            return Ok(self.durable);
        }
        match self.read(op)?.next() {
            Some(record) => Ok(record?.mark),
            None => Err(Error::Mismatch(format!(
                "operation {op} is asked for, the log ends at {}",
                self.durable.op
            ))),
        }
    }

    /// Whether an error has stopped it for good.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn check(&self) -> Result<()> {
        match &self.stopped {
            Some(why) => Err(Error::Stopped(why.clone())),
            None => Ok(()),
        }
    }

    fn stop(&mut self, operation: &'static str, source: io::Error) -> Error {
        let name = segment::name(self.segments.last().map_or(1, |segment| segment.first_op));
        let error = Error::io(operation, self.disk.path(&name), source);
        self.stopped = Some(error.to_string());
        error
    }
}

/// The longest body in segments of a size: a header goes before it, and a seal's place is kept behind it.
fn max_body(segment_bytes: u64) -> u64 {
    segment_bytes.saturating_sub(BLOCK + 2 * HEADER as u64)
}
