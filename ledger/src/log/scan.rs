//! Records one after another, each checked as if the one who wrote it were not trusted.

use std::sync::Arc;

use super::{
    Mark,
    header::{self, ALIGN, HEADER, Header, NoHeader, SEAL, padded},
    segment::{BLOCK, Segment},
};
use crate::{
    Error, Result,
    disk::{Disk, File},
};

/// What is read at once, if a record is not longer.
const CHUNK: u64 = 512 << 10;

/// Where the records end that can be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stop {
    /// The index of the segment.
    pub(super) segment: usize,
    pub(super) offset: u64,
    /// What stands there instead of a record.
    pub(super) found: String,
    /// Whether that is a seal.
    pub(super) sealed: bool,
}

/// One step of a scan.
#[derive(Debug)]
pub(super) enum Step {
    /// A record, whose body is [`Scan::body`] until the next step.
    Record { header: Header, segment: usize, offset: u64 },
    /// None.
    Stop(Stop),
}

/// A walk through segments.
pub(super) struct Scan {
    disk: Arc<dyn Disk>,
    id: [u8; 16],
    pub(super) segments: Vec<Segment>,
    index: usize,
    window: Window,
    offset: u64,
    /// The last record that was read, or the one before the first.
    pub(super) mark: Mark,
    /// Where the last record's body is in the window.
    body: std::ops::Range<usize>,
}

impl Scan {
    /// A walk from the start of a segment.
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        id: [u8; 16],
        segments: Vec<Segment>,
        index: usize,
    ) -> Result<Self> {
        let Some(segment) = segments.get(index) else {
            return Err(Error::Invariant("a scan of no segment".to_owned()));
        };
        let window = Window::open(&*disk, segment)?;
        let mark = segment.before;
        Ok(Self { disk, id, segments, index, window, offset: BLOCK, mark, body: 0..0 })
    }

    /// The body of the record that the last step gave.
    pub(super) fn body(&self) -> &[u8] {
        self.window.buffer.get(self.body.clone()).unwrap_or_default()
    }

    /// Reads anew what comes next: more may have been written there.
    pub(super) fn forget(&mut self) {
        self.window.buffer.clear();
        self.body = 0..0;
    }

    /// The path of a segment.
    pub(super) fn path(&self, index: usize) -> std::path::PathBuf {
        self.disk.path(&self.segments.get(index).map(Segment::name).unwrap_or_default())
    }

    /// The next record, or why there is none.
    pub(super) fn step(&mut self) -> Result<Step> {
        loop {
            let stop = match self.record()? {
                Ok((header, hash)) => {
                    let offset = self.offset;
                    self.offset += padded(u64::from(header.length));
                    self.mark = Mark { op: header.op, timestamp: header.timestamp, hash };
                    return Ok(Step::Record { header, segment: self.index, offset });
                }
                Err(stop) => stop,
            };
            let next = self.segments.get(self.index + 1).cloned();
            let Some(next) = next.filter(|next| next.first_op == self.mark.op + 1) else {
                return Ok(Step::Stop(stop));
            };
            if next.before != self.mark {
                let found = format!(
                    "the segment follows an op {} with another hash or time than that has",
                    self.mark.op
                );
                return Err(Error::corruption(self.path(self.index + 1), 56, found));
            }
            self.check_rest(&stop)?;
            self.window = Window::open(&*self.disk, &next)?;
            self.index += 1;
            self.offset = BLOCK;
        }
    }

    /// The record at the offset, or what is there instead.
    fn record(&mut self) -> Result<std::result::Result<(Header, [u8; 32]), Stop>> {
        let at = self.offset;
        let stop =
            |found: String, sealed: bool| Stop { segment: self.index, offset: at, found, sealed };
        let room = self.window.bytes.saturating_sub(at);
        let Some(bytes) = self.window.header(at)? else {
            return Ok(Err(stop("the end of the segment".to_owned(), false)));
        };
        let header = match Header::decode(&bytes) {
            Ok((_, id)) if id != self.id => {
                return Ok(Err(stop("a record of another log".to_owned(), false)));
            }
            Ok((header, _)) => header,
            Err(NoHeader::Version(found)) => {
                let path = self.path(self.index);
                return Err(Error::Version { path, found, known: header::version() });
            }
            Err(why) => return Ok(Err(stop(why.to_string(), false))),
        };
        let expected = self.mark.op + 1;
        if header.op != expected {
            let found = format!("op {} where op {expected} should be", header.op);
            return Ok(Err(stop(found, false)));
        }
        if header.previous != self.mark.hash {
            let found = format!("op {expected}, which follows another op {}", self.mark.op);
            return Ok(Err(stop(found, false)));
        }
        if header.kind == SEAL {
            let sealed = header == Header::seal(self.mark);
            let found = if sealed { "a seal" } else { "a seal that contradicts itself" };
            return Ok(Err(stop(found.to_owned(), sealed)));
        }
        if header.timestamp <= self.mark.timestamp {
            let found = format!("op {expected}, which is older than the op before it");
            return Ok(Err(stop(found, false)));
        }
        let length = padded(u64::from(header.length));
        if length + HEADER as u64 > room {
            let found = format!("op {expected}, which does not end within its segment");
            return Ok(Err(stop(found, false)));
        }
        let whole = self.window.range(at, length)?;
        let from = whole.start + HEADER;
        let to = from + header.length as usize;
        let (Some(body), Some(padding)) =
            (self.window.buffer.get(from..to), self.window.buffer.get(to..whole.end))
        else {
            return Err(Error::Invariant("a record outside of what was read".to_owned()));
        };
        if crc32c::crc32c(body) != header.body_crc {
            let found = format!("op {expected}, whose body's checksum is wrong");
            return Ok(Err(stop(found, false)));
        }
        if padding.iter().any(|byte| *byte != 0) {
            let found = format!("op {expected}, with something else behind its body than zeros");
            return Ok(Err(stop(found, false)));
        }
        let hash = header::hash(&bytes, body);
        self.body = from..to;
        Ok(Ok((header, hash)))
    }

    /// Behind the last record of a segment that is followed by another stand zeros.
    fn check_rest(&mut self, stop: &Stop) -> Result<()> {
        let from = if stop.sealed { stop.offset + HEADER as u64 } else { stop.offset };
        match self.window.first_nonzero(from)? {
            None => Ok(()),
            Some(offset) => Err(Error::corruption(
                self.path(self.index),
                offset,
                format!(
                    "something behind op {}, which is the segment's last: {}",
                    self.mark.op, stop.found
                ),
            )),
        }
    }

    /// The highest claim of durability that anything makes from a place on, if it is at least `least`: where it stands, and what it claims. What could be a record of this
    /// log is taken for one at any step of 64 bytes, since nobody knows where records are behind one that is bad.
    pub(super) fn witness(&self, stop: &Stop, least: u64) -> Result<Option<Witness>> {
        for (index, segment) in self.segments.iter().enumerate().skip(stop.segment) {
            let begin = if index == stop.segment {
                stop.offset
            } else {
                if segment.durable_through >= least {
                    let durable_through = segment.durable_through;
                    return Ok(Some(Witness { segment: index, offset: 0, durable_through }));
                }
                BLOCK
            };
            let mut window = Window::open(&*self.disk, segment)?;
            let mut at = begin;
            while let Some(bytes) = window.candidate(&mut at)? {
                if let Ok((header, id)) = Header::decode(&bytes)
                    && id == self.id
                    && header.op > self.mark.op
                    && header.durable_through >= least
                {
                    let durable_through = header.durable_through;
                    return Ok(Some(Witness { segment: index, offset: at, durable_through }));
                }
                at += ALIGN;
            }
        }
        Ok(None)
    }
}

/// What says that something had been durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Witness {
    pub(super) segment: usize,
    pub(super) offset: u64,
    pub(super) durable_through: u64,
}

/// A part of a segment in memory.
pub(super) struct Window {
    file: Arc<dyn File>,
    path: std::path::PathBuf,
    bytes: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl Window {
    pub(super) fn open(disk: &dyn Disk, segment: &Segment) -> Result<Self> {
        let name = segment.name();
        let path = disk.path(&name);
        let file = disk.open(&name).map_err(|e| Error::io("open", &path, e))?;
        Ok(Self { file, path, bytes: segment.bytes, start: 0, buffer: Vec::new() })
    }

    /// Where bytes of the segment are in the buffer, which is filled if they are not there. They are within the segment.
    fn range(&mut self, at: u64, length: u64) -> Result<std::ops::Range<usize>> {
        let end = self.start + self.buffer.len() as u64;
        if at < self.start || at + length > end {
            let wanted = length.max(CHUNK).min(self.bytes.saturating_sub(at)).max(length);
            // Bounded by the segment's length, which is the file's.
            self.buffer.resize(wanted as usize, 0);
            self.start = at;
            let read = self
                .file
                .read_at(&mut self.buffer, at)
                .map_err(|e| Error::io("read", &self.path, e))?;
            if read < self.buffer.len() {
                self.buffer.clear();
                let found = format!("the file ends, and should have {} bytes", self.bytes);
                return Err(Error::corruption(&self.path, at + read as u64, found));
            }
        }
        let from = (at - self.start) as usize;
        Ok(from..from + length as usize)
    }

    /// What stands where a header would; none behind the segment's end.
    fn header(&mut self, at: u64) -> Result<Option<[u8; HEADER]>> {
        if at + HEADER as u64 > self.bytes {
            return Ok(None);
        }
        let range = self.range(at, HEADER as u64)?;
        Ok(self.buffer[range].try_into().ok())
    }

    /// The next place from `at` on where a header could begin, by its first bytes.
    fn candidate(&mut self, at: &mut u64) -> Result<Option<[u8; HEADER]>> {
        while *at + HEADER as u64 <= self.bytes {
            let range = self.range(*at, HEADER as u64)?;
            // As far as what is in memory goes.
            let rest = &self.buffer[range.start..];
            let found =
                rest.chunks(ALIGN as usize).position(|chunk| chunk.starts_with(&header::MAGIC));
            match found {
                Some(0) => return self.header(*at),
                Some(steps) => *at += steps as u64 * ALIGN,
                None => *at += rest.len().div_ceil(ALIGN as usize) as u64 * ALIGN,
            }
        }
        Ok(None)
    }

    /// The first byte from `at` on that is not zero.
    pub(super) fn first_nonzero(&mut self, mut at: u64) -> Result<Option<u64>> {
        while at < self.bytes {
            let length = CHUNK.min(self.bytes - at);
            let range = self.range(at, length)?;
            let bytes = &self.buffer[range];
            if !zeros(bytes) {
                let within = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
                return Ok(Some(at + within as u64));
            }
            at += length;
        }
        Ok(None)
    }

    /// Where the last byte is that is not zero, and that is not before `at`.
    pub(super) fn last_nonzero(&mut self, mut at: u64) -> Result<Option<u64>> {
        let mut last = None;
        while at < self.bytes {
            let length = CHUNK.min(self.bytes - at);
            let range = self.range(at, length)?;
            let bytes = &self.buffer[range];
            if !zeros(bytes)
                && let Some(within) = bytes.iter().rposition(|byte| *byte != 0)
            {
                last = Some(at + within as u64);
            }
            at += length;
        }
        Ok(last)
    }
}

/// By sixteen at a time: what has to be looked through is as long as a segment.
fn zeros(bytes: &[u8]) -> bool {
    let (sixteens, rest) = bytes.as_chunks::<16>();
    sixteens.iter().all(|sixteen| u128::from_ne_bytes(*sixteen) == 0)
        && rest.iter().all(|byte| *byte == 0)
}
