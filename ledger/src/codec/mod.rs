//! Records and bytes.
//!
//! Everything is little endian, and every value has exactly one encoding: what is decoded and encoded again gives the same bytes, so that
//! a hash of them says whether two requests are the same. Accounts and transfers are TigerBeetle's 128-byte records. `RECORDS.md` has the tables.
//!
//! Decoding bytes that anybody may have sent never panics, and never allocates more than those bytes justify.

mod account;
mod bytes;
mod digest;
mod ledger;
mod metadata;
mod reply;
mod transaction;
mod transfer;

pub use account::{ACCOUNT_BYTES, account_bytes, account_from_bytes};
pub use digest::{transaction_digest, transfer_digest};
pub use ledger::{LEDGER_BYTES, ledger_bytes, ledger_from_bytes};
pub use reply::{OUTCOME_BYTES, TRANSFER_OUTCOME_BYTES, decode_reply, encode_reply};
pub use transaction::{encode_transaction, transaction_from_bytes};
pub use transfer::{TRANSFER_BYTES, transfer_bytes, transfer_from_bytes};

use crate::{
    Error, Result,
    model::{Batch, MAX_EVENTS},
};
use bytes::Bytes;

/// Why bytes are no record. The caller adds which record it was.
pub(crate) type Reason = String;

/// The number of [`Batch::Ledgers`] on the wire and in files.
pub const KIND_LEDGERS: u16 = 1;
/// The number of [`Batch::Accounts`].
pub const KIND_ACCOUNTS: u16 = 2;
/// The number of [`Batch::Transfers`].
pub const KIND_TRANSFERS: u16 = 3;
/// The number of [`Batch::Transactions`].
pub const KIND_TRANSACTIONS: u16 = 4;
/// The number of [`Batch::Tick`].
pub const KIND_TICK: u16 = 5;

impl Batch {
    /// The number of its kind, on the wire and in files.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Ledgers(_) => KIND_LEDGERS,
            Self::Accounts(_) => KIND_ACCOUNTS,
            Self::Transfers(_) => KIND_TRANSFERS,
            Self::Transactions(_) => KIND_TRANSACTIONS,
            Self::Tick => KIND_TICK,
        }
    }
}

/// Appends the events of a batch, one after the other. Its kind and how many they are go elsewhere: into the header of a record or a frame.
pub fn encode(batch: &Batch, out: &mut Vec<u8>) {
    match batch {
        Batch::Ledgers(events) => {
            events.iter().for_each(|event| out.extend_from_slice(&ledger_bytes(event)))
        }
        Batch::Accounts(events) => {
            out.reserve(events.len().saturating_mul(ACCOUNT_BYTES));
            events.iter().for_each(|event| out.extend_from_slice(&account_bytes(event)));
        }
        Batch::Transfers(events) => {
            out.reserve(events.len().saturating_mul(TRANSFER_BYTES));
            events.iter().for_each(|event| out.extend_from_slice(&transfer_bytes(event)));
        }
        Batch::Transactions(events) => {
            events.iter().for_each(|event| encode_transaction(event, out))
        }
        Batch::Tick => {}
    }
}

/// The batch of `count` events of a kind whose encoding is exactly `body`.
///
/// # Errors
///
/// [`Error::Batch`]: an unknown kind, more than [`MAX_EVENTS`], a body of another length, a reserved byte that is not 0, an amount above the
/// limit, text that is no UTF-8 and the like. It names the event.
pub fn decode(kind: u16, count: u32, body: &[u8]) -> Result<Batch> {
    let count = bounded(count)?;
    match kind {
        KIND_LEDGERS => fixed(count, body, ledger_from_bytes).map(Batch::Ledgers),
        KIND_ACCOUNTS => fixed(count, body, account_from_bytes).map(Batch::Accounts),
        KIND_TRANSFERS => fixed(count, body, transfer_from_bytes).map(Batch::Transfers),
        KIND_TRANSACTIONS => varying(count, body, transaction::take).map(Batch::Transactions),
        KIND_TICK if count == 0 && body.is_empty() => Ok(Batch::Tick),
        KIND_TICK => Err(Error::Batch(format!(
            "a tick has no events, this one says {count} in {} bytes",
            body.len()
        ))),
        _ => Err(Error::Batch(format!(
            "kind {kind} is none of 1 to 5; a newer program may have written it"
        ))),
    }
}

/// The number of events, if a batch can have so many.
fn bounded(count: u32) -> Result<usize> {
    match usize::try_from(count) {
        Ok(count) if count <= MAX_EVENTS => Ok(count),
        _ => Err(Error::Batch(format!(
            "{count} events, at most {MAX_EVENTS} are possible; send several batches"
        ))),
    }
}

/// Records of one size.
fn fixed<T, const N: usize>(
    count: usize,
    body: &[u8],
    record: impl Fn(&[u8; N]) -> Result<T, Reason>,
) -> Result<Vec<T>> {
    let (records, rest) = body.as_chunks::<N>();
    if records.len() != count || !rest.is_empty() {
        let bytes = body.len();
        return Err(Error::Batch(format!(
            "{count} records of {N} bytes are {} bytes, not {bytes}",
            count * N
        )));
    }
    let mut events = Vec::with_capacity(count);
    for (at, bytes) in records.iter().enumerate() {
        events.push(record(bytes).map_err(|reason| event_error(at, &reason))?);
    }
    Ok(events)
}

/// Records that say their own size.
fn varying<T>(
    count: usize,
    body: &[u8],
    record: impl Fn(&mut Bytes<'_>) -> Result<T, Reason>,
) -> Result<Vec<T>> {
    let mut bytes = Bytes::new(body);
    let mut events = Vec::new();
    for at in 0..count {
        events.push(record(&mut bytes).map_err(|reason| event_error(at, &reason))?);
    }
    if !bytes.is_empty() {
        return Err(Error::Batch(format!(
            "{} bytes are left behind the last of {count} events",
            bytes.len()
        )));
    }
    Ok(events)
}

fn event_error(at: usize, reason: &str) -> Error {
    Error::Batch(format!("event {at}: {reason}"))
}
