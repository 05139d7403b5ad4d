//! One toxic at work on one direction of one connection: bytes go in, and come out when it is their time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Toxic;
use super::random::Random;
use super::rule::{Active, RuleId, Way};

/// Bytes that have been delayed but are not due yet are kept up to this amount, a rule and direction of a connection: throughput under a latency is
/// no more than this amount per delay.
const DELAYED: usize = 16 * 1024 * 1024;

/// What other toxics keep at most: senders shall feel them.
const KEPT: usize = 64 * 1024;

/// Bytes that are written at once.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    /// How many of them are gone.
    gone: usize,
}

impl Chunk {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), gone: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.gone..]
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.gone
    }

    /// What it takes to keep it: many small ones must not take more memory than few large ones.
    pub(super) fn cost(&self) -> usize {
        self.len() + 64
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.gone += bytes;
    }
}

/// How a direction of a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There is nothing more: FIN.
    Finished,
    /// The sender was reset, or is gone.
    Reset,
    /// Nothing more is let through.
    Limit,
}

/// What a stage has to give.
#[derive(Debug)]
pub(super) enum Pulled {
    Chunk(Chunk),
    End(End),
    /// Something, then.
    At(Instant),
    /// Nothing, unless more goes in.
    Nothing,
}

/// A toxic at work.
#[derive(Debug)]
pub(super) struct Stage {
    active: Arc<Active>,
    way: Way,
    random: Random,
    /// When it began.
    since: Instant,
    /// What is inside, each with the time when it may leave.
    queue: VecDeque<(Instant, Chunk)>,
    /// What that costs.
    queued: usize,
    end: Option<(Instant, End)>,
    work: Work,
}

/// What a stage knows besides what is in its queue.
#[derive(Debug)]
enum Work {
    /// Times are in the queue.
    Latency { last: Instant },
    /// Bytes that are granted, and from when.
    Bandwidth { quantum: usize, granted: Option<(Option<Instant>, usize)> },
    /// Bytes pass; only the end is held back, or comes by itself.
    Close,
    /// Whether bytes are gone.
    Hole { swallowed: bool },
    /// When the next piece may leave.
    Slicer { next: Instant },
    /// Bytes that may still pass, and whether the end has been said.
    Limit { left: u64, over: bool },
}

impl Stage {
    pub(super) fn new(
        active: Arc<Active>,
        way: Way,
        seed: u64,
        connection: u64,
        now: Instant,
    ) -> Self {
        let random = Random::new([seed, active.id.0, connection, way as u64]);
        let work = match active.rule.toxic {
            Toxic::Latency { .. } => Work::Latency { last: now },
            Toxic::Bandwidth { bits_per_second } => {
                Work::Bandwidth { quantum: Active::quantum(bits_per_second), granted: None }
            }
            Toxic::SlowClose { .. } | Toxic::Reset { .. } => Work::Close,
            Toxic::BlackHole | Toxic::Partition => Work::Hole { swallowed: false },
            Toxic::Slicer { .. } => Work::Slicer { next: now },
            Toxic::LimitData { bytes } => Work::Limit { left: bytes, over: false },
        };
        Self { active, way, random, since: now, queue: VecDeque::new(), queued: 0, end: None, work }
    }

    pub(super) fn id(&self) -> RuleId {
        self.active.id
    }

    pub(super) fn bandwidth(&self) -> Option<u64> {
        match self.active.rule.toxic {
            Toxic::Bandwidth { bits_per_second } => Some(bits_per_second),
            _ => None,
        }
    }

    /// How many bytes may go in. (More may, one time.)
    pub(super) fn room(&self) -> usize {
        let most = match self.work {
            Work::Latency { .. } => DELAYED,
            Work::Bandwidth { quantum, .. } => (2 * quantum).max(1024),
            Work::Close | Work::Hole { .. } | Work::Slicer { .. } => KEPT,
            Work::Limit { left, .. } => usize::try_from(left).unwrap_or(KEPT).clamp(1, KEPT),
        };
        most.saturating_sub(self.queued)
    }

    pub(super) fn push(&mut self, chunk: Chunk, now: Instant) {
        if let Work::Hole { swallowed } = &mut self.work {
            *swallowed = true;
            return;
        }
        let due = self.due(now);
        self.queued += chunk.cost();
        self.queue.push_back((due, chunk));
    }

    pub(super) fn push_end(&mut self, end: End, now: Instant) {
        let due = match self.active.rule.toxic {
            // An end that was not asked for by the sender is not the sender's to be late with.
            Toxic::SlowClose { delay } if end != End::Limit => later(now, delay),
            _ => self.due(now),
        };
        self.end.get_or_insert((due, end));
    }

    /// When what comes now may leave: never before what came earlier.
    fn due(&mut self, now: Instant) -> Instant {
        let (Work::Latency { last }, Toxic::Latency { delay, jitter }) =
            (&mut self.work, &self.active.rule.toxic)
        else {
            return now;
        };
        let nanos = |d: &Duration| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        let (delay, jitter) = (nanos(delay), nanos(jitter));
        let least = delay.saturating_sub(jitter);
        let delay = least + self.random.up_to(delay.saturating_add(jitter) - least);
        *last = later(now, Duration::from_nanos(delay)).max(*last);
        *last
    }

    /// When the connection is to be reset, whatever its bytes do.
    pub(super) fn reset_at(&self) -> Option<Instant> {
        match self.active.rule.toxic {
            Toxic::Reset { after } => Some(later(self.since, after)),
            _ => None,
        }
    }

    /// Takes out what may leave now.
    pub(super) fn pull(&mut self, now: Instant) -> Pulled {
        if let Work::Limit { left: 0, over } = &mut self.work {
            // What is inside stays there.
            return if std::mem::replace(over, true) {
                Pulled::Nothing
            } else {
                Pulled::End(End::Limit)
            };
        }
        let Some((due, chunk)) = self.queue.front() else { return self.pull_end(now) };
        if *due > now {
            return Pulled::At(*due);
        }
        let len = chunk.len();
        match &mut self.work {
            Work::Bandwidth { quantum, granted } => {
                let (at, bytes) = *granted.get_or_insert_with(|| {
                    let bytes = len.min(*quantum);
                    (self.active.reserve(self.way, bytes, now), bytes)
                });
                match at {
                    Some(at) if at <= now => {
                        *granted = None;
                        self.take(bytes)
                    }
                    Some(at) => Pulled::At(at),
                    None => Pulled::Nothing,
                }
            }
            Work::Slicer { next } if *next > now => Pulled::At(*next),
            Work::Slicer { next } => match self.active.rule.toxic {
                Toxic::Slicer { size, variation, delay } => {
                    *next = later(now, delay);
                    let least = size.saturating_sub(variation);
                    let more = size.saturating_add(variation) - least;
                    let piece = least as u64 + self.random.up_to(more as u64);
                    self.take(usize::try_from(piece).unwrap_or(usize::MAX).max(1))
                }
                _ => self.take(len),
            },
            Work::Limit { left, .. } => {
                let bytes = usize::try_from(*left).unwrap_or(usize::MAX).min(len);
                *left -= bytes as u64;
                self.take(bytes)
            }
            Work::Latency { .. } | Work::Close | Work::Hole { .. } => self.take(len),
        }
    }

    fn pull_end(&mut self, now: Instant) -> Pulled {
        match self.end {
            Some(_) if matches!(self.work, Work::Hole { .. }) => Pulled::Nothing,
            Some((due, _)) if due > now => Pulled::At(due),
            _ => self.end.take().map_or(Pulled::Nothing, |(_, end)| Pulled::End(end)),
        }
    }

    /// The first so many bytes, or as many as there are in one chunk.
    fn take(&mut self, bytes: usize) -> Pulled {
        let Some((_, first)) = self.queue.front_mut() else { return Pulled::Nothing };
        if bytes < first.len() {
            let taken = Chunk::new(&first.bytes()[..bytes]);
            first.advance(bytes);
            self.queued -= bytes;
            return Pulled::Chunk(taken);
        }
        self.queued -= first.cost();
        self.queue.pop_front().map_or(Pulled::Nothing, |(_, chunk)| Pulled::Chunk(chunk))
    }

    /// An end that was meant becomes one that was not.
    pub(super) fn spoil(&mut self) {
        if let Some((_, end @ End::Finished)) = &mut self.end {
            *end = End::Reset;
        }
    }

    /// Whether an end has been swallowed: it will not come out.
    pub(super) fn swallowed_end(&self) -> bool {
        matches!(self.work, Work::Hole { .. }) && self.end.is_some()
    }

    /// What is inside, when the toxic is taken away. An error if what would come after it cannot be delivered any more, since bytes before it are gone.
    pub(super) fn dissolve(self) -> Result<(impl Iterator<Item = Chunk>, Option<End>), Gone> {
        match self.work {
            Work::Hole { swallowed: true } => Err(Gone),
            _ => Ok((self.queue.into_iter().map(|(_, chunk)| chunk), self.end.map(|(_, end)| end))),
        }
    }
}

/// Bytes of the connection are gone.
#[derive(Debug)]
pub(super) struct Gone;

/// What is too far away to be a time is as good as never.
fn later(from: Instant, by: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(100 * 365 * 86_400);
    from.checked_add(by).unwrap_or_else(|| from + NEVER)
}
