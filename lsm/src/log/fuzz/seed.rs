//! A sound log to start from: three segments with everything that a log can have in it.

use std::collections::BTreeMap;

use crate::{
    KeyspaceId, SegmentId,
    log::{
        ChecksumSeed, Codec, HEADER_LEN, LogPosition, SegmentHeader, SegmentKind, compress_value,
        gap_len, mark_len,
        record::{RecordHead, decode, encode, encode_mark},
        record_len,
    },
};

/// The database that the log is of.
pub(super) const DATABASE: u64 = 0x1234_5678_9abc_def0;

const SEGMENTS: u64 = 3;
const BATCHES: u64 = 5;
/// Bytes of zeros behind the records, as of a segment that was preallocated.
const SPARE: usize = 40;

/// Segments 1, 2 and 3: batches of one and of several records, deletes, two keyspaces, gaps, marks, compressed values.
pub(super) fn segments() -> BTreeMap<SegmentId, Vec<u8>> {
    let mut segments = BTreeMap::new();
    let (mut sequence, mut previous) = (1, None);
    for id in (1..=SEGMENTS).map(SegmentId) {
        let header = SegmentHeader {
            kind: SegmentKind::Log,
            id,
            first_sequence: sequence,
            database_id: DATABASE,
            previous,
            recycled: false,
        };
        let mut bytes = header.encode().to_vec();
        for batch in 0..BATCHES {
            if batch == 2 {
                mark(&mut bytes, id);
            }
            let gap = u64::from(batch == 3) * 300;
            let records = 1 + batch % 3;
            for number in 0..records {
                let gap = if number == 0 { gap } else { 0 };
                record(&mut bytes, id, gap, number, number + 1 == records);
            }
            sequence += 1 + gap;
        }
        previous = Some(LogPosition { segment: id, offset: bytes.len() as u32 });
        bytes.resize(bytes.len() + SPARE, 0);
        segments.insert(id, bytes);
    }
    segments
}

/// Where the records of one of these segments end.
pub(super) fn end(bytes: &[u8]) -> u32 {
    (bytes.len() - SPARE) as u32
}

fn record(bytes: &mut Vec<u8>, segment: SegmentId, gap: u64, number: u64, last: bool) {
    let keyspace = KeyspaceId(number as u32 % 2 * 200);
    let key = format!("key {number}");
    let value = vec![b'v'; 10 + 60 * number as usize];
    // Without a codec in this build values stay as they are.
    #[cfg(feature = "lz4")]
    let codec = Codec::Lz4;
    #[cfg(not(feature = "lz4"))]
    let codec = Codec::None;
    let compressed = compress_value(codec, &value);
    let stored = (number != 1).then(|| compressed.as_deref().unwrap_or(&value));
    let head =
        RecordHead { keyspace, gap, last, compressed: stored.is_some() && compressed.is_some() };
    let len = record_len(keyspace, key.len(), stored.map(<[u8]>::len)) + gap_len(gap);
    let seed = ChecksumSeed::new(DATABASE, segment);
    let at = bytes.len();
    bytes.resize(at + len, 0);
    // SAFETY: so many bytes were just added, and the vector is ours alone.
    unsafe {
        encode(bytes.as_mut_ptr().add(at), seed, at as u32, head, key.as_bytes(), stored);
    }
    debug_assert!(matches!(decode(&bytes[at..], seed, at as u32), Ok(Some(_))));
}

fn mark(bytes: &mut Vec<u8>, segment: SegmentId) {
    let seed = ChecksumSeed::new(DATABASE, segment);
    let (at, durable) = (bytes.len(), HEADER_LEN + 30);
    bytes.resize(at + mark_len(durable), 0);
    // SAFETY: so many bytes were just added, and the vector is ours alone.
    unsafe {
        encode_mark(bytes.as_mut_ptr().add(at), seed, at as u32, durable, DATABASE);
    }
}
