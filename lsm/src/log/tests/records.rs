//! Records: round trips, every damage to one, values by codec.

use proptest::{collection::vec, prelude::*};

use crate::{
    KeyspaceId, SegmentId,
    log::{
        ChecksumSeed, Codec, DecodeError, RecordHead, RecordKind, StoredValue, compress_value,
        decode, decompress, decompress_value, gap_len, mark_len,
        record::{encode, encode_mark},
        record_len, value_at,
    },
};

const DATABASE: u64 = 0x0102_0304_0506_0708;
const SEED: ChecksumSeed = ChecksumSeed::new(DATABASE, SegmentId(3));

/// A record in a buffer with a canary behind it.
fn encoded(offset: u32, head: RecordHead, key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let len = record_len(head.keyspace, key.len(), value.map(<[u8]>::len)) + gap_len(head.gap);
    let mut bytes = vec![0xa5; len + 8];
    // SAFETY: the buffer is longer than the record.
    let written = unsafe { encode(bytes.as_mut_ptr(), SEED, offset, head, key, value) };
    assert_eq!(written, len);
    assert!(bytes[len..].iter().all(|byte| *byte == 0xa5), "wrote behind the record");
    bytes.truncate(len);
    bytes
}

fn head() -> RecordHead {
    RecordHead { keyspace: KeyspaceId(0), gap: 0, last: true, compressed: false }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 256 }))]
    #[test]
    fn round_trip(
        keyspace in prop_oneof![Just(0), any::<u32>()],
        gap in prop_oneof![Just(0), any::<u64>()],
        last: bool,
        compressed: bool,
        key in vec(any::<u8>(), 0..300),
        value in proptest::option::of(vec(any::<u8>(), 0..2_000)),
        offset in 64..=u32::MAX,
        behind in vec(any::<u8>(), 0..20),
    ) {
        let compressed = compressed && value.is_some();
        let head = RecordHead { keyspace: KeyspaceId(keyspace), gap, last, compressed };
        let bytes = encoded(offset, head, &key, value.as_deref());
        let mut longer = bytes.clone();
        longer.extend(behind);
        let view = decode(&longer, SEED, offset).unwrap().unwrap();
        let kind = if value.is_some() { RecordKind::Put } else { RecordKind::Delete };
        prop_assert_eq!(view.kind, kind);
        prop_assert_eq!((view.keyspace, view.gap), (head.keyspace, gap));
        prop_assert_eq!((view.last, view.compressed), (last, compressed));
        prop_assert_eq!(view.key, &key[..]);
        prop_assert_eq!(view.value, value.as_deref().unwrap_or_default());
        prop_assert_eq!(view.len, bytes.len());
        let found = value_at(&bytes, SEED, offset, &key);
        match &value {
            Some(value) => prop_assert_eq!(found, Ok(StoredValue { bytes: value, compressed })),
            None => prop_assert_eq!(found, Err(DecodeError::OtherRecord)),
        }
        // Moved by a byte, or to another segment, it does not check.
        prop_assert!(decode(&longer, SEED, offset - 1).is_err());
        prop_assert!(decode(&longer, ChecksumSeed::new(DATABASE, SegmentId(4)), offset).is_err());
        prop_assert!(decode(&longer, ChecksumSeed::new(9, SegmentId(3)), offset).is_err());
        let mut other = key.clone();
        other.push(0);
        prop_assert!(value_at(&bytes, SEED, offset, &other).is_err());
        for cut in 4..bytes.len() {
            prop_assert!(decode(&bytes[..cut], SEED, offset).is_err());
        }
    }

    #[test]
    fn every_flipped_bit_is_found(value in vec(any::<u8>(), 0..150)) {
        let bytes = encoded(64, RecordHead { gap: 300, ..head() }, b"some key", Some(&value));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let end = flipped[..4] == [0; 4];
            let found = decode(&flipped, SEED, 64);
            prop_assert!(found.is_err() || (end && found == Ok(None)));
            prop_assert!(value_at(&flipped, SEED, 64, b"some key").is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_record(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(!matches!(decode(&bytes, SEED, 64), Ok(Some(_))));
        prop_assert!(value_at(&bytes, SEED, 64, b"").is_err());
        let _ = decompress(&bytes);
    }

    #[test]
    fn compressed_values(
        unit in vec(any::<u8>(), 1..40), times in 1..200_usize, cut in any::<prop::sample::Index>(),
    ) {
        let value = unit.repeat(times);
        for codec in codecs() {
            let Some(stored) = compress_value(codec, &value) else { continue };
            prop_assert!(stored.len() < value.len());
            prop_assert_eq!(decompress(&stored).unwrap(), value.clone());
            prop_assert!(decompress(&stored[..cut.index(stored.len())]).is_err());
        }
        let plain = StoredValue { bytes: &value, compressed: false };
        prop_assert_eq!(&*decompress_value(plain).unwrap(), &value[..]);
    }
}

fn codecs() -> Vec<Codec> {
    vec![
        Codec::None,
        #[cfg(feature = "lz4")]
        Codec::Lz4,
        #[cfg(feature = "zstd")]
        Codec::Zstd(1),
    ]
}

/// Bytes that were computed by another implementation (Python, bit by bit), from `FORMAT.md` alone.
#[test]
fn known_bytes() {
    let put = encoded(64, head(), b"key", Some(b"value"));
    assert_eq!(put[4..], *b"\x11\x03\x05keyvalue");
    assert_eq!(put[..4], PUT_CHECKSUM.to_le_bytes());
    let mut mark = vec![0; mark_len(300)];
    // SAFETY: `mark_len` bytes.
    unsafe { encode_mark(mark.as_mut_ptr(), SEED, 1_000, 300, 0x0102_0304_0506_0708) };
    assert_eq!(mark[4..], *b"\x1f\xac\x02\x08\x07\x06\x05\x04\x03\x02\x01");
    assert_eq!(mark[..4], MARK_CHECKSUM.to_le_bytes());
    let view = decode(&mark, SEED, 1_000).unwrap().unwrap();
    assert_eq!(
        view.mark().map(|mark| (mark.offset, mark.database_id)),
        Some((300, 0x0102_0304_0506_0708))
    );
    assert!(view.last && view.key.is_empty() && view.len == mark.len());
}

const PUT_CHECKSUM: u32 = 0x3054_922c;
const MARK_CHECKSUM: u32 = 0x9e8f_0977;

#[test]
fn ends() {
    assert_eq!(decode(&[], SEED, 64), Ok(None));
    assert_eq!(decode(&[0; 3], SEED, 64), Ok(None));
    assert_eq!(decode(&[0, 0, 1], SEED, 64), Err(DecodeError::Truncated));
    assert_eq!(decode(&[0, 0, 0, 0, 0x11, 0xff], SEED, 64), Ok(None));
    assert_eq!(value_at(&[0; 20], SEED, 64, b""), Err(DecodeError::Absent));
}

#[test]
fn claims_of_compressed_lengths_are_not_believed() {
    for codec in [1, 2] {
        // 3 GB from three bytes.
        let mut stored = vec![codec];
        crate::varint::put(&mut stored, 3 << 30);
        stored.extend([0, 1, 2]);
        assert!(decompress(&stored).is_err());
    }
    assert!(decompress(&[9, 1, 0]).unwrap_err().contains("unknown codec 9"));
}
