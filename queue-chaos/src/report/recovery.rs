//! How long after a fault all is as it was before.

use super::timeline::{Point, Timeline};
use super::{FaultSpan, FaultState};

/// How much of the time before a fault it is compared with: 5 s.
const BEFORE: u64 = 5_000_000;

/// For how long it must be well to be called so: 1.5 s, that two samples of a second are seen.
const WELL: u64 = 1_500_000;

/// When all was as before a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// So many microseconds after the end of the fault.
    After(u64),
    /// Another fault was there at its end, or began before that.
    Disturbed,
    /// Not before the workload, or the history, ended.
    NotSeen,
    /// The fault did not end.
    NotOver,
    /// It was not done.
    NotDone,
    /// There was no time before it without faults in which messages were acknowledged.
    NoComparison,
}

/// What is normal.
struct Normal {
    acked: f64,
    /// The most that is still normal.
    lag: f64,
}

impl Normal {
    fn of(points: &[&Point]) -> Option<Self> {
        let rates: Vec<f64> = points.iter().filter_map(|point| point.acked).collect();
        let acked = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        let lag = points.iter().filter_map(|point| point.lag).max().unwrap_or(0) as f64;
        (acked > 0.0).then_some(Self { acked, lag: lag * 1.1 + acked * 0.1 })
    }

    fn is(&self, points: &[&Point]) -> bool {
        let rates: Vec<f64> = points.iter().filter_map(|point| point.acked).collect();
        let lag_is = |point: &&Point| point.lag.is_none_or(|lag| lag as f64 <= self.lag);
        let acked = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
        !rates.is_empty() && acked >= 0.9 * self.acked && points.iter().all(lag_is)
    }
}

impl Timeline {
    /// For each of [`faults`](Self::faults), when all was as before.
    ///
    /// *Before* are the last 5 s, of those without a fault (and without one that was not recovered from), that ended before the fault. All is as before at the first time after the fault's end
    /// from which on, for 1.5 s, at least 90 % as many messages a second are acknowledged in the mean, and the backlog is never more than 10 % (and a tenth of
    /// a second's messages) above the largest of before. That is as exact as points are wide, or as samples are apart: a tenth of a second or a second.
    #[must_use]
    pub fn recoveries(&self) -> Vec<Recovery> {
        let measured = |point: &&Point| point.acked.is_some() && point.at <= self.last_measured();
        let points: Vec<&Point> = self.points.iter().filter(measured).collect();
        // Times that are not normal.
        let mut ill: Vec<(u64, u64)> = Vec::new();
        let mut recoveries = Vec::with_capacity(self.faults.len());
        for (index, fault) in self.faults.iter().enumerate() {
            let recovery = self.recovery(index, fault, &points, &ill);
            let until = match (recovery, fault.end) {
                (Recovery::NotDone, _) => fault.begin,
                (Recovery::After(micros), Some(end)) => end + micros,
                (Recovery::Disturbed, Some(end)) => end,
                _ => u64::MAX,
            };
            ill.push((fault.begin, until));
            recoveries.push(recovery);
        }
        recoveries
    }

    /// When rates end to say something: producers that are done acknowledge nothing.
    const fn last_measured(&self) -> u64 {
        if self.last_sent > 0 { self.last_sent } else { self.end }
    }

    fn recovery(
        &self,
        index: usize,
        fault: &FaultSpan,
        points: &[&Point],
        ill: &[(u64, u64)],
    ) -> Recovery {
        if matches!(fault.state, FaultState::Failed(_)) {
            return Recovery::NotDone;
        }
        let Some(end) = fault.end else { return Recovery::NotOver };
        let quiet = |point: &&&Point| {
            point.at + self.width / 2 <= fault.begin
                && !ill.iter().any(|(begin, until)| (*begin..*until).contains(&point.at))
        };
        let quiet: Vec<&Point> = points.iter().filter(quiet).copied().collect();
        let last = quiet.last().map_or(0, |point| point.at);
        let before: Vec<&Point> =
            quiet.into_iter().filter(|point| point.at + BEFORE > last).collect();
        let Some(normal) = Normal::of(&before) else { return Recovery::NoComparison };
        // When something else begins that lasts longer than this fault; at once, if it has begun already.
        let others = self.faults.iter().enumerate().filter(|(other, span)| {
            *other != index
                && !matches!(span.state, FaultState::Failed(_))
                && span.end.is_none_or(|other_end| other_end > end)
        });
        let disturbed = others.map(|(_, span)| span.begin).min().unwrap_or(u64::MAX);
        let half = self.width / 2;
        for (at, point) in points.iter().enumerate().filter(|(_, point)| point.at >= end) {
            if point.at + half > disturbed {
                return Recovery::Disturbed;
            }
            let window: Vec<&Point> = points[at..]
                .iter()
                .take_while(|later| later.at < point.at + WELL && later.at <= disturbed)
                .copied()
                .collect();
            if normal.is(&window) {
                return Recovery::After(point.at.saturating_sub(half).saturating_sub(end));
            }
        }
        if disturbed < u64::MAX { Recovery::Disturbed } else { Recovery::NotSeen }
    }
}
