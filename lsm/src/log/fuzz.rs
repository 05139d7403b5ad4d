//! Entry points for fuzzing, which the unit tests share. Not part of the crate's interface.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    ChecksumSeed, HEADER_LEN, LogPosition, ReplayPosition, SegmentHeader, decompress,
    record::{decode, reseal, value_at},
    recover::Replay,
    scan,
};
use crate::{EntryKind, Error, SegmentId, fs::FileSystem};

mod files;
mod seed;

use files::SegmentFiles;

const SEGMENT: SegmentId = SegmentId(1);
const SEED: ChecksumSeed = ChecksumSeed::new(seed::DATABASE, SEGMENT);

/// Takes arbitrary bytes for a record, once with the checksum they have and once with the right one.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn record(bytes: &[u8]) {
    // Any place will do: the checksum is made for it.
    let place = HEADER_LEN + bytes.len() as u32;
    let mut sealed = bytes.to_vec();
    let fits = reseal(&mut sealed, SEED, place);
    for bytes in [bytes, &sealed] {
        let Ok(Some(found)) = decode(bytes, SEED, place) else { continue };
        let whole = bytes.get(..found.len);
        assert!(whole.is_some() && found.key.len() + found.value.len() < found.len);
        let read = value_at(whole.unwrap_or_default(), SEED, place, found.key);
        if found.kind.entry() == Some(EntryKind::Put) {
            assert_eq!(read.map(|value| value.bytes), Ok(found.value));
        } else {
            assert!(read.is_err(), "only a put has a value");
        }
        if found.compressed {
            let _ = decompress(found.value);
        }
    }
    if let Some(len) = fits {
        assert_eq!(
            decode(&sealed, SEED, place).map(|found| found.map(|found| found.len)),
            Ok(Some(len))
        );
    }
    let _ = decompress(bytes);
}

/// Replays arbitrary bytes as a log segment, once as they are and once with every checksum made right, so that what lies
/// behind the checksums is reached too.
///
/// # Panics
/// If the reading of untrusted bytes breaks a promise: that is what the fuzzer looks for.
pub fn segment(bytes: &[u8]) {
    replay(bytes);
    let mut repaired = bytes.to_vec();
    repair_records(&mut repaired, ChecksumSeed::new(database_of(bytes), SEGMENT));
    replay(&repaired);
}

/// Changes bytes of a sound log of several segments (`edits`: chunks of a 2-byte place and a byte to put there), and recovers
/// from what that leaves: once as it is, once with the checksums of headers and records made right.
///
/// The first byte of `edits` says, bit by bit, for which of the segments the manifest is to name the end. Returns how many
/// batches the second recovery found: all 15 if nothing was edited.
///
/// # Panics
/// If recovery breaks a promise: that is what the fuzzer looks for.
pub fn log(edits: &[u8]) -> u64 {
    let mut segments = seed::segments();
    let (named, edits) = edits.split_first().map_or((0, edits), |(first, rest)| (*first, rest));
    let total: usize = segments.values().map(Vec::len).sum();
    let ends: BTreeMap<SegmentId, u32> = (0..8)
        .zip(&segments)
        .filter(|(bit, _)| named >> bit & 1 == 1)
        .map(|(_, (id, bytes))| (*id, seed::end(bytes)))
        .collect();
    for [low, high, byte] in edits.as_chunks::<3>().0 {
        let mut at = usize::from(u16::from_le_bytes([*low, *high])) % total;
        for bytes in segments.values_mut() {
            if let Some(edited) = bytes.get_mut(at) {
                *edited = *byte;
                break;
            }
            at -= bytes.len();
        }
    }
    recover(segments.clone(), &ends);
    for (id, bytes) in &mut segments {
        if let Some(header) = bytes.first_chunk_mut::<{ HEADER_LEN as usize }>() {
            let checksum = crc32c::crc32c(&header[..60]);
            header[60..].copy_from_slice(&checksum.to_le_bytes());
        }
        repair_records(bytes, ChecksumSeed::new(seed::DATABASE, *id));
    }
    recover(segments, &ends)
}

/// Makes the checksums right from the first record on, as far as their lengths make sense.
fn repair_records(bytes: &mut [u8], seed: ChecksumSeed) {
    let mut at = HEADER_LEN as usize;
    while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
        // A word of zero is the end of the log, and stays it.
        if rest.first_chunk() == Some(&[0; 4]) {
            break;
        }
        match reseal(rest, seed, at as u32) {
            Some(len) => at += len,
            None => break,
        }
    }
}

fn recover(segments: BTreeMap<SegmentId, Vec<u8>>, ends: &BTreeMap<SegmentId, u32>) -> u64 {
    let dir = Path::new("/fuzz");
    let files: Arc<dyn FileSystem> = Arc::new(SegmentFiles::new(segments.clone()));
    let start = ReplayPosition { segment: SEGMENT, offset: HEADER_LEN, next_sequence: 1 };
    let (mut last_sequence, mut records, mut batches) = (0, 0, 0);
    let mut last_place = LogPosition { segment: SEGMENT, offset: HEADER_LEN };
    let result = scan(&files, dir, seed::DATABASE, start, ends, &mut |batch| {
        assert!(batch.sequence > last_sequence && !batch.records.is_empty());
        last_sequence = batch.sequence;
        batches += 1;
        records += batch.records.len() as u64;
        for record in batch.records {
            let pointer = record.pointer;
            let place = LogPosition { segment: pointer.segment, offset: pointer.offset };
            assert!(place >= last_place, "records come in the order of the log");
            last_place = LogPosition { offset: pointer.offset + pointer.len, ..place };
            let limit = ends.get(&pointer.segment).copied().unwrap_or(u32::MAX);
            assert!(last_place.offset <= limit, "nothing is read behind an end that was named");
        }
        Ok(())
    });
    match result {
        Ok(report) => {
            assert_eq!((report.records, report.batches), (records, batches));
            assert!(report.end >= last_place && report.next_sequence > last_sequence);
            for (segment, end) in ends {
                if let Some(scanned) = report.segments.iter().find(|s| s.segment.id() == *segment) {
                    assert_eq!(
                        scanned.end, *end,
                        "an end that was named is reached, or it is damage"
                    );
                }
            }
            for id in &report.unused {
                assert!(segments.contains_key(id));
                assert!(report.segments.iter().all(|scanned| scanned.segment.id() != *id));
            }
        }
        Err(error) => assert!(
            matches!(error, Error::Corruption { .. } | Error::NewerFormat { .. }),
            "{error}: neither missing files nor I/O errors come from bytes"
        ),
    }
    batches
}

/// The database that the header names, if there is one.
fn database_of(bytes: &[u8]) -> u64 {
    let Some(Ok(header)) = bytes.first_chunk().map(SegmentHeader::decode) else { return 0 };
    assert_eq!(Some(&header.encode()), bytes.first_chunk(), "a header has one form");
    header.database_id
}

fn replay(bytes: &[u8]) {
    let database_id = database_of(bytes);
    let seed = ChecksumSeed::new(database_id, SEGMENT);
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
            let value = value_at(frame, seed, start, record.key);
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
    assert!(replay.strays(SEGMENT, rest, end).is_none_or(|bytes| bytes <= rest.len() as u64));
    for start in 0..rest.len().min(64) {
        let _ = decode(rest.get(start..).unwrap_or_default(), seed, end);
    }
}
