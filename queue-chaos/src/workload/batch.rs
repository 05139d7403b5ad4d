//! What a consumer has got and not written down yet.

use crate::history::{Record, Sink, What};
use crate::id::{ConsumerId, PartitionId};

/// Records in the order in which they came, and in that of each partition.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// All, for the work on them: partition and offset.
    pub(crate) arrived: Vec<(PartitionId, u64)>,
    /// By partition, those not written down.
    unwritten: Vec<(PartitionId, Vec<Record>)>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.arrived.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }

    pub(crate) fn push(&mut self, to: PartitionId, record: Record) {
        self.arrived.push((to, record.0));
        match self.unwritten.iter_mut().rev().find(|(partition, _)| *partition == to) {
            Some((_, records)) => records.push(record),
            None => self.unwritten.push((to, vec![record])),
        }
    }

    /// What came before it in its partition is written down first, and it after that.
    pub(crate) fn push_corrupt(
        &mut self,
        c: ConsumerId,
        to: PartitionId,
        o: u64,
        why: String,
        sink: &dyn Sink,
    ) {
        self.arrived.push((to, o));
        if let Some(at) = self.unwritten.iter().position(|(partition, _)| *partition == to) {
            let (_, r) = self.unwritten.swap_remove(at);
            sink.record(sink.now(), What::Poll { c, to, r });
        }
        sink.record(sink.now(), What::Corrupt { c, to, o, why });
    }

    /// Writes down what was got.
    pub(crate) fn write(&mut self, c: ConsumerId, sink: &dyn Sink) {
        let at = sink.now();
        for (to, r) in self.unwritten.drain(..) {
            sink.record(at, What::Poll { c, to, r });
        }
    }

    /// Of each partition the offset after the last that came. In the order of the partitions.
    pub(crate) fn next(&self) -> Vec<(PartitionId, u64)> {
        let mut next: Vec<(PartitionId, u64)> = Vec::new();
        for &(partition, offset) in &self.arrived {
            match next.iter_mut().find(|(of, _)| *of == partition) {
                Some((_, after)) => *after = offset + 1,
                None => next.push((partition, offset + 1)),
            }
        }
        next.sort_unstable();
        next
    }

    /// Forgets what came of these partitions. It must have been written.
    pub(crate) fn forget(&mut self, partitions: &[PartitionId]) {
        self.arrived.retain(|(partition, _)| !partitions.contains(partition));
    }

    pub(crate) fn clear(&mut self) {
        self.arrived.clear();
        self.unwritten.clear();
    }
}
