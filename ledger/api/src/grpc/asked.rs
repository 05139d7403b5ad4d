//! What clients ask, as the ledger's own values. What an event means is the ledger's to say; here numbers are read, and what is no number is named.

use std::collections::BTreeMap;

use ledger::model::{
    Account, AccountFlags, Balances, Exchange, Ledger, Leg, Metadata, Posting, Side, Transaction,
    Transfer, TransferFlags, Value,
};
use ledger::money::{Amount, Currency, Rate, Rounding};
use ledger::query::Filter;

use super::v1;
use crate::numbers::{Id, Units};
use crate::{Problem, reads, writes};

type Asked<T> = Result<T, Problem>;

/// Where a field stands, for who has to find it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// `event`, `filter`, `id`.
    what: &'static str,
    at: usize,
}

impl Place {
    fn bad<T>(self, says: impl std::fmt::Display) -> Asked<T> {
        Err(Problem::BadRequest(format!("{} {}: {says}", self.what, self.at)))
    }

    fn field<T>(self, name: &str, read: Result<T, String>) -> Asked<T> {
        read.or_else(|error| self.bad(format!("{name}: {error}")))
    }

    fn id(self, name: &str, text: &str) -> Asked<u128> {
        if text.is_empty() { Ok(0) } else { self.field(name, Id::parse(text).map(|it| it.0)) }
    }

    fn amount(self, name: &str, text: &str) -> Asked<Amount> {
        self.field(name, Units::parse(text).map(|it| it.0))
    }

    fn narrow<T: TryFrom<u32>>(self, name: &str, number: u32) -> Asked<T> {
        let most = (1_u64 << (8 * size_of::<T>())) - 1;
        let says = || format!("{number} is more than {most}");
        self.field(name, T::try_from(number).map_err(|_| says()))
    }

    /// A flag's number is one more than its bit's place: 0 is what nobody said.
    fn flags<T: Copy + std::ops::BitOr<Output = T>>(
        self,
        none: T,
        names: &[(&str, T)],
        asked: &[i32],
    ) -> Asked<T> {
        asked.iter().try_fold(none, |flags, number| {
            let at = number.checked_sub(1).and_then(|it| usize::try_from(it).ok());
            match at.and_then(|it| names.get(it)) {
                Some((_, flag)) => Ok(flags | *flag),
                None => self.bad(format!("flags: there is no flag {number}")),
            }
        })
    }

    fn side(self, asked: i32) -> Asked<Option<Side>> {
        match v1::Side::try_from(asked) {
            Ok(v1::Side::Unspecified) => Ok(None),
            Ok(v1::Side::Debit) => Ok(Some(Side::Debit)),
            Ok(v1::Side::Credit) => Ok(Some(Side::Credit)),
            Err(_) => self.bad(format!("side: there is no side {asked}")),
        }
    }

    fn value(self, key: &str, asked: v1::Value) -> Asked<Value> {
        match asked.kind {
            Some(v1::value::Kind::Bool(yes)) => Ok(Value::Bool(yes)),
            Some(v1::value::Kind::Integer(number)) => Ok(Value::Integer(number)),
            Some(v1::value::Kind::Text(text)) => Ok(Value::Text(text)),
            Some(v1::value::Kind::Time(time)) => Ok(Value::Time(time)),
            None => {
                let shown: String = key.chars().take(48).collect();
                self.bad(format!("metadata: {shown:?} has no value"))
            }
        }
    }
}

/// Reads events, each with its place.
pub(super) fn each<A, E>(
    what: &'static str,
    asked: Vec<A>,
    read: impl Fn(Place, A) -> Asked<E>,
) -> Asked<Vec<E>> {
    asked.into_iter().enumerate().map(|(at, it)| read(Place { what, at }, it)).collect()
}

/// An id that must be there.
pub(super) fn account_id(text: &str) -> Asked<u128> {
    Id::parse(text).map(|it| it.0).map_err(|it| Problem::BadRequest(format!("account_id: {it}")))
}

/// Ids to look up, as many as a batch has events.
pub(super) fn ids(asked: Vec<String>) -> Asked<Vec<u128>> {
    few(asked.len(), "ids")?;
    each("id", asked, |place, text| {
        Id::parse(&text).map(|it| it.0).or_else(|error| place.bad(error))
    })
}

/// That there are some, and not too many.
pub(super) fn few(count: usize, what: &str) -> Asked<()> {
    let most = ledger::model::MAX_EVENTS;
    match count {
        0 => Err(Problem::BadRequest(format!("no {what}"))),
        _ if count > most => {
            Err(Problem::TooLarge(format!("{count} {what}, at most {most} are possible")))
        }
        _ => Ok(()),
    }
}

/// A moment; none if it is now.
pub(super) fn moment(place: Place, asked: v1::Moment) -> Asked<(u128, Option<u64>)> {
    let account = place.field("account_id", Id::parse(&asked.account_id).map(|it| it.0))?;
    Ok((account, said(asked.timestamp)))
}

/// What is 0 was not said.
pub(super) fn said(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

pub(super) fn ledger(place: Place, asked: v1::NewLedger) -> Asked<Ledger> {
    let exponent = place.narrow("exponent", asked.exponent)?;
    let currency = Currency::new(&asked.currency, exponent);
    let currency = currency.or_else(|error| place.bad(format!("currency: {error}")))?;
    Ok(Ledger { id: asked.id, currency })
}

pub(super) fn account(place: Place, asked: v1::Account) -> Asked<Account> {
    let sum = |name, text: &str| {
        if text.is_empty() { Ok(Amount::ZERO) } else { place.amount(name, text) }
    };
    let balances = asked.balances.unwrap_or_default();
    Ok(Account {
        id: place.id("id", &asked.id)?,
        balances: Balances {
            debits_pending: sum("balances.debits_pending", &balances.debits_pending)?,
            debits_posted: sum("balances.debits_posted", &balances.debits_posted)?,
            credits_pending: sum("balances.credits_pending", &balances.credits_pending)?,
            credits_posted: sum("balances.credits_posted", &balances.credits_posted)?,
        },
        user_data_128: place.id("user_data_128", &asked.user_data_128)?,
        user_data_64: asked.user_data_64,
        user_data_32: asked.user_data_32,
        ledger: asked.ledger,
        code: place.narrow("code", asked.code)?,
        flags: place.flags(AccountFlags::NONE, AccountFlags::NAMES, &asked.flags)?,
        timestamp: asked.timestamp,
    })
}

pub(super) fn transfer(place: Place, asked: v1::Transfer) -> Asked<Transfer> {
    let flags = place.flags(TransferFlags::NONE, TransferFlags::NAMES, &asked.flags)?;
    let amount = match asked.amount.as_str() {
        "" if writes::amount_is_implied(flags) => Amount::ZERO,
        "" => return place.bad("amount: there is none"),
        text => place.amount("amount", text)?,
    };
    Ok(Transfer {
        id: place.id("id", &asked.id)?,
        debit_account_id: place.id("debit_account_id", &asked.debit_account_id)?,
        credit_account_id: place.id("credit_account_id", &asked.credit_account_id)?,
        amount,
        pending_id: place.id("pending_id", &asked.pending_id)?,
        user_data_128: place.id("user_data_128", &asked.user_data_128)?,
        user_data_64: asked.user_data_64,
        user_data_32: asked.user_data_32,
        timeout: asked.timeout,
        ledger: asked.ledger,
        code: place.narrow("code", asked.code)?,
        flags,
        timestamp: asked.timestamp,
    })
}

fn leg(place: Place, at: usize, asked: &v1::Leg) -> Asked<Leg> {
    let name = |field: &str| format!("legs[{at}].{field}");
    let Some(side) = place.side(asked.side)? else {
        return place.bad(format!("{}: there is none", name("side")));
    };
    Ok(Leg {
        account_id: place.id(&name("account_id"), &asked.account_id)?,
        side,
        amount: place.amount(&name("amount"), &asked.amount)?,
    })
}

fn exchange(place: Place, asked: &v1::Exchange) -> Asked<Exchange> {
    let Some(rate) = asked.rate else { return place.bad("exchange.rate: there is none") };
    let rounding = match v1::Rounding::try_from(asked.rounding) {
        Ok(v1::Rounding::Down) => Rounding::Down,
        Ok(v1::Rounding::Up) => Rounding::Up,
        Ok(v1::Rounding::HalfEven) => Rounding::HalfEven,
        Err(_) => return place.bad(format!("exchange.rounding: there is no {}", asked.rounding)),
    };
    Ok(Exchange {
        source: place.id("exchange.source", &asked.source)?,
        source_liquidity: place.id("exchange.source_liquidity", &asked.source_liquidity)?,
        target_liquidity: place.id("exchange.target_liquidity", &asked.target_liquidity)?,
        target: place.id("exchange.target", &asked.target)?,
        residue: place.id("exchange.residue", &asked.residue)?,
        amount: place.amount("exchange.amount", &asked.amount)?,
        rate: Rate { numerator: rate.numerator, denominator: rate.denominator },
        rounding,
    })
}

fn metadata(place: Place, asked: BTreeMap<String, v1::Value>) -> Asked<Metadata> {
    let mut entries = Vec::with_capacity(asked.len());
    for (key, value) in asked {
        let value = place.value(&key, value)?;
        entries.push((key, value));
    }
    Metadata::new(entries).or_else(|error| place.bad(format!("metadata: {error}")))
}

pub(super) fn transaction(place: Place, asked: v1::Transaction) -> Asked<Transaction> {
    let posting = match &asked.posting {
        Some(v1::transaction::Posting::Legs(legs)) => {
            let legs = legs.legs.iter().enumerate();
            Posting::Legs(legs.map(|(at, it)| leg(place, at, it)).collect::<Asked<_>>()?)
        }
        Some(v1::transaction::Posting::Exchange(it)) => Posting::Exchange(exchange(place, it)?),
        None => return place.bad("a transaction has either legs or an exchange"),
    };
    Ok(Transaction {
        id: place.id("id", &asked.id)?,
        posting,
        user_data_128: place.id("user_data_128", &asked.user_data_128)?,
        user_data_64: asked.user_data_64,
        user_data_32: asked.user_data_32,
        code: place.narrow("code", asked.code)?,
        linked: asked.linked,
        metadata: metadata(place, asked.metadata)?,
        timestamp: asked.timestamp,
    })
}

pub(super) fn filter(place: Place, asked: v1::Filter) -> Asked<Filter> {
    let number = |name, text: &Option<String>| {
        let read = |it: &String| place.field(name, Id::parse(it).map(|it| it.0));
        text.as_ref().map(read).transpose()
    };
    let amount =
        |name, text: &Option<String>| text.as_ref().map(|it| place.amount(name, it)).transpose();
    let account = number("account_id", &asked.account_id)?;
    let metadata = match asked.metadata {
        None => None,
        Some(v1::Metadatum { key, value }) => {
            let value = place.value(&key, value.unwrap_or_default())?;
            Some((key, value))
        }
    };
    Ok(Filter {
        account: reads::touches(account, place.side(asked.side)?)?,
        user_data_128: number("user_data_128", &asked.user_data_128)?,
        user_data_64: asked.user_data_64,
        user_data_32: asked.user_data_32,
        code: asked.code.map(|it| place.narrow("code", it)).transpose()?,
        ledger: asked.ledger,
        amount: reads::amounts(
            amount("amount_min", &asked.amount_min)?,
            amount("amount_max", &asked.amount_max)?,
        ),
        metadata,
        pending: asked.pending,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_the_ledgers_names() {
        for (at, (name, _)) in AccountFlags::NAMES.iter().enumerate() {
            let flag = v1::AccountFlag::try_from(at as i32 + 1).unwrap();
            assert_eq!(flag.as_str_name(), format!("ACCOUNT_FLAG_{name}"));
        }
        for (at, (name, _)) in TransferFlags::NAMES.iter().enumerate() {
            let flag = v1::TransferFlag::try_from(at as i32 + 1).unwrap();
            assert_eq!(flag.as_str_name(), format!("TRANSFER_FLAG_{name}"));
        }
        assert!(v1::AccountFlag::try_from(AccountFlags::NAMES.len() as i32 + 1).is_err());
        assert!(v1::TransferFlag::try_from(TransferFlags::NAMES.len() as i32 + 1).is_err());
    }

    #[test]
    fn a_field_that_is_wrong_is_named() {
        let place = Place { what: "event", at: 3 };
        let good = || v1::Transfer { id: "1".into(), amount: "5".into(), ..Default::default() };
        for (bad, says) in [
            (v1::Transfer { id: "-1".into(), ..good() }, "event 3: id: \"-1\" is no id"),
            (v1::Transfer { amount: String::new(), ..good() }, "event 3: amount: there is none"),
            (v1::Transfer { amount: "1.5".into(), ..good() }, "event 3: amount: \"1.5\" is no"),
            (v1::Transfer { code: 65_536, ..good() }, "event 3: code: 65536 is more than 65535"),
            (v1::Transfer { flags: vec![0], ..good() }, "event 3: flags: there is no flag 0"),
            (v1::Transfer { flags: vec![i32::MIN], ..good() }, "event 3: flags: there is no"),
            (v1::Transfer { flags: vec![9], ..good() }, "event 3: flags: there is no flag 9"),
        ] {
            match transfer(place, bad) {
                Err(Problem::BadRequest(said)) => assert!(said.starts_with(says), "{said}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(transfer(place, good()).is_ok());
    }
}
