//! What was asked, and what was answered.

use ledger::model::{Transfer, TransferOutcome};

/// A request, and what is known of it.
pub struct Asked {
    /// What was asked.
    pub transfers: Vec<Transfer>,
    /// What was answered; none if that is unknown.
    pub outcomes: Option<Vec<TransferOutcome>>,
}

/// Everything that one or all workers asked.
#[derive(Default)]
pub struct History {
    /// The requests.
    pub requests: Vec<Asked>,
    /// How often a request was sent again.
    pub retries: u64,
}

impl History {
    /// Adds another one.
    pub fn add(&mut self, other: Self) {
        self.requests.extend(other.requests);
        self.retries += other.retries;
    }
}
