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
    /// By partition, the last that came, in this batch or before.
    last: Vec<(PartitionId, Record)>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.arrived.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }

    /// The batch; the next one begins here.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            arrived: std::mem::take(&mut self.arrived),
            unwritten: std::mem::take(&mut self.unwritten),
            last: Vec::new(),
        }
    }

    /// Whether it was taken: not if it is the very record that came last of its partition. When a group rebalances, librdkafka pauses all partitions, those
    /// too that stay, and goes on at what the application has got; what is on its way to the application just then comes again. It is the
    /// client that does so, and not the cluster: nothing to hold against that.
    pub(crate) fn push(&mut self, to: PartitionId, record: Record) -> bool {
        match self.last.iter_mut().find(|(partition, _)| *partition == to) {
            Some((_, last)) if *last == record => return false,
            Some((_, last)) => *last = record,
            None => self.last.push((to, record)),
        }
        self.arrived.push((to, record.0));
        match self.unwritten.iter_mut().rev().find(|(partition, _)| *partition == to) {
            Some((_, records)) => records.push(record),
            None => self.unwritten.push((to, vec![record])),
        }
        true
    }

    /// The position of these partitions is set anew: any record can come next.
    pub(crate) fn moved(&mut self, partitions: &[PartitionId]) {
        self.last.retain(|(partition, _)| !partitions.contains(partition));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Memory;
    use crate::id::ProducerId;

    #[test]
    fn only_the_very_same_record_is_left_out() {
        let (a, b) = (PartitionId(0), PartitionId(1));
        let record = |o, s| Record(o, ProducerId(0), s);
        let mut batch = Batch::default();
        assert!(batch.push(a, record(5, 9)));
        assert!(batch.push(b, record(5, 9)), "of another partition");
        assert!(!batch.push(a, record(5, 9)));
        let taken = batch.take();
        assert_eq!(taken.next(), [(a, 6), (b, 6)]);
        assert!(!batch.push(a, record(5, 9)), "of the batch before");
        assert!(batch.push(a, record(5, 8)), "another record at its offset is for the checker");
        assert!(batch.push(a, record(6, 8)), "the same message elsewhere, too");
        assert!(batch.push(a, record(5, 8)), "and one that went back further");
        batch.moved(&[a]);
        assert!(batch.push(a, record(5, 8)), "a seek");
        assert!(!batch.push(b, record(5, 9)));
    }

    #[test]
    fn what_is_corrupt_is_written_in_its_place() {
        let (c, to, sink) = (ConsumerId(0), PartitionId(0), Memory::new());
        let mut batch = Batch::default();
        batch.push(to, Record(0, ProducerId(0), 0));
        batch.push_corrupt(c, to, 1, "why".to_owned(), &sink);
        batch.push(to, Record(2, ProducerId(0), 1));
        batch.write(c, &sink);
        let events: Vec<What> = sink.events().into_iter().map(|it| it.what).collect();
        let poll = |o, s| What::Poll { c, to, r: vec![Record(o, ProducerId(0), s)] };
        let corrupt = What::Corrupt { c, to, o: 1, why: "why".to_owned() };
        assert_eq!(events, [poll(0, 0), corrupt, poll(2, 1)]);
        assert_eq!(batch.next(), [(to, 3)]);
    }
}
