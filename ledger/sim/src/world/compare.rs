//! The ledger held against the oracle.

use std::ops::ControlFlow;

use ledger::{
    Node, codec,
    log::Record,
    model::{Account, Batch, Entry},
    money::Sum,
    state::State,
};
use num_bigint::BigUint;

use super::{
    asking,
    failure::{Failure, same},
};
use crate::oracle::{Fact, Oracle};

const STATE: &str = "the state is the oracle's";
const ENTRIES: &str = "every entry is found, and is the oracle's";
const LOG: &str = "the log is what was committed";
const REPLAY: &str = "a replay of the log gives the same state";
const INSPECTION: &str = "the ledger can be inspected";

/// What is quickly compared: everything but the entries.
pub(super) fn surface(node: &Node, oracle: &Oracle) -> Result<(), Failure> {
    let state = node.state();
    let books = oracle.books();
    same(STATE, "op", &state.op(), &oracle.op())?;
    same(STATE, "timestamp", &state.timestamp(), &oracle.timestamp())?;

    let mut ledgers: Vec<_> = books.ledgers.values().copied().collect();
    ledgers.sort_by_key(|(_, created)| *created);
    let found: Vec<_> = state.ledgers().map(|(ledger, created)| (*ledger, created)).collect();
    same(STATE, "ledgers", &found, &ledgers)?;

    let mut accounts: Vec<Account> = books.accounts.values().map(|known| known.now).collect();
    accounts.sort_by_key(|account| account.timestamp);
    same(STATE, "number of accounts", &state.accounts().count(), &accounts.len())?;
    for (found, expected) in state.accounts().zip(&accounts) {
        same(STATE, "account", found, expected)?;
    }
    for (ledger, [dp, d, cp, c]) in books.totals() {
        let found = state.totals().find(|totals| totals.ledger == ledger);
        let found = found.map(|totals| {
            [
                totals.debits_pending,
                totals.debits_posted,
                totals.credits_pending,
                totals.credits_posted,
            ]
            .map(wide)
        });
        same(STATE, &format!("totals of ledger {ledger}"), &found, &Some([dp, d, cp, c]))?;
    }
    let open = books.pendings.values().filter(|pending| pending.end.is_none());
    let due = open.clone().filter_map(|pending| pending.deadline).min();
    same(STATE, "number of open pending transfers", &state.pending_count(), &open.count())?;
    same(STATE, "next deadline", &state.next_due(), &due)
}

fn wide(sum: Sum) -> BigUint {
    let (high, low) = sum.parts();
    BigUint::from(high) * BigUint::from(10_u8).pow(38) + BigUint::from(low.get())
}

/// Everything: the surface, every entry in memory and in the archive, the log, and a state made anew from the log.
pub(super) fn whole(node: &Node, oracle: &Oracle, history: &[(u64, Batch)]) -> Result<(), Failure> {
    surface(node, oracle)?;
    if node.stopped().is_some() {
        return silent(node);
    }
    let error = |error: ledger::Error| Failure::error(INSPECTION, &error);
    node.state().check().map_err(|error| Failure::error(STATE, &error))?;
    oracle.check().map_err(|broken| Failure::new("the oracle is in balance", broken))?;
    by_id(node, oracle)?;
    in_order(node, oracle)?;
    by_account(node, oracle)?;
    asking::ask(node, oracle, history)?;

    let mut fresh = State::new();
    let mut records = node.log().read(1).map_err(error)?;
    for (at, (timestamp, batch)) in history.iter().enumerate() {
        let Some(record) = records.next() else {
            return Err(Failure::new(LOG, format!("it ends at op {at} of {}", history.len())));
        };
        let record = record.map_err(error)?;
        let read = decode(&record)?;
        let op = at as u64 + 1;
        same(
            LOG,
            &format!("op {op}"),
            &(record.mark.op, record.mark.timestamp),
            &(op, *timestamp),
        )?;
        same(LOG, &format!("batch of op {op}"), &read, batch)?;
        fresh.apply(&ledger::NoPast, op, *timestamp, batch).map_err(error)?;
    }
    if let Some(more) = records.next() {
        let more = more.map_err(error)?;
        return Err(Failure::new(LOG, format!("op {} was never committed", more.mark.op)));
    }
    same(REPLAY, "digest", &node.state().digest(), &fresh.digest())
}

/// A ledger that has stopped tells nothing, for it might be taken back.
fn silent(node: &Node) -> Result<(), Failure> {
    let told = node.entry(1).is_ok()
        || node.query(&ledger::query::Query::default()).is_ok()
        || node.changes(1, 1).is_ok()
        || node.balances_at(1, u64::MAX).is_ok();
    if told {
        return Err(Failure::new("a ledger that has stopped is silent", "it answered".to_owned()));
    }
    Ok(())
}

/// The batch of a record.
pub(super) fn decode(record: &Record) -> Result<Batch, Failure> {
    codec::decode(record.kind, record.count, &record.body)
        .map_err(|error| Failure::error(LOG, &error))
}

fn by_id(node: &Node, oracle: &Oracle) -> Result<(), Failure> {
    let books = oracle.books();
    let find = |id| node.entry(id).map_err(|error| Failure::error(INSPECTION, &error));
    for (id, fact) in &books.by_id {
        match find(*id)? {
            Some(entry) if fact.agrees(&entry) => {}
            found => {
                let found = format!("id {id}: the ledger has {found:?}, the oracle {fact:?}");
                return Err(Failure::new(ENTRIES, found));
            }
        }
    }
    for absent in [0, 1, u128::MAX, 77 << 70] {
        if !books.by_id.contains_key(&absent)
            && let Some(found) = find(absent)?
        {
            return Err(Failure::new(ENTRIES, format!("id {absent} never was: {found:?}")));
        }
    }
    for (id, pending) in &books.pendings {
        let open = pending.end.is_none();
        same(STATE, &format!("whether {id} is pending"), &node.state().is_pending(*id), &open)?;
    }
    Ok(())
}

/// The archive has a beginning of the history, memory an end, and both together have all of it.
fn in_order(node: &Node, oracle: &Oracle) -> Result<(), Failure> {
    let history = &oracle.books().history;
    let archived = scan(node, None, false)?;
    let state = node.state();
    let generations = state.frozen().iter().map(AsRef::as_ref).chain([state.active()]);
    let kept: Vec<&Entry> = generations.flat_map(|generation| generation.entries()).collect();
    if archived.len() + kept.len() < history.len() {
        let found = format!(
            "{} in the archive and {} in memory are not the {} that there were",
            archived.len(),
            kept.len(),
            history.len()
        );
        return Err(Failure::new(ENTRIES, found));
    }
    if archived.len() > history.len() || kept.len() > history.len() {
        let found = format!(
            "{} in the archive and {} in memory are more than the {} that there were",
            archived.len(),
            kept.len(),
            history.len()
        );
        return Err(Failure::new(ENTRIES, found));
    }
    let agree = |fact: &Fact, entry: &Entry, place: &str| {
        if fact.agrees(entry) {
            return Ok(());
        }
        let found = format!("{place}: the ledger has {entry:?}, the oracle {fact:?}");
        Err(Failure::new(ENTRIES, found))
    };
    for (fact, entry) in history.iter().zip(&archived) {
        agree(fact, entry, "archive")?;
    }
    for (fact, entry) in history.iter().skip(history.len() - kept.len()).zip(kept) {
        agree(fact, entry, "memory")?;
    }
    Ok(())
}

/// The entries of some accounts, newest first, in the archive and in memory.
fn by_account(node: &Node, oracle: &Oracle) -> Result<(), Failure> {
    let books = oracle.books();
    let archived_all = scan(node, None, false)?.len();
    // Which accounts changes from op to op.
    let from = usize::try_from(oracle.op()).unwrap_or_default();
    let count = books.accounts.len();
    for at in (0..3.min(count)).map(|at| (from + at * 7) % count) {
        let Some(id) = books.accounts.keys().nth(at).copied() else { continue };
        let touches = |fact: &Fact| match fact {
            Fact::Transfer { happened, .. } => {
                happened.debit_account_id == id || happened.credit_account_id == id
            }
            Fact::Transaction { legs, .. } => legs.iter().any(|leg| leg.leg.account_id == id),
            Fact::Expiry { pending, .. } => {
                pending.debit_account_id == id || pending.credit_account_id == id
            }
            Fact::Refusal { .. } => false,
        };
        let expected: Vec<u64> = books
            .history
            .iter()
            .take(archived_all)
            .filter(|fact| touches(fact))
            .map(|fact| fact.timestamp())
            .rev()
            .collect();
        let found: Vec<u64> = scan(node, Some(id), true)?.iter().map(Entry::timestamp).collect();
        same(ENTRIES, &format!("archived entries of account {id}"), &found, &expected)?;

        let active = node.state().active();
        let first = active.first_timestamp().unwrap_or(u64::MAX);
        let expected: Vec<u64> = books
            .history
            .iter()
            .map(AsRef::as_ref)
            .filter(|fact| fact.timestamp() >= first && touches(fact))
            .map(Fact::timestamp)
            .rev()
            .collect();
        let found: Vec<u64> = active.of_account(id).map(Entry::timestamp).collect();
        same(ENTRIES, &format!("active entries of account {id}"), &found, &expected)?;
    }
    Ok(())
}

fn scan(node: &Node, account: Option<u128>, newest_first: bool) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    node.archive()
        .scan(account, 0..=u64::MAX, newest_first, &mut |entry| {
            entries.push(entry);
            ControlFlow::Continue(())
        })
        .map_err(|error| Failure::error(INSPECTION, &error))?;
    Ok(entries)
}
