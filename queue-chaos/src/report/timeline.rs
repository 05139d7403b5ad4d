//! What a history says over time.

use std::collections::HashMap;

use super::backlog::Backlog;
use super::bins::{Bin, Bins, Worst};
use super::spans::{FaultSpan, Mark, Spans};
use crate::Result;
use crate::history::{Event, Outcome, Run, Sample, What};
use crate::id::{PartitionId, ProducerId};

/// Messages whose acknowledgement is waited for; more are not timed.
const MOST_IN_FLIGHT: usize = 1 << 20;

/// The width of bins at first: 100 ms.
const FIRST_WIDTH: u64 = 100_000;

/// Numbers of a piece of time. None where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Its middle, microseconds since the run began.
    pub at: u64,
    /// Messages handed over by producers, a second.
    pub sent: Option<f64>,
    /// Messages acknowledged, a second.
    pub acked: Option<f64>,
    /// Records read, a second.
    pub read: Option<f64>,
    /// The largest backlog, messages.
    pub lag: Option<u64>,
    /// The largest age of the oldest of these, seconds.
    pub lag_seconds: Option<f64>,
    /// Most partitions with fewer replicas in sync than they have.
    pub under_replicated: Option<u32>,
    /// Most partitions without a leader.
    pub leaderless: Option<u32>,
    /// Changes of leaders.
    pub elections: Option<u32>,
    /// Microseconds from a message to its acknowledgement: half of them took no longer.
    pub p50: Option<u64>,
    /// 99 of 100 took no longer.
    pub p99: Option<u64>,
}

/// What a history says over time: [`Point`]s, and what was done to the cluster meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The first line of the history, if it has one.
    pub run: Option<Run>,
    /// Numbers over time. A point stands for so long:
    pub points: Vec<Point>,
    /// Microseconds.
    pub width: u64,
    /// What was done to the cluster, by the times of beginning.
    pub faults: Vec<FaultSpan>,
    /// Marks of the plan, and members of the workload that were killed.
    pub marks: Vec<Mark>,
    /// How many of these two were too many to be kept.
    pub omitted: u64,
    /// The last time in the history, microseconds since the run began.
    pub end: u64,
    /// When producers sent their last message.
    pub last_sent: u64,
    /// Events.
    pub events: u64,
    /// Samples among these. Where there are none, points are made from what producers and consumers did.
    pub samples: u64,
    /// Whether the history has a last line: else it was cut short.
    pub complete: bool,
    /// For how long, microseconds, samples say that partitions were under-replicated.
    pub under_replicated_for: u64,
    /// Changes of leaders that samples have seen.
    pub elections: u64,
}

#[derive(Debug)]
struct Reader {
    bins: Bins,
    spans: Spans,
    in_flight: HashMap<(ProducerId, u64), u64>,
    unread: Backlog,
    uncommitted: Backlog,
    commits: bool,
    /// Until when ages of backlogs are in the bins.
    aged: u64,
    last_sample: Option<(u64, u32)>,
    /// Which numbers of samples were ever other than zero.
    seen: Sample,
    timeline: Timeline,
}

impl Timeline {
    /// Reads a history: once, in time linear in it, and in memory that depends on `bins` (600 are more than a screen shows), partitions and messages that wait for their
    /// acknowledgement alone. Points are 100 ms wide or, in runs too long for that, as much wider as it takes.
    ///
    /// Numbers are those of [`What::Sample`] where the history has such. Else rates and latencies are counted from what producers and consumers did, and the
    /// backlog is what was acknowledged and not committed, or not read if nobody commits.
    ///
    /// # Errors
    /// The first of the iterator.
    pub fn from_history(
        events: impl IntoIterator<Item = Result<Event>>,
        bins: usize,
    ) -> Result<Self> {
        let mut reader = Reader {
            bins: Bins::new(FIRST_WIDTH, bins),
            spans: Spans::default(),
            in_flight: HashMap::new(),
            unread: Backlog::default(),
            uncommitted: Backlog::default(),
            commits: false,
            aged: 0,
            last_sample: None,
            seen: Sample::default(),
            timeline: Self {
                run: None,
                points: Vec::new(),
                width: FIRST_WIDTH,
                faults: Vec::new(),
                marks: Vec::new(),
                omitted: 0,
                end: 0,
                last_sent: 0,
                events: 0,
                samples: 0,
                complete: false,
                under_replicated_for: 0,
                elections: 0,
            },
        };
        for event in events {
            reader.event(&event?);
        }
        Ok(reader.finish())
    }
}

impl Reader {
    fn event(&mut self, event: &Event) {
        let at = event.at;
        self.timeline.events += 1;
        self.timeline.complete = matches!(event.what, What::End { .. });
        self.timeline.end = self.timeline.end.max(at);
        if at >= self.aged.saturating_add(self.bins.width) {
            self.age(at);
        }
        match &event.what {
            What::Run(run) => self.timeline.run = Some(run.clone()),
            What::Send { p, s, .. } => {
                self.bins.at(at).sent += 1;
                self.timeline.last_sent = self.timeline.last_sent.max(at);
                if self.in_flight.len() < MOST_IN_FLIGHT {
                    self.in_flight.insert((*p, *s), at);
                }
            }
            What::Ack { p, s, to, o } => self.ack(at, (*p, *s), *to, *o),
            What::Nack { p, s, .. } | What::Unknown { p, s, .. } => {
                self.in_flight.remove(&(*p, *s));
            }
            What::Poll { to, r, .. } => {
                self.bins.at(at).read += r.len() as u64;
                if let Some(next) = r.iter().map(|record| record.0.saturating_add(1)).max() {
                    self.unread.read(*to, next);
                    self.behind(at);
                }
            }
            What::Offsets { is: Outcome::Ok, to, .. } => {
                self.commits = true;
                to.iter().for_each(|(partition, next)| self.uncommitted.read(*partition, *next));
                self.behind(at);
            }
            What::Fault { what, is, n } => self.spans.fault(at, what, is, *n),
            What::ProducerGone { p, killed: true } => self.spans.mark(at, format!("{p} is killed")),
            What::ConsumerGone { c, killed: true } => self.spans.mark(at, format!("{c} is killed")),
            What::Sample(sample) => self.sample(at, sample),
            _ => {}
        }
    }

    fn ack(&mut self, at: u64, id: (ProducerId, u64), to: PartitionId, offset: Option<u64>) {
        let bin = self.bins.at(at);
        bin.acked += 1;
        if let Some(sent) = self.in_flight.remove(&id) {
            bin.latencies.add(at.saturating_sub(sent));
        }
        if let Some(offset) = offset {
            let apart = self.bins.width;
            self.unread.acked(to, offset, at, apart);
            self.uncommitted.acked(to, offset, at, apart);
            self.behind(at);
        }
    }

    /// Writes down how large backlogs are.
    fn behind(&mut self, at: u64) {
        let (unread, uncommitted) = (self.unread.messages(), self.uncommitted.messages());
        let bin = self.bins.at(at);
        bin.unread.messages = bin.unread.messages.max(Some(unread));
        bin.uncommitted.messages = bin.uncommitted.messages.max(Some(uncommitted));
    }

    /// Writes down how old backlogs are, and how large: once a bin, because all partitions are looked at.
    fn age(&mut self, at: u64) {
        self.aged = at;
        let (unread, uncommitted) = (self.unread.age(at), self.uncommitted.age(at));
        self.behind(at);
        let bin = self.bins.at(at);
        bin.unread.age = bin.unread.age.max(Some(unread));
        bin.uncommitted.age = bin.uncommitted.age.max(Some(uncommitted));
    }

    fn sample(&mut self, at: u64, sample: &Sample) {
        self.bins.at(at).sampled.add(sample);
        self.timeline.samples += 1;
        self.timeline.elections += u64::from(sample.elections);
        self.under_replicated_until(at);
        self.last_sample = Some((at, sample.under_replicated));
        let seen = &mut self.seen;
        seen.sent += sample.sent;
        seen.acked += sample.acked;
        seen.read += sample.read;
        seen.p99 = seen.p99.max(sample.p99);
    }

    /// A sample holds until the next one.
    fn under_replicated_until(&mut self, at: u64) {
        if let Some((since, under_replicated)) = self.last_sample
            && under_replicated > 0
        {
            self.timeline.under_replicated_for += at.saturating_sub(since);
        }
    }

    fn finish(mut self) -> Timeline {
        self.under_replicated_until(self.timeline.end);
        self.age(self.timeline.end);
        self.spans.finish();
        let width = self.bins.width;
        let point = |(index, bin): (usize, &Bin)| self.point(index as u64 * width, bin);
        let points = self.bins.bins.iter().enumerate().map(point).collect();
        let mut timeline = self.timeline;
        timeline.points = points;
        timeline.width = width;
        timeline.faults = self.spans.spans;
        timeline.marks = self.spans.marks;
        timeline.omitted = self.spans.omitted;
        timeline
    }

    fn point(&self, begin: u64, bin: &Bin) -> Point {
        let width = self.bins.width;
        // The last bin may be shorter than the others.
        let lasts = width.min(self.timeline.end.saturating_sub(begin)).max(width / 10);
        let seconds = lasts as f64 / 1e6;
        let samples = bin.sampled.count;
        let any = self.timeline.samples > 0;
        let sampled = (samples > 0).then_some(&bin.sampled.sum);
        // A sampler that does not know a number writes 0 for it.
        let rate = |seen: f64, of: fn(&Sample) -> f64, count: u64| {
            if any && seen > 0.0 {
                sampled.map(|sum| of(sum) / f64::from(samples))
            } else {
                Some(count as f64 / seconds)
            }
        };
        let worst: &Worst = if self.commits { &bin.uncommitted } else { &bin.unread };
        let latencies = any && self.seen.p99 > 0;
        let of_samples = |of: fn(&Sample) -> u64| sampled.map(of).filter(|micros| *micros > 0);
        Point {
            at: begin + width / 2,
            sent: rate(self.seen.sent, |sum| sum.sent, bin.sent),
            acked: rate(self.seen.acked, |sum| sum.acked, bin.acked),
            read: rate(self.seen.read, |sum| sum.read, bin.read),
            lag: if any { sampled.map(|sum| sum.lag) } else { worst.messages },
            lag_seconds: if any {
                sampled.map(|sum| sum.lag_seconds)
            } else {
                worst.age.map(|micros| micros as f64 / 1e6)
            },
            under_replicated: sampled.map(|sum| sum.under_replicated),
            leaderless: sampled.map(|sum| sum.leaderless),
            elections: sampled.map(|sum| sum.elections),
            p50: if latencies {
                of_samples(|sum| sum.p50).map(|sum| sum / u64::from(samples))
            } else {
                bin.latencies.percentile(50)
            },
            p99: if latencies { of_samples(|sum| sum.p99) } else { bin.latencies.percentile(99) },
        }
    }
}
