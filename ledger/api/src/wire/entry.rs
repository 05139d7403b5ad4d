//! Entries as bytes: what happened, as the answers to look-ups and queries have it.

use ledger::codec;
use ledger::model::{Asked, Code, Entry, Leg, PostedLeg, PostedTransaction, PostedTransfer, Side};

use super::fields::{Fields, bad, put_balances};
use crate::Problem;

const TRANSFER: u8 = 1;
const TRANSACTION: u8 = 2;
const EXPIRY: u8 = 3;
const REFUSAL: u8 = 4;
/// An account, a side, an amount, four balances.
const LEG_BYTES: usize = 16 + 1 + 16 + 64;

/// Appends an entry.
pub fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    match entry {
        Entry::Transfer(posted) => {
            out.push(TRANSFER);
            out.extend_from_slice(&codec::transfer_bytes(&posted.transfer));
            out.extend_from_slice(&posted.asked.amount.get().to_le_bytes());
            out.push(posted.asked.zeros);
            put_balances(&posted.debit, out);
            put_balances(&posted.credit, out);
        }
        Entry::Transaction(posted) => {
            out.push(TRANSACTION);
            codec::encode_transaction(&posted.transaction, out);
            // At most MAX_LEGS.
            out.extend_from_slice(&(posted.legs.len() as u16).to_le_bytes());
            for PostedLeg { leg, balances } in &posted.legs {
                out.extend_from_slice(&leg.account_id.to_le_bytes());
                out.push(leg.side as u8);
                out.extend_from_slice(&leg.amount.get().to_le_bytes());
                put_balances(balances, out);
            }
        }
        Entry::Expiry {
            timestamp,
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            debit,
            credit,
        } => {
            out.push(EXPIRY);
            out.extend_from_slice(&timestamp.to_le_bytes());
            for number in [*pending_id, *debit_account_id, *credit_account_id, amount.get()] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            put_balances(debit, out);
            put_balances(credit, out);
        }
        Entry::Refusal { timestamp, id, code, digest } => {
            out.push(REFUSAL);
            out.extend_from_slice(&timestamp.to_le_bytes());
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(&code.number().to_le_bytes());
            out.extend_from_slice(digest);
        }
    }
}

/// The `count` entries that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is not.
pub fn decode_entries(count: u32, body: &[u8]) -> Result<Vec<Entry>, Problem> {
    let mut fields = Fields(body);
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(entry(&mut fields)?);
    }
    fields.end()?;
    Ok(entries)
}

fn entry(fields: &mut Fields<'_>) -> Result<Entry, Problem> {
    Ok(match fields.u8()? {
        TRANSFER => {
            let transfer = codec::transfer_from_bytes(&fields.array()?).map_err(bad)?;
            let asked = Asked { amount: fields.amount()?, zeros: fields.u8()? };
            let (debit, credit) = (fields.balances()?, fields.balances()?);
            Entry::Transfer(PostedTransfer { transfer, asked, debit, credit })
        }
        TRANSACTION => {
            let (transaction, bytes) = codec::transaction_from_bytes(fields.0).map_err(bad)?;
            fields.slice(bytes)?;
            let count = usize::from(fields.u16()?);
            if count > fields.0.len() / LEG_BYTES {
                return Err(bad(format!("{count} legs are not in {} bytes", fields.0.len())));
            }
            let mut legs = Vec::with_capacity(count);
            for _ in 0..count {
                let account_id = fields.u128()?;
                let side = match fields.u8()? {
                    0 => Side::Debit,
                    1 => Side::Credit,
                    other => return Err(bad(format!("a side of {other}, it is 0 or 1"))),
                };
                let leg = Leg { account_id, side, amount: fields.amount()? };
                legs.push(PostedLeg { leg, balances: fields.balances()? });
            }
            Entry::Transaction(Box::new(PostedTransaction { transaction, legs }))
        }
        EXPIRY => Entry::Expiry {
            timestamp: fields.u64()?,
            pending_id: fields.u128()?,
            debit_account_id: fields.u128()?,
            credit_account_id: fields.u128()?,
            amount: fields.amount()?,
            debit: fields.balances()?,
            credit: fields.balances()?,
        },
        REFUSAL => {
            let (timestamp, id, number) = (fields.u64()?, fields.u128()?, fields.u16()?);
            let code = Code::from_number(number)
                .ok_or_else(|| bad(format!("the code {number} is not known here")))?;
            Entry::Refusal { timestamp, id, code, digest: fields.array()? }
        }
        other => return Err(bad(format!("an entry of the unknown kind {other}"))),
    })
}
