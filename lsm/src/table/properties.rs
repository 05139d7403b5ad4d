//! What a table says of itself.

use super::block::Damage;
use crate::{SegmentId, varint};

/// The part of a segment that a table refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentRef {
    /// The segment.
    pub id: SegmentId,
    /// Entries of the table that point into it.
    pub records: u64,
    /// The sum of the lengths of the records that they point to, in bytes.
    pub bytes: u64,
}

/// What a table says of itself. Checked against its entries by [`Table::verify`](super::Table::verify), else believed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Properties {
    /// Entries, deletes included.
    pub entries: u64,
    /// Entries that are deletes.
    pub deletes: u64,
    /// The first key.
    pub smallest_key: Vec<u8>,
    /// The last key.
    pub largest_key: Vec<u8>,
    /// No entry is older: what the sequence numbers in the blocks are relative to.
    pub min_sequence: u64,
    /// No entry is newer.
    pub max_sequence: u64,
    /// The segments that entries point into; an entry's slot is an index here.
    pub segments: Vec<SegmentRef>,
    /// Bytes of all keys, before compression of any kind.
    pub raw_key_bytes: u64,
    /// Bytes of all inline values.
    pub raw_value_bytes: u64,
    /// Some entry carries a sequence number, so that not every entry is visible to every reader.
    pub multi_version: bool,
    /// Bits a key that the filter was asked to have, times 100; 0 without a filter.
    pub filter_bits_per_key_x100: u64,
    /// The share of absent keys that the filter lets pass, in parts per million; 1,000,000 without a filter.
    pub false_positive_ppm: u64,
    /// The program that wrote the table.
    pub created_by: String,
}

/// Why properties could not be read.
pub(crate) enum PropertiesFailure {
    Damaged(Damage),
    /// A tag that a reader has to know, and this build does not.
    Newer,
}

impl Properties {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let number = |value: u64| {
            let mut out = Vec::new();
            varint::put(&mut out, value);
            out
        };
        let mut segments = number(self.segments.len() as u64);
        for segment in &self.segments {
            for value in [segment.id.0, segment.records, segment.bytes] {
                varint::put(&mut segments, value);
            }
        }
        let mut raw = number(self.raw_key_bytes);
        varint::put(&mut raw, self.raw_value_bytes);
        let pairs: [(u64, Vec<u8>); 12] = [
            (1, number(self.entries)),
            (2, number(self.filter_bits_per_key_x100)),
            (3, number(self.deletes)),
            (4, number(self.false_positive_ppm)),
            (5, self.smallest_key.clone()),
            (6, self.created_by.clone().into_bytes()),
            (7, self.largest_key.clone()),
            (9, number(self.min_sequence)),
            (11, number(self.max_sequence)),
            (13, segments),
            (15, raw),
            (17, number(u64::from(self.multi_version))),
        ];
        let mut out = number(pairs.len() as u64);
        for (tag, bytes) in pairs {
            varint::put(&mut out, tag);
            varint::put_bytes(&mut out, &bytes);
        }
        out
    }

    pub(crate) fn decode(contents: &[u8]) -> Result<Self, PropertiesFailure> {
        let damaged = |found: &'static str| PropertiesFailure::Damaged(found.into());
        let short = || damaged("properties that end in the middle of a pair");
        let mut properties = Self { false_positive_ppm: 1_000_000, ..Self::default() };
        let mut seen = 0_u32;
        let mut at = 0;
        let n = varint::read(contents, &mut at).ok_or_else(short)?;
        for _ in 0..n {
            let tag = varint::read(contents, &mut at).ok_or_else(short)?;
            let bytes = varint::read_bytes(contents, &mut at).ok_or_else(short)?;
            let mut inner = 0;
            let mut number = || {
                varint::read(bytes, &mut inner)
                    .ok_or_else(|| damaged("a property that is too short for its number"))
            };
            match tag {
                1 => properties.entries = number()?,
                2 => properties.filter_bits_per_key_x100 = number()?,
                3 => properties.deletes = number()?,
                4 => properties.false_positive_ppm = number()?,
                5 => properties.smallest_key = bytes.to_vec(),
                6 => properties.created_by = String::from_utf8_lossy(bytes).into_owned(),
                7 => properties.largest_key = bytes.to_vec(),
                9 => properties.min_sequence = number()?,
                11 => properties.max_sequence = number()?,
                13 => {
                    properties.segments.clear();
                    for _ in 0..number()? {
                        properties.segments.push(SegmentRef {
                            id: SegmentId(number()?),
                            records: number()?,
                            bytes: number()?,
                        });
                    }
                }
                15 => {
                    properties.raw_key_bytes = number()?;
                    properties.raw_value_bytes = number()?;
                }
                17 => properties.multi_version = number()? != 0,
                other if other % 2 == 1 => return Err(PropertiesFailure::Newer),
                _ => {}
            }
            if tag < 32 {
                seen |= 1 << tag;
            }
        }
        const REQUIRED: u32 =
            1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 13 | 1 << 15 | 1 << 17;
        if seen & REQUIRED != REQUIRED {
            return Err(damaged("properties that lack one that every table has"));
        }
        if at != contents.len()
            || properties.smallest_key > properties.largest_key
            || properties.min_sequence > properties.max_sequence
            || properties.deletes > properties.entries
            || properties.entries == 0
        {
            return Err(damaged("properties that contradict each other"));
        }
        Ok(properties)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Properties {
        Properties {
            entries: 1000,
            deletes: 10,
            smallest_key: b"a".to_vec(),
            largest_key: b"b".to_vec(),
            min_sequence: 5,
            max_sequence: 500,
            segments: vec![SegmentRef { id: SegmentId(9), records: 990, bytes: 123_456 }],
            raw_key_bytes: 1000,
            raw_value_bytes: 0,
            multi_version: true,
            filter_bits_per_key_x100: 1000,
            false_positive_ppm: 9_000,
            created_by: "lsm test".to_owned(),
        }
    }

    #[test]
    fn round_trip_and_truncation() {
        let bytes = example().encode();
        assert!(Properties::decode(&bytes).is_ok_and(|found| found == example()));
        for len in 0..bytes.len() {
            assert!(
                matches!(Properties::decode(&bytes[..len]), Err(PropertiesFailure::Damaged(_))),
                "{len}"
            );
        }
    }

    #[test]
    fn unknown_even_tags_are_skipped_and_odd_ones_refused() {
        let with = |tag: u8| {
            let mut bytes = example().encode();
            bytes[0] += 1;
            bytes.extend_from_slice(&[tag, 2, 1, 2]);
            Properties::decode(&bytes)
        };
        assert!(with(30).is_ok_and(|found| found == example()));
        assert!(with(100).is_ok());
        assert!(matches!(with(31), Err(PropertiesFailure::Newer)));
        assert!(matches!(with(101), Err(PropertiesFailure::Newer)));
    }
}
