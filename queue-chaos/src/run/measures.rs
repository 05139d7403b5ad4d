//! The numbers by which a run is told.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{AnomalyKind, Judgement};
use crate::history::{Event, Outcome, Sample, What};
use crate::id::PartitionId;
use crate::{Error, Result};

/// The numbers by which a run is told. What samples say counts from the first fault on, or from the beginning if there is none: groups that are still forming are behind.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measures {
    /// Messages that were acknowledged.
    pub acked: u64,
    /// Different messages that were read.
    pub distinct: u64,
    /// Nodes stopped or killed.
    pub stops: u64,
    /// Acknowledged messages that are not there.
    pub lost: u64,
    /// Records that a consumer, or a group, went past without getting them.
    pub gaps: u64,
    /// Messages that are there twice.
    pub duplicates: u64,
    /// Records that a group got again.
    pub redelivered: u64,
    /// Samples in which the cluster answered.
    pub samples: u64,
    /// The most messages that the group had not committed; while nobody answered, or if nobody commits, that it had not read.
    pub max_lag: u64,
    /// The highest age of the oldest of them, seconds.
    pub max_lag_seconds: f64,
    /// The same in the last sample: `max_lag` ...
    pub last_lag: u64,
    /// Messages that the group had not committed when everything was over: from watermarks and committed offsets. None if nobody knows.
    pub final_lag: Option<u64>,
    /// The highest ratio of lag, as the cluster tells it, to backlog: messages handed to producers until then, without those whose commit had been confirmed before the cluster
    /// was asked. Above 1, the cluster has more than it was given, or has forgotten commits. None if there never was a backlog.
    pub lag_over_backlog: Option<f64>,
    /// The largest backlog of a sample.
    pub max_backlog: u64,
    /// The most partitions that were under-replicated.
    pub max_under_replicated: u32,
    /// Those of the last sample.
    pub last_under_replicated: u32,
    /// Seconds in which partitions were under-replicated, by samples.
    pub under_replicated_seconds: f64,
    /// When the first fault began, microseconds since the run began; 0 if there was none.
    pub first: u64,
    /// The longest time in which no message was acknowledged while there were some to be, seconds.
    pub longest_silence: f64,
}

/// A look at the cluster: when it ended, and what was seen.
struct Look {
    at: u64,
    sample: Sample,
}

/// Sums and maxima by the look before which they happened.
#[derive(Default)]
struct Ledger {
    /// Messages handed over.
    sent: Vec<u64>,
    /// Confirmed commits.
    committed: BTreeMap<(usize, PartitionId), u64>,
}

impl Measures {
    /// Reads a history twice: once for the looks at the cluster, once for what happened between them.
    ///
    /// # Errors
    /// The first of the iterators.
    pub fn from_history<I>(open: impl Fn() -> Result<I>, judgement: &Judgement) -> Result<Self>
    where
        I: IntoIterator<Item = Result<Event>>,
    {
        let found = |kind| judgement.found.get(&kind).copied().unwrap_or(0);
        let mut measures = Self {
            acked: judgement.counts.acked,
            distinct: judgement.counts.distinct,
            lost: found(AnomalyKind::LostWrite),
            gaps: found(AnomalyKind::PollSkip) + found(AnomalyKind::GroupSkip),
            duplicates: found(AnomalyKind::Duplicate),
            redelivered: judgement.counts.redelivered,
            ..Self::default()
        };
        let mut looks = Vec::new();
        let mut first = None;
        for event in open()? {
            let Event { at, what } = event?;
            match what {
                What::Sample(sample) => looks.push(Look { at, sample }),
                What::Fault { .. } => {
                    first.get_or_insert(at);
                }
                _ => {}
            }
        }
        looks.sort_by_key(|look| look.at);
        measures.first = first.unwrap_or(0);
        measures.of_samples(&looks);
        let ledger = measures.between(&looks, open()?)?;
        measures.backlog(&looks, &ledger);
        Ok(measures)
    }

    fn of_samples(&mut self, looks: &[Look]) {
        let mut before: Option<&Look> = None;
        for look in looks.iter().filter(|look| look.at >= self.first) {
            self.samples += u64::from(look.sample.seen);
            let it = &look.sample;
            self.max_lag = self.max_lag.max(it.lag);
            self.max_lag_seconds = self.max_lag_seconds.max(it.lag_seconds);
            self.max_under_replicated = self.max_under_replicated.max(it.under_replicated);
            if let Some(before) = before
                && before.sample.under_replicated > 0
            {
                self.under_replicated_seconds += (look.at - before.at) as f64 / 1e6;
            }
            before = Some(look);
        }
        if let Some(last) = before {
            self.last_lag = last.sample.lag;
            self.last_under_replicated = last.sample.under_replicated;
        }
    }

    fn between(
        &mut self,
        looks: &[Look],
        events: impl IntoIterator<Item = Result<Event>>,
    ) -> Result<Ledger> {
        let mut ledger = Ledger { sent: vec![0; looks.len() + 1], ..Ledger::default() };
        let (mut waiting, mut heard) = (0_u64, None);
        let mut ends: BTreeMap<PartitionId, u64> = BTreeMap::new();
        let mut committed: Option<BTreeMap<PartitionId, u64>> = None;
        for event in events {
            let Event { at, what } = event?;
            match what {
                What::Send { .. } => {
                    ledger.sent[looks.partition_point(|look| look.at < at)] += 1;
                    if waiting == 0 {
                        heard = Some(at);
                    }
                    waiting += 1;
                }
                What::Ack { .. } | What::Nack { .. } | What::Unknown { .. } => {
                    if let Some(before) = heard {
                        let silence = at.saturating_sub(before) as f64 / 1e6;
                        self.longest_silence = self.longest_silence.max(silence);
                    }
                    waiting = waiting.saturating_sub(1);
                    heard = (waiting > 0).then_some(at);
                }
                What::Offsets { is: Outcome::Ok, to, .. } => {
                    let before = |look: &Look| look.at.saturating_sub(look.sample.took) < at;
                    let look = looks.partition_point(before);
                    for (partition, offset) in to {
                        let most = ledger.committed.entry((look, partition)).or_default();
                        *most = (*most).max(offset);
                    }
                }
                What::Fault { what, is: Outcome::Ok, .. } => {
                    let stops = ["stop ", "kill ", "restart "];
                    if stops.iter().any(|it| what.starts_with(it)) {
                        self.stops += 1;
                    }
                }
                What::Watermarks { to, high, .. } => {
                    ends.insert(to, high);
                }
                What::Committed { to, .. } => {
                    let all = committed.get_or_insert_default();
                    for (partition, offset) in to {
                        let least = all.entry(partition).or_insert(offset);
                        *least = (*least).min(offset);
                    }
                }
                _ => {}
            }
        }
        self.final_lag = committed.map(|committed| {
            let lag = |(id, high): (&PartitionId, &u64)| {
                high.saturating_sub(committed.get(id).copied().unwrap_or(0))
            };
            ends.iter().map(lag).sum()
        });
        Ok(ledger)
    }

    fn backlog(&mut self, looks: &[Look], ledger: &Ledger) {
        let mut sent = 0;
        let mut committed: BTreeMap<PartitionId, u64> = BTreeMap::new();
        let mut commits = ledger.committed.iter().peekable();
        for (at, look) in looks.iter().enumerate() {
            sent += ledger.sent[at];
            while let Some((&(_, partition), &offset)) =
                commits.next_if(|((look, _), _)| *look <= at)
            {
                let most = committed.entry(partition).or_default();
                *most = (*most).max(offset);
            }
            if look.at < self.first || !look.sample.seen {
                continue;
            }
            let backlog = sent.saturating_sub(committed.values().sum());
            self.max_backlog = self.max_backlog.max(backlog);
            if backlog > 0 {
                let ratio = look.sample.lag as f64 / backlog as f64;
                self.lag_over_backlog =
                    Some(self.lag_over_backlog.map_or(ratio, |it| it.max(ratio)));
            } else if look.sample.lag > 0 {
                self.lag_over_backlog = Some(f64::INFINITY);
            }
        }
    }

    /// The numbers with their names, for programs.
    ///
    /// # Errors
    /// Never, as it is made of numbers; an infinite ratio is `null`.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        serde_json::to_value(self)
            .map_err(|it| Error::Plan { place: "measures".into(), what: it.to_string() })
    }
}
