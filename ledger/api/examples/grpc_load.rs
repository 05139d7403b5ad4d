//! What a transfer costs over gRPC: `grpc_load 127.0.0.1:7090 SECONDS`, against a server that runs. Single transfers on 16 streams of one connection, then batches of 1,000 on
//! four.
#![allow(clippy::print_stdout, reason = "it is what it is for")]

#[allow(dead_code, reason = "tests need all of it")]
#[path = "../tests/support/transport.rs"]
mod transport;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use ledger_api::grpc::v1;
use ledger_api::grpc::v1::ledger_client::LedgerClient;
use transport::Transport;

type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
type Client = LedgerClient<Transport>;

const ACCOUNTS: u128 = 1_000;

fn main() -> Done {
    let mut arguments = std::env::args().skip(1);
    let address: SocketAddr = arguments.next().ok_or("grpc_load ADDRESS:PORT SECONDS")?.parse()?;
    let seconds = Duration::from_secs(arguments.next().map_or(Ok(5), |it| it.parse())?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let transport = Transport::connect(address).await?;
        let client = LedgerClient::with_origin(transport, "http://localhost".parse()?);
        furnish(client.clone()).await?;
        load(&client, "single", 16, 1, seconds).await?;
        load(&client, "batches", 4, 1_000, seconds).await
    })
}

async fn furnish(mut client: Client) -> Done {
    let ledgers = vec![v1::NewLedger { id: 1, currency: "EUR".to_owned(), exponent: 2 }];
    client.create_ledgers(v1::CreateLedgersRequest { ledgers }).await?;
    let account =
        |id: u128| v1::Account { id: id.to_string(), ledger: 1, code: 1, ..Default::default() };
    let accounts = (1..=ACCOUNTS).map(account).collect();
    client.create_accounts(v1::CreateAccountsRequest { accounts }).await?;
    Ok(())
}

async fn load(client: &Client, name: &str, streams: u64, size: u128, seconds: Duration) -> Done {
    let begun = Instant::now();
    let workers: Vec<_> =
        (0..streams).map(|_| tokio::spawn(work(client.clone(), size, begun + seconds))).collect();
    let mut all = Histogram::<u64>::new(3)?;
    for worker in workers {
        all.add(worker.await??)?;
    }
    let rate = all.len() as f64 * size as f64 / begun.elapsed().as_secs_f64();
    let [half, most] = [0.5, 0.99].map(|it| all.value_at_quantile(it));
    println!(
        "{name}: {rate:.0} transfers/s, p50 {half} us, p99 {most} us ({streams} streams, {size} a call)"
    );
    Ok(())
}

async fn work(mut client: Client, size: u128, until: Instant) -> Done<Histogram<u64>> {
    let mut took = Histogram::<u64>::new(3)?;
    let mut seed = [0; 16];
    getrandom::fill(&mut seed)?;
    let mut id = u128::from_le_bytes(seed) >> 1;
    while Instant::now() < until {
        let transfer = |at: u128| {
            let from = (id + at) % ACCOUNTS * 7 % ACCOUNTS;
            v1::Transfer {
                id: (id + at).to_string(),
                debit_account_id: (from + 1).to_string(),
                credit_account_id: ((from + 1) % ACCOUNTS + 1).to_string(),
                amount: "1050".to_owned(),
                ledger: 1,
                code: 1,
                ..Default::default()
            }
        };
        let asked = v1::CreateTransfersRequest { transfers: (1..=size).map(transfer).collect() };
        id += size;
        let begun = Instant::now();
        let answer = client.create_transfers(asked).await?.into_inner();
        took.record(u64::try_from(begun.elapsed().as_micros())?)?;
        if let Some(bad) = answer.outcomes.iter().find(|it| it.code() != v1::Code::Ok) {
            return Err(format!("{bad:?}").into());
        }
    }
    Ok(took)
}
