//! Whether a group keeps up, judged by what it has committed over a while and not by a threshold: the rules of
//! [Burrow](https://github.com/linkedin/Burrow/wiki/Consumer-Lag-Evaluation-Rules).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How a group does on a partition. The order is that of severity, as Burrow has it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It keeps up, or is catching up.
    #[default]
    Ok,
    /// It makes progress, and its lag has never become less.
    Warn,
    /// It has stopped to commit.
    Stop,
    /// It commits, and always the same offset.
    Stall,
    /// It has gone back, and not come again to where it was.
    Rewind,
}

impl Status {
    /// `OK`, `WARN`, ...
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warn => "WARN",
            Self::Stop => "STOP",
            Self::Stall => "STALL",
            Self::Rewind => "REWIND",
        }
    }
}

/// What was committed at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// When, in milliseconds of a clock.
    pub at: u64,
    /// What is to be read next.
    pub offset: u64,
    /// Messages between that and the end of the partition at that time.
    pub lag: u64,
}

/// The status by Burrow's rules. `commits` are those of the window, the oldest first; `ends` are ends of the partition over the same time; `lag` is that of now;
/// `now` is by the clock of [`Commit::at`]. Lags of `allowed` messages at most count as none.
///
/// 1. Without lag it is `Ok`.
/// 2. If the last commit is longer ago than the window is long, and the group was never at the end by its last commit, it is `Stop`.
/// 3. If it went back from one commit to the next, and has not come to where it was since, it is `Rewind`.
/// 4. If it had no lag at any commit of the window, it is `Ok`.
/// 5. If all commits are the same, it is `Stall`.
/// 6. If the lag has never become less from one commit to the next, it is `Warn`; else `Ok`.
#[must_use]
pub fn evaluate(commits: &[Commit], ends: &[u64], lag: u64, now: u64, allowed: u64) -> Status {
    let (Some(first), Some(last)) = (commits.first(), commits.last()) else { return Status::Ok };
    if lag <= allowed {
        return Status::Ok;
    }
    let silent = now.saturating_sub(last.at) > last.at.saturating_sub(first.at);
    if silent && ends.iter().all(|&end| end > last.offset) {
        return Status::Stop;
    }
    let back = commits.windows(2).position(|pair| pair[1].offset < pair[0].offset);
    if let Some(at) = back
        && commits[at + 1..].iter().all(|commit| commit.offset < commits[at].offset)
    {
        return Status::Rewind;
    }
    if commits.iter().any(|commit| commit.lag <= allowed) {
        return Status::Ok;
    }
    if commits.windows(2).all(|pair| pair[0].offset == pair[1].offset) {
        return Status::Stall;
    }
    if commits.windows(2).all(|pair| pair[1].lag >= pair[0].lag) {
        return Status::Warn;
    }
    Status::Ok
}

/// The last commits of a group on a partition, as far as they can be seen by asking now and then for the committed offset.
///
/// Burrow reads every commit from Kafka's own topic, with its time. Who only asks sees offsets that change. One that does not is committed again and again,
/// or not any more: `Stall` or `Stop`. Here that is told by whether the group has members.
#[derive(Clone, Debug)]
pub struct Window {
    size: usize,
    commits: VecDeque<Commit>,
    ends: VecDeque<u64>,
}

impl Window {
    /// One of so many commits, 2 at least; Burrow has 10.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let size = size.max(2);
        Self { size, commits: VecDeque::new(), ends: VecDeque::new() }
    }

    /// What was seen at a time: the committed offset, the end of the partition, and whether the group has members.
    pub fn saw(&mut self, at: u64, offset: u64, end: u64, members: bool) {
        if members || self.commits.back().is_none_or(|last| last.offset != offset) {
            push(
                &mut self.commits,
                self.size,
                Commit { at, offset, lag: end.saturating_sub(offset) },
            );
        }
        push(&mut self.ends, self.size, end);
    }

    /// The status now. A window with one commit only says nothing, unless that has been so for as many looks as it is long: then it is `Stop`.
    #[must_use]
    pub fn status(&self, now: u64, lag: u64, allowed: u64) -> Status {
        if self.commits.len() < 2 && self.ends.len() < self.size {
            return Status::Ok;
        }
        let commits: Vec<Commit> = self.commits.iter().copied().collect();
        let ends: Vec<u64> = self.ends.iter().copied().collect();
        evaluate(&commits, &ends, lag, now, allowed)
    }
}

fn push<T>(queue: &mut VecDeque<T>, size: usize, it: T) {
    if queue.len() == size {
        queue.pop_front();
    }
    queue.push_back(it);
}
