//! The proof: what was acknowledged is there as it was acknowledged, what is unknown is whole or absent, nothing else is there, and the sums agree.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ledger::model::{Code, Entry, MAX_EVENTS, Transfer, TransferFlags, TransferOutcome};
use ledger::query::{Filter, Query};
use ledger_api::client::Client;

use super::deaths::Deaths;
use super::history::{Asked, History};
use super::model::Model;
use super::room::Room;
use crate::accounts::{self, LEDGERS};
use crate::{Done, report};

/// What was proven.
pub struct Proof {
    acknowledged: u64,
    refused: u64,
    unknown_there: u64,
    unknown_absent: u64,
    retries: u64,
    volume: u128,
    took: Duration,
    /// What each account has posted, in CSV.
    pub statement: String,
}

impl Proof {
    /// Says so.
    pub fn print(&self, json: bool, deaths: &Deaths, room: Option<&Room>) {
        let Self { acknowledged, refused, unknown_there, unknown_absent, .. } = self;
        let Deaths { kills, full, refused_starts, .. } = deaths;
        let most = deaths.restarts.iter().max().copied().unwrap_or_default();
        if json {
            let line = serde_json::json!({
                "kills": kills,
                "restart_ms": {"median": deaths.median_restart().as_millis(), "max": most.as_millis()},
                "disk_filled": room.map(Room::times),
                "refused_for_room": room.map(Room::refusals),
                "ended_for_room": full,
                "starts_refused_for_room": refused_starts,
                "acknowledged": acknowledged,
                "refused": refused,
                "unknown_there": unknown_there,
                "unknown_absent": unknown_absent,
                "retries": self.retries,
                "proof_seconds": self.took.as_secs_f64(),
                "minor_units_posted": self.volume.to_string(),
                "minor_units_missing": "0",
            });
            return report::print(&line.to_string());
        }
        report::print(&format!(
            "every cent is accounted for: {kills} kills, {acknowledged} acknowledged transfers are there as they were \
             acknowledged, {refused} refused ones are not, of {} unknown ones {unknown_there} are there and \
             {unknown_absent} are not, {} retries, {} minor units posted, 0 missing",
            unknown_there + unknown_absent,
            self.retries,
            self.volume
        ));
        report::print(&format!(
            "a new start took {} ms, half of them less, and {} ms at the most; the proof {:.1} s",
            deaths.median_restart().as_millis(),
            most.as_millis(),
            self.took.as_secs_f64()
        ));
        if let Some(room) = room {
            report::print(&format!(
                "the disk was full {} times: {} requests were refused for that, {full} times the server ended by itself, \
                 and {refused_starts} times it could not start before there was room",
                room.times(),
                room.refusals()
            ));
        }
    }
}

/// Looks at everything. An error says what is wrong first.
pub fn prove(client: &Client, history: History, accounts: u64) -> Done<Proof> {
    let begun = Instant::now();
    let found = find(client, &history)?;
    let mut proof = Proof {
        acknowledged: 0,
        refused: 0,
        unknown_there: 0,
        unknown_absent: 0,
        retries: history.retries,
        volume: 0,
        took: Duration::ZERO,
        statement: String::new(),
    };
    for asked in &history.requests {
        match &asked.outcomes {
            Some(outcomes) => {
                for (transfer, outcome) in asked.transfers.iter().zip(outcomes) {
                    acknowledged(transfer, outcome, found.get(&transfer.id), &mut proof)?;
                }
            }
            None => unknown(asked, &found, &mut proof)?,
        }
    }
    let there = replay(&found, client, accounts, &mut proof)?;
    nothing_else(client, there)?;
    proof.took = begun.elapsed();
    Ok(proof)
}

/// What the ledger has under the ids that were asked.
fn find(client: &Client, history: &History) -> Done<HashMap<u128, Entry>> {
    let ids: Vec<u128> =
        history.requests.iter().flat_map(|it| it.transfers.iter().map(|it| it.id)).collect();
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(MAX_EVENTS) {
        for entry in client.find_entries(some)? {
            if let Some(id) = entry.id() {
                found.insert(id, entry);
            }
        }
    }
    Ok(found)
}

fn acknowledged(
    asked: &Transfer,
    outcome: &TransferOutcome,
    found: Option<&Entry>,
    proof: &mut Proof,
) -> Done {
    let wrong = |what: &str| {
        Err(format!(
            "transfer {} was acknowledged with {}, and {what}",
            asked.id,
            outcome.code.name()
        )
        .into())
    };
    if outcome.code.is_success() {
        proof.acknowledged += 1;
        let Some(Entry::Transfer(posted)) = found else { return wrong("is not there") };
        if posted.transfer.timestamp != outcome.timestamp
            || posted.transfer.amount != outcome.amount
            || (posted.debit, posted.credit) != (outcome.debit, outcome.credit)
        {
            return wrong("is there with another amount, time or balances");
        }
        let same = asked.pending_id == posted.transfer.pending_id
            && [0, posted.transfer.debit_account_id].contains(&asked.debit_account_id)
            && [0, posted.transfer.credit_account_id].contains(&asked.credit_account_id);
        return if same { Ok(()) } else { wrong("is there with other accounts") };
    }
    proof.refused += 1;
    match found {
        None if !outcome.code.is_remembered() => Ok(()),
        None => wrong("is forgotten"),
        Some(Entry::Refusal { code, timestamp, .. })
            if (*code, *timestamp) == (outcome.code, outcome.timestamp) =>
        {
            Ok(())
        }
        Some(_) => wrong("is there as something else"),
    }
}

/// A batch is one operation: all of it was looked at by the ledger, or nothing. A chain happened as a whole, or not at all.
fn unknown(asked: &Asked, found: &HashMap<u128, Entry>, proof: &mut Proof) -> Done {
    let is_there = |it: &Transfer| matches!(found.get(&it.id), Some(Entry::Transfer(_)));
    let begun = asked.transfers.iter().any(|it| found.contains_key(&it.id));
    let mut chain: Vec<&Transfer> = Vec::new();
    for transfer in &asked.transfers {
        chain.push(transfer);
        if transfer.flags.contains(TransferFlags::LINKED) {
            continue;
        }
        let there = chain.iter().filter(|it| is_there(it)).count();
        if there != 0 && there != chain.len() {
            return Err(format!(
                "of a chain of {} transfers {there} are there: {}",
                chain.len(),
                transfer.id
            )
            .into());
        }
        // Alone, it leaves something behind in any case: itself, or its refusal.
        let alone = chain.len() == 1;
        if alone && begun != found.contains_key(&transfer.id) && remembers(transfer) {
            return Err(format!(
                "a part of a request is there, transfer {} of it is not",
                transfer.id
            )
            .into());
        }
        chain.clear();
    }
    let there = asked.transfers.iter().filter(|it| is_there(it)).count() as u64;
    proof.unknown_there += there;
    proof.unknown_absent += asked.transfers.len() as u64 - there;
    Ok(())
}

/// Whether a transfer of a worker leaves an entry whatever becomes of it: nothing is wrong with it by itself.
fn remembers(transfer: &Transfer) -> bool {
    transfer.debit_account_id != transfer.credit_account_id || transfer.pending_id != 0
}

/// Adds everything that is there up again, in its order, and compares with each balance on the way and with all at the end.
fn replay(
    found: &HashMap<u128, Entry>,
    client: &Client,
    accounts: u64,
    proof: &mut Proof,
) -> Done<u64> {
    let mut order: Vec<_> = found
        .values()
        .filter_map(|it| match it {
            Entry::Transfer(posted) => Some(posted),
            _ => None,
        })
        .collect();
    order.sort_by_key(|it| it.transfer.timestamp);
    let mut model = Model::default();
    for posted in &order {
        let id = posted.transfer.id;
        let (debit, credit) = model.apply(posted)?;
        if !debit.are(&posted.debit) || !credit.are(&posted.credit) {
            return Err(format!(
                "after transfer {id} the balances are {:?} and {:?} by the ledger, {debit:?} and {credit:?} by addition",
                posted.debit, posted.credit
            )
            .into());
        }
    }
    let ledger = LEDGERS[0].0;
    let ids: Vec<u128> = (0..accounts).map(|index| accounts::id(ledger, index)).collect();
    for some in ids.chunks(MAX_EVENTS) {
        let found = client.find_accounts(some)?;
        if found.len() != some.len() {
            return Err(format!("{} accounts of {} are there", found.len(), some.len()).into());
        }
        for account in found {
            let sums = *model.of(account.id);
            if !sums.are(&account.balances) {
                let (id, balances) = (account.id, account.balances);
                return Err(format!(
                    "account {id} has {balances:?} by the ledger, {sums:?} by addition"
                )
                .into());
            }
        }
    }
    let [debits_pending, debits_posted, credits_pending, credits_posted] = model.totals();
    let trials = client.trial_balance()?;
    let totals = trials.iter().find(|it| it.ledger.id == ledger).map(|it| it.totals);
    let totals = totals.ok_or("the ledger is gone")?;
    let said = [
        totals.debits_pending,
        totals.debits_posted,
        totals.credits_pending,
        totals.credits_posted,
    ];
    let added = [debits_pending, debits_posted, credits_pending, credits_posted];
    if !said
        .iter()
        .zip(added)
        .all(|(said, added)| said.amount().is_some_and(|it| it.get() == added))
    {
        return Err(format!("the trial balance says {said:?}, addition {added:?}").into());
    }
    if debits_posted != credits_posted || debits_pending != credits_pending {
        return Err(format!("debits are not credits: {added:?}").into());
    }
    let pending = client.status()?.pending;
    if pending != model.pending() as u64 {
        return Err(format!(
            "{pending} transfers are pending by the ledger, {} by addition",
            model.pending()
        )
        .into());
    }
    proof.volume = debits_posted;
    proof.statement = model.statement();
    Ok(order.len() as u64)
}

/// Counts everything that the ledger has, by reading through it.
fn nothing_else(client: &Client, there: u64) -> Done {
    let mut query = Query { any_of: vec![Filter::default()], ..Query::default() };
    let (mut count, mut last) = (0, 0);
    loop {
        let page = client.query(&query)?;
        for entry in &page.entries {
            if entry.timestamp() <= last {
                return Err(format!("time goes back at {}", entry.timestamp()).into());
            }
            last = entry.timestamp();
        }
        count += page.entries.len() as u64;
        match page.next {
            None => break,
            after => query.after = after,
        }
    }
    if count == there {
        return Ok(());
    }
    Err(format!("the ledger has {count} transfers, {there} were asked for and are there").into())
}

/// That refusals of this program's kind are remembered is part of what is proven.
const _: () = assert!(
    Code::CreditAccountNotFound.is_remembered() && !Code::LinkedEventFailed.is_remembered()
);
