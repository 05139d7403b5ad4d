//! Whether a request is one that came before.

use super::chain::Refused;
use crate::{
    codec::{transaction_digest, transfer_digest},
    model::{
        Asked, Code, Entry, PostedTransaction, PostedTransfer, Transaction, TransactionOutcome,
        Transfer, TransferOutcome,
    },
};

/// The bits of [`Asked::zeros`].
const ZERO_DEBIT: u8 = 1 << 0;
const ZERO_CREDIT: u8 = 1 << 1;
const ZERO_USER_DATA_128: u8 = 1 << 2;
const ZERO_USER_DATA_64: u8 = 1 << 3;
const ZERO_USER_DATA_32: u8 = 1 << 4;
const ZERO_LEDGER: u8 = 1 << 5;
const ZERO_CODE: u8 = 1 << 6;

/// What must be kept of a request beside what was recorded.
pub(super) fn asked(request: &Transfer, recorded: &Transfer) -> Asked {
    let bit = |filled_in: bool, bit: u8| if filled_in { bit } else { 0 };
    let zeros = bit(request.debit_account_id != recorded.debit_account_id, ZERO_DEBIT)
        | bit(request.credit_account_id != recorded.credit_account_id, ZERO_CREDIT)
        | bit(request.user_data_128 != recorded.user_data_128, ZERO_USER_DATA_128)
        | bit(request.user_data_64 != recorded.user_data_64, ZERO_USER_DATA_64)
        | bit(request.user_data_32 != recorded.user_data_32, ZERO_USER_DATA_32)
        | bit(request.ledger != recorded.ledger, ZERO_LEDGER)
        | bit(request.code != recorded.code, ZERO_CODE);
    Asked { amount: request.amount, zeros }
}

/// The request of which this is the record.
fn request(posted: &PostedTransfer) -> Transfer {
    let mut request = Transfer { amount: posted.asked.amount, timestamp: 0, ..posted.transfer };
    let was_zero = |bit: u8| posted.asked.zeros & bit != 0;
    if was_zero(ZERO_DEBIT) {
        request.debit_account_id = 0;
    }
    if was_zero(ZERO_CREDIT) {
        request.credit_account_id = 0;
    }
    if was_zero(ZERO_USER_DATA_128) {
        request.user_data_128 = 0;
    }
    if was_zero(ZERO_USER_DATA_64) {
        request.user_data_64 = 0;
    }
    if was_zero(ZERO_USER_DATA_32) {
        request.user_data_32 = 0;
    }
    if was_zero(ZERO_LEDGER) {
        request.ledger = 0;
    }
    if was_zero(ZERO_CODE) {
        request.code = 0;
    }
    request
}

/// The answer to a transfer whose id has this entry.
#[cold]
pub(super) fn transfer_exists(event: &Transfer, entry: &Entry) -> Result<TransferOutcome, Refused> {
    match entry {
        Entry::Transfer(posted) => {
            compare(event, &request(posted))?;
            Ok(TransferOutcome {
                code: Code::Exists,
                timestamp: posted.transfer.timestamp,
                amount: posted.transfer.amount,
                debit: posted.debit,
                credit: posted.credit,
            })
        }
        Entry::Refusal { timestamp, code, digest, .. } if *digest == transfer_digest(event) => {
            Err(Refused { code: *code, before: Some(*timestamp) })
        }
        _ => Err(Code::ExistsWithDifferentContent.into()),
    }
}

fn compare(event: &Transfer, known: &Transfer) -> Result<(), Code> {
    let same = [
        (event.flags == known.flags, Code::ExistsWithDifferentFlags),
        (event.pending_id == known.pending_id, Code::ExistsWithDifferentPendingId),
        (event.timeout == known.timeout, Code::ExistsWithDifferentTimeout),
        (event.debit_account_id == known.debit_account_id, Code::ExistsWithDifferentDebitAccountId),
        (
            event.credit_account_id == known.credit_account_id,
            Code::ExistsWithDifferentCreditAccountId,
        ),
        (event.amount == known.amount, Code::ExistsWithDifferentAmount),
        (event.user_data_128 == known.user_data_128, Code::ExistsWithDifferentUserData128),
        (event.user_data_64 == known.user_data_64, Code::ExistsWithDifferentUserData64),
        (event.user_data_32 == known.user_data_32, Code::ExistsWithDifferentUserData32),
        (event.ledger == known.ledger, Code::ExistsWithDifferentLedger),
        (event.code == known.code, Code::ExistsWithDifferentCode),
    ];
    same.into_iter().find(|(same, _)| !same).map_or(Ok(()), |(_, code)| Err(code))
}

/// The answer to a transaction whose id has this entry.
#[cold]
pub(super) fn transaction_exists(
    event: &Transaction,
    entry: &Entry,
) -> Result<TransactionOutcome, Refused> {
    match entry {
        Entry::Transaction(posted) if is_repeated(event, posted) => Ok(TransactionOutcome {
            code: Code::Exists,
            timestamp: posted.transaction.timestamp,
            legs: posted.legs.clone(),
        }),
        Entry::Refusal { timestamp, code, digest, .. } if *digest == transaction_digest(event) => {
            Err(Refused { code: *code, before: Some(*timestamp) })
        }
        _ => Err(Code::ExistsWithDifferentContent.into()),
    }
}

fn is_repeated(event: &Transaction, posted: &PostedTransaction) -> bool {
    let known = &posted.transaction;
    // But for the timestamp. Whoever adds a field is told here.
    let Transaction {
        id,
        posting,
        user_data_128,
        user_data_64,
        user_data_32,
        code,
        linked,
        metadata,
        timestamp: _,
    } = event;
    (id, posting, user_data_128, user_data_64, user_data_32, code, linked, metadata)
        == (
            &known.id,
            &known.posting,
            &known.user_data_128,
            &known.user_data_64,
            &known.user_data_32,
            &known.code,
            &known.linked,
            &known.metadata,
        )
}
