//! Arbitrary bytes as a log segment, for the fuzz target and its unit test.

use super::{
    HEADER_LEN, LogPosition, SegmentHeader, decompress,
    record::{decode, reseal, value_at},
    recover::Replay,
};
use crate::{EntryKind, SegmentId};

/// Replays `bytes` as a log segment, once as they are and once with every checksum made right, so that what lies behind the
/// checksums is reached too.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn fuzz_log(bytes: &[u8]) {
    replay(bytes);
    let mut repaired = bytes.to_vec();
    let mut at = HEADER_LEN as usize;
    while let Some(rest) = repaired.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match reseal(rest, SEGMENT, at as u32) {
            Some(len) => at += len,
            None => break,
        }
    }
    replay(&repaired);
}

const SEGMENT: SegmentId = SegmentId(1);

fn replay(bytes: &[u8]) {
    let mut database_id = 0;
    if let Some(Ok(header)) = bytes.first_chunk().map(SegmentHeader::decode) {
        assert_eq!(Some(&header.encode()), bytes.first_chunk(), "a header has one form");
        database_id = header.database_id;
    }
    let mut replay = Replay::new(database_id, 1);
    let mut records_end = HEADER_LEN;
    let mut last_sequence = 0;
    let result = replay.segment(SEGMENT, bytes, HEADER_LEN, None, &mut |batch| {
        assert!(batch.sequence > last_sequence && !batch.records.is_empty());
        last_sequence = batch.sequence;
        for record in batch.records {
            let (start, len) = (record.pointer.offset, record.pointer.len as usize);
            assert!(start >= records_end);
            records_end = start + record.pointer.len;
            let frame = bytes.get(start as usize..records_end as usize).unwrap_or_default();
            assert_eq!(frame.len(), len);
            let value = value_at(frame, SEGMENT, start, record.key);
            match record.kind {
                EntryKind::Put => {
                    assert_eq!(value.map(|value| value.bytes), Ok(record.stored));
                    if record.compressed {
                        let _ = decompress(record.stored);
                    }
                }
                EntryKind::Delete => assert!(value.is_err()),
            }
        }
        Ok(())
    });
    let Ok((end, batches, _)) = result else { unreachable!("the sink never fails") };
    assert!(end as usize <= bytes.len().max(HEADER_LEN as usize) && end >= records_end);
    assert!(batches <= u64::from(end));
    let rest = bytes.get(end as usize..).unwrap_or_default();
    let stop = LogPosition { segment: SEGMENT, offset: end };
    let _ = replay.look_ahead(SEGMENT, rest, end, stop);
    for start in 0..rest.len().min(64) {
        let _ = decode(rest.get(start..).unwrap_or_default(), SEGMENT, end);
    }
}
