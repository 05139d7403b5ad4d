//! Reading a manifest: what its edits add up to, and whether what does not check at its end is a torn append or damage.

use std::path::Path;

use super::{
    format::{FRAME_LEN, HEADER_LEN, MAGIC, VERSION, checksum, record_at},
    tearing::LONGEST_SEARCHED,
};
use crate::{
    Error, Result,
    version::{
        edit::{Edit, EditError},
        state::State,
    },
};

/// What a manifest's bytes add up to.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) state: State,
    /// Where the valid edits end. Records of another that was not written to its end may follow.
    pub(crate) end: u64,
    /// Where the first edit ends.
    pub(crate) base_end: u64,
    /// Offset and contents of every edit.
    pub(crate) edits: Vec<(u64, Edit)>,
}

/// Reads a manifest from its bytes; `path` is for the messages.
pub(crate) fn replay(path: &Path, number: u64, bytes: &[u8]) -> Result<Replayed> {
    let damage = |offset: u64, found: String| Error::corruption(path, offset, found);
    let header = bytes
        .get(..HEADER_LEN as usize)
        .ok_or_else(|| damage(0, format!("{} bytes, shorter than its header", bytes.len())))?;
    if &header[..8] != MAGIC {
        return Err(damage(0, "no manifest: the magic is wrong".to_owned()));
    }
    let found = crc32c::crc32c(&header[..28]);
    if header[28..] != found.to_le_bytes() {
        return Err(damage(
            28,
            format!("header checksum {:02x?}, computed {found:#010x}", &header[28..]),
        ));
    }
    let version = u16::from_le_bytes([header[8], header[9]]);
    if version > VERSION {
        return Err(Error::NewerFormat {
            path: path.to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    if header[16..24] != number.to_le_bytes() {
        return Err(damage(
            16,
            format!("the header is of manifest {:02x?}, not {number}", &header[16..24]),
        ));
    }
    let mut state = State::default();
    let mut edits = Vec::new();
    let mut edit = Edit::default();
    // Behind the last record that checks, and behind the last whole edit.
    let (mut at, mut end) = (HEADER_LEN as usize, HEADER_LEN as usize);
    let mut base_end = 0;
    while let Some(payload) = record_at(number, bytes, at) {
        let goes_on = edit.read(payload).map_err(|error| match error {
            EditError::Malformed(what) => {
                damage(at as u64, format!("an edit that checks but does not parse: {what}"))
            }
            EditError::UnknownTag(_) => {
                Error::NewerFormat { path: path.to_owned(), found: VERSION + 1, supported: VERSION }
            }
        })?;
        at += FRAME_LEN + payload.len();
        if goes_on {
            continue;
        }
        let edit = std::mem::take(&mut edit);
        state.apply(&edit).map_err(|what| damage(end as u64, what))?;
        edits.push((end as u64, edit));
        end = at;
        if base_end == 0 {
            base_end = at as u64;
        }
    }
    if edits.is_empty() {
        // All of it was synced before CURRENT named the file.
        return Err(damage(
            at as u64,
            "the first edit does not check, or not to its end".to_owned(),
        ));
    }
    if state.clean_close && end < bytes.len() {
        return Err(damage(
            end as u64,
            format!("{} bytes behind a clean close", bytes.len() - end),
        ));
    }
    // A record is synced before the next one is written, so a torn one can only be the last.
    if let Some(later) =
        (at + 1..bytes.len()).find(|later| record_at(number, bytes, *later).is_some())
    {
        return Err(damage(
            at as u64,
            format!("an edit that does not check, with a valid one behind it at {later}"),
        ));
    }
    if !tail_is_torn(number, bytes, at) {
        return Err(damage(at as u64, "the last edit is complete and does not check".to_owned()));
    }
    Ok(Replayed { state, end: end as u64, base_end, edits })
}

/// Whether what lies at `at`, and does not check, can be an append that a crash interrupted. It cannot if one flipped bit
/// is all that is wrong with it: then it was complete once, and what it says was acknowledged. No crash leaves that: see [`super::tearing`].
fn tail_is_torn(number: u64, bytes: &[u8], at: usize) -> bool {
    let tail = &bytes[at..];
    let Some(frame) = tail.get(..FRAME_LEN) else { return true };
    let len = u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]]);
    let expected = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    let payload = |len: u32| tail.get(FRAME_LEN..FRAME_LEN.saturating_add(len as usize));
    // Bits in which the checksum that the payload has differs from the one in the frame.
    let differs = |payload: &[u8]| checksum(number, at as u64, payload) ^ expected;
    // In the length.
    if (0..32).filter_map(|bit| payload(len ^ (1 << bit))).any(|payload| differs(payload) == 0) {
        return false;
    }
    let Some(payload) = payload(len) else { return true };
    // In the checksum.
    if differs(payload).is_power_of_two() {
        return false;
    }
    if payload.len() > LONGEST_SEARCHED {
        return true;
    }
    let mut payload = payload.to_vec();
    let in_payload = (0..payload.len() * 8).any(|bit| {
        payload[bit / 8] ^= 1 << (bit % 8);
        let found = differs(&payload) == 0;
        payload[bit / 8] ^= 1 << (bit % 8);
        found
    });
    !in_payload
}
