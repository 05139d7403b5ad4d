//! Opening a log: what is there, what is a crash's torn tail, and what is damage.

use std::{collections::VecDeque, path::PathBuf, sync::Arc};

use super::{
    Log, Mark,
    header::{HEADER, padded},
    scan::{Scan, Step, Stop, Window},
    segment::{self, Segment},
};
use crate::{Error, Result, disk::Disk};

/// What was found at the end of a log when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// The newest record.
    pub mark: Mark,
    /// What was there behind it, and is gone: the end of a crash. No sync had covered it.
    pub trimmed: Option<Trimmed>,
}

/// What a crash left behind the last good record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trimmed {
    /// In which segment.
    pub path: PathBuf,
    /// From where on.
    pub offset: u64,
    /// So many bytes, of that segment, were not all zeros.
    pub bytes: u64,
    /// What stood where the next record should be.
    pub found: String,
    /// Later segments, which were removed.
    pub segments: Vec<PathBuf>,
}

/// What something beside the log knows of it, that is given only what is durable: an archive, or a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Witness {
    /// This operation was durable; 0 for none.
    pub op: u64,
    /// Something that happened at this time was durable; 0 for nothing. It may be of a later operation than `op`.
    pub timestamp: u64,
}

/// A record of which nothing says that it is durable.
struct Unproven {
    op: u64,
    segment: usize,
    offset: u64,
    end: u64,
}

impl Log {
    /// Opens a log, and reads all of it: [`open_from`](Self::open_from) without a snapshot.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open(disk: Arc<dyn Disk>, segment_bytes: u64) -> Result<(Self, Tail)> {
        Self::open_from(disk, segment_bytes, None)
    }

    /// Opens a log of which everything up to a mark is known from elsewhere: from a snapshot. Reads only the segments from that on, the rest is for
    /// [`verify`](Self::verify). Segments that are made from now on have `segment_bytes`.
    ///
    /// A torn tail is overwritten with zeros; what is behind it is removed. What is good, but not known to be durable, is written again and synced: a process
    /// before this one may have seen a sync fail.
    ///
    /// # Errors
    ///
    /// [`Error::Corruption`] for a bad record that was durable once; [`Error::Mismatch`] if the log has another record at the mark, or none; an
    /// [`Error::Io`] of the kind `NotFound` if there is no log; what the disk says: an unreadable sector is an error, and no torn tail.
    pub fn open_from(
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        from: Option<Mark>,
    ) -> Result<(Self, Tail)> {
        Self::open_beside(disk, segment_bytes, from, Witness::default())
    }

    /// As [`open_from`](Self::open_from), where something else beside the log knows that it was durable up to `witness`: an archive. A bad record up to there
    /// is damage, and is not cut off. That the log's record there is the witness's is for the caller to check.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn open_beside(
        disk: Arc<dyn Disk>,
        segment_bytes: u64,
        from: Option<Mark>,
        witness: Witness,
    ) -> Result<(Self, Tail)> {
        segment::check_bytes(&*disk, segment_bytes)?;
        let segments = segment::list(&*disk)?;
        let Some(first) = segments.first() else {
            let path = disk.path(&segment::name(1));
            return Err(Error::io("open", path, std::io::ErrorKind::NotFound.into()));
        };
        if first.first_op != 1 {
            let found = format!("nothing: the oldest segment begins with op {}", first.first_op);
            return Err(Error::corruption(disk.path(&segment::name(1)), 0, found));
        }
        let id = first.id;
        let from = from.unwrap_or(Mark::GENESIS);
        let begin = segments.partition_point(|segment| segment.first_op <= from.op + 1);
        let mut scan = Scan::new(Arc::clone(&disk), id, segments, begin.saturating_sub(1))?;
        check_mark(scan.mark, from)?;
        let mut unproven = VecDeque::new();
        let mut durable = from.op;
        let stop = loop {
            match scan.step()? {
                Step::Record { header, segment, offset } => {
                    check_mark(scan.mark, from)?;
                    durable = durable.max(header.durable_through);
                    let end = offset + padded(u64::from(header.length));
                    unproven.push_back(Unproven { op: header.op, segment, offset, end });
                    while unproven.front().is_some_and(|record| record.op <= durable) {
                        unproven.pop_front();
                    }
                }
                Step::Stop(stop) => break stop,
            }
        };
        if stop.sealed {
            unproven.clear();
        }
        judge(&scan, &stop, Witness { op: witness.op.max(from.op), ..witness })?;
        let trimmed = trim(&*disk, &mut scan, &stop)?;
        write_again(&*disk, &scan, &unproven)?;
        let mark = scan.mark;
        let last = scan.segments.last().map(Segment::name).unwrap_or_default();
        let file = disk.open(&last).map_err(|e| Error::io("open", disk.path(&last), e))?;
        let log = Self {
            disk,
            id,
            segment_bytes,
            segments: scan.segments,
            file,
            position: stop.offset,
            tail: mark,
            durable: mark,
            dirty: Vec::new(),
            sealed: stop.sealed,
            stopped: None,
            buffer: Vec::new(),
            inherited: true,
        };
        Ok((log, Tail { mark, trimmed }))
    }
}

/// The record of a snapshot's mark is the one that the snapshot was made after.
fn check_mark(found: Mark, from: Mark) -> Result<()> {
    if found.op == from.op && found != from {
        return Err(Error::Mismatch(format!(
            "a snapshot was made after an op {} that is another one in the log",
            from.op
        )));
    }
    Ok(())
}

/// Whether a record that cannot be read was durable once.
fn judge(scan: &Scan, stop: &Stop, known: Witness) -> Result<()> {
    let lost = scan.mark.op + 1;
    let path = scan.path(stop.segment);
    let Witness { op: proven, timestamp } = known;
    if timestamp > scan.mark.timestamp {
        let found = format!(
            "{}, where op {lost} was durable: the archive or a snapshot knows what happened at {timestamp}, and op {} was at {}; or the log is an older copy than that is",
            stop.found, scan.mark.op, scan.mark.timestamp
        );
        return Err(Error::corruption(path, stop.offset, found));
    }
    if proven >= lost {
        let found = format!(
            "{}, where op {lost} was durable: a snapshot or the archive is of op {proven}; or the log is an older copy than they are",
            stop.found
        );
        return Err(Error::corruption(path, stop.offset, found));
    }
    if let Some(witness) = scan.witness(stop, lost)? {
        let found = format!(
            "{}, where op {lost} was durable: byte {} of {} knows that of op {}",
            stop.found,
            witness.offset,
            scan.path(witness.segment).display(),
            witness.durable_through
        );
        return Err(Error::corruption(path, stop.offset, found));
    }
    Ok(())
}

/// Takes away what is behind the last good record. A crash in between leaves a torn tail again.
fn trim(disk: &dyn Disk, scan: &mut Scan, stop: &Stop) -> Result<Option<Trimmed>> {
    let mut removed = Vec::new();
    while scan.segments.len() > stop.segment + 1 {
        // The newest first, each durably: no segment is ever missing in the middle.
        if let Some(segment) = scan.segments.pop() {
            segment::remove(disk, &segment)?;
            removed.push(disk.path(&segment.name()));
        }
    }
    removed.reverse();
    let Some(segment) = scan.segments.last() else { return Ok(None) };
    let begin = if stop.sealed { stop.offset + HEADER as u64 } else { stop.offset };
    let mut bytes = 0;
    if let Some(last) = Window::open(disk, segment)?.last_nonzero(begin)? {
        bytes = last + 1 - begin;
        let name = segment.name();
        let path = disk.path(&name);
        let file = disk.open(&name).map_err(|e| Error::io("open", &path, e))?;
        segment::write_zeros(&*file, begin..last + 1)
            .map_err(|e| Error::io("write to", &path, e))?;
        file.sync().map_err(|e| Error::io("sync", &path, e))?;
    }
    let trimmed = Trimmed {
        path: scan.path(stop.segment),
        offset: begin,
        bytes,
        found: stop.found.clone(),
        segments: removed,
    };
    Ok((trimmed.bytes > 0 || !trimmed.segments.is_empty()).then_some(trimmed))
}

/// Writes what was read, and is not known to be durable, to where it was read, and syncs it. After a failed sync the kernel shows what
/// is not on the disk, and believes it is: only a new write makes it try.
fn write_again(disk: &dyn Disk, scan: &Scan, unproven: &VecDeque<Unproven>) -> Result<()> {
    let mut unproven = unproven.iter().peekable();
    while let Some(first) = unproven.next() {
        let mut end = first.end;
        while let Some(record) = unproven.next_if(|record| record.segment == first.segment) {
            end = record.end;
        }
        let path = scan.path(first.segment);
        let name = scan.segments.get(first.segment).map(Segment::name).unwrap_or_default();
        let file = disk.open(&name).map_err(|e| Error::io("open", &path, e))?;
        let mut chunk = vec![0; (end - first.offset).min(1 << 20) as usize];
        let mut at = first.offset;
        while at < end {
            let length = (chunk.len() as u64).min(end - at) as usize;
            let part = &mut chunk[..length];
            let read = file.read_at(part, at).map_err(|e| Error::io("read", &path, e))?;
            if read < length {
                return Err(Error::corruption(path, at + read as u64, "the end of the file"));
            }
            file.write_at(part, at).map_err(|e| Error::io("write to", &path, e))?;
            at += length as u64;
        }
        file.sync().map_err(|e| Error::io("sync", &path, e))?;
    }
    // The last process may have seen that fail, too.
    disk.sync_names().map_err(|e| Error::io("sync", disk.path(""), e))
}
