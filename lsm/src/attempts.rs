//! How work that is tried again and again fares, for those who wait for it.

use parking_lot::Mutex;

use crate::{Error, Result};

/// The number of an attempt. Who waits wants to know of failures of attempts that began after it came: an older one
/// says nothing of the disk as it is now.
pub(crate) type Attempt = u64;

/// The attempts at one kind of work.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<(Attempt, Option<(Attempt, Error)>)>);

impl Attempts {
    /// Notes that work begins; [`end`](Self::end) takes the number.
    pub(crate) fn begin(&self) -> Attempt {
        let mut attempts = self.0.lock();
        attempts.0 += 1;
        attempts.0
    }

    /// Notes how it went.
    pub(crate) fn end(&self, attempt: Attempt, outcome: Result<(), &Error>) {
        self.0.lock().1 = outcome.err().map(|error| (attempt, error.clone()));
    }

    /// The last attempt that has begun.
    pub(crate) fn latest(&self) -> Attempt {
        self.0.lock().0
    }

    /// Why work that began after this attempt failed, if it did and has not succeeded since.
    pub(crate) fn failure_since(&self, attempt: Attempt) -> Option<Error> {
        let attempts = self.0.lock();
        attempts.1.as_ref().filter(|(failed, _)| *failed > attempt).map(|(_, error)| error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_hears_of_what_came_later() {
        let attempts = Attempts::default();
        let first = attempts.begin();
        attempts.end(first, Err(&Error::ReadOnly));
        assert!(attempts.failure_since(0).is_some());
        let seen = attempts.latest();
        assert!(attempts.failure_since(seen).is_none(), "an old failure");
        let second = attempts.begin();
        attempts.end(second, Err(&Error::Closed));
        assert!(matches!(attempts.failure_since(seen), Some(Error::Closed)));
        let third = attempts.begin();
        attempts.end(third, Ok(()));
        assert!(attempts.failure_since(0).is_none(), "it succeeded since");
    }
}
