//! The client, for tests that wait for each answer.

use std::net::SocketAddr;
use std::time::Duration;

use ledger_api::grpc::v1;
use ledger_api::grpc::v1::ledger_client::LedgerClient;
use tonic::codegen::http;
use tonic::{Code, Status, Streaming};

pub use crate::support::transport::Transport;

pub fn client(transport: Transport) -> LedgerClient<Transport> {
    let origin = http::Uri::from_static("http://localhost");
    LedgerClient::with_origin(transport, origin).max_decoding_message_size(64 << 20)
}

pub struct Rpc {
    runtime: tokio::runtime::Runtime,
    pub client: LedgerClient<Transport>,
    key: Option<String>,
    timeout: Option<String>,
}

impl Rpc {
    pub fn new(address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let transport = runtime.block_on(Transport::connect(address)).unwrap();
        Self { runtime, client: client(transport), key: None, timeout: None }
    }

    pub fn key(mut self, key: &str) -> Self {
        self.key = Some(format!("Bearer {key}"));
        self
    }

    pub fn timeout(mut self, timeout: &str) -> Self {
        self.timeout = Some(timeout.to_owned());
        self
    }

    pub fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        if let Some(key) = &self.key {
            request.metadata_mut().insert("authorization", key.parse().unwrap());
        }
        if let Some(timeout) = &self.timeout {
            request.metadata_mut().insert("grpc-timeout", timeout.parse().unwrap());
        }
        request
    }

    pub fn feed(&mut self, begin: Option<v1::feed_request::Begin>) -> Result<Changes, Status> {
        let request = self.request(v1::FeedRequest { begin });
        let stream = self.runtime.block_on(self.client.feed(request))?.into_inner();
        Ok(Changes { handle: self.runtime.handle().clone(), stream, read: Vec::new().into_iter() })
    }

    pub fn transfer(&mut self, transfer: v1::Transfer) -> Result<v1::TransferOutcome, Status> {
        let answer =
            self.create_transfers(v1::CreateTransfersRequest { transfers: vec![transfer] })?;
        Ok(answer.outcomes.into_iter().next().unwrap())
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

macro_rules! calls {
    ($($name:ident: $asked:ident -> $answer:ident;)+) => {
        impl Rpc {
            $(pub fn $name(&mut self, asked: v1::$asked) -> Result<v1::$answer, Status> {
                let request = self.request(asked);
                self.runtime.block_on(self.client.$name(request)).map(|it| it.into_inner())
            })+
        }
    };
}

calls! {
    create_ledgers: CreateLedgersRequest -> CreateLedgersResponse;
    create_accounts: CreateAccountsRequest -> CreateAccountsResponse;
    create_transfers: CreateTransfersRequest -> CreateTransfersResponse;
    create_transactions: CreateTransactionsRequest -> CreateTransactionsResponse;
    lookup_accounts: LookupAccountsRequest -> LookupAccountsResponse;
    lookup_entries: LookupEntriesRequest -> LookupEntriesResponse;
    query: QueryRequest -> QueryResponse;
    balances_at: BalancesAtRequest -> BalancesAtResponse;
    statement: StatementRequest -> StatementResponse;
    trial_balance: TrialBalanceRequest -> TrialBalanceResponse;
    status: StatusRequest -> StatusResponse;
    checkpoint: CheckpointRequest -> CheckpointResponse;
}

/// A feed, change by change.
pub struct Changes {
    handle: tokio::runtime::Handle,
    stream: Streaming<v1::FeedResponse>,
    read: std::vec::IntoIter<v1::Change>,
}

impl Changes {
    /// The next change; none when the feed has ended, an error if it says so.
    pub fn next(&mut self) -> Result<Option<v1::Change>, Status> {
        loop {
            if let Some(change) = self.read.next() {
                return Ok(Some(change));
            }
            let piece = self.handle.block_on(async {
                tokio::time::timeout(Duration::from_secs(60), self.stream.message()).await
            });
            match piece.expect("a minute without a word")? {
                Some(piece) => self.read = piece.changes.into_iter(),
                None => return Ok(None),
            }
        }
    }
}

/// That it is this problem, under this code; what it says.
#[track_caller]
pub fn problem<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, name: &str) -> String {
    let status = answer.unwrap_err();
    let found = status.metadata().get(ledger_api::grpc::PROBLEM);
    let found = found.map_or("", |it| it.to_str().unwrap());
    assert_eq!((status.code(), found), (code, name), "{status:?}");
    status.message().to_owned()
}
