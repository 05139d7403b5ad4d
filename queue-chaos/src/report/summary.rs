//! The summary for programs.

use serde_json::{Value, json};

use super::{FaultState, Recovery, Report, Timeline};

/// The worst of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Largest {
    pub lag: Option<u64>,
    pub lag_seconds: Option<f64>,
    pub under_replicated: Option<u32>,
    pub leaderless: Option<u32>,
    pub p99: Option<u64>,
}

impl Largest {
    pub(super) fn of(timeline: &Timeline) -> Self {
        timeline.points.iter().fold(Self::default(), |largest, point| Self {
            lag: largest.lag.max(point.lag),
            lag_seconds: match (largest.lag_seconds, point.lag_seconds) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            },
            under_replicated: largest.under_replicated.max(point.under_replicated),
            leaderless: largest.leaderless.max(point.leaderless),
            p99: largest.p99.max(point.p99),
        })
    }
}

/// Seconds, to the microsecond.
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

pub(super) fn summary(report: &Report<'_>) -> Value {
    let (timeline, judgement) = (report.timeline, report.judgement);
    let largest = Largest::of(timeline);
    let faults: Vec<Value> = timeline
        .faults
        .iter()
        .zip(timeline.recoveries())
        .map(|(fault, recovery)| {
            let (state, why) = match &fault.state {
                FaultState::Done => ("done", None),
                FaultState::Failed(why) => ("failed", Some(why)),
                FaultState::Unknown(why) => ("unknown", Some(why)),
            };
            let (recovered, recovery_seconds) = match recovery {
                Recovery::After(micros) => ("after", Some(seconds(micros))),
                Recovery::Disturbed => ("disturbed", None),
                Recovery::NotSeen => ("not-seen", None),
                Recovery::NotOver => ("not-over", None),
                Recovery::NotDone => ("not-done", None),
                Recovery::NoComparison => ("no-comparison", None),
            };
            json!({
                "what": fault.what,
                "begin": seconds(fault.begin),
                "end": fault.end.map(seconds),
                "state": state,
                "why": why,
                "recovered": recovered,
                "recovery_seconds": recovery_seconds,
            })
        })
        .collect();
    let marks: Vec<Value> = timeline
        .marks
        .iter()
        .map(|mark| json!({ "at": seconds(mark.at), "text": mark.text }))
        .collect();
    json!({
        "version": 1,
        "verdict": judgement.verdict,
        "run": report.run,
        "replay": report.replay,
        "duration_seconds": seconds(timeline.end),
        "complete": timeline.complete,
        "counts": judgement.counts,
        "found": judgement.found,
        "not_promised": judgement.not_promised,
        "anomalies": judgement.anomalies,
        "unknowns": judgement.unknowns,
        "max_lag": largest.lag,
        "max_lag_seconds": largest.lag_seconds,
        "max_p99_seconds": largest.p99.map(seconds),
        "max_under_replicated": largest.under_replicated,
        "max_leaderless": largest.leaderless,
        "under_replicated_seconds": largest.under_replicated.map(|_| seconds(timeline.under_replicated_for)),
        "elections": (timeline.samples > 0).then_some(timeline.elections),
        "samples": timeline.samples,
        "faults": faults,
        "marks": marks,
        "omitted": timeline.omitted,
    })
}
