//! A manifest's bytes: its header, the records that an edit takes, and the frame around each.

use std::borrow::Cow;

use crate::{varint, version::edit::GOES_ON_FIELD};

pub(super) const MAGIC: &[u8; 8] = b"LSMMANI\n";
pub(super) const VERSION: u16 = 1;
pub(super) const HEADER_LEN: u64 = 32;
/// Length and checksum in front of a record.
pub(super) const FRAME_LEN: usize = 8;

/// No record is longer: a longer length is damage.
const MAX_RECORD_LEN: u32 = 256 << 20;
/// An edit goes on in another record once it has taken this much of one. Shorter in unit tests, so that more edits do.
pub(super) const RECORD_LEN: usize = if cfg!(test) { 4 << 10 } else { 1 << 20 };

/// No manifest is longer.
pub(super) const MAX_LEN: u64 = if cfg!(test) { 1 << 20 } else { 2 << 30 };
/// Nor is it made longer than this by what it would have to say for ever, or nothing could be said any more.
pub(super) const MAX_GROWN_LEN: u64 = MAX_LEN / 2;

/// The header of manifest `number`.
pub(in crate::version) fn header(number: u64) -> [u8; HEADER_LEN as usize] {
    let mut header = [0; HEADER_LEN as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..10].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&number.to_le_bytes());
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// What the records of an edit hold: whole fields, so that each is little longer than [`RECORD_LEN`].
pub(super) fn records(payload: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let mut records = Vec::new();
    let mut reader = varint::Reader::new(payload);
    let mut start = 0;
    // What was just encoded can be read.
    while reader.varint().and_then(|_tag| reader.bytes()).is_some() {
        let at = payload.len() - reader.rest().len();
        if at - start >= RECORD_LEN && at < payload.len() {
            records.push([&GOES_ON_FIELD, &payload[start..at]].concat().into());
            start = at;
        }
    }
    records.push(payload[start..].into());
    records
}

/// Appends length, checksum and payload of a record that will lie at `offset`.
pub(in crate::version) fn frame(number: u64, offset: u64, payload: &[u8], out: &mut Vec<u8>) {
    // The longest field, and thereby a record, is far below 4 GiB.
    #[allow(clippy::cast_possible_truncation)]
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(number, offset, payload).to_le_bytes());
    out.extend_from_slice(payload);
}

pub(super) fn checksum(number: u64, offset: u64, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&((number << 32) ^ offset).to_le_bytes()), payload)
}

/// The payload of the record at `at`, if it checks.
pub(super) fn record_at(number: u64, bytes: &[u8], at: usize) -> Option<&[u8]> {
    let frame = bytes.get(at..at + FRAME_LEN)?;
    let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    if len == 0 || len > MAX_RECORD_LEN {
        return None;
    }
    let payload = bytes.get(at + FRAME_LEN..at + FRAME_LEN + len as usize)?;
    let expected = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    (checksum(number, at as u64, payload) == expected).then_some(payload)
}

/// Makes the checksums of header and records right, as far as the lengths make sense. For fuzzing: random bytes never check.
pub(in crate::version) fn reseal(bytes: &mut [u8]) {
    let Some((header, _)) = bytes.split_first_chunk_mut::<{ HEADER_LEN as usize }>() else {
        return;
    };
    let crc = crc32c::crc32c(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
    let mut word = [0; 8];
    word.copy_from_slice(&header[16..24]);
    let number = u64::from_le_bytes(word);
    let mut at = HEADER_LEN as usize;
    while let Some((frame, payload)) =
        bytes.get_mut(at..).and_then(|rest| rest.split_first_chunk_mut::<FRAME_LEN>())
    {
        let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
        let Some(payload) = payload.get(..len).filter(|payload| !payload.is_empty()) else {
            return;
        };
        frame[4..].copy_from_slice(&checksum(number, at as u64, payload).to_le_bytes());
        at += FRAME_LEN + len;
    }
}
