//! The events of a batch, one after the other, with their chains: the same for accounts, transfers and transactions.

use super::State;
use crate::model::Code;

/// Why an event did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: Code,
    /// When it was first refused, if that is remembered already.
    pub(super) before: Option<u64>,
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self { code, before: None }
    }
}

/// Events of one kind.
pub(super) trait Events {
    /// What becomes of one of them.
    type Outcome;

    fn state(&mut self) -> &mut State;

    fn len(&self) -> usize;

    fn is_linked(&self, at: usize) -> bool;

    /// Does what an event asks for; if it is refused, nothing.
    fn evaluate(&mut self, at: usize, timestamp: u64) -> Result<Self::Outcome, Refused>;

    /// Leaves a refusal behind, for who asks again.
    fn remember(&mut self, at: usize, timestamp: u64, code: Code);

    fn refused(code: Code, timestamp: u64) -> Self::Outcome;
}

/// Does all events of a batch of which the last has the timestamp `last`.
pub(super) fn run<E: Events>(events: &mut E, last: u64) -> Vec<E::Outcome> {
    let count = events.len();
    let mut outcomes: Vec<E::Outcome> = Vec::with_capacity(count);
    let mut chain: Option<Chain> = None;
    // The caller made sure that there is so much time.
    let first = last.wrapping_sub(count as u64).wrapping_add(1);
    for at in 0..count {
        let timestamp = first.wrapping_add(at as u64);
        let linked = events.is_linked(at);
        if linked && chain.is_none() {
            chain = Some(Chain { first: at, broken: false });
            events.state().begin_chain();
        }
        let answer = if linked && at + 1 == count {
            Err(Code::LinkedEventChainOpen.into())
        } else if chain.as_ref().is_some_and(|chain| chain.broken) {
            Err(Code::LinkedEventFailed.into())
        } else {
            events.evaluate(at, timestamp)
        };
        match answer {
            Ok(outcome) => outcomes.push(outcome),
            Err(Refused { code, before }) => {
                if let Some(chain) = chain.as_mut().filter(|chain| !chain.broken) {
                    chain.broken = true;
                    events.state().undo_chain();
                    outcomes.truncate(chain.first);
                    outcomes.extend((chain.first..at).map(|at| {
                        E::refused(Code::LinkedEventFailed, first.wrapping_add(at as u64))
                    }));
                }
                if before.is_none() && code.is_remembered() {
                    events.remember(at, timestamp, code);
                }
                outcomes.push(E::refused(code, before.unwrap_or(timestamp)));
            }
        }
        if !linked && chain.take().is_some() {
            events.state().end_chain();
        }
    }
    events.state().end_chain();
    outcomes
}

/// The chain that is open.
struct Chain {
    /// The number of its first event.
    first: usize,
    broken: bool,
}
