//! Small histories, told event by event.

use queue_chaos::check::{AnomalyKind, Judgement, Options, Verdict};
use queue_chaos::history::{Acks, Commits, Delivery, Event, Isolation, Outcome, Record, Run, What};
use queue_chaos::id::{ConsumerId, PartitionId, ProducerId};

pub struct Story {
    pub events: Vec<Event>,
}

pub const ALL: Acks = Acks::All;
pub const IDEMPOTENT: Delivery = Delivery::Idempotent;
pub const TRANSACTIONAL: Delivery = Delivery::Transactional;

impl Story {
    /// With two partitions.
    pub fn new() -> Self {
        let run = Run {
            version: queue_chaos::history::VERSION,
            name: "a story".into(),
            seed: 0,
            cluster: "story".into(),
            started: 0,
            topics: vec![],
            partitions: vec![(0, 0), (0, 1)],
        };
        Self { events: vec![Event { at: 0, what: What::Run(run) }] }
    }

    /// With an idempotent producer that has sent so many messages to partition 0; all are acknowledged, at the offsets that are their numbers.
    pub fn sent(count: u64) -> Self {
        let mut it = Self::new().producer(0, IDEMPOTENT, ALL);
        for s in 0..count {
            it = it.send(0, s, 0).ack(0, s, 0, s);
        }
        it
    }

    pub fn tell(mut self, what: What) -> Self {
        let at = self.events.len() as u64 * 1000;
        self.events.push(Event { at, what });
        self
    }

    pub fn producer(self, p: u32, delivery: Delivery, acks: Acks) -> Self {
        self.tell(What::Producer { p: ProducerId(p), delivery, acks })
    }

    pub fn send(self, p: u32, s: u64, to: u32) -> Self {
        self.tell(What::Send { p: ProducerId(p), s, to: PartitionId(to), of: None })
    }

    pub fn ack(self, p: u32, s: u64, to: u32, o: u64) -> Self {
        self.tell(What::Ack { p: ProducerId(p), s, to: PartitionId(to), o: Some(o) })
    }

    pub fn unknown(self, p: u32, s: u64) -> Self {
        self.tell(What::Unknown { p: ProducerId(p), s, why: "late".into() })
    }

    pub fn nack(self, p: u32, s: u64) -> Self {
        self.tell(What::Nack { p: ProducerId(p), s, why: "no".into() })
    }

    pub fn begin(self, p: u32) -> Self {
        self.tell(What::Begin { p: ProducerId(p) })
    }

    pub fn commit(self, p: u32, is: Outcome) -> Self {
        self.tell(What::Commit { p: ProducerId(p), is: Outcome::Invoke })
            .tell(What::Commit { p: ProducerId(p), is })
    }

    pub fn abort(self, p: u32) -> Self {
        self.tell(What::Abort { p: ProducerId(p), is: Outcome::Invoke })
            .tell(What::Abort { p: ProducerId(p), is: Outcome::Ok })
    }

    /// A consumer without a group, at the beginning of partition 0.
    pub fn reader(self, c: u32, isolation: Isolation) -> Self {
        self.tell(What::Consumer {
            c: ConsumerId(c),
            group: None,
            isolation,
            commits: Commits::Never,
        })
        .assign(c, 0, Some(0))
    }

    pub fn member(self, c: u32, commits: Commits) -> Self {
        let (c, group) = (ConsumerId(c), Some("g".into()));
        self.tell(What::Consumer { c, group, isolation: Isolation::ReadCommitted, commits })
    }

    pub fn assign(self, c: u32, to: u32, o: Option<u64>) -> Self {
        self.tell(What::Assign { c: ConsumerId(c), to: vec![(PartitionId(to), o)] })
    }

    pub fn revoke(self, c: u32, to: u32) -> Self {
        self.tell(What::Revoke { c: ConsumerId(c), to: vec![PartitionId(to)], lost: false })
    }

    pub fn seek(self, c: u32, to: u32, o: u64) -> Self {
        self.tell(What::Seek { c: ConsumerId(c), to: PartitionId(to), o })
    }

    /// Offset, producer, sequence.
    pub fn poll(self, c: u32, to: u32, records: &[(u64, u32, u64)]) -> Self {
        let r = records.iter().map(|(o, p, s)| Record(*o, ProducerId(*p), *s)).collect();
        self.tell(What::Poll { c: ConsumerId(c), to: PartitionId(to), r })
    }

    pub fn done(self, c: u32, to: u32, o: u64) -> Self {
        self.tell(What::Done { c: ConsumerId(c), to: PartitionId(to), o })
    }

    pub fn offsets(self, c: u32, to: u32, o: u64) -> Self {
        let offsets = |is| What::Offsets {
            c: ConsumerId(c),
            is,
            to: vec![(PartitionId(to), o)],
            within: None,
        };
        self.tell(offsets(Outcome::Invoke)).tell(offsets(Outcome::Ok))
    }

    pub fn watermarks(self, to: u32, low: u64, high: u64) -> Self {
        self.tell(What::Watermarks { to: PartitionId(to), low, high })
    }

    /// Somebody reads all of a partition, in the end, and gets these.
    pub fn read_all(self, c: u32, to: u32, records: &[(u64, u32, u64)], end: u64) -> Self {
        self.tell(What::Consumer {
            c: ConsumerId(c),
            group: None,
            isolation: Isolation::ReadCommitted,
            commits: Commits::Never,
        })
        .assign(c, to, Some(0))
        .poll(c, to, records)
        .watermarks(to, 0, end)
        .tell(What::ReadAll { c: ConsumerId(c), to: PartitionId(to), o: end })
    }

    pub fn committed(self, to: u32, o: u64) -> Self {
        self.tell(What::Committed { group: "g".into(), to: vec![(PartitionId(to), o)] })
    }

    pub fn judge(self) -> Judgement {
        self.judge_with(&Options::default())
    }

    pub fn judge_with(self, options: &Options) -> Judgement {
        let events = self.events.len() as u64;
        super::judge(&self.tell(What::End { events }).events, options)
    }

    /// Nothing is wrong.
    pub fn fine(self) {
        let judgement = self.judge();
        assert_eq!(judgement.verdict, Verdict::Ok, "{judgement}");
    }

    /// These are found, and nothing else.
    pub fn has(self, expected: &[(AnomalyKind, u64)]) -> Judgement {
        let judgement = self.judge();
        let found: Vec<_> = judgement.found.iter().map(|(a, b)| (*a, *b)).collect();
        assert_eq!(found, expected, "{judgement}");
        let kept = |kind| judgement.anomalies.iter().filter(|it| it.kind == kind).count() as u64;
        assert!(expected.iter().all(|(kind, count)| kept(*kind) == *count), "{judgement}");
        judgement
    }
}

/// Messages of producer 0 at the offsets that are their numbers.
pub fn own(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, u32, u64)> {
    numbers.into_iter().map(|it| (it, 0, it)).collect()
}
