//! Chains of linked events: all or nothing.

use std::sync::Arc;

use ledger::model::Code;

use super::{Books, Fact, Request};

/// What can be an element of a chain.
pub trait Event {
    /// What is answered to it.
    type Outcome: Clone;

    /// Whether it is of one chain with the next.
    fn is_linked(&self) -> bool;

    /// Does it, or says why not. Where it does not, the books are as before.
    fn happen(&self, books: &mut Books, timestamp: u64) -> Result<Self::Outcome, No>;

    /// What is remembered of its refusal, if anything.
    fn request(&self) -> Option<(u128, Request)>;

    /// The answer of an event that did not happen.
    fn refused(code: Code, timestamp: u64) -> Self::Outcome;
}

/// Why an event did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum No {
    /// For this reason, now.
    Now(Code),
    /// For the same reason as when it was refused before, at that time.
    Again(Code, u64),
}

/// Does the events of a batch, the last at `timestamp`.
pub fn run<E: Event>(books: &mut Books, timestamp: u64, events: &[E]) -> Vec<E::Outcome> {
    let count = events.len();
    let mut outcomes = Vec::new();
    while outcomes.len() < count {
        let first = outcomes.len();
        let unlinked = events.iter().skip(first).position(|event| !event.is_linked());
        // An open chain ends with the batch.
        let end = unlinked.map_or(count, |length| first + length + 1);
        // An event alone undoes itself.
        let before = (end - first > 1).then(|| books.clone());
        let mut broken_at = None;
        for (at, event) in events.iter().enumerate().take(end).skip(first) {
            let now = timestamp - (count - 1 - at) as u64;
            let answer = if at == count - 1 && event.is_linked() {
                Err(No::Now(Code::LinkedEventChainOpen))
            } else if broken_at.is_some() {
                Err(No::Now(Code::LinkedEventFailed))
            } else {
                event.happen(books, now)
            };
            let Err(no) = answer else {
                outcomes.extend(answer.ok());
                continue;
            };
            let (code, when) = match no {
                No::Now(code) => (code, now),
                No::Again(code, when) => (code, when),
            };
            if broken_at.is_none() {
                broken_at = Some(at);
                if let Some(before) = &before {
                    *books = before.clone();
                }
                for (undone, outcome) in outcomes.iter_mut().enumerate().skip(first) {
                    let now = timestamp - (count - 1 - undone) as u64;
                    *outcome = E::refused(Code::LinkedEventFailed, now);
                }
                if no == No::Now(code)
                    && code.is_remembered()
                    && let Some((id, request)) = event.request()
                {
                    let fact = Fact::Refusal { timestamp: now, id, code, request };
                    books.remember(Some(id), fact);
                }
            }
            outcomes.push(E::refused(code, when));
        }
    }
    outcomes
}

impl Books {
    /// Keeps what happened, and finds it by its id if it has one.
    pub(super) fn remember(&mut self, id: Option<u128>, fact: Fact) {
        let fact = Arc::new(fact);
        if let Some(id) = id {
            self.by_id.insert(id, Arc::clone(&fact));
        }
        self.history.push(fact);
    }
}
