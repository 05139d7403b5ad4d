//! Appending: what goes where, and the writes.

use std::{io, ops::Range, sync::Arc};

use super::{
    Draft, Log, Mark,
    header::{self, HEADER, Header, SEAL, padded},
    segment::{self, BLOCK, Segment},
};
use crate::{Error, Result, disk::File};

/// What one append writes into one segment.
pub(super) struct Part {
    /// The segment that has to be made for it.
    new: Option<Segment>,
    offset: u64,
    /// Of the buffer.
    bytes: Range<usize>,
}

impl Log {
    pub(super) fn validate(&self, drafts: &[Draft<'_>]) -> Result<()> {
        let mut before = self.tail.timestamp;
        for draft in drafts {
            let most = self.max_body().min(u64::from(u32::MAX));
            if draft.body.len() as u64 > most {
                let bytes = draft.body.len();
                return Err(Error::Batch(format!(
                    "{bytes} bytes are too long for a record, which has at most {most}"
                )));
            }
            if draft.kind == SEAL {
                return Err(Error::Batch(format!("records are of any kind but {SEAL}")));
            }
            if draft.timestamp <= before {
                return Err(Error::Invariant(format!(
                    "a record of time {} follows one of time {before}",
                    draft.timestamp
                )));
            }
            before = draft.timestamp;
        }
        Ok(())
    }

    /// Encodes records into the buffer, and says which bytes of it go where.
    pub(super) fn lay_out(&self, drafts: &[Draft<'_>], buffer: &mut Vec<u8>) -> (Vec<Part>, Mark) {
        let mut tail = self.tail;
        let group = tail.op + 1;
        let mut end = self.segments.last().map_or(0, |segment| segment.bytes);
        let mut position = self.position;
        let mut parts = vec![Part { new: None, offset: position, bytes: 0..0 }];
        for draft in drafts {
            let length = padded(draft.body.len() as u64);
            if position + length + HEADER as u64 > end {
                parts.push(Part {
                    new: Some(Segment::after(self.id, self.segment_bytes, tail, self.durable.op)),
                    offset: BLOCK,
                    bytes: buffer.len()..buffer.len(),
                });
                position = BLOCK;
                end = self.segment_bytes;
            }
            let header = Header {
                kind: draft.kind,
                count: draft.count,
                op: tail.op + 1,
                timestamp: draft.timestamp,
                // `validate` saw that it fits.
                length: draft.body.len() as u32,
                previous: tail.hash,
                durable_through: self.durable.op,
                group,
                body_crc: crc32c::crc32c(draft.body),
            };
            let encoded = header.encode(&self.id);
            buffer.extend_from_slice(&encoded);
            buffer.extend_from_slice(draft.body);
            position += length;
            if let Some(part) = parts.last_mut() {
                let written = (position - part.offset) as usize;
                buffer.resize(part.bytes.start + written, 0);
                part.bytes.end = buffer.len();
            }
            tail = Mark {
                op: header.op,
                timestamp: draft.timestamp,
                hash: header::hash(&encoded, draft.body),
            };
        }
        parts.retain(|part| !part.bytes.is_empty());
        (parts, tail)
    }

    pub(super) fn write(&mut self, parts: Vec<Part>, buffer: &[u8]) -> Result<()> {
        if self.inherited && parts.iter().any(|part| part.new.is_some()) {
            self.blank_rest().map_err(|e| self.stop("write zeros to", e))?;
        }
        // All segments first: if there is no room for one of them, nothing was written.
        let mut made = Vec::new();
        for part in &parts {
            if let Some(segment) = &part.new {
                let blank = match segment::blank(&*self.disk, segment.bytes) {
                    Ok(blank) => blank,
                    Err(error) => return Err(self.unmake(&made, error)),
                };
                match blank.become_segment(&*self.disk, segment) {
                    Ok(file) => made.push((segment.clone(), file)),
                    // Its name may be there. If the log went on, records of these numbers could come to stand before it, and it in the way of those behind.
                    Err(error) => {
                        self.stopped = Some(error.to_string());
                        return Err(error);
                    }
                }
            }
        }
        let mut made = made.into_iter();
        for part in parts {
            if part.new.is_some()
                && let Some((segment, file)) = made.next()
            {
                self.segments.push(segment);
                self.file = file;
            }
            self.dirty_last();
            let bytes = &buffer[part.bytes];
            self.file.write_at(bytes, part.offset).map_err(|e| self.stop("write to", e))?;
            self.position = part.offset + bytes.len() as u64;
        }
        Ok(())
    }

    /// Overwrites what a process before this one may have left behind the tail of the last segment, durably, before there is a segment behind it. Opening the log does so
    /// as well, but cannot know all: zeros that it reads may be the system's memory of ones that a failed sync never brought to the disk. Costs little: a segment is
    /// left when a record does not fit.
    fn blank_rest(&mut self) -> io::Result<()> {
        let end = self.segments.last().map_or(0, |segment| segment.bytes);
        segment::write_zeros(&*self.file, self.position..end)?;
        self.file.sync()?;
        self.inherited = false;
        self.sealed = false;
        Ok(())
    }

    /// Takes back segments that were made for an append that cannot be, so that it can be tried again.
    fn unmake(&mut self, made: &[(Segment, Arc<dyn File>)], error: Error) -> Error {
        let full = error.is_full();
        for (segment, _) in made.iter().rev() {
            if let Err(e) = segment::remove(&*self.disk, segment) {
                self.stopped = Some(e.to_string());
                return e;
            }
        }
        if !full {
            self.stopped = Some(error.to_string());
        }
        error
    }

    fn dirty_last(&mut self) {
        if !self.dirty.last().is_some_and(|file| Arc::ptr_eq(file, &self.file)) {
            self.dirty.push(Arc::clone(&self.file));
        }
    }
}
