//! Batches whose events were written as texts, one by one.

use std::time::Instant;

use ledger::model::{Batch, MAX_EVENTS, TransferFlags};

use crate::Problem;
use crate::service::{Answer, Desk};

/// What one event takes in the queue, roughly: a record of 128 bytes, its answer, and what lies around them.
const EVENT_BYTES: usize = 256;

/// Makes a batch happen.
///
/// # Errors
///
/// [`Problem::BadRequest`] of no events, [`Problem::TooLarge`] of too many; what [`Desk::commit`] says.
pub(crate) async fn commit(
    desk: &Desk,
    batch: Batch,
    deadline: Instant,
) -> Result<Answer, Problem> {
    if batch.is_empty() {
        return Err(Problem::BadRequest("an array of no events".to_owned()));
    }
    if batch.len() > MAX_EVENTS {
        return Err(Problem::TooLarge(format!(
            "{} events, at most {MAX_EVENTS} are possible in one batch",
            batch.len()
        )));
    }
    let bytes = batch.len() * EVENT_BYTES;
    desk.commit(batch, bytes, deadline).await
}

/// Whether a transfer need not say an amount: 0 means something then.
pub(crate) fn amount_is_implied(flags: TransferFlags) -> bool {
    flags.intersects(
        TransferFlags::POST_PENDING
            | TransferFlags::VOID_PENDING
            | TransferFlags::BALANCING_DEBIT
            | TransferFlags::BALANCING_CREDIT
            | TransferFlags::CLOSING_DEBIT
            | TransferFlags::CLOSING_CREDIT,
    )
}
