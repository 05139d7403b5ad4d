//! An entry as bytes. Its timestamp is not among them: it stands in the block's table (see `FORMAT.md`).

use super::bytes::{Input, put_numbers, put_varint};
use crate::{
    model::{
        Asked, Balances, Code, Entry, Exchange, Leg, MAX_ENTRIES, MAX_KEY, MAX_LEGS, MAX_TEXT,
        Metadata, PostedLeg, PostedTransaction, PostedTransfer, Posting, Side, Transaction,
        Transfer, TransferFlags, Value,
    },
    money::{Amount, Rate, Rounding},
};

const TRANSFER: u8 = 1;
const TRANSACTION: u8 = 2;
const EXPIRY: u8 = 3;
const REFUSAL: u8 = 4;

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no entry: {0}")]
pub struct BadEntry(pub(super) &'static str);

/// Appends an entry without its timestamp: some 60 to 150 bytes for a transfer, in some 50 ns.
///
/// ```
/// use ledger::{archive::{decode_entry, encode_entry}, model::{Code, Entry}};
///
/// let entry = Entry::Refusal { timestamp: 5, id: 7, code: Code::ExceedsCredits, digest: [1; 16] };
/// let mut bytes = Vec::new();
/// encode_entry(&entry, &mut bytes);
/// assert_eq!(decode_entry(5, &bytes), Ok(entry));
/// ```
pub fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    match entry {
        Entry::Transfer(posted) => encode_transfer(posted, out),
        Entry::Transaction(posted) => encode_transaction(posted, out),
        Entry::Expiry {
            timestamp: _,
            pending_id,
            debit_account_id,
            credit_account_id,
            amount,
            debit,
            credit,
        } => {
            out.push(EXPIRY);
            put_numbers([*pending_id, *debit_account_id, *credit_account_id, amount.get()], out);
            put_balances(debit, out);
            put_balances(credit, out);
        }
        Entry::Refusal { timestamp: _, id, code, digest } => {
            out.push(REFUSAL);
            put_numbers([*id, u128::from(code.number())], out);
            out.extend_from_slice(digest);
        }
    }
}

/// The reverse of [`encode_entry`]. Takes no more memory than the bytes stand for.
///
/// # Errors
///
/// [`BadEntry`] if they are not exactly one entry.
pub fn decode_entry(timestamp: u64, bytes: &[u8]) -> Result<Entry, BadEntry> {
    let mut input = Input(bytes);
    let entry = match input.byte()? {
        TRANSFER => Entry::Transfer(decode_transfer(timestamp, &mut input)?),
        TRANSACTION => Entry::Transaction(Box::new(decode_transaction(timestamp, &mut input)?)),
        EXPIRY => {
            let [pending_id, debit_account_id, credit_account_id, units] = input.numbers()?;
            Entry::Expiry {
                timestamp,
                pending_id,
                debit_account_id,
                credit_account_id,
                amount: amount(units)?,
                debit: balances(&mut input)?,
                credit: balances(&mut input)?,
            }
        }
        REFUSAL => {
            let [id, code] = input.numbers()?;
            let code = u16::try_from(code)
                .ok()
                .and_then(Code::from_number)
                .ok_or(BadEntry("a code that has no name"))?;
            Entry::Refusal { timestamp, id, code, digest: input.array()? }
        }
        _ => return Err(BadEntry("a kind that is not known")),
    };
    input.end()?;
    Ok(entry)
}

/// That the request's amount was another: beside the seven bits of [`Asked::zeros`].
const OTHER_AMOUNT: u8 = 0x80;

fn encode_transfer(posted: &PostedTransfer, out: &mut Vec<u8>) {
    let PostedTransfer { transfer, asked, debit, credit } = posted;
    let other = asked.amount != transfer.amount;
    let asked_bits = asked.zeros & !OTHER_AMOUNT | if other { OTHER_AMOUNT } else { 0 };
    out.push(TRANSFER);
    put_numbers(
        [
            transfer.id,
            transfer.debit_account_id,
            transfer.credit_account_id,
            transfer.amount.get(),
            transfer.pending_id,
            transfer.user_data_128,
            u128::from(transfer.user_data_64),
            u128::from(transfer.user_data_32),
            u128::from(transfer.timeout),
            u128::from(transfer.ledger),
            u128::from(transfer.code),
            u128::from(transfer.flags.bits()),
            u128::from(asked_bits),
            if other { asked.amount.get() } else { 0 },
            debit.debits_pending.get(),
            debit.debits_posted.get(),
            debit.credits_pending.get(),
            debit.credits_posted.get(),
            credit.debits_pending.get(),
            credit.debits_posted.get(),
            credit.credits_pending.get(),
            credit.credits_posted.get(),
        ],
        out,
    );
}

fn decode_transfer(timestamp: u64, input: &mut Input<'_>) -> Result<PostedTransfer, BadEntry> {
    let [
        id,
        debit_account_id,
        credit_account_id,
        units,
        pending_id,
        user_data_128,
        user_data_64,
        user_data_32,
        timeout,
        ledger,
        code,
        flags,
        asked_bits,
        asked_amount,
        sums @ ..,
    ] = input.numbers::<22>()?;
    let transfer = Transfer {
        id,
        debit_account_id,
        credit_account_id,
        amount: amount(units)?,
        pending_id,
        user_data_128,
        user_data_64: narrow(user_data_64)?,
        user_data_32: narrow(user_data_32)?,
        timeout: narrow(timeout)?,
        ledger: narrow(ledger)?,
        code: narrow(code)?,
        flags: TransferFlags::from_bits(narrow(flags)?),
        timestamp,
    };
    let asked_bits: u8 = narrow(asked_bits)?;
    let asked = Asked {
        amount: if asked_bits & OTHER_AMOUNT == 0 {
            transfer.amount
        } else {
            amount(asked_amount)?
        },
        zeros: asked_bits & !OTHER_AMOUNT,
    };
    let [a, b, c, d, e, f, g, h] = sums;
    Ok(PostedTransfer {
        transfer,
        asked,
        debit: balances_of([a, b, c, d])?,
        credit: balances_of([e, f, g, h])?,
    })
}

/// Bits of a transaction's form.
const LINKED: u8 = 1;
const EXCHANGE: u8 = 2;
/// The request's legs stand beside those that were posted, because they are others.
const OWN_LEGS: u8 = 4;

fn encode_transaction(posted: &PostedTransaction, out: &mut Vec<u8>) {
    let PostedTransaction { transaction, legs } = posted;
    let own_legs = match &transaction.posting {
        Posting::Legs(asked) => !asked.iter().eq(legs.iter().map(|posted| &posted.leg)),
        Posting::Exchange(_) => false,
    };
    out.push(TRANSACTION);
    let mut form = 0;
    form |= if transaction.linked { LINKED } else { 0 };
    form |= if matches!(transaction.posting, Posting::Exchange(_)) { EXCHANGE } else { 0 };
    form |= if own_legs { OWN_LEGS } else { 0 };
    out.push(form);
    put_numbers(
        [
            transaction.id,
            transaction.user_data_128,
            u128::from(transaction.user_data_64),
            u128::from(transaction.user_data_32),
            u128::from(transaction.code),
        ],
        out,
    );
    put_varint(legs.len() as u64, out);
    for PostedLeg { leg, balances } in legs {
        put_leg(leg, out);
        put_balances(balances, out);
    }
    match &transaction.posting {
        Posting::Legs(asked) if own_legs => {
            put_varint(asked.len() as u64, out);
            for leg in asked {
                put_leg(leg, out);
            }
        }
        Posting::Legs(_) => {}
        Posting::Exchange(exchange) => put_exchange(exchange, out),
    }
    let entries = transaction.metadata.entries();
    put_varint(entries.len() as u64, out);
    for (key, value) in entries {
        put_text(key, out);
        put_value(value, out);
    }
}

fn decode_transaction(
    timestamp: u64,
    input: &mut Input<'_>,
) -> Result<PostedTransaction, BadEntry> {
    let form = input.byte()?;
    if form & !(LINKED | EXCHANGE | OWN_LEGS) != 0 {
        return Err(BadEntry("a form of a transaction that is not known"));
    }
    let [id, user_data_128, user_data_64, user_data_32, code] = input.numbers()?;
    let mut legs = Vec::new();
    for _ in 0..count(input, MAX_LEGS)? {
        legs.push(PostedLeg { leg: leg(input)?, balances: balances(input)? });
    }
    let posting = if form & EXCHANGE != 0 {
        Posting::Exchange(exchange(input)?)
    } else if form & OWN_LEGS != 0 {
        let mut asked = Vec::new();
        for _ in 0..count(input, MAX_LEGS)? {
            asked.push(leg(input)?);
        }
        Posting::Legs(asked)
    } else {
        Posting::Legs(legs.iter().map(|posted| posted.leg).collect())
    };
    let mut entries = Vec::new();
    for _ in 0..count(input, MAX_ENTRIES)? {
        entries.push((text(input, MAX_KEY)?, value(input)?));
    }
    let transaction = Transaction {
        id,
        posting,
        user_data_128,
        user_data_64: narrow(user_data_64)?,
        user_data_32: narrow(user_data_32)?,
        code: narrow(code)?,
        linked: form & LINKED != 0,
        metadata: Metadata::new(entries)
            .map_err(|_| BadEntry("metadata that is not in its bounds"))?,
        timestamp,
    };
    Ok(PostedTransaction { transaction, legs })
}

/// A leg's amount and side in one number: amounts have 127 bits.
fn put_leg(leg: &Leg, out: &mut Vec<u8>) {
    put_numbers([leg.account_id, leg.amount.get() << 1 | leg.side as u128], out);
}

fn leg(input: &mut Input<'_>) -> Result<Leg, BadEntry> {
    let [account_id, both] = input.numbers()?;
    let side = if both & 1 == 0 { Side::Debit } else { Side::Credit };
    Ok(Leg { account_id, side, amount: amount(both >> 1)? })
}

fn put_exchange(exchange: &Exchange, out: &mut Vec<u8>) {
    let Exchange {
        source,
        source_liquidity,
        target_liquidity,
        target,
        residue,
        amount,
        rate,
        rounding,
    } = *exchange;
    let (numerator, denominator) = (u128::from(rate.numerator), u128::from(rate.denominator));
    put_numbers(
        [
            source,
            source_liquidity,
            target_liquidity,
            target,
            residue,
            amount.get(),
            numerator,
            denominator,
            rounding as u128,
        ],
        out,
    );
}

fn exchange(input: &mut Input<'_>) -> Result<Exchange, BadEntry> {
    let [
        source,
        source_liquidity,
        target_liquidity,
        target,
        residue,
        units,
        numerator,
        denominator,
        rounding,
    ] = input.numbers()?;
    Ok(Exchange {
        source,
        source_liquidity,
        target_liquidity,
        target,
        residue,
        amount: amount(units)?,
        rate: Rate { numerator: narrow(numerator)?, denominator: narrow(denominator)? },
        rounding: match rounding {
            0 => Rounding::Down,
            1 => Rounding::Up,
            2 => Rounding::HalfEven,
            _ => return Err(BadEntry("a rounding that is not known")),
        },
    })
}

fn put_balances(balances: &Balances, out: &mut Vec<u8>) {
    let Balances { debits_pending, debits_posted, credits_pending, credits_posted } = balances;
    put_numbers(
        [debits_pending, debits_posted, credits_pending, credits_posted].map(|sum| sum.get()),
        out,
    );
}

fn balances(input: &mut Input<'_>) -> Result<Balances, BadEntry> {
    balances_of(input.numbers()?)
}

fn balances_of(sums: [u128; 4]) -> Result<Balances, BadEntry> {
    let [debits_pending, debits_posted, credits_pending, credits_posted] = sums;
    Ok(Balances {
        debits_pending: amount(debits_pending)?,
        debits_posted: amount(debits_posted)?,
        credits_pending: amount(credits_pending)?,
        credits_posted: amount(credits_posted)?,
    })
}

fn put_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(yes) => out.push(u8::from(*yes)),
        Value::Integer(integer) => {
            out.push(2);
            out.extend_from_slice(&integer.to_le_bytes());
        }
        Value::Time(nanoseconds) => {
            out.push(3);
            out.extend_from_slice(&nanoseconds.to_le_bytes());
        }
        Value::Text(text) => {
            out.push(4);
            put_text(text, out);
        }
    }
}

fn value(input: &mut Input<'_>) -> Result<Value, BadEntry> {
    Ok(match input.byte()? {
        0 => Value::Bool(false),
        1 => Value::Bool(true),
        2 => Value::Integer(i64::from_le_bytes(input.array()?)),
        3 => Value::Time(u64::from_le_bytes(input.array()?)),
        4 => Value::Text(text(input, MAX_TEXT)?),
        _ => return Err(BadEntry("a type of metadata that is not known")),
    })
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    put_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn text(input: &mut Input<'_>, most: usize) -> Result<String, BadEntry> {
    let length = count(input, most)?;
    let bytes = input.take(length)?;
    let text = std::str::from_utf8(bytes).map_err(|_| BadEntry("a text that is not UTF-8"))?;
    Ok(text.to_owned())
}

fn count(input: &mut Input<'_>, most: usize) -> Result<usize, BadEntry> {
    usize::try_from(input.varint()?)
        .ok()
        .filter(|count| *count <= most)
        .ok_or(BadEntry("more of something than there can be"))
}

fn amount(minor_units: u128) -> Result<Amount, BadEntry> {
    Amount::new(minor_units).ok_or(BadEntry("an amount above the limit"))
}

fn narrow<T: TryFrom<u128>>(number: u128) -> Result<T, BadEntry> {
    T::try_from(number).map_err(|_| BadEntry("a number that is too large for its field"))
}
