//! The table for people.

use super::plan::seconds;
use crate::lsm::child::Outcome;
use crate::lsm::measure::{Harness, count, median};

/// A table of medians: every piece of work, every contestant, everything counted.
#[must_use]
pub fn table(harness: &Harness) -> String {
    let mut text = String::from(
        "work                 contestant         rounds        /s  spread      s    amp  kernel  disk/user     max  p50 us  p99.9 us  anon MB  file MB\n",
    );
    for (work, outcomes) in &harness.outcomes {
        for (name, rounds) in outcomes {
            let of = |reading: fn(&Outcome) -> f64| median(rounds, reading);
            let rates: Vec<_> = rounds.iter().map(Outcome::rate).collect();
            let low = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let high = rates.iter().copied().fold(0.0, f64::max);
            let wrote = rounds.iter().all(|one| one.user_bytes > 0 && one.written.total() > 0);
            let timed = rounds.iter().all(|one| one.latency.is_some());
            let when = |condition: bool, value: f64, decimals: usize| {
                if condition { format!("{value:.decimals$}") } else { "-".to_owned() }
            };
            let live = |one: &Outcome, bytes: u64| {
                bytes as f64 * one.passes.len().max(1) as f64 / one.user_bytes.max(1) as f64
            };
            let most = |one: &Outcome| one.samples.directory_bytes.iter().copied().max();
            let megabytes = |bytes: f64| format!("{:.0}", bytes / f64::from(1 << 20));
            text += &format!(
                "{work:<20} {name:<18} {:>6} {:>9} {:>6.0}% {:>6.2} {:>6} {:>7} {:>10} {:>7} {:>7} {:>9} {:>8} {:>8}\n",
                rounds.len(),
                count(of(Outcome::rate)),
                (high - low) / of(Outcome::rate).max(1e-9) * 100.0,
                of(seconds),
                when(wrote, of(Outcome::amplification), 2),
                when(wrote, of(|one| one.written.dirtied as f64 / one.user_bytes.max(1) as f64), 2),
                when(wrote, median(rounds, |one| live(one, one.directory_bytes)), 2),
                when(wrote, median(rounds, |one| live(one, most(one).unwrap_or_default())), 2),
                when(timed, of(|one| one.latency.unwrap_or_default().p50 as f64 / 1e3), 1),
                when(timed, of(|one| one.latency.unwrap_or_default().p999 as f64 / 1e3), 1),
                megabytes(of(|one| one.samples.peak_anonymous as f64)),
                megabytes(of(|one| one.samples.peak_file as f64)),
            );
        }
    }
    text
}
