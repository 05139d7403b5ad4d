//! How a record that a crash tore is told from one in which a bit flipped.
//!
//! Disks write whole sectors, in any order. Of an append that was cut off each sector may be there or not, or be there up to some byte; what is not
//! there is zero, since the file was extended by it. A record in which one bit flipped was complete, and acknowledged. The two look the same where what
//! a sector lost had one bit set: the length alone in front of a sector's end, say, if it is a power of two. Writers leave no such places: a
//! record ends with a byte of several bits, and is padded in front until the parts of it that may be lost have several bits each.

use super::format::{FRAME_LEN, frame};
use crate::{varint, version::edit::PADDING};

/// Disks write no less than this; a multiple of it is as good.
const SECTOR: usize = 512;
/// More than one bit is set in it.
const FILL: u8 = 0x5a;
/// How much padding is tried.
const MOST: usize = 48;
/// In longer payloads nobody searches for the flipped bit, which takes the square of their length.
pub(super) const LONGEST_SEARCHED: usize = 16 << 10;

/// Appends the record that holds `payload`, for `offset`.
pub(super) fn frame_unmistakably(number: u64, offset: u64, payload: &[u8], out: &mut Vec<u8>) {
    let mut almost = None;
    for padding in 0..MOST {
        let payload = padded(payload, padding);
        let mut framed = Vec::with_capacity(FRAME_LEN + payload.len());
        frame(number, offset, &payload, &mut framed);
        // The parts that are searched.
        let searched = if payload.len() > LONGEST_SEARCHED { FRAME_LEN } else { framed.len() };
        let parts = || parts(offset, framed.len()).take_while(|part| part.start < searched);
        if parts().all(|part| is_clear(&framed[part])) {
            out.extend_from_slice(&framed);
            return;
        }
        // Whole sectors at least, if data that is full of single bits lets no sector be cut anywhere.
        if almost.is_none() && parts().all(|part| ones(&framed[part]) != 1) {
            almost = Some(framed);
        }
    }
    match almost {
        Some(framed) => out.extend_from_slice(&framed),
        None => frame(number, offset, &padded(payload, 0), out),
    }
}

fn padded(payload: &[u8], padding: usize) -> Vec<u8> {
    let mut padded = Vec::with_capacity(payload.len() + MOST + 8);
    if padding > 0 {
        varint::put(&mut padded, PADDING);
        varint::put_bytes(&mut padded, &[FILL; MOST][..padding]);
    }
    padded.extend_from_slice(payload);
    varint::put(&mut padded, PADDING);
    varint::put_bytes(&mut padded, &[FILL]);
    padded
}

/// What lies in one sector each of a record of this length.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let first = SECTOR - (offset % SECTOR as u64) as usize;
    let starts = std::iter::once(0).chain((first..).step_by(SECTOR));
    starts
        .zip((first..).step_by(SECTOR))
        .map_while(move |(start, end)| (start < len).then_some(start..end.min(len)))
}

fn ones(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| byte.count_ones()).sum()
}

/// Whether from any byte on several bits are lost with the rest of the part, or none.
fn is_clear(part: &[u8]) -> bool {
    part.iter().rev().find(|byte| **byte != 0).is_none_or(|byte| byte.count_ones() > 1)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::{
        super::{format::header, replay},
        *,
    };
    use crate::version::{CreateKeyspace, Edit};

    const NUMBER: u64 = 7;

    /// A manifest whose last record begins so far behind a sector's begin, and where that is.
    fn manifest(phase: usize, last: &Edit) -> (Vec<u8>, usize) {
        let mut bytes = header(NUMBER).to_vec();
        let first = |options: usize| Edit {
            database_id: Some(1),
            create: vec![CreateKeyspace {
                id: crate::KeyspaceId(0),
                name: "default".into(),
                options: "o".repeat(options),
            }],
            ..Edit::default()
        };
        let mut options = 600;
        loop {
            let mut payload = Vec::new();
            first(options).encode(&mut payload);
            let mut framed = Vec::new();
            frame(NUMBER, bytes.len() as u64, &payload, &mut framed);
            if (bytes.len() + framed.len()) % SECTOR == phase {
                bytes.extend_from_slice(&framed);
                break;
            }
            options += 1;
        }
        let at = bytes.len();
        let mut payload = Vec::new();
        last.encode(&mut payload);
        frame_unmistakably(NUMBER, at as u64, &payload, &mut bytes);
        (bytes, at)
    }

    fn check(phase: usize, last: &Edit) {
        let (bytes, at) = manifest(phase, last);
        let path = Path::new("M");
        let whole = replay(path, NUMBER, &bytes).unwrap();
        assert_eq!(whole.end, bytes.len() as u64);
        let record = bytes.len() - at;
        // Each sector lost, or cut anywhere.
        for part in parts(at as u64, record) {
            for cut in part.clone() {
                let mut torn = bytes.clone();
                torn[at + cut..at + part.end].fill(0);
                if torn == bytes {
                    continue;
                }
                let found = replay(path, NUMBER, &torn)
                    .unwrap_or_else(|error| panic!("{phase}, {part:?} from {cut}: {error}"));
                assert_eq!(found.end, at as u64);
            }
        }
        for bit in at * 8..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = replay(path, NUMBER, &flipped).unwrap_err();
            assert!(error.is_corruption(), "{phase}, bit {bit}: {error}");
        }
    }

    /// Edits whose lengths, and whose bytes, are single bits.
    #[test]
    fn a_torn_record_is_none_in_which_a_bit_flipped_wherever_a_sector_ends() {
        let edits = [
            Edit { clean_close: true, ..Edit::default() },
            Edit { next_file: Some(1), ..Edit::default() },
            Edit { next_file: Some(64), last_sequence: Some(1), ..Edit::default() },
        ];
        for phase in 0..SECTOR {
            // A record of some 30 bytes has a boundary in it, or the others are as good as one.
            let count = if phase > SECTOR - 40 { edits.len() } else { 1 };
            edits[..count].iter().for_each(|edit| check(phase, edit));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_torn_record_is_none_in_which_a_bit_flipped(
            phase in 0..SECTOR,
            names in proptest::collection::vec("[@ A-Z`]{1,200}", 1..4),
            next in 0..1_u64 << 40,
        ) {
            let create = names.iter().zip(1..).map(|(name, id)| CreateKeyspace {
                id: crate::KeyspaceId(id),
                name: format!("{id}{name}"),
                options: String::new(),
            });
            check(phase, &Edit { create: create.collect(), next_file: Some(next), ..Edit::default() });
        }
    }
}
