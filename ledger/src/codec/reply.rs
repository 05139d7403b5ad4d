//! Answers as bytes.

use super::{
    KIND_ACCOUNTS, KIND_LEDGERS, KIND_TICK, KIND_TRANSACTIONS, KIND_TRANSFERS, Reason, bounded,
    bytes::{Bytes, Fill},
    fixed,
    transaction::{leg_bytes, take_leg},
    varying,
};
use crate::{
    Error, Result,
    model::{Code, Outcome, PostedLeg, Reply, TransactionOutcome, TransferOutcome},
};

/// The size of an answer about a ledger or an account: the code, six zeros, the timestamp.
pub const OUTCOME_BYTES: usize = 16;
/// The size of an answer about a transfer: as above, and then the amount, the debit account's balances, the credit account's balances.
pub const TRANSFER_OUTCOME_BYTES: usize = 160;
/// A leg, and four balances.
const POSTED_LEG_BYTES: usize = 33 + 64;

/// Appends the answers to a batch, one after the other.
pub fn encode_reply(reply: &Reply, out: &mut Vec<u8>) {
    match reply {
        Reply::Ledgers(outcomes) | Reply::Accounts(outcomes) => {
            outcomes.iter().for_each(|outcome| {
                out.extend_from_slice(&head(outcome.code, 0, outcome.timestamp))
            });
        }
        Reply::Transfers(outcomes) => {
            out.reserve(outcomes.len().saturating_mul(TRANSFER_OUTCOME_BYTES));
            outcomes
                .iter()
                .for_each(|outcome| out.extend_from_slice(&transfer_outcome_bytes(outcome)));
        }
        Reply::Transactions(outcomes) => {
            for outcome in outcomes {
                // At most MAX_LEGS.
                out.extend_from_slice(&head(
                    outcome.code,
                    outcome.legs.len() as u16,
                    outcome.timestamp,
                ));
                for posted in &outcome.legs {
                    out.extend_from_slice(&leg_bytes(&posted.leg));
                    let balances: [u8; 64] =
                        Fill::array(|fill| fill.put_balances(&posted.balances));
                    out.extend_from_slice(&balances);
                }
            }
        }
        Reply::Tick => {}
    }
}

/// The answers to a batch of `count` events of a kind, of which `body` is exactly the encoding.
///
/// # Errors
///
/// [`Error::Batch`] where it is not.
pub fn decode_reply(kind: u16, count: u32, body: &[u8]) -> Result<Reply> {
    let count = bounded(count)?;
    match kind {
        KIND_LEDGERS => fixed(count, body, outcome).map(Reply::Ledgers),
        KIND_ACCOUNTS => fixed(count, body, outcome).map(Reply::Accounts),
        KIND_TRANSFERS => fixed(count, body, transfer_outcome).map(Reply::Transfers),
        KIND_TRANSACTIONS => varying(count, body, transaction_outcome).map(Reply::Transactions),
        KIND_TICK if count == 0 && body.is_empty() => Ok(Reply::Tick),
        _ => Err(Error::Batch(format!(
            "kind {kind} with {count} answers in {} bytes is no reply",
            body.len()
        ))),
    }
}

fn head(code: Code, legs: u16, timestamp: u64) -> [u8; OUTCOME_BYTES] {
    Fill::array(|fill| {
        fill.put(code.number().to_le_bytes())
            .put(legs.to_le_bytes())
            .put([0; 4])
            .put(timestamp.to_le_bytes())
    })
}

fn take_head(bytes: &mut Bytes<'_>) -> Result<(Code, u16, u64), Reason> {
    let number = bytes.u16("code")?;
    let code = Code::from_number(number).ok_or_else(|| {
        format!("the code {number} is not known here; a newer program may have answered")
    })?;
    let legs = bytes.u16("the number of legs")?;
    bytes.reserved::<4>()?;
    Ok((code, legs, bytes.u64("timestamp")?))
}

fn no_legs(legs: u16) -> Result<(), Reason> {
    if legs == 0 { Ok(()) } else { Err(format!("reserved bytes say {legs}, not 0")) }
}

fn outcome(bytes: &[u8; OUTCOME_BYTES]) -> Result<Outcome, Reason> {
    let (code, legs, timestamp) = take_head(&mut Bytes::new(bytes))?;
    no_legs(legs)?;
    Ok(Outcome { code, timestamp })
}

fn transfer_outcome_bytes(outcome: &TransferOutcome) -> [u8; TRANSFER_OUTCOME_BYTES] {
    Fill::array(|fill| {
        fill.put(head(outcome.code, 0, outcome.timestamp))
            .put(outcome.amount.get().to_le_bytes())
            .put_balances(&outcome.debit)
            .put_balances(&outcome.credit)
    })
}

fn transfer_outcome(bytes: &[u8; TRANSFER_OUTCOME_BYTES]) -> Result<TransferOutcome, Reason> {
    let mut bytes = Bytes::new(bytes);
    let (code, legs, timestamp) = take_head(&mut bytes)?;
    no_legs(legs)?;
    Ok(TransferOutcome {
        code,
        timestamp,
        amount: bytes.amount("amount")?,
        debit: bytes.balances()?,
        credit: bytes.balances()?,
    })
}

fn transaction_outcome(bytes: &mut Bytes<'_>) -> Result<TransactionOutcome, Reason> {
    let (code, count, timestamp) = take_head(bytes)?;
    let count = usize::from(count);
    if count > bytes.len() / POSTED_LEG_BYTES {
        return Err(format!("{count} legs are not in {} bytes", bytes.len()));
    }
    let mut legs = Vec::with_capacity(count);
    for _ in 0..count {
        legs.push(PostedLeg { leg: take_leg(bytes)?, balances: bytes.balances()? });
    }
    Ok(TransactionOutcome { code, timestamp, legs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Balances, money::Amount};

    #[test]
    fn the_layout_of_an_answer_about_a_transfer() {
        let amount = |units| Amount::new(units).unwrap();
        let balances = |first| Balances {
            debits_pending: amount(first),
            debits_posted: amount(first + 1),
            credits_pending: amount(first + 2),
            credits_posted: amount(first + 3),
        };
        let code = Code::ExceedsCredits;
        let outcome = TransferOutcome {
            code,
            timestamp: 7,
            amount: amount(8),
            debit: balances(9),
            credit: balances(13),
        };
        let mut expected = vec![0; 160];
        expected[0] = 108;
        expected[8] = 7;
        for at in 0..9 {
            expected[16 + 16 * at] = 8 + at as u8;
        }
        let reply = Reply::Transfers(vec![outcome]);
        let mut bytes = Vec::new();
        encode_reply(&reply, &mut bytes);
        assert_eq!(bytes, expected);
        assert_eq!(decode_reply(KIND_TRANSFERS, 1, &bytes).unwrap(), reply);
        for at in [0, 1, 2, 4, 7] {
            let mut bytes = bytes.clone();
            bytes[at] = 255;
            assert!(
                matches!(decode_reply(KIND_TRANSFERS, 1, &bytes), Err(Error::Batch(_))),
                "byte {at}"
            );
        }
    }
}
