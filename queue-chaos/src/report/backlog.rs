//! How much was acknowledged and not read yet, and for how long.

use std::collections::{HashMap, VecDeque};

use crate::id::PartitionId;

/// How many partitions are followed: a history with more is not one of ours.
const MOST_PARTITIONS: usize = 1 << 16;

#[derive(Debug, Default)]
struct Partition {
    /// The offset after the last that was acknowledged.
    high: u64,
    /// The offset that is to be read next.
    next: u64,
    /// Offsets with the times at which they were acknowledged, far enough apart that there are not many.
    times: VecDeque<(u64, u64)>,
}

impl Partition {
    fn behind(&self) -> u64 {
        self.high.saturating_sub(self.next)
    }

    /// Drops times of what was read, but the last: it is the best that is known about the first that was not.
    fn forget(&mut self) {
        while self.times.get(1).is_some_and(|(offset, _)| *offset <= self.next) {
            self.times.pop_front();
        }
        if self.behind() == 0 {
            self.times.clear();
        }
    }
}

/// A backlog over all partitions.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    partitions: HashMap<PartitionId, Partition>,
    messages: u64,
}

impl Backlog {
    fn change(&mut self, partition: PartitionId, change: impl FnOnce(&mut Partition)) {
        if self.partitions.len() >= MOST_PARTITIONS && !self.partitions.contains_key(&partition) {
            return;
        }
        let partition = self.partitions.entry(partition).or_default();
        let before = partition.behind();
        change(partition);
        partition.forget();
        self.messages = self.messages.saturating_sub(before).saturating_add(partition.behind());
    }

    /// A message got an offset. Times that are less than `apart` after the one before are not kept.
    pub(super) fn acked(&mut self, partition: PartitionId, offset: u64, at: u64, apart: u64) {
        self.change(partition, |partition| {
            partition.high = partition.high.max(offset.saturating_add(1));
            let last = partition.times.back();
            if last.is_none_or(|(last, time)| offset > *last && at >= time.saturating_add(apart)) {
                partition.times.push_back((offset, at));
            }
        });
    }

    /// All before an offset is read.
    pub(super) fn read(&mut self, partition: PartitionId, next: u64) {
        self.change(partition, |partition| partition.next = partition.next.max(next));
    }

    /// Messages that are acknowledged and not read.
    pub(super) const fn messages(&self) -> u64 {
        self.messages
    }

    /// The age of the oldest of these, microseconds.
    pub(super) fn age(&self, now: u64) -> u64 {
        let behind = self.partitions.values().filter(|partition| partition.behind() > 0);
        let oldest = behind.filter_map(|partition| partition.times.front()).map(|(_, at)| *at);
        oldest.min().map_or(0, |at| now.saturating_sub(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: PartitionId = PartitionId(0);

    #[test]
    fn messages_and_age() {
        let mut backlog = Backlog::default();
        assert_eq!((backlog.messages(), backlog.age(100)), (0, 0));
        for offset in 0..10 {
            backlog.acked(P, offset, 100 + offset * 10, 0);
        }
        assert_eq!((backlog.messages(), backlog.age(300)), (10, 200));
        backlog.read(P, 4);
        assert_eq!((backlog.messages(), backlog.age(300)), (6, 160));
        // What is read again is not unread.
        backlog.read(P, 2);
        assert_eq!(backlog.messages(), 6);
        backlog.read(P, 10);
        assert_eq!((backlog.messages(), backlog.age(300)), (0, 0));
        // Offsets of control records are read, and never acknowledged.
        backlog.read(P, 12);
        backlog.acked(P, 12, 400, 0);
        backlog.acked(PartitionId(7), 0, 350, 0);
        assert_eq!((backlog.messages(), backlog.age(410)), (2, 60));
    }

    #[test]
    fn times_are_few() {
        let mut backlog = Backlog::default();
        for offset in 0..10_000 {
            backlog.acked(P, offset, offset, 100);
        }
        assert_eq!(backlog.partitions[&P].times.len(), 100);
        backlog.read(P, 5_050);
        // Off by what they are apart at most.
        assert_eq!((backlog.messages(), backlog.age(10_000)), (4_950, 5_000));
    }
}
