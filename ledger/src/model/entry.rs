//! What a ledger remembers of an event for ever.

use super::{Balances, Code, PostedLeg, Transaction, Transfer};
use crate::money::Amount;

/// How a pending transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Resolution {
    /// Posted, whole or in part.
    Posted = 1,
    /// Voided by a transfer.
    Voided = 2,
    /// Its time ran out.
    Expired = 3,
}

/// A transfer that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostedTransfer {
    /// As it happened: with what was left to the ledger filled in, and its timestamp.
    pub transfer: Transfer,
    /// As it was asked for: what a repeated request is compared with. The timestamp is 0.
    pub asked: Asked,
    /// The debit account right after it.
    pub debit: Balances,
    /// The credit account right after it.
    pub credit: Balances,
}

/// The fields of a request that may differ from what happened: amounts that balance, and what a posting or voiding transfer
/// takes from the pending one where it says 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The request's amount.
    pub amount: Amount,
    /// Which fields of the request were 0 and are not in the transfer: bits in the order debit account, credit account, user data 128, 64, 32,
    /// ledger, code.
    pub zeros: u8,
}

/// What happened at one moment of the ledger's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A transfer.
    Transfer(PostedTransfer),
    /// A transaction.
    Transaction(Box<PostedTransaction>),
    /// A pending transfer's time ran out. It has a timestamp of its own, and no id.
    Expiry {
        /// When.
        timestamp: u64,
        /// The pending transfer.
        pending_id: u128,
        /// Its debit account.
        debit_account_id: u128,
        /// Its credit account.
        credit_account_id: u128,
        /// What is no longer reserved.
        amount: Amount,
        /// The debit account right after it.
        debit: Balances,
        /// The credit account right after it.
        credit: Balances,
    },
    /// An event that was refused for what the state was ([`Code::is_remembered`]).
    Refusal {
        /// When.
        timestamp: u64,
        /// The event's id.
        id: u128,
        /// Why.
        code: Code,
        /// Of the request: the first 16 bytes of the BLAKE3 hash of its encoding, so that other content under the same id is told apart.
        digest: [u8; 16],
    },
}

/// A transaction that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedTransaction {
    /// The request, with its timestamp.
    pub transaction: Transaction,
    /// Its legs, in order, each with its account right after the whole.
    pub legs: Vec<PostedLeg>,
}

impl Entry {
    /// When it happened: unique, and the order of everything.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        match self {
            Self::Transfer(posted) => posted.transfer.timestamp,
            Self::Transaction(posted) => posted.transaction.timestamp,
            Self::Expiry { timestamp, .. } | Self::Refusal { timestamp, .. } => *timestamp,
        }
    }

    /// The event's id; none for an expiry.
    #[must_use]
    pub fn id(&self) -> Option<u128> {
        match self {
            Self::Transfer(posted) => Some(posted.transfer.id),
            Self::Transaction(posted) => Some(posted.transaction.id),
            Self::Expiry { .. } => None,
            Self::Refusal { id, .. } => Some(*id),
        }
    }

    /// Each account that it touched, with its balances right after it: in the order debit, credit, or of the legs (an account with several legs
    /// comes several times).
    pub fn touched(&self) -> impl Iterator<Item = (u128, Balances)> + '_ {
        let pair = match self {
            Self::Transfer(posted) => {
                let Transfer { debit_account_id, credit_account_id, .. } = posted.transfer;
                [Some((debit_account_id, posted.debit)), Some((credit_account_id, posted.credit))]
            }
            Self::Expiry { debit_account_id, credit_account_id, debit, credit, .. } => {
                [Some((*debit_account_id, *debit)), Some((*credit_account_id, *credit))]
            }
            Self::Transaction(_) | Self::Refusal { .. } => [None, None],
        };
        let legs: &[PostedLeg] = match self {
            Self::Transaction(posted) => &posted.legs,
            _ => &[],
        };
        pair.into_iter()
            .flatten()
            .chain(legs.iter().map(|posted| (posted.leg.account_id, posted.balances)))
    }
}
