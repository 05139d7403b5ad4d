//! Replaying one segment after the other: batches, the marks between them, and why it stops.

use std::fmt;

use super::{BatchRecord, BatchView};
use crate::{
    Result, SegmentId, SequenceNumber, ValuePointer,
    entry::MAX_NUMBER,
    log::{
        LogPosition,
        checksum::ChecksumSeed,
        header::HEADER_LEN,
        record::{RecordView, decode},
    },
};

/// Why replay of a segment stopped.
pub(in crate::log) enum Stop {
    /// Zeros, or nothing.
    End,
    /// The end that the manifest names.
    Named,
    /// No header.
    Header,
    /// What is wrong with the record, or the batch.
    Damaged(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => write!(f, "no record"),
            Self::Named => write!(f, "the end that the manifest names"),
            Self::Header => write!(f, "no segment header"),
            Self::Damaged(found) => write!(f, "{found}"),
        }
    }
}

/// The state of a replay across segments.
pub(in crate::log) struct Replay {
    pub(super) database_id: u64,
    pub(super) next_sequence: SequenceNumber,
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) durable: Option<LogPosition>,
}

impl Replay {
    pub(in crate::log) fn new(database_id: u64, next_sequence: SequenceNumber) -> Self {
        Self { database_id, next_sequence, batches: 0, records: 0, durable: None }
    }

    /// The sequence number of the next batch, less its gap.
    pub(in crate::log) fn next_sequence(&self) -> SequenceNumber {
        self.next_sequence
    }

    /// Replays the batches from `offset` on. Returns where the first batch is that is not complete, and why.
    pub(in crate::log) fn segment(
        &mut self,
        id: SegmentId,
        bytes: &[u8],
        offset: u32,
        named: Option<u32>,
        sink: &mut dyn FnMut(BatchView<'_>) -> Result<()>,
    ) -> Result<(u32, u64, Stop)> {
        let limit = named.map_or(bytes.len(), |named| bytes.len().min(named as usize));
        let bytes = bytes.get(..limit).unwrap_or_default();
        let mut batch: Vec<BatchRecord<'_>> = Vec::new();
        let seed = ChecksumSeed::new(self.database_id, id);
        let mut gap = 0;
        let mut batches = 0;
        // End of the last whole batch or mark, and of the last record.
        let (mut end, mut at) = (offset, offset);
        let stop = loop {
            let rest = bytes.get(at as usize..).unwrap_or_default();
            if rest.is_empty() && named == Some(at) && batch.is_empty() {
                break Stop::Named;
            }
            let record = match decode(rest, seed, at) {
                Ok(Some(record)) => record,
                Ok(None) if batch.is_empty() => break Stop::End,
                Ok(None) => break Stop::Damaged("a batch without its last record".into()),
                Err(error) => break Stop::Damaged(error.to_string()),
            };
            // In range: the record lies within the segment, whose length is a u32.
            let next = at + record.len as u32;
            let Some(kind) = record.kind.entry() else {
                if !batch.is_empty() {
                    break Stop::Damaged("a mark within a batch".into());
                }
                if !self.note_mark(id, at, &record) {
                    break Stop::Damaged(
                        "a mark of another database, or of what is behind it".into(),
                    );
                }
                (end, at) = (next, next);
                continue;
            };
            if batch.is_empty() {
                gap = record.gap;
            } else if record.gap != 0 {
                break Stop::Damaged("a gap within a batch".into());
            }
            batch.push(BatchRecord {
                kind,
                keyspace: record.keyspace,
                key: record.key,
                stored: record.value,
                compressed: record.compressed,
                pointer: ValuePointer { segment: id, offset: at, len: record.len as u32 },
            });
            at = next;
            if record.last {
                let Some(sequence) =
                    self.next_sequence.checked_add(gap).filter(|sequence| *sequence <= MAX_NUMBER)
                else {
                    break Stop::Damaged("a gap beyond the last sequence number".into());
                };
                sink(BatchView { sequence, gap, records: &batch })?;
                self.next_sequence = sequence + 1;
                self.batches += 1;
                self.records += batch.len() as u64;
                batches += 1;
                batch.clear();
                end = next;
            }
        };
        Ok((end, batches, stop))
    }

    /// Takes note of a mark at `at`; `false` if it is none of this log.
    pub(super) fn note_mark(&mut self, id: SegmentId, at: u32, record: &RecordView<'_>) -> bool {
        let Some(mark) = record.mark() else { return false };
        if mark.database_id != self.database_id || mark.offset <= HEADER_LEN || mark.offset > at {
            return false;
        }
        self.durable = self.durable.max(Some(LogPosition { segment: id, offset: mark.offset }));
        true
    }
}
