//! Whether messages of a producer are in the order of their sending.

use crate::id::{MessageId, PartitionId};

use super::findings::{Findings, anomaly};
use super::messages::{ELSEWHERE, Producers};
use super::{Anomaly, AnomalyKind};

/// Is told the records of partition after partition, by offset.
pub(super) struct SendOrder<'a> {
    producers: &'a Producers,
    findings: &'a mut Findings,
    /// Of each producer: the partition that this is of, its last offset and sequence.
    last: Vec<(PartitionId, u64, u64)>,
}

const NO_PARTITION: PartitionId = PartitionId(u32::MAX);

impl<'a> SendOrder<'a> {
    pub fn new(producers: &'a Producers, findings: &'a mut Findings) -> Self {
        let last = vec![(NO_PARTITION, 0, 0); producers.len()];
        Self { producers, findings, last }
    }

    pub fn next(&mut self, to: PartitionId, offset: u64, it: MessageId) {
        let Some(message) = self.producers.message(it).filter(|it| it.to() == to) else { return };
        // The second time that a message is there says nothing about its order: that is a double.
        if message.is(ELSEWHERE)
            && self.producers.read_at(it, message).first().is_some_and(|first| *first != offset)
        {
            return;
        }
        let last = &mut self.last[it.producer.0 as usize];
        let (before_in, before_at, before) = std::mem::replace(last, (to, offset, it.sequence));
        if before_in != to || before < it.sequence {
            return;
        }
        let idempotent = self.producers.get(it.producer).is_some_and(|it| it.is_idempotent());
        self.findings.add(AnomalyKind::NonMonotonicSend, idempotent, || Anomaly {
            partition: Some(to),
            messages: vec![MessageId { sequence: before, ..it }, it],
            offsets: vec![before_at, offset],
            times: message.times(),
            ..anomaly(format!(
                "{} sent {} before {before}, and in {to} they are at offsets {offset} and {before_at}",
                it.producer, it.sequence
            ))
        });
    }
}
