//! A client that insists: the same request with the same ids, until it is answered or the end has come.

use std::time::{Duration, Instant};

use ledger::model::{Batch, Reply, Transfer, TransferFlags};
use ledger_api::Problem;
use ledger_api::client::{ClientError, ClientOptions, Connection};

use super::history::{Asked, History};
use super::room::Room;
use crate::Done;
use crate::accounts::{self, LEDGERS};
use crate::arguments::Arguments;
use crate::live::Live;
use crate::profile::amount;
use crate::random::{IdSource, Random};

/// How long it insists.
const PATIENCE: Duration = Duration::from_secs(60);

/// Works until the end.
pub fn work(
    arguments: &Arguments,
    options: &ClientOptions,
    worker: u64,
    live: &Live,
    room: Option<&Room>,
) -> Done<History> {
    let mut history = History::default();
    let mut requests = Requests::new(arguments, worker);
    let mut connection = None;
    loop {
        let transfers = requests.next();
        if !live.goes_on(transfers.len() as u64) {
            return Ok(history);
        }
        let batch = Batch::Transfers(transfers.clone());
        let begun = Instant::now();
        let outcomes = loop {
            match ask(&mut connection, options, &batch) {
                Ok(Reply::Transfers(outcomes)) => break Some(outcomes),
                Ok(_) => return Err("an answer of another kind".into()),
                Err(ClientError::Problem(Problem::NoRoom(_))) if let Some(room) = room => {
                    room.refused()
                }
                Err(error) if error.is_retried() => {}
                Err(error) => return Err(error.into()),
            }
            if live.is_over() {
                break None;
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("no answer for {} s", PATIENCE.as_secs()).into());
            }
            history.retries += 1;
            std::thread::sleep(Duration::from_millis(5));
        };
        if let Some(outcomes) = &outcomes {
            live.answered(outcomes.len() as u64);
            requests.learn(&transfers, outcomes);
        }
        history.requests.push(Asked { transfers, outcomes });
    }
}

fn ask(
    kept: &mut Option<Connection>,
    options: &ClientOptions,
    batch: &Batch,
) -> Result<Reply, ClientError> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => Connection::connect(options)?,
    };
    let answer = connection.commit(batch);
    if !matches!(answer, Err(ClientError::Connection { .. } | ClientError::Answer(_))) {
        *kept = Some(connection);
    }
    answer
}

/// Some of everything: plain transfers, chains, reserving and resolving, and what must be refused.
struct Requests {
    random: Random,
    ids: IdSource,
    accounts: u64,
    batch: u64,
    /// Reserved, and not resolved as far as this worker knows.
    pending: Vec<Transfer>,
}

impl Requests {
    fn new(arguments: &Arguments, worker: u64) -> Self {
        Self {
            random: Random::new(arguments.seed ^ (worker << 32)),
            ids: IdSource::new(arguments.ids, worker),
            accounts: arguments.accounts.into(),
            batch: arguments.batch.into(),
            pending: Vec::new(),
        }
    }

    fn next(&mut self) -> Vec<Transfer> {
        let mut all = Vec::new();
        let size = 1 + self.random.below(self.batch);
        while (all.len() as u64) < size {
            match self.random.below(10) {
                0 => self.chain(&mut all),
                1 | 2 => all.push(Transfer { flags: TransferFlags::PENDING, ..self.plain() }),
                3 | 4 => match self.pending.pop() {
                    Some(pending) => all.push(self.resolve(&pending)),
                    None => all.push(self.plain()),
                },
                5 => all.push(self.wrong()),
                _ => all.push(self.plain()),
            }
        }
        all.truncate(ledger::model::MAX_EVENTS);
        // A chain that was cut would be refused as a whole: that is fine, and not what this is about.
        if let Some(last) = all.last_mut() {
            last.flags = last.flags.without(TransferFlags::LINKED);
        }
        all
    }

    fn account(&mut self) -> u64 {
        // Half of all with a handful of accounts.
        let end = if self.random.below(2) == 0 { self.accounts.min(8) } else { self.accounts };
        self.random.below(end)
    }

    fn plain(&mut self) -> Transfer {
        let (one, other) = (self.account(), self.account());
        let other = if one == other { (one + 1) % self.accounts } else { other };
        Transfer {
            id: self.ids.next(),
            debit_account_id: accounts::id(LEDGERS[0].0, one),
            credit_account_id: accounts::id(LEDGERS[0].0, other),
            amount: amount(1 + self.random.below(100_000)),
            ledger: LEDGERS[0].0,
            code: 7,
            ..Transfer::default()
        }
    }

    /// Two or three that happen together, or, sometimes, none of which happens.
    fn chain(&mut self, all: &mut Vec<Transfer>) {
        let fails = self.random.below(3) == 0;
        let first = Transfer { flags: TransferFlags::LINKED, ..self.plain() };
        let second = Transfer { flags: TransferFlags::LINKED, ..self.plain() };
        let last = if fails { self.wrong() } else { self.plain() };
        all.extend([first, second, last]);
    }

    /// To an account that does not exist: refused, and remembered.
    fn wrong(&mut self) -> Transfer {
        Transfer { credit_account_id: accounts::id(9, 9), ..self.plain() }
    }

    fn resolve(&mut self, pending: &Transfer) -> Transfer {
        let (flags, units) = match self.random.below(3) {
            0 => (TransferFlags::VOID_PENDING, 0),
            1 => (TransferFlags::POST_PENDING, 0),
            _ => {
                let most = u64::try_from(pending.amount.get()).unwrap_or(1);
                (TransferFlags::POST_PENDING, 1 + self.random.below(most))
            }
        };
        Transfer {
            id: self.ids.next(),
            pending_id: pending.id,
            amount: amount(units),
            flags,
            ..Transfer::default()
        }
    }

    /// Notes what is reserved.
    fn learn(&mut self, asked: &[Transfer], outcomes: &[ledger::model::TransferOutcome]) {
        for (transfer, outcome) in asked.iter().zip(outcomes) {
            if outcome.code.is_success() && transfer.flags.contains(TransferFlags::PENDING) {
                self.pending.push(*transfer);
            }
        }
    }
}
