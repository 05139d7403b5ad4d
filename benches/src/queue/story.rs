//! A history of any length: what a run with groups would write.

use std::collections::VecDeque;

use queue_chaos::history::{
    Acks, Commits, Delivery, Isolation, Outcome, Record, Run, Sink, Topic, What,
};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

use crate::random::Random;

const PARTITIONS: u32 = 16;
const PRODUCERS: u32 = 4;
const MEMBERS: u32 = 4;
/// Messages that a producer has sent and heard nothing of.
const IN_FLIGHT: usize = 1000;
/// Messages that a producer sends in a row.
const BURST: u64 = 100;
/// Records of a poll; each is followed by a commit.
const POLL: usize = 100;

/// Reads along, outside of groups.
const READER: ConsumerId = ConsumerId(MEMBERS);

/// The first line.
#[must_use]
pub fn run(name: &str) -> Run {
    Run {
        version: queue_chaos::history::VERSION,
        name: name.to_owned(),
        seed: 0,
        cluster: "none".to_owned(),
        started: 0,
        topics: vec![Topic { name: "story".to_owned(), partitions: PARTITIONS, replicas: 1 }],
        partitions: (0..PARTITIONS).map(|partition| (0, partition)).collect(),
    }
}

/// A partition as it would be in the cluster.
#[derive(Default)]
struct Partition {
    next: u64,
    /// What its readers have not got yet.
    unread: Vec<Record>,
}

struct Story<'a> {
    sink: &'a dyn Sink,
    partitions: Vec<Partition>,
}

impl Story<'_> {
    fn record(&self, what: What) {
        self.sink.record(self.sink.now(), what);
    }

    fn acknowledge(&mut self, p: ProducerId, s: u64, to: PartitionId) {
        let partition = &mut self.partitions[to.0 as usize];
        let o = partition.next;
        partition.next += 1;
        partition.unread.push(Record(o, p, s));
        let polled = partition.unread.len() >= POLL;
        self.record(What::Ack { p, s, to, o: Some(o) });
        if polled {
            self.poll(to);
        }
    }

    /// The reader, and the member that has the partition, get what there is; it does its work, and commits.
    fn poll(&mut self, to: PartitionId) {
        let c = member(to);
        let r = std::mem::take(&mut self.partitions[to.0 as usize].unread);
        let Some(Record(last, ..)) = r.last().copied() else { return };
        self.record(What::Poll { c: READER, to, r: r.clone() });
        let offsets: Vec<u64> = r.iter().map(|record| record.0).collect();
        self.record(What::Poll { c, to, r });
        for o in offsets {
            self.record(What::Done { c, to, o });
        }
        for is in [Outcome::Invoke, Outcome::Ok] {
            self.record(What::Offsets { c, is, to: vec![(to, last + 1)], within: None });
        }
    }
}

fn member(of: PartitionId) -> ConsumerId {
    ConsumerId(of.0 % MEMBERS)
}

/// Records a run of so many messages (a multiple of 400, or some less), with which everything is well. Memory does not depend on their number.
pub fn tell(sink: &dyn Sink, messages: u64) {
    let mut story =
        Story { sink, partitions: (0..PARTITIONS).map(|_| Partition::default()).collect() };
    let group = "story".to_owned();
    let producers = (0..PRODUCERS).map(ProducerId);
    for p in producers.clone() {
        story.record(What::Producer { p, delivery: Delivery::Idempotent, acks: Acks::All });
    }
    for c in (0..MEMBERS).map(ConsumerId) {
        let (group, isolation) = (Some(group.clone()), Isolation::ReadCommitted);
        story.record(What::Consumer { c, group, isolation, commits: Commits::Sync });
        let own = (0..PARTITIONS).map(PartitionId).filter(|to| member(*to) == c);
        story.record(What::Assign { c, to: own.map(|to| (to, Some(0))).collect() });
    }
    let isolation = Isolation::ReadCommitted;
    story.record(What::Consumer { c: READER, group: None, isolation, commits: Commits::Never });
    let all = (0..PARTITIONS).map(PartitionId);
    story.record(What::Assign { c: READER, to: all.clone().map(|to| (to, Some(0))).collect() });

    let mut random = Random::new(7);
    let mut flying: Vec<VecDeque<(u64, PartitionId)>> =
        producers.clone().map(|_| VecDeque::new()).collect();
    for burst in 0..messages / u64::from(PRODUCERS) / BURST {
        for (p, flying) in producers.clone().zip(&mut flying) {
            for s in burst * BURST..(burst + 1) * BURST {
                let to = PartitionId((random.word() % u64::from(PARTITIONS)) as u32);
                story.record(What::Send { p, s, to, of: None });
                flying.push_back((s, to));
            }
            while flying.len() > IN_FLIGHT
                && let Some((s, to)) = flying.pop_front()
            {
                story.acknowledge(p, s, to);
            }
        }
    }
    for (p, flying) in producers.clone().zip(flying) {
        for (s, to) in flying {
            story.acknowledge(p, s, to);
        }
        story.record(What::ProducerGone { p, killed: false });
    }
    for to in all.clone() {
        story.poll(to);
        let high = story.partitions[to.0 as usize].next;
        story.record(What::Watermarks { to, low: 0, high });
        story.record(What::ReadAll { c: READER, to, o: high });
    }
    let to = all.map(|to| (to, story.partitions[to.0 as usize].next)).collect();
    story.record(What::Committed { group, to });
}

#[cfg(test)]
mod tests {
    use queue_chaos::check::{Checker, Options, Verdict};
    use queue_chaos::history::{Event, Memory};

    use super::*;

    #[test]
    fn with_a_story_all_is_well() {
        let memory = Memory::new();
        tell(&memory, 20_000);
        let mut checker = Checker::new(&Options::default());
        let events = memory.events();
        let (first, last) =
            (What::Run(run("story")), What::End { events: events.len() as u64 + 1 });
        let story = [Event { at: 0, what: first }].into_iter().chain(events);
        for event in story.chain([Event { at: u64::MAX, what: last }]) {
            checker.push(&event).unwrap();
        }
        let judgement = checker.finish();
        assert_eq!(judgement.verdict, Verdict::Ok, "{judgement}");
        assert_eq!((judgement.counts.sent, judgement.counts.acked), (20_000, 20_000));
        assert!(judgement.counts.events > 60_000);
    }

    #[test]
    fn a_story_that_leaves_one_out_is_not_well() {
        let memory = Memory::new();
        tell(&memory, 4_000);
        let mut checker = Checker::new(&Options::default());
        checker.push(&Event { at: 0, what: What::Run(run("story")) }).unwrap();
        for mut event in memory.events() {
            match &mut event.what {
                What::Poll { r, .. } => r.retain(|record| record.0 != 7),
                // Who did not get it has not done it: that would be no history.
                What::Done { o: 7, .. } => continue,
                _ => {}
            }
            checker.push(&event).unwrap();
        }
        assert_eq!(checker.finish().verdict, Verdict::Anomaly);
    }
}
