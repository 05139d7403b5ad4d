//! Queries held against the oracle's history, read through from its first entry to its last.

use std::ops::RangeInclusive;

use ledger::{
    Node,
    model::{Balances, Batch, Entry, Leg, Side, Transfer, TransferFlags},
    money::Amount,
    query::{Filter, Query},
};

use super::failure::{Failure, same};
use crate::{
    oracle::{Fact, Oracle},
    random::Random,
};

const QUERIES: &str = "queries find what there is, in order";

/// Asks some questions, which follow from how much has happened.
pub(super) fn ask(node: &Node, oracle: &Oracle, history: &[(u64, Batch)]) -> Result<(), Failure> {
    let mut random = Random::new(oracle.op(), 5);
    for _ in 0..4 {
        pages(node, oracle, &mut random)?;
    }
    moments(node, oracle, &mut random)?;
    feed(node, oracle, history, &mut random)
}

fn failed(error: ledger::Error) -> Failure {
    Failure::error(QUERIES, &error)
}

/// One of the accounts there are, or one there is not.
fn account(oracle: &Oracle, random: &mut Random) -> u128 {
    let ids: Vec<u128> = oracle.books().accounts.keys().copied().collect();
    if random.percent(5) { 5 } else { random.one_of(&ids).copied().unwrap_or(5) }
}

/// A span of time within the history, or about it.
fn span(oracle: &Oracle, random: &mut Random) -> RangeInclusive<u64> {
    let times: Vec<u64> = oracle.books().history.iter().map(|fact| fact.timestamp()).collect();
    let mut pick = |otherwise| {
        if random.percent(30) { otherwise } else { random.one_of(&times).copied().unwrap_or(0) }
    };
    let (first, last) = (pick(0), pick(u64::MAX));
    first..=last
}

fn pages(node: &Node, oracle: &Oracle, random: &mut Random) -> Result<(), Failure> {
    let filters = (0..random.below(3)).map(|_| filter(oracle, random)).collect();
    let mut query = Query {
        account: random.percent(40).then(|| account(oracle, random)),
        any_of: filters,
        timestamps: span(oracle, random),
        newest_first: random.percent(50),
        limit: random.between(1, 25) as usize,
        after: None,
    };
    let wanted = |fact: &&Fact| {
        query.timestamps.contains(&fact.timestamp())
            && query.account.is_none_or(|account| moved(fact).iter().any(|m| m.0 == account))
            && !matches!(fact, Fact::Refusal { .. })
            && (query.any_of.is_empty() || query.any_of.iter().any(|f| means(f, fact, oracle)))
    };
    let mut expected: Vec<&Fact> =
        oracle.books().history.iter().map(AsRef::as_ref).filter(wanted).collect();
    if query.newest_first {
        expected.reverse();
    }
    let mut found = Vec::new();
    loop {
        let page = node.query(&query).map_err(failed)?;
        if page.entries.len() > query.limit {
            return Err(Failure::new(QUERIES, format!("a page longer than asked for: {query:?}")));
        }
        found.extend(page.entries);
        match page.next {
            Some(next) if found.len() <= expected.len() => query.after = Some(next),
            _ => break,
        }
    }
    query.after = None;
    agree(&format!("{query:?}"), &found, &expected)
}

fn agree(what: &str, found: &[Entry], expected: &[&Fact]) -> Result<(), Failure> {
    let times = |entries: &[Entry]| entries.iter().map(Entry::timestamp).collect::<Vec<_>>();
    let expected_times: Vec<u64> = expected.iter().map(|fact| fact.timestamp()).collect();
    same(QUERIES, what, &times(found), &expected_times)?;
    match found.iter().zip(expected).find(|(entry, fact)| !fact.agrees(entry)) {
        None => Ok(()),
        Some((entry, fact)) => {
            Err(Failure::new(QUERIES, format!("{what}: {entry:?} for {fact:?}")))
        }
    }
}

/// A filter that something of what happened meets, mostly.
fn filter(oracle: &Oracle, random: &mut Random) -> Filter {
    let mut filter = Filter::default();
    for _ in 0..random.between(1, 2) {
        match random.below(8) {
            0 => filter.user_data_128 = Some(random.below(3).into()),
            1 => filter.user_data_64 = Some(random.below(3)),
            2 => filter.user_data_32 = Some(random.below(3) as u32),
            3 => filter.code = Some(random.between(1, 3) as u16),
            4 => filter.ledger = Some(random.between(1, 5) as u32),
            5 => {
                let low = random.below(100);
                let high = random.below(10_000_000);
                let amount = |units: u64| Amount::new(units.into()).unwrap_or_default();
                filter.amount = Some(amount(low)..=amount(high));
            }
            6 => filter.pending = Some(random.percent(50)),
            _ => {
                let sides = [None, Some(Side::Debit), Some(Side::Credit)];
                let side = random.one_of(&sides).copied().flatten();
                filter.account = Some((account(oracle, random), side));
            }
        }
    }
    filter
}

/// What an entry moved: account, side, amount.
fn moved(fact: &Fact) -> Vec<(u128, Side, Amount)> {
    let pair = |transfer: &Transfer| {
        vec![
            (transfer.debit_account_id, Side::Debit, transfer.amount),
            (transfer.credit_account_id, Side::Credit, transfer.amount),
        ]
    };
    match fact {
        Fact::Transfer { happened, .. } => pair(happened),
        Fact::Expiry { pending, .. } => pair(pending),
        Fact::Transaction { legs, .. } => legs
            .iter()
            .map(|posted| {
                let Leg { account_id, side, amount } = posted.leg;
                (account_id, side, amount)
            })
            .collect(),
        Fact::Refusal { .. } => Vec::new(),
    }
}

/// What an entry says for clients: user data and code; none for an expiry.
fn said(fact: &Fact) -> Option<(u128, u64, u32, u16)> {
    match fact {
        Fact::Transfer { happened: t, .. } => {
            Some((t.user_data_128, t.user_data_64, t.user_data_32, t.code))
        }
        Fact::Transaction { asked: t, .. } => {
            Some((t.user_data_128, t.user_data_64, t.user_data_32, t.code))
        }
        Fact::Expiry { .. } | Fact::Refusal { .. } => None,
    }
}

/// Whether a filter means an entry: one of what it moved meets all that is said of accounts, amounts and ledgers at once.
fn means(filter: &Filter, fact: &Fact, oracle: &Oracle) -> bool {
    let said = said(fact);
    let is = |wanted: Option<u128>, pick: fn((u128, u64, u32, u16)) -> u128| {
        wanted.is_none_or(|wanted| said.map(pick) == Some(wanted))
    };
    let reserves = match fact {
        Fact::Transfer { happened, .. } => happened.flags.contains(TransferFlags::PENDING),
        _ => false,
    };
    let ledger = |account| oracle.books().accounts.get(&account).map(|known| known.now.ledger);
    is(filter.user_data_128, |said| said.0)
        && is(filter.user_data_64.map(u128::from), |said| said.1.into())
        && is(filter.user_data_32.map(u128::from), |said| said.2.into())
        && is(filter.code.map(u128::from), |said| said.3.into())
        && filter.pending.is_none_or(|wanted| wanted == reserves)
        && moved(fact).iter().any(|(account, side, amount)| {
            filter.account.is_none_or(|(wanted, of)| {
                wanted == *account && of.is_none_or(|wanted| wanted == *side)
            }) && filter.amount.as_ref().is_none_or(|bounds| bounds.contains(amount))
                && filter.ledger.is_none_or(|wanted| ledger(*account) == Some(wanted))
        })
}

/// An account's balances right after an entry, if that touched it.
fn after(fact: &Fact, account: u128) -> Option<Balances> {
    let pick = |transfer: &Transfer, debit: Balances, credit: Balances| {
        if transfer.debit_account_id == account {
            Some(debit)
        } else {
            (transfer.credit_account_id == account).then_some(credit)
        }
    };
    match fact {
        Fact::Transfer { happened, debit, credit, .. } => pick(happened, *debit, *credit),
        Fact::Expiry { pending, debit, credit, .. } => pick(pending, *debit, *credit),
        Fact::Transaction { legs, .. } => {
            legs.iter().find(|leg| leg.leg.account_id == account).map(|leg| leg.balances)
        }
        Fact::Refusal { .. } => None,
    }
}

/// Balances of a moment, and a statement.
fn moments(node: &Node, oracle: &Oracle, random: &mut Random) -> Result<(), Failure> {
    let id = account(oracle, random);
    let known = oracle.books().accounts.get(&id).map(|known| known.now);
    let history = &oracle.books().history;
    let at = |moment: u64| {
        let past = history.iter().rev().filter(|fact| fact.timestamp() <= moment);
        past.map(AsRef::as_ref).find_map(|fact| after(fact, id)).unwrap_or_default()
    };
    let moment = *span(oracle, random).end();
    let expected = known.filter(|account| account.timestamp <= moment).map(|_| at(moment));
    let found = node.balances_at(id, moment).map_err(failed)?;
    same(QUERIES, &format!("balances of account {id} at {moment}"), &found, &expected)?;

    let span = span(oracle, random);
    let limit = random.between(1, 30) as usize;
    let found = node.statement(id, span.clone(), limit).map_err(failed)?;
    let what = format!("statement of account {id} over {span:?}");
    same(QUERIES, &what, &found.is_some(), &known.is_some())?;
    let Some(found) = found else { return Ok(()) };
    let lines: Vec<(&Fact, Balances)> = history
        .iter()
        .filter(|fact| span.contains(&fact.timestamp()))
        .filter_map(|fact| Some((&**fact, after(fact, id)?)))
        .collect();
    let opening = span.start().checked_sub(1).map(at).unwrap_or_default();
    same(QUERIES, &what, &found.opening, &opening)?;
    same(QUERIES, &what, &found.truncated, &(lines.len() > limit))?;
    let shown = &lines[..lines.len().min(limit)];
    let facts: Vec<&Fact> = shown.iter().map(|(fact, _)| *fact).collect();
    let entries: Vec<Entry> = found.lines.iter().map(|line| line.entry.clone()).collect();
    agree(&what, &entries, &facts)?;
    let balances: Vec<Balances> = shown.iter().map(|(_, balances)| *balances).collect();
    let found_balances: Vec<Balances> = found.lines.iter().map(|line| line.balances).collect();
    same(QUERIES, &what, &found_balances, &balances)?;
    let closing = balances.last().copied().unwrap_or(opening);
    same(QUERIES, &what, &found.closing, &closing)
}

/// The change feed: each entry with its op, in pieces of whole ops.
fn feed(
    node: &Node,
    oracle: &Oracle,
    history: &[(u64, Batch)],
    random: &mut Random,
) -> Result<(), Failure> {
    let from = random.between(0, history.len() as u64 + 1);
    let mut expected = Vec::new();
    let mut facts = oracle.books().history.iter().peekable();
    for (op, (timestamp, _)) in (1_u64..).zip(history) {
        let mut index = 0;
        while let Some(fact) = facts.next_if(|fact| fact.timestamp() <= *timestamp) {
            if op >= from {
                expected.push((op, index, &**fact));
            }
            index += 1;
        }
    }
    let mut found = Vec::new();
    let mut next = from;
    loop {
        let piece = node.changes(next, random.between(1, 40) as usize).map_err(failed)?;
        found.extend(piece.changes);
        if piece.next_op == next.max(1) || found.len() > expected.len() {
            break;
        }
        next = piece.next_op;
    }
    let what = format!("changes from op {from}");
    let places: Vec<_> = found.iter().map(|change| (change.op, change.index)).collect();
    let expected_places: Vec<_> = expected.iter().map(|(op, index, _)| (*op, *index)).collect();
    same(QUERIES, &what, &places, &expected_places)?;
    let entries: Vec<Entry> = found.into_iter().map(|change| change.entry).collect();
    let facts: Vec<&Fact> = expected.into_iter().map(|(_, _, fact)| fact).collect();
    agree(&what, &entries, &facts)
}
