//! Bodies of answers to reads.

use ledger::codec;
use ledger::model::{Account, Balances, Ledger};
use ledger::money::Sum;
use ledger::query::Page;
use ledger::state::Totals;

use super::entry::{decode_entries, encode_entry};
use super::fields::{Fields, bad, put_balances, records};
use crate::Problem;
use crate::keys::Scope;

/// The size of the balances of a moment: whether there are any, 7 zeros, and they.
pub const BALANCES_BYTES: usize = 72;
/// The size of a ledger with its sums.
const TRIAL_BYTES: usize = 128;

/// The answer to a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The longest body of a request.
    pub max_body: u32,
    /// The most events of a batch.
    pub max_events: u32,
    /// What the key may do.
    pub scope: Scope,
}

impl Hello {
    /// Appends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.max_body.to_le_bytes());
        out.extend_from_slice(&self.max_events.to_le_bytes());
        out.extend_from_slice(&[self.scope.number(), 0, 0, 0, 0, 0, 0, 0]);
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] where it is none.
    pub fn decode(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields(body);
        let (max_body, max_events, scope) = (fields.u32()?, fields.u32()?, fields.u8()?);
        let scope = Scope::ALL.into_iter().find(|it| it.number() == scope);
        let scope = scope.ok_or_else(|| bad("an unknown scope".to_owned()))?;
        fields.reserved::<7>()?;
        fields.end()?;
        Ok(Self { max_body, max_events, scope })
    }
}

/// How far a ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Its last operation.
    pub op: u64,
    /// Its time.
    pub timestamp: u64,
    /// The hash of its log's chain.
    pub hash: [u8; 32],
    /// How many accounts there are.
    pub accounts: u64,
    /// How many transfers are pending.
    pub pending: u64,
}

impl Status {
    /// Appends it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.op.to_le_bytes());
        out.extend_from_slice(&self.timestamp.to_le_bytes());
        out.extend_from_slice(&self.hash);
        out.extend_from_slice(&self.accounts.to_le_bytes());
        out.extend_from_slice(&self.pending.to_le_bytes());
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`Problem::BadRequest`] where it is none.
    pub fn decode(body: &[u8]) -> Result<Self, Problem> {
        let mut fields = Fields(body);
        let status = Self {
            op: fields.u64()?,
            timestamp: fields.u64()?,
            hash: fields.array()?,
            accounts: fields.u64()?,
            pending: fields.u64()?,
        };
        fields.end()?;
        Ok(status)
    }
}

/// A ledger with the sums over all its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trial {
    /// The ledger.
    pub ledger: Ledger,
    /// When it was defined.
    pub timestamp: u64,
    /// Its sums.
    pub totals: Totals,
}

/// Appends accounts.
pub fn encode_accounts(accounts: &[Account], out: &mut Vec<u8>) {
    accounts.iter().for_each(|it| out.extend_from_slice(&codec::account_bytes(it)));
}

/// The `count` accounts that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is not.
pub fn decode_accounts(count: u32, body: &[u8]) -> Result<Vec<Account>, Problem> {
    let records = records::<{ codec::ACCOUNT_BYTES }>(count, body)?;
    records.iter().map(|it| codec::account_from_bytes(it).map_err(bad)).collect()
}

/// Appends a page; how many entries it has goes into the frame's count.
pub fn encode_page(page: &Page, out: &mut Vec<u8>) {
    // Nothing ever happens at 0.
    out.extend_from_slice(&page.next.unwrap_or_default().to_le_bytes());
    page.entries.iter().for_each(|entry| encode_entry(entry, out));
}

/// The page that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is none.
pub fn decode_page(count: u32, body: &[u8]) -> Result<Page, Problem> {
    let mut fields = Fields(body);
    let next = fields.u64()?;
    let entries = decode_entries(count, fields.0)?;
    Ok(Page { entries, next: (next != 0).then_some(next) })
}

/// Appends balances of moments.
pub fn encode_balances(all: &[Option<Balances>], out: &mut Vec<u8>) {
    for balances in all {
        out.extend_from_slice(&u64::from(balances.is_some()).to_le_bytes());
        put_balances(&balances.unwrap_or_default(), out);
    }
}

/// The `count` balances that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is not.
pub fn decode_balances(count: u32, body: &[u8]) -> Result<Vec<Option<Balances>>, Problem> {
    let mut all = Vec::new();
    for record in records::<BALANCES_BYTES>(count, body)? {
        let mut fields = Fields(record);
        let there = fields.u64()?;
        let balances = fields.balances()?;
        all.push((there != 0).then_some(balances));
    }
    Ok(all)
}

/// Appends ledgers with their sums.
pub fn encode_trials(trials: &[Trial], out: &mut Vec<u8>) {
    for Trial { ledger, timestamp, totals } in trials {
        out.extend_from_slice(&codec::ledger_bytes(ledger));
        out.extend_from_slice(&timestamp.to_le_bytes());
        for sum in [
            totals.debits_pending,
            totals.debits_posted,
            totals.credits_pending,
            totals.credits_posted,
        ] {
            let (high, low) = sum.parts();
            out.extend_from_slice(&low.get().to_le_bytes());
            out.extend_from_slice(&high.to_le_bytes());
        }
        out.extend_from_slice(&[0; 8]);
    }
}

/// The `count` ledgers with their sums that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is not.
pub fn decode_trials(count: u32, body: &[u8]) -> Result<Vec<Trial>, Problem> {
    let mut all = Vec::new();
    for record in records::<TRIAL_BYTES>(count, body)? {
        let mut fields = Fields(record);
        let ledger = codec::ledger_from_bytes(&fields.array()?).map_err(bad)?;
        let timestamp = fields.u64()?;
        let mut sum = || {
            let (low, high) = (fields.amount()?, fields.u64()?);
            Ok::<_, Problem>(Sum::from_parts(high, low))
        };
        let totals = Totals {
            ledger: ledger.id,
            debits_pending: sum()?,
            debits_posted: sum()?,
            credits_pending: sum()?,
            credits_posted: sum()?,
        };
        fields.reserved::<8>()?;
        all.push(Trial { ledger, timestamp, totals });
    }
    Ok(all)
}
