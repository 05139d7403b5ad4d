//! The timestamps of one account's entries, in pieces.

use super::{
    BadEntry,
    bytes::{Input, put_varint},
};

/// How many timestamps a piece has, at most.
pub(super) const MOST: usize = 4096;

/// Where a piece stands: by its account, and then by time.
pub(super) fn key(account: u128, first: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&account.to_be_bytes());
    key[16..].copy_from_slice(&first.to_be_bytes());
    key
}

/// The account and the first timestamp of a key.
pub(super) fn of_key(key: &[u8]) -> Option<(u128, u64)> {
    let (account, first) = key.split_first_chunk()?;
    Some((u128::from_be_bytes(*account), u64::from_be_bytes(first.try_into().ok()?)))
}

/// Writes timestamps but for the first, which is in the key: how many follow it, and the steps from each to the next.
pub(super) fn encode(timestamps: &[u64], out: &mut Vec<u8>) {
    out.clear();
    put_varint(timestamps.len().saturating_sub(1) as u64, out);
    for pair in timestamps.windows(2) {
        put_varint(pair[1] - pair[0], out);
    }
}

/// The reverse of [`encode`].
pub(super) fn decode(first: u64, bytes: &[u8], out: &mut Vec<u64>) -> Result<(), BadEntry> {
    out.clear();
    out.push(first);
    let mut input = Input(bytes);
    let more = input.varint()?;
    if more >= MOST as u64 {
        return Err(BadEntry("a piece with more timestamps than it can have"));
    }
    let mut last = first;
    for _ in 0..more {
        let step = input.varint()?;
        last = last
            .checked_add(step)
            .filter(|_| step > 0)
            .ok_or(BadEntry("a piece whose timestamps do not ascend"))?;
        out.push(last);
    }
    input.end()
}
