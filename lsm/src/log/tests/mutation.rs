//! Mutants of records and logs, through the fuzzer's entry points: `PROPTEST_CASES=1000000` makes a long run of it.

use proptest::{collection::vec, prelude::*, sample::Index};

use super::{files::path, recovery::written};
use crate::{
    KeyspaceId, SegmentId,
    log::{
        ChecksumSeed, Codec, compress_value, fuzz, gap_len, mark_len,
        record::{RecordHead, encode, encode_mark},
        record_len,
    },
};

/// One change of some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Flip(Index, u8),
    Set(Index, u8),
    Cut(Index),
    Copy(Index, Index, u8),
    Remove(Index),
    Insert(Index, u8),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    // The bytes at which formats branch: nothing, everything, one more byte of a number, a mark, a put.
    let byte = || {
        prop_oneof![any::<u8>(), proptest::sample::select(vec![0, 0xff, 0x80, 0x7f, 0x1f, 0x11])]
    };
    let at = any::<Index>;
    let mutation = prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        at().prop_map(Mutation::Cut),
        (at(), at(), any::<u8>()).prop_map(|(from, to, len)| Mutation::Copy(from, to, len)),
        at().prop_map(Mutation::Remove),
        (at(), byte()).prop_map(|(at, byte)| Mutation::Insert(at, byte)),
    ];
    vec(mutation, 0..6)
}

fn mutate(bytes: &mut Vec<u8>, mutations: &[Mutation]) {
    for mutation in mutations {
        if bytes.is_empty() {
            return;
        }
        let len = bytes.len();
        match mutation {
            Mutation::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Mutation::Set(at, byte) => bytes[at.index(len)] = *byte,
            Mutation::Cut(at) => bytes.truncate(at.index(len)),
            Mutation::Copy(from, to, most) => {
                let (from, to) = (from.index(len), to.index(len));
                let most = usize::from(*most).min(len - from).min(len - to);
                bytes.copy_within(from..from + most, to);
            }
            Mutation::Remove(at) => drop(bytes.remove(at.index(len))),
            Mutation::Insert(at, byte) => bytes.insert(at.index(len), *byte),
        }
    }
}

/// A record as the log could hold it.
fn any_record() -> impl Strategy<Value = Vec<u8>> {
    let head = (any::<u32>(), any::<u64>(), any::<[bool; 4]>());
    let body = (vec(any::<u8>(), 0..20), vec(0..4_u8, 0..200));
    (head, body).prop_map(|((keyspace, gap, [zero, last, put, marked]), (key, value))| {
        let mut bytes = vec![0; 400];
        let seed = ChecksumSeed::new(1, SegmentId(1));
        let keyspace = KeyspaceId(if zero { 0 } else { keyspace });
        let gap = if zero { 0 } else { gap };
        let len = if marked {
            // SAFETY: a mark is far shorter than the buffer.
            unsafe { encode_mark(bytes.as_mut_ptr(), seed, 64, keyspace.0, gap) };
            mark_len(keyspace.0)
        } else {
            let compressed =
                codec().and_then(|codec| compress_value(codec, &value)).filter(|_| put);
            let stored = put.then(|| compressed.as_deref().unwrap_or(&value));
            let head = RecordHead { keyspace, gap, last, compressed: compressed.is_some() };
            // SAFETY: a record with so short a key and value is shorter than the buffer.
            unsafe { encode(bytes.as_mut_ptr(), seed, 64, head, &key, stored) };
            record_len(keyspace, key.len(), stored.map(<[u8]>::len)) + gap_len(gap)
        };
        bytes.truncate(len);
        bytes
    })
}

fn codec() -> Option<Codec> {
    #[cfg(feature = "lz4")]
    return Some(Codec::Lz4);
    #[cfg(not(feature = "lz4"))]
    return None;
}

#[test]
fn what_the_fuzzer_edits_is_sound() {
    assert_eq!(fuzz::log(&[]), 15);
    assert_eq!(fuzz::log(&[0b111]), 15, "with all ends named");
    // The id in the header of the first segment: damage.
    assert_eq!(fuzz::log(&[0, 16, 0, 2]), 0);
}

proptest! {
    #[test]
    fn mutated_records(mut bytes in any_record(), mutations in mutations()) {
        mutate(&mut bytes, &mutations);
        fuzz::record(&bytes);
    }

    #[test]
    fn mutated_segments(marked: bool, mutations in mutations()) {
        let (fs, _) = written(1_500, 12, if marked { 2 } else { u32::MAX });
        let mut bytes = fs.bytes(&path(1));
        mutate(&mut bytes, &mutations);
        fuzz::segment(&bytes);
    }

    /// Edits of a log of three segments; small places, so that headers get their share.
    #[test]
    fn mutated_logs_of_several_segments(
        named: u8,
        edits in vec((prop_oneof![0..4_096_u16, 0..80_u16], any::<u8>()), 0..6),
    ) {
        let mut bytes = vec![named];
        for (at, byte) in edits {
            bytes.extend(at.to_le_bytes());
            bytes.push(byte);
        }
        fuzz::log(&bytes);
    }

    #[test]
    fn any_bytes(bytes: Vec<u8>) {
        fuzz::record(&bytes);
        fuzz::segment(&bytes);
        fuzz::log(&bytes);
    }
}
