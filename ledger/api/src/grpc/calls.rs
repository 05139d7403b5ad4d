//! The calls.

use std::time::Instant;

use ledger::model::{Batch, Reply};
use ledger::query::Page;
use prost::Message;
use tonic::{Request, Response, Status};

use super::deadline::Deadline;
use super::feed::Feed;
use super::{Face, asked, shown, v1};
use crate::service::Answer;
use crate::{Problem, reads, writes};

/// How long a page is at the most: below what clients take by default, 4 MiB.
const PAGE_BYTES: usize = 3 << 20;
/// How long what was looked up is at the most.
const FOUND_BYTES: usize = 16 << 20;

type Answered<T> = Result<Response<T>, Status>;

/// What a request says, and until when it must be answered.
fn open<T>(request: Request<T>) -> Result<(T, Instant), Problem> {
    let deadline = Deadline::of(request.extensions())?.answer;
    Ok((request.into_inner(), deadline))
}

/// What was answered is what was asked for: the thread answers each batch with its kind.
fn mixed_up<T>() -> Answered<T> {
    Err(Problem::Unknown.into())
}

/// As many messages as fit, and whether there were more.
fn fit<T: Message>(all: impl Iterator<Item = T>, most: usize) -> (Vec<T>, bool) {
    let (mut kept, mut bytes) = (Vec::new(), 0);
    for one in all {
        bytes += one.encoded_len();
        // One alone always fits.
        if bytes > most && !kept.is_empty() {
            return (kept, true);
        }
        kept.push(one);
    }
    (kept, false)
}

impl Face {
    async fn commit(&self, batch: Batch, deadline: Instant) -> Result<Answer, Problem> {
        writes::commit(&self.desk, batch, deadline).await
    }
}

#[tonic::async_trait]
impl v1::ledger_server::Ledger for Face {
    type FeedStream = Feed;

    async fn create_ledgers(
        &self,
        request: Request<v1::CreateLedgersRequest>,
    ) -> Answered<v1::CreateLedgersResponse> {
        let (v1::CreateLedgersRequest { ledgers }, deadline) = open(request)?;
        let events = asked::each("event", ledgers, asked::ledger)?;
        let Answer { op, reply, .. } = self.commit(Batch::Ledgers(events), deadline).await?;
        let Reply::Ledgers(outcomes) = reply else { return mixed_up() };
        let outcomes = outcomes.iter().map(shown::outcome).collect();
        Ok(Response::new(v1::CreateLedgersResponse { op, outcomes }))
    }

    async fn create_accounts(
        &self,
        request: Request<v1::CreateAccountsRequest>,
    ) -> Answered<v1::CreateAccountsResponse> {
        let (v1::CreateAccountsRequest { accounts }, deadline) = open(request)?;
        let events = asked::each("event", accounts, asked::account)?;
        let Answer { op, reply, .. } = self.commit(Batch::Accounts(events), deadline).await?;
        let Reply::Accounts(outcomes) = reply else { return mixed_up() };
        let outcomes = outcomes.iter().map(shown::outcome).collect();
        Ok(Response::new(v1::CreateAccountsResponse { op, outcomes }))
    }

    async fn create_transfers(
        &self,
        request: Request<v1::CreateTransfersRequest>,
    ) -> Answered<v1::CreateTransfersResponse> {
        let (v1::CreateTransfersRequest { transfers }, deadline) = open(request)?;
        let events = asked::each("event", transfers, asked::transfer)?;
        let Answer { op, reply, .. } = self.commit(Batch::Transfers(events), deadline).await?;
        let Reply::Transfers(outcomes) = reply else { return mixed_up() };
        let outcomes = outcomes.iter().map(shown::transfer_outcome).collect();
        Ok(Response::new(v1::CreateTransfersResponse { op, outcomes }))
    }

    async fn create_transactions(
        &self,
        request: Request<v1::CreateTransactionsRequest>,
    ) -> Answered<v1::CreateTransactionsResponse> {
        let (v1::CreateTransactionsRequest { transactions }, deadline) = open(request)?;
        let events = asked::each("event", transactions, asked::transaction)?;
        let Answer { op, reply, .. } = self.commit(Batch::Transactions(events), deadline).await?;
        let Reply::Transactions(outcomes) = reply else { return mixed_up() };
        let outcomes = outcomes.iter().map(shown::transaction_outcome).collect();
        Ok(Response::new(v1::CreateTransactionsResponse { op, outcomes }))
    }

    async fn lookup_accounts(
        &self,
        request: Request<v1::LookupAccountsRequest>,
    ) -> Answered<v1::LookupAccountsResponse> {
        let (v1::LookupAccountsRequest { ids }, deadline) = open(request)?;
        let ids = asked::ids(ids)?;
        let read = self.desk.read(deadline, move |node| Ok(reads::accounts(node, &ids)));
        let accounts = read.await?.iter().map(shown::account).collect();
        Ok(Response::new(v1::LookupAccountsResponse { accounts }))
    }

    async fn lookup_entries(
        &self,
        request: Request<v1::LookupEntriesRequest>,
    ) -> Answered<v1::LookupEntriesResponse> {
        let (v1::LookupEntriesRequest { ids }, deadline) = open(request)?;
        let ids = asked::ids(ids)?;
        let found = self.desk.read(deadline, move |node| reads::entries(node, &ids)).await?;
        let (entries, more) = fit(found.iter().map(shown::entry), FOUND_BYTES);
        if more {
            let says = format!("more than {FOUND_BYTES} bytes of entries are under these ids");
            return Err(Problem::TooLarge(says).into());
        }
        Ok(Response::new(v1::LookupEntriesResponse { entries }))
    }

    async fn query(&self, request: Request<v1::QueryRequest>) -> Answered<v1::QueryResponse> {
        let (request, deadline) = open(request)?;
        let account = match request.account_id.as_str() {
            "" => None,
            text => Some(asked::account_id(text)?),
        };
        let span = reads::Span {
            from: asked::said(request.from),
            through: asked::said(request.through),
            newest_first: request.newest_first,
            limit: asked::said(request.limit.into()).map(|it| it as usize),
            after: asked::said(request.after),
        };
        let query = span.query(account, asked::each("filter", request.any_of, asked::filter)?)?;
        let read = self.desk.read(deadline, move |node| Ok(node.query(&query)?));
        let Page { entries: found, next } = read.await?;
        let (entries, more) = fit(found.iter().map(shown::entry), PAGE_BYTES);
        let last = entries.len().checked_sub(1).and_then(|it| found.get(it));
        let next = if more { last.map(ledger::model::Entry::timestamp) } else { next };
        Ok(Response::new(v1::QueryResponse { entries, next: next.unwrap_or(0) }))
    }

    async fn balances_at(
        &self,
        request: Request<v1::BalancesAtRequest>,
    ) -> Answered<v1::BalancesAtResponse> {
        let (v1::BalancesAtRequest { moments }, deadline) = open(request)?;
        asked::few(moments.len(), "moments")?;
        let moments = asked::each("moment", moments, asked::moment)?;
        let read = self.desk.read(deadline, move |node| {
            let now = node.state().timestamp();
            let at = moments.iter().map(|(account, at)| (*account, at.unwrap_or(now)));
            let at: Vec<_> = at.collect();
            let balances = reads::balances_at(node, &at)?;
            Ok(at.into_iter().map(|it| it.1).zip(balances).collect::<Vec<_>>())
        });
        let balances = read.await?.into_iter().map(|(timestamp, balances)| v1::MomentBalances {
            timestamp,
            balances: balances.as_ref().map(shown::balances),
        });
        Ok(Response::new(v1::BalancesAtResponse { balances: balances.collect() }))
    }

    async fn statement(
        &self,
        request: Request<v1::StatementRequest>,
    ) -> Answered<v1::StatementResponse> {
        let (request, deadline) = open(request)?;
        let account = asked::account_id(&request.account_id)?;
        let span = reads::Span {
            from: asked::said(request.from),
            through: asked::said(request.through),
            limit: asked::said(request.limit.into()).map(|it| it as usize),
            ..reads::Span::default()
        };
        let query = span.query(Some(account), Vec::new())?;
        let read = self.desk.read(deadline, move |node| {
            let statement = node.statement(account, query.timestamps, query.limit)?;
            statement.ok_or_else(|| Problem::NotFound(format!("account {account}")))
        });
        let found = read.await?;
        let lines = found.lines.iter().map(|line| v1::StatementLine {
            entry: Some(shown::entry(&line.entry)),
            balances: Some(shown::balances(&line.balances)),
        });
        let (lines, more) = fit(lines, PAGE_BYTES);
        let closing = match lines.last() {
            Some(line) if more => line.balances.clone(),
            _ => Some(shown::balances(&found.closing)),
        };
        Ok(Response::new(v1::StatementResponse {
            opening: Some(shown::balances(&found.opening)),
            lines,
            closing,
            truncated: more || found.truncated,
        }))
    }

    async fn trial_balance(
        &self,
        request: Request<v1::TrialBalanceRequest>,
    ) -> Answered<v1::TrialBalanceResponse> {
        let (v1::TrialBalanceRequest {}, deadline) = open(request)?;
        let read =
            self.desk.read(deadline, |node| Ok((node.state().op(), reads::trial_balance(node))));
        let (op, trials) = read.await?;
        let balanced = trials.iter().all(|it| it.totals.are_balanced());
        let ledgers = trials.iter().map(shown::trial).collect();
        Ok(Response::new(v1::TrialBalanceResponse { op, balanced, ledgers }))
    }

    async fn status(&self, request: Request<v1::StatusRequest>) -> Answered<v1::StatusResponse> {
        let (v1::StatusRequest {}, deadline) = open(request)?;
        let status = self.desk.read(deadline, |node| Ok(reads::status(node))).await?;
        Ok(Response::new(v1::StatusResponse {
            op: status.op,
            timestamp: status.timestamp,
            hash: status.hash.to_vec(),
            accounts: status.accounts,
            pending_transfers: status.pending,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }))
    }

    async fn feed(&self, request: Request<v1::FeedRequest>) -> Answered<Feed> {
        let deadline = Deadline::of(request.extensions())?;
        Ok(Response::new(Feed::begin(self, request.into_inner(), deadline)?))
    }

    async fn checkpoint(
        &self,
        _: Request<v1::CheckpointRequest>,
    ) -> Answered<v1::CheckpointResponse> {
        self.desk.checkpoint();
        Ok(Response::new(v1::CheckpointResponse {}))
    }
}
