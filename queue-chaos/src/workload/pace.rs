//! How fast messages are sent.

/// Says when the next message is due. Times are microseconds of any clock that does not go back.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Microseconds a message; 0 is as fast as possible.
    interval: f64,
    due: f64,
}

/// How much of what could not be sent in time is made up for: 100 ms. The rest is left out, so that no storm follows a pause.
const CATCH_UP: f64 = 100_000.0;

impl Pace {
    /// So many messages a second from `now` on; none is as fast as possible.
    #[must_use]
    pub fn new(rate: Option<f64>, now: u64) -> Self {
        let interval = match rate {
            Some(rate) if rate > 0.0 => 1e6 / rate,
            _ => 0.0,
        };
        Self { interval, due: now as f64 }
    }

    /// Whether there is no rate to keep: messages are always due, and no clock needs to be asked.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.interval == 0.0
    }

    /// Microseconds until the next message is due; 0 if it is.
    #[must_use]
    pub fn wait(&self, now: u64) -> u64 {
        if self.is_unlimited() { 0 } else { (self.due - now as f64).max(0.0).ceil() as u64 }
    }

    /// A message was sent.
    pub fn sent(&mut self, now: u64) {
        if !self.is_unlimited() {
            self.due = (self.due + self.interval).max(now as f64 - CATCH_UP);
        }
    }
}
