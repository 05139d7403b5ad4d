//! Transactions as bytes: a length, a fixed part, and what they post.

use super::{
    Reason,
    bytes::{Bytes, Fill},
    metadata,
};
use crate::{
    model::{Exchange, Leg, Posting, Side, Transaction},
    money::{Rate, Rounding},
};

/// Account, amount, side.
const LEG_BYTES: usize = 33;
/// Five accounts, the amount, the rate and the rounding.
const EXCHANGE_BYTES: usize = 113;
const LEGS: u8 = 0;
const EXCHANGE: u8 = 1;

/// Appends the record of a transaction: the length of what follows (`u32`) and that.
pub fn encode_transaction(transaction: &Transaction, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let posting = match transaction.posting {
        Posting::Legs(_) => LEGS,
        Posting::Exchange(_) => EXCHANGE,
    };
    let fixed: [u8; 56] = Fill::array(|fill| {
        fill.put(transaction.id.to_le_bytes())
            .put(transaction.user_data_128.to_le_bytes())
            .put(transaction.user_data_64.to_le_bytes())
            .put(transaction.timestamp.to_le_bytes())
            .put(transaction.user_data_32.to_le_bytes())
            .put(transaction.code.to_le_bytes())
            .put([u8::from(transaction.linked), posting])
    });
    out.extend_from_slice(&fixed);
    match &transaction.posting {
        Posting::Legs(legs) => {
            out.extend_from_slice(&(legs.len() as u32).to_le_bytes());
            legs.iter().for_each(|leg| out.extend_from_slice(&leg_bytes(leg)));
        }
        Posting::Exchange(exchange) => out.extend_from_slice(&exchange_bytes(exchange)),
    }
    metadata::encode(&transaction.metadata, out);
    let length = (out.len() - start - 4) as u32;
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&length.to_le_bytes());
    }
}

/// The transaction of a record, and how many bytes of `bytes` that record is.
///
/// # Errors
///
/// Why there is none.
pub fn transaction_from_bytes(bytes: &[u8]) -> Result<(Transaction, usize), Reason> {
    let mut rest = Bytes::new(bytes);
    let transaction = take(&mut rest)?;
    Ok((transaction, bytes.len() - rest.len()))
}

/// Reads one transaction.
pub(super) fn take(bytes: &mut Bytes<'_>) -> Result<Transaction, Reason> {
    let length = bytes.u32("a transaction's length")?;
    let length = usize::try_from(length).map_err(|_| format!("a transaction of {length} bytes"))?;
    let mut record = Bytes::new(bytes.slice("a transaction", length)?);
    let transaction = fields(&mut record)?;
    if record.is_empty() {
        Ok(transaction)
    } else {
        Err(format!("{} bytes are left behind a transaction", record.len()))
    }
}

fn fields(bytes: &mut Bytes<'_>) -> Result<Transaction, Reason> {
    let id = bytes.u128("id")?;
    let user_data_128 = bytes.u128("user_data_128")?;
    let user_data_64 = bytes.u64("user_data_64")?;
    let timestamp = bytes.u64("timestamp")?;
    let user_data_32 = bytes.u32("user_data_32")?;
    let code = bytes.u16("code")?;
    let linked = match bytes.u8("linked")? {
        0 => false,
        1 => true,
        other => return Err(format!("linked is {other}, it is 0 or 1")),
    };
    let posting = match bytes.u8("the kind of posting")? {
        LEGS => Posting::Legs(legs(bytes)?),
        EXCHANGE => Posting::Exchange(exchange(bytes)?),
        other => return Err(format!("a posting of the unknown kind {other}")),
    };
    let metadata = metadata::take(bytes)?;
    Ok(Transaction {
        id,
        posting,
        user_data_128,
        user_data_64,
        user_data_32,
        code,
        linked,
        metadata,
        timestamp,
    })
}

pub(super) fn leg_bytes(leg: &Leg) -> [u8; LEG_BYTES] {
    Fill::array(|fill| {
        fill.put(leg.account_id.to_le_bytes())
            .put(leg.amount.get().to_le_bytes())
            .put([leg.side as u8])
    })
}

pub(super) fn take_leg(bytes: &mut Bytes<'_>) -> Result<Leg, Reason> {
    let account_id = bytes.u128("account_id")?;
    let amount = bytes.amount("amount")?;
    let side = match bytes.u8("side")? {
        0 => Side::Debit,
        1 => Side::Credit,
        other => return Err(format!("a side of {other}, it is 0 (debit) or 1 (credit)")),
    };
    Ok(Leg { account_id, side, amount })
}

fn legs(bytes: &mut Bytes<'_>) -> Result<Vec<Leg>, Reason> {
    // As many as it likes: too many are refused by the state machine, with a code. Fewer bytes than they need are no record.
    let count = bytes.u32("the number of legs")?;
    match usize::try_from(count).ok().filter(|count| *count <= bytes.len() / LEG_BYTES) {
        Some(count) => (0..count).map(|_| take_leg(bytes)).collect(),
        None => Err(format!("{count} legs of {LEG_BYTES} bytes are not in {} bytes", bytes.len())),
    }
}

fn exchange_bytes(exchange: &Exchange) -> [u8; EXCHANGE_BYTES] {
    Fill::array(|fill| {
        fill.put(exchange.source.to_le_bytes())
            .put(exchange.source_liquidity.to_le_bytes())
            .put(exchange.target_liquidity.to_le_bytes())
            .put(exchange.target.to_le_bytes())
            .put(exchange.residue.to_le_bytes())
            .put(exchange.amount.get().to_le_bytes())
            .put(exchange.rate.numerator.to_le_bytes())
            .put(exchange.rate.denominator.to_le_bytes())
            .put([exchange.rounding as u8])
    })
}

fn exchange(bytes: &mut Bytes<'_>) -> Result<Exchange, Reason> {
    Ok(Exchange {
        source: bytes.u128("source")?,
        source_liquidity: bytes.u128("source_liquidity")?,
        target_liquidity: bytes.u128("target_liquidity")?,
        target: bytes.u128("target")?,
        residue: bytes.u128("residue")?,
        amount: bytes.amount("amount")?,
        rate: Rate { numerator: bytes.u64("numerator")?, denominator: bytes.u64("denominator")? },
        rounding: match bytes.u8("rounding")? {
            0 => Rounding::Down,
            1 => Rounding::Up,
            2 => Rounding::HalfEven,
            other => {
                return Err(format!(
                    "a rounding of {other}, it is 0 (down), 1 (up) or 2 (half to even)"
                ));
            }
        },
    })
}
