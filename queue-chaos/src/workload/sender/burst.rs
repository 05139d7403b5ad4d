//! Messages that are due at once, handed over together.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use super::{Sender, Sending};
use crate::history::Step;
use crate::id::{MessageId, PartitionId};
use crate::workload::message::Message;
use crate::workload::native::{Parcel, Topic};
use crate::workload::signal::Order;

/// What a message is, before it has a number.
#[derive(Clone, Copy, Debug)]
pub(in crate::workload) struct Draft {
    pub(in crate::workload) to: PartitionId,
    pub(in crate::workload) key: u32,
    /// The message that it was made of.
    pub(in crate::workload) of: Option<(PartitionId, u64)>,
}

/// Messages that are gathered.
#[derive(Debug, Default)]
pub(super) struct Burst {
    parts: Vec<Part>,
    /// Their bytes, one after the other.
    payloads: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    sequence: u64,
    topic: u32,
    partition: i32,
    key: [u8; 4],
    /// Where its bytes begin and end.
    payload: (usize, usize),
    taken: bool,
}

/// The most messages that are handed over together.
pub(in crate::workload) const BURST: usize = Topic::PARCELS;

impl Sender {
    /// Sends the next messages, [`BURST`] at most, when there is room for them.
    ///
    /// The clock is asked once, before the first is handed over: a message is said to be sent some microseconds before it is, and never after.
    pub(in crate::workload) fn send(&mut self, messages: impl Iterator<Item = Draft>) -> Sending {
        let mut burst = std::mem::take(&mut self.burst);
        let sending = match self.gather(&mut burst, messages.take(BURST)) {
            Ok(()) => self.hand_over(&mut burst),
            Err(why) => {
                // What was gathered before is sent: its lines are written already.
                match self.hand_over(&mut burst) {
                    Sending::Sent => Sending::Broken(why),
                    other => other,
                }
            }
        };
        burst.parts.clear();
        burst.payloads.clear();
        self.burst = burst;
        sending
    }

    fn gather(
        &mut self,
        burst: &mut Burst,
        messages: impl Iterator<Item = Draft>,
    ) -> Result<(), String> {
        let at = self.sink.now();
        let p = self.id;
        let producer = Arc::clone(&self.producer);
        let mut outstanding = producer.context().outstanding();
        for Draft { to, key, of } in messages {
            let (topic, partition) = self.place(to)?;
            let s = self.sequence;
            let begin = burst.payloads.len();
            let id = MessageId { producer: p, sequence: s };
            Message { id, sent: self.epoch + at, source: of }
                .append(self.size, &mut burst.payloads);
            self.sequence += 1;
            outstanding.begin(at, to);
            outstanding.news.push(Step::Send { at, s, to, of });
            burst.parts.push(Part {
                sequence: s,
                topic,
                partition,
                key: key.to_be_bytes(),
                payload: (begin, burst.payloads.len()),
                taken: false,
            });
        }
        Ok(())
    }

    fn hand_over(&mut self, burst: &mut Burst) -> Sending {
        self.meter.sent.fetch_add(burst.parts.len() as u64, Ordering::Relaxed);
        loop {
            let mut full = false;
            // By topic: of most runs there is one.
            while let Some(topic) = burst.parts.iter().find(|part| !part.taken).map(|it| it.topic) {
                let refused = self.hand_over_to(topic, burst);
                let mut other = None;
                for (sequence, error) in refused {
                    match error {
                        RDKafkaErrorCode::QueueFull => full = true,
                        // It was not taken: that is certain, whatever the reason.
                        _ => {
                            self.refuse(
                                sequence,
                                &KafkaError::MessageProduction(error).to_string(),
                            );
                            other = Some(error);
                        }
                    }
                }
                if other.is_some()
                    && let Some(why) = self.broken()
                {
                    self.refuse_rest(burst, &why);
                    return Sending::Broken(why);
                }
                if full {
                    break;
                }
            }
            if !full {
                return Sending::Sent;
            }
            let order = self.signal.order();
            if order != Order::Run {
                self.refuse_rest(burst, "not sent before the end: the client's queue was full");
                return Sending::Ended;
            }
            self.wait(order, Duration::from_millis(100));
        }
    }

    /// Hands over those of a topic that are not taken. Which were refused, and why; those that found the queue full stay.
    fn hand_over_to(&self, topic: u32, burst: &mut Burst) -> Vec<(u64, RDKafkaErrorCode)> {
        let Burst { parts, payloads } = burst;
        let mut these: Vec<&mut Part> =
            parts.iter_mut().filter(|part| !part.taken && part.topic == topic).collect();
        // librdkafka looks for a partition when it is another than that of the message before.
        these.sort_unstable_by_key(|part| (part.partition, part.sequence));
        let mut refused = Vec::new();
        // `gather` has opened it.
        if let Some(Some(handle)) = self.topics.get(topic as usize) {
            let mut parcels = these.iter().map(|part| Parcel {
                partition: part.partition,
                key: &part.key,
                payload: &payloads[part.payload.0..part.payload.1],
                opaque: part.sequence as usize,
            });
            if parcels.len() == 1 {
                let error = parcels.next().and_then(|parcel| handle.send(parcel).err());
                refused.extend(error.map(|code| (0, code)));
            } else {
                handle.send_all(parcels, |at, code| refused.push((at, code)));
            }
        } else {
            refused.extend((0..these.len()).map(|at| (at, RDKafkaErrorCode::UnknownTopic)));
        }
        these.iter_mut().for_each(|part| part.taken = true);
        for &(at, code) in &refused {
            these[at].taken = code != RDKafkaErrorCode::QueueFull;
        }
        refused.into_iter().map(|(at, code)| (these[at].sequence, code)).collect()
    }

    fn refuse_rest(&self, burst: &mut Burst, why: &str) {
        for part in burst.parts.iter_mut().filter(|part| !part.taken) {
            part.taken = true;
            self.refuse(part.sequence, why);
        }
    }
}
