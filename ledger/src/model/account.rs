//! Accounts, and the four sums that each of them has.

use super::flags::flags;
use crate::money::Amount;

flags! {
    /// What an account forbids and is.
    pub struct AccountFlags: u16 {
        /// Together with the next event of its batch: both are created, or neither is.
        LINKED = 1 << 0;
        /// Posted and pending debits never exceed posted credits: a customer's deposit, an asset that cannot be overdrawn.
        DEBITS_MUST_NOT_EXCEED_CREDITS = 1 << 1;
        /// Posted and pending credits never exceed posted debits.
        CREDITS_MUST_NOT_EXCEED_DEBITS = 1 << 2;
        /// As in TigerBeetle. Here the balances after every event are kept for every account; the flag is stored, and changes nothing.
        HISTORY = 1 << 3;
        /// Takes no more transfers, but to post or void what is pending. Set at creation or by a closing transfer, and taken
        /// back by voiding that.
        CLOSED = 1 << 4;
    }
}

/// The four sums of an account, in minor units of its currency. They only grow, but for what was pending.
///
/// ```
/// use ledger::model::Balances;
/// use ledger::money::Amount;
///
/// let balances = Balances { credits_posted: Amount::new(500).unwrap(), ..Balances::default() };
/// assert_eq!(balances.net_posted(), 500);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Balances {
    /// Reserved on the debit side by transfers that are pending.
    pub debits_pending: Amount,
    /// Debited for good.
    pub debits_posted: Amount,
    /// Reserved on the credit side by transfers that are pending.
    pub credits_pending: Amount,
    /// Credited for good.
    pub credits_posted: Amount,
}

impl Balances {
    /// Credits less debits, posted. Every amount is below 10^38, so that the difference fits.
    #[must_use]
    pub fn net_posted(&self) -> i128 {
        // Both are at most 10^38 - 1 < 2^127: neither conversion can wrap.
        self.credits_posted.get() as i128 - self.debits_posted.get() as i128
    }
}

/// An account: where money is, in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Account {
    /// Chosen by the client, unique among accounts; neither 0 nor `u128::MAX`.
    pub id: u128,
    /// The sums. All zero in a request.
    pub balances: Balances,
    /// For the client: what the account is about.
    pub user_data_128: u128,
    /// For the client.
    pub user_data_64: u64,
    /// For the client.
    pub user_data_32: u32,
    /// The ledger, and by it the currency: transfers stay within one. Not 0.
    pub ledger: u32,
    /// For the client: what kind of account this is. Not 0.
    pub code: u16,
    /// What it forbids and is.
    pub flags: AccountFlags,
    /// When it was created, in nanoseconds since 1970 by the log; 0 in a request. Unique among all events.
    pub timestamp: u64,
}

/// One currency's set of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ledger {
    /// Its number. Not 0.
    pub id: u32,
    /// What is counted in it.
    pub currency: crate::money::Currency,
}
