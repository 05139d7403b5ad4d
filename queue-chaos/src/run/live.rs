//! What a run looks like while it goes on.

use std::fmt;
use std::time::Duration;

use crate::history::Sample;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Topics are made.
    Topics,
    /// Producers and consumers begin; nothing is broken yet.
    WarmUp,
    /// Load and faults.
    Load,
    /// What is broken is mended.
    Heal,
    /// Producers stop and hear about what they have sent.
    Flush,
    /// Consumers read what is left.
    Drain,
    /// Everything is read from the beginning.
    ReadAll,
    /// The history is checked.
    Judge,
}

impl Phase {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topics => "topics",
            Self::WarmUp => "warm up",
            Self::Load => "load",
            Self::Heal => "heal",
            Self::Flush => "flush",
            Self::Drain => "drain",
            Self::ReadAll => "read all",
            Self::Judge => "judge",
        }
    }
}

/// A moment of a run.
#[derive(Clone, Debug)]
pub struct Live {
    /// How far it is.
    pub phase: Phase,
    /// Since it began: before the load, since the phase began.
    pub elapsed: Duration,
    /// How long its load lasts.
    pub load: Duration,
    /// Messages handed to clients, so far.
    pub sent: u64,
    /// Of these acknowledged.
    pub acked: u64,
    /// Of these refused.
    pub failed: u64,
    /// Of these nobody knows.
    pub unknown: u64,
    /// Records read, again ones included.
    pub read: u64,
    /// What was seen last from outside.
    pub sample: Sample,
    /// What has been done to the cluster since the moment before: to be told once. Times are since the load began, as those of the plan.
    pub news: Vec<(Duration, String)>,
    /// Faults that last.
    pub faults: Vec<String>,
}

impl fmt::Display for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>5.1} s  {:<8} ", self.elapsed.as_secs_f64(), self.phase.as_str())?;
        let it = &self.sample;
        write!(f, "{:>5.0} msgs/s  acked {:>6}  read {:>6}", it.acked, self.acked, self.read)?;
        if it.seen || it.lag > 0 {
            write!(f, "  lag {} ({:.1} s)", it.lag, it.lag_seconds)?;
        }
        // How many copies there were is not known while nobody tells it.
        if !it.seen && self.phase == Phase::Load && self.sent > 0 {
            f.write_str("  no answer")?;
        } else if it.under_replicated > 0 {
            write!(f, "  under-replicated {}", it.under_replicated)?;
        }
        if !self.faults.is_empty() {
            write!(f, "  [{}]", self.faults.join(", "))?;
        }
        Ok(())
    }
}
