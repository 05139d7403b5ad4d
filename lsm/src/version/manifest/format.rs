//! A manifest's bytes: its header, and the frame around each edit.

pub(super) const MAGIC: &[u8; 8] = b"LSMMANI\n";
pub(super) const VERSION: u16 = 1;
pub(super) const HEADER_LEN: u64 = 32;
/// Length and checksum in front of an edit.
pub(super) const FRAME_LEN: usize = 8;

/// No edit is near this long: a longer length is damage.
pub(super) const MAX_EDIT_LEN: u32 = 256 << 20;

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

/// Appends length, checksum and payload of an edit that will lie at `offset`.
pub(in crate::version) fn frame(number: u64, offset: u64, payload: &[u8], out: &mut Vec<u8>) {
    // Edits are far below 4 GiB: a hundred bytes a table.
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
    if len == 0 || len > MAX_EDIT_LEN {
        return None;
    }
    let payload = bytes.get(at + FRAME_LEN..at + FRAME_LEN + len as usize)?;
    let expected = u32::from_le_bytes([frame[4], frame[5], frame[6], frame[7]]);
    (checksum(number, at as u64, payload) == expected).then_some(payload)
}

/// Makes the checksums of header and edits right, as far as the lengths make sense. For fuzzing: random bytes never check.
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
