//! Transfers: one debit, one credit, one amount.

use super::flags::flags;
use crate::money::Amount;

flags! {
    /// What kind of transfer it is.
    pub struct TransferFlags: u16 {
        /// Together with the next event of its batch: both happen, or neither does.
        LINKED = 1 << 0;
        /// Reserves the amount: a later transfer posts or voids it, or its timeout does the latter.
        PENDING = 1 << 1;
        /// Posts what [`Transfer::pending_id`] reserved: all of it (amount 0), or a part, and releases the rest.
        POST_PENDING = 1 << 2;
        /// Releases what [`Transfer::pending_id`] reserved.
        VOID_PENDING = 1 << 3;
        /// As much as the debit account has, at most the amount (0: no bound of its own).
        BALANCING_DEBIT = 1 << 4;
        /// As much as the credit account lacks, at most the amount (0: no bound of its own).
        BALANCING_CREDIT = 1 << 5;
        /// Closes the debit account. Only with `PENDING`: voiding it opens the account again.
        CLOSING_DEBIT = 1 << 6;
        /// Closes the credit account. Only with `PENDING`: voiding it opens the account again.
        CLOSING_CREDIT = 1 << 7;
    }
}

/// Moves an amount from one account to another. Never changes once it is there; its id is the key of its idempotency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Transfer {
    /// Chosen by the client, unique among transfers and transactions; neither 0 nor `u128::MAX`.
    pub id: u128,
    /// The account that is debited. 0 in a transfer that posts or voids, or the pending one's.
    pub debit_account_id: u128,
    /// The account that is credited. 0 in a transfer that posts or voids, or the pending one's.
    pub credit_account_id: u128,
    /// In minor units. What 0 means depends on the flags; without them it is refused. What is recorded is what was moved.
    pub amount: Amount,
    /// The transfer that is posted or voided; otherwise 0.
    pub pending_id: u128,
    /// For the client. In a transfer that posts or voids, 0 takes the pending one's.
    pub user_data_128: u128,
    /// For the client, as above.
    pub user_data_64: u64,
    /// For the client, as above.
    pub user_data_32: u32,
    /// Seconds of log time after which a pending transfer is voided; 0 never.
    pub timeout: u32,
    /// The ledger of both accounts. 0 in a transfer that posts or voids, or the pending one's.
    pub ledger: u32,
    /// For the client: why money moved. Not 0, but where it posts or voids: there 0 takes the pending one's.
    pub code: u16,
    /// What kind of transfer it is.
    pub flags: TransferFlags,
    /// When it happened, in nanoseconds since 1970 by the log; 0 in a request. Unique among all events.
    pub timestamp: u64,
}
