//! What is remembered, and what it answers to an event of the same id.

use ledger::model::{
    Balances, Code, Entry, PostedLeg, PostedTransfer, Transaction, TransactionOutcome, Transfer,
    TransferOutcome,
};

use super::chain::No;

/// Something that happened or was refused, with the request whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A transfer.
    Transfer {
        /// As it was asked for.
        asked: Transfer,
        /// As it happened.
        happened: Transfer,
        /// The debit account right after it.
        debit: Balances,
        /// The credit account right after it.
        credit: Balances,
    },
    /// A transaction.
    Transaction {
        /// As it was asked for.
        asked: Transaction,
        /// When it happened.
        timestamp: u64,
        /// What was posted.
        legs: Vec<PostedLeg>,
    },
    /// A pending transfer ran out.
    Expiry {
        /// When.
        timestamp: u64,
        /// Which.
        pending: Transfer,
        /// Its debit account right after it.
        debit: Balances,
        /// Its credit account right after it.
        credit: Balances,
    },
    /// A refusal that is found again.
    Refusal {
        /// When.
        timestamp: u64,
        /// The event's id.
        id: u128,
        /// Why.
        code: Code,
        /// Of what.
        request: Request,
    },
}

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A transfer.
    Transfer(Transfer),
    /// A transaction.
    Transaction(Transaction),
}

impl Fact {
    /// When.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        match self {
            Self::Transfer { happened, .. } => happened.timestamp,
            Self::Transaction { timestamp, .. }
            | Self::Expiry { timestamp, .. }
            | Self::Refusal { timestamp, .. } => *timestamp,
        }
    }

    /// The answer to a transfer of this id.
    pub(super) fn answer_transfer(&self, again: &Transfer) -> Result<TransferOutcome, No> {
        match self {
            Self::Transfer { asked, happened, debit, credit } => {
                if let Some(code) = difference(asked, again) {
                    return Err(No::Now(code));
                }
                Ok(TransferOutcome {
                    code: Code::Exists,
                    timestamp: happened.timestamp,
                    amount: happened.amount,
                    debit: *debit,
                    credit: *credit,
                })
            }
            Self::Refusal { timestamp, code, request, .. }
                if *request == Request::Transfer(*again) =>
            {
                Err(No::Again(*code, *timestamp))
            }
            _ => Err(No::Now(Code::ExistsWithDifferentContent)),
        }
    }

    /// The answer to a transaction of this id.
    pub(super) fn answer_transaction(&self, again: &Transaction) -> Result<TransactionOutcome, No> {
        match self {
            Self::Transaction { asked, timestamp, legs } if asked == again => {
                Ok(TransactionOutcome {
                    code: Code::Exists,
                    timestamp: *timestamp,
                    legs: legs.clone(),
                })
            }
            Self::Refusal { timestamp, code, request: Request::Transaction(asked), .. }
                if asked == again =>
            {
                Err(No::Again(*code, *timestamp))
            }
            _ => Err(No::Now(Code::ExistsWithDifferentContent)),
        }
    }

    /// Whether the ledger's entry says the same.
    #[must_use]
    pub fn agrees(&self, entry: &Entry) -> bool {
        match (self, entry) {
            (Self::Transfer { asked, happened, debit, credit }, Entry::Transfer(posted)) => {
                posted.transfer == *happened
                    && rebuilt(posted) == *asked
                    && posted.debit == *debit
                    && posted.credit == *credit
            }
            (Self::Transaction { asked, timestamp, legs }, Entry::Transaction(posted)) => {
                posted.transaction == Transaction { timestamp: *timestamp, ..asked.clone() }
                    && posted.legs == *legs
            }
            (
                Self::Expiry { timestamp, pending, debit, credit },
                Entry::Expiry {
                    timestamp: when,
                    pending_id,
                    debit_account_id,
                    credit_account_id,
                    amount,
                    debit: entry_debit,
                    credit: entry_credit,
                },
            ) => {
                when == timestamp
                    && *pending_id == pending.id
                    && *debit_account_id == pending.debit_account_id
                    && *credit_account_id == pending.credit_account_id
                    && *amount == pending.amount
                    && entry_debit == debit
                    && entry_credit == credit
            }
            // What the digest is of shows in what a repeated request is answered.
            (
                Self::Refusal { timestamp, id, code, .. },
                Entry::Refusal { timestamp: when, id: entry_id, code: entry_code, .. },
            ) => when == timestamp && entry_id == id && entry_code == code,
            _ => false,
        }
    }
}

/// The first field, in the order of the codes, in which two requests of one id differ.
fn difference(first: &Transfer, again: &Transfer) -> Option<Code> {
    let pairs = [
        (first.flags != again.flags, Code::ExistsWithDifferentFlags),
        (first.pending_id != again.pending_id, Code::ExistsWithDifferentPendingId),
        (first.timeout != again.timeout, Code::ExistsWithDifferentTimeout),
        (first.debit_account_id != again.debit_account_id, Code::ExistsWithDifferentDebitAccountId),
        (
            first.credit_account_id != again.credit_account_id,
            Code::ExistsWithDifferentCreditAccountId,
        ),
        (first.amount != again.amount, Code::ExistsWithDifferentAmount),
        (first.user_data_128 != again.user_data_128, Code::ExistsWithDifferentUserData128),
        (first.user_data_64 != again.user_data_64, Code::ExistsWithDifferentUserData64),
        (first.user_data_32 != again.user_data_32, Code::ExistsWithDifferentUserData32),
        (first.ledger != again.ledger, Code::ExistsWithDifferentLedger),
        (first.code != again.code, Code::ExistsWithDifferentCode),
    ];
    pairs.into_iter().find(|(differs, _)| *differs).map(|(_, code)| code)
}

/// The request that an entry of the ledger says it came from.
fn rebuilt(posted: &PostedTransfer) -> Transfer {
    let mut request = Transfer { amount: posted.asked.amount, timestamp: 0, ..posted.transfer };
    let was_zero = |bit: u8| posted.asked.zeros & (1 << bit) != 0;
    if was_zero(0) {
        request.debit_account_id = 0;
    }
    if was_zero(1) {
        request.credit_account_id = 0;
    }
    if was_zero(2) {
        request.user_data_128 = 0;
    }
    if was_zero(3) {
        request.user_data_64 = 0;
    }
    if was_zero(4) {
        request.user_data_32 = 0;
    }
    if was_zero(5) {
        request.ledger = 0;
    }
    if was_zero(6) {
        request.code = 0;
    }
    request
}
