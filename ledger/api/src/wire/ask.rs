//! Bodies of requests that read.

use ledger::model::{MAX_EVENTS, Side};
use ledger::query::{Filter, Query};

use super::fields::{Fields, bad, records};
use crate::Problem;

/// The fixed part of a query.
pub const QUERY_BYTES: usize = 48;
/// One filter of a query.
pub const FILTER_BYTES: usize = 96;
/// The most filters of a query.
const MAX_FILTERS: u32 = 64;

const NEWEST_FIRST: u8 = 1;
const HAS_AFTER: u8 = 2;
const HAS_ACCOUNT: u8 = 4;

const SIDE: u16 = 1;
const ACCOUNT: u16 = 2;
const USER_DATA_128: u16 = 4;
const USER_DATA_64: u16 = 8;
const USER_DATA_32: u16 = 16;
const CODE: u16 = 32;
const LEDGER: u16 = 64;
const AMOUNT: u16 = 128;
const PENDING: u16 = 256;
const KNOWN: u16 = 511;

/// Appends ids.
pub fn encode_ids(ids: &[u128], out: &mut Vec<u8>) {
    ids.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
}

/// The `count` ids that a body is.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is not, [`Problem::TooLarge`] if there are more than [`MAX_EVENTS`].
pub fn decode_ids(count: u32, body: &[u8]) -> Result<Vec<u128>, Problem> {
    bounded(count)?;
    Ok(records::<16>(count, body)?.iter().map(|it| u128::from_le_bytes(*it)).collect())
}

/// Appends accounts with moments.
pub fn encode_moments(moments: &[(u128, u64)], out: &mut Vec<u8>) {
    for (account, timestamp) in moments {
        out.extend_from_slice(&account.to_le_bytes());
        out.extend_from_slice(&timestamp.to_le_bytes());
    }
}

/// The `count` accounts with moments that a body is.
///
/// # Errors
///
/// As [`decode_ids`].
pub fn decode_moments(count: u32, body: &[u8]) -> Result<Vec<(u128, u64)>, Problem> {
    bounded(count)?;
    let mut moments = Vec::new();
    for record in records::<24>(count, body)? {
        let mut fields = Fields(record);
        moments.push((fields.u128()?, fields.u64()?));
    }
    Ok(moments)
}

fn bounded(count: u32) -> Result<(), Problem> {
    if count as usize <= MAX_EVENTS {
        return Ok(());
    }
    Err(Problem::TooLarge(format!("{count} records, at most {MAX_EVENTS} are possible")))
}

/// Appends a query; how many filters it has goes into the frame's count. Metadata are not part of the binary form.
pub fn encode_query(query: &Query, out: &mut Vec<u8>) -> u32 {
    let mut flags = 0;
    for (flag, set) in [
        (NEWEST_FIRST, query.newest_first),
        (HAS_AFTER, query.after.is_some()),
        (HAS_ACCOUNT, query.account.is_some()),
    ] {
        flags |= if set { flag } else { 0 };
    }
    out.extend_from_slice(&query.account.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&query.timestamps.start().to_le_bytes());
    out.extend_from_slice(&query.timestamps.end().to_le_bytes());
    out.extend_from_slice(&query.after.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&u32::try_from(query.limit).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(&[flags, 0, 0, 0]);
    query.any_of.iter().for_each(|filter| put_filter(filter, out));
    u32::try_from(query.any_of.len()).unwrap_or(u32::MAX)
}

fn put_filter(filter: &Filter, out: &mut Vec<u8>) {
    let (account, side) = filter.account.map_or((None, None), |(id, side)| (Some(id), side));
    let mut has = 0;
    for (bit, set) in [
        (SIDE, side.is_some()),
        (ACCOUNT, account.is_some()),
        (USER_DATA_128, filter.user_data_128.is_some()),
        (USER_DATA_64, filter.user_data_64.is_some()),
        (USER_DATA_32, filter.user_data_32.is_some()),
        (CODE, filter.code.is_some()),
        (LEDGER, filter.ledger.is_some()),
        (AMOUNT, filter.amount.is_some()),
        (PENDING, filter.pending.is_some()),
    ] {
        has |= if set { bit } else { 0 };
    }
    let (least, most) =
        filter.amount.as_ref().map_or((0, 0), |it| (it.start().get(), it.end().get()));
    out.extend_from_slice(&has.to_le_bytes());
    out.extend_from_slice(&[
        side.map_or(0, |it| it as u8),
        filter.pending.unwrap_or_default().into(),
    ]);
    out.extend_from_slice(&filter.code.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&account.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&filter.user_data_128.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&filter.user_data_64.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&filter.user_data_32.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&filter.ledger.unwrap_or_default().to_le_bytes());
    out.extend_from_slice(&least.to_le_bytes());
    out.extend_from_slice(&most.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
}

/// The query of a body with `count` filters.
///
/// # Errors
///
/// [`Problem::BadRequest`] where it is none, [`Problem::TooLarge`] if it has more than 64 filters.
pub fn decode_query(count: u32, body: &[u8]) -> Result<Query, Problem> {
    if count > MAX_FILTERS {
        return Err(Problem::TooLarge(format!(
            "{count} filters, at most {MAX_FILTERS} are possible"
        )));
    }
    let mut fields = Fields(body);
    let account = fields.u128()?;
    let timestamps = fields.u64()?..=fields.u64()?;
    let after = fields.u64()?;
    let limit = fields.u32()? as usize;
    let flags = fields.u8()?;
    fields.reserved::<3>()?;
    if flags & !(NEWEST_FIRST | HAS_AFTER | HAS_ACCOUNT) != 0 {
        return Err(bad(format!("a query with the unknown flags {flags:#x}")));
    }
    let mut any_of = Vec::new();
    for _ in 0..count {
        any_of.push(filter(&mut fields)?);
    }
    fields.end()?;
    Ok(Query {
        account: (flags & HAS_ACCOUNT != 0).then_some(account),
        any_of,
        timestamps,
        newest_first: flags & NEWEST_FIRST != 0,
        limit,
        after: (flags & HAS_AFTER != 0).then_some(after),
    })
}

fn filter(fields: &mut Fields<'_>) -> Result<Filter, Problem> {
    let has = fields.u16()?;
    let (side, pending, code) = (fields.u8()?, fields.u8()?, fields.u16()?);
    fields.reserved::<2>()?;
    let (account, user_data_128) = (fields.u128()?, fields.u128()?);
    let (user_data_64, user_data_32, ledger) = (fields.u64()?, fields.u32()?, fields.u32()?);
    let (least, most) = (fields.amount()?, fields.amount()?);
    fields.reserved::<8>()?;
    if has & !KNOWN != 0 {
        return Err(bad(format!("a filter with the unknown bits {has:#x}")));
    }
    let side = match (has & SIDE != 0, side) {
        (false, _) => None,
        (true, 0) => Some(Side::Debit),
        (true, 1) => Some(Side::Credit),
        (true, other) => return Err(bad(format!("a side of {other}, it is 0 or 1"))),
    };
    if side.is_some() && has & ACCOUNT == 0 {
        return Err(bad("a filter with a side of no account".to_owned()));
    }
    if pending > 1 {
        return Err(bad(format!("pending is {pending}, it is 0 or 1")));
    }
    Ok(Filter {
        account: (has & ACCOUNT != 0).then_some((account, side)),
        user_data_128: (has & USER_DATA_128 != 0).then_some(user_data_128),
        user_data_64: (has & USER_DATA_64 != 0).then_some(user_data_64),
        user_data_32: (has & USER_DATA_32 != 0).then_some(user_data_32),
        code: (has & CODE != 0).then_some(code),
        ledger: (has & LEDGER != 0).then_some(ledger),
        amount: (has & AMOUNT != 0).then_some(least..=most),
        metadata: None,
        pending: (has & PENDING != 0).then_some(pending == 1),
    })
}
