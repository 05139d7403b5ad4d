//! What threads ask of a shared client, together and apart again; and its methods by name.

use std::collections::VecDeque;
use std::sync::Arc;

use ledger::codec::{ACCOUNT_BYTES, LEDGER_BYTES, TRANSFER_BYTES};
use ledger::model::{
    Account, Balances, Batch, Entry, Ledger, MAX_EVENTS, Outcome, Reply, Transaction,
    TransactionOutcome, Transfer, TransferFlags, TransferOutcome,
};
use ledger::query::{Page, Query};
use parking_lot::Mutex;

use super::{Client, ClientError};
use crate::Problem;
use crate::wire::{self, Kind, MAX_BODY_BYTES, Status, Trial};

/// A batch of one thread, and where its answer goes.
pub(super) struct Call {
    batch: Batch,
    bytes: usize,
    answer: Mutex<Option<Result<Reply, ClientError>>>,
}

impl Call {
    pub fn new(batch: Batch) -> Self {
        let bytes = match &batch {
            Batch::Ledgers(all) => all.len() * LEDGER_BYTES,
            Batch::Accounts(all) => all.len() * ACCOUNT_BYTES,
            Batch::Transfers(all) => all.len() * TRANSFER_BYTES,
            // Of varying size.
            Batch::Transactions(_) => {
                let mut out = Vec::new();
                ledger::codec::encode(&batch, &mut out);
                out.len()
            }
            Batch::Tick => 0,
        };
        Self { batch, bytes, answer: Mutex::new(None) }
    }

    pub fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Takes the answer, if it is there.
    pub fn answer(&self) -> Option<Result<Reply, ClientError>> {
        self.answer.lock().take()
    }

    pub fn put(&self, answer: Result<Reply, ClientError>) {
        *self.answer.lock() = Some(answer);
    }

    /// Whether its last event would be linked to whatever came behind it.
    fn ends_open(&self) -> bool {
        match &self.batch {
            Batch::Accounts(all) => {
                all.last().is_some_and(|it| it.flags.contains(ledger::model::AccountFlags::LINKED))
            }
            Batch::Transfers(all) => {
                all.last().is_some_and(|it| it.flags.contains(TransferFlags::LINKED))
            }
            Batch::Transactions(all) => all.last().is_some_and(|it| it.linked),
            Batch::Ledgers(_) | Batch::Tick => false,
        }
    }
}

/// Takes the first call and those behind it that fit into one batch with it.
pub(super) fn gather(waiting: &mut VecDeque<Arc<Call>>) -> Vec<Arc<Call>> {
    let mut group: Vec<Arc<Call>> = Vec::new();
    let (mut events, mut bytes) = (0, 0);
    while let Some(next) = waiting.front() {
        if let Some(last) = group.last() {
            let fits = next.batch.kind() == last.batch.kind()
                && !last.ends_open()
                && events + next.batch.len() <= MAX_EVENTS
                && bytes + next.bytes <= MAX_BODY_BYTES;
            if !fits {
                break;
            }
        }
        events += next.batch.len();
        bytes += next.bytes;
        group.extend(waiting.pop_front());
    }
    group
}

/// One batch of a group's.
pub(super) fn join(group: &[Arc<Call>]) -> Batch {
    let Some((first, rest)) = group.split_first() else { return Batch::Tick };
    let mut joined = first.batch.clone();
    for call in rest {
        match (&mut joined, &call.batch) {
            (Batch::Ledgers(all), Batch::Ledgers(more)) => all.extend_from_slice(more),
            (Batch::Accounts(all), Batch::Accounts(more)) => all.extend_from_slice(more),
            (Batch::Transfers(all), Batch::Transfers(more)) => all.extend_from_slice(more),
            (Batch::Transactions(all), Batch::Transactions(more)) => all.extend_from_slice(more),
            // `gather` puts one kind together.
            _ => {}
        }
    }
    joined
}

/// Gives everybody their part of an answer.
pub(super) fn hand_out(answer: Result<Reply, ClientError>, group: &[Arc<Call>]) {
    let mut rest = match answer {
        Ok(reply) => reply,
        Err(error) => {
            for call in group {
                call.put(Err(copy(&error)));
            }
            return;
        }
    };
    for call in group {
        let count = call.batch.len();
        call.put(Ok(match &mut rest {
            Reply::Ledgers(all) => Reply::Ledgers(front(all, count)),
            Reply::Accounts(all) => Reply::Accounts(front(all, count)),
            Reply::Transfers(all) => Reply::Transfers(front(all, count)),
            Reply::Transactions(all) => Reply::Transactions(front(all, count)),
            Reply::Tick => Reply::Tick,
        }));
    }
}

/// Takes the first `count`. There are as many answers as events: the connection has looked.
fn front<T>(all: &mut Vec<T>, count: usize) -> Vec<T> {
    let rest = all.split_off(count.min(all.len()));
    std::mem::replace(all, rest)
}

/// The same error for somebody else.
fn copy(error: &ClientError) -> ClientError {
    match error {
        ClientError::Problem(problem) => ClientError::Problem(problem.clone()),
        ClientError::Connection { address, error } => {
            let error = std::io::Error::new(error.kind(), error.to_string());
            ClientError::Connection { address: *address, error }
        }
        ClientError::Answer(found) => ClientError::Answer(found.clone()),
    }
}

fn other(reply: &Reply) -> ClientError {
    ClientError::Answer(format!("an answer of another kind: {reply:?}").chars().take(120).collect())
}

fn count(records: usize) -> Result<u32, ClientError> {
    match u32::try_from(records) {
        Ok(count) if records <= MAX_EVENTS => Ok(count),
        _ => {
            Err(Problem::TooLarge(format!("{records} records, at most {MAX_EVENTS} are possible"))
                .into())
        }
    }
}

impl Client {
    /// Defines ledgers.
    ///
    /// # Errors
    ///
    /// [`ClientError`], here and in all others.
    pub fn create_ledgers(&self, ledgers: &[Ledger]) -> Result<Vec<Outcome>, ClientError> {
        match self.commit(Batch::Ledgers(ledgers.to_vec()))? {
            Reply::Ledgers(outcomes) => Ok(outcomes),
            reply => Err(other(&reply)),
        }
    }

    /// Creates accounts.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn create_accounts(&self, accounts: &[Account]) -> Result<Vec<Outcome>, ClientError> {
        match self.commit(Batch::Accounts(accounts.to_vec()))? {
            Reply::Accounts(outcomes) => Ok(outcomes),
            reply => Err(other(&reply)),
        }
    }

    /// Moves money.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn create_transfers(
        &self,
        transfers: &[Transfer],
    ) -> Result<Vec<TransferOutcome>, ClientError> {
        match self.commit(Batch::Transfers(transfers.to_vec()))? {
            Reply::Transfers(outcomes) => Ok(outcomes),
            reply => Err(other(&reply)),
        }
    }

    /// Moves money in transactions of many legs.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn create_transactions(
        &self,
        transactions: &[Transaction],
    ) -> Result<Vec<TransactionOutcome>, ClientError> {
        match self.commit(Batch::Transactions(transactions.to_vec()))? {
            Reply::Transactions(outcomes) => Ok(outcomes),
            reply => Err(other(&reply)),
        }
    }

    /// The accounts that there are among these.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn find_accounts(&self, ids: &[u128]) -> Result<Vec<Account>, ClientError> {
        let count = count(ids.len())?;
        self.ask(|it| {
            it.call(
                Kind::FindAccounts,
                count,
                |out| wire::encode_ids(ids, out),
                |header, body| wire::decode_accounts(header.count, body),
            )
        })
    }

    /// What happened under these ids of transfers and transactions, as far as something did; refusals are found as well.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn find_entries(&self, ids: &[u128]) -> Result<Vec<Entry>, ClientError> {
        let count = count(ids.len())?;
        self.ask(|it| {
            it.call(
                Kind::FindEntries,
                count,
                |out| wire::encode_ids(ids, out),
                |header, body| wire::decode_entries(header.count, body),
            )
        })
    }

    /// A page of what happened. Filters by metadata are not part of the binary protocol: they are left out.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn query(&self, query: &Query) -> Result<Page, ClientError> {
        let mut bytes = Vec::new();
        let filters = wire::encode_query(query, &mut bytes);
        self.ask(|it| {
            it.call(
                Kind::Query,
                filters,
                |out| out.extend_from_slice(&bytes),
                |header, body| wire::decode_page(header.count, body),
            )
        })
    }

    /// Balances of accounts, each at a moment; `None` where there was no such account yet.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn balances_at(
        &self,
        moments: &[(u128, u64)],
    ) -> Result<Vec<Option<Balances>>, ClientError> {
        let count = count(moments.len())?;
        self.ask(|it| {
            it.call(
                Kind::BalancesAt,
                count,
                |out| wire::encode_moments(moments, out),
                |header, body| wire::decode_balances(header.count, body),
            )
        })
    }

    /// Every ledger with the sums over its accounts.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn trial_balance(&self) -> Result<Vec<Trial>, ClientError> {
        self.ask(|it| {
            it.call(
                Kind::TrialBalance,
                0,
                |_| {},
                |header, body| wire::decode_trials(header.count, body),
            )
        })
    }

    /// How far the ledger is.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn status(&self) -> Result<Status, ClientError> {
        self.ask(|it| it.call(Kind::Status, 0, |_| {}, |_, body| Status::decode(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(transfers: usize, linked: bool) -> Arc<Call> {
        let mut all = vec![Transfer::default(); transfers];
        if let (true, Some(last)) = (linked, all.last_mut()) {
            last.flags = TransferFlags::LINKED;
        }
        Arc::new(Call::new(Batch::Transfers(all)))
    }

    fn sizes(waiting: &mut VecDeque<Arc<Call>>) -> Vec<usize> {
        gather(waiting).iter().map(|it| it.batch.len()).collect()
    }

    #[test]
    fn calls_are_joined_up_to_a_batch_and_never_across_an_open_chain_or_kinds() {
        let accounts = Arc::new(Call::new(Batch::Accounts(vec![Account::default()])));
        let mut waiting: VecDeque<_> = [
            call(8_000, false),
            call(190, false),
            call(1, true),
            call(2, false),
            accounts,
            call(3, false),
        ]
        .into();
        assert_eq!(sizes(&mut waiting), [8_000, 190]);
        assert_eq!(sizes(&mut waiting), [1]);
        assert_eq!(sizes(&mut waiting), [2]);
        assert_eq!(sizes(&mut waiting), [1]);
        assert_eq!(sizes(&mut waiting), [3]);
        assert!(gather(&mut waiting).is_empty());
    }

    #[test]
    fn everybody_gets_their_own_answers() {
        let group = [call(1, false), call(2, false)];
        let outcome = |timestamp| TransferOutcome {
            code: ledger::model::Code::Ok,
            timestamp,
            amount: ledger::money::Amount::ONE,
            debit: Balances::default(),
            credit: Balances::default(),
        };
        assert_eq!(join(&group).len(), 3);
        hand_out(Ok(Reply::Transfers(vec![outcome(1), outcome(2), outcome(3)])), &group);
        let got = |call: &Call| match call.answer().unwrap().unwrap() {
            Reply::Transfers(all) => all.iter().map(|it| it.timestamp).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!((got(&group[0]), got(&group[1])), (vec![1], vec![2, 3]));
    }
}
