//! What tells requests apart whose content is not kept.

use super::{encode_transaction, transfer_bytes};
use crate::model::{Transaction, Transfer};

/// The digest of a request for a transfer, as a remembered refusal has it: the first 16 bytes of the BLAKE3 hash of its record with timestamp 0.
#[must_use]
pub fn transfer_digest(transfer: &Transfer) -> [u8; 16] {
    first_half(blake3::hash(&transfer_bytes(&Transfer { timestamp: 0, ..*transfer })))
}

/// The digest of a request for a transaction, as above.
#[must_use]
pub fn transaction_digest(transaction: &Transaction) -> [u8; 16] {
    let mut bytes = Vec::new();
    if transaction.timestamp == 0 {
        encode_transaction(transaction, &mut bytes);
    } else {
        encode_transaction(&Transaction { timestamp: 0, ..transaction.clone() }, &mut bytes);
    }
    first_half(blake3::hash(&bytes))
}

fn first_half(hash: blake3::Hash) -> [u8; 16] {
    let (half, _) = hash.as_bytes().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    *half
}
