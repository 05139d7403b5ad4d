//! A part of the log as one file, with the proof that it is that part.
//!
//! Every record holds the hash of the one before, so that the hash of the last one stands for all of them: whoever has that hash from elsewhere (from a
//! statement, a notary, another copy) needs nothing else to know that no byte of the export was changed, added or left out. The format is in
//! `FORMAT.md`; reading it takes BLAKE3, and nothing of this crate.

use std::{io, ops::RangeInclusive, path::PathBuf};

use super::{
    Log, Mark, Record,
    header::{self, HEADER, Header, NoHeader, SEAL},
};
use crate::{Error, Result};

const MAGIC: [u8; 8] = *b"LEDGREXP";
const VERSION: u32 = 1;
/// How long the beginning of an export is.
const BEGIN: usize = 128;
/// What is read at once of a body whose length nobody vouches for yet.
const PIECE: u64 = 64 << 10;

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The log's id.
    pub id: [u8; 16],
    /// The record before the first, by its number and hash; its time is not in the export, and 0.
    pub before: Mark,
    /// The last record.
    pub last: Mark,
    /// How many records.
    pub records: u64,
    /// How many events they say that they have, together.
    pub events: u64,
    /// How many bytes were read.
    pub bytes: u64,
}

/// Writes records of a log, checked as they are read. Returns the last one's mark, whose hash proves the export.
///
/// # Errors
///
/// [`Error::Mismatch`] if the log has not all of them durable; damage; what the disk or `out` says.
pub fn export(log: &Log, ops: RangeInclusive<u64>, out: &mut dyn io::Write) -> Result<Mark> {
    let (from, to) = ops.into_inner();
    if from < log.first_op() || from > to || to > log.durable().op {
        return Err(Error::Mismatch(format!(
            "ops {from} to {to} are to be exported, and the log has {} to {}",
            log.first_op(),
            log.durable().op
        )));
    }
    let failed = |e| Error::io("write to", nowhere(), e);
    let mut reader = log.read(from)?;
    out.write_all(&begin(&log.id(), from, to, &reader.mark().hash)).map_err(failed)?;
    while reader.mark().op < to {
        let Some(lent) = reader.advance()? else { break };
        let header = Header {
            kind: lent.kind,
            count: lent.count,
            op: lent.mark.op,
            timestamp: lent.mark.timestamp,
            // It was read from a header, where it is as long.
            length: lent.body.len() as u32,
            previous: lent.previous,
            durable_through: 0,
            group: 0,
            body_crc: crc32c::crc32c(lent.body),
        };
        out.write_all(&header.encode(&log.id())).map_err(failed)?;
        out.write_all(lent.body).map_err(failed)?;
    }
    out.flush().map_err(failed)?;
    Ok(reader.mark())
}

/// Reads an export and proves it: `expected` is the hash of its last record, which the one who asks has from elsewhere. `visit` gets every
/// record; what it got is proven once this returns `Ok`, and not before.
///
/// # Errors
///
/// [`Error::Corruption`], with the offset, for the first byte that cannot be; [`Error::Mismatch`] if the export is sound and ends with another hash;
/// [`Error::Version`]; what `input` says.
pub fn verify_export(
    input: &mut dyn io::Read,
    expected: &[u8; 32],
    visit: &mut dyn FnMut(&Record),
) -> Result<Summary> {
    let mut bytes = [0; BEGIN];
    fill(input, &mut bytes, 0)?;
    let (id, from, to, previous) = decode_begin(&bytes)?;
    let before = Mark { op: from - 1, timestamp: 0, hash: previous };
    let mut summary =
        Summary { id, before, last: before, records: 0, events: 0, bytes: BEGIN as u64 };
    while summary.last.op < to {
        let record = read_record(input, &summary)?;
        visit(&record);
        summary.last = record.mark;
        summary.records += 1;
        summary.events = summary.events.saturating_add(u64::from(record.count));
        summary.bytes += (HEADER + record.body.len()) as u64;
    }
    let mut more = [0];
    let read = input.read(&mut more).map_err(|e| Error::io("read", nowhere(), e))?;
    if read != 0 {
        return Err(damaged(summary.bytes, "something behind the last record"));
    }
    if summary.last.hash != *expected {
        return Err(Error::Mismatch(format!(
            "the export ends with the hash {}, and {} was expected",
            blake3::Hash::from(summary.last.hash).to_hex(),
            blake3::Hash::from(*expected).to_hex()
        )));
    }
    Ok(summary)
}

fn read_record(input: &mut dyn io::Read, so_far: &Summary) -> Result<Record> {
    let at = so_far.bytes;
    let op = so_far.last.op + 1;
    let mut bytes = [0; HEADER];
    fill(input, &mut bytes, at)?;
    let (header, id) = Header::decode(&bytes).map_err(|why| match why {
        NoHeader::Version(found) => {
            Error::Version { path: nowhere(), found, known: header::version() }
        }
        why => damaged(at, format!("{why}, where op {op} should be")),
    })?;
    let follows = header.op == op
        && header.previous == so_far.last.hash
        && header.timestamp > so_far.last.timestamp
        && header.kind != SEAL
        && id == so_far.id;
    if !follows {
        return Err(damaged(at, format!("a record that does not follow op {}", op - 1)));
    }
    let length = u64::from(header.length);
    let mut body = Vec::new();
    while (body.len() as u64) < length {
        // No more is asked for than a piece beyond what was really there.
        let piece = PIECE.min(length - body.len() as u64) as usize;
        let had = body.len();
        body.resize(had + piece, 0);
        fill(input, &mut body[had..], at + (HEADER + had) as u64)?;
    }
    if crc32c::crc32c(&body) != header.body_crc {
        return Err(damaged(at, format!("op {op}, whose body's checksum is wrong")));
    }
    let hash = header::hash(&bytes, &body);
    Ok(Record {
        mark: Mark { op, timestamp: header.timestamp, hash },
        previous: header.previous,
        kind: header.kind,
        count: header.count,
        body,
    })
}

fn begin(id: &[u8; 16], from: u64, to: u64, previous: &[u8; 32]) -> [u8; BEGIN] {
    let mut bytes = [0; BEGIN];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..32].copy_from_slice(id);
    bytes[32..40].copy_from_slice(&from.to_le_bytes());
    bytes[40..48].copy_from_slice(&to.to_le_bytes());
    bytes[48..80].copy_from_slice(previous);
    let crc = begin_crc(&bytes);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn decode_begin(bytes: &[u8; BEGIN]) -> Result<([u8; 16], u64, u64, [u8; 32])> {
    if bytes[..8] != MAGIC {
        return Err(damaged(0, "no export of a ledger's log begins there"));
    }
    if part::<4>(bytes, 12) != begin_crc(bytes).to_le_bytes() {
        return Err(damaged(0, "the checksum of the export's beginning is wrong"));
    }
    let version = u32::from_le_bytes(part(bytes, 8));
    if version != VERSION {
        return Err(Error::Version { path: nowhere(), found: version, known: VERSION });
    }
    let (from, to) = (u64::from_le_bytes(part(bytes, 32)), u64::from_le_bytes(part(bytes, 40)));
    if from == 0 || from > to {
        return Err(damaged(32, format!("an export of the ops {from} to {to}")));
    }
    Ok((part(bytes, 16), from, to, part(bytes, 48)))
}

fn begin_crc(bytes: &[u8; BEGIN]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..])
}

/// `N` bytes of an export's beginning. All callers ask for bytes within its 128.
fn part<const N: usize>(bytes: &[u8; BEGIN], at: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[at..at + N]);
    part
}

fn fill(input: &mut dyn io::Read, buffer: &mut [u8], at: u64) -> Result<()> {
    input.read_exact(buffer).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => damaged(at, "the end of the export, too early"),
        _ => Error::io("read", nowhere(), e),
    })
}

fn damaged(offset: u64, found: impl Into<String>) -> Error {
    Error::corruption(nowhere(), offset, found)
}

/// An export has no name that is known here.
fn nowhere() -> PathBuf {
    PathBuf::from("<export>")
}
