//! Writes values into value segments, in the order of their keys.

use std::sync::Arc;

use crate::{
    Result, ValuePointer,
    db::Core,
    fs::Purpose,
    keyspace::KeyspaceCore,
    log::{HEADER_LEN, Segment, SegmentKind, StoredValue, record_len},
};

/// Appends records to value segments of its own; nothing refers to them until the tables that do are installed.
pub(crate) struct ValueWriter<'a> {
    core: &'a Core,
    keyspace: &'a KeyspaceCore,
    /// The last one takes records; the others are sealed.
    segments: Vec<Arc<Segment>>,
    bytes: u64,
}

impl<'a> ValueWriter<'a> {
    pub(crate) fn new(core: &'a Core, keyspace: &'a KeyspaceCore) -> Self {
        Self { core, keyspace, segments: Vec::new(), bytes: 0 }
    }

    /// Bytes of records written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes a value as it is stored and returns where it is.
    pub(crate) fn append(&mut self, key: &[u8], value: StoredValue<'_>) -> Result<ValuePointer> {
        let stored = value.bytes;
        // Records are shorter than 4 GiB: the limits on keys and values see to that.
        #[allow(clippy::cast_possible_truncation)]
        let len = record_len(self.keyspace.id, key.len(), Some(stored.len())) as u32;
        let last = self.segments.last();
        let reserved = last.and_then(|last| Some((Arc::clone(last), last.reserve(len)?)));
        let (segment, reservation) = match reserved {
            Some(reserved) => reserved,
            None => loop {
                let segment = self.next_segment(len)?;
                if let Some(reservation) = segment.reserve(len) {
                    break (Arc::clone(segment), reservation);
                }
            },
        };
        self.bytes += u64::from(len);
        let mut encoder = reservation.encoder(&segment);
        let pointer = encoder.put(self.keyspace.id, key, stored, value.compressed, true);
        let _written = encoder.finish().map_err(|unwritten| unwritten.error)?;
        Ok(pointer)
    }

    fn next_segment(&mut self, len: u32) -> Result<&Arc<Segment>> {
        if let Some(full) = self.segments.last() {
            full.seal()?;
        }
        let capacity = self.core.usual_segment().max(len.saturating_add(HEADER_LEN));
        let segment = self.core.segments.create(
            self.core,
            SegmentKind::Values,
            capacity,
            Purpose::Collection,
        )?;
        let index = self.segments.len();
        self.segments.push(segment);
        self.segments[index].write_header(0, None)?;
        Ok(&self.segments[index])
    }

    /// Seals the last segment, and hands all of them over.
    pub(crate) fn finish(&mut self) -> Result<Vec<Arc<Segment>>> {
        if let Some(last) = self.segments.last() {
            last.seal()?;
        }
        Ok(std::mem::take(&mut self.segments))
    }

    /// Removes what was written.
    pub(crate) fn abandon(&mut self) {
        for segment in self.segments.drain(..) {
            segment.mark_obsolete(self.core.removal_observer());
        }
    }
}
