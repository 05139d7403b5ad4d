//! What is at the offsets of a partition, as those who read and wrote there say.

use crate::id::{ConsumerId, MessageId, ProducerId};

use super::limits::{PAGE, SEQUENCES};
use super::pages::Pages;

/// An acknowledgement says that the message is here.
const ACKED: u64 = 1;
/// Somebody has read it here.
const READ: u64 = 2;
/// Somebody who reads what is committed has.
const READ_COMMITTED: u64 = 4;
/// Somebody has read a damaged record here.
const CORRUPT: u64 = 8;
/// Others say that another message is here: see [`Log::others`].
const DISPUTED: u64 = 16;

/// What is at an offset: producer (20 bits), sequence (36), flags (8).
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(u64);

impl Slot {
    /// The message that the first who read here got; if nobody has, the one that was acknowledged to be here.
    pub fn message(self) -> Option<MessageId> {
        let message = MessageId {
            producer: ProducerId((self.0 >> 44) as u32),
            sequence: self.0 >> 8 & (SEQUENCES - 1),
        };
        (self.0 & (ACKED | READ) != 0).then_some(message)
    }

    pub fn is_read(self) -> bool {
        self.0 & READ != 0
    }

    pub fn is_read_committed(self) -> bool {
        self.0 & READ_COMMITTED != 0
    }

    pub fn is_corrupt(self) -> bool {
        self.0 & CORRUPT != 0
    }

    pub fn is_disputed(self) -> bool {
        self.0 & DISPUTED != 0
    }
}

/// Another message that is said to be at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Other {
    pub offset: u64,
    pub message: MessageId,
    /// Who has read it; none if it was acknowledged.
    pub by: Option<(u32, ConsumerId)>,
    pub at: u64,
}

/// Somebody who read all of a partition in the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Final {
    pub reader: u32,
    pub committed: bool,
    /// Where it began, if that is known.
    pub start: Option<u64>,
    pub end: u64,
}

/// A consumer went from before `from` to `to` without getting anything between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    /// From (40 bits), consumer (20).
    packed: u64,
    /// To (40 bits), whether it reads what is committed (1).
    to: u64,
    pub at: u64,
}

impl Gap {
    pub fn new(from: u64, to: u64, consumer: ConsumerId, committed: bool, at: u64) -> Self {
        let packed = from << 20 | u64::from(consumer.0);
        Self { packed, to: to << 1 | u64::from(committed), at }
    }

    pub fn from(self) -> u64 {
        self.packed >> 20
    }

    pub fn to(self) -> u64 {
        self.to >> 1
    }

    pub fn committed(self) -> bool {
        self.to & 1 == 1
    }

    pub fn consumer(self) -> ConsumerId {
        ConsumerId(self.packed as u32 & 0xF_FFFF)
    }
}

#[derive(Debug, Default)]
pub(super) struct Log {
    slots: Pages<PAGE>,
    pub others: Vec<Other>,
    pub gaps: Vec<Gap>,
    pub watermarks: Option<(u64, u64)>,
    pub finals: Vec<Final>,
    /// Whether somebody sent messages here.
    pub used: bool,
    /// Whether somebody read a damaged record.
    pub damaged: bool,
}

fn pack(it: MessageId) -> u64 {
    u64::from(it.producer.0) << 44 | it.sequence << 8
}

impl Log {
    /// An acknowledgement says that a message is at an offset.
    pub fn ack(&mut self, offset: u64, message: MessageId, at: u64) {
        let slot = self.slots.slot(offset);
        match Slot(*slot).message() {
            None => *slot = *slot & CORRUPT | pack(message) | ACKED,
            Some(found) if found == message => *slot |= ACKED,
            Some(_) => {
                *slot |= DISPUTED;
                self.others.push(Other { offset, message, by: None, at });
            }
        }
    }

    /// Somebody reads a message at an offset.
    #[inline]
    pub fn read(
        &mut self,
        offset: u64,
        message: MessageId,
        by: (u32, ConsumerId),
        committed: bool,
        at: u64,
    ) {
        let read = if committed { READ | READ_COMMITTED } else { READ };
        let slot = self.slots.slot(offset);
        let it = Slot(*slot);
        match it.message() {
            Some(found) if found == message => *slot |= read,
            None => *slot = *slot & CORRUPT | pack(message) | read,
            // What is read goes before what is only said.
            Some(acked) if !it.is_read() => {
                *slot = *slot & CORRUPT | pack(message) | read | DISPUTED;
                self.others.push(Other { offset, message: acked, by: None, at });
            }
            Some(_) => {
                *slot |= DISPUTED;
                self.others.push(Other { offset, message, by: Some(by), at });
            }
        }
    }

    /// Somebody reads a damaged record at an offset.
    pub fn corrupt(&mut self, offset: u64) {
        *self.slots.slot(offset) |= CORRUPT;
        self.damaged = true;
    }

    pub fn at(&self, offset: u64) -> Slot {
        Slot(self.slots.get(offset))
    }

    /// All offsets that something is known of, in order.
    pub fn slots(&self) -> impl Iterator<Item = (u64, Slot)> + '_ {
        self.slots.in_order().into_iter().flat_map(|(first, page)| {
            let slots = page.iter().enumerate().filter(|(_, it)| **it != 0);
            slots.map(move |(i, it)| (first + i as u64, Slot(*it)))
        })
    }

    pub fn pages(&self) -> usize {
        self.slots.count()
    }

    /// The first offset that is there in the end.
    pub fn low(&self) -> u64 {
        match self.watermarks {
            Some((low, _)) => low,
            None => self.finals.iter().filter_map(|it| it.start).min().unwrap_or(0),
        }
    }

    /// The offset from which there is nothing in the end, if that is known.
    pub fn high(&self) -> Option<u64> {
        match self.watermarks {
            Some((_, high)) => Some(self.finals.iter().map(|it| it.end).fold(high, u64::max)),
            None => self.finals.iter().map(|it| it.end).max(),
        }
    }
}
