//! What producers did with their messages.

use std::collections::HashMap;

use crate::history::{Acks, Delivery};
use crate::id::{MessageId, PartitionId, ProducerId};

use super::limits::OFFSETS;

/// It was acknowledged.
pub(super) const ACKED: u8 = 1;
/// It was refused.
pub(super) const REFUSED: u8 = 2;
/// It was reported as unknown.
pub(super) const UNKNOWN: u8 = 4;
/// Its offset is the one of its acknowledgement, not just the first that it was read at.
pub(super) const ACKED_HERE: u8 = 8;
/// It was read at its offset.
pub(super) const READ_HERE: u8 = 16;
/// It was read.
pub(super) const READ: u8 = 32;
/// It was read by somebody who reads what is committed.
pub(super) const READ_COMMITTED: u8 = 64;
/// It was read at other offsets, too: see [`Producers::elsewhere`].
pub(super) const ELSEWHERE: u8 = 128;

/// A message, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// Offset (40 bits), partition (16), flags (8).
    packed: u64,
    /// Milliseconds since the run began.
    sent: u32,
    acked: u32,
}

/// Milliseconds; a run of more than 49 days has its last one.
fn milliseconds(at: u64) -> u32 {
    u32::try_from(at / 1000).unwrap_or(u32::MAX)
}

impl Message {
    pub fn new(to: PartitionId, at: u64) -> Self {
        let packed = OFFSETS << 24 | u64::from(to.0) << 8;
        Self { packed, sent: milliseconds(at), acked: 0 }
    }

    pub fn to(self) -> PartitionId {
        PartitionId((self.packed >> 8) as u32 & 0xFFFF)
    }

    /// That of its acknowledgement, or the first that it was read at.
    pub fn offset(self) -> Option<u64> {
        Some(self.packed >> 24).filter(|it| *it != OFFSETS)
    }

    pub fn is(self, flags: u8) -> bool {
        self.packed as u8 & flags != 0
    }

    fn set(&mut self, flags: u8) {
        self.packed |= u64::from(flags);
    }

    fn clear(&mut self, flags: u8) {
        self.packed &= !u64::from(flags);
    }

    fn set_offset(&mut self, offset: u64) {
        self.packed = self.packed & 0xFF_FFFF | offset << 24;
    }

    /// When it was sent, and acknowledged.
    pub fn times(self) -> Vec<u64> {
        let acked = self.is(ACKED).then_some(self.acked);
        [Some(self.sent), acked].into_iter().flatten().map(|it| u64::from(it) * 1000).collect()
    }
}

/// What has become of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody has asked for its commit, or that was certain to have failed: nothing of it may be seen.
    Open,
    /// It was committed.
    Committed,
    /// It was aborted.
    Aborted,
    /// Its commit was asked for; nobody knows.
    Unknown,
}

/// A transaction: the messages from `first` to before `end`.
#[derive(Debug)]
pub(super) struct Transaction {
    pub first: u64,
    /// `u64::MAX` while it is open.
    pub end: u64,
    /// When its commit was asked for last.
    pub asked: Option<u64>,
    pub fate: Fate,
    /// When somebody who reads what is committed got one of its messages first, and which.
    pub read: Option<(u64, u64)>,
    /// Offsets that are committed with it.
    pub offsets: Vec<WithinTransaction>,
}

/// An offset that is committed with a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct WithinTransaction {
    pub reader: u32,
    pub partition: PartitionId,
    pub offset: u64,
}

#[derive(Debug)]
pub(super) struct Producer {
    pub delivery: Delivery,
    pub acks: Acks,
    pub messages: Vec<Message>,
    pub transactions: Vec<Transaction>,
    /// What messages were made of: partition and offset, packed as [`Producer::of`] says. Empty if no message of this producer tells; shorter than `messages` if
    /// the last ones do not.
    of: Vec<u64>,
    pub gone: bool,
}

const OF_NOTHING: u64 = u64::MAX;

impl Producer {
    pub fn new(delivery: Delivery, acks: Acks) -> Self {
        Self { delivery, acks, messages: vec![], transactions: vec![], of: vec![], gone: false }
    }

    pub fn set_of(&mut self, sequence: u64, partition: PartitionId, offset: u64) {
        self.of.resize(sequence as usize, OF_NOTHING);
        self.of.push(offset << 16 | u64::from(partition.0));
    }

    /// What a message was made of.
    pub fn of(&self, sequence: u64) -> Option<(PartitionId, u64)> {
        let of = self.of.get(sequence as usize).copied().filter(|it| *it != OF_NOTHING)?;
        Some((PartitionId(of as u32 & 0xFFFF), of >> 16))
    }

    pub fn has_inputs(&self) -> bool {
        !self.of.is_empty()
    }

    /// The transaction that is open, whatever has been asked of it.
    pub fn open(&mut self) -> Option<&mut Transaction> {
        self.transactions.last_mut().filter(|it| it.end == u64::MAX)
    }

    /// Ends the open transaction at the next message.
    pub fn close(&mut self) {
        let next = self.messages.len() as u64;
        if let Some(open) = self.open() {
            open.end = next;
        }
    }

    fn transaction_index(&self, sequence: u64) -> Option<usize> {
        // Mostly it is one of the last.
        let last = self.transactions.last()?;
        let index = if last.first <= sequence {
            self.transactions.len() - 1
        } else {
            self.transactions.partition_point(|it| it.first <= sequence).checked_sub(1)?
        };
        (sequence < self.transactions[index].end).then_some(index)
    }

    /// The transaction of a message; none if it was sent outside of any.
    pub fn transaction(&self, sequence: u64) -> Option<&Transaction> {
        self.transaction_index(sequence).map(|it| &self.transactions[it])
    }

    /// Whether the messages of this producer keep their order and are written once, whatever happens.
    pub fn is_idempotent(&self) -> bool {
        self.delivery != Delivery::Plain
    }

    /// Whether somebody who reads what is committed is to see a message, if it is there: it was outside of transactions, or its one was committed, or it was seen.
    pub fn is_committed(&self, sequence: u64) -> bool {
        match self.transaction(sequence).map(|it| it.fate) {
            None | Some(Fate::Committed) => true,
            Some(Fate::Unknown) => {
                self.messages.get(sequence as usize).is_some_and(|it| it.is(READ_COMMITTED))
            }
            Some(Fate::Open | Fate::Aborted) => false,
        }
    }
}

/// All producers, by id.
#[derive(Debug, Default)]
pub(super) struct Producers {
    all: Vec<Option<Box<Producer>>>,
    /// Offsets of messages that were read at others than theirs.
    pub elsewhere: HashMap<MessageId, Vec<u64>>,
    pub distinct: u64,
}

/// What came of applying a read to a message.
pub(super) enum Applied {
    Ok,
    /// It was sent to another partition.
    NotHere,
    /// Nobody has sent it, yet.
    NotSent,
}

impl Producers {
    pub fn get(&self, p: ProducerId) -> Option<&Producer> {
        self.all.get(p.0 as usize)?.as_deref()
    }

    pub fn get_mut(&mut self, p: ProducerId) -> Result<&mut Producer, String> {
        let found = self.all.get_mut(p.0 as usize).and_then(|it| it.as_deref_mut());
        found.ok_or_else(|| format!("{p} does something, and has not begun"))
    }

    pub fn add(&mut self, p: usize, producer: Producer) -> Result<(), String> {
        if self.all.len() <= p {
            self.all.resize_with(p + 1, || None);
        }
        if self.all[p].is_some() {
            return Err(format!("producer {p} begins a second time"));
        }
        self.all[p] = Some(Box::new(producer));
        Ok(())
    }

    pub fn iter(&self) -> impl Iterator<Item = (ProducerId, &Producer)> {
        let all = self.all.iter().enumerate();
        all.filter_map(|(i, it)| it.as_deref().map(|it| (ProducerId(i as u32), it)))
    }

    /// How many ids there are, used or not.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn message(&self, it: MessageId) -> Option<Message> {
        self.get(it.producer)?.messages.get(it.sequence as usize).copied()
    }

    fn message_mut(&mut self, it: MessageId) -> Result<&mut Message, String> {
        let producer = self.get_mut(it.producer)?;
        let found = producer.messages.get_mut(it.sequence as usize);
        found.ok_or_else(|| format!("{it} has an outcome, and was not sent"))
    }

    pub fn ack(
        &mut self,
        it: MessageId,
        to: PartitionId,
        offset: Option<u64>,
        at: u64,
    ) -> Result<(), String> {
        let message = self.message_mut(it)?;
        if message.is(ACKED | REFUSED) {
            return Err(format!("{it} is acknowledged, and had an outcome before"));
        }
        if message.to() != to {
            return Err(format!("{it} is acknowledged in {to}, and was sent to {}", message.to()));
        }
        message.set(ACKED);
        message.acked = milliseconds(at);
        let Some(offset) = offset else { return Ok(()) };
        let before = message.offset();
        message.set(ACKED_HERE);
        message.set_offset(offset);
        if let Some(before) = before.filter(|it| *it != offset) {
            // Read before it was acknowledged, at another offset.
            message.clear(READ_HERE);
            message.set(ELSEWHERE);
            let elsewhere = self.elsewhere.entry(it).or_default();
            let here = elsewhere.iter().position(|it| *it == offset);
            elsewhere.push(before);
            if let Some(here) = here {
                elsewhere.swap_remove(here);
                self.message_mut(it)?.set(READ_HERE);
            }
        }
        Ok(())
    }

    pub fn refuse(&mut self, it: MessageId) -> Result<(), String> {
        let message = self.message_mut(it)?;
        if message.is(ACKED | REFUSED) {
            return Err(format!("{it} is refused, and had an outcome before"));
        }
        message.set(REFUSED);
        Ok(())
    }

    pub fn lose_sight(&mut self, it: MessageId) -> Result<(), String> {
        self.message_mut(it)?.set(UNKNOWN);
        Ok(())
    }

    /// Somebody has read a message at an offset.
    #[inline]
    pub fn read(
        &mut self,
        it: MessageId,
        to: PartitionId,
        offset: u64,
        committed: bool,
        at: u64,
    ) -> Applied {
        let Some(producer) = self.all.get_mut(it.producer.0 as usize) else {
            return Applied::NotSent;
        };
        let Some(producer) = producer.as_deref_mut() else { return Applied::NotSent };
        let Some(message) = producer.messages.get_mut(it.sequence as usize) else {
            return Applied::NotSent;
        };
        if message.to() != to {
            return Applied::NotHere;
        }
        self.distinct += u64::from(!message.is(READ));
        message.set(if committed { READ | READ_COMMITTED } else { READ });
        match message.offset() {
            None => {
                message.set_offset(offset);
                message.set(READ_HERE);
            }
            Some(here) if here == offset => message.set(READ_HERE),
            Some(_) => {
                message.set(ELSEWHERE);
                let elsewhere = self.elsewhere.entry(it).or_default();
                if !elsewhere.contains(&offset) {
                    elsewhere.push(offset);
                }
            }
        }
        if committed && let Some(index) = producer.transaction_index(it.sequence) {
            let read = &mut producer.transactions[index].read;
            if read.is_none_or(|(before, _)| at < before) {
                *read = Some((at, it.sequence));
            }
        }
        Applied::Ok
    }

    /// All offsets at which a message was read.
    pub fn read_at(&self, it: MessageId, message: Message) -> Vec<u64> {
        let here = message.offset().filter(|_| message.is(READ_HERE));
        let mut all: Vec<u64> = here.into_iter().collect();
        if message.is(ELSEWHERE) {
            all.extend(self.elsewhere.get(&it).into_iter().flatten());
            all.sort_unstable();
        }
        all
    }
}
