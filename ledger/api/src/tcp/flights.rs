//! Requests that are under way.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use mio::Token;

use crate::Problem;
use crate::service::Claim;

/// A request that was handed in and is not answered.
pub(super) struct Flight {
    /// The connection that waits.
    pub token: Token,
    /// The client's number for it.
    pub request: u64,
    /// What it asked.
    pub kind: u16,
    /// Who has it.
    pub claim: Claim,
    /// Until when it must be answered.
    pub deadline: Instant,
    /// How much it counts against its connection.
    pub bytes: usize,
}

/// All of them, by numbers that are never used again: a late answer finds nobody.
#[derive(Default)]
pub(super) struct Flights {
    next: u64,
    all: HashMap<u64, Flight>,
    deadlines: BTreeSet<(Instant, u64)>,
}

impl Flights {
    /// The number of the next flight.
    pub fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Adds one under its number.
    pub fn add(&mut self, tag: u64, flight: Flight) {
        self.deadlines.insert((flight.deadline, tag));
        self.all.insert(tag, flight);
    }

    /// Takes one whose answer has come, if it was waited for.
    pub fn land(&mut self, tag: u64) -> Option<Flight> {
        let flight = self.all.remove(&tag)?;
        self.deadlines.remove(&(flight.deadline, tag));
        Some(flight)
    }

    /// Takes one whose deadline has passed, with what can be said of it.
    pub fn overdue(&mut self, now: Instant) -> Option<(Flight, Problem)> {
        let (deadline, tag) = *self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        let flight = self.land(tag)?;
        let problem = flight.claim.give_up();
        Some((flight, problem))
    }

    /// When the next deadline is.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|it| it.0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_overdue_flight_is_expired_or_unknown_and_a_late_answer_finds_nobody() {
        let now = Instant::now();
        let mut flights = Flights::default();
        let mut add = |request, seconds| {
            let tag = flights.next();
            let claim = Claim::default();
            let deadline = now + Duration::from_secs(seconds);
            let flight = Flight {
                token: Token(7),
                request,
                kind: 3,
                claim: claim.clone(),
                deadline,
                bytes: 0,
            };
            flights.add(tag, flight);
            (tag, claim)
        };
        let (begun, claim) = add(1, 2);
        let (waits, _) = add(2, 1);
        let (later, _) = add(3, 9);
        assert!(claim.take(), "the thread has begun with it");
        assert_eq!(flights.next_deadline(), Some(now + Duration::from_secs(1)));
        let later_now = now + Duration::from_secs(2);
        let mut overdue = || flights.overdue(later_now).map(|(it, problem)| (it.request, problem));
        assert_eq!(overdue(), Some((2, Problem::Expired)));
        assert_eq!(overdue(), Some((1, Problem::Unknown)));
        assert_eq!(overdue(), None);
        assert!(flights.land(begun).is_none() && flights.land(waits).is_none());
        assert!(flights.land(later).is_some());
        assert_eq!(flights.next_deadline(), None);
    }
}
