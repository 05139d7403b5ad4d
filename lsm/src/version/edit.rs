//! One step of the database's structure, as the manifest records it.

use std::collections::BTreeMap;

use crate::{KeyspaceId, SegmentId, SequenceNumber, TableId, varint};

/// Where replay of the log starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct ReplayPosition {
    /// Segment of the first record to replay; all earlier segments are in tables.
    pub(crate) segment: u64,
    /// Offset of that record in it.
    pub(crate) offset: u32,
    /// Its batch's sequence number.
    pub(crate) sequence: SequenceNumber,
}

/// What the manifest knows of a table without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableMeta {
    pub(crate) id: TableId,
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
    pub(crate) smallest_sequence: SequenceNumber,
    pub(crate) largest_sequence: SequenceNumber,
    pub(crate) smallest_key: Vec<u8>,
    pub(crate) largest_key: Vec<u8>,
}

/// A keyspace as the manifest creates it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CreateKeyspace {
    pub(crate) id: KeyspaceId,
    pub(crate) name: String,
    pub(crate) options: String,
}

/// A change that is applied whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) database_id: Option<u64>,
    pub(crate) next_file: Option<u64>,
    pub(crate) last_sequence: Option<SequenceNumber>,
    pub(crate) replay: Option<ReplayPosition>,
    pub(crate) create: Vec<CreateKeyspace>,
    pub(crate) drop: Vec<KeyspaceId>,
    pub(crate) flushed: Vec<(KeyspaceId, SequenceNumber)>,
    pub(crate) add: Vec<(KeyspaceId, usize, TableMeta)>,
    pub(crate) remove: Vec<(KeyspaceId, usize, TableId)>,
    pub(crate) segment_ends: BTreeMap<SegmentId, u32>,
    pub(crate) clean_close: bool,
}

/// Why an edit could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EditError {
    /// The checksum was right, the contents are not: a bug, or deliberate.
    Malformed(&'static str),
    /// A newer version wrote something that must not be ignored.
    UnknownTag(u64),
}

/// The tag of a field, empty, that says that the next record belongs to the same edit.
const GOES_ON: u64 = 23;
/// That field.
pub(super) const GOES_ON_FIELD: [u8; 2] = [GOES_ON as u8, 0];
/// The tag of a field that says nothing. Even: readers that do not know it skip it.
pub(super) const PADDING: u64 = 2;
/// The last tag that this build knows.
const LAST_TAG: u64 = GOES_ON;

/// Deepest level that is ever used: ratio 2 from 4 KiB covers 2^64 bytes well before.
pub(crate) const MAX_LEVELS: usize = 64;

impl Edit {
    /// Appends the payload.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let mut body = Vec::new();
        let mut field = |tag: u64, body: &mut Vec<u8>| {
            varint::put(out, tag);
            varint::put_bytes(out, body);
            body.clear();
        };
        if let Some(id) = self.database_id {
            body.extend_from_slice(&id.to_le_bytes());
            field(1, &mut body);
        }
        for (tag, value) in [(3, self.next_file), (5, self.last_sequence)] {
            if let Some(value) = value {
                varint::put(&mut body, value);
                field(tag, &mut body);
            }
        }
        if let Some(replay) = self.replay {
            varint::put(&mut body, replay.segment);
            varint::put(&mut body, u64::from(replay.offset));
            varint::put(&mut body, replay.sequence);
            field(7, &mut body);
        }
        for create in &self.create {
            varint::put(&mut body, u64::from(create.id.0));
            varint::put_bytes(&mut body, create.name.as_bytes());
            body.extend_from_slice(create.options.as_bytes());
            field(9, &mut body);
        }
        for id in &self.drop {
            varint::put(&mut body, u64::from(id.0));
            field(11, &mut body);
        }
        for (id, sequence) in &self.flushed {
            varint::put(&mut body, u64::from(id.0));
            varint::put(&mut body, *sequence);
            field(13, &mut body);
        }
        for (keyspace, level, table) in &self.add {
            for value in [
                u64::from(keyspace.0),
                *level as u64,
                table.id.0,
                table.bytes,
                table.entries,
                table.smallest_sequence,
                table.largest_sequence,
            ] {
                varint::put(&mut body, value);
            }
            varint::put_bytes(&mut body, &table.smallest_key);
            varint::put_bytes(&mut body, &table.largest_key);
            field(15, &mut body);
        }
        for (keyspace, level, table) in &self.remove {
            for value in [u64::from(keyspace.0), *level as u64, table.0] {
                varint::put(&mut body, value);
            }
            field(17, &mut body);
        }
        for (segment, end) in &self.segment_ends {
            varint::put(&mut body, segment.0);
            varint::put(&mut body, u64::from(*end));
            field(19, &mut body);
        }
        if self.clean_close {
            field(21, &mut body);
        }
    }

    /// Reads a payload that is all of an edit.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, EditError> {
        let mut edit = Self::default();
        edit.read(bytes)?;
        Ok(edit)
    }

    /// Adds what one record says; whether the next record belongs to the same edit.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<bool, EditError> {
        let mut reader = varint::Reader::new(bytes);
        let mut goes_on = false;
        while !reader.is_empty() {
            let tag = reader.varint().ok_or(EditError::Malformed("tag"))?;
            let body = reader.bytes().ok_or(EditError::Malformed("field longer than its edit"))?;
            goes_on |= tag == GOES_ON;
            self.field(tag, body)?;
        }
        Ok(goes_on)
    }

    /// Whether it names something that the manifest has to name from now on.
    pub(crate) fn grows(&self) -> bool {
        !self.add.is_empty() || !self.create.is_empty()
    }

    fn field(&mut self, tag: u64, body: &[u8]) -> Result<(), EditError> {
        let mut reader = varint::Reader::new(body);
        let parsed = (|| {
            match tag {
                1 => self.database_id = Some(reader.u64()?),
                3 => self.next_file = Some(reader.varint()?),
                5 => self.last_sequence = Some(reader.varint()?),
                7 => {
                    self.replay = Some(ReplayPosition {
                        segment: reader.varint()?,
                        offset: reader.varint32()?,
                        sequence: reader.varint()?,
                    });
                }
                9 => {
                    let id = KeyspaceId(reader.varint32()?);
                    let name = String::from_utf8(reader.bytes()?.to_vec()).ok()?;
                    let options = String::from_utf8(reader.rest().to_vec()).ok()?;
                    self.create.push(CreateKeyspace { id, name, options });
                    return Some(());
                }
                11 => self.drop.push(KeyspaceId(reader.varint32()?)),
                13 => self.flushed.push((KeyspaceId(reader.varint32()?), reader.varint()?)),
                15 => {
                    let keyspace = KeyspaceId(reader.varint32()?);
                    let level = level(reader.varint()?)?;
                    let table = TableMeta {
                        id: TableId(reader.varint()?),
                        bytes: reader.varint()?,
                        entries: reader.varint()?,
                        smallest_sequence: reader.varint()?,
                        largest_sequence: reader.varint()?,
                        smallest_key: reader.bytes()?.to_vec(),
                        largest_key: reader.bytes()?.to_vec(),
                    };
                    self.add.push((keyspace, level, table));
                }
                17 => {
                    let keyspace = KeyspaceId(reader.varint32()?);
                    self.remove.push((
                        keyspace,
                        level(reader.varint()?)?,
                        TableId(reader.varint()?),
                    ));
                }
                19 => {
                    self.segment_ends.insert(SegmentId(reader.varint()?), reader.varint32()?);
                }
                21 => self.clean_close = true,
                // Nothing but that.
                GOES_ON => {}
                _ => return Some(()),
            }
            reader.is_empty().then_some(())
        })();
        match parsed {
            None => Err(EditError::Malformed("field")),
            Some(()) if tag > LAST_TAG && tag % 2 == 1 => Err(EditError::UnknownTag(tag)),
            Some(()) => Ok(()),
        }
    }
}

fn level(value: u64) -> Option<usize> {
    usize::try_from(value).ok().filter(|level| *level < MAX_LEVELS)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn any_edit() -> impl Strategy<Value = Edit> {
        let table = (any::<[u64; 5]>(), any::<Vec<u8>>(), any::<Vec<u8>>()).prop_map(
            |(n, smallest_key, largest_key)| TableMeta {
                id: TableId(n[0]),
                bytes: n[1],
                entries: n[2],
                smallest_sequence: n[3],
                largest_sequence: n[4],
                smallest_key,
                largest_key,
            },
        );
        (
            any::<(Option<u64>, Option<u64>, Option<u64>, Option<(u64, u32, u64)>, bool)>(),
            vec((any::<u32>(), ".{0,9}", ".{0,9}"), 0..3),
            vec(any::<(u32, u64)>(), 0..3),
            vec((any::<u32>(), 0..MAX_LEVELS, table), 0..3),
            vec((any::<u32>(), 0..MAX_LEVELS, any::<u64>()), 0..3),
            proptest::collection::btree_map(any::<u64>(), any::<u32>(), 0..3),
        )
            .prop_map(
                |(
                    (database_id, next_file, last_sequence, replay, clean_close),
                    create,
                    flushed,
                    add,
                    remove,
                    ends,
                )| Edit {
                    database_id,
                    next_file,
                    last_sequence,
                    replay: replay.map(|(segment, offset, sequence)| ReplayPosition {
                        segment,
                        offset,
                        sequence,
                    }),
                    create: create
                        .into_iter()
                        .map(|(id, name, options)| CreateKeyspace {
                            id: KeyspaceId(id),
                            name,
                            options,
                        })
                        .collect(),
                    drop: flushed.iter().map(|(id, _)| KeyspaceId(*id)).collect(),
                    flushed: flushed
                        .into_iter()
                        .map(|(id, sequence)| (KeyspaceId(id), sequence))
                        .collect(),
                    add: add
                        .into_iter()
                        .map(|(id, level, table)| (KeyspaceId(id), level, table))
                        .collect(),
                    remove: remove
                        .into_iter()
                        .map(|(id, level, table)| (KeyspaceId(id), level, TableId(table)))
                        .collect(),
                    segment_ends: ends.into_iter().map(|(id, end)| (SegmentId(id), end)).collect(),
                    clean_close,
                },
            )
    }

    proptest! {
        #[test]
        fn any_edit_comes_back(edit in any_edit()) {
            let mut bytes = Vec::new();
            edit.encode(&mut bytes);
            prop_assert_eq!(Edit::decode(&bytes), Ok(edit));
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = Edit::decode(&bytes);
        }
    }

    #[test]
    fn an_edit_goes_on_where_its_records_say_so() {
        let mut edit = Edit::default();
        assert_eq!(edit.read(&[23, 0, 11, 1, 5]), Ok(true));
        assert_eq!(edit.read(&[11, 1, 6]), Ok(false));
        assert_eq!(edit.drop, [KeyspaceId(5), KeyspaceId(6)]);
        assert!(matches!(edit.read(&[23, 1, 0]), Err(EditError::Malformed(_))));
    }

    #[test]
    fn unknown_tags_are_skipped_when_even_and_refused_when_odd() {
        assert_eq!(Edit::decode(&[24, 1, 9]), Ok(Edit::default()));
        assert_eq!(Edit::decode(&[25, 1, 9]), Err(EditError::UnknownTag(25)));
        assert!(matches!(Edit::decode(&[3, 9, 9]), Err(EditError::Malformed(_))));
    }
}
