//! What was there in the end.
//!
//! The truth about a partition is what those have got who read all of it after all faults ended ([`What::ReadAll`](crate::history::What::ReadAll)), and its watermarks.

use crate::id::{MessageId, PartitionId};

use super::log::{Final, Log, Slot};
use super::messages::{Message, Producer, Producers};
use super::pages::Offsets;
use super::readers::{Readers, Reading};

/// Whether a message is at an offset in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Yes,
    No,
    /// Somebody got a damaged record there, which may be it.
    Damaged,
    /// It was deleted by the rules, or nobody read so far.
    NotKnown,
}

/// A partition in the end.
#[derive(Debug)]
pub(super) struct Partition<'a> {
    pub id: PartitionId,
    pub log: &'a Log,
    /// The first offset that is there.
    pub low: u64,
    /// The offset from which there is nothing, if that is known.
    high: Option<u64>,
    /// Who read all of it.
    pub finals: Vec<(Final, Option<&'a Reading>)>,
    /// Offsets with a record that somebody has read, and that is there as far as is known.
    all: Offsets,
    /// Of these, those that are to be seen by who reads what is committed.
    committed: Offsets,
}

impl Partition<'_> {
    /// Offsets with a record that is there, and that such a reader is to see.
    pub fn offsets(&self, committed: bool) -> &Offsets {
        if committed { &self.committed } else { &self.all }
    }
}

/// All that is known in the end.
#[derive(Debug)]
pub(super) struct Truth<'a> {
    pub producers: &'a Producers,
    pub partitions: Vec<Partition<'a>>,
}

impl<'a> Truth<'a> {
    /// Of these; `seen` is told each record that is there, partition by partition, in order.
    pub fn new(
        logs: &'a [Log],
        producers: &'a Producers,
        readers: &'a Readers,
        mut seen: impl FnMut(PartitionId, u64, MessageId),
    ) -> Self {
        let of = |(index, log): (usize, &'a Log)| {
            let id = PartitionId(index as u32);
            let reading = |it: &Final| {
                readers.all[it.reader as usize].readings.get(&id).map(|reading| &**reading)
            };
            Partition {
                id,
                log,
                low: log.low(),
                high: log.high(),
                finals: log.finals.iter().map(|it| (*it, reading(it))).collect(),
                all: Offsets::default(),
                committed: Offsets::default(),
            }
        };
        let partitions = logs.iter().enumerate().map(of).collect();
        let mut it = Self { producers, partitions };
        for index in 0..it.partitions.len() {
            let id = PartitionId(index as u32);
            let (mut all, mut committed) = (Offsets::default(), Offsets::default());
            for (offset, slot) in it.partitions[index].log.slots() {
                let Some(message) = slot.message().filter(|_| slot.is_read()) else { continue };
                if it.shown(id, offset, message) == Shown::No {
                    continue;
                }
                all.push(offset);
                // Outside of transactions, everybody sees what one sees.
                let outside = || {
                    let producer = producers.get(message.producer);
                    producer.is_none_or(|it| it.transaction(message.sequence).is_none())
                };
                if slot.is_read_committed() || outside() {
                    committed.push(offset);
                }
                seen(id, offset, message);
            }
            it.partitions[index].all = all;
            it.partitions[index].committed = committed;
        }
        it
    }

    pub fn partition(&self, id: PartitionId) -> &Partition<'a> {
        &self.partitions[id.0 as usize]
    }

    /// Whether a message is there to those final readers who count.
    pub fn shown_to(
        &self,
        id: PartitionId,
        offset: u64,
        message: MessageId,
        counts: impl Fn(&Final) -> bool,
    ) -> Shown {
        let it = self.partition(id);
        if offset < it.low {
            return Shown::NotKnown;
        }
        if it.high.is_some_and(|high| high <= offset) {
            return Shown::No;
        }
        let slot = it.log.at(offset);
        if slot.is_corrupt() {
            return Shown::Damaged;
        }
        let mut shown = Shown::NotKnown;
        for (by, reading) in &it.finals {
            if offset < by.end && counts(by) {
                let got = reading.is_some_and(|it| it.got.has(offset));
                if got && is_what_it_got(it.log, by.reader, slot, offset, message) {
                    return Shown::Yes;
                }
                shown = Shown::No;
            }
        }
        shown
    }

    /// Whether a message is there to those who are to see it.
    pub fn shown(&self, id: PartitionId, offset: u64, message: MessageId) -> Shown {
        let committed = || {
            let producer = self.producers.get(message.producer);
            producer.is_none_or(|it| it.is_committed(message.sequence))
        };
        self.shown_to(id, offset, message, |it| !it.committed || committed())
    }

    /// Where a message was read, or said to be.
    pub fn places(&self, it: MessageId, message: Message) -> Vec<u64> {
        let mut places = self.producers.read_at(it, message);
        if let Some(offset) = message.offset()
            && !places.contains(&offset)
        {
            places.push(offset);
        }
        places
    }

    /// Whether a message is anywhere.
    pub fn shown_anywhere(
        &self,
        it: MessageId,
        message: Message,
        counts: impl Fn(&Final) -> bool,
    ) -> Shown {
        let mut shown = Shown::No;
        let mut any = false;
        for offset in self.places(it, message) {
            any = true;
            match self.shown_to(message.to(), offset, it, &counts) {
                Shown::Yes => return Shown::Yes,
                Shown::No => {}
                other => shown = other,
            }
        }
        if any { shown } else { self.shown_nowhere(message, counts) }
    }

    /// Nobody has read a message, or knows its offset: whether it cannot be there.
    fn shown_nowhere(&self, message: Message, counts: impl Fn(&Final) -> bool) -> Shown {
        let it = self.partition(message.to());
        let whole = |by: &Final| it.high.is_some_and(|high| high <= by.end);
        let all = it.finals.iter().any(|(by, _)| whole(by) && counts(by));
        // It may be among what was deleted by the rules, or what is damaged.
        let none = it.high == Some(0);
        if none || (all && it.low == 0 && !it.log.damaged) { Shown::No } else { Shown::NotKnown }
    }
}

/// Whether a message is what a reader got at an offset, who got something there.
fn is_what_it_got(log: &Log, reader: u32, slot: Slot, offset: u64, message: MessageId) -> bool {
    if !slot.is_disputed() {
        return slot.message() == Some(message);
    }
    let first = log.others.partition_point(|it| it.offset < offset);
    let others = log.others[first..].iter().take_while(|it| it.offset == offset);
    let mut mine = others.filter(|it| it.by.is_some_and(|(by, _)| by == reader)).peekable();
    if mine.peek().is_none() {
        // Nothing else than who was first.
        return slot.message() == Some(message);
    }
    mine.any(|it| it.message == message)
}

/// Whose message it is, and which.
pub(super) fn messages(
    producers: &Producers,
) -> impl Iterator<Item = (MessageId, Message, &Producer)> {
    producers.iter().flat_map(|(producer, it)| {
        it.messages.iter().enumerate().map(move |(sequence, message)| {
            (MessageId { producer, sequence: sequence as u64 }, *message, it)
        })
    })
}
